package model_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/model"
)

// decider is a store in memory around package workflow's Resolution. With lazy
// set it gives a resolution no more than what it asks for, as a store does;
// else all there is. It keeps no more than what the changes list.
type decider struct {
	lazy      bool
	p         workflow.Part // all that is stored; nothing in it is held or taken
	specs     []*job.Job
	held      []bool
	parts     parts
	ready     []bool // the places where claims look
	giveBacks []int
	spawners  [][2]int         // spawner, spawned
	only      map[int]string   // job → the one parent that it had before others were spawned
	again     map[int]job.Next // what the resolution being made requeues
}

// loaded is what of all a part holds, by index into decider.p.
type loaded struct {
	nodes, holders, edgesKnown, edges, inputs, answers map[int]bool
	known                                              map[int]workflow.Known
	next                                               map[int]job.ID
	finally                                            map[int]bool
}

func load(nodes ...int) *loaded {
	l := &loaded{
		nodes: map[int]bool{}, holders: map[int]bool{}, edgesKnown: map[int]bool{}, edges: map[int]bool{}, inputs: map[int]bool{}, answers: map[int]bool{},
		known: map[int]workflow.Known{}, next: map[int]job.ID{}, finally: map[int]bool{},
	}
	for _, i := range nodes {
		l.nodes[i], l.holders[i] = true, true
	}
	return l
}

// view is a part with the indices of what it holds.
type view struct {
	p                       workflow.Part
	nodes, edges, workflows []int
}

func (v *view) node(i int) int     { return slices.Index(v.nodes, i) }
func (v *view) workflow(i int) int { return slices.Index(v.workflows, i) }

// resolve lets f work on a part until nothing is missing, and keeps what
// changed.
func (d *decider) resolve(l *loaded, f func(r *workflow.Resolution, v *view)) error {
	for {
		if err := d.once(l, f); err != nil {
			return err
		}
		l, f = load(), func(r *workflow.Resolution, _ *view) { r.Revisit() }
		for k, e := range d.p.Edges { // edges into other workflows
			if e.State == workflow.EdgeUnresolved && d.p.Nodes[e.Parent].Settles() {
				l.edges[k] = true
			}
		}
		if len(l.edges) > 0 {
			continue
		}
		if l, f = d.nextParts(); f == nil {
			return nil
		}
	}
}

func (d *decider) once(l *loaded, f func(r *workflow.Resolution, v *view)) error {
	if !d.lazy {
		l = load()
		for w := range d.p.Workflows {
			d.loadAll(l, w)
			l.finally[w] = true
		}
		for i := range d.p.Nodes {
			l.nodes[i], l.holders[i], l.edgesKnown[i], l.inputs[i], l.answers[i] = true, true, true, true, true
		}
		for i := range d.p.Edges {
			l.edges[i] = true
		}
	}
	for range 50 {
		v := d.view(l)
		r := workflow.Begin(&v.p)
		f(r, v)
		c, m := r.Finish()
		if m.None() {
			return d.keep(l, v, c)
		}
		if !d.lazy {
			return fmt.Errorf("missing although all is there: %+v", m)
		}
		d.extend(l, v, m)
	}
	return fmt.Errorf("a resolution is never content")
}

func (d *decider) view(l *loaded) *view {
	flows := map[int]bool{}
	for i := range l.edges {
		l.nodes[d.p.Edges[i].Parent], l.nodes[d.p.Edges[i].Child] = true, true
	}
	for i := range l.nodes {
		if w := d.p.Nodes[i].Workflow; w >= 0 {
			flows[w] = true
		}
	}
	for w := range l.known {
		flows[w] = true
	}
	v := &view{
		nodes: slices.Sorted(maps.Keys(l.nodes)), edges: slices.Sorted(maps.Keys(l.edges)), workflows: slices.Sorted(maps.Keys(flows)),
		p: workflow.Part{Inputs: map[int]*workflow.Inputs{}},
	}
	for _, w := range v.workflows {
		h := d.p.Workflows[w]
		h.Known, h.FinallyKnown, h.NextKnown = l.known[w], l.finally[w], l.next[w]
		v.p.Workflows = append(v.p.Workflows, h)
	}
	if d.lazy { // a store reads them as it needs them
		slices.Reverse(v.nodes)
	}
	for at, i := range v.nodes {
		n := d.p.Nodes[i]
		n.Workflow = v.workflow(n.Workflow)
		n.EdgesKnown, n.AnswerKnown = l.edgesKnown[i], l.answers[i]
		if !n.AnswerKnown {
			n.Answer = nil
		}
		n.Held, n.Taken = l.holders[i] && d.held[i] || n.Status == job.Suspended && n.Parts != "", l.holders[i] && d.ready[i]
		v.p.Nodes = append(v.p.Nodes, n)
		if l.inputs[i] {
			in := &workflow.Inputs{Only: d.only[i]}
			for _, dep := range d.specs[i].DependsOn {
				p := d.place(dep.Parent)
				in.Parents = append(in.Parents, workflow.ParentInput{
					Name: dep.Name, Node: v.node(p), Status: d.shown(p), Attempts: d.p.Nodes[p].Attempts, Result: d.p.Nodes[p].Result,
				})
			}
			v.p.Inputs[at] = in
		}
	}
	for _, i := range v.edges {
		e := d.p.Edges[i]
		e.Parent, e.Child = v.node(e.Parent), v.node(e.Child)
		v.p.Edges = append(v.p.Edges, e)
	}
	return v
}

