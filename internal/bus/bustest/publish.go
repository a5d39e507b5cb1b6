package bustest

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/hammerwork/hammerwork/internal/bus"
)

func keepsOrder(t *testing.T, b bus.Bus) {
	got, _ := subscribe(t, b, "a.b", "")
	const n = 1000
	for i := range n {
		publish(t, b, "a.b", strconv.Itoa(i))
	}
	for i := range n {
		expect(t, got, strconv.Itoa(i))
	}
}

func handlesOneAtATime(t *testing.T, b bus.Bus) {
	var running, most atomic.Int32
	done := make(chan bool, 100)
	handle(t, b, "a", "", func(bus.Message) {
		if n := running.Add(1); n > most.Load() {
			most.Store(n)
		}
		runtime.Gosched()
		running.Add(-1)
		done <- true
	})
	for range cap(done) {
		publish(t, b, "a", "")
	}
	for range cap(done) {
		next(t, done)
	}
	if most.Load() != 1 {
		t.Errorf("%d handlers of one subscription at a time", most.Load())
	}
}

func reachesEverybody(t *testing.T, b bus.Bus) {
	one, _ := subscribe(t, b, "a.b", "")
	two, _ := subscribe(t, b, "a.b", "")
	three, _ := subscribe(t, b, "a.*", "")
	publish(t, b, "a.b", "x")
	for _, ch := range []<-chan bus.Message{one, two, three} {
		m := next(t, ch)
		if m.Subject != "a.b" || string(m.Data) != "x" {
			t.Errorf("got %q on %q", m.Data, m.Subject)
		}
	}
}

func reachesItsSubjectOnly(t *testing.T, b bus.Bus) {
	got, _ := subscribe(t, b, "a.b", "")
	for _, other := range []string{"a", "b", "a.c", "a.b.c", "A.B", "a.bb", "x.a.b"} {
		publish(t, b, other, other)
	}
	publish(t, b, "a.b", "end")
	expect(t, got, "end")
}

func starIsOneToken(t *testing.T, b bus.Bus) {
	middle, _ := subscribe(t, b, "a.*.c", "")
	last, _ := subscribe(t, b, "a.*", "")
	first, _ := subscribe(t, b, "*.c", "")
	for _, s := range []string{"a", "c", "a.c", "a.b.c", "a.b.b.c", "a.x.c", "b.b.c", "b.c", "a.end.c", "a.end", "end.c"} {
		publish(t, b, s, s)
	}
	expect(t, middle, "a.b.c", "a.x.c", "a.end.c")
	expect(t, last, "a.c", "a.end")
	expect(t, first, "a.c", "b.c", "end.c")
}

func restIsOneTokenOrMore(t *testing.T, b bus.Bus) {
	under, _ := subscribe(t, b, "a.>", "")
	all, _ := subscribe(t, b, ">", "")
	both, _ := subscribe(t, b, "*.b.>", "")
	sent := []string{"a", "b", "a.b", "a.b.c", "a.b.c.d", "b.b", "b.b.end", "a.end"}
	for _, s := range sent {
		publish(t, b, s, s)
	}
	expect(t, under, "a.b", "a.b.c", "a.b.c.d", "a.end")
	expect(t, all, sent...)
	expect(t, both, "a.b.c", "a.b.c.d", "b.b.end")
}

func keepsBytes(t *testing.T, b bus.Bus) {
	var every []byte
	for i := range 256 {
		every = append(every, byte(i))
	}
	got, _ := subscribe(t, b, "a", "")
	for _, data := range [][]byte{nil, {}, {0}, every, []byte("\r\n"), []byte("PUB a 1\r\nx\r\n"), []byte("ü€😀"), bytes.Repeat(every, 1000)} {
		if err := b.Publish("a", data); err != nil {
			t.Fatal(err)
		}
		if m := next(t, got); !bytes.Equal(m.Data, data) {
			t.Errorf("sent %d bytes %.40q, got %d bytes %.40q", len(data), data, len(m.Data), m.Data)
		}
	}
}

