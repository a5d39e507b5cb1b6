package model

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/condition"
)

// Answer answers a gate: an approval that is open is approved or rejected; a
// signal completes with payload, or keeps it until it opens, the first one.
func (w *World) Answer(i int, approve bool, payload json.RawMessage) error {
	n := w.jobs[i]
	opened, signal := n.Status == job.Suspended, n.Gate != nil && n.Gate.Type == job.GateSignal
	signal = signal && (opened || n.early == nil || string(n.early) == string(payload))
	return w.when(n.open() && (signal || opened && n.Gate != nil && n.Gate.Type == job.GateApproval), func() {
		switch {
		case !opened:
			n.early = payload
		case signal || approve:
			n.result = map[bool]json.RawMessage{true: payload, false: json.RawMessage(`{"approved":true}`)}[signal]
			w.end(n, job.Completed, "")
		default:
			w.end(n, job.Failed, job.ReasonRejected)
		}
	})
}

// Elapse lets the time of a gate pass that is open: how long a timer waits, or
// for how long an answer was waited for.
func (w *World) Elapse(i int) error {
	n := w.jobs[i]
	return w.when(n.Gate != nil && n.Status == job.Suspended && (n.Gate.Type == job.GateTimer || n.Gate.ExpiresAfter > 0), func() {
		if n.result = n.Gate.DefaultPayload; n.Gate.Type == job.GateTimer || n.Gate.ApproveOnExpiry || n.result != nil {
			w.end(n, job.Completed, "")
		} else {
			w.end(n, job.Failed, job.ReasonExpired)
		}
	})
}

// make adds what a job is made of.
func (w *World) make(n *node, spec *workflow.Workflow) {
	p := workflow.PartsOf(n.Job)
	n.made = w.newFlow(workflow.Pending)
	n.made.Parent, n.made.turns, n.made.bears = slices.Index(w.jobs, n)+1, p.MaxParallel, p.Tolerate
	n.made.items = p.Kind != workflow.PartsWorkflow
	w.add(n.made, spec)
}

// spread works out what a map is over.
func (w *World) spread(n *node, p *workflow.Parts, in condition.Inputs) {
	e, err := condition.ParseInput(p.Over, in.Env())
	if err == nil {
		n.list, err = e.List(in)
	}
	if err != nil {
		w.end(n, job.Failed, job.ReasonInputError)
	} else if string(n.list) == "[]" {
		n.result = n.list
		w.end(n, job.Completed, "")
	}
}

// parts lets the first job that is suspended, or has ended, and what it is made
// of see each other. It reports whether anything was to be done.
func (w *World) parts() bool {
	for _, n := range w.jobs {
		if n.parted() && n.made == nil { // a map
			items, _ := workflow.PartsOf(n.Job).Items(n.Job, n.list, nil) // of a list that there is: no error
			w.make(n, items)
		}
		if c := n.made; c != nil && w.compare(n, c) {
			w.conclude()
			return true
		}
	}
	return false
}

// compare does what a job and what it is made of owe each other.
func (w *World) compare(n *node, c *flow) bool {
	stopped, over := c.Status == workflow.Cancelling, c.Status.Terminal()
	switch paused := n.flow.paused(); {
	case !n.open() && c.Status == workflow.Running:
		w.cancel(c, map[bool]job.Reason{true: job.ReasonDeadline, false: job.ReasonUser}[n.Reason == job.ReasonDeadline])
	case !n.parted() || stopped && (c.cancelFinally || !n.flow.cancelFinally):
		return false
	case stopped:
		w.cancel(c, job.ReasonUser)
	case over && n.fresh && c.ran:
		n.fresh, c.UserPaused, c.above = false, c.UserPaused && !c.above, false
		plan := c.plan(workflow.RetryFailed, nil)
		if c.Status == workflow.Completed || plan == nil {
			plan = c.plan(workflow.RetryAll, nil)
		}
		w.rerun(c, plan)
	case over:
		n.fresh, c.ran = false, true
		status, reason := n.partsEnd(c)
		w.end(n, status, reason)
	case n.told():
		n.fresh, c.ran = false, true
		w.cancel(c, job.ReasonUser)
	case c.Status == workflow.Pending && !paused:
		n.fresh, c.ran, c.Status = false, true, workflow.Running
		for _, first := range c.jobs {
			w.ask(first)
			w.pass(first)
		}
	case c.Status == workflow.Running && paused && !c.UserPaused:
		c.UserPaused, c.above = true, true
	case c.above && !paused:
		c.UserPaused, c.above = false, false
	default:
		return false
	}
	return true
}

// partsEnd is how a job ends that is made of what has ended.
func (n *node) partsEnd(c *flow) (job.Status, job.Reason) {
	p := workflow.PartsOf(n.Job)
	switch late := c.reason == job.ReasonDeadline; {
	case c.Status == workflow.Cancelled && n.told():
		return job.Cancelled, cmp.Or(n.flow.reason, job.ReasonFailFast)
	case c.Status == workflow.Cancelled:
		return job.Cancelled, job.ReasonUser
	case c.Status == workflow.Completed, !late && p.Kind == workflow.PartsBatch && p.Mode == workflow.ContinueOnError:
		return job.Completed, ""
	case late:
		return job.TimedOut, job.ReasonDeadline
	}
	return job.Failed, job.ReasonParts
}

// full reports whether no more jobs of a workflow may run now.
func (f *flow) full() bool {
	return f.turns > 0 && f.count(func(n *node) bool { return n.open() && n.Deps != job.Waiting }) >= f.turns
}

// broken reports whether more jobs fail a workflow than it bears.
func (f *flow) broken() bool { return f.bears >= 0 && f.count((*node).fails) > f.bears }

func (f *flow) count(kind func(n *node) bool) (many int) {
	for _, n := range f.jobs {
		if kind(n) {
			many++
		}
	}
	return many
}