// extend loads what was missing.
func (d *decider) extend(l *loaded, v *view, m workflow.Missing) {
	for _, i := range m.Edges {
		d.loadEdges(l, v.nodes[i])
	}
	for _, i := range m.Descendants {
		for queue := []int{v.nodes[i]}; len(queue) > 0; queue = queue[1:] {
			queue = append(queue, d.loadEdges(l, queue[0])...)
		}
	}
	for _, w := range m.Open {
		w := v.workflows[w]
		l.known[w] = max(l.known[w], workflow.KnownOpen)
		for i, n := range d.p.Nodes {
			if n.Workflow == w && (!n.Status.Terminal() || n.Decision == workflow.Undecided) {
				l.nodes[i], l.holders[i] = true, true
				d.loadEdges(l, i)
			}
		}
	}
	for _, w := range m.All {
		d.loadAll(l, v.workflows[w])
	}
	for _, w := range m.Finally {
		w := v.workflows[w]
		l.finally[w] = true
		for i, n := range d.p.Nodes {
			if n.Workflow == w && n.Finally {
				l.nodes[i] = true
			}
		}
	}
	for _, w := range m.Next {
		w := v.workflows[w]
		next := d.p.Workflows[w].MaxParallel
		for i, n := range d.p.Nodes {
			if n.Workflow == w && n.Deps == job.Waiting && !n.Status.Terminal() && next > 0 {
				next--
				l.next[w] = n.ID
				l.nodes[i], l.holders[i], l.edgesKnown[i] = true, true, true
			}
		}
	}
	for _, i := range m.Inputs {
		l.inputs[v.nodes[i]] = true
	}
	for _, i := range m.Answers {
		l.answers[v.nodes[i]] = true
	}
}

// loadEdges loads the unresolved edges that leave a node and returns their
// children.
func (d *decider) loadEdges(l *loaded, i int) (children []int) {
	l.edgesKnown[i] = true
	for k, e := range d.p.Edges {
		if e.Parent == i && e.State == workflow.EdgeUnresolved && d.p.Nodes[e.Child].Workflow == d.p.Nodes[i].Workflow {
			l.edges[k], l.nodes[e.Child] = true, true
			children = append(children, e.Child)
		}
	}
	return children
}

// loadAll loads every job of a workflow, the edges into them, and what leaves
// them unresolved.
func (d *decider) loadAll(l *loaded, w int) {
	l.known[w] = workflow.KnownAll
	for i, n := range d.p.Nodes {
		if n.Workflow == w {
			l.nodes[i], l.holders[i] = true, true
			d.loadEdges(l, i)
		}
	}
	for k, e := range d.p.Edges {
		if in := d.p.Nodes[e.Parent].Workflow == w; d.p.Nodes[e.Child].Workflow == w && (in || e.State != workflow.EdgeUnresolved) {
			l.edges[k] = true
		}
	}
}

