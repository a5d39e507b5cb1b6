package dispatcher

import (
	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// deliver sends a lease to its worker, in one message, and tells watchers that
// its jobs run.
func (m *Machine) deliver(pull string, lease store.Lease) []service.Action {
	d := bus.Deliver{Pull: pull, Lease: lease.ID, TTL: lease.TTL, Jobs: make([]bus.Job, len(lease.Jobs))}
	running := make([]bus.JobEvent, len(lease.Jobs))
	for i, c := range lease.Jobs {
		d.Jobs[i] = message(c)
		running[i] = bus.JobEvent{
			Job: c.Fence.Job, Workflow: c.Workflow, Name: c.Name, Status: job.Running, Attempt: c.Attempt, Worker: lease.Worker,
		}
	}
	m.metrics.Delivered.Add(float64(len(lease.Jobs)))
	return []service.Action{m.fit(lease.Worker, d), service.Message(m.source, bus.EventSubject("job"), bus.Event{Jobs: running})}
}

// fit encodes a delivery. When the parents' results make it larger than the
// bus takes, the worker fetches them.
func (m *Machine) fit(worker string, d bus.Deliver) service.Action {
	msg := service.Message(m.source, bus.DeliverSubject(worker), d)
	if len(msg.Data) <= m.maxPayload {
		return msg
	}
	for i := range d.Jobs {
		if len(d.Jobs[i].Parents) > 0 {
			d.Jobs[i].Parents, d.Jobs[i].Fetch = nil, true
		}
	}
	msg = service.Message(m.source, bus.DeliverSubject(worker), d)
	if len(msg.Data) > m.maxPayload {
		// Only a bus that takes less than NATS does brings this about. The jobs
		// are given back and end visibly, as lease_lost.
		m.metrics.TooLarge.Inc()
		m.log.Error("lease too large to deliver", "service", "dispatcher", "lease", d.Lease, "jobs", len(d.Jobs), "bytes", len(msg.Data), "limit", m.maxPayload)
	}
	return msg
}

// message makes a job's message.
func message(c store.Claimed) bus.Job {
	j := bus.Job{
		Job: c.Fence.Job, Epoch: c.Fence.Epoch, Workflow: c.Workflow, WorkflowName: c.WorkflowName, Name: c.Name, Queue: c.Queue,
		Payload: bus.Text(c.Payload), Attempt: c.Attempt, MaxAttempts: c.MaxAttempts, Timeout: c.Timeout, Priority: c.Priority,
		TraceID: c.TraceID, TraceParent: c.TraceParent, CorrelationID: c.CorrelationID, Fetch: c.Fetch,
	}
	for _, p := range c.Parents {
		j.Parents = append(j.Parents, parentMessage(p))
	}
	return j
}

func parentMessage(p store.ParentResult) bus.Parent {
	return bus.Parent{Job: p.Job, Name: p.Name, Status: p.Status, Result: bus.Text(p.Result)}
}
