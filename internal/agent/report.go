package agent

import (
	"fmt"
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// partition holds the outcomes of one partition: those on their way and those
// that wait. One report is under way at a time, so that what ends meanwhile
// goes together.
type partition struct {
	waiting []job.Outcome
	sent    []job.Outcome // nil: none under way
	tries   int           // without an answer, in a row: by turns at the partition's owner and at any resolver
	retryAt time.Time     // no report before
}

// reported is the event that a report was answered, or not.
type reported struct {
	partition int
	reply     bus.CompletedReply
	err       error
}

// queue keeps an outcome until its verdict.
func (m *Machine) queue(n int, o job.Outcome) {
	p := m.partitions[n]
	if p == nil {
		p = &partition{}
		m.partitions[n] = p
	}
	p.waiting = append(p.waiting, o)
	m.unreported++
}

// report sends what waits, a report for each partition that has none under
// way.
func (m *Machine) report(now time.Time) []service.Action {
	var actions []service.Action
	for _, n := range m.partitionsInOrder() {
		p := m.partitions[n]
		if p.sent != nil || len(p.waiting) == 0 || now.Before(p.retryAt) {
			continue
		}
		count := fitting(p.waiting)
		p.sent = slices.Clone(p.waiting[:count])
		p.waiting = slices.Delete(p.waiting, 0, count)
		actions = append(actions, m.send(n, p))
	}
	return actions
}

func (m *Machine) partitionsInOrder() []int {
	list := make([]int, 0, len(m.partitions))
	for n := range m.partitions {
		list = append(list, n)
	}
	slices.Sort(list)
	return list
}

// fitting returns how many of the outcomes go into one report.
func fitting(list []job.Outcome) int {
	bytes := 0
	for i, o := range list {
		bytes += 300 + len(o.Result) + len(o.Error)
		for _, s := range o.Spawned {
			bytes += 500 + s.Size()
		}
		if i == reportJobs || i > 0 && bytes > reportBytes {
			return i
		}
	}
	return len(list)
}

// send sends outcomes, as many as one message takes. One that no message takes
// would be refused each time.
func (m *Machine) send(n int, p *partition) service.Action {
	msg := m.encode(n, p.sent)
	for len(msg.Data) > m.maxPayload && len(p.sent) > 1 {
		half := len(p.sent) / 2
		p.waiting = slices.Insert(p.waiting, 0, p.sent[half:]...)
		p.sent = p.sent[:half]
		msg = m.encode(n, p.sent)
	}
	if len(msg.Data) > m.maxPayload {
		p.sent[0] = m.oversize(p.sent[0], len(msg.Data))
		msg = m.encode(n, p.sent)
	}
	return service.Request{
		Subject: msg.Subject, Data: msg.Data, Timeout: reportTimeout,
		Then: func(answer []byte, err error) service.Event {
			e := reported{partition: n, err: err}
			if err == nil {
				var reply bus.Envelope[bus.CompletedReply]
				reply, e.err = bus.Decode[bus.CompletedReply](answer)
				e.reply = reply.Body
			}
			return e
		},
	}
}

func (m *Machine) encode(n int, list []job.Outcome) service.Publish {
	out := make([]bus.Outcome, len(list))
	for i, o := range list {
		out[i] = bus.Outcome{
			Fence: o.Fence, Kind: o.Kind, Result: bus.Text(o.Result), Error: o.Error, Permanent: o.Permanent, Reason: o.Reason,
			RetryAfter: o.RetryAfter, Spawned: bus.SpawnedOf(o.Spawned),
		}
	}
	subject := bus.CompletedSubject(n, m.name)
	if m.partitions[n].elsewhere() {
		subject = bus.AnyCompletedSubject(m.name)
	}
	return service.Message(m.source, subject, bus.Completed{Worker: m.name, Partition: n, Outcomes: out})
}

// elsewhere tells whether the next report goes to any resolver: the one to the
// partition's owner was not answered.
func (p *partition) elsewhere() bool { return p.tries%2 == 1 }

// reported lets go of outcomes that have their verdict. Without an answer all
// of them are sent again: what was committed then is committed still.
func (m *Machine) reported(now time.Time, e reported) []service.Action {
	p := m.partitions[e.partition]
	sent := p.sent
	p.sent = nil
	if e.err == nil && len(e.reply.Verdicts) != len(sent) {
		e.err = fmt.Errorf("%d verdicts for %d outcomes", len(e.reply.Verdicts), len(sent))
	}
	if e.err != nil {
		p.tries++
		p.waiting = slices.Insert(p.waiting, 0, sent...)
		if p.elsewhere() {
			return nil // at once, and nobody needs to know
		}
		p.retryAt = now.Add(service.Backoff(p.tries/2, m.source.Float64()))
		m.log.Debug("report not answered", "worker", m.name, "outcomes", len(sent), "try", p.tries, "error", e.err)
		return nil
	}
	p.tries, p.retryAt = 0, time.Time{}
	for i, v := range e.reply.Verdicts {
		o := sent[i]
		switch v {
		case job.Retry:
			p.waiting = append(p.waiting, o)
			p.retryAt = now.Add(service.Backoff(2, m.source.Float64()))
			continue
		case job.Rejected:
			if !o.Permanent { // what stands for a rejected outcome is not replaced again
				p.waiting = append(p.waiting, rejected(o, e.reply.Refused[i]))
				continue
			}
		}
		m.unreported--
		m.forget(Key{o.Lease, o.Job})
	}
	if len(p.waiting) == 0 {
		delete(m.partitions, e.partition)
	}
	return nil
}

// rejected is what is reported instead of an outcome that the engine refused:
// for what it spawned, or for its result.
func rejected(o job.Outcome, why string) job.Outcome {
	if why == "" {
		why = fmt.Sprintf("%s with a result of %d bytes; a result is valid JSON of at most %d bytes", o.Kind, len(o.Result), job.MaxResult)
	}
	return failed(o, "the engine refused the outcome: "+why)
}

// oversize is what is reported instead of an outcome that no message takes,
// although what it is made of is within its limits.
func (m *Machine) oversize(o job.Outcome, bytes int) job.Outcome {
	m.log.Warn("an outcome is larger than a message of the bus may be; the job fails", "worker", m.name, "job", o.Job, "bytes", bytes, "limit", m.maxPayload)
	return failed(o, fmt.Sprintf("the outcome takes a message of %d bytes, and the bus carries at most %d: keep large data outside and pass its place, "+
		"or spawn less at once (the result has %d bytes, %d jobs are spawned)", bytes, m.maxPayload, len(o.Result), len(o.Spawned)))
}

// failed is a failure for good, in place of an outcome.
func failed(o job.Outcome, text string) job.Outcome {
	return job.Outcome{
		Fence: o.Fence, Kind: job.KindFailed, Permanent: true, Reason: job.ReasonPermanent, Error: text[:min(len(text), job.MaxError)],
	}
}