// keep stores what the changes list, and checks that they list everything.
func (d *decider) keep(l *loaded, v *view, c workflow.Changes) error {
	for what, list := range map[string][]int{
		"Ended": c.Ended, "Edges": c.Edges, "Counted": c.Counted, "Runnable": c.Runnable, "Reset": c.Reset, "Decided": c.Decided,
		"Evaluated": c.Evaluated, "Stop": c.Stop, "Workflows": c.Workflows, "Suspended": c.Suspended,
	} {
		if sorted := slices.Sorted(slices.Values(list)); len(slices.Compact(sorted)) != len(list) {
			return fmt.Errorf("%s lists something twice: %v", what, list)
		}
	}
	for _, i := range v.nodes {
		if l.holders[i] {
			d.ready[i] = false
		}
	}
	for _, at := range c.Suspended {
		if d.p.Nodes[v.nodes[at]].Status == job.Suspended && !slices.Contains(c.Reset, at) {
			return fmt.Errorf("job %d is suspended, and was already", v.nodes[at])
		}
	}
	for i, next := range d.again {
		d.held[i], d.giveBacks[i] = false, next.GiveBacks
		d.p.Nodes[i].Status, d.p.Nodes[i].Attempts = next.Status, next.Attempts
	}
	d.again = nil
	for _, at := range slices.Concat(c.Ended, c.Reset) {
		i, n := v.nodes[at], v.p.Nodes[at]
		s := &d.p.Nodes[i]
		if d.ready[i] {
			return fmt.Errorf("job %d ends, or is reset, and keeps its place where claims look", i)
		}
		s.Status, s.Reason, s.Decision, s.Attempts, s.Result, s.Answer = n.Status, n.Reason, n.Decision, n.Attempts, n.Result, n.Answer
		s.Deps, s.Counts, s.Cause, s.Spared = n.Deps, n.Counts, n.Cause, n.Spared
		d.held[i], d.giveBacks[i] = false, 0
	}
	for _, at := range c.Counted {
		n, s := v.p.Nodes[at], &d.p.Nodes[v.nodes[at]]
		s.Deps, s.Counts, s.Cause, s.Spared = n.Deps, n.Counts, n.Cause, n.Spared
	}
	for _, at := range c.Suspended {
		d.p.Nodes[v.nodes[at]].Status = job.Suspended
	}
	d.parts.keep(v, c)
	for _, at := range c.Decided {
		n, s := v.p.Nodes[at], &d.p.Nodes[v.nodes[at]]
		s.Decision, s.Result = n.Decision, n.Result
	}
	for _, at := range c.Edges {
		d.p.Edges[v.edges[at]].State = v.p.Edges[at].State
	}
	for _, at := range c.Workflows {
		h := v.p.Workflows[at]
		h.Known, h.FinallyKnown, h.NextKnown = workflow.KnownSome, false, job.ID{}
		d.p.Workflows[v.workflows[at]] = h
	}
	for _, at := range c.Runnable {
		i := v.nodes[at]
		if d.ready[i] || d.held[i] {
			return fmt.Errorf("job %d may run, and could already", i)
		}
		d.ready[i] = true
	}
	return d.compare(v)
}

// compare finds changes that were not listed.
func (d *decider) compare(v *view) error {
	for at, n := range v.p.Nodes {
		s := d.p.Nodes[v.nodes[at]]
		s.Workflow, s.EdgesKnown, s.Held, s.Taken = n.Workflow, n.EdgesKnown, n.Held, n.Taken
		if s.AnswerKnown = n.AnswerKnown; !n.AnswerKnown {
			s.Answer = nil
		}
		if !reflect.DeepEqual(s, n) {
			return fmt.Errorf("the change of job %d is not listed: stored %+v, part %+v", v.nodes[at], s, n)
		}
	}
	for at, e := range v.p.Edges {
		if s := d.p.Edges[v.edges[at]]; s.State != e.State {
			return fmt.Errorf("the change of edge %d to %s is not listed", v.edges[at], e.State)
		}
	}
	for at, h := range v.p.Workflows {
		h.Known, h.FinallyKnown, h.NextKnown = workflow.KnownSome, false, job.ID{}
		if s := d.p.Workflows[v.workflows[at]]; s != h {
			return fmt.Errorf("the change of workflow %d is not listed: stored %+v, part %+v", v.workflows[at], s, h)
		}
	}
	return nil
}

// place is the number of a job.
func (d *decider) place(id job.ID) int {
	return slices.IndexFunc(d.p.Nodes, func(n workflow.Node) bool { return n.ID == id })
}

func (d *decider) shown(i int) job.Status {
	if d.held[i] {
		return job.Running
	}
	return d.p.Nodes[i].Status
}

