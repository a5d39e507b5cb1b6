package model_test

import (
	"cmp"
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
	specs     []model.JobSpec
	held      []bool
	ready     []bool // the places where claims look
	giveBacks []int
	again     map[int]job.Next // what the resolution being made requeues
}

// loaded is what of all a part holds, by index into decider.p.
type loaded struct {
	nodes, holders, edgesKnown, edges, inputs map[int]bool
	known                                     map[int]workflow.Known
	finally                                   map[int]bool
}

func load(nodes ...int) *loaded {
	l := &loaded{
		nodes: map[int]bool{}, holders: map[int]bool{}, edgesKnown: map[int]bool{}, edges: map[int]bool{}, inputs: map[int]bool{},
		known: map[int]workflow.Known{}, finally: map[int]bool{},
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
		if len(l.edges) == 0 {
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
			l.nodes[i], l.holders[i], l.edgesKnown[i], l.inputs[i] = true, true, true, true
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
		h.Known, h.FinallyKnown = l.known[w], l.finally[w]
		v.p.Workflows = append(v.p.Workflows, h)
	}
	for at, i := range v.nodes {
		n := d.p.Nodes[i]
		n.Workflow = v.workflow(n.Workflow)
		n.EdgesKnown = l.edgesKnown[i]
		n.Held, n.Taken = l.holders[i] && d.held[i], l.holders[i] && d.ready[i]
		v.p.Nodes = append(v.p.Nodes, n)
		if l.inputs[i] {
			in := &workflow.Inputs{}
			for _, p := range d.specs[i].Parents {
				in.Parents = append(in.Parents, workflow.ParentInput{
					Name: model.JobName(p.Job), Node: v.node(p.Job), Status: d.shown(p.Job), Attempts: d.p.Nodes[p.Job].Attempts, Result: d.p.Nodes[p.Job].Result,
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
	for _, i := range m.Inputs {
		l.inputs[v.nodes[i]] = true
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
		"Evaluated": c.Evaluated, "Stop": c.Stop, "Workflows": c.Workflows,
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
		s.Status, s.Reason, s.Decision, s.Attempts, s.Result = n.Status, n.Reason, n.Decision, n.Attempts, n.Result
		s.Deps, s.Counts, s.Cause, s.Spared = n.Deps, n.Counts, n.Cause, n.Spared
		d.held[i], d.giveBacks[i] = false, 0
	}
	for _, at := range c.Counted {
		n, s := v.p.Nodes[at], &d.p.Nodes[v.nodes[at]]
		s.Deps, s.Counts, s.Cause, s.Spared = n.Deps, n.Counts, n.Cause, n.Spared
	}
	for _, at := range c.Decided {
		n, s := v.p.Nodes[at], &d.p.Nodes[v.nodes[at]]
		s.Decision, s.Result = n.Decision, n.Result
	}
	for _, at := range c.Edges {
		d.p.Edges[v.edges[at]].State = v.p.Edges[at].State
	}
	for _, at := range c.Workflows {
		h := v.p.Workflows[at]
		h.Known, h.FinallyKnown = workflow.KnownSome, false
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
		h.Known, h.FinallyKnown = workflow.KnownSome, false
		if s := d.p.Workflows[v.workflows[at]]; s != h {
			return fmt.Errorf("the change of workflow %d is not listed: stored %+v, part %+v", v.workflows[at], s, h)
		}
	}
	return nil
}

func (d *decider) shown(i int) job.Status {
	if d.held[i] {
		return job.Running
	}
	return d.p.Nodes[i].Status
}

func (d *decider) Snapshot() model.State {
	var s model.State
	for _, h := range d.p.Workflows {
		s.Workflows = append(s.Workflows, model.WorkflowState{Status: h.Status, Failing: h.Failing, UserPaused: h.UserPaused, Undecided: h.Undecided, Tally: h.Tally})
	}
	number := make(map[job.ID]int, len(d.p.Nodes))
	for i, n := range d.p.Nodes {
		number[n.ID] = i
	}
	for i, n := range d.p.Nodes {
		state := model.JobState{
			Workflow: n.Workflow, Status: d.shown(i), Deps: n.Deps, Reason: n.Reason, Cause: -1, Counts: n.Counts,
			Spared: n.Spared, Decision: n.Decision, Attempts: n.Attempts, Runnable: d.ready[i],
		}
		if at, known := number[n.Cause]; n.Status == job.UpstreamFailed && known {
			state.Cause = at
		}
		s.Jobs = append(s.Jobs, state)
	}
	for _, e := range d.p.Edges {
		s.Edges = append(s.Edges, e.State)
	}
	return s
}

func (d *decider) Enqueue(spec *model.WorkflowSpec, jobs []model.JobSpec) error {
	w, first := -1, len(d.p.Nodes)
	if spec != nil {
		w = len(d.p.Workflows)
		d.p.Workflows = append(d.p.Workflows, workflow.Header{ID: job.NewID(), Status: workflow.Running, Policy: spec.Policy, CancelRunning: spec.CancelRunning})
	}
	for _, s := range jobs {
		i := len(d.p.Nodes)
		n := workflow.Node{
			ID: job.NewID(), Workflow: w, Status: job.Pending, Deps: job.Waiting, Join: s.Join, Counts: workflow.Counts{Unresolved: len(s.Parents)},
			Barrier: s.Barrier, AllowFailure: s.AllowFailure, Tolerated: s.AllowFailure || toleratedBy(jobs, i, first) && spec != nil,
			Finally: s.Finally, Catch: s.Catch, Condition: s.Condition, Unmet: s.Unmet,
		}
		if len(s.Parents) == 0 && s.Condition == "" && !s.Finally {
			n.Deps = job.NoDependencies
		}
		handlers := false
		for _, p := range s.Parents {
			d.p.Edges = append(d.p.Edges, workflow.Edge{Parent: p.Job, Child: i, On: p.On, Optional: p.Optional, State: workflow.EdgeUnresolved})
			handlers = handlers || p.On != job.OnSuccess
		}
		if spec != nil {
			h := &d.p.Workflows[w]
			h.Tally.Total++
			h.Handlers, h.Catches = h.Handlers || handlers, h.Catches || s.Catch
			if s.Finally {
				h.Finally++
			}
		}
		d.p.Nodes, d.specs = append(d.p.Nodes, n), append(d.specs, s)
		d.held, d.ready, d.giveBacks = append(d.held, false), append(d.ready, n.Deps == job.NoDependencies), append(d.giveBacks, 0)
	}
	l := load()
	var start []int
	for i := first; i < len(d.p.Nodes); i++ {
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

// toleratedBy reports whether every edge that leaves a job within its workflow,
// and there is one, is optional or enters a join of any or quorum.
func toleratedBy(jobs []model.JobSpec, i, first int) bool {
	leaving := 0
	for _, s := range jobs {
		for _, p := range s.Parents {
			if p.Job == i {
				leaving++
				if !p.Optional && s.Join.Rule != job.JoinAny && s.Join.Rule != job.JoinQuorum {
					return false
				}
			}
		}
	}
	return leaving > 0
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
			l.nodes[o.Job], l.holders[o.Job] = true, true
			counted = append(counted, o)
		}
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
			n := job.EndAttempt(job.Outcome{Kind: o.Kind, Permanent: o.Permanent}, d.standing(v, o.Job), 0)
			if !n.Status.Terminal() {
				d.again[o.Job] = n
				r.Requeue(i, n.Status, n.Attempts)
				continue
			}
			e := workflow.Ending{Node: i, Status: n.Status, Reason: n.Reason, Attempts: n.Attempts}
			if o.Kind == job.KindCompleted {
				e.Result = model.Result
			}
			r.End(e)
		}
	})
}

// standing is what the end of an attempt depends on, as it stands by now.
func (d *decider) standing(v *view, i int) job.Standing {
	n := v.p.Nodes[v.node(i)]
	s := job.Standing{Attempts: n.Attempts, GiveBacks: d.giveBacks[i], Retry: job.RetryPolicy{MaxAttempts: d.specs[i].Attempts}}
	if n.Workflow >= 0 {
		h := v.p.Workflows[n.Workflow]
		s.Draining = h.Failing && !n.Spared && !n.Finally
		s.Cancelling = h.Status == workflow.Cancelling && (!n.Finally || h.CancelFinally)
		s.Deadline = h.Deadline
	}
	return s
}

func (d *decider) RetryJob(i int) error {
	if d.p.Nodes[i].Workflow >= 0 {
		return job.ErrWrongState
	}
	l := load(i)
	for queue := []int{i}; len(queue) > 0; queue = queue[1:] {
		for k, e := range d.p.Edges {
			if c := d.p.Nodes[e.Child]; e.Parent == queue[0] && c.Workflow < 0 && !l.edges[k] {
				l.edges[k] = true
				if c.Status == job.UpstreamFailed {
					queue = append(queue, e.Child)
				}
			}
		}
	}
	var refused error
	err := d.resolve(l, func(r *workflow.Resolution, v *view) {
		plan, err := workflow.PlanJobRetry(&v.p, v.node(i))
		if refused = err; err == nil {
			r.RetryJob(plan)
		}
	})
	return cmp.Or(refused, err)
}

func (d *decider) CancelJob(i int) error { return d.endAlone(i, job.Cancelled, job.ReasonUser) }
func (d *decider) ExpireJob(i int) error { return d.endAlone(i, job.TimedOut, job.ReasonDeadline) }

func (d *decider) endAlone(i int, status job.Status, reason job.Reason) error {
	if d.held[i] || d.p.Nodes[i].Status.Terminal() {
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
	if d.p.Workflows[f].Status.Terminal() {
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

func (d *decider) Pause(f int) error {
	if s := d.p.Workflows[f].Status; s != workflow.Running && s != workflow.Paused {
		return job.ErrWrongState
	}
	return d.steer(f, (*workflow.Resolution).Pause)
}

func (d *decider) Resume(f int) error {
	if h := d.p.Workflows[f]; h.Status.Terminal() || h.Undecided > 0 {
		return job.ErrWrongState
	}
	return d.steer(f, (*workflow.Resolution).Resume)
}

func (d *decider) Decide(i int, a workflow.Action, result json.RawMessage) error {
	if d.p.Nodes[i].Decision != workflow.Undecided {
		return job.ErrWrongState
	}
	return d.resolve(load(i), func(r *workflow.Resolution, v *view) { r.Decide(v.node(i), a, result) })
}

func (d *decider) Retry(f int, mode workflow.RetryMode, from int) error {
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
