package membus

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"

	"github.com/hammerwork/hammerwork/internal/bus"
)

// MaxPayload is the largest message in bytes: a NATS server's default.
const MaxPayload = 1 << 20

// Bus is an in-memory bus.Bus. Queues have no bound.
type Bus struct {
	handlers sync.WaitGroup
	done     chan struct{} // closed when no message moves any more

	mu       sync.Mutex
	subs     []*subscription
	waiting  map[string]chan []byte // requests by their reply subject
	requests int                    // made so far; numbers the reply subjects
	closing  bool
	closed   bool
}

// New returns a bus without subscribers.
func New() *Bus {
	return &Bus{done: make(chan struct{}), waiting: map[string]chan []byte{}}
}

// MaxPayload is the largest message in bytes.
func (b *Bus) MaxPayload() int { return MaxPayload }

// Publish implements bus.Bus.
func (b *Bus) Publish(subject string, data []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, err := b.send(subject, "", data); err != nil {
		return fmt.Errorf("publish to %s: %w", subject, err)
	}
	return nil
}

// Request implements bus.Bus.
func (b *Bus) Request(ctx context.Context, subject string, data []byte) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	reply, answer, err := b.ask(subject, data)
	if err != nil {
		return nil, fmt.Errorf("request to %s: %w", subject, err)
	}
	defer func() {
		b.mu.Lock()
		delete(b.waiting, reply)
		b.mu.Unlock()
	}()
	select {
	case data := <-answer:
		return data, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-b.done:
		return nil, fmt.Errorf("request to %s: %w", subject, bus.ErrClosed)
	}
}

// ask sends a request. The caller forgets reply in the end.
func (b *Bus) ask(subject string, data []byte) (reply string, answer <-chan []byte, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests++
	reply = "_INBOX." + strconv.Itoa(b.requests)
	n, err := b.send(subject, reply, data)
	if err == nil && n == 0 {
		err = bus.ErrNoResponders
	}
	if err != nil {
		return "", nil, err
	}
	ch := make(chan []byte, 1)
	b.waiting[reply] = ch
	return reply, ch, nil
}

// send hands a copy of data to all who get it and returns how many did.
// b.mu is held.
func (b *Bus) send(subject, reply string, data []byte) (int, error) {
	if err := bus.CheckSubject(subject); err != nil {
		return 0, err
	}
	if len(data) > MaxPayload {
		return 0, fmt.Errorf("%w: %d bytes, at most %d", bus.ErrTooLarge, len(data), MaxPayload)
	}
	if b.closed {
		return 0, bus.ErrClosed
	}
	m := bus.Message{Subject: subject, Reply: reply, Data: bytes.Clone(data)}
	n := 0
	if answer, ok := b.waiting[subject]; ok {
		n++
		select {
		case answer <- m.Data:
		default: // only the first answer counts
		}
	}
	groups := map[string][]*subscription{}
	for _, s := range b.subs {
		switch {
		case !bus.Match(s.subject, subject):
		case s.group == "":
			n++
			s.put(m)
		default:
			groups[s.group] = append(groups[s.group], s)
		}
	}
	for _, members := range groups {
		n++
		members[rand.IntN(len(members))].put(m)
	}
	return n, nil
}

// Subscribe implements bus.Bus.
func (b *Bus) Subscribe(subject, group string, handle func(bus.Message)) (bus.Subscription, error) {
	if err := bus.CheckPattern(subject); err != nil {
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	if err := bus.CheckGroup(group); err != nil {
		return nil, fmt.Errorf("subscribe to %s: %w", subject, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closing {
		return nil, fmt.Errorf("subscribe to %s: %w", subject, bus.ErrClosed)
	}
	s := &subscription{bus: b, subject: subject, group: group, wake: make(chan struct{}, 1)}
	b.subs = append(b.subs, s)
	b.handlers.Go(func() { s.run(handle) })
	return s, nil
}

// Close ends all subscriptions, waits until what they received is handled
// (handlers may still publish), and refuses all messages from then on. A
// handler must not call it.
func (b *Bus) Close() {
	b.mu.Lock()
	b.closing = true
	for _, s := range slices.Clone(b.subs) {
		s.stop()
	}
	b.mu.Unlock()
	b.handlers.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.closed = true
		close(b.done)
	}
}
