package model_test

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// parts is what a store keeps of jobs that are made of others.
type parts struct {
	of    map[int]int             // job → the workflow that it is made of
	fresh map[int]bool            // jobs that were suspended, and whose parts have not begun for that
	lists map[int]json.RawMessage // map → what it is over
	ran   map[int]bool            // workflows that have begun, or were their job's end, for it or for an earlier run of it
	above map[int]bool            // workflows whose pause is that of the workflow around them
}

// parent is the number of the job that a workflow is run as, from 1; 0: none.
func (p *parts) parent(w int) int {
	for i, made := range p.of {
		if made == w {
			return i + 1
		}
	}
	return 0
}

// keep notes what changes say about jobs that are made of others.
func (p *parts) keep(v *view, c workflow.Changes) {
	if p.of == nil {
		p.of, p.ran, p.fresh, p.lists, p.above = map[int]int{}, map[int]bool{}, map[int]bool{}, map[int]json.RawMessage{}, map[int]bool{}
	}
	for _, at := range c.Suspended {
		p.fresh[v.nodes[at]] = v.p.Nodes[at].Parts != ""
	}
	for _, at := range c.Reset {
		if w, made := p.of[v.nodes[at]]; made {
			p.ran[w] = true
		}
	}
	for _, at := range c.Evaluated {
		if list := v.p.Inputs[at].Evidence.Over; len(list) > 0 {
			p.lists[v.nodes[at]] = list
		}
	}
}

// addParts adds what a job is made of.
func (d *decider) addParts(i int, p *workflow.Parts, spec *workflow.Workflow) {
	w := d.addWorkflow(spec, workflow.Pending)
	d.p.Workflows[w].MaxParallel, d.p.Workflows[w].Tolerate = p.MaxParallel, p.Tolerate
	if d.parts.of == nil {
		d.parts.keep(nil, workflow.Changes{})
	}
	d.parts.of[i] = w
	d.addJobs(spec, w)
}

// nextParts returns what the first job that is made of others, and these, owe
// each other; nil: nothing.
func (d *decider) nextParts() (*loaded, func(r *workflow.Resolution, v *view)) {
	for i := 0; i < len(d.p.Nodes); i++ {
		n := d.p.Nodes[i]
		w, made := d.parts.of[i]
		if n.Status == job.Suspended && n.Parts == workflow.PartsMap && !made {
			p := workflow.PartsOf(d.specs[i])
			items, err := p.Items(d.specs[i], d.parts.lists[i], nil)
			if err != nil {
				panic(err)
			}
			d.addParts(i, p, items)
			w, made = d.parts.of[i], true
		}
		if !made {
			continue
		}
		l := load(i)
		l.known[w] = workflow.KnownSome
		if f := d.owed(l, i, w); f != nil {
			return l, f
		}
	}
	return nil, nil
}

// owed is what a job and the workflow that it is made of owe each other; nil:
// nothing.
func (d *decider) owed(l *loaded, i, w int) func(r *workflow.Resolution, v *view) {
	n, c := d.p.Nodes[i], d.p.Workflows[w]
	paused := n.Workflow >= 0 && d.p.Workflows[n.Workflow].Status == workflow.Paused
	mine := n.Status == job.Suspended
	running := c.Status == workflow.Running || c.Status == workflow.Paused
	cancel := func(reason job.Reason) func(r *workflow.Resolution, v *view) {
		return func(r *workflow.Resolution, v *view) { r.Cancel(v.workflow(w), reason) }
	}
	switch {
	case n.Status.Terminal() && running && n.Reason == job.ReasonDeadline:
		return cancel(job.ReasonDeadline)
	case n.Status.Terminal() && running:
		return cancel(job.ReasonUser)
	case !mine:
		return nil
	case c.Status == workflow.Cancelling && !c.CancelFinally && n.Workflow >= 0 && d.p.Workflows[n.Workflow].CancelFinally && d.stopsAgain(w):
		return cancel(job.ReasonUser)
	case c.Status == workflow.Cancelling:
		return nil
	case c.Status.Terminal() && d.parts.fresh[i] && d.parts.ran[w]:
		d.parts.fresh[i] = false
		d.p.Workflows[w].UserPaused = c.UserPaused && !d.parts.above[w]
		d.parts.above[w] = false
		return d.rerun(l, w)
	case c.Status.Terminal():
		d.parts.fresh[i], d.parts.ran[w] = false, true
		p := workflow.PartsOf(d.specs[i])
		status, reason := workflow.PartsEnd(p.Kind, p.Mode, c.Status, c.Deadline)
		return func(r *workflow.Resolution, v *view) {
			r.EndParts(workflow.Ending{Node: v.node(i), Status: status, Reason: reason})
		}
	case d.told(n):
		d.parts.fresh[i], d.parts.ran[w] = false, true
		return cancel(job.ReasonUser)
	case c.Status == workflow.Pending && !paused:
		d.parts.fresh[i], d.parts.ran[w] = false, true
		return func(r *workflow.Resolution, v *view) { r.Open(v.workflow(w)) }
	case running && paused && !c.UserPaused:
		d.parts.above[w] = true
		return func(r *workflow.Resolution, v *view) { r.Pause(v.workflow(w)) }
	case d.parts.above[w] && !paused:
		d.parts.above[w] = false
		return func(r *workflow.Resolution, v *view) { r.Resume(v.workflow(w)) }
	}
	return nil
}

