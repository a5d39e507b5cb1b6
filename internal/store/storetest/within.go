package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func testWithin(t *testing.T, open Opener) {
	check(t, open, "a workflow within another runs as a job of it, and its last results come up", func(r *rig) {
		a, gate := task("a"), job.NewSignal("gate")
		b := task("b", a)
		sub := graph(a, b, gate, task("c")).AsJob("sub")
		id := r.start(append(aroundGate(sub), task("aside"))...)
		r.complete(r.claimNamed("before", "aside")["before"])
		r.checkParts()
		got := r.claimNamed("a", "c")
		r.commit(completed(got["a"], `1`), completed(got["c"], `"C"`))
		r.commit(completed(r.claimNamed("b")["b"], `2`))
		r.answer(signal(gate.ID, `3`), ann)
		r.checkParts()
		r.wantJob(sub.ID, "completed")
		r.equal("result", string(r.job(sub.ID).Result), `{"b":2,"c":"C","gate":3}`)
		r.claimNamed("after")
		r.equal("totals", r.workflow(id).Tally.Total, 4)
	})

	check(t, open, "the last results within come up with the bytes that they have", func(r *rig) {
		last := task("last")
		within := graph(last).AsJob("within")
		r.start(within)
		r.checkParts()
		result := `"` + strings.Repeat("<&>", job.MaxResult/4) + `"`
		r.commit(completed(r.claimOne(), result))
		r.checkParts()
		r.wantJob(within.ID, "completed")
		r.equal("result", string(r.job(within.ID).Result), `{"last":`+result+`}`)
	})

	check(t, open, "failure, deadline and a second run of what is within come up", func(r *rig) {
		w := graph(task("a"), task("b").WithDelay(10*time.Hour)).WithTimeout(time.Hour)
		sub := w.AsJob("sub")
		id := r.start(sub)
		r.Advance(2 * time.Hour) // its time begins when it does
		r.fire()
		r.checkParts()
		r.wantWorkflow(w.ID, workflow.Running)
		r.isNear("deadline", r.workflow(w.ID).DeadlineAt.Sub(r.Now()), time.Hour)
		r.Advance(time.Hour + slack)
		r.fire()
		r.checkParts()
		r.wantJob(sub.ID, "timed_out deadline")
		r.wantWorkflow(id, workflow.Failed)
		r.retried(id)
		r.checkParts()
		r.wantWorkflow(w.ID, workflow.Running)
		r.commit(failedForGood(r.claimNamed("a")["a"]))
		r.checkParts()
		r.wantJob(sub.ID, "failed parts")
		r.equal("error", r.job(sub.ID).Error, "2 of 2 jobs failed; a: never; b: cancelled (fail_fast)")
	})

	check(t, open, "all levels begin, pause, fail, are retried, cancelled and deleted one after the other", func(r *rig) {
		b := batch("items", 2, workflow.CollectErrors)
		inner := graph(b, task("last", b))
		outer := graph(inner.AsJob("inner"))
		id := r.start(outer.AsJob("outer"))
		r.checkParts()
		r.finish(r.claimNamed("items[0]", "items[1]"), "items[0]")
		r.checkParts()
		r.wantWorkflow(id, workflow.Failed)
		r.wantWorkflow(outer.ID, workflow.Failed)
		r.wantWorkflow(inner.ID, workflow.Failed)
		r.retried(id)
		r.checkParts()
		_, err := r.s.PauseWorkflow(r.ctx, id, nobody)
		r.ok(err, "pause")
		r.checkParts()
		r.wantIdle()
		r.wantWorkflow(partsOf(b), workflow.Paused)
		_, err = r.s.ResumeWorkflow(r.ctx, id, nobody)
		r.ok(err, "resume")
		r.checkParts()
		r.finish(r.claimNamed("items[0]"))
		r.checkParts()
		c := r.claimNamed("last")["last"]
		r.cancel(id)
		r.checkParts()
		r.wantWorkflow(inner.ID, workflow.Cancelling)
		r.complete(c)
		r.checkParts()
		r.wantWorkflow(id, workflow.Cancelled)
		r.wantJobs(outer.ID, "inner: cancelled user")
		r.Advance(48 * time.Hour)
		for range 4 {
			r.purge(keepAll(24 * time.Hour))
		}
		r.wantRows("workflows", 0)
		r.wantRows("jobs", 0)
	})

	check(t, open, "a second cancel stops the finally jobs of what is within, at all levels", func(r *rig) {
		inner := graph(task("x"), task("sweep").AsFinally(), taskOn("other", "clean").AsFinally())
		outer := graph(inner.AsJob("inner"), task("tidy").AsFinally())
		id := r.start(outer.AsJob("outer"))
		r.checkParts()
		x := r.claimNamed("x")["x"]
		r.cancel(id)
		r.checkParts()
		r.complete(x)
		r.checkParts()
		held := r.claimOne("other")
		r.wantWorkflow(inner.ID, workflow.Cancelling)
		r.cancel(id)
		told := r.checkParts().Control
		r.wantJobs(inner.ID, "clean: running", "sweep: cancelled user", "x: completed")
		r.equal("told to stop", heldIDs(told), []job.ID{held.Fence.Job})
		r.equal("audit", r.audits(inner.ID), "cancel, cancel")
		r.cancel(id)
		r.checkParts()
		r.equal("audit after a third one", r.audits(inner.ID), "cancel, cancel")
		r.Advance(grace + slack)
		r.fire()
		r.checkParts()
		r.wantJobs(inner.ID, "clean: cancelled user", "sweep: cancelled user", "x: completed")
		r.wantJobs(outer.ID, "inner: cancelled user", "tidy: cancelled user")
		r.wantWorkflow(id, workflow.Cancelled)
		r.wantRows("timers", 0)
		r.wantRows("part_check", 0)
	})

	check(t, open, "two cancels before what is within hears of the first stop its finally jobs, too", func(r *rig) {
		began, waits := graph(task("x"), task("clean").AsFinally()), graph(task("y"), task("tidy").AsFinally())
		id := r.start(began.AsJob("began"), waits.AsJob("waits"))
		r.checkParts()
		got := r.claimNamed("x", "y")
		r.complete(got["x"])
		clean := r.claimNamed("clean")["clean"]
		r.cancel(id)
		r.cancel(id)
		told := r.checkParts().Control
		r.equal("told to stop", len(told), 2)
		r.complete(got["y"])
		r.wantJobs(waits.ID, "tidy: cancelled user", "y: completed")
		r.Advance(grace + slack)
		r.fire()
		r.checkParts()
		r.wantJobs(began.ID, "clean: cancelled user", "x: completed")
		r.stale(completed1(clean))
		r.wantWorkflow(id, workflow.Cancelled)
	})

	check(t, open, "parts that a deadline stops end for that reason after a second cancel, too", func(r *rig) {
		sub := graph(task("x"), task("clean").AsFinally()).WithTimeout(time.Hour)
		id := r.start(sub.AsJob("sub"))
		r.checkParts()
		x := r.claimNamed("x")["x"]
		r.Advance(time.Hour + slack)
		r.fire()
		r.cancel(id)
		r.cancel(id)
		r.checkParts()
		r.complete(x)
		r.checkParts()
		r.wantJobs(sub.ID, "clean: cancelled user", "x: completed")
		r.equal("reason", r.workflow(sub.ID).Reason, job.ReasonDeadline)
		r.wantWorkflow(sub.ID, workflow.Failed)
	})

	check(t, open, "what ended while it was paused from above runs in the next run", func(r *rig) {
		w := graph(task("a"))
		id := r.start(w.AsJob("sub"), taskOn("slow", "beside"))
		r.checkParts()
		a := r.claim(1, queue)[0]
		_, err := r.s.PauseWorkflow(r.ctx, id, nobody)
		r.ok(err, "pause")
		r.checkParts()
		r.commit(failedForGood(a))
		r.checkParts()
		r.wantWorkflow(w.ID, workflow.Failed)
		r.wantWorkflow(id, workflow.Failed)
		r.retried(id)
		_, err = r.s.ResumeWorkflow(r.ctx, id, nobody)
		r.ok(err, "resume")
		r.checkParts()
		r.wantWorkflow(w.ID, workflow.Running)
		r.claimNamed("a", "beside")
	})

	check(t, open, "a caller's transaction stores what jobs are made of", func(r *rig) {
		b := batch("batch", 2, "")
		w := graph(b, graph(task("x")).AsJob("sub"))
		r.ok(w.Validate(), "validate")
		r.ok(r.InTx(func(tx CallerTx) error {
			_, err := tx.EnqueueWorkflow(w, store.EnqueueOptions{})
			return err
		}), "enqueue")
		r.runParts()
		r.wantWorkflow(w.ID, workflow.Completed)
	})
}

// idOf returns the id of a job by its name.
func (r *rig) idOf(w job.ID, name string) job.ID {
	r.Helper()
	for _, j := range r.jobs(w) {
		if j.Name == name {
			return j.ID
		}
	}
	r.Fatalf("no job is named %s", name)
	return job.ID{}
}
