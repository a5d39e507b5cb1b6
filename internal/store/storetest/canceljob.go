package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// cancelJob cancels a job with the suite's grace.
func (r *rig) cancelJob(id job.ID) store.Resolution {
	r.Helper()
	res, err := r.s.CancelJob(r.ctx, id, grace)
	r.ok(err, "cancel job")
	return res
}

func testCancelJob(t *testing.T, open Opener) {
	testCancelFreeJob(t, open)
	testCancelHeldJob(t, open)
	testCancelJobFollows(t, open)
}

func testCancelFreeJob(t *testing.T, open Opener) {
	check(t, open, "a claimable job is cancelled at once", func(r *rig) {
		j := task("a")
		r.enqueueJobs(j)
		res := r.cancelJob(j.ID)
		r.equal("events", events(res), []string{"a cancelled"})
		r.equal("reason", res.Jobs[0].Reason, job.ReasonUser)
		r.equal("control", len(res.Control), 0)
		r.wantJob(j.ID, "cancelled user")
		r.wantRows("ready", 0)
		r.wantIdle()
	})

	check(t, open, "a delayed job is cancelled at once and its time brings nothing", func(r *rig) {
		j := task("a").WithDelay(time.Hour)
		r.enqueueJobs(j)
		r.cancelJob(j.ID)
		r.wantJob(j.ID, "cancelled user")
		r.wantRows("timers", 0)
		r.Advance(2 * time.Hour)
		r.fire()
		r.wantIdle()
	})

	check(t, open, "a retrying job is cancelled at once and keeps its last error", func(r *rig) {
		j := task("a").WithRetry(retries(3, time.Hour))
		r.enqueueJobs(j)
		r.commit(failed(r.claimOne()))
		r.cancelJob(j.ID)
		r.wantJob(j.ID, "cancelled user")
		r.equal("error", r.job(j.ID).Error, "no luck")
		r.Advance(2 * time.Hour)
		r.fire()
		r.wantIdle()
	})

	check(t, open, "a job that waits for its parents is cancelled at once and never gets them", func(r *rig) {
		jobs := diamond()
		r.enqueueTolerant(jobs...)
		r.cancelJob(jobs[3].ID)
		r.wantJob(jobs[3].ID, "cancelled user")
		r.equal("dependency status", r.job(jobs[3].ID).DependencyStatus, job.Unsatisfiable)
		r.equal("jobs that run", r.runToEnd(), 3)
		r.wantJob(jobs[3].ID, "cancelled user")
	})

	check(t, open, "a job of a paused queue can be cancelled", func(r *rig) {
		j := task("a")
		r.enqueueJobs(j)
		r.ok(r.s.PauseQueue(r.ctx, queue), "pause")
		r.cancelJob(j.ID)
		r.wantJob(j.ID, "cancelled user")
	})

	check(t, open, "an unknown job is not found", func(r *rig) {
		_, err := r.s.CancelJob(r.ctx, job.NewID(), grace)
		r.isErr("cancel", err, job.ErrNotFound)
	})

	check(t, open, "a job that has ended cannot be cancelled, and stays as it is", func(r *rig) {
		id := r.start(withRetry(once(), task("a"))...)
		r.complete(r.claimOne())
		r.unchanged(id, func() {
			_, err := r.s.CancelJob(r.ctx, r.jobs(id)[0].ID, grace)
			r.isErr("cancel", err, job.ErrWrongState)
		})
	})

	check(t, open, "a job that was cancelled cannot be cancelled again", func(r *rig) {
		id := r.start(task("a"))
		r.cancelJob(r.jobs(id)[0].ID)
		r.unchanged(id, func() {
			_, err := r.s.CancelJob(r.ctx, r.jobs(id)[0].ID, grace)
			r.isErr("cancel", err, job.ErrWrongState)
		})
	})

	check(t, open, "a cancel of unknown outcome can be repeated", func(r *rig) {
		for _, mode := range []BreakMode{CommitHappened, CommitRefused} {
			j := task("a")
			r.enqueueJobs(j)
			r.BreakCommit(mode)
			if _, err := r.s.CancelJob(r.ctx, j.ID, grace); err == nil {
				r.Fatalf("the broken commit went unnoticed")
			}
			_, err := r.s.CancelJob(r.ctx, j.ID, grace)
			if mode == CommitHappened {
				r.isErr("repeated", err, job.ErrWrongState)
			} else {
				r.ok(err, "repeated")
			}
			r.wantJob(j.ID, "cancelled user")
		}
	})
}