// stopsAgain reports whether a second cancel of a workflow changes anything.
func (d *decider) stopsAgain(w int) bool {
	return d.p.Workflows[w].Finally > 0 || slices.ContainsFunc(d.p.Nodes, func(n workflow.Node) bool {
		return n.Workflow == w && n.Status == job.Suspended && n.Parts != ""
	})
}

// told reports whether a resolution said that a job should stop.
func (d *decider) told(n workflow.Node) bool {
	if n.Workflow < 0 {
		return false
	}
	s := d.p.Workflows[n.Workflow].Standing(&n)
	return s.Cancelling || s.Draining && d.p.Workflows[n.Workflow].CancelRunning
}

// rerun retries what failed of a workflow, or all of it if nothing did.
func (d *decider) rerun(l *loaded, w int) func(r *workflow.Resolution, v *view) {
	d.loadAll(l, w)
	v := d.view(l)
	mode := workflow.RetryFailed
	if d.p.Workflows[w].Status == workflow.Completed {
		mode = workflow.RetryAll
	}
	plan, err := workflow.PlanRetry(&v.p, v.workflow(w), mode, 0)
	if errors.Is(err, job.ErrWrongState) {
		plan, err = workflow.PlanRetry(&v.p, v.workflow(w), workflow.RetryAll, 0)
	}
	if err != nil {
		panic(err)
	}
	for k, at := range plan {
		plan[k] = v.nodes[at]
	}
	return func(r *workflow.Resolution, v *view) {
		list := make([]int, len(plan))
		for k, i := range plan {
			list[k] = v.node(i)
		}
		r.Retry(v.workflow(w), list)
	}
}

func (d *decider) Answer(i int, approve bool, payload json.RawMessage) error {
	n := &d.p.Nodes[i]
	e := workflow.Ending{Status: job.Completed, Result: payload}
	switch {
	case n.Gate == job.GateSignal && !n.Status.Terminal() && n.Status != job.Suspended:
		n.Answer = payload
		return nil
	case n.Status != job.Suspended || n.Gate != job.GateSignal && n.Gate != job.GateApproval:
		return job.ErrWrongState
	case n.Gate == job.GateApproval && approve:
		e.Result = json.RawMessage(`{"approved":true}`)
	case n.Gate == job.GateApproval:
		e = workflow.Ending{Status: job.Failed, Reason: job.ReasonRejected}
	}
	return d.endGate(i, e)
}

func (d *decider) Elapse(i int) error {
	g := d.specs[i].Gate
	if d.p.Nodes[i].Status != job.Suspended || g == nil || g.Type != job.GateTimer && g.ExpiresAfter == 0 {
		return job.ErrWrongState
	}
	var e workflow.Ending
	e.Status, e.Reason, e.Result = g.Expire()
	return d.endGate(i, e)
}

func (d *decider) endGate(i int, e workflow.Ending) error {
	return d.resolve(load(i), func(r *workflow.Resolution, v *view) {
		e.Node = v.node(i)
		r.End(e)
	})
}
