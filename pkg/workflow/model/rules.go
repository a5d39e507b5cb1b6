package model

import (
	"cmp"
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/condition"
)

const unresolved, active, inactive, broken = workflow.EdgeUnresolved, workflow.EdgeActive, workflow.EdgeInactive, workflow.EdgeBroken

// table is what becomes of an edge, by how its parent is seen and what it asks for.
var table = map[job.Status]map[job.On]workflow.EdgeState{
	job.Completed: {job.OnSuccess: active, job.OnFailure: inactive, job.OnDone: active},
	job.Failed:    {job.OnSuccess: broken, job.OnFailure: active, job.OnDone: active}, // or another failure
	job.Cancelled: {job.OnSuccess: broken, job.OnFailure: inactive, job.OnDone: active},
	job.Skipped:   {job.OnSuccess: inactive, job.OnFailure: inactive, job.OnDone: active},
}

// seen is the row of the table for an ended job.
func (n *node) seen() job.Status {
	switch {
	case n.pardoned(), n.AllowFailure && n.Status.Failure(), n.Reason == job.ReasonConditionFalse && n.Unmet == job.UnmetPass:
		return job.Completed
	case n.Status.Failure():
		return job.Failed
	}
	return n.Status
}

// Kinds of jobs. A job that works wants a worker; who is held ends by itself. People decided of a pardoned one that its failure is none; the
// failure of another job swept one away.
func (n *node) open() bool      { return !n.Status.Terminal() }
func (n *node) works() bool     { return !n.Barrier && n.Gate == nil && n.Parts == nil }
func (n *node) parted() bool    { return n.Status == job.Suspended && n.Parts != nil }
func (n *node) held() bool      { return n.Status == job.Running || n.parted() }
func (n *node) catches() bool   { return n.Catch }
func (n *node) undecided() bool { return n.Decision == workflow.Undecided }
func (n *node) settles() bool   { return !n.open() && !n.undecided() }
func (n *node) swept() bool     { return n.Status == job.Cancelled && n.Reason == job.ReasonFailFast }

func (n *node) pardoned() bool {
	return n.Decision == workflow.ActionSkip || n.Decision == workflow.ActionComplete
}

func (f *flow) has(kind func(n *node) bool) bool { return slices.ContainsFunc(f.jobs, kind) }

func (f *flow) paused() bool {
	return f.Status == workflow.Running && (f.UserPaused || f.has((*node).undecided))
}

// doomed reports whether a job is cancelled by what happens to its workflow.
func (n *node) doomed() bool {
	return !n.Finally && (n.flow.Status == workflow.Cancelling || n.flow.Failing && !n.Spared)
}

// startable reports whether nothing but a worker is missing.
func (n *node) startable() bool {
	f := n.flow
	return n.open() && !n.held() && n.Status != job.Suspended && n.Deps != job.Waiting && !n.doomed() && !f.paused() && !f.Status.Terminal() && f.Status != workflow.Pending
}

// told reports whether a job that is held should stop.
func (n *node) told() bool {
	f := n.flow
	return f.Status == workflow.Cancelling && (!n.Finally || f.cancelFinally) || f.Failing && f.Running == workflow.CancelRunning && !n.Spared && !n.Finally
}

// stopping reports whether a job was told to stop and has not ended.
func (n *node) stopping() bool { return n.held() && n.told() }

// root is the first failure behind a job.
func (n *node) root() job.ID {
	return map[bool]job.ID{true: n.Cause, false: n.ID}[n.Status == job.UpstreamFailed]
}

// breaks reports whether an edge is broken and counts.
func (e *edge) breaks() bool { return e.state == broken && !e.Optional }

// spares reports whether an edge spares its child: it leads from a failure that
// it asks for, or from a job of the same workflow that is spared.
func (e *edge) spares() bool {
	p := e.parent
	return e.state == active && e.On != job.OnSuccess && p.Status.Failure() || e.state != unresolved && p.Spared && p.flow == e.child.flow
}

// counts counts the edges into a job.
func (n *node) counts() (c workflow.Counts) {
	of := map[workflow.EdgeState]*int{unresolved: &c.Unresolved, active: &c.Active, inactive: &c.Inactive, broken: &c.Broken}
	for _, e := range n.in {
		if !e.Optional || e.state == unresolved || e.state == active {
			*of[e.state]++
		}
	}
	return c
}

// eager joins run before all edges are resolved.
func eager(j job.Join) bool { return j.Rule == job.JoinAny || j.Rule == job.JoinQuorum }

