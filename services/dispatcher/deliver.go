package dispatcher

import (
	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// deliver packs the jobs of a lease into messages, by bytes and then by count,
// and tells watchers that they run.
func (m *Machine) deliver(pull string, lease store.Lease) []service.Action {
	var actions []service.Action
	var jobs []bus.Job
	bytes := 0
	flush := func() {
		if len(jobs) > 0 {
			actions = append(actions, m.pack(pull, lease, jobs)...)
		}
		jobs, bytes = nil, 0
	}
	running := make([]bus.JobEvent, len(lease.Jobs))
	for i, c := range lease.Jobs {
		j, size := message(c)
		if bytes+size > m.cfg.DeliveryBytes || len(jobs) == m.cfg.DeliveryJobs {
			flush()
		}
		jobs, bytes = append(jobs, j), bytes+size
		running[i] = bus.JobEvent{
			Job: j.Job, Workflow: j.Workflow, Name: j.Name, Status: job.Running, Attempt: j.Attempt, Worker: lease.Worker,
		}
	}
	flush()
	m.metrics.Delivered.Add(float64(len(lease.Jobs)))
	for len(running) > 0 {
		n := min(len(running), m.cfg.DeliveryJobs)
		actions = append(actions, service.Message(m.source, bus.EventSubject("job"), bus.Event{Jobs: running[:n]}))
		running = running[n:]
	}
	return actions
}

// pack encodes jobs as one message, or as several when escaping made it larger
// than the bus takes. A single job that does not fit has its parents' results
// fetched instead.
func (m *Machine) pack(pull string, lease store.Lease, jobs []bus.Job) []service.Action {
	msg := service.Message(m.source, bus.DeliverSubject(lease.Worker), bus.Deliver{Pull: pull, Lease: lease.ID, TTL: lease.TTL, Jobs: jobs})
	if len(msg.Data) <= m.maxPayload {
		return []service.Action{msg}
	}
	if len(jobs) > 1 {
		half := len(jobs) / 2
		return append(m.pack(pull, lease, jobs[:half]), m.pack(pull, lease, jobs[half:])...)
	}
	if len(jobs[0].Parents) > 0 {
		jobs[0].Parents, jobs[0].Fetch = nil, true
		return m.pack(pull, lease, jobs)
	}
	// The limits of a payload keep this from happening. If they change, the
	// job is given back and ends visibly as lease_lost.
	m.metrics.TooLarge.Inc()
	m.log.Error("job too large to deliver", "service", "dispatcher", "job", jobs[0].Job, "bytes", len(msg.Data), "limit", m.maxPayload)
	return nil
}

// message makes a job's message and estimates its encoded size in bytes.
func message(c store.Claimed) (bus.Job, int) {
	j := bus.Job{
		Job: c.Fence.Job, Epoch: c.Fence.Epoch, Workflow: c.Workflow, WorkflowName: c.WorkflowName, Name: c.Name, Queue: c.Queue,
		Payload: bus.Text(c.Payload), Attempt: c.Attempt, MaxAttempts: c.MaxAttempts, Timeout: c.Timeout, Priority: c.Priority,
		TraceID: c.TraceID, TraceParent: c.TraceParent, CorrelationID: c.CorrelationID, Fetch: c.Fetch,
	}
	size := 600 + len(c.Payload) + len(c.Name) + len(c.Queue) + len(c.WorkflowName)
	for _, p := range c.Parents {
		j.Parents = append(j.Parents, parentMessage(p))
		size += 120 + len(p.Name) + len(p.Result)
	}
	return j, size
}

func parentMessage(p store.ParentResult) bus.Parent {
	return bus.Parent{Job: p.Job, Name: p.Name, Status: p.Status, Result: bus.Text(p.Result)}
}
