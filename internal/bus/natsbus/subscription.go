package natsbus

import (
	"fmt"

	"github.com/nats-io/nats.go"

	"github.com/hammerwork/hammerwork/internal/bus"
)

// subscription implements bus.Subscription.
type subscription struct {
	bus *Bus
	sub *nats.Subscription
}

// Subscribe implements bus.Bus. When it returns while connected, the server
// knows of the subscription; without a connection it begins with the next one.
func (b *Bus) Subscribe(subject, group string, handle func(bus.Message)) (bus.Subscription, error) {
	if err := bus.CheckPattern(subject); err != nil {
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	if err := bus.CheckGroup(group); err != nil {
		return nil, fmt.Errorf("subscribe to %s: %w", subject, err)
	}
	sub, err := b.nc.QueueSubscribe(subject, group, func(m *nats.Msg) {
		handle(bus.Message{Subject: m.Subject, Reply: m.Reply, Data: m.Data})
	})
	if err != nil {
		return nil, fmt.Errorf("subscribe to %s: %w", subject, translate(err))
	}
	if err := sub.SetPendingLimits(b.messages, b.bytes); err != nil {
		return nil, fmt.Errorf("subscribe to %s: %w", subject, translate(err))
	}
	b.mu.Lock()
	b.subs[sub] = struct{}{}
	b.mu.Unlock()
	if b.nc.IsConnected() {
		// An error means that the connection is lost: the next one subscribes.
		_ = b.nc.FlushTimeout(flushTimeout)
	}
	return &subscription{b, sub}, nil
}

// Unsubscribe implements bus.Subscription. Without a connection, messages
// already received may be lost.
func (s *subscription) Unsubscribe() error {
	if !s.bus.retire(s.sub) {
		return nil
	}
	end := s.sub.Drain
	if !s.bus.nc.IsConnected() {
		// A draining subscription would come back with the connection, and
		// with it a member of its group that handles nothing.
		end = s.sub.Unsubscribe
	}
	if err := end(); err != nil && !s.bus.nc.IsClosed() {
		return fmt.Errorf("unsubscribe from %s: %w", s.sub.Subject, err)
	}
	return nil
}

// retire forgets a subscription and keeps its count of dropped messages. It
// returns false when that was done before.
func (b *Bus) retire(sub *nats.Subscription) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.subs[sub]; !ok {
		return false
	}
	delete(b.subs, sub)
	b.dropped += droppedBy(sub)
	return true
}

func (b *Bus) retireAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for sub := range b.subs {
		b.dropped += droppedBy(sub)
	}
	clear(b.subs)
}

// droppedBy returns how many messages sub dropped; 0 when it is closed.
func droppedBy(sub *nats.Subscription) uint64 {
	n, err := sub.Dropped()
	if err != nil {
		return 0
	}
	return uint64(n)
}