// join is what a join says: "wait", "run", "skip" or "upstream".
func join(j job.Join, c workflow.Counts) string {
	need := map[job.JoinRule]int{job.JoinMerge: 1, job.JoinAny: 1, job.JoinQuorum: j.Quorum}[j.Rule]
	switch resolved := c.Unresolved == 0; {
	case eager(j) && c.Active >= need, j.Rule == job.JoinDone && resolved:
		return "run"
	case !resolved && (eager(j) || j.Rule == job.JoinDone || c.Broken == 0):
		return "wait"
	case c.Broken > 0:
		return "upstream"
	case c.Active < need, need == 0 && c.Inactive > 0:
		return "skip"
	}
	return "run"
}

// settle lets an edge see its ended parent.
func (w *World) settle(e *edge) {
	e.state = table[e.parent.seen()][e.On]
	if n := e.child; n.open() {
		if e.breaks() && n.Cause == (job.ID{}) {
			n.Cause = e.parent.root()
		}
		n.Spared = n.Spared || e.spares()
		w.ask(n)
	}
}

// ask asks the join of a job that waits, that of a finally job when its turn
// has come. In a failing workflow the policy then says whether it is spared.
func (w *World) ask(n *node) {
	if !n.open() || n.Deps != job.Waiting || n.Finally && !n.flow.begun || n.flow.full() {
		return
	}
	switch join(n.Join, n.counts()) {
	case "run":
		n.Deps = job.Satisfied
		switch n.halted = n.doomed(); {
		case n.halted && n.flow.Status == workflow.Cancelling: // it was spawned
			w.end(n, job.Cancelled, n.flow.reason)
		case !n.halted:
			w.start(n)
		}
	case "skip":
		w.end(n, job.Skipped, job.ReasonBranch)
	case "upstream":
		w.end(n, job.UpstreamFailed, job.ReasonUpstream)
	}
}

// start lets a job run if its condition, without which it is true, says so. Bare
// names mean the only parent that it had before others were spawned.
func (w *World) start(n *node) {
	var in condition.Inputs
	first := slices.DeleteFunc(slices.Clone(n.in), func(e *edge) bool { return e.late })
	if len(first) == 1 {
		in.Only = first[0].parent.Name
	}
	for _, e := range n.in {
		in.Add(e.parent.Name, condition.Parent{Status: e.parent.Status, Result: e.parent.result, Attempts: e.parent.Attempts})
	}
	switch yes, err := in.Ask(cmp.Or(n.Condition, "true")); {
	case err != nil:
		w.end(n, job.Failed, job.ReasonConditionError)
	case !yes && n.Unmet == job.UnmetFail:
		w.end(n, job.Failed, job.ReasonConditionFalse)
	case !yes:
		w.end(n, job.Skipped, job.ReasonConditionFalse)
	}
	if p := workflow.PartsOf(n.Job); n.open() && p != nil && p.Kind == workflow.PartsMap {
		w.spread(n, p, in)
	}
	w.pass(n)
}

// pass lets a job that could start, and has no work, do what it does instead: a
// barrier completes, a gate opens, and a signal that was sent completes it.
func (w *World) pass(n *node) {
	switch {
	case !n.startable() || n.works():
	case n.Barrier, n.early != nil:
		n.result = n.early
		w.end(n, job.Completed, "")
	default:
		n.Status, n.fresh = job.Suspended, true
	}
}

// end gives a job its end. What has ended stays as it is. The edges of a failure
// that people decide about see nothing yet.
func (w *World) end(n *node, status job.Status, reason job.Reason) {
	if !n.open() {
		return
	}
	if n.Deps == job.Waiting {
		n.Deps = map[bool]job.DependencyStatus{true: job.Satisfied, false: job.Unsatisfiable}[status == job.Skipped]
	}
	if status != job.UpstreamFailed {
		n.Cause = job.ID{}
	}
	n.Status, n.Reason = status, reason
	if status.Failure() || n.Catch {
		n.flow.news = append(n.flow.news, n)
	}
	if n.asked() {
		n.Decision = workflow.Undecided
	}
	w.ended = append(w.ended, n)
}

// conclude draws every conclusion from what happened but those elsewhere: first
// what ended settles its edges, then the policies look at what failed, then
// the turns of others come.
func (w *World) conclude() {
	for _, n := range w.jobs {
		w.pass(n) // a pause may have kept it
	}
	for len(w.ended) > 0 || w.policies() || w.turns() {
		for ; len(w.ended) > 0; w.ended = w.ended[1:] {
			for _, e := range w.ended[0].out {
				if e.state == unresolved && e.parent.settles() {
					w.settle(e)
				}
			}
		}
	}
	for _, f := range w.flows {
		if !f.Status.Terminal() && !f.has((*node).open) && !f.has((*node).undecided) {
			f.Status = f.result()
		}
	}
}

