package model

import (
	"encoding/json"
	"iter"
	"maps"
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

type node struct {
	JobSpec
	workflow  int // -1: none
	tolerated bool
	status    job.Status
	deps      job.DependencyStatus
	reason    job.Reason
	cause     int // -1: none
	spared    bool
	halted    bool // its join said run; it depends on whether it is spared
	held      bool
	decision  workflow.Action
	attempts  int
	giveBacks int
	result    json.RawMessage
}

type edge struct {
	parent, child int
	on            job.On
	optional      bool
	state         workflow.EdgeState
}

type flow struct {
	WorkflowSpec
	status        workflow.Status
	failing       bool
	deadline      bool
	cancelFinally bool
	userPaused    bool
	begun         bool         // its finally jobs
	failed        map[int]bool // what its policy has yet to look at
	caughtUp      bool         // nothing that catches ended since
}

// World is all there is.
type World struct {
	jobs  []*node
	edges []*edge
	flows []*flow
	queue []int // jobs whose edges are to be settled, in the order of time
}

// of yields the jobs of a workflow.
func (w *World) of(f int) iter.Seq2[int, *node] {
	return func(yield func(int, *node) bool) {
		for i, n := range w.jobs {
			if n.workflow == f && !yield(i, n) {
				return
			}
		}
	}
}

// into yields the edges into a job with their parents, from those that leave it
// with their children.
func (w *World) into(i int) iter.Seq2[*edge, *node] {
	return func(yield func(*edge, *node) bool) {
		for _, e := range w.edges {
			if e.child == i && !yield(e, w.jobs[e.parent]) {
				return
			}
		}
	}
}

func (w *World) from(i int) iter.Seq2[*edge, *node] {
	return func(yield func(*edge, *node) bool) {
		for _, e := range w.edges {
			if e.parent == i && !yield(e, w.jobs[e.child]) {
				return
			}
		}
	}
}

// Enqueue adds a workflow, or with spec nil jobs without one. Parents that
// have ended count as if they ended now, one after the other.
func (w *World) Enqueue(spec *WorkflowSpec, jobs []JobSpec) error {
	in, first := -1, len(w.jobs)
	if spec != nil {
		in = len(w.flows)
		w.flows = append(w.flows, &flow{WorkflowSpec: *spec, status: workflow.Running, failed: map[int]bool{}, caughtUp: true})
	}
	for _, s := range jobs {
		i := len(w.jobs)
		n := &node{JobSpec: s, workflow: in, status: job.Pending, deps: job.NoDependencies, cause: -1}
		w.jobs = append(w.jobs, n)
		for _, p := range s.Parents {
			w.edges = append(w.edges, &edge{p.Job, i, p.On, p.Optional, workflow.EdgeUnresolved})
		}
		n.deps = w.unasked(i)
	}
	for i := first; i < len(w.jobs); i++ {
		w.jobs[i].tolerated = w.toleratedBySpec(i)
	}
	for i := first; i < len(w.jobs); i++ {
		if n := w.jobs[i]; n.deps == job.Waiting && len(n.Parents) == 0 && !n.Finally {
			w.ask(i)
			w.conclude()
		}
	}
	return w.elsewhere()
}

// unasked is the dependency status of a job that nothing has happened to.
func (w *World) unasked(i int) job.DependencyStatus {
	if n := w.jobs[i]; len(n.Parents) > 0 || n.Condition != "" || n.Finally {
		return job.Waiting
	}
	return job.NoDependencies
}

// Claim gives a runnable job to a worker.
func (w *World) Claim(i int) error {
	if !w.runnable(i) {
		return job.ErrWrongState
	}
	w.jobs[i].held = true
	return nil
}

// End tells how attempts ended. Outcomes of jobs that nobody holds are stale.
func (w *World) End(batch []Outcome) error {
	for _, o := range batch {
		if w.jobs[o.Job].held {
			w.attempt(o)
			w.conclude()
		}
	}
	return w.elsewhere()
}

// attempt ends the attempt of a held job, and the job unless it has another.
func (w *World) attempt(o Outcome) {
	n := w.jobs[o.Job]
	s := job.Standing{Attempts: n.attempts, GiveBacks: n.giveBacks, Retry: job.RetryPolicy{MaxAttempts: n.Attempts}}
	if f := w.flow(o.Job); f != nil {
		s.Draining = f.failing && !n.spared && !n.Finally
		s.Cancelling, s.Deadline = f.status == workflow.Cancelling && (!n.Finally || f.cancelFinally), f.deadline
	}
	next := job.EndAttempt(job.Outcome{Kind: o.Kind, Permanent: o.Permanent}, s, 0)
	n.attempts, n.giveBacks = next.Attempts, next.GiveBacks
	switch {
	case next.Status == job.Completed:
		n.result = Result
		fallthrough
	case next.Status.Terminal():
		w.end(o.Job, next.Status, next.Reason)
	default:
		n.held, n.status = false, next.Status
	}
}

// CancelJob cancels a job that nobody holds, alone.
func (w *World) CancelJob(i int) error { return w.endAlone(i, job.Cancelled, job.ReasonUser) }

// ExpireJob lets the deadline of a job that nobody holds pass.
func (w *World) ExpireJob(i int) error { return w.endAlone(i, job.TimedOut, job.ReasonDeadline) }

func (w *World) endAlone(i int, status job.Status, reason job.Reason) error {
	if n := w.jobs[i]; n.status.Terminal() || n.held {
		return job.ErrWrongState
	}
	w.end(i, status, reason)
	w.conclude()
	return w.elsewhere()
}

// RetryJob runs a job without a workflow again that failed by itself or was
// cancelled, unless its parents keep it from running or may by now. What has no workflow
// either and could not run because of jobs that are reset alone is reset, too.
func (w *World) RetryJob(i int) error {
	n := w.jobs[i]
	says := "run"
	if len(n.Parents) > 0 {
		says = join(n.Join, w.in(i))
	}
	broken := says == "wait" && n.Join.Rule != job.JoinDone && w.in(i).Broken > 0
	if n.workflow >= 0 || says == "skip" || says == "upstream" || broken || !slices.Contains([]job.Status{job.Failed, job.Dead, job.TimedOut, job.Cancelled}, n.status) {
		return job.ErrWrongState
	}
	plan := map[int]bool{i: true}
	for size := 0; size < len(plan); {
		size = len(plan)
		for c, n := range w.of(-1) {
			if !plan[c] && n.status == job.UpstreamFailed && w.keptBackBy(c, plan) {
				plan[c] = true
			}
		}
	}
	w.reset(plan)
	w.beginAll(-1, plan)
	w.conclude()
	return w.elsewhere()
}

// keptBackBy reports whether nothing but some jobs broke edges into a job.
func (w *World) keptBackBy(i int, some map[int]bool) bool {
	for e := range w.into(i) {
		if e.state == workflow.EdgeBroken && !e.optional && !some[e.parent] {
			return false
		}
	}
	return true
}

// Cancel cancels a workflow, a user or its deadline being the reason.
func (w *World) Cancel(f int, reason job.Reason) error {
	h := w.flows[f]
	again := h.status == workflow.Cancelling
	switch {
	case h.status.Terminal():
		return job.ErrWrongState
	case again && (reason == job.ReasonDeadline || h.cancelFinally):
		return nil
	case again:
		h.cancelFinally = true
	default:
		h.status, h.deadline, h.userPaused = workflow.Cancelling, reason == job.ReasonDeadline, false
	}
	for i, n := range w.of(f) {
		if n.decision == workflow.Undecided {
			w.decide(i, workflow.ActionAccept)
		}
		if !n.held && (again || !n.Finally) {
			w.end(i, job.Cancelled, reason)
		}
	}
	w.conclude()
	return w.elsewhere()
}

// GraceOver cancels what was told to stop and still runs.
func (w *World) GraceOver(f int) error {
	h := w.flows[f]
	reason := job.ReasonUser
	switch {
	case h.status == workflow.Cancelling && h.deadline:
		reason = job.ReasonDeadline
	case h.status == workflow.Cancelling:
	case !h.status.Terminal() && h.failing && h.CancelRunning:
		reason = job.ReasonFailFast
	default:
		return job.ErrWrongState
	}
	for i, n := range w.of(f) {
		if n.held && (!n.Finally || h.cancelFinally) && (h.status == workflow.Cancelling || !n.spared) {
			n.attempts++
			w.end(i, job.Cancelled, reason)
		}
	}
	w.conclude()
	return w.elsewhere()
}

// Pause turns a user's switch on.
func (w *World) Pause(f int) error {
	h := w.flows[f]
	if h.status != workflow.Running && h.status != workflow.Paused {
		return job.ErrWrongState
	}
	h.userPaused = true
	w.place(f)
	return nil
}

// Resume turns it off.
func (w *World) Resume(f int) error {
	h := w.flows[f]
	switch {
	case h.status.Terminal() || w.undecided(f) > 0:
		return job.ErrWrongState
	case h.userPaused:
		h.userPaused = false
		w.place(f)
		w.passBarriers(f)
		w.conclude()
	}
	return w.elsewhere()
}

// Decide applies a decision about a failure; result goes with complete.
func (w *World) Decide(i int, a workflow.Action, result json.RawMessage) error {
	n := w.jobs[i]
	if n.decision != workflow.Undecided {
		return job.ErrWrongState
	}
	switch a {
	case workflow.ActionCancel:
		return w.Cancel(n.workflow, job.ReasonUser)
	case workflow.ActionAccept:
		w.decide(i, a)
		w.place(n.workflow)
	case workflow.ActionRetry:
		plan := w.revived(i)
		plan[i] = true
		w.reset(plan)
		w.place(n.workflow)
		w.beginAll(n.workflow, plan)
	default:
		if a == workflow.ActionComplete {
			n.result = result
		}
		plan := w.revived(i)
		for e := range w.from(i) {
			if plan[e.child] {
				e.state = workflow.EdgeUnresolved
			}
		}
		w.reset(plan)
		w.decide(i, a)
		w.place(n.workflow)
		w.beginAll(n.workflow, plan)
	}
	w.passBarriers(n.workflow)
	w.conclude()
	return w.elsewhere()
}

// revived returns the jobs that a decision other than to accept lets begin anew
// with a failure that a job could have caught.
func (w *World) revived(i int) map[int]bool {
	if !w.catches(w.jobs[i].workflow) {
		return map[int]bool{}
	}
	return w.settled(i)
}

// settled returns the jobs of its workflow that stand as they do because edges
// of a job, and of such jobs, were settled.
func (w *World) settled(i int) map[int]bool {
	plan := map[int]bool{}
	for e, c := range w.from(i) {
		if e.state != workflow.EdgeUnresolved && c.workflow == w.jobs[i].workflow && follows(c) {
			plan[e.child] = true
			maps.Copy(plan, w.settled(e.child))
		}
	}
	return plan
}

func (w *World) decide(i int, a workflow.Action) {
	w.jobs[i].decision = a
	w.queue = append(w.queue, i)
}

// Retry runs a part of a workflow again: what failed, a job with its
// descendants, or all.
func (w *World) Retry(f int, mode workflow.RetryMode, from int) error {
	h := w.flows[f]
	if !h.status.Terminal() && h.status != workflow.Paused {
		return job.ErrWrongState
	}
	chosen := map[int]bool{}
	for i, n := range w.of(f) {
		switch {
		case mode == workflow.RetryAll, mode == workflow.RetryFrom && i == from,
			mode == workflow.RetryFailed && n.status == job.Cancelled && n.reason == job.ReasonFailFast,
			mode == workflow.RetryFailed && n.status != job.UpstreamFailed && w.tried(i):
			chosen[i] = true
		}
	}
	if len(chosen) == 0 {
		return job.ErrWrongState
	}
	plan := map[int]bool{}
	for i, n := range w.of(f) {
		plan[i] = n.Finally || chosen[i] || w.after(i, chosen) && (mode != workflow.RetryFailed || follows(n))
		if plan[i] && n.held {
			return job.ErrWrongState
		}
	}
	w.reset(plan)
	*h = flow{WorkflowSpec: h.WorkflowSpec, status: workflow.Running, userPaused: h.userPaused, failed: map[int]bool{}, caughtUp: true}
	w.place(f)
	w.beginAll(f, plan)
	w.passBarriers(f)
	w.conclude()
	return w.elsewhere()
}

// tried reports whether a retry tries to set a job right: it counts against its
// workflow, or it broke an edge of one that does.
func (w *World) tried(i int) bool {
	if w.counts(i) && !w.forgiven(i) && !w.caught(i, false) {
		return true
	}
	for e, c := range w.from(i) {
		if e.state == workflow.EdgeBroken && !e.optional && c.workflow == w.jobs[i].workflow && c.status == job.UpstreamFailed && w.tried(e.child) {
			return true
		}
	}
	return false
}

// follows reports whether a job after a failure is as it is because of that,
// or has not been decided yet.
func follows(n *node) bool {
	return n.status == job.UpstreamFailed || n.status == job.Skipped || n.status == job.Cancelled && n.reason == job.ReasonFailFast ||
		!n.status.Terminal() && n.deps == job.Waiting
}

// after reports whether a job comes after one of some in its workflow.
func (w *World) after(i int, some map[int]bool) bool {
	for e, p := range w.into(i) {
		if p.workflow == w.jobs[i].workflow && (some[e.parent] || w.after(e.parent, some)) {
			return true
		}
	}
	return false
}

// reset takes back what happened to jobs, and to the edges between them.
func (w *World) reset(plan map[int]bool) {
	for _, e := range w.edges {
		if plan[e.parent] && plan[e.child] {
			e.state = workflow.EdgeUnresolved
		}
	}
	for i, n := range w.jobs {
		if plan[i] {
			*n = node{JobSpec: n.JobSpec, workflow: n.workflow, tolerated: n.tolerated, status: job.Pending, deps: w.unasked(i), cause: n.cause}
		}
	}
	for i, n := range w.jobs {
		if !plan[i] {
			continue
		}
		var roots []int
		for e := range w.into(i) {
			n.spared = n.spared || w.handles(e)
			if e.state == workflow.EdgeBroken && !e.optional {
				roots = append(roots, w.root(e.parent))
			}
		}
		if !slices.Contains(roots, n.cause) {
			n.cause = append(roots, -1)[0]
		}
	}
}

func (w *World) beginAll(f int, plan map[int]bool) {
	for i := range w.of(f) {
		if plan[i] {
			w.begin(i)
		}
	}
}

// begin asks a job that was reset, unless it waits for its turn.
func (w *World) begin(i int) {
	switch n := w.jobs[i]; {
	case n.status.Terminal() || n.deps != job.Waiting:
	case !n.Finally:
		w.ask(i)
	case w.flow(i).begun:
		w.run(i)
	}
}
