package dispatcher

import (
	"context"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// maxBeats bounds the leases that one transaction extends.
const maxBeats = 1000

// beat is a heartbeat that waits for its answer.
type beat struct {
	reply  string
	worker string
	leases []job.ID
	told   map[job.ID][]store.Progress // lease → what its jobs said
}

// progressByLease sorts what a heartbeat tells of jobs.
func progressByLease(list []bus.Progress) map[job.ID][]store.Progress {
	if len(list) == 0 {
		return nil
	}
	told := make(map[job.ID][]store.Progress)
	for _, p := range list {
		told[p.Lease] = append(told[p.Lease], store.Progress{Job: p.Job, Percent: p.Percent, Message: p.Message})
	}
	return told
}

// extended is the event that a bulk of heartbeats has been stored.
type extended struct {
	beats   []beat
	answers []store.Beaten // of all leases of all beats, in order
	err     error
}

// heartbeat queues a heartbeat; all that arrive while one transaction runs are
// stored together by the next.
func (m *Machine) heartbeat(msg bus.Message) ([]service.Action, error) {
	e, err := bus.Decode[bus.Heartbeat](msg.Data)
	if err != nil {
		return nil, err
	}
	if bus.HeartbeatSubject(e.Body.Worker) != msg.Subject {
		return nil, errForeignSubject
	}
	m.sees(store.WorkerSeen{Name: e.Body.Worker, Queues: e.Body.Queues, Slots: e.Body.Total, Draining: e.Body.Draining})
	b := beat{msg.Reply, e.Body.Worker, e.Body.Leases, progressByLease(e.Body.Progress)}
	for i, w := range m.beats {
		if w.worker == b.worker {
			m.beats[i] = b // the worker has given up the earlier one
			return nil, nil
		}
	}
	m.beats = append(m.beats, b)
	return m.extend(), nil
}

func (m *Machine) extend() []service.Action {
	if m.beating || len(m.beats) == 0 {
		return nil
	}
	n, leases := 0, 0
	var list []store.Beat
	for _, b := range m.beats {
		if leases += len(b.leases); n > 0 && leases > maxBeats {
			break
		}
		for _, id := range b.leases {
			list = append(list, store.Beat{Lease: id, Worker: b.worker, Progress: b.told[id]})
		}
		n++
	}
	batch := m.beats[:n:n]
	m.beats = m.beats[n:]
	m.beating = true
	return []service.Action{service.Call{Name: "extend", Do: func(ctx context.Context) service.Event {
		answers, err := m.store.Extend(ctx, list)
		return extended{batch, answers, err}
	}}}
}

// extended answers each heartbeat of a bulk. After an error nobody is
// answered: the workers send again.
func (m *Machine) extended(now time.Time, e extended) []service.Action {
	m.beating = false
	m.calls.Note(now, "extend", e.err, "heartbeats", len(e.beats))
	var actions []service.Action
	if e.err != nil {
		m.metrics.ExtendErrors.Inc()
		return m.extend()
	}
	answers := e.answers
	for _, b := range e.beats {
		reply := bus.HeartbeatReply{TTL: m.cfg.LeaseTTL}
		for _, a := range answers[:len(b.leases)] {
			if a.Lost {
				reply.Lost = append(reply.Lost, a.Lease)
			}
			for _, id := range a.Revoked {
				reply.Revoked = append(reply.Revoked, bus.LeaseJob{Lease: a.Lease, Job: id})
			}
			for _, id := range a.Cancelled {
				reply.Cancelled = append(reply.Cancelled, bus.LeaseJob{Lease: a.Lease, Job: id})
			}
		}
		answers = answers[len(b.leases):]
		actions = append(actions, service.Message(m.source, b.reply, reply))
	}
	return append(actions, m.extend()...)
}