func copiesTheBuffer(t *testing.T, b bus.Bus) {
	got, _ := subscribe(t, b, "a", "")
	buffer := []byte("first")
	if err := b.Publish("a", buffer); err != nil {
		t.Fatal(err)
	}
	copy(buffer, "XXXXX")
	publish(t, b, "a", "second")
	one, two := next(t, got), next(t, got)
	if string(one.Data) != "first" || string(two.Data) != "second" {
		t.Errorf("got %q, %q", one.Data, two.Data)
	}
}

func publishNeedsNobody(t *testing.T, b bus.Bus) {
	publish(t, b, "a.b.c", "x")
}

func publishHasNoReply(t *testing.T, b bus.Bus) {
	got, _ := subscribe(t, b, "a", "")
	publish(t, b, "a", "x")
	if m := next(t, got); m.Reply != "" {
		t.Errorf("reply subject %q", m.Reply)
	}
}

func refusesBadSubjects(t *testing.T, b bus.Bus) {
	ignore := func(bus.Message) {}
	for _, s := range []string{"", ".", "a.", ".a", "a..b", "a b", " a", "a\t", "a\r\nPUB b 0", "a\x00b", strings.Repeat("a", 5000)} {
		if err := b.Publish(s, nil); err == nil {
			t.Errorf("published to %.40q", s)
		}
		if _, err := request(t, b, s, ""); err == nil || errors.Is(err, bus.ErrNoResponders) {
			t.Errorf("request to %.40q: %v", s, err)
		}
		if _, err := b.Subscribe(s, "", ignore); err == nil {
			t.Errorf("subscribed to %.40q", s)
		}
	}
	for _, s := range []string{"*", ">", "a.*", "a.>", "*.a"} {
		if err := b.Publish(s, nil); err == nil {
			t.Errorf("published to %q", s)
		}
	}
	if _, err := b.Subscribe("a.>.b", "", ignore); err == nil {
		t.Error("subscribed to a.>.b")
	}
	if _, err := b.Subscribe("a", "two words", ignore); err == nil {
		t.Error("subscribed with a group of two words")
	}
	// None of it has harmed the bus.
	got, _ := subscribe(t, b, "a", "")
	publish(t, b, "a", "fine")
	expect(t, got, "fine")
}

func boundsTheSize(t *testing.T, b bus.Bus) {
	got, _ := subscribe(t, b, "a", "")
	limit := b.MaxPayload()
	if limit < 512<<10 {
		t.Fatalf("max payload is %d bytes", limit)
	}
	large := make([]byte, limit+1)
	if err := b.Publish("a", large); !errors.Is(err, bus.ErrTooLarge) {
		t.Errorf("publish of %d bytes: %v", len(large), err)
	}
	if _, err := b.Request(t.Context(), "a", large); !errors.Is(err, bus.ErrTooLarge) {
		t.Errorf("request of %d bytes: %v", len(large), err)
	}
	if err := b.Publish("a", large[:limit]); err != nil {
		t.Fatalf("publish of %d bytes: %v", limit, err)
	}
	publish(t, b, "a", "end")
	if m := next(t, got); len(m.Data) != limit {
		t.Errorf("got %d bytes, want %d", len(m.Data), limit)
	}
	expect(t, got, "end")
}

func takesConcurrentSenders(t *testing.T, b bus.Bus) {
	got, _ := subscribe(t, b, "a.*", "")
	const senders, messages = 8, 200
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			for i := range messages {
				if err := b.Publish(fmt.Sprintf("a.%d", s), []byte(strconv.Itoa(i))); err != nil {
					t.Errorf("sender %d: %v", s, err)
				}
			}
		})
	}
	wg.Wait()
	seen := map[string]int{}
	for range senders * messages {
		m := next(t, got)
		if want := strconv.Itoa(seen[m.Subject]); string(m.Data) != want {
			t.Fatalf("%s: got message %s, want %s", m.Subject, m.Data, want)
		}
		seen[m.Subject]++
	}
}
