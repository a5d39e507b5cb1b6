package storetest

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// retryJob runs a job without a workflow again.
func (r *rig) retryJob(id job.ID) store.Resolution {
	r.Helper()
	res, err := r.s.RetryJob(r.ctx, id, nil, nobody)
	r.ok(err, "retry job")
	return res
}

func testRetryJob(t *testing.T, open Opener) {
	testRetryJobAlone(t, open)
	testRetryJobRefused(t, open)
	testRetryJobFollows(t, open)
}

func testRetryJobAlone(t *testing.T, open Opener) {
	check(t, open, "a job without a workflow that failed runs again with a new budget, and its attempts count on", func(r *rig) {
		j := task("a").WithRetry(retries(2, time.Minute))
		r.enqueueJobs(j)
		for range 2 {
			r.commit(failed(r.claimOne()))
			r.Advance(2 * time.Minute)
			r.fire()
		}
		r.wantJob(j.ID, "dead exhausted")
		res := r.retryJob(j.ID)
		r.equal("events", events(res), []string{"a pending"})
		r.equal("queues", res.Queues, []string{queue})
		r.wantJob(j.ID, "pending")
		c := r.claimOne()
		r.equal("attempt and budget", []int{c.Attempt, c.Budget}, []int{3, 1})
		r.commit(failed(c))
		r.wantJob(j.ID, "retrying")
		r.Advance(2 * time.Minute)
		r.fire()
		r.complete(r.claimOne())
		rec := r.job(j.ID)
		r.equal("status, counted, before, run, runs", []any{rec.Status, rec.Attempts, rec.Earlier, rec.Run, len(rec.Runs)}, []any{job.Completed, 2, 2, 2, 1})
		run := rec.Runs[0]
		r.equal("the run before", []any{run.Run, run.Status, run.Reason, run.Attempts, run.Error}, []any{1, job.Dead, job.ReasonExhausted, 2, "no luck"})
	})

	check(t, open, "a retry of a job may replace its payload, and gives it a new deadline", func(r *rig) {
		j := task("a").WithRetry(once()).WithDeadline(time.Hour)
		j.Payload = json.RawMessage(`{"n": 1}`)
		r.enqueueJobs(j)
		r.commit(failed(r.claimOne()))
		r.Advance(30 * time.Minute)
		_, err := r.s.RetryJob(r.ctx, j.ID, json.RawMessage(`{"n": 2}`), store.Actor{Name: "ann", Comment: "why"})
		r.ok(err, "retry")
		rec := r.job(j.ID)
		r.equal("payloads", []string{string(rec.Payload), string(rec.Runs[0].Payload)}, []string{`{"n": 2}`, `{"n": 1}`})
		r.Advance(45 * time.Minute)
		r.fire()
		r.wantJob(j.ID, "pending")
		r.Advance(30 * time.Minute)
		r.fire()
		r.wantJob(j.ID, "timed_out deadline")
		list, err := r.s.Audit(r.ctx, j.ID, job.ID{}, 10)
		r.ok(err, "audit")
		r.equal("entries", len(list), 1)
		r.equal("entry", []any{list[0].Action, list[0].Actor, list[0].Comment, list[0].Job}, []any{"retry", "ann", "why", j.ID})
	})

	check(t, open, "a cancelled job runs again, and what its earlier claim reports is stale", func(r *rig) {
		j := task("a")
		r.enqueueJobs(j)
		c := r.claimOne()
		r.cancelJob(j.ID)
		r.Advance(grace + slack)
		r.fire()
		r.wantJob(j.ID, "cancelled user")
		r.retryJob(j.ID)
		r.stale(completed(c, `1`))
		again := r.claimOne()
		r.stale(completed(c, `1`))
		r.complete(again)
		r.wantJob(j.ID, "completed")
	})

	check(t, open, "the grace of an earlier cancel does not end a job that runs again", func(r *rig) {
		alone, one := task("alone").WithPriority(job.High), task("one")
		r.enqueueJobs(alone)
		w := graph(one)
		r.enqueue(w)
		for _, c := range r.claim(2) {
			r.cancelJob(c.Fence.Job)
			r.commit(ended(c, job.KindCancelled))
		}
		r.retryJob(alone.ID)
		r.ok(r.again(w.ID), "retry of the workflow")
		lease := r.claimLease(worker, 2)
		r.accept(lease)
		r.Advance(grace + slack)
		r.fire()
		r.wantRows("timers", 0)
		for _, c := range lease.Jobs {
			r.wantJob(c.Fence.Job, "running")
		}
	})

	check(t, open, "with a job goes what was said of its retries", func(r *rig) {
		j := task("a").WithRetry(once())
		r.enqueueJobs(j)
		r.commit(failed(r.claimOne()))
		r.retryJob(j.ID)
		r.complete(r.claimOne())
		r.age()
		r.purge(keepAll(kept))
		r.wantEmpty()
	})
}

