package resolver

import (
	"context"
	"errors"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

var errForeignSubject = errors.New("the message names another worker than its subject")

// report is a worker's request that waits for its verdicts.
type report struct {
	from     origin
	reply    string
	outcomes []job.Outcome
	bytes    int
}

// origin is where a report comes from: one is under way at a time.
type origin struct{ worker, partition string }

// batch is what a transaction in flight, or one to be repeated, resolves.
type batch struct {
	reports  []report
	outcomes []job.Outcome // of all reports, in order
	verdicts []job.Verdict // of outcomes[:len(verdicts)], from parts resolved already
	refused  map[int]string
	size     int       // how many of the rest the next transaction takes
	tries    int       // that failed with this size
	retryAt  time.Time // zero: a transaction is running
}

// resolved is the event that a transaction has returned.
type resolved struct {
	resolution store.Resolution
	err        error
}

// batchBytes bounds the results and errors of a transaction, unless one report
// alone has more.
const batchBytes = 8 << 20

// report queues a request, or refuses it while too much is waiting. One alone
// is never too much. A worker that asks again has given up its earlier request:
// the new one takes its place.
func (m *Machine) report(from origin, reply string, list []bus.Outcome) []service.Action {
	if len(list) == 0 {
		return []service.Action{m.answer(reply, nil)}
	}
	r := report{from: from, reply: reply, outcomes: atTheDoor(outcomes(list))}
	for _, o := range r.outcomes {
		r.bytes += len(o.Result) + len(o.Error)
		for _, s := range o.Spawned {
			r.bytes += s.Size()
		}
	}
	for i, w := range m.waiting {
		if w.from == from {
			m.queued += len(r.outcomes) - len(w.outcomes)
			m.bytes += r.bytes - w.bytes
			m.waiting[i] = r
			return nil
		}
	}
	full := m.queued+len(list) > m.cfg.Queue || m.bytes+r.bytes > m.cfg.QueueBytes
	if m.stopping || m.queued > 0 && full {
		m.metrics.Overloaded.Inc()
		return []service.Action{m.answer(reply, repeat(job.Retry, len(list)))}
	}
	m.waiting = append(m.waiting, r)
	m.queued += len(list)
	m.bytes += r.bytes
	return m.next()
}

// next starts a batch of what is waiting, unless one is in flight.
func (m *Machine) next() []service.Action {
	if m.batch != nil || len(m.waiting) == 0 {
		return nil
	}
	b := &batch{refused: make(map[int]string)}
	bytes := 0
	for len(m.waiting) > 0 {
		r := m.waiting[0]
		if len(b.reports) > 0 && (len(b.outcomes)+len(r.outcomes) > m.cfg.Batch || bytes+r.bytes > batchBytes) {
			break
		}
		bytes += r.bytes
		b.reports = append(b.reports, r)
		b.outcomes = append(b.outcomes, r.outcomes...)
		m.waiting = m.waiting[1:]
	}
	m.queued -= len(b.outcomes)
	m.bytes -= bytes
	b.size = min(len(b.outcomes), m.cfg.Batch)
	m.batch = b
	return []service.Action{m.callResolve()}
}

func (m *Machine) callResolve() service.Call {
	b := m.batch
	part := b.outcomes[len(b.verdicts):]
	part = part[:min(b.size, len(part))]
	return service.Call{Name: "resolve", Do: func(ctx context.Context) service.Event {
		r, err := m.store.Resolve(ctx, part)
		return resolved{r, err}
	}}
}

// triesBeforeSplit is how often a transaction fails before its batch is split,
// so that an outcome that cannot be stored is found and the others go on.
const triesBeforeSplit = 3

// resolved answers the reports of a batch once all of it is committed. A
// transaction of unknown outcome is simply repeated.
func (m *Machine) resolved(now time.Time, e resolved) []service.Action {
	b := m.batch
	if e.err != nil && len(e.resolution.Verdicts) == 0 {
		return m.failed(now, e.err)
	}
	m.calls.Note(now, "resolve", e.err) // after the first of several transactions: it comes again with the rest
	b.tries = 0
	for i, why := range e.resolution.Refused {
		b.refused[len(b.verdicts)+i] = why
	}
	b.verdicts = append(b.verdicts, e.resolution.Verdicts...)
	for _, v := range e.resolution.Verdicts {
		m.metrics.Outcomes.WithLabelValues(string(v)).Inc()
	}
	actions := service.Announce(m.source, e.resolution)
	if len(b.verdicts) < len(b.outcomes) {
		return append(actions, m.callResolve())
	}
	m.batch = nil
	// The answers come first: they free workers' memory, hints free slots.
	answers := make([]service.Action, 0, len(b.reports)+len(actions))
	from := 0
	for _, r := range b.reports {
		answers = append(answers, service.Message(m.source, r.reply, b.reply(from, from+len(r.outcomes))))
		from += len(r.outcomes)
	}
	return append(append(answers, actions...), m.next()...)
}

func (m *Machine) failed(now time.Time, err error) []service.Action {
	b := m.batch
	b.tries++
	m.metrics.Errors.Inc()
	failed := min(b.size, len(b.outcomes)-len(b.verdicts))
	m.calls.Note(now, "resolve", err, "outcomes", failed, "try", b.tries)
	if b.tries >= triesBeforeSplit {
		b.tries = 0
		if failed > 1 {
			b.size = (failed + 1) / 2
		} else {
			// One alone that fails again and again: its worker tries later, and
			// the rest goes together again.
			b.verdicts = append(b.verdicts, job.Retry)
			b.size = m.cfg.Batch
			if len(b.verdicts) == len(b.outcomes) {
				return m.resolved(now, resolved{})
			}
		}
	}
	b.retryAt = now.Add(service.Backoff(b.tries+1, m.source.Float64()))
	return nil
}

// reply is what is answered of the outcomes from on and before to.
func (b *batch) reply(from, to int) bus.CompletedReply {
	r := bus.CompletedReply{Verdicts: b.verdicts[from:to]}
	for i := from; i < to; i++ {
		if why := b.refused[i]; why != "" {
			if r.Refused == nil {
				r.Refused = make(map[int]string)
			}
			r.Refused[i-from] = why
		}
	}
	return r
}

func (m *Machine) answer(reply string, verdicts []job.Verdict) service.Action {
	return service.Message(m.source, reply, bus.CompletedReply{Verdicts: verdicts})
}

func repeat(v job.Verdict, n int) []job.Verdict {
	list := make([]job.Verdict, n)
	for i := range list {
		list[i] = v
	}
	return list
}
