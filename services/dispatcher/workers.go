package dispatcher

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
)

// maxSeen bounds the workers that are remembered between two notes of them.
const maxSeen = 10_000

// noted is the event that the workers seen were stored.
type noted struct{ err error }

// sees remembers that a worker was heard from.
func (m *Machine) sees(w store.WorkerSeen) {
	if m.seen == nil {
		m.seen = make(map[string]store.WorkerSeen)
	}
	if _, known := m.seen[w.Name]; known || len(m.seen) < maxSeen {
		m.seen[w.Name] = w
	}
}

// noteAt is when the workers seen are to be stored; zero: there is nothing to
// store, or it is under way.
func (m *Machine) noteAt() time.Time {
	if len(m.seen) == 0 || m.noting || m.stopping {
		return time.Time{}
	}
	return m.nextNote
}

// note stores the workers seen since the last time. It is for people who look:
// when it fails the next time makes up for it.
func (m *Machine) note(now time.Time) []service.Action {
	if at := m.noteAt(); len(m.seen) == 0 || m.noting || m.stopping || now.Before(at) {
		return nil
	}
	seen := make([]store.WorkerSeen, 0, len(m.seen))
	for _, w := range m.seen {
		seen = append(seen, w)
	}
	slices.SortFunc(seen, func(a, b store.WorkerSeen) int { return cmp.Compare(a.Name, b.Name) })
	clear(m.seen)
	m.noting = true
	m.nextNote = now.Add(time.Duration(m.source.Jitter(float64(m.cfg.SeenInterval), 0.2)))
	return []service.Action{service.Call{Name: "see workers", Do: func(ctx context.Context) service.Event {
		return noted{m.store.SeeWorkers(ctx, seen)}
	}}}
}

func (m *Machine) noted(now time.Time, e noted) {
	m.noting = false
	m.calls.Note(now, "see workers", e.err)
}