func testCancelHeldJob(t *testing.T, open Opener) {
	hold := func(r *rig, jobs ...*job.Job) (job.ID, store.Lease) {
		id := r.enqueueTolerant(jobs...)
		lease := r.claimLease("w7", everything)
		r.accept(lease)
		return id, lease
	}

	check(t, open, "a held job goes on and its worker is named", func(r *rig) {
		_, lease := hold(r, task("a"))
		c := lease.Jobs[0]
		res := r.cancelJob(c.Fence.Job)
		r.equal("control", res.Control, []store.Held{{Fence: c.Fence, Worker: "w7"}})
		r.equal("events", len(res.Jobs), 0)
		r.equal("timer", res.Timer, true)
		r.wantJob(c.Fence.Job, "running")
	})

	check(t, open, "the heartbeat of a held job's worker says to stop it, and only it", func(r *rig) {
		_, lease := hold(r, task("a"), task("b"))
		r.equal("before", r.beat(lease), store.Beaten{Lease: lease.ID})
		r.cancelJob(lease.Jobs[1].Fence.Job)
		r.equal("after", r.beat(lease), store.Beaten{Lease: lease.ID, Cancelled: []job.ID{lease.Jobs[1].Fence.Job}})
	})

	check(t, open, "a held job without a workflow is said to stop, too", func(r *rig) {
		r.enqueueJobs(task("a"))
		lease := r.claimLease(worker, 1)
		r.cancelJob(lease.Jobs[0].Fence.Job)
		r.equal("beat", r.beat(lease).Cancelled, jobIDs(lease.Jobs))
	})

	check(t, open, "a held job that completes within the grace is completed", func(r *rig) {
		id, lease := hold(r, task("a"))
		r.cancelJob(lease.Jobs[0].Fence.Job)
		r.commit(completed(lease.Jobs[0], `"made it"`))
		r.wantJobs(id, "a: completed")
		r.wantWorkflow(id, workflow.Completed)
		r.Advance(grace + slack)
		r.unchangedBut(id, "timers", func() { r.fire() })
	})

	for _, o := range []job.Outcome{
		{Kind: job.KindCancelled},
		{Kind: job.KindFailed, Error: "interrupted"},
		{Kind: job.KindTimedOut},
		{Kind: job.KindGivenBack},
	} {
		check(t, open, fmt.Sprintf("a held job that ends as %s within the grace is cancelled, not tried again", o.Kind), func(r *rig) {
			id, lease := hold(r, withRetry(retries(5, time.Hour), task("a"))...)
			r.cancelJob(lease.Jobs[0].Fence.Job)
			o := o
			o.Fence = lease.Jobs[0].Fence
			res := r.commit(o)
			r.equal("events", events(res), []string{"a cancelled"})
			r.wantJobs(id, "a: cancelled user")
			r.wantWorkflow(id, workflow.Failed)
			r.wantRows("leases", 0)
			r.wantIdle()
		})
	}

	check(t, open, "a held job that fails for good within the grace is failed", func(r *rig) {
		id, lease := hold(r, task("a"))
		r.cancelJob(lease.Jobs[0].Fence.Job)
		r.commit(failedForGood(lease.Jobs[0]))
		r.wantJobs(id, "a: failed permanent")
	})

	check(t, open, "a held job whose worker goes silent is cancelled, not tried again", func(r *rig) {
		id, lease := hold(r, withRetry(retries(5, time.Hour), task("a"))...)
		_, err := r.s.CancelJob(r.ctx, lease.Jobs[0].Fence.Job, 10*leaseTTL)
		r.ok(err, "cancel")
		r.Advance(leaseTTL + slack)
		r.expire()
		r.wantJobs(id, "a: cancelled user")
		r.wantIdle()
	})

	check(t, open, "a held job that nobody accepted is cancelled when its lease expires", func(r *rig) {
		id := r.enqueueTolerant(task("a"))
		c := r.claimOne()
		r.cancelJob(c.Fence.Job)
		r.Advance(acceptTTL + slack)
		r.expire()
		r.wantJobs(id, "a: cancelled user")
		r.wantIdle()
	})

	check(t, open, "when the grace is over a held job is cancelled and its outcome is stale", func(r *rig) {
		id, lease := hold(r, task("a"), task("b"))
		first, other := lease.Jobs[0], lease.Jobs[1]
		r.cancelJob(first.Fence.Job)
		r.Advance(grace - 2*slack)
		r.fire()
		r.wantJob(first.Fence.Job, "running")
		r.Advance(4 * slack)
		res := r.fire()
		r.equal("events", events(res), []string{first.Name + " cancelled"})
		r.equal("control", res.Control, []store.Held{{Fence: first.Fence, Worker: "w7"}})
		r.unchanged(id, func() { r.stale(completed1(first)) })
		r.equal("revoked", r.beat(lease).Revoked, []job.ID{first.Fence.Job})
		r.complete(other)
		r.wantWorkflow(id, workflow.Failed)
		r.wantRows("leases", 0)
		r.wantRows("timers", 0)
		history := r.job(first.Fence.Job).History
		r.equal("attempts", len(history), 1)
		r.equal("outcome", history[0].Outcome, job.KindCancelled)
	})

	check(t, open, "the next timer is the end of the grace", func(r *rig) {
		_, lease := hold(r, task("a"))
		r.cancelJob(lease.Jobs[0].Fence.Job)
		r.isNear("next", r.next(), grace)
	})

	check(t, open, "without grace a held job is cancelled by the next timers", func(r *rig) {
		id, lease := hold(r, task("a"))
		_, err := r.s.CancelJob(r.ctx, lease.Jobs[0].Fence.Job, 0)
		r.ok(err, "cancel")
		r.fire()
		r.wantJobs(id, "a: cancelled user")
	})

	check(t, open, "cancelling a held job again changes nothing and names its worker again", func(r *rig) {
		id, lease := hold(r, task("a"))
		r.cancelJob(lease.Jobs[0].Fence.Job)
		r.unchanged(id, func() {
			res, err := r.s.CancelJob(r.ctx, lease.Jobs[0].Fence.Job, 0)
			r.ok(err, "cancel again")
			r.equal("control", res.Control, []store.Held{{Fence: lease.Jobs[0].Fence, Worker: "w7"}})
			r.equal("timer", res.Timer, false)
		})
	})

	check(t, open, "a job that is cancelled after its lease was lost is not the old worker's any more", func(r *rig) {
		_, lease := hold(r, task("a"))
		r.Advance(leaseTTL + slack)
		r.expire()
		res := r.cancelJob(lease.Jobs[0].Fence.Job)
		r.equal("control", len(res.Control), 0)
		r.wantJob(lease.Jobs[0].Fence.Job, "cancelled user")
	})

	check(t, open, "a cancel of the workflow after that of a held job keeps the first grace", func(r *rig) {
		id, lease := hold(r, task("a"))
		_, err := r.s.CancelJob(r.ctx, lease.Jobs[0].Fence.Job, grace/2)
		r.ok(err, "cancel job")
		r.cancel(id)
		r.Advance(grace/2 + slack)
		r.fire()
		r.wantJobs(id, "a: cancelled user")
		r.wantWorkflow(id, workflow.Cancelled)
	})

	check(t, open, "the grace of many held jobs ends in as many statements as that of one", func(r *rig) {
		count := func(n int) int {
			r.enqueueJobs(tasks(n, "j")...)
			for _, c := range r.claimInLeases(n) {
				r.cancelJob(c.Fence.Job)
			}
			r.Advance(grace + slack)
			cost := r.cost(func() { r.equal("done", r.fire().Done, n) })
			r.equal("claimable", r.runToEnd(), 0)
			return cost
		}
		count(1)
		one := count(1)
		r.equal("statements for 100 jobs", count(100), one)
	})
}

