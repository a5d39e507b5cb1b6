package model

import (
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/condition"
)

// table is what an edge becomes, by what it asks for and what it sees.
var table = map[job.On]map[job.Status]workflow.EdgeState{
	job.OnSuccess: {
		job.Completed: workflow.EdgeActive, job.Failed: workflow.EdgeBroken, job.Dead: workflow.EdgeBroken, job.TimedOut: workflow.EdgeBroken,
		job.UpstreamFailed: workflow.EdgeBroken, job.Cancelled: workflow.EdgeBroken, job.Skipped: workflow.EdgeInactive,
	},
	job.OnFailure: {
		job.Completed: workflow.EdgeInactive, job.Failed: workflow.EdgeActive, job.Dead: workflow.EdgeActive, job.TimedOut: workflow.EdgeActive,
		job.UpstreamFailed: workflow.EdgeActive, job.Cancelled: workflow.EdgeInactive, job.Skipped: workflow.EdgeInactive,
	},
	job.OnDone: {
		job.Completed: workflow.EdgeActive, job.Failed: workflow.EdgeActive, job.Dead: workflow.EdgeActive, job.TimedOut: workflow.EdgeActive,
		job.UpstreamFailed: workflow.EdgeActive, job.Cancelled: workflow.EdgeActive, job.Skipped: workflow.EdgeActive,
	},
}

func (w *World) flow(i int) *flow {
	if f := w.jobs[i].workflow; f >= 0 {
		return w.flows[f]
	}
	return nil
}

// settles reports whether the edges that leave a job see how it ended.
func (w *World) settles(i int) bool {
	n := w.jobs[i]
	return n.status.Terminal() && n.decision != workflow.Undecided
}

// seen is what the edges that leave a job take it for.
func (w *World) seen(i int) job.Status {
	n := w.jobs[i]
	switch {
	case n.decision == workflow.ActionSkip, n.decision == workflow.ActionComplete, n.AllowFailure && n.status.Failure():
		return job.Completed
	case n.reason == job.ReasonConditionFalse && n.Unmet == job.UnmetPass:
		return job.Completed
	}
	return n.status
}

// root is the first failure behind an ended job.
func (w *World) root(i int) int {
	if n := w.jobs[i]; n.status == job.UpstreamFailed && n.cause >= 0 {
		return n.cause
	}
	return i
}

// in counts the edges into a job.
func (w *World) in(i int) workflow.Counts {
	var c workflow.Counts
	for _, e := range w.edges {
		switch {
		case e.child != i:
		case e.state == workflow.EdgeUnresolved:
			c.Unresolved++
		case e.state == workflow.EdgeActive:
			c.Active++
		case e.optional:
		case e.state == workflow.EdgeInactive:
			c.Inactive++
		default:
			c.Broken++
		}
	}
	return c
}

// join is what a join says: "wait", "run", "skip" or "upstream".
func join(j job.Join, c workflow.Counts) string {
	eager := j.Rule == job.JoinAny || j.Rule == job.JoinQuorum
	need := map[job.JoinRule]int{job.JoinAny: 1, job.JoinMerge: 1, job.JoinQuorum: j.Quorum}[j.Rule]
	switch {
	case eager && c.Active >= need:
		return "run"
	case !eager && j.Rule != job.JoinDone && c.Broken > 0:
		return "upstream"
	case c.Unresolved > 0:
		return "wait"
	case j.Rule == job.JoinDone:
		return "run"
	case c.Broken > 0:
		return "upstream"
	case eager, c.Active < need, need == 0 && c.Inactive > 0:
		return "skip"
	}
	return "run"
}

// handles reports whether an edge spares its child: it leads from a failure
// that it asks for, or from a job of the same workflow that is spared.
func (w *World) handles(e *edge) bool {
	p := w.jobs[e.parent]
	if e.state == workflow.EdgeUnresolved {
		return false
	}
	return e.on != job.OnSuccess && e.state == workflow.EdgeActive && p.status.Failure() || p.spared && p.workflow == w.jobs[e.child].workflow
}

// settle lets an edge see its ended parent.
func (w *World) settle(e *edge) {
	e.state = table[e.on][w.seen(e.parent)]
	n := w.jobs[e.child]
	if n.status.Terminal() {
		return
	}
	if e.state == workflow.EdgeBroken && !e.optional && n.cause < 0 {
		n.cause = w.root(e.parent)
	}
	n.spared = n.spared || w.handles(e)
	w.ask(e.child)
}

// ask asks the join of a job that waits.
func (w *World) ask(i int) {
	n := w.jobs[i]
	if n.status.Terminal() || n.deps != job.Waiting {
		return
	}
	says := "run"
	if len(n.Parents) > 0 {
		says = join(n.Join, w.in(i))
	}
	switch says {
	case "run":
		w.run(i)
	case "skip":
		w.end(i, job.Skipped, job.ReasonBranch)
	case "upstream":
		w.end(i, job.UpstreamFailed, job.ReasonUpstream)
	}
}

// run lets a job run unless the policy has yet to say whether it is spared.
func (w *World) run(i int) {
	n := w.jobs[i]
	n.deps = job.Satisfied
	if n.halted = w.doomed(i); !n.halted {
		w.start(i)
	}
}

// start lets a job run whose join, or turn, has come, if its condition says so.
func (w *World) start(i int) {
	n := w.jobs[i]
	if n.Condition != "" {
		yes, err := w.evaluate(i)
		switch {
		case err != nil:
			w.end(i, job.Failed, job.ReasonConditionError)
		case !yes && n.Unmet == job.UnmetFail:
			w.end(i, job.Failed, job.ReasonConditionFalse)
		case !yes:
			w.end(i, job.Skipped, job.ReasonConditionFalse)
		}
	}
	w.pass(i)
}

