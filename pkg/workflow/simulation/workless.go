package simulation

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/plainjson"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// later puts something about a job that is made of others on the agenda, at
// this moment: one thing after the other.
func (m *machine) later(k kind, i int) {
	m.agenda.add(event{at: m.now, kind: k, of: m, node: i, turn: m.jobs[i].turn})
}

// suspend takes note of a job that waits for what is no worker.
func (m *machine) suspend(i int) {
	n, s := &m.p.Nodes[i], &m.jobs[i]
	s.released, s.fresh, s.err = true, n.Parts != "", ""
	if s.ready < 0 {
		s.ready, s.start = m.now, m.now
	}
	m.tell(i)
	m.step(Step{Job: m.path(i), Outcome: string(job.Suspended)})
	if n.Parts != "" {
		m.later(partsBegin, i)
		return
	}
	g := m.w.Jobs[i].Gate
	at := m.now
	switch _, answered := m.answer(i); {
	case answered:
	case g.Type == job.GateTimer && !g.Until.IsZero():
		at = max(m.now, g.Until.Sub(m.s.Start))
	case g.Type == job.GateTimer:
		at += g.Wait
	case g.ExpiresAfter > 0:
		at += g.ExpiresAfter
	default:
		return // for good
	}
	m.agenda.add(event{at: at, kind: gateEnds, of: m, node: i, turn: s.turn})
}

// answer returns how the script answers a gate, if it does.
func (m *machine) answer(i int) (workflow.Ending, bool) {
	g, e := m.w.Jobs[i].Gate, workflow.Ending{Node: i, Status: job.Completed}
	a := Answer{Approve: g.Type == job.GateApproval}
	if m.s.Answer != nil {
		a = m.s.Answer(m.path(i), g)
	}
	switch {
	case g.Type == job.GateApproval && a.Reject:
		e.Status, e.Reason = job.Failed, job.ReasonRejected
	case g.Type == job.GateApproval && a.Approve:
		e.Result = json.RawMessage(`{"approved":true}`)
	case g.Type == job.GateSignal && len(a.Payload) > 0:
		e.Result = a.Payload
	default:
		return e, false
	}
	return e, true
}

// endGate ends a gate that was answered, or whose time has passed.
func (m *machine) endGate(i int) {
	e, answered := m.answer(i)
	if !answered {
		e.Status, e.Reason, e.Result = m.w.Jobs[i].Gate.Expire()
	}
	m.jobs[i].result = e.Result
	m.r.End(e)
}

// tellParts lets those know that this workflow has to do with: the one that it
// is a job of of its end, those that its jobs are made of of a pause.
func (m *machine) tellParts() {
	if m.parent != nil && m.h.Status.Terminal() {
		m.parent.later(partsEnd, m.node)
	}
	for i := range m.jobs {
		c := m.jobs[i].parts
		if c != nil && !c.h.Status.Terminal() && c.h.UserPaused != (m.h.Status == workflow.Paused) {
			m.later(partsPause, i)
		}
	}
}

// partsHappen lets something happen to what a job is made of, or because of it.
func (m *machine) partsHappen(e event) {
	n, s := &m.p.Nodes[e.node], &m.jobs[e.node]
	c := s.parts
	if c != nil {
		c.p.Now = m.p.Now
	}
	switch {
	case e.kind == partsBegin && n.Status == job.Suspended:
		m.beginParts(e.node)
	case c == nil || c.h.Status.Terminal() && e.kind != partsEnd:
	case e.kind == partsStop:
		reason := job.ReasonUser
		if n.Status.Terminal() && n.Reason == job.ReasonDeadline {
			reason = n.Reason
		}
		if c.h.Status != workflow.Cancelling {
			c.r.Cancel(0, reason)
			c.follow()
		}
	case e.kind == partsPause && m.h.Status == workflow.Paused:
		c.r.Pause(0)
		c.follow()
	case e.kind == partsPause:
		c.r.Resume(0)
		c.follow()
	case e.kind == partsEnd && n.Status == job.Suspended && c.h.Status.Terminal() && s.fresh:
		m.beginParts(e.node)
	case e.kind == partsEnd && n.Status == job.Suspended && c.h.Status.Terminal():
		m.endParts(e.node)
	}
}

