package storetest

import (
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func testFailure(t *testing.T, open Opener) {
	check(t, open, "what follows from a failure reaches jobs that another workflow of its batch depends on", func(r *rig) {
		x := task("x").WithRetry(once())
		m := task("m", x)
		d := task("d", m)
		first := r.enqueueTolerant(x, m, d, task("e", d))
		a, b := task("a").WithRetry(once()), task("b", d)
		c := task("c", a).WithRetry(once())
		c.DependsOn[0].On, c.Catch = job.OnFailure, true
		w := graph(a, b, c)
		w.FailurePolicy = workflow.Manual
		r.enqueue(w)
		got := r.claimNamed("x", "a")
		r.commit(failed(got["a"]), failed(got["x"]))
		r.checkEdges()
		_, _, err := r.s.RetryWorkflow(r.ctx, store.Retry{Workflow: first, Mode: workflow.RetryAll}, false, nobody)
		r.ok(err, "retry")
		got = r.claimNamed("x", "c")
		r.commit(failed(got["x"]), failed(got["c"]))
		r.wantJobs(first, "x: dead exhausted", "m: upstream_failed upstream", "d: upstream_failed upstream", "e: upstream_failed upstream")
		r.wantWorkflow(first, workflow.Failed)
		r.checkEdges()
		r.noUnresolvedEdges()
	})

	failFast(t, open)
	continueOnFailure(t, open)
}

func failFast(t *testing.T, open Opener) {
	check(t, open, "fail_fast: what depends on the failure is upstream_failed, all else is cancelled", func(r *rig) {
		bad, good := task("bad").WithPriority(job.High), task("good")
		child := task("child", bad)
		id := r.start(bad, good, child, task("grandchild", child), task("of-good", good), task("delayed").WithDelay(time.Hour))
		r.commit(failedForGood(r.claimOne()))
		r.wantJobs(id, "bad: failed permanent", "child: upstream_failed upstream", "grandchild: upstream_failed upstream",
			"good: cancelled fail_fast", "of-good: cancelled fail_fast", "delayed: cancelled fail_fast")
		r.wantWorkflow(id, workflow.Failed)
		r.wantTally(id, workflow.Tally{Total: 6, Failed: 1, UpstreamFailed: 2, Cancelled: 3})
	})

	check(t, open, "fail_fast: an upstream_failed job names the failure it goes back to", func(r *rig) {
		jobs := chain(4)
		r.start(jobs...)
		r.complete(r.claimOne())
		r.commit(failedForGood(r.claimOne()))
		for _, j := range jobs[2:] {
			rec := r.job(j.ID)
			r.equal("cause of "+j.Name, rec.Cause, jobs[1].ID)
			r.equal("dependency status of "+j.Name, rec.DependencyStatus, job.Unsatisfiable)
		}
	})

	check(t, open, "fail_fast: nothing is claimable after the failure, then or later", func(r *rig) {
		bad, slow := task("bad"), task("slow")
		r.start(bad, slow, task("after", slow), task("free"), task("delayed").WithDelay(time.Hour))
		got := r.claimNamed("bad", "slow", "free")
		r.commit(ended(got["free"], job.KindGivenBack))
		r.equal("queues", len(r.commit(failedForGood(got["bad"])).Queues), 0)
		r.wantIdle()
		r.equal("queues", len(r.complete(got["slow"]).Queues), 0)
		r.wantIdle()
		r.Advance(2 * time.Hour)
		r.fire()
		r.wantIdle()
	})

	check(t, open, "fail_fast: running jobs drain, and their success counts", func(r *rig) {
		bad, slow := task("bad"), task("slow")
		id := r.start(bad, slow, task("after", slow))
		got := r.claimNamed("bad", "slow")
		res := r.commit(failedForGood(got["bad"]))
		r.equal("asked to stop", len(res.Control), 0)
		rec := r.workflow(id)
		r.equal("status", rec.Status, workflow.Running)
		r.equal("failing", rec.Failing, true)
		r.equal("running", rec.Running, 1)
		r.wantJobs(id, "bad: failed permanent", "slow: running", "after: cancelled fail_fast")
		r.complete(got["slow"])
		r.wantJobs(id, "slow: completed", "after: cancelled fail_fast")
		r.wantWorkflow(id, workflow.Failed)
		r.wantTally(id, workflow.Tally{Total: 3, Failed: 1, Completed: 1, Cancelled: 1})
	})

	check(t, open, "fail_fast: a draining attempt that fails is not retried", func(r *rig) {
		id := r.start(withRetry(retries(5, time.Hour), task("bad"), task("slow"))...)
		got := r.claimNamed("bad", "slow")
		r.commit(failedForGood(got["bad"]))
		r.commit(failed(got["slow"]))
		r.wantJobs(id, "slow: dead fail_fast")
		r.wantWorkflow(id, workflow.Failed)
		r.wantRows("timers", 0)
	})

	check(t, open, "fail_fast: a draining job whose lease expires is not claimed again", func(r *rig) {
		id := r.start(withRetry(retries(5, time.Hour), task("bad").WithPriority(job.High), task("slow"))...)
		bad := r.claimOne()
		r.accept(r.claimLease(worker, 1))
		r.commit(failedForGood(bad))
		r.Advance(leaseTTL + slack)
		r.expire()
		r.wantIdle()
		r.wantJobs(id, "slow: dead fail_fast")
		r.wantWorkflow(id, workflow.Failed)
	})

	check(t, open, "fail_fast: a draining job that is given back is cancelled", func(r *rig) {
		id := r.start(task("bad"), task("slow"))
		got := r.claimNamed("bad", "slow")
		r.commit(failedForGood(got["bad"]))
		r.commit(ended(got["slow"], job.KindGivenBack))
		r.wantIdle()
		r.wantJobs(id, "slow: cancelled fail_fast")
		r.wantWorkflow(id, workflow.Failed)
	})

	check(t, open, "fail_fast: a job that waits for its retry is cancelled", func(r *rig) {
		id := r.start(withRetry(retries(5, time.Hour), task("bad"), task("again"))...)
		got := r.claimNamed("bad", "again")
		r.commit(failed(got["again"]))
		r.commit(failedForGood(got["bad"]))
		r.wantJobs(id, "again: cancelled fail_fast")
		r.wantWorkflow(id, workflow.Failed)
		r.Advance(2 * time.Hour)
		r.fire()
		r.wantIdle()
		r.wantJobs(id, "again: cancelled fail_fast")
	})

	check(t, open, "fail_fast: the workflow has failed only when its last job has ended", func(r *rig) {
		id := r.start(tasks(3, "j")...)
		got := r.claimNamed("j0", "j1", "j2")
		for _, step := range []struct {
			outcome job.Outcome
			status  workflow.Status
		}{
			{failedForGood(got["j0"]), workflow.Running},
			{completed1(got["j1"]), workflow.Running},
			{failedForGood(got["j2"]), workflow.Failed},
		} {
			res := r.commit(step.outcome)
			r.wantWorkflow(id, step.status)
			r.equal("finished", r.workflow(id).FinishedAt.IsZero(), step.status == workflow.Running)
			r.equal("told", len(res.Workflows) == 1, step.status == workflow.Failed)
		}
	})

	check(t, open, "fail_fast: a retry that succeeds in the end is no failure", func(r *rig) {
		id := r.start(withRetry(retries(3, time.Hour), chain(2)...)...)
		r.commit(failed(r.claimOne()))
		r.equal("failing", r.workflow(id).Failing, false)
		r.Advance(time.Hour + slack)
		r.fire()
		r.runToEnd()
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "fail_fast: a dead, a failed and a timed out job stop the workflow alike", func(r *rig) {
		for _, o := range []job.Outcome{{Kind: job.KindFailed}, {Kind: job.KindFailed, Permanent: true}, {Kind: job.KindTimedOut}} {
			id := r.start(withRetry(once(), task("a").WithPriority(job.High), task("b"))...)
			o.Fence = r.claimOne().Fence
			r.commit(o)
			r.wantIdle()
			r.wantJobs(id, "b: cancelled fail_fast")
			r.wantWorkflow(id, workflow.Failed)
		}
	})

	check(t, open, "fail_fast: two failures of one batch mean what they mean one after the other", func(r *rig) {
		for _, order := range [][]string{{"a", "b"}, {"b", "a"}} {
			a, b := task("a"), task("b")
			id := r.start(a, b, task("of-a", a), task("of-b", b), task("free").WithDelay(time.Hour))
			got := r.claimNamed("a", "b")
			r.commit(failedForGood(got[order[0]]), failedForGood(got[order[1]]))
			r.wantJobs(id, "of-"+order[0]+": upstream_failed upstream", "of-"+order[1]+": cancelled fail_fast", "free: cancelled fail_fast")
			r.wantWorkflow(id, workflow.Failed)
		}
	})

	check(t, open, "fail_fast: a child that became satisfied in the batch of a failure does not start", func(r *rig) {
		for _, failFirst := range []bool{true, false} {
			a, b := task("a"), task("b")
			id := r.start(a, b, task("of-b", b))
			got := r.claimNamed("a", "b")
			outcomes := []job.Outcome{completed1(got["b"]), failedForGood(got["a"])}
			if failFirst {
				outcomes[0], outcomes[1] = outcomes[1], outcomes[0]
			}
			r.equal("queues", len(r.commit(outcomes...).Queues), 0)
			r.wantIdle()
			r.wantJobs(id, "a: failed permanent", "b: completed", "of-b: cancelled fail_fast")
			r.wantWorkflow(id, workflow.Failed)
		}
	})

	check(t, open, "fail_fast: a job that was to be retried, or was given back, in the batch of a failure does not run again", func(r *rig) {
		for _, kind := range []job.Kind{job.KindFailed, job.KindGivenBack} {
			for _, failFirst := range []bool{true, false} {
				id := r.start(withRetry(retries(5, time.Hour), task("bad"), task("again"))...)
				got := r.claimNamed("bad", "again")
				outcomes := []job.Outcome{ended(got["again"], kind), failedForGood(got["bad"])}
				if failFirst {
					outcomes[0], outcomes[1] = outcomes[1], outcomes[0]
				}
				r.commit(outcomes...)
				r.wantIdle()
				want := "again: cancelled fail_fast"
				if failFirst && kind == job.KindFailed {
					want = "again: dead fail_fast" // it drained
				}
				r.wantJobs(id, "bad: failed permanent", want)
				r.wantWorkflow(id, workflow.Failed)
				r.wantRows("timers", 0)
				r.wantRows("leases", 0)
			}
		}
	})

	check(t, open, "fail_fast: a failure stops its own workflow only", func(r *rig) {
		bad := r.start(task("bad"), task("free"))
		got := r.claimNamed("bad", "free")
		r.commit(ended(got["free"], job.KindGivenBack))
		good := r.start(chain(3)...)
		r.commit(failedForGood(got["bad"]))
		r.equal("jobs run", r.runToEnd(), 3)
		r.wantWorkflow(bad, workflow.Failed)
		r.wantWorkflow(good, workflow.Completed)
	})

	check(t, open, "a failure without a workflow fails what depends on it", func(r *rig) {
		a := task("a")
		b := task("b", a)
		c := task("c", b)
		r.enqueueJobs(a, b, c, task("free"))
		got := r.claimNamed("a", "free")
		r.commit(failedForGood(got["a"]))
		r.checkEdges()
		r.wantJob(b.ID, "upstream_failed upstream")
		r.wantJob(c.ID, "upstream_failed upstream")
		r.equal("cause", r.job(c.ID).Cause, a.ID)
		r.complete(got["free"])
	})
}

func continueOnFailure(t *testing.T, open Opener) {
	check(t, open, "continue_on_failure: independent branches run on, and the workflow fails in the end", func(r *rig) {
		bad, good := task("bad"), task("good")
		id := r.enqueueTolerant(bad, good, task("of-bad", bad), task("of-good", good))
		got := r.claimNamed("bad", "good")
		r.commit(failedForGood(got["bad"]))
		r.wantJobs(id, "of-bad: upstream_failed upstream", "of-good: pending")
		r.equal("failing", r.workflow(id).Failing, false)
		r.complete(got["good"])
		r.complete(r.claimNamed("of-good")["of-good"])
		r.wantWorkflow(id, workflow.Failed)
		r.wantTally(id, workflow.Tally{Total: 4, Completed: 2, Failed: 1, UpstreamFailed: 1})
	})

	check(t, open, "continue_on_failure: a failure goes down to all that depends on it, with its first cause", func(r *rig) {
		bad := task("bad")
		b := task("b", bad)
		c := task("c", b)
		d := task("d", c, bad)
		id := r.enqueueTolerant(bad, b, c, d)
		res := r.commit(failedForGood(r.claimOne()))
		r.equal("events", len(res.Jobs), 4)
		r.equal("first event", events(res)[0], "bad failed")
		for _, j := range []*job.Job{b, c, d} {
			r.wantJob(j.ID, "upstream_failed upstream")
			r.equal("cause of "+j.Name, r.job(j.ID).Cause, bad.ID)
		}
		r.wantWorkflow(id, workflow.Failed)
	})

	check(t, open, "continue_on_failure: a job fails from upstream at once, though another parent still runs", func(r *rig) {
		bad, slow := task("bad"), task("slow")
		child := task("child", bad, slow)
		id := r.enqueueTolerant(bad, slow, child)
		got := r.claimNamed("bad", "slow")
		r.commit(failedForGood(got["bad"]))
		r.wantJob(child.ID, "upstream_failed upstream")
		r.complete(got["slow"])
		r.wantIdle()
		r.wantJob(child.ID, "upstream_failed upstream")
		r.wantWorkflow(id, workflow.Failed)
	})

	check(t, open, "continue_on_failure: the end of a workflow does not depend on the order of its outcomes", func(r *rig) {
		for _, order := range [][]string{{"a", "b", "c"}, {"c", "b", "a"}, {"b", "a", "c"}, {"b", "c", "a"}} {
			a, b, c := task("a"), task("b"), task("c")
			ab := task("ab", a, b)
			id := r.enqueueTolerant(a, b, c, ab, task("of-ab", ab), task("of-c", c), task("abc", ab, c))
			got := r.claimNamed("a", "b", "c")
			for _, name := range order {
				if name == "c" {
					r.complete(got[name])
				} else {
					r.commit(failedForGood(got[name]))
				}
			}
			r.runToEnd()
			r.wantJobs(id, "a: failed permanent", "b: failed permanent", "c: completed", "ab: upstream_failed upstream",
				"of-ab: upstream_failed upstream", "of-c: completed", "abc: upstream_failed upstream")
			r.wantWorkflow(id, workflow.Failed)
			r.wantTally(id, workflow.Tally{Total: 7, Completed: 2, Failed: 2, UpstreamFailed: 3})
		}
	})

	check(t, open, "continue_on_failure: jobs that fail are still retried", func(r *rig) {
		id := r.enqueueTolerant(withRetry(retries(2, time.Hour), task("bad"), task("flaky"))...)
		got := r.claimNamed("bad", "flaky")
		r.commit(failedForGood(got["bad"]), failed(got["flaky"]))
		r.wantJobs(id, "flaky: retrying")
		r.Advance(time.Hour + slack)
		r.fire()
		r.runToEnd()
		r.wantJobs(id, "flaky: completed")
		r.wantWorkflow(id, workflow.Failed)
	})

	check(t, open, "continue_on_failure: 1,000 descendants fail with one outcome", func(r *rig) {
		id := r.enqueueTolerant(chain(1001)...)
		res := r.commit(failedForGood(r.claimOne()))
		r.equal("events", len(res.Jobs), 1001)
		r.wantWorkflow(id, workflow.Failed)
		r.wantTally(id, workflow.Tally{Total: 1001, Failed: 1, UpstreamFailed: 1000})
	})
}
