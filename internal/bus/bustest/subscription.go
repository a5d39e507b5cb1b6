package bustest

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/hammerwork/hammerwork/internal/bus"
)

func blocksItselfOnly(t *testing.T, b bus.Bus) {
	entered, release := make(chan bool, 1), make(chan bool)
	blocked := make(chan string, 2)
	handle(t, b, "a", "", func(m bus.Message) {
		if string(m.Data) == "one" {
			entered <- true
			<-release
		}
		blocked <- string(m.Data)
	})
	free, _ := subscribe(t, b, "a", "")
	answer(t, b, "b", "", func(s string) string { return s })

	publish(t, b, "a", "one")
	publish(t, b, "a", "two")
	next(t, entered)
	expect(t, free, "one", "two")
	if got, err := request(t, b, "b", "x"); err != nil || got != "x" {
		t.Errorf("request beside a blocked handler: %q, %v", got, err)
	}
	select {
	case s := <-blocked:
		t.Errorf("%s was handled while the handler blocked", s)
	default:
	}
	close(release)
	if one, two := next(t, blocked), next(t, blocked); one != "one" || two != "two" {
		t.Errorf("after the block: %s, %s", one, two)
	}
}

func handlerMayDoAnything(t *testing.T, b bus.Bus) {
	results := make(chan error, 10)
	late := make(chan bus.Message, 10)
	var self bus.Subscription
	ready := make(chan bool)
	answer(t, b, "b", "", func(s string) string { return s + "!" })
	self = handle(t, b, "a", "", func(m bus.Message) {
		<-ready
		got, err := request(t, b, "b", string(m.Data))
		if err == nil && got != "go!" {
			err = errors.New("got " + got)
		}
		results <- err
		_, err = b.Subscribe("c", "", func(m bus.Message) { late <- m })
		results <- err
		results <- b.Publish("c", []byte("from the handler"))
		results <- self.Unsubscribe()
	})
	close(ready)
	publish(t, b, "a", "go")
	for range 3 {
		if err := next(t, results); err != nil {
			t.Error(err)
		}
	}
	expect(t, late, "from the handler")
	if err := next(t, results); err != nil {
		t.Error(err)
	}
	if _, err := request(t, b, "a", ""); !errors.Is(err, bus.ErrNoResponders) {
		t.Errorf("after the handler unsubscribed: %v", err)
	}
}

func unsubscribeEnds(t *testing.T, b bus.Bus) {
	ended, s := subscribe(t, b, "a", "")
	publish(t, b, "a", "before")
	expect(t, ended, "before")
	if err := s.Unsubscribe(); err != nil {
		t.Fatal(err)
	}
	if _, err := request(t, b, "a", "after"); !errors.Is(err, bus.ErrNoResponders) {
		t.Errorf("request after unsubscribe: %v", err)
	}
	again, _ := subscribe(t, b, "a", "")
	publish(t, b, "a", "anew")
	expect(t, again, "anew")
	if len(ended) != 0 {
		t.Errorf("an ended subscription got %q", (<-ended).Data)
	}
}

func unsubscribeKeepsReceived(t *testing.T, b bus.Bus) {
	entered, release := make(chan bool, 10), make(chan bool)
	handled := make(chan bus.Message, 10)
	s := handle(t, b, "a", "", func(m bus.Message) {
		entered <- true
		<-release
		handled <- m
	})
	witness, _ := subscribe(t, b, "a", "")
	publish(t, b, "a", "one")
	next(t, entered)
	for _, m := range []string{"two", "three", "four"} {
		publish(t, b, "a", m)
	}
	// Once the witness has the fourth, both have been given the third.
	expect(t, witness, "one", "two", "three", "four")
	if err := s.Unsubscribe(); err != nil {
		t.Fatal(err)
	}
	close(release)
	expect(t, handled, "one", "two", "three")
}

func unsubscribeTwice(t *testing.T, b bus.Bus) {
	_, s := subscribe(t, b, "a", "")
	for range 2 {
		if err := s.Unsubscribe(); err != nil {
			t.Error(err)
		}
	}
	_, s = subscribe(t, b, "a", "")
	closeBus(t, b)
	if err := s.Unsubscribe(); err != nil {
		t.Errorf("after close: %v", err)
	}
}

func closeDrains(t *testing.T, b bus.Bus) {
	entered, release := make(chan bool, 10), make(chan bool)
	handled := make(chan bus.Message, 10)
	witness, _ := subscribe(t, b, "a", "")
	handle(t, b, "a", "", func(m bus.Message) {
		entered <- true
		<-release
		if err := b.Publish("nobody", nil); err != nil {
			t.Errorf("publish while the bus closes: %v", err)
		}
		handled <- m
	})
	publish(t, b, "a", "one")
	next(t, entered)
	publish(t, b, "a", "two")
	publish(t, b, "a", "three")
	expect(t, witness, "one", "two", "three")
	closed := make(chan bool)
	go func() {
		closeBus(t, b)
		close(closed)
	}()
	for { // until it has begun to close
		if _, err := b.Subscribe("late", "", func(bus.Message) {}); errors.Is(err, bus.ErrClosed) {
			break
		}
		runtime.Gosched()
	}
	close(release)
	expect(t, handled, "one", "two")
	next(t, closed)
}

func closedRefuses(t *testing.T, b bus.Bus) {
	subscribe(t, b, "a", "")
	closeBus(t, b)
	closeBus(t, b)
	if err := b.Publish("a", nil); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("publish: %v", err)
	}
	if _, err := request(t, b, "a", ""); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("request: %v", err)
	}
	if _, err := b.Subscribe("a", "", func(bus.Message) {}); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("subscribe: %v", err)
	}
}

func closeEndsRequests(t *testing.T, b bus.Bus) {
	received, _ := subscribe(t, b, "a", "")
	ended := make(chan error, 1)
	go func() {
		_, err := b.Request(context.Background(), "a", nil)
		ended <- err
	}()
	next(t, received)
	closeBus(t, b)
	if err := next(t, ended); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("got %v, want %v", err, bus.ErrClosed)
	}
}
