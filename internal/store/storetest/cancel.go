package storetest

import (
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func testCancel(t *testing.T, open Opener) {
	check(t, open, "a workflow of which nobody holds anything is cancelled at once", func(r *rig) {
		w := graph(append(diamond(), task("delayed").WithDelay(time.Hour))...)
		r.enqueue(w)
		r.complete(r.claimOne())
		res := r.cancel(w.ID)
		r.equal("control", len(res.Control), 0)
		r.equal("events", len(res.Jobs), 4)
		r.equal("workflows", res.Workflows, []store.WorkflowEvent{{Workflow: w.ID, Name: "test", Status: workflow.Cancelled}})
		r.wantJobs(w.ID, "top: completed", "left: cancelled user", "right: cancelled user", "bottom: cancelled user", "delayed: cancelled user")
		r.wantWorkflow(w.ID, workflow.Cancelled)
		r.wantTally(w.ID, workflow.Tally{Total: 5, Completed: 1, Cancelled: 4})
		r.wantIdle()
		r.Advance(2 * time.Hour)
		r.fire()
		r.wantIdle()
	})

	check(t, open, "a job cancelled while it waited for its parents never gets them", func(r *rig) {
		jobs := diamond()
		id := r.start(jobs...)
		r.cancel(id)
		r.equal("root", r.job(jobs[0].ID).DependencyStatus, job.NoDependencies)
		r.equal("waiting", r.job(jobs[3].ID).DependencyStatus, job.Unsatisfiable)
	})

	check(t, open, "held jobs are named and may go on", func(r *rig) {
		id := r.start(task("a"), task("b"), task("c"))
		lease := r.claimLease("w7", 2)
		res := r.cancel(id)
		r.equal("held jobs", heldIDs(res.Control), jobIDs(lease.Jobs))
		for _, h := range res.Control {
			r.equal("worker", h.Worker, "w7")
			r.equal("lease", h.Fence.Lease, lease.ID)
			r.equal("epoch", h.Fence.Epoch, lease.Jobs[0].Fence.Epoch)
		}
		r.wantJobs(id, "a: running", "b: running", "c: cancelled user")
		r.wantWorkflow(id, workflow.Cancelling)
		r.equal("running", r.workflow(id).Running, 2)
	})

	check(t, open, "a success within the grace counts", func(r *rig) {
		jobs := chain(2)
		id := r.start(jobs...)
		c := r.claimOne()
		r.cancel(id)
		r.commit(completed(c, `"made it"`))
		r.wantJobs(id, "j0: completed", "j1: cancelled user")
		r.equal("result", string(r.job(jobs[0].ID).Result), `"made it"`)
		r.wantWorkflow(id, workflow.Cancelled)
		r.wantTally(id, workflow.Tally{Total: 2, Completed: 1, Cancelled: 1})
	})

	check(t, open, "an end within the grace that would be tried again makes the job cancelled", func(r *rig) {
		for _, o := range []job.Outcome{
			{Kind: job.KindCancelled}, {Kind: job.KindFailed, Error: "interrupted"}, {Kind: job.KindTimedOut}, {Kind: job.KindGivenBack},
		} {
			id := r.start(withRetry(retries(5, time.Hour), task("a"))...)
			o.Fence = r.claimOne().Fence
			r.cancel(id)
			r.commit(o)
			r.wantJobs(id, "a: cancelled user")
			r.wantWorkflow(id, workflow.Cancelled)
		}
		r.wantIdle()
	})

	check(t, open, "a permanent failure within the grace counts", func(r *rig) {
		id := r.start(task("a"))
		c := r.claimOne()
		r.cancel(id)
		r.commit(job.Outcome{Fence: c.Fence, Kind: job.KindFailed, Permanent: true})
		r.wantJobs(id, "a: failed permanent")
		r.wantWorkflow(id, workflow.Cancelled)
	})

	check(t, open, "a lease that expires within the grace leaves its job cancelled", func(r *rig) {
		id := r.start(task("a"))
		r.claimOne()
		r.cancel(id)
		r.Advance(acceptTTL + slack)
		r.expire()
		r.wantJobs(id, "a: cancelled user")
		r.wantWorkflow(id, workflow.Cancelled)
		r.wantIdle()
	})

	check(t, open, "when the grace is over, held jobs are cancelled and their outcomes are stale", func(r *rig) {
		id := r.start(task("a"), task("b"))
		lease := r.claimLease(worker, 2)
		r.accept(lease)
		r.cancel(id)
		r.Advance(grace - 2*slack)
		r.fire()
		r.wantJobs(id, "a: running", "b: running")
		r.complete(lease.Jobs[0])
		r.Advance(4 * slack)
		res := r.fire()
		r.equal("events", events(res), []string{lease.Jobs[1].Name + " cancelled"})
		r.wantWorkflow(id, workflow.Cancelled)
		r.wantTally(id, workflow.Tally{Total: 2, Completed: 1, Cancelled: 1})
		r.unchanged(id, func() { r.stale(completed1(lease.Jobs[1])) })
		r.equal("lost", r.beat(lease).Lost, true)
		r.wantRows("leases", 0)
	})

	check(t, open, "without grace, held jobs are cancelled by the next timers", func(r *rig) {
		id := r.start(task("a"))
		c := r.claimOne()
		_, err := r.s.CancelWorkflow(r.ctx, id, 0, nobody)
		r.ok(err, "cancel workflow")
		r.Advance(slack)
		r.fire()
		r.wantJobs(id, "a: cancelled user")
		r.wantWorkflow(id, workflow.Cancelled)
		r.stale(completed1(c))
	})

	check(t, open, "a workflow that has ended cannot be cancelled", func(r *rig) {
		completedID := r.start(task("a"))
		r.runToEnd()
		failedID := r.start(task("a"))
		r.commit(failedForGood(r.claimOne()))
		cancelledID := r.start(task("a"))
		r.cancel(cancelledID)
		for _, id := range []job.ID{completedID, failedID, cancelledID} {
			r.unchanged(id, func() {
				_, err := r.s.CancelWorkflow(r.ctx, id, grace, nobody)
				r.isErr("cancel", err, job.ErrWrongState)
			})
		}
	})

	check(t, open, "an unknown workflow cannot be cancelled", func(r *rig) {
		_, err := r.s.CancelWorkflow(r.ctx, job.NewID(), grace, nobody)
		r.isErr("cancel", err, job.ErrNotFound)
	})

	check(t, open, "a second cancel changes nothing, not even the grace", func(r *rig) {
		id := r.start(task("a"), task("b"))
		r.claimOne()
		r.cancel(id)
		r.unchanged(id, func() {
			res, err := r.s.CancelWorkflow(r.ctx, id, 10*grace, nobody)
			r.ok(err, "cancel again")
			r.equal("events", len(res.Jobs)+len(res.Workflows), 0)
		})
		r.Advance(grace + slack)
		r.fire()
		r.wantWorkflow(id, workflow.Cancelled)
	})

	check(t, open, "a job that waits for its retry is cancelled, and stays so", func(r *rig) {
		id := r.start(withRetry(retries(3, time.Hour), task("a"))...)
		r.commit(failed(r.claimOne()))
		r.cancel(id)
		r.wantJobs(id, "a: cancelled user")
		r.equal("attempts", r.jobs(id)[0].Attempts, 1)
		r.Advance(2 * time.Hour)
		r.fire()
		r.wantIdle()
		r.wantWorkflow(id, workflow.Cancelled)
	})

	check(t, open, "a failing workflow can be cancelled", func(r *rig) {
		id := r.start(task("bad"), task("slow"))
		got := r.claimNamed("bad", "slow")
		r.commit(failedForGood(got["bad"]))
		res := r.cancel(id)
		r.equal("held jobs", len(res.Control), 1)
		r.wantWorkflow(id, workflow.Cancelling)
		r.commit(ended(got["slow"], job.KindCancelled))
		r.wantJobs(id, "bad: failed permanent", "slow: cancelled user")
		r.wantWorkflow(id, workflow.Cancelled)
	})

	check(t, open, "a cancel leaves other workflows alone", func(r *rig) {
		other := r.start(chain(3)...)
		held := r.claimOne()
		id := r.start(chain(3)...)
		r.equal("held jobs", len(r.cancel(id).Control), 0)
		r.complete(held)
		r.equal("jobs run", r.runToEnd(), 2)
		r.wantWorkflow(other, workflow.Completed)
	})

	check(t, open, "a workflow of 2,000 jobs is cancelled at once", func(r *rig) {
		id := r.start(fan(1998)...)
		r.complete(r.claimOne())
		held := r.claim(100)
		res := r.cancel(id)
		r.equal("held jobs", heldIDs(res.Control), jobIDs(held))
		r.wantRows("ready", 0)
		r.complete(held...)
		r.wantTally(id, workflow.Tally{Total: 2000, Completed: 101, Cancelled: 1899})
		r.wantWorkflow(id, workflow.Cancelled)
	})

	check(t, open, "no job starts after a cancel, and each job ends once", func(r *rig) {
		for round := range 40 {
			id := r.start(tasks(8, "j")...)
			var leases []store.Lease
			var res store.Resolution
			var claimErr, cancelErr error
			together(
				func() {
					leases, claimErr = r.s.Claim(r.ctx, []store.Grant{{Lease: newLease(), Worker: worker, Limit: 1 + round%8}}, false)
				},
				func() { res, cancelErr = r.Second().CancelWorkflow(r.ctx, id, grace, nobody) },
			)
			r.ok(claimErr, "claim")
			r.ok(cancelErr, "cancel workflow")
			var claimed []store.Claimed
			for _, l := range leases {
				claimed = append(claimed, l.Jobs...)
			}
			r.equal("held jobs that the cancel saw", heldIDs(res.Control), jobIDs(claimed))
			r.wantIdle()
			if len(claimed) > 0 {
				r.wantWorkflow(id, workflow.Cancelling)
				r.complete(claimed...)
			}
			r.wantTally(id, workflow.Tally{Total: 8, Completed: len(claimed), Cancelled: 8 - len(claimed)})
			r.wantWorkflow(id, workflow.Cancelled)
			if r.Failed() {
				r.Fatalf("in round %d", round)
			}
		}
	})

	check(t, open, "a cancel and an outcome at the same time both count", func(r *rig) {
		for round := range 40 {
			id := r.start(chain(3)...)
			c := r.claimOne()
			var res store.Resolution
			var resolveErr, cancelErr error
			together(
				func() { res, resolveErr = r.s.Resolve(r.ctx, []job.Outcome{completed1(c)}) },
				func() { _, cancelErr = r.Second().CancelWorkflow(r.ctx, id, grace, nobody) },
			)
			r.ok(resolveErr, "resolve")
			r.ok(cancelErr, "cancel workflow")
			r.equal("verdict", res.Verdicts, []job.Verdict{job.Committed})
			r.wantIdle()
			r.wantTally(id, workflow.Tally{Total: 3, Completed: 1, Cancelled: 2})
			r.wantWorkflow(id, workflow.Cancelled)
			if r.Failed() {
				r.Fatalf("in round %d", round)
			}
		}
	})

	check(t, open, "two cancels at once cancel once", func(r *rig) {
		id := r.start(diamond()...)
		var one, two store.Resolution
		var err1, err2 error
		together(
			func() { one, err1 = r.s.CancelWorkflow(r.ctx, id, grace, nobody) },
			func() { two, err2 = r.Second().CancelWorkflow(r.ctx, id, grace, nobody) },
		)
		if err1 != nil {
			one, two, err1, err2 = two, one, err2, err1
		}
		r.ok(err1, "one of two cancels")
		r.isErr("the other", err2, job.ErrWrongState)
		r.equal("events", len(one.Jobs)+len(two.Jobs), 4)
		r.wantTally(id, workflow.Tally{Total: 4, Cancelled: 4})
	})
}