func testCancelJobFollows(t *testing.T, open Opener) {
	check(t, open, "what needs a cancelled job's success is upstream_failed, and the workflow fails at its end", func(r *rig) {
		jobs := append(chain(3), task("free"))
		id := r.enqueueTolerant(jobs...)
		res := r.cancelJob(jobs[0].ID)
		r.equal("events", events(res), []string{"j0 cancelled", "j1 upstream_failed", "j2 upstream_failed"})
		r.wantJobs(id, "j0: cancelled user", "j1: upstream_failed upstream", "j2: upstream_failed upstream")
		r.equal("cause", r.job(jobs[2].ID).Cause, jobs[0].ID)
		r.wantWorkflow(id, workflow.Running)
		r.equal("jobs that run", r.runToEnd(), 1)
		r.wantWorkflow(id, workflow.Failed)
		r.wantTally(id, workflow.Tally{Total: 4, Completed: 1, Cancelled: 1, UpstreamFailed: 2})
	})

	check(t, open, "under fail_fast a cancelled job's children stop the workflow", func(r *rig) {
		parent := task("parent")
		id := r.start(parent, task("child", parent), task("free"))
		r.cancelJob(parent.ID)
		r.wantJobs(id, "parent: cancelled user", "child: upstream_failed upstream", "free: cancelled fail_fast")
		r.wantWorkflow(id, workflow.Failed)
	})

	check(t, open, "under fail_fast a cancelled job without children lets the others run", func(r *rig) {
		a, b := task("a"), task("b")
		id := r.start(a, b)
		r.cancelJob(a.ID)
		r.equal("jobs that run", r.runToEnd(), 1)
		r.wantJobs(id, "a: cancelled user", "b: completed")
		r.wantWorkflow(id, workflow.Failed)
	})

	check(t, open, "under fail_fast a cancelled job leaves delayed, retrying and held ones as they are", func(r *rig) {
		a := task("a")
		id := r.start(withRetry(retries(3, 2*time.Hour), a, task("delayed").WithDelay(time.Hour), taskOn("ant", "again"), taskOn("bee", "held"))...)
		r.commit(failed(r.claimOne("ant")))
		held := r.claimLease("w7", 1, "bee")
		r.cancelJob(a.ID)
		r.wantJobs(id, "a: cancelled user", "delayed: pending", "again: retrying", "held: running")
		r.wantIdle()
		r.complete(held.Jobs[0])
		r.Advance(time.Hour + slack)
		r.fire()
		r.complete(r.claimNamed("delayed")["delayed"])
		r.Advance(time.Hour)
		r.fire()
		r.complete(r.claimNamed("again")["again"])
		r.wantWorkflow(id, workflow.Failed)
		r.tallyMatches(id)
	})

	check(t, open, "the last open job's cancel ends its workflow", func(r *rig) {
		a, b := task("a"), task("b")
		id := r.start(a, b)
		r.complete(r.claimOne())
		rest := a.ID
		if r.job(a.ID).Status.Terminal() {
			rest = b.ID
		}
		res := r.cancelJob(rest)
		r.equal("workflows", res.Workflows, []store.WorkflowEvent{{Workflow: id, Name: "test", Status: workflow.Failed}})
	})

	check(t, open, "a child in another workflow follows by an edge check", func(r *rig) {
		parent := task("parent")
		r.enqueueJobs(parent)
		child := task("child", parent)
		id := r.start(child)
		r.checkEdges()
		res := r.cancelJob(parent.ID)
		r.equal("checks", res.Checks, true)
		r.checkEdges()
		r.wantJobs(id, "child: upstream_failed upstream")
		r.wantWorkflow(id, workflow.Failed)
	})

	check(t, open, "a cancel and a claim at the same time: held and told to stop, or never claimed", func(r *rig) {
		for range 30 {
			j := task("a")
			r.enqueueJobs(j)
			var claimed []store.Claimed
			var res store.Resolution
			var claimErr, cancelErr error
			together(
				func() { claimed, claimErr = r.claimVia(r.s, worker, 1) },
				func() { res, cancelErr = r.Second().CancelJob(r.ctx, j.ID, grace) },
			)
			r.ok(claimErr, "claim")
			r.ok(cancelErr, "cancel")
			r.equal("told to stop", len(res.Control), len(claimed))
			if len(claimed) == 1 {
				r.commit(ended(claimed[0], job.KindCancelled))
			}
			r.wantJob(j.ID, "cancelled user")
		}
	})

	check(t, open, "a cancel and an outcome at the same time: one of them ends the job", func(r *rig) {
		for range 30 {
			id := r.enqueueTolerant(task("a"), task("b"))
			c := r.claimAll()
			var verdicts store.Resolution
			var resolveErr, cancelErr error
			together(
				func() { verdicts, resolveErr = r.s.Resolve(r.ctx, endings(c, completed1)) },
				func() { _, cancelErr = r.Second().CancelJob(r.ctx, c[0].Fence.Job, grace) },
			)
			r.ok(resolveErr, "resolve")
			if cancelErr != nil {
				r.isErr("cancel", cancelErr, job.ErrWrongState)
			}
			r.equal("verdicts", verdicts.Verdicts, []job.Verdict{job.Committed, job.Committed})
			r.wantWorkflow(id, workflow.Completed)
			r.tallyMatches(id)
		}
	})

	check(t, open, "cancels of all jobs of a graph at the same time end it with matching counts", func(r *rig) {
		for range 10 {
			jobs := fan(8)
			id := r.enqueueTolerant(jobs...)
			r.each(len(jobs), func(i int, s store.Store) error {
				_, err := s.CancelJob(r.ctx, jobs[i].ID, grace)
				if err != nil && r.job(jobs[i].ID).Status.Terminal() {
					return nil // another cancel reached it
				}
				return err
			})
			r.wantWorkflow(id, workflow.Failed)
			r.tallyMatches(id)
			r.wantRows("ready", 0)
		}
	})

	check(t, open, "cancelling a job takes no statement for each job that follows", func(r *rig) {
		count := func(n int) int {
			first := task("first")
			r.enqueueTolerant(append([]*job.Job{first}, tasks(n, "j", first)...)...)
			return r.cost(func() { r.equal("events", len(r.cancelJob(first.ID).Jobs), n+1) })
		}
		count(1)
		one := count(1)
		r.equal("statements for 1,000 children", count(1000), one)
	})
}

// unchangedBut is unchanged but for the number of rows of a table.
func (r *rig) unchangedBut(id job.ID, table string, f func()) {
	r.Helper()
	before := r.see([]job.ID{id})
	f()
	after := r.see([]job.ID{id})
	before.Rows[table] = after.Rows[table]
	r.equal("what is stored", after, before)
}
