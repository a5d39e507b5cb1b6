package scheduler

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
)

// ticksBatch bounds the schedules that one look decides about, and those that it
// makes instances of.
const ticksBatch = 100

// tellUnknown is how often it is told which schedules are left to others.
const tellUnknown = time.Minute

// ticked is the event that ticks were decided about and instances made.
type ticked struct {
	decided store.Decided
	ran     store.TicksRun
	next    time.Duration // until the next look; negative: nothing is ahead
	err     error
}

// startTicks looks for due ticks, and for those that were decided about and have
// no instance yet: whoever decided may be gone.
func (m *Machine) startTicks(now time.Time) []service.Action {
	if !m.ticks.start(now) {
		return nil
	}
	return []service.Action{service.Call{Name: "run ticks", Do: func(ctx context.Context) service.Event {
		var e ticked
		var decided, ran error
		e.decided, e.next, decided = m.store.DecideTicks(ctx, ticksBatch)
		if errors.Is(decided, store.ErrUnavailable) {
			e.err = decided
			return e
		}
		var open time.Duration
		e.ran, open, ran = m.store.RunTicks(ctx, ticksBatch)
		if e.next < 0 || open >= 0 && open < e.next {
			e.next = open
		}
		e.err = errors.Join(decided, ran)
		return e
	}}}
}

// ticksDone plans the next look, at the next tick if that is sooner.
func (m *Machine) ticksDone(now time.Time, e ticked) []service.Action {
	for state, n := range map[store.TickState]int{
		store.TickMissed: e.decided.Missed, store.TickStarted: len(e.ran.Made), store.TickSkipped: e.ran.Skipped, store.TickFailed: e.ran.Failed,
	} {
		m.metrics.Ticks.WithLabelValues(string(state)).Add(float64(n))
	}
	for _, late := range e.ran.Lateness {
		m.metrics.Late.Observe(late.Seconds())
	}
	if unknown := slices.Concat(e.decided.Unknown, e.ran.Unknown); len(unknown) > 0 && now.Sub(m.toldUnknown) >= tellUnknown {
		m.toldUnknown = now
		for _, err := range unknown {
			m.log.Error("the ticks of a schedule are left to schedulers that know its cron and zone", "service", "scheduler", "error", err)
		}
	}
	if e.ran.Failed > 0 {
		m.log.Warn("instances of schedules could not be enqueued", "service", "scheduler", "ticks", e.ran.Failed)
	}
	wait := m.cfg.PollInterval
	if e.next >= 0 {
		wait = min(wait, e.next)
	}
	more := e.decided.Schedules >= ticksBatch || e.ran.Schedules >= ticksBatch && len(e.ran.Made) > 0 || e.ran.More
	return m.done(now, &m.ticks, "run ticks", e.ran.Resolution, e.err, more, wait)
}
