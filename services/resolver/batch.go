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
	reply    string
	outcomes []job.Outcome
}

// batch is what a transaction in flight, or one to be repeated, resolves.
type batch struct {
	reports  []report
	outcomes []job.Outcome // of all reports, in order
	verdicts []job.Verdict // of outcomes[:len(verdicts)], from parts resolved already
	size     int           // how many of the rest the next transaction takes
	tries    int           // that failed with this size
	retryAt  time.Time     // zero: a transaction is running
}

// resolved is the event that a transaction has returned.
type resolved struct {
	resolution store.Resolution
	err        error
}

// report queues a request, or refuses it while too much is waiting.
func (m *Machine) report(reply string, list []bus.Outcome) []service.Action {
	if m.queued+len(list) > m.cfg.Queue {
		m.metrics.Overloaded.Inc()
		return []service.Action{m.answer(reply, repeat(job.Retry, len(list)))}
	}
	m.waiting = append(m.waiting, report{reply, refuseReaperKinds(outcomes(list))})
	m.queued += len(list)
	return m.next()
}

// refuseReaperKinds makes what only the reaper may say of a job a plain
// failure.
func refuseReaperKinds(list []job.Outcome) []job.Outcome {
	for i, o := range list {
		switch o.Kind {
		case job.KindCompleted, job.KindFailed, job.KindTimedOut, job.KindCancelled, job.KindGivenBack:
		default:
			list[i].Kind = job.KindFailed
		}
	}
	return list
}

// next starts a batch of what is waiting, unless one is in flight.
func (m *Machine) next() []service.Action {
	if m.batch != nil || len(m.waiting) == 0 {
		return nil
	}
	b := &batch{}
	for len(m.waiting) > 0 {
		r := m.waiting[0]
		if len(b.reports) > 0 && len(b.outcomes)+len(r.outcomes) > m.cfg.Batch {
			break
		}
		b.reports = append(b.reports, r)
		b.outcomes = append(b.outcomes, r.outcomes...)
		m.waiting = m.waiting[1:]
	}
	m.queued -= len(b.outcomes)
	b.size = len(b.outcomes)
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
	if e.err != nil {
		return m.failed(now, e.err)
	}
	b.tries = 0
	b.verdicts = append(b.verdicts, e.resolution.Verdicts...)
	for _, v := range e.resolution.Verdicts {
		m.metrics.Outcomes.WithLabelValues(string(v)).Inc()
	}
	actions := service.Announce(m.source, e.resolution)
	if len(b.verdicts) < len(b.outcomes) {
		return append(actions, m.callResolve())
	}
	m.batch = nil
	verdicts := b.verdicts
	// The answers come first: they free workers' memory, hints free slots.
	answers := make([]service.Action, 0, len(b.reports)+len(actions))
	for _, r := range b.reports {
		answers = append(answers, m.answer(r.reply, verdicts[:len(r.outcomes)]))
		verdicts = verdicts[len(r.outcomes):]
	}
	return append(append(answers, actions...), m.next()...)
}

func (m *Machine) failed(now time.Time, err error) []service.Action {
	b := m.batch
	b.tries++
	m.metrics.Errors.Inc()
	m.log.Error("resolve", "service", "resolver", "outcomes", min(b.size, len(b.outcomes)-len(b.verdicts)), "try", b.tries, "error", err)
	if b.tries >= triesBeforeSplit {
		b.tries = 0
		if b.size > 1 {
			b.size = (b.size + 1) / 2
		} else {
			// One alone that fails again and again: its worker tries later.
			b.verdicts = append(b.verdicts, job.Retry)
			if len(b.verdicts) == len(b.outcomes) {
				return m.resolved(now, resolved{})
			}
		}
	}
	b.retryAt = now.Add(service.Backoff(b.tries+1, m.source.Float64()))
	return nil
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
