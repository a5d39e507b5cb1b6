package watch

import (
	"time"

	"github.com/hammerwork/hammerwork/internal/agent"
	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// Worker returns m, the machine of a worker of that name, recording what goes in
// and out; m itself when r is nil. A record is made before its action is
// performed, so before anybody can know of it.
func Worker(m service.Machine, name string, r *history.Recorder) service.Machine {
	if r == nil {
		return m
	}
	return &worker{Machine: m, name: name, history: r, fences: map[agent.Key]job.Fence{}}
}

type worker struct {
	service.Machine
	name    string
	history *history.Recorder
	fences  map[agent.Key]job.Fence // of handlers that run
}

// Step implements service.Machine.
func (w *worker) Step(now time.Time, event service.Event) []service.Action {
	switch e := event.(type) {
	case service.Received:
		w.received(e.Message)
	case agent.Finished:
		w.record(outcome(history.Finished, e.Outcome))
	case service.Stop:
		w.record(history.Record{Kind: history.Draining})
	}
	actions := w.Machine.Step(now, event)
	for i, a := range actions {
		switch a := a.(type) {
		case agent.Start:
			w.start(a)
		case agent.Stop:
			x := history.Of(history.Stopped, w.fences[a.Key])
			x.Job, x.Lease, x.Cause = a.Key.Job, a.Key.Lease, a.Cause.Error()
			w.record(x)
		case service.Request:
			actions[i] = w.request(a)
		}
	}
	if e, ended := event.(agent.Finished); ended {
		delete(w.fences, e.Key)
	}
	return actions
}

func (w *worker) record(list ...history.Record) {
	for i := range list {
		list[i].Worker = w.name
	}
	w.history.Record(list...)
}

func (w *worker) received(m bus.Message) {
	if m.Subject != bus.DeliverSubject(w.name) {
		return
	}
	e, err := bus.Decode[bus.Deliver](m.Data)
	if err != nil {
		return // the machine refuses it, too
	}
	list := make([]history.Record, len(e.Body.Jobs))
	for i, j := range e.Body.Jobs {
		list[i] = history.Of(history.Received, job.Fence{Job: j.Job, Epoch: j.Epoch, Lease: e.Body.Lease})
		list[i].Workflow, list[i].Attempt = j.Workflow, j.Attempt
	}
	w.record(list...)
}

func (w *worker) start(a agent.Start) {
	fence := job.Fence{Job: a.Key.Job, Epoch: a.Job.Epoch, Lease: a.Key.Lease}
	w.fences[a.Key] = fence
	x := history.Of(history.Started, fence)
	x.Workflow, x.Attempt, x.Payload = a.Job.Workflow, a.Job.Attempt, history.Hash(a.Job.Payload)
	w.record(x)
}

// request records a report or a heartbeat, and its answer when it comes.
func (w *worker) request(a service.Request) service.Request {
	var answered func(answer []byte)
	switch kind, _, _ := bus.Parse(a.Subject); kind {
	case "completed":
		e, err := bus.Decode[bus.Completed](a.Data)
		if err != nil {
			return a
		}
		sent := make([]history.Record, len(e.Body.Outcomes))
		for i, o := range e.Body.Outcomes {
			sent[i] = outcome(history.Sent, job.Outcome{Fence: o.Fence, Kind: o.Kind, Result: []byte(o.Result)})
		}
		w.record(sent...)
		answered = func(answer []byte) { w.verdicts(sent, answer) }
	case "heartbeat":
		since := w.history.Now()
		e, err := bus.Decode[bus.Heartbeat](a.Data)
		if err != nil {
			return a
		}
		answered = func(answer []byte) { w.beaten(since, e.Body.Leases, answer) }
	default:
		return a
	}
	then := a.Then
	a.Then = func(answer []byte, err error) service.Event {
		if err == nil {
			answered(answer)
		}
		return then(answer, err)
	}
	return a
}

func (w *worker) verdicts(sent []history.Record, answer []byte) {
	e, err := bus.Decode[bus.CompletedReply](answer)
	if err != nil || len(e.Body.Verdicts) != len(sent) {
		return
	}
	list := make([]history.Record, len(sent))
	for i, x := range sent {
		x.Kind, x.Verdict = history.Answered, e.Body.Verdicts[i]
		list[i] = x
	}
	w.record(list...)
}

// beaten records the leases that stand, and those that are lost.
func (w *worker) beaten(since time.Time, leases []job.ID, answer []byte) {
	e, err := bus.Decode[bus.HeartbeatReply](answer)
	if err != nil {
		return
	}
	lost := make(map[job.ID]bool, len(e.Body.Lost))
	var list []history.Record
	for _, id := range e.Body.Lost {
		lost[id] = true
		list = append(list, history.Record{Kind: history.Lost, Lease: id})
	}
	beat := history.Record{Kind: history.Beat, Since: since.UnixNano(), TTL: int64(e.Body.TTL)}
	for _, id := range leases {
		if !lost[id] {
			beat.Leases = append(beat.Leases, id)
		}
	}
	w.record(append(list, beat)...)
}
