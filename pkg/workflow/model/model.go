package model

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Outcome is how the attempt of a job, known by number, ended.
type Outcome struct {
	Job int
	job.Outcome
}

// State is all that can be seen of a world.
type State struct {
	Jobs      []JobState
	Edges     []workflow.EdgeState // in the order of their children, then as these name them; see Spawn
	Workflows []WorkflowState
}

// JobState is a job as it stands.
type JobState struct {
	Workflow int // -1: none
	Status   job.Status
	Deps     job.DependencyStatus
	Reason   job.Reason
	Cause    job.ID // while it waits, and of upstream_failed jobs: the first failure
	Counts   workflow.Counts
	Decision workflow.Action
	Attempts int

	Spared, Runnable bool // Runnable: can be claimed
}

// WorkflowState is a workflow as it stands.
type WorkflowState struct {
	Status              workflow.Status // pending: the job that it is run as has not begun
	Failing, UserPaused bool
	Undecided           int
	Tally               workflow.Tally
	Parent              int // the number of the job that it is run as, from 1; 0: none
}

// World is all there is.
type World struct {
	jobs  []*node // in the order of their enqueue
	edges []*edge // in the order of their children, but for those into what was there before
	flows []*flow
	loose flow    // of jobs without a workflow; nothing happens to it
	ended []*node // whose edges are to be settled, in the order of time
}

// node is a job. Snapshot works out its Counts and whether it is Runnable.
type node struct {
	*job.Job
	JobState
	flow, made   *flow   // made: what runs as the job
	in, out      []*edge // out: within the workflow
	halted       bool    // its join said run; it depends on whether it is spared
	fresh        bool    // what runs as the job has not begun since it was suspended
	giveBacks    int
	result, list json.RawMessage // list: that a map is over
	early        json.RawMessage // what a signal was sent before it opened
	spawner      *node
}

type edge struct {
	job.Dependency
	parent, child *node
	late          bool // the parent was spawned before the child, which was there
	state         workflow.EdgeState
}

// flow is a workflow. Snapshot works out whether it is Paused, and counts.
type flow struct {
	*workflow.Workflow
	number int
	WorkflowState
	ran                  bool       // for the job that it is run as: it has begun, was its end, or is of an earlier run
	items                bool       // of a batch or a map
	above                bool       // its pause is that of the workflow of that job
	turns, bears         int        // how many of its jobs may run at once, 0 being all, and how many may fail, -1 being any number
	jobs, news           []*node    // news: what failed, or ended and catches, since its policy looked
	reason               job.Reason // for which it is being cancelled; empty: it is not
	cancelFinally, begun bool       // its finally jobs
}

// Snapshot returns how everything stands.
func (w *World) Snapshot() (s State) {
	for _, f := range w.flows {
		state := f.WorkflowState
		if f.paused() {
			state.Status = workflow.Paused
		}
		for _, n := range f.jobs {
			state.Tally.Total++
			if !n.open() {
				*state.Tally.Of(n.Status)++
			}
			if n.undecided() {
				state.Undecided++
			}
		}
		s.Workflows = append(s.Workflows, state)
	}
	for _, n := range w.jobs {
		state := n.JobState
		state.Counts, state.Runnable = n.counts(), n.startable() && n.works()
		s.Jobs = append(s.Jobs, state)
	}
	for _, e := range w.edges {
		s.Edges = append(s.Edges, e.state)
	}
	return s
}

// when lets something happen if it is allowed, with all that follows from it.
func (w *World) when(allowed bool, something func()) error {
	if !allowed {
		return job.ErrWrongState
	}
	something()
	for w.elsewhere(); w.parts(); w.elsewhere() {
	}
	return nil
}

// Enqueue adds a workflow; one without an ID stands for jobs that have none.
// Parents that have ended count as if they ended now, one after the other.
func (w *World) Enqueue(spec *workflow.Workflow) error {
	f := &w.loose
	f.number = -1
	if spec.ID != (job.ID{}) {
		f = w.newFlow(workflow.Running)
	}
	return w.when(true, func() {
		for _, n := range w.add(f, spec) {
			w.ask(n)
			w.conclude()
		}
	})
}

// Job returns what was enqueued as a job.
func (w *World) Job(i int) *job.Job { return w.jobs[i].Job }

func (w *World) newFlow(status workflow.Status) *flow {
	f := &flow{WorkflowState: WorkflowState{Status: status}, number: len(w.flows)}
	w.flows = append(w.flows, f)
	return f
}