func (d *decider) Snapshot() model.State {
	var s model.State
	for w, h := range d.p.Workflows {
		s.Workflows = append(s.Workflows, model.WorkflowState{
			Status: h.Status, Failing: h.Failing, UserPaused: h.UserPaused, Undecided: h.Undecided, Tally: h.Tally, Parent: d.parts.parent(w),
		})
	}
	for i, n := range d.p.Nodes {
		s.Jobs = append(s.Jobs, model.JobState{
			Workflow: n.Workflow, Status: d.shown(i), Deps: n.Deps, Reason: n.Reason, Cause: n.Cause, Counts: n.Counts,
			Spared: n.Spared, Decision: n.Decision, Attempts: n.Attempts, Runnable: d.ready[i],
		})
	}
	for _, e := range d.p.Edges {
		s.Edges = append(s.Edges, e.State)
	}
	return s
}

func (d *decider) Enqueue(spec *workflow.Workflow) error {
	w, first := -1, len(d.p.Nodes)
	if spec.ID != (job.ID{}) {
		w = d.addWorkflow(spec, workflow.Running)
	}
	d.addJobs(spec, w)
	l := load()
	var start []int
	for i := first; i < first+len(spec.Jobs); i++ {
		if n := d.p.Nodes[i]; n.Deps == job.Waiting && n.Counts.Unresolved == 0 && !n.Finally {
			start = append(start, i)
			l.nodes[i] = true
		}
	}
	return d.resolve(l, func(r *workflow.Resolution, v *view) {
		for _, i := range start {
			r.Start(v.node(i))
		}
	})
}

func (d *decider) addWorkflow(spec *workflow.Workflow, status workflow.Status) int {
	d.p.Workflows = append(d.p.Workflows, workflow.Header{
		ID: spec.ID, Status: status, Policy: spec.FailurePolicy, CancelRunning: spec.Running == workflow.CancelRunning,
	})
	return len(d.p.Workflows) - 1
}

// addJobs adds the jobs of a workflow, and then what they are made of.
func (d *decider) addJobs(spec *workflow.Workflow, w int) {
	first := len(d.p.Nodes)
	tolerated := spec.Tolerated()
	for k, j := range spec.Jobs {
		i := len(d.p.Nodes)
		n := workflow.Node{
			ID: j.ID, Workflow: w, Status: job.Pending, Deps: job.Waiting, Join: j.Join, Counts: workflow.Counts{Unresolved: len(j.DependsOn)},
			Barrier: j.Barrier, AllowFailure: j.AllowFailure, Tolerated: tolerated[k],
			Finally: j.Finally, Catch: j.Catch, Condition: j.Condition, Unmet: j.Unmet,
		}
		if j.Gate != nil {
			n.Gate = j.Gate.Type
		}
		if p := workflow.PartsOf(j); p != nil {
			n.Parts, n.Over = p.Kind, p.Over
		}
		turns := w >= 0 && d.p.Workflows[w].MaxParallel > 0
		if len(j.DependsOn) == 0 && j.Condition == "" && !j.Finally && j.Gate == nil && j.Parts == nil && !turns {
			n.Deps = job.NoDependencies
		}
		handlers := false
		for _, p := range j.DependsOn {
			d.p.Edges = append(d.p.Edges, workflow.Edge{Parent: d.place(p.Parent), Child: i, On: p.On, Optional: p.Optional, State: workflow.EdgeUnresolved})
			handlers = handlers || p.On != job.OnSuccess
		}
		if w >= 0 {
			h := &d.p.Workflows[w]
			h.Tally.Total++
			h.Handlers, h.Catches = h.Handlers || handlers, h.Catches || j.Catch
			if j.Finally {
				h.Finally++
			}
		}
		pending := w >= 0 && d.p.Workflows[w].Status == workflow.Pending
		d.p.Nodes, d.specs = append(d.p.Nodes, n), append(d.specs, j)
		d.held, d.ready, d.giveBacks = append(d.held, false), append(d.ready, n.Deps == job.NoDependencies && !pending), append(d.giveBacks, 0)
	}
	for k, j := range spec.Jobs {
		if p := workflow.PartsOf(j); p != nil && p.Workflow != nil {
			d.addParts(first+k, p, p.Workflow)
		}
	}
}

func (d *decider) Claim(i int) error {
	if !d.ready[i] {
		return job.ErrWrongState
	}
	d.ready[i], d.held[i] = false, true
	return nil
}

