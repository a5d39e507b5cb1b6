package scheduler

import (
	"context"
	"errors"
	"time"

	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
)

// purgeBatch bounds the jobs that one step of a pass deletes.
const purgeBatch = 1000

// purgePause bounds the pause between two steps of a pass.
const purgePause = time.Second

// pass is the duty to delete what was kept for long enough: steps from place to
// place, then a rest.
type pass struct {
	duty
	place store.Place // where to go on; zero: a new pass
	batch int         // jobs a step takes; fewer after one that failed
	began time.Time   // when the step that runs began
}

// purged is the event that a step of a pass was taken.
type purged struct {
	done store.Purged
	next store.Place
	err  error
}

// startPurge takes the next step of a pass. The first pass begins an interval
// after the start: there is more to do then.
func (m *Machine) startPurge(now time.Time) []service.Action {
	p := &m.purge
	if p.at.IsZero() {
		p.at = now.Add(m.cfg.PurgeInterval)
	}
	if !p.start(now) {
		return nil
	}
	p.began = now
	place, batch := p.place, p.batch
	return []service.Action{service.Call{Name: "purge", Do: func(ctx context.Context) service.Event {
		done, next, err := m.store.Purge(ctx, m.cfg.Retention, place, batch)
		return purged{done, next, err}
	}}}
}

// purgeDone plans the next step. Between two steps others have the database for
// as long as the step had it; a step that failed is tried again with half of
// the jobs. When it fails with a single one the pass goes on behind it, unless
// the database is away: the next pass comes by again. Schedulers do not begin
// their passes together.
func (m *Machine) purgeDone(now time.Time, e purged) []service.Action {
	p := &m.purge
	for kind, n := range map[string]int{"workflow": e.done.Workflows, "job": e.done.Jobs, "key": e.done.Keys, "tick": e.done.Ticks} {
		m.metrics.Deleted.WithLabelValues(kind).Add(float64(n))
	}
	wait := min(now.Sub(p.began), purgePause)
	stuck := e.err != nil && p.batch == 1 && !errors.Is(e.err, store.ErrUnavailable)
	switch {
	case e.err != nil && !stuck:
		p.batch = max(1, p.batch/2)
	case e.next == store.Place{}:
		wait = m.cfg.PurgeInterval + time.Duration(m.source.Float64()*float64(m.cfg.PurgeInterval)/10)
		fallthrough
	default:
		p.place, p.batch = e.next, min(2*p.batch, purgeBatch)
	}
	actions := m.done(now, &p.duty, "purge", store.Resolution{}, e.err, false, wait)
	if stuck {
		p.batch, p.errors, p.at = purgeBatch, 0, now.Add(wait)
	}
	return actions
}