// add adds jobs to a workflow, then what these are made of, and returns them.
func (w *World) add(f *flow, spec *workflow.Workflow) []*node {
	first := len(f.jobs)
	if f.Workflow == nil {
		f.Workflow = spec
	}
	for _, j := range spec.Jobs {
		n := &node{Job: j, JobState: JobState{Workflow: f.number}, flow: f}
		for _, d := range j.DependsOn {
			w.connect(d, n, false)
		}
		n.renew()
		w.jobs, f.jobs = append(w.jobs, n), append(f.jobs, n)
	}
	for _, n := range f.jobs[first:] {
		if p := workflow.PartsOf(n.Job); p != nil && p.Workflow != nil {
			w.make(n, p.Workflow)
		}
	}
	return f.jobs[first:]
}

// connect adds an edge.
func (w *World) connect(d job.Dependency, child *node, late bool) {
	e := &edge{d, w.jobs[slices.IndexFunc(w.jobs, func(p *node) bool { return p.ID == d.Parent })], child, late, unresolved}
	child.in, w.edges = append(child.in, e), append(w.edges, e)
	if e.parent.flow == child.flow {
		e.parent.out = append(e.parent.out, e)
	}
}

// renew makes a job one that nothing has happened to.
func (n *node) renew() {
	waits := len(n.in) > 0 || n.Condition != "" || n.Finally || !n.Barrier && !n.works() || n.flow.turns > 0
	deps := map[bool]job.DependencyStatus{true: job.Waiting, false: job.NoDependencies}[waits]
	if n.made != nil {
		n.made.ran = true
	}
	*n = node{Job: n.Job, JobState: JobState{Workflow: n.Workflow, Status: job.Pending, Deps: deps}, flow: n.flow, made: n.made, in: n.in, out: n.out, spawner: n.spawner}
}

// Claim gives a job to a worker.
func (w *World) Claim(i int) error {
	n := w.jobs[i]
	return w.when(n.startable() && n.works(), func() { n.Status = job.Running })
}

// End tells how attempts ended. Outcomes of jobs that nobody holds are stale.
func (w *World) End(batch []Outcome) error {
	return w.when(true, func() {
		for _, o := range batch {
			if n := w.jobs[o.Job]; n.Status == job.Running {
				w.endAttempt(n, o)
				w.conclude()
			}
		}
	})
}

// endAttempt ends the job, too, unless it has another attempt.
func (w *World) endAttempt(n *node, o Outcome) {
	next := job.EndAttempt(o.Outcome, job.Standing{
		Attempts: n.Attempts, GiveBacks: n.giveBacks, Retry: *n.Retry,
		Cancelling: n.flow.Status == workflow.Cancelling && (!n.Finally || n.flow.cancelFinally),
		Deadline:   n.flow.reason == job.ReasonDeadline, Draining: n.doomed(),
	}, 0)
	n.Attempts, n.giveBacks, n.result = next.Attempts, next.GiveBacks, o.Result
	if next.Status.Terminal() {
		w.end(n, next.Status, next.Reason)
	} else {
		n.Status = next.Status
	}
}

// EndAlone ends a job that no worker holds: a user cancels it, or its deadline passes.
func (w *World) EndAlone(i int, status job.Status, reason job.Reason) error {
	n := w.jobs[i]
	return w.when(n.open() && n.Status != job.Running && n.flow.Status != workflow.Pending, func() { w.end(n, status, reason) })
}

// Cancel cancels a workflow, a user or its deadline being the reason. A user's
// second cancel also cancels its finally jobs.
func (w *World) Cancel(number int, reason job.Reason) error {
	f := w.flows[number]
	return w.when(!f.Status.Terminal() && f.Status != workflow.Pending, func() { w.cancel(f, reason) })
}

func (w *World) cancel(f *flow, reason job.Reason) {
	again := f.Status == workflow.Cancelling && reason == job.ReasonUser
	f.Status, f.reason, f.cancelFinally, f.UserPaused = workflow.Cancelling, cmp.Or(f.reason, reason), f.cancelFinally || again, false
	for _, n := range f.jobs {
		if n.undecided() {
			n.Decision, w.ended = workflow.ActionAccept, append(w.ended, n)
		}
		if !n.held() && (again || !n.Finally) {
			w.end(n, job.Cancelled, reason)
		}
	}
}

// GraceOver cancels what was told to stop and still runs.
func (w *World) GraceOver(number int) error {
	f := w.flows[number]
	return w.when(!f.Status.Terminal() && (f.reason != "" || f.Failing && f.Running == workflow.CancelRunning), func() {
		for _, n := range f.jobs {
			if n.Status == job.Running && n.told() {
				n.Attempts++
				w.end(n, job.Cancelled, cmp.Or(f.reason, job.ReasonFailFast))
			}
		}
	})
}

