package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
)

// callTimeout bounds a transaction. The largest, which ends a workflow of
// 100,000 jobs with many edges, takes about half a minute on a small machine.
const callTimeout = 5 * time.Minute

// Loop drives a Machine with real time, a real bus and goroutines.
type Loop struct {
	Name          string
	Machine       Machine
	Bus           bus.Bus
	Subscriptions []Subscription
	Log           *slog.Logger
	// Perform does actions that the loop does not know; nil when there are
	// none. It must not block; post hands an event to the machine.
	Perform func(a Action, post func(Event))
	// StopTimeout bounds the time from the end of Run's context to its return.
	// Default 30s.
	StopTimeout time.Duration

	events  chan Event
	ended   chan struct{} // closed when nobody reads events any more
	work    sync.WaitGroup
	hearing hearing
}

// Run works until ctx is done, lets the machine finish what it began, and
// returns nil; or an error when it cannot subscribe or does not finish in time.
// While the machine finishes, what comes to its groups goes to others of them.
func (l *Loop) Run(ctx context.Context) error {
	l.events = make(chan Event, 1024)
	l.ended = make(chan struct{})
	if l.StopTimeout == 0 {
		l.StopTimeout = 30 * time.Second
	}
	// Calls outlive ctx: what was begun is finished.
	calls, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer l.work.Wait()
	defer cancel()
	l.hearing.begin()
	defer l.change(l.unsubscribeAll)
	for _, s := range l.Subscriptions {
		if err := l.subscribe(s); err != nil {
			close(l.ended)
			return err
		}
	}
	defer close(l.ended) // before unsubscribing, so that no handler waits for the loop
	return l.loop(ctx, calls)
}

func (l *Loop) loop(ctx, calls context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	done := ctx.Done()
	var deadline <-chan time.Time
	for {
		var event Event
		select {
		case event = <-l.events:
		case <-timer.C:
			event = Tick{}
		case <-done:
			done = nil
			event = Stop{}
			limit := time.NewTimer(l.StopTimeout)
			defer limit.Stop()
			deadline = limit.C
			l.change(l.leaveGroups)
		case <-deadline:
			return fmt.Errorf("still busy %s after it was asked to stop", l.StopTimeout)
		}
		for _, a := range l.Machine.Step(time.Now(), event) {
			l.perform(calls, a)
		}
		if done == nil && l.Machine.Idle() {
			return nil
		}
		if wake := l.Machine.Wake(); wake.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(time.Until(wake))
		}
	}
}

// post hands an event to the loop, unless it has ended.
func (l *Loop) post(e Event) {
	select {
	case l.events <- e:
	case <-l.ended:
	}
}

func (l *Loop) perform(ctx context.Context, a Action) {
	switch a := a.(type) {
	case Publish:
		if err := l.Bus.Publish(a.Subject, a.Data); err != nil && !errors.Is(err, bus.ErrClosed) {
			l.Log.Warn("publish", "service", l.Name, "subject", a.Subject, "bytes", len(a.Data), "error", err)
		}
	case Request:
		l.work.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, a.Timeout)
			defer cancel()
			answer, err := l.Bus.Request(ctx, a.Subject, a.Data)
			l.post(a.Then(answer, err))
		})
	case Call:
		l.work.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, callTimeout)
			defer cancel()
			l.post(a.Do(ctx))
		})
	case Subscribe:
		l.change(func() { l.hear(a.Subscription) })
	case Unsubscribe:
		l.change(func() { l.unsubscribe(a.Subscription) })
	default:
		l.Perform(a, l.post)
	}
}
