package service

import (
	"errors"
	"fmt"

	"github.com/hammerwork/hammerwork/internal/bus"
)

// hearing is what a loop subscribes to. It changes beside the loop, for a bus
// may take its time, one change after the other.
type hearing struct {
	last chan struct{} // closed when the changes so far are made
	subs map[Subscription]bus.Subscription
}

func (h *hearing) begin() {
	h.last = make(chan struct{})
	close(h.last)
	h.subs = make(map[Subscription]bus.Subscription)
}

// change runs f when the changes before are made. It is called from the loop's
// goroutine.
func (l *Loop) change(f func()) {
	before, done := l.hearing.last, make(chan struct{})
	l.hearing.last = done
	l.work.Go(func() {
		defer close(done)
		<-before
		f()
	})
}

func (l *Loop) subscribe(s Subscription) error {
	if l.hearing.subs[s] != nil {
		return nil
	}
	sub, err := l.Bus.Subscribe(s.Subject, s.Group, func(m bus.Message) { l.post(Received{m}) })
	if err != nil {
		return fmt.Errorf("subscribe to %s: %w", s.Subject, err)
	}
	l.hearing.subs[s] = sub
	return nil
}

// hear is subscribe for a loop that runs; one that has ended hears nothing new.
func (l *Loop) hear(s Subscription) {
	select {
	case <-l.ended:
		return
	default:
	}
	if err := l.subscribe(s); err != nil && !errors.Is(err, bus.ErrClosed) {
		l.Log.Error("subscribe", "service", l.Name, "error", err)
	}
}

func (l *Loop) unsubscribe(s Subscription) {
	sub := l.hearing.subs[s]
	if sub == nil {
		return
	}
	delete(l.hearing.subs, s)
	if err := sub.Unsubscribe(); err != nil && !errors.Is(err, bus.ErrClosed) {
		l.Log.Warn("unsubscribe", "service", l.Name, "error", err)
	}
}

// leaveGroups lets the others of each group have what comes from now on.
func (l *Loop) leaveGroups() {
	for s := range l.hearing.subs {
		if s.Group != "" {
			l.unsubscribe(s)
		}
	}
}

func (l *Loop) unsubscribeAll() {
	for s := range l.hearing.subs {
		l.unsubscribe(s)
	}
}
