package bustest

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
)

// answer subscribes a handler that answers each request with what f says.
func answer(t *testing.T, b bus.Bus, subject, group string, f func(string) string) bus.Subscription {
	t.Helper()
	return handle(t, b, subject, group, func(m bus.Message) {
		if err := b.Publish(m.Reply, []byte(f(string(m.Data)))); err != nil {
			t.Errorf("answer: %v", err)
		}
	})
}

func requestIsAnswered(t *testing.T, b bus.Bus) {
	answer(t, b, "a.*", "", func(s string) string { return s + "!" })
	if got, err := request(t, b, "a.b", "hello"); err != nil || got != "hello!" {
		t.Errorf("got %q, %v", got, err)
	}
}

func requestTakesEmptyAnswer(t *testing.T, b bus.Bus) {
	answer(t, b, "a", "", func(string) string { return "" })
	if got, err := request(t, b, "a", "hello"); err != nil || got != "" {
		t.Errorf("got %q, %v", got, err)
	}
}

func requestTakesFirstAnswer(t *testing.T, b bus.Bus) {
	handle(t, b, "a", "", func(m bus.Message) {
		for _, s := range []string{"one", "two"} {
			if err := b.Publish(m.Reply, []byte(s)); err != nil {
				t.Errorf("answer: %v", err)
			}
		}
	})
	for range 20 {
		if got, err := request(t, b, "a", ""); err != nil || got != "one" {
			t.Fatalf("got %q, %v", got, err)
		}
	}
}

func requestsStayApart(t *testing.T, b bus.Bus) {
	answer(t, b, "a", "", func(s string) string { return s + "!" })
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			want := strconv.Itoa(i)
			if got, err := request(t, b, "a", want); err != nil || got != want+"!" {
				t.Errorf("request %s: %q, %v", want, got, err)
			}
		})
	}
	wg.Wait()
}

func requestNeedsResponder(t *testing.T, b bus.Bus) {
	subscribe(t, b, "b", "")
	if _, err := request(t, b, "a", ""); !errors.Is(err, bus.ErrNoResponders) {
		t.Errorf("got %v, want %v", err, bus.ErrNoResponders)
	}
}

func requestEndsWithContext(t *testing.T, b bus.Bus) {
	received, _ := subscribe(t, b, "a", "")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := b.Request(ctx, "a", nil); err != context.DeadlineExceeded {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
	next(t, received)

	ctx, cancel = context.WithCancel(t.Context())
	go func() {
		<-received
		cancel()
	}()
	if _, err := b.Request(ctx, "a", nil); err != context.Canceled {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func requestHonorsDoneContext(t *testing.T, b bus.Bus) {
	received, _ := subscribe(t, b, "a", "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Request(ctx, "a", []byte("no")); err != context.Canceled {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	publish(t, b, "a", "yes")
	expect(t, received, "yes")
}

func requestReachesOneMember(t *testing.T, b bus.Bus) {
	handled := make(chan string, 100)
	for range 3 {
		answer(t, b, "a", "g", func(s string) string { handled <- s; return s })
	}
	for i := range 30 {
		s := strconv.Itoa(i)
		if got, err := request(t, b, "a", s); err != nil || got != s {
			t.Fatalf("got %q, %v", got, err)
		}
		// The answer came, so the request was handled. Each one puts in one.
		if got := next(t, handled); got != s {
			t.Fatalf("request %s was handled again", got)
		}
	}
}
