package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/explain"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func (r *rig) explain(id job.ID) store.Standing {
	r.Helper()
	s, err := r.s.Explain(r.ctx, id)
	r.ok(err, "explain")
	return s
}

// wantReasons checks why a job does not run.
func (r *rig) wantReasons(id job.ID, want ...explain.Code) {
	r.Helper()
	var got []explain.Code
	for _, reason := range explain.Explain(r.explain(id)) {
		if reason.Code != explain.NoWorker {
			got = append(got, reason.Code)
		}
	}
	r.equal("reasons", got, want)
}

// wantClaims checks that a claim of everything gives exactly the jobs that are
// claimable by what is said of them, and that those are the ones wanted.
func (r *rig) wantClaims(jobs []*job.Job, want ...string) {
	r.Helper()
	var claimable []string
	for _, j := range jobs {
		if job.Claimable(explain.Prospect(r.explain(j.ID))) {
			claimable = append(claimable, j.Name)
		}
	}
	claimed := names(r.claimAll())
	for _, list := range [][]string{claimable, claimed, want} {
		slices.Sort(list)
	}
	r.equal("claimed", strings.Join(claimed, " "), strings.Join(claimable, " "))
	r.equal("claimed", strings.Join(claimed, " "), strings.Join(want, " "))
}

func testExplain(t *testing.T, open Opener) {
	check(t, open, "what is claimable is what a claim gives", func(r *rig) {
		free, parent := task("free"), task("parent")
		waits, later, elsewhere := task("waits", parent), task("later").WithDelay(time.Hour), taskOn("paused", "elsewhere")
		jobs := []*job.Job{free, parent, waits, later, elsewhere}
		r.pause("paused")
		r.start(jobs...)
		r.wantReasons(waits.ID, explain.WaitsForParents)
		r.wantReasons(later.ID, explain.Scheduled)
		r.wantReasons(elsewhere.ID, explain.QueuePaused)
		r.wantReasons(free.ID, explain.Next)
		r.wantReasons(parent.ID, explain.Behind)
		r.wantClaims(jobs, "free", "parent")
		r.wantReasons(free.ID, explain.Unaccepted)
		r.wantClaims(jobs)
		r.Advance(2 * time.Hour)
		r.fire()
		_, err := r.s.ResumeQueue(r.ctx, "paused")
		r.ok(err, "resume")
		r.wantClaims(jobs, "later", "elsewhere")
	})

	check(t, open, "what waits for parents is claimable when they have ended", func(r *rig) {
		a, b := task("a"), task("b")
		b = withRetry(once(), b)[0]
		both, any := task("both", a, b), task("any", a, b)
		any.Join.Rule = job.JoinAny
		jobs := []*job.Job{a, b, both, any}
		w := graph(jobs...)
		w.FailurePolicy = workflow.ContinueOnFailure
		r.enqueue(w)
		got := r.claimNamed("a", "b")
		s := r.explain(both.ID)
		r.equal("unresolved", s.Counts.Unresolved, 2)
		r.equal("parents", len(s.Parents), 2)
		for _, p := range s.Parents {
			r.equal("status of parent "+p.Name, p.Status, job.Running)
		}
		r.complete(got["a"])
		r.wantReasons(both.ID, explain.WaitsForParents)
		r.wantClaims(jobs, "any")
		r.commit(failed(got["b"]))
		r.wantReasons(both.ID, explain.Ended, explain.ParentsDecided)
		r.wantReasons(b.ID, explain.Ended)
		r.wantClaims(jobs)
	})

	check(t, open, "nothing of a paused workflow is claimable, until it is resumed", func(r *rig) {
		a, b := task("a"), task("b")
		jobs := []*job.Job{a, b}
		id := r.start(jobs...)
		held := r.claimOne()
		_, err := r.s.PauseWorkflow(r.ctx, id, store.Actor{})
		r.ok(err, "pause")
		rest := a
		if held.Name == "a" {
			rest = b
		}
		r.wantReasons(rest.ID, explain.WorkflowPaused)
		r.wantClaims(jobs)
		_, err = r.s.ResumeWorkflow(r.ctx, id, store.Actor{})
		r.ok(err, "resume")
		r.wantClaims(jobs, rest.Name)
	})

	check(t, open, "nothing is claimable while a failure waits for a decision", func(r *rig) {
		bad, other := withRetry(once(), task("bad"))[0], task("other")
		after := task("after", bad)
		jobs := []*job.Job{bad, other, after}
		w := graph(jobs...)
		w.FailurePolicy = workflow.Manual
		r.enqueue(w)
		got := r.claimNamed("bad", "other")
		r.commit(failed(got["bad"]))
		r.wantReasons(bad.ID, explain.Ended, explain.Undecided)
		r.wantReasons(after.ID, explain.WaitsForParents, explain.WorkflowAwaits)
		r.wantClaims(jobs)
		_, err := r.s.Decide(r.ctx, store.Decision{Workflow: w.ID, Job: bad.ID, Action: workflow.ActionSkip}, store.Actor{})
		r.ok(err, "decide")
		r.wantReasons(bad.ID, explain.Ended)
		r.wantClaims(jobs, "after")
	})

	check(t, open, "a failing workflow lets start what handles the failure, and nothing else", func(r *rig) {
		bad, slow := withRetry(once(), task("bad"))[0], task("slow")
		next, alert, both, last := task("next", slow), task("alert"), task("both"), task("last")
		alert.DependsOn = []job.Dependency{{Parent: bad.ID, On: job.OnFailure}}
		both.DependsOn = []job.Dependency{{Parent: bad.ID, On: job.OnFailure}, {Parent: slow.ID, On: job.OnDone}}
		last.Finally = true
		jobs := []*job.Job{bad, slow, next, alert, both, last}
		r.start(jobs...)
		got := r.claimNamed("bad", "slow")
		r.wantReasons(last.ID, explain.WaitsForRest)
		r.commit(failed(got["bad"]))
		r.wantReasons(next.ID, explain.Ended)
		r.wantReasons(both.ID, explain.WaitsForParents)
		r.wantReasons(last.ID, explain.WaitsForRest)
		r.wantClaims(jobs, "alert")
		r.complete(got["slow"])
		r.wantClaims(jobs, "both")
	})

	check(t, open, "a retrying job is claimable when its back-off is over", func(r *rig) {
		a := withRetry(retries(3, time.Minute), task("a"))[0]
		r.start(a)
		r.commit(failed(r.claimOne()))
		r.wantReasons(a.ID, explain.BackOff)
		r.wantClaims([]*job.Job{a})
		r.Advance(2 * time.Minute)
		r.fire()
		r.wantReasons(a.ID, explain.Next)
		r.wantClaims([]*job.Job{a}, "a")
	})

	check(t, open, "only workers that were heard from lately serve a queue", func(r *rig) {
		j := task("a")
		r.start(j)
		queues := func(names ...string) []string { return append([]string{}, names...) }
		r.seeWorkers(store.WorkerSeen{Name: "all"}, store.WorkerSeen{Name: "its", Queues: queues(j.Queue)}, store.WorkerSeen{Name: "others", Queues: queues("x")},
			store.WorkerSeen{Name: "none", Queues: queues()}, store.WorkerSeen{Name: "drains", Draining: true})
		r.equal("at first", r.explain(j.ID).Workers, 2)
		r.Advance(store.WorkerSilent + slack)
		r.equal("when they are silent", r.explain(j.ID).Workers, 0)
		r.seeWorkers(store.WorkerSeen{Name: "all"})
		r.equal("when one was heard from again", r.explain(j.ID).Workers, 1)
	})

	check(t, open, "a job that is not there cannot be explained", func(r *rig) {
		_, err := r.s.Explain(r.ctx, job.NewID())
		r.isErr("explain", err, job.ErrNotFound)
	})
}