// Pause turns a user's switch on or off.
func (w *World) Pause(number int, on bool) error {
	f := w.flows[number]
	resumes := !f.above && !f.Status.Terminal() && f.Status != workflow.Pending && !f.has((*node).undecided)
	return w.when(on && f.Status == workflow.Running || !on && resumes, func() { f.UserPaused = on })
}

// Decide applies a decision about a failure; result goes with complete.
func (w *World) Decide(i int, a workflow.Action, result json.RawMessage) error {
	n := w.jobs[i]
	if n.undecided() && a == workflow.ActionCancel {
		return w.Cancel(n.Workflow, job.ReasonUser)
	}
	return w.when(n.undecided(), func() {
		plan := n.revived(a)
		if a == workflow.ActionRetry {
			w.again(append([]*node{n}, plan...))
			return
		}
		n.Decision, n.result, w.ended = a, result, append(w.ended, n)
		w.again(plan, n)
	})
}

// revived returns, where something could have caught a failure, what is as it
// is because edges of the failure, and of such jobs, were settled: a decision
// other than to accept it takes that back.
func (n *node) revived(a workflow.Action) (plan []*node) {
	behind := map[*node]bool{n: a != workflow.ActionAccept && n.flow.has((*node).catches)}
	for _, c := range n.flow.order() {
		behind[c] = behind[c] || c.follows() && slices.ContainsFunc(c.in, func(e *edge) bool { return e.state != unresolved && behind[e.parent] })
	}
	return slices.DeleteFunc(slices.Clone(n.flow.jobs), func(c *node) bool { return c == n || !behind[c] })
}

// Retry runs a part of a workflow again: what failed, a job with its
// descendants, or all; and its finally jobs.
func (w *World) Retry(number int, mode workflow.RetryMode, from int) error {
	f := w.flows[number]
	plan := f.plan(mode, w.jobs[from])
	return w.when(f.Parent == 0 && (f.Status.Terminal() || f.paused()) && plan != nil && !slices.ContainsFunc(plan, (*node).held) && !f.has((*node).stopping), func() { w.rerun(f, plan) })
}

// plan returns what a retry runs again; nil: there is nothing that it begins with.
func (f *flow) plan(mode workflow.RetryMode, from *node) (plan []*node) {
	some, in, behind := false, map[*node]bool{}, map[*node]bool{}
	for _, n := range f.order() {
		chosen := mode == workflow.RetryAll || mode == workflow.RetryFrom && n == from || mode == workflow.RetryFailed && n.tried()
		after := slices.ContainsFunc(n.in, func(e *edge) bool { return behind[e.parent] })
		some, behind[n] = some || chosen, chosen || after
		in[n] = chosen || n.Finally || after && (mode != workflow.RetryFailed || n.follows())
	}
	if !some {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(f.jobs), func(n *node) bool { return !in[n] })
}

func (w *World) rerun(f *flow, plan []*node) {
	f.Status, f.Failing, f.reason, f.cancelFinally, f.begun, f.news = workflow.Running, false, "", false, false, nil
	w.again(plan)
}

// tried reports whether a retry of what failed begins with a job: what is
// upstream_failed only follows.
func (n *node) tried() bool { return n.swept() || n.Status != job.UpstreamFailed && n.matters() }

// matters reports whether a job fails its workflow, or broke an edge of one that does.
func (n *node) matters() bool {
	return n.fails() || slices.ContainsFunc(n.out, func(e *edge) bool {
		return e.breaks() && e.child.Status == job.UpstreamFailed && e.child.matters()
	})
}

// follows reports whether a job after a failure is as it is because of that,
// or has not been decided yet.
func (n *node) follows() bool {
	return n.Status == job.UpstreamFailed || n.Status == job.Skipped || n.swept() || n.open() && n.Deps == job.Waiting
}

// again takes back what happened to jobs, and to the edges between them and to
// them from others that are named, and asks them anew.
func (w *World) again(plan []*node, from ...*node) {
	for _, n := range plan {
		before := n.Cause
		n.renew()
		for _, e := range n.in {
			if slices.Contains(slices.Concat(plan, from), e.parent) {
				e.state = unresolved
			}
			n.Spared = n.Spared || e.spares()
			root := e.parent.root()
			if e.breaks() && (n.Cause == job.ID{} || root == before || n.Cause != before && bytes.Compare(root[:], n.Cause[:]) < 0) {
				n.Cause = root
			}
		}
	}
	for _, n := range plan {
		w.ask(n)
	}
}