// elsewhere concludes, then lets edges from other workflows, and those to jobs that had ended
// before, see their parents one after the other, and then those that ended
// because of that.
func (w *World) elsewhere() {
	w.conclude()
	list := slices.DeleteFunc(slices.Clone(w.edges), func(e *edge) bool { return e.state != unresolved || !e.parent.settles() })
	for _, e := range list {
		w.settle(e)
		w.conclude()
	}
	if len(list) > 0 {
		w.elsewhere()
	}
}

// turns lets jobs run whose turn has come: finally jobs, and those that wait
// because no more may run at once.
func (w *World) turns() bool {
	for _, f := range w.flows {
		due := !f.begun && !f.Status.Terminal() && !f.has(func(n *node) bool { return n.open() && !n.Finally || n.undecided() })
		if f.begun = f.begun || due; due || f.turns > 0 && f.Status == workflow.Running && !f.Failing {
			for _, n := range f.jobs {
				w.ask(n)
			}
		}
	}
	return len(w.ended) > 0
}

// policies lets the policies look at what failed: at what is new, or where
// something catches, at all. It reports whether something followed.
func (w *World) policies() bool {
	for _, f := range w.flows {
		news := f.news
		f.news = nil
		acts := f.Status == workflow.Running || f.Status == workflow.Pending
		for _, n := range f.jobs {
			looks := acts && (slices.Contains(news, n) || len(news) > 0 && f.has((*node).catches))
			f.Failing = f.Failing || looks && f.FailurePolicy == workflow.FailFast && n.hurts() && f.broken()
			if looks && n.asked() {
				n.Decision = workflow.Undecided
			}
		}
		if f.Failing && acts {
			w.sweep(f)
		}
	}
	return len(w.ended) > 0
}

// asked reports whether a failure is of those that people decide about.
func (n *node) asked() bool {
	return n.flow.FailurePolicy == workflow.Manual && n.flow.Status != workflow.Cancelling && n.Decision == "" && n.Status != job.UpstreamFailed && n.hurts()
}

// hurts reports whether an end is a failure that is neither tolerated nor may be
// caught.
func (n *node) hurts() bool { return n.Status.Failure() && !n.forgiven() && !n.caught(true) }

// sweep cancels the jobs of a failing workflow that nobody holds and that have
// no failure to handle, nor may have: that wait for a job that is held, to
// handle its failure, or come after one that does. What comes after a spared
// job is spared.
func (w *World) sweep(f *flow) {
	may := map[*node]bool{}
	for _, n := range f.order() {
		for _, e := range n.in {
			if p := e.parent; p.flow == f && e.state == unresolved && n.open() {
				n.Spared = n.Spared || p.Spared
				may[n] = may[n] || n.Deps == job.Waiting && (may[p] || p.held() && e.On != job.OnSuccess)
			}
		}
	}
	for _, n := range f.jobs {
		if !n.held() && !n.Finally && !n.Spared && !may[n] {
			w.end(n, job.Cancelled, job.ReasonFailFast)
		}
	}
	for _, n := range f.jobs {
		if n.halted && n.open() {
			n.halted = false
			w.start(n)
		}
	}
}

// fails reports whether the end of a job fails its workflow: a failure, or a
// cancel of it alone, that is neither forgiven nor caught.
func (n *node) fails() bool { return n.against() && !n.forgiven() && !n.caught(false) }

func (n *node) against() bool { return n.Status.Failure() || n.Status == job.Cancelled && !n.swept() }

// forgiven reports whether a job is pardoned, or tolerated: it may fail, or all
// that depends on it in its workflow, if anything, can do without it.
func (n *node) forgiven() bool {
	needs := func(e *edge) bool { return !e.Optional && !eager(e.child.Join) }
	return n.pardoned() || n.AllowFailure || len(n.out) > 0 && !slices.ContainsFunc(n.out, needs)
}

// caught reports whether the end of a job was absolved: a job that catches, and
// that it let run, completed, or with may, still can. What is upstream_failed is
// caught when all that broke its edges is.
func (n *node) caught(may bool) bool {
	catches := func(e *edge) bool {
		return e.child.Catch && e.On != job.OnSuccess && (e.state == active && e.child.Status == job.Completed || may && e.child.open() && e.state != inactive)
	}
	uncaught := func(e *edge) bool { return e.breaks() && (e.parent.flow != n.flow || !e.parent.caught(may)) }
	return n.against() && (slices.ContainsFunc(n.out, catches) || n.Status == job.UpstreamFailed && !slices.ContainsFunc(n.in, uncaught))
}

// result is how a workflow ends whose jobs have ended.
func (f *flow) result() workflow.Status {
	switch {
	case f.Status == workflow.Cancelling && f.reason == job.ReasonUser:
		return workflow.Cancelled
	case f.Status == workflow.Cancelling, f.Failing, f.broken():
		return workflow.Failed
	}
	return workflow.Completed
}