func (d *decider) End(batch []model.Outcome) error {
	l := load()
	var counted []model.Outcome
	for _, o := range batch {
		if d.held[o.Job] && !l.nodes[o.Job] {
			counted = append(counted, o)
		}
		l.nodes[o.Job], l.holders[o.Job] = true, true // also who does not hold it
	}
	if len(counted) == 0 {
		return nil
	}
	return d.resolve(l, func(r *workflow.Resolution, v *view) {
		d.again = map[int]job.Next{}
		for _, o := range counted {
			i := v.node(o.Job)
			if v.p.Nodes[i].Status.Terminal() {
				continue
			}
			n := job.EndAttempt(o.Outcome, d.standing(v, o.Job), 0)
			if !n.Status.Terminal() {
				d.again[o.Job] = n
				r.Requeue(i, n.Status, n.Attempts)
				continue
			}
			r.End(workflow.Ending{Node: i, Status: n.Status, Reason: n.Reason, Attempts: n.Attempts, Result: o.Result})
		}
	})
}

// standing is what the end of an attempt depends on, as it stands by now.
func (d *decider) standing(v *view, i int) job.Standing {
	n := v.p.Nodes[v.node(i)]
	s := job.Standing{Attempts: n.Attempts, GiveBacks: d.giveBacks[i], Retry: *d.specs[i].Retry}
	if n.Workflow >= 0 {
		h := v.p.Workflows[n.Workflow]
		s.Draining = h.Failing && !n.Spared && !n.Finally
		s.Cancelling = h.Status == workflow.Cancelling && (!n.Finally || h.CancelFinally)
		s.Deadline = h.Deadline
	}
	return s
}

func (d *decider) EndAlone(i int, status job.Status, reason job.Reason) error {
	n := d.p.Nodes[i]
	if d.held[i] || n.Status.Terminal() || n.Workflow >= 0 && d.p.Workflows[n.Workflow].Status == workflow.Pending {
		return job.ErrWrongState
	}
	return d.resolve(load(i), func(r *workflow.Resolution, v *view) {
		r.End(workflow.Ending{Node: v.node(i), Status: status, Reason: reason, Attempts: d.p.Nodes[i].Attempts})
	})
}

// steer applies what concerns a whole workflow.
func (d *decider) steer(f int, act func(r *workflow.Resolution, w int)) error {
	l := load()
	l.known[f] = workflow.KnownSome
	return d.resolve(l, func(r *workflow.Resolution, v *view) { act(r, v.workflow(f)) })
}

func (d *decider) Cancel(f int, reason job.Reason) error {
	if s := d.p.Workflows[f].Status; s.Terminal() || s == workflow.Pending {
		return job.ErrWrongState
	}
	return d.steer(f, func(r *workflow.Resolution, w int) { r.Cancel(w, reason) })
}

func (d *decider) GraceOver(f int) error {
	h := d.p.Workflows[f]
	if h.Status != workflow.Cancelling && (h.Status.Terminal() || !h.Failing || !h.CancelRunning) {
		return job.ErrWrongState
	}
	return d.steer(f, func(r *workflow.Resolution, w int) { r.CancelHeld(w, h.CancelFinally) })
}

func (d *decider) Pause(f int, on bool) error {
	h := d.p.Workflows[f]
	switch {
	case on && (h.Status == workflow.Running || h.Status == workflow.Paused):
		return d.steer(f, (*workflow.Resolution).Pause)
	case !on && !h.Status.Terminal() && h.Status != workflow.Pending && h.Undecided == 0 && !d.parts.above[f]:
		return d.steer(f, (*workflow.Resolution).Resume)
	}
	return job.ErrWrongState
}

func (d *decider) Decide(i int, a workflow.Action, result json.RawMessage) error {
	n := d.p.Nodes[i]
	if n.Decision != workflow.Undecided || a == workflow.ActionCancel && d.p.Workflows[n.Workflow].Status == workflow.Pending {
		return job.ErrWrongState
	}
	return d.resolve(load(i), func(r *workflow.Resolution, v *view) { r.Decide(v.node(i), a, result) })
}

func (d *decider) Retry(f int, mode workflow.RetryMode, from int) error {
	if d.parts.parent(f) > 0 {
		return job.ErrWrongState
	}
	l := load()
	d.loadAll(l, f)
	l.nodes[from] = true
	v := d.view(l)
	plan, err := workflow.PlanRetry(&v.p, v.workflow(f), mode, v.node(from))
	if err != nil {
		return err
	}
	for k, at := range plan {
		plan[k] = v.nodes[at]
	}
	return d.resolve(l, func(r *workflow.Resolution, v *view) {
		list := make([]int, len(plan))
		for k, i := range plan {
			list[k] = v.node(i)
		}
		r.Retry(v.workflow(f), list)
	})
}
