package scheduler

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
)

// Machine is the scheduler's loop as a step function: four duties, timers,
// expired leases, ticks of schedules and what is old, each with at most one transaction in flight.
type Machine struct {
	cfg     Config
	store   Store
	source  service.Source
	log     *slog.Logger
	metrics *Metrics
	calls   service.Failures

	timers, leases duty
	again          bool // a timer was set while one look was running
	stopping       bool

	reapedAt time.Time // the last look at leases that succeeded, by the wall clock
	held     bool      // the hold after a gap is over
	spared   bool      // a mass expiry was held up, and may go on

	ticks duty
	purge pass

	toldUnknown time.Time // when schedules were named last that are left to others
}

// duty is something to look after now and then.
type duty struct {
	at      time.Time // when to look again
	running bool
	errors  int // in a row
}

// reapBatch bounds the leases, of up to 200 jobs each, that one transaction
// ends.
const reapBatch = 50

// fired is the event that due timers were handled.
type fired struct {
	resolution store.Resolution
	next       time.Duration // until the next timer; negative: there is none
	err        error
}

// reaped is the event that expired leases were ended, or that they were too
// many at once.
type reaped struct {
	resolution store.Resolution
	overdue    store.Overdue
	spare      bool // none was ended
	err        error
}

// NewMachine checks cfg and returns a machine at rest.
func NewMachine(cfg Config, s Store, source service.Source, log *slog.Logger, metrics *Metrics) (*Machine, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Machine{
		cfg: cfg, store: s, source: source, log: log, metrics: metrics, purge: pass{batch: purgeBatch},
		calls: service.Failures{Log: log, Service: "scheduler"},
	}, nil
}

var _ service.Machine = (*Machine)(nil)

// Step implements service.Machine.
func (m *Machine) Step(now time.Time, event service.Event) []service.Action {
	var actions []service.Action
	switch e := event.(type) {
	case fired:
		wait := m.cfg.PollInterval
		if e.next >= 0 {
			wait = min(wait, e.next)
		}
		actions = m.done(now, &m.timers, "fire timers", e.resolution, e.err, e.resolution.Done >= m.cfg.Batch, wait)
		m.metrics.Fired.Add(float64(e.resolution.Done))
		for _, s := range e.resolution.Stalled {
			m.metrics.Stalled.Inc()
			m.log.Warn("nothing moves in a workflow", "workflow", s.Workflow, "name", s.Name, "still", s.Still.Round(time.Second))
		}
		if errors.Is(e.err, store.ErrUnavailable) && m.held && !m.leases.running {
			m.leases.at = now.Add(m.cfg.ReapHold) // the outage is not over: the hold begins anew
		}
		if m.again && e.err == nil {
			m.again, m.timers.at = false, now
		}
	case reaped:
		actions = m.done(now, &m.leases, "expire leases", e.resolution, e.err, e.resolution.Done >= reapBatch, m.cfg.ReapInterval)
		m.metrics.Expired.Add(float64(e.resolution.Done))
		if m.held = false; e.err == nil {
			m.reapedAt = now.Round(0)
			m.spare(now, e)
		}
	case ticked:
		actions = m.ticksDone(now, e)
	case purged:
		actions = m.purgeDone(now, e)
	case service.Received:
		// One look finds out when the new timer is due.
		if m.timers.running {
			m.again = true
		} else {
			m.timers.at = now
		}
	case service.Stop:
		m.stopping = true
	case service.Tick:
	}
	if m.stopping {
		return actions
	}
	if m.timers.start(now) {
		actions = append(actions, service.Call{Name: "fire timers", Do: func(ctx context.Context) service.Event {
			r, next, err := m.store.FireTimers(ctx, m.cfg.Batch)
			return fired{r, next, err}
		}})
	}
	m.brake(now)
	if m.leases.start(now) {
		actions = append(actions, m.reap())
	}
	actions = append(actions, m.startTicks(now)...)
	return append(actions, m.startPurge(now)...)
}

// reap ends expired leases, unless they are so many that those who hold them
// can hardly all be dead.
func (m *Machine) reap() service.Call {
	maySpare := !m.spared && m.cfg.ReapHold > 0
	return service.Call{Name: "expire leases", Do: func(ctx context.Context) service.Event {
		o, err := m.store.Overdue(ctx)
		if err != nil || maySpare && mass(o) {
			return reaped{overdue: o, spare: err == nil, err: err}
		}
		r, err := m.store.ExpireLeases(ctx, reapBatch)
		return reaped{resolution: r, overdue: o, err: err}
	}}
}

// mass reports whether most of the accepted leases, of several workers, have
// expired together. What cut so many off at once may be something that this
// scheduler did not notice.
func mass(o store.Overdue) bool {
	const few = 10
	return o.Leases >= few && o.Workers > 1 && o.Standing < o.Leases
}

// spare holds the reaper once when leases expire in masses: whoever is alive
// prolongs them meanwhile. After that they are ended.
func (m *Machine) spare(now time.Time, e reaped) {
	switch {
	case e.spare:
		m.spared, m.held = true, true
		m.leases.at = now.Add(m.cfg.ReapHold)
		m.metrics.Spared.Inc()
		m.log.Warn("most leases have expired at once: they are left alone for now, as their workers may be alive", "service", "scheduler",
			"leases", e.overdue.Leases, "workers", e.overdue.Workers, "hold", m.cfg.ReapHold)
	case !mass(e.overdue):
		m.spared = false
	}
}

// brake holds the reaper after a gap, and at its start where that is asked for: when the database, this
// machine or everything was away, heartbeats were too, and what looks expired
// is mostly alive.
func (m *Machine) brake(now time.Time) {
	gap := now.Round(0).Sub(m.reapedAt) // the wall clock also counts time asleep
	if m.held || m.leases.running || now.Before(m.leases.at) || gap < m.cfg.ReapHold/3 {
		return
	}
	if m.reapedAt.IsZero() && !m.cfg.HoldAtStart {
		return
	}
	m.held = true
	m.leases.at = now.Add(m.cfg.ReapHold)
}

// Wake implements service.Machine.
func (m *Machine) Wake() time.Time {
	var wake time.Time
	for _, d := range []duty{m.timers, m.leases, m.ticks, m.purge.duty} {
		if !m.stopping && !d.running && (wake.IsZero() || d.at.Before(wake)) {
			wake = d.at
		}
	}
	return wake
}

// Idle implements service.Machine.
func (m *Machine) Idle() bool {
	return !m.timers.running && !m.leases.running && !m.ticks.running && !m.purge.running
}

// start reports whether to look now, and notes that somebody does.
func (d *duty) start(now time.Time) bool {
	if d.running || now.Before(d.at) {
		return false
	}
	d.running = true
	return true
}

// done plans the next look and announces what this one changed. What a failing
// call had already committed is in its resolution.
func (m *Machine) done(now time.Time, d *duty, what string, r store.Resolution, err error, more bool, wait time.Duration) []service.Action {
	d.running = false
	if err != nil {
		d.errors++
		m.metrics.Errors.Inc()
	}
	m.calls.Note(now, what, err, "try", d.errors)
	switch {
	case err != nil:
		wait = service.Backoff(d.errors, m.source.Float64())
	case more:
		d.errors, wait = 0, 0
	default:
		d.errors = 0
	}
	d.at = now.Add(wait)
	return service.Announce(m.source, r)
}