func testRetryJobRefused(t *testing.T, open Opener) {
	refused := func(r *rig, id job.ID, what string) {
		r.Helper()
		_, err := r.s.RetryJob(r.ctx, id, nil, nobody)
		r.isErr(what, err, job.ErrWrongState)
	}

	check(t, open, "a retry of a job that stands otherwise is refused and changes nothing", func(r *rig) {
		_, err := r.s.RetryJob(r.ctx, job.NewID(), nil, nobody)
		r.isErr("an unknown job", err, job.ErrNotFound)
		waits, runs, done, skipped := task("waits").WithDelay(time.Hour), task("runs"), task("done"), task("skipped").WithCondition("false")
		r.enqueueJobs(waits, runs, done, skipped)
		r.checkEdges()
		r.complete(r.claimNamed("runs", "done")["done"])
		of := task("of").WithRetry(once())
		r.start(of)
		r.commit(failed(r.claimOne()))
		before := r.see(nil, waits.ID, runs.ID, done.ID, skipped.ID, of.ID)
		for _, j := range []*job.Job{waits, runs, done, skipped, of} {
			refused(r, j.ID, j.Name)
		}
		r.equal("what is stored", r.see(nil, waits.ID, runs.ID, done.ID, skipped.ID, of.ID), before)
		r.wantRows("audit", 0)
	})

	check(t, open, "a retry of what cannot run is refused, but not of what waits", func(r *rig) {
		parent := task("parent").WithRetry(once())
		child, cancelled := task("child", parent), task("cancelled", parent)
		r.enqueueJobs(parent, child, cancelled)
		r.cancelJob(cancelled.ID)
		r.retryJob(cancelled.ID)
		r.equal("dependency", r.job(cancelled.ID).DependencyStatus, job.Waiting)
		r.cancelJob(cancelled.ID)
		r.commit(failed(r.claimNamed("parent")["parent"]))
		refused(r, child.ID, "what could not run")
		refused(r, cancelled.ID, "what was cancelled and could not run now")
	})
}

func testRetryJobFollows(t *testing.T, open Opener) {
	check(t, open, "what could not run because of a job waits for it again", func(r *rig) {
		j := task("j").WithRetry(once())
		child, done := task("child", j), task("done").DependsOnDone(j)
		grandchild := task("grandchild", child, j)
		r.enqueueJobs(j, child, done, grandchild)
		r.commit(failed(r.claimOne()))
		r.complete(r.claimOne())
		r.wantJob(grandchild.ID, "upstream_failed upstream")
		r.retryJob(j.ID)
		for _, x := range []*job.Job{child, grandchild} {
			rec := r.job(x.ID)
			r.equal(x.Name, []any{rec.Status, rec.DependencyStatus, rec.Cause}, []any{job.Pending, job.Waiting, job.ID{}})
		}
		r.wantJob(done.ID, "completed")
		r.complete(r.claimNamed("j")["j"])
		r.complete(r.claimNamed("child")["child"])
		r.complete(r.claimNamed("grandchild")["grandchild"])
		r.wantIdle()
		r.equal("runs of the grandchild", r.job(grandchild.ID).Run, 2)
	})

	check(t, open, "what another failure keeps from running stays as it is", func(r *rig) {
		one, other := task("one").WithRetry(once()), task("other").WithRetry(once())
		both := task("both", one, other)
		after := task("after", both)
		r.enqueueJobs(one, other, both, after)
		for _, c := range r.claimAll() {
			r.commit(failed(c))
		}
		cause := r.job(both.ID).Cause
		r.retryJob(one.ID)
		r.wantJob(both.ID, "upstream_failed upstream")
		r.equal("cause", r.job(both.ID).Cause, cause)
		r.complete(r.claimOne())
		r.wantJob(after.ID, "upstream_failed upstream")
		r.wantIdle()
	})

	check(t, open, "a workflow does not run again because a job outside it does", func(r *rig) {
		j := task("j").WithRetry(once())
		r.enqueueJobs(j)
		inside := task("inside", j)
		id := r.start(inside, task("last", inside))
		r.commit(failed(r.claimOne()))
		r.checkEdges()
		r.wantWorkflow(id, workflow.Failed)
		r.retryJob(j.ID)
		r.wantWorkflow(id, workflow.Failed)
		r.complete(r.claimOne())
		r.checkEdges()
		r.wantJobs(id, "inside: upstream_failed upstream", "last: upstream_failed upstream")
	})

	check(t, open, "a retried job whose edge nobody has looked at yet is waited for", func(r *rig) {
		j := task("j").WithRetry(once())
		r.enqueueJobs(j)
		r.commit(failed(r.claimOne()))
		child := task("child", j)
		r.enqueueJobs(child)
		r.retryJob(j.ID)
		r.checkEdges()
		r.equal("the child", r.job(child.ID).DependencyStatus, job.Waiting)
		r.complete(r.claimNamed("j")["j"])
		r.claimNamed("child")
	})

	check(t, open, "a retry takes hundreds of jobs along", func(r *rig) {
		jobs := fan(600)
		jobs[0].WithRetry(once())
		r.enqueueJobs(jobs...)
		r.commit(failed(r.claimOne()))
		r.wantIdle()
		r.retryJob(jobs[0].ID)
		r.equal("jobs that ran", r.runToEnd(), len(jobs))
	})

	check(t, open, "an edge that changed while a job is retried undoes the retry", func(r *rig) {
		j := task("j").WithRetry(once())
		child := task("child", j)
		r.enqueueJobs(j, child)
		r.commit(failed(r.claimOne()))
		err := r.meddle("reopen_edges", "UPDATE edges SET state = 'unresolved'", func() error {
			_, err := r.s.RetryJob(r.ctx, j.ID, nil, nobody)
			return err
		})
		r.equal("refused", err != nil, true)
		r.equal("statuses", slices.Collect(func(yield func(job.Status) bool) {
			_ = yield(r.job(j.ID).Status) && yield(r.job(child.ID).Status)
		}), []job.Status{job.Dead, job.UpstreamFailed})
	})
}