// pass completes a barrier that could start.
func (w *World) pass(i int) {
	if w.jobs[i].Barrier && w.startable(i) {
		w.end(i, job.Completed, "")
	}
}

func (w *World) passBarriers(f int) {
	for i, n := range w.jobs {
		if n.workflow == f {
			w.pass(i)
		}
	}
}

func (w *World) evaluate(i int) (bool, error) {
	in := condition.Inputs{Parents: map[string]condition.Parent{}, Counts: map[job.Status]int{}}
	var env condition.Env
	for _, p := range w.jobs[i].Parents {
		n := w.jobs[p.Job]
		env.Parents = append(env.Parents, JobName(p.Job))
		in.Parents[JobName(p.Job)] = condition.Parent{Status: w.shown(p.Job), Result: n.result, Attempts: n.attempts}
		in.Counts[w.shown(p.Job)]++
	}
	e, err := condition.Parse(w.jobs[i].Condition, env)
	if err != nil {
		return false, err
	}
	return e.Bool(in)
}

func (w *World) shown(i int) job.Status {
	if n := w.jobs[i]; n.held {
		return job.Running
	}
	return w.jobs[i].status
}

// doomed reports whether a job is cancelled by what happens to its workflow.
func (w *World) doomed(i int) bool {
	f, n := w.flow(i), w.jobs[i]
	return f != nil && !n.Finally && (f.status == workflow.Cancelling || f.failing && !n.spared)
}

// startable reports whether nothing but a worker is missing.
func (w *World) startable(i int) bool {
	f, n := w.flow(i), w.jobs[i]
	return !n.status.Terminal() && n.deps != job.Waiting && !n.held && !w.doomed(i) &&
		(f == nil || f.status != workflow.Paused && !f.status.Terminal())
}

func (w *World) runnable(i int) bool { return w.startable(i) && !w.jobs[i].Barrier }

// end gives a job its end. What has ended stays as it is.
func (w *World) end(i int, status job.Status, reason job.Reason) {
	n := w.jobs[i]
	if n.status.Terminal() {
		return
	}
	if n.deps == job.Waiting {
		n.deps = job.Unsatisfiable
		if status == job.Skipped {
			n.deps = job.Satisfied
		}
	}
	n.status, n.reason, n.held = status, reason, false
	if status != job.UpstreamFailed {
		n.cause = -1
	}
	if f := w.flow(i); f != nil {
		f.caughtUp = f.caughtUp && !n.Catch
		if status.Failure() {
			f.failed[i] = true
		}
		if w.asked(i) && !w.catcher(i, true) {
			w.undecide(i)
			return
		}
	}
	w.queue = append(w.queue, i)
}

// asked reports whether a failure is of those that people decide about.
func (w *World) asked(i int) bool {
	f, n := w.flow(i), w.jobs[i]
	return f.Policy == workflow.Manual && f.status != workflow.Cancelling && n.status.Failure() && n.status != job.UpstreamFailed &&
		!n.tolerated && n.decision == ""
}

func (w *World) undecide(i int) {
	w.jobs[i].decision = workflow.Undecided
	w.place(w.jobs[i].workflow)
}

func (w *World) undecided(f int) (n int) {
	for _, j := range w.jobs {
		if j.workflow == f && j.decision == workflow.Undecided {
			n++
		}
	}
	return n
}

// place gives a workflow the status that its pauses make.
func (w *World) place(f int) {
	h := w.flows[f]
	if h.status == workflow.Running || h.status == workflow.Paused {
		h.status = workflow.Running
		if h.userPaused || w.undecided(f) > 0 {
			h.status = workflow.Paused
		}
	}
}

// conclude draws every conclusion from what happened.
func (w *World) conclude() {
	for w.propagate() || w.policies() || w.beginFinally() {
		continue
	}
	for f, h := range w.flows {
		if !h.status.Terminal() && w.open(f, true) == 0 && w.undecided(f) == 0 {
			h.status = w.result(f)
		}
	}
}

// foreign reports whether an edge leads from one workflow into another.
func (w *World) foreign(e *edge) bool { return w.jobs[e.parent].workflow != w.jobs[e.child].workflow }

// elsewhere lets edges from other workflows see their ended parents: after all
// conclusions, one after the other, and then those that ended because of that.
func (w *World) elsewhere() error {
	for {
		var list []*edge
		for _, e := range w.edges {
			if e.state == workflow.EdgeUnresolved && w.settles(e.parent) {
				list = append(list, e)
			}
		}
		if len(list) == 0 {
			return nil
		}
		for _, e := range list {
			if e.state == workflow.EdgeUnresolved {
				w.settle(e)
				w.conclude()
			}
		}
	}
}

func (w *World) propagate() bool {
	if len(w.queue) == 0 {
		return false
	}
	i := w.queue[0]
	w.queue = w.queue[1:]
	for _, e := range w.edges {
		if e.parent == i && e.state == workflow.EdgeUnresolved && !w.foreign(e) {
			w.settle(e)
		}
	}
	return true
}

// open counts the jobs of a workflow that have not ended.
func (w *World) open(f int, finally bool) (n int) {
	for _, j := range w.jobs {
		if j.workflow == f && !j.status.Terminal() && (finally || !j.Finally) {
			n++
		}
	}
	return n
}

// beginFinally lets finally jobs run whose turn has come.
func (w *World) beginFinally() bool {
	begun := false
	for f, h := range w.flows {
		if h.begun || h.status.Terminal() || w.open(f, false) > 0 || w.undecided(f) > 0 {
			continue
		}
		h.begun = true
		for i, n := range w.jobs {
			if n.workflow == f && n.Finally && n.deps == job.Waiting {
				w.run(i)
				begun = true
			}
		}
	}
	return begun
}
