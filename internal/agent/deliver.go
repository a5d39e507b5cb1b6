package agent

import (
	"bytes"
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// deliver starts the delivered jobs. A copy of a job that runs or ran here is
// ignored, and so is a delivery that comes when its lease must have expired.
// A job for which there is no slot is given back.
func (m *Machine) deliver(now time.Time, msg bus.Message) ([]service.Action, error) {
	e, err := bus.Decode[bus.Deliver](msg.Data)
	if err != nil {
		return nil, err
	}
	d := e.Body
	p := m.pulls[d.Pull]
	if p == nil || !now.Before(p.late()) {
		return nil, nil
	}
	l := m.leases[d.Lease]
	var actions []service.Action
	for _, j := range d.Jobs {
		key := Key{d.Lease, j.Job}
		if m.ended[key] || l != nil && l.jobs[j.Job] != nil {
			continue
		}
		if l == nil {
			l = &lease{id: d.Lease, jobs: map[job.ID]*attempt{}, beatDue: now.Add(share(firstBeatAfter, d.TTL))}
			m.leases[d.Lease] = l
		}
		a := &attempt{fence: job.Fence{Job: j.Job, Epoch: j.Epoch, Lease: d.Lease}, partition: bus.PartitionOf(j.Workflow, d.Lease)}
		l.jobs[j.Job] = a
		if a.pool = m.take(p, j.Queue); a.pool < 0 || m.stopping {
			if a.pool >= 0 {
				m.pools[a.pool].running--
			}
			m.queue(a.partition, job.Outcome{Fence: a.fence, Kind: job.KindGivenBack})
			continue
		}
		a.running = true
		m.running++
		actions = append(actions, Start{key, a.pool, j})
	}
	return actions, nil
}

// control stops jobs that were cancelled; their outcome still counts.
func (m *Machine) control(msg bus.Message) ([]service.Action, error) {
	e, err := bus.Decode[bus.Control](msg.Data)
	if err != nil {
		return nil, err
	}
	return m.stopJobs(e.Body.Cancelled, ErrCancelled), nil
}

// stopJobs ends the contexts of running jobs.
func (m *Machine) stopJobs(list []bus.LeaseJob, cause error) []service.Action {
	var actions []service.Action
	for _, x := range list {
		if l := m.leases[x.Lease]; l != nil {
			if a := l.jobs[x.Job]; a != nil && a.running {
				actions = append(actions, Stop{Key{x.Lease, x.Job}, cause})
			}
		}
	}
	return actions
}

// finished keeps the outcome of an attempt until its verdict.
func (m *Machine) finished(now time.Time, e Finished) []service.Action {
	l := m.leases[e.Key.Lease]
	if l == nil || l.jobs[e.Key.Job] == nil {
		return nil // the lease was lost meanwhile
	}
	a := l.jobs[e.Key.Job]
	a.running, a.news = false, nil
	if a.lost {
		m.forget(e.Key)
		return nil
	}
	m.queue(a.partition, e.Outcome)
	return nil
}

// forget ends the care for an attempt: its verdict has come, or it is lost.
func (m *Machine) forget(key Key) {
	l := m.leases[key.Lease]
	if l == nil {
		return
	}
	delete(l.jobs, key.Job)
	if len(l.jobs) == 0 {
		delete(m.leases, key.Lease)
	}
	m.remember(key)
}

// remember lets a repeated delivery of an attempt be recognised.
func (m *Machine) remember(key Key) {
	if m.ended[key] {
		return
	}
	m.ended[key] = true
	m.endedOrder = append(m.endedOrder, key)
	if len(m.endedOrder) > rememberedJobs {
		delete(m.ended, m.endedOrder[0])
		m.endedOrder = m.endedOrder[1:]
	}
}

// leasesInOrder returns the leases by id, so that a run can be repeated.
func (m *Machine) leasesInOrder() []*lease {
	list := make([]*lease, 0, len(m.leases))
	for _, l := range m.leases {
		list = append(list, l)
	}
	slices.SortFunc(list, func(a, b *lease) int { return bytes.Compare(a.id[:], b.id[:]) })
	return list
}

// inOrder returns the attempts of a lease by job id.
func (l *lease) inOrder() []*attempt {
	list := make([]*attempt, 0, len(l.jobs))
	for _, a := range l.jobs {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b *attempt) int { return bytes.Compare(a.fence.Job[:], b.fence.Job[:]) })
	return list
}