// beginParts lets what a job is made of run, or run again.
func (m *machine) beginParts(i int) {
	j, s := m.w.Jobs[i], &m.jobs[i]
	p := workflow.PartsOf(j)
	list, with := "", json.RawMessage(nil)
	if in := m.p.Inputs[i]; in != nil {
		list, with = string(in.Evidence.Over), in.Evidence.With
	}
	c := s.parts
	switch {
	case c != nil && list == s.list && !c.h.Status.Terminal():
		return // it ends first
	case c != nil && list == s.list:
		s.fresh = false
		plan, err := workflow.PlanRetry(c.p, 0, workflow.RetryFailed, 0)
		if errors.Is(err, job.ErrWrongState) || c.h.Status == workflow.Completed {
			plan, err = workflow.PlanRetry(c.p, 0, workflow.RetryAll, 0)
		}
		if err == nil {
			c.r.Retry(0, plan)
			c.follow()
		}
		return
	}
	s.fresh, s.list = false, list
	w, prefix := p.Workflow, m.prefix
	if p.Kind == workflow.PartsWorkflow {
		prefix = m.path(i) + "/"
	}
	if p.Kind == workflow.PartsMap {
		var err error
		if w, err = p.Items(j, json.RawMessage(list), with); err != nil {
			s.err = err.Error()
			m.r.End(workflow.Ending{Node: i, Status: job.Failed, Reason: job.ReasonInputError})
			return
		}
		w.Retry, w.Priority = m.w.Retry, m.w.Priority
	}
	part := workflow.NewPart(w)
	part.InTurns(p.MaxParallel, p.Tolerate)
	c = m.newMachine(w, part)
	c.parent, c.node, c.prefix, c.items = m, i, prefix, p.Kind != workflow.PartsWorkflow
	s.parts = c
	c.begin()
}

// endParts ends a job whose parts have ended.
func (m *machine) endParts(i int) {
	p, c, s := workflow.PartsOf(m.w.Jobs[i]), m.jobs[i].parts, &m.jobs[i]
	e := workflow.Ending{Node: i}
	e.Status, e.Reason = workflow.PartsEnd(p.Kind, p.Mode, c.h.Status, c.h.Deadline)
	if e.Status == job.Completed {
		if e.Result = c.result(p.Kind); len(e.Result) > job.MaxResult {
			e.Status, e.Reason, e.Result = job.Failed, job.ReasonResultTooLarge, nil
		}
	}
	if t := c.h.Tally; e.Status.Failure() {
		s.err = fmt.Sprintf("%d of %d failed", t.Failures(), t.Total)
	}
	s.result = e.Result
	m.r.EndParts(e)
}

// result is the result of a job whose parts are m.
func (m *machine) result(kind workflow.PartsKind) json.RawMessage {
	var out any
	switch kind {
	case workflow.PartsBatch:
		b := workflow.BatchResult{Total: len(m.w.Jobs), Completed: m.h.Tally.Completed, Errors: []workflow.ItemError{}}
		for i, j := range m.w.Jobs {
			if m.p.Nodes[i].Status != job.Completed {
				b.Failed++
				b.Errors = append(b.Errors, workflow.ItemError{Index: i, Name: j.Name, Error: m.jobs[i].err})
			}
		}
		out = b
	case workflow.PartsMap:
		list := make([]json.RawMessage, len(m.w.Jobs))
		for i := range list {
			list[i] = m.resultOf(i)
		}
		out = list
	default:
		leads := map[job.ID]bool{}
		for _, j := range m.w.Jobs {
			for _, d := range j.DependsOn {
				leads[d.Parent] = true
			}
		}
		object := map[string]json.RawMessage{}
		for i, j := range m.w.Jobs {
			if !leads[j.ID] {
				object[j.Name] = m.resultOf(i)
			}
		}
		out = object
	}
	raw, err := plainjson.Marshal(out)
	if err != nil {
		return nil
	}
	return raw
}

// resultOf is the result of a job that completed, else null.
func (m *machine) resultOf(i int) json.RawMessage {
	if m.p.Nodes[i].Status != job.Completed || len(m.jobs[i].result) == 0 {
		return json.RawMessage("null")
	}
	return m.jobs[i].result
}
