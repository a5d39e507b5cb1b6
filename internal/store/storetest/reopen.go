package storetest

import (
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func testReopen(t *testing.T, open Opener) {
	check(t, open, "a retry whose jobs end at once reopens their edges and resolves them again", func(r *rig) {
		outside := task("outside")
		outside.Retry = &job.RetryPolicy{MaxAttempts: 1}
		r.enqueueJobs(outside)
		r.resolve(failed(r.claimOne()))
		first := task("first", outside)
		id := r.start(first, task("last", first))
		r.checkEdges()
		r.wantWorkflow(id, "failed")

		_, _, err := r.s.RetryWorkflow(r.ctx, store.Retry{Workflow: id, Mode: workflow.RetryAll}, false, nobody)
		r.ok(err, "retry")
		r.wantWorkflow(id, "failed")
		r.wantTally(id, workflow.Tally{Total: 2, UpstreamFailed: 2})
		r.equal("broken edges", len(r.query("SELECT state FROM edges WHERE state = 'broken'")), 2)
		r.equal("remembered runs", len(r.query("SELECT job_id FROM job_runs")), 2)
	})

	check(t, open, "a workflow is retried when what its failure told to stop has ended, and that runs again", func(r *rig) {
		w, held := r.stopped(withRetry(retries(1, 0), task("bad"), task("told"))...)
		_, _, err := r.s.RetryWorkflow(r.ctx, store.Retry{Workflow: w, Mode: workflow.RetryFailed}, false, nobody)
		r.isErr("retry before that", err, job.ErrWrongState)
		r.commit(job.Outcome{Fence: held["told"].Fence, Kind: job.KindCancelled})
		r.retryFailed(w)
		r.wantJobs(w, "bad: pending", "told: pending")
	})

	check(t, open, "what a failure tells to stop after a retry has the whole grace", func(r *rig) {
		w, held := r.stopped(withRetry(retries(1, 0), task("bad"), task("told"))...)
		r.commit(job.Outcome{Fence: held["told"].Fence, Kind: job.KindCancelled})
		r.retryFailed(w)
		_, err := r.s.ResumeWorkflow(r.ctx, w, nobody)
		r.ok(err, "resume")
		r.Advance(grace / 2)
		r.fire()
		held = r.claimNames()
		r.commit(failedForGood(held["bad"]))
		r.Advance(grace/2 + slack)
		r.fire()
		r.wantJobs(w, "bad: failed permanent", "told: running")
		r.Advance(grace)
		r.fire()
		r.wantJobs(w, "bad: failed permanent", "told: cancelled fail_fast")
	})

	check(t, open, "a retry leaves the grace of a job that somebody cancelled", func(r *rig) {
		w := graph(withRetry(retries(1, 0), task("bad"), task("cancelled"))...)
		r.enqueue(w)
		held := r.claimNames()
		_, err := r.s.PauseWorkflow(r.ctx, w.ID, nobody)
		r.ok(err, "pause")
		r.cancelJob(held["cancelled"].Fence.Job)
		r.commit(failedForGood(held["bad"]))
		r.retryFailed(w.ID)
		r.Advance(grace + slack)
		r.fire()
		r.wantJobs(w.ID, "bad: pending", "cancelled: cancelled user")
	})

	check(t, open, "the grace of a job's cancel is not that of its next run", func(r *rig) {
		w := graph(withRetry(retries(1, 0), task("bad"), task("again"))...)
		w.Running = workflow.CancelRunning
		r.enqueue(w)
		held := r.claimNames()
		r.cancelJob(held["again"].Fence.Job)
		r.commit(job.Outcome{Fence: held["again"].Fence, Kind: job.KindCancelled})
		r.complete(held["bad"])
		_, _, err := r.s.RetryWorkflow(r.ctx, store.Retry{Workflow: w.ID, Mode: workflow.RetryAll}, false, nobody)
		r.ok(err, "retry")
		held = r.claimNames()
		r.Advance(grace / 2)
		r.commit(failedForGood(held["bad"]))
		r.Advance(grace/2 + slack)
		r.fire()
		r.wantJobs(w.ID, "bad: failed permanent", "again: running")
	})
}

// stopped lets two jobs, of which one is called bad, be held, and bad fail in a
// workflow that then tells the other to stop, while somebody has paused it.
func (r *rig) stopped(jobs ...*job.Job) (id job.ID, held map[string]store.Claimed) {
	r.Helper()
	w := graph(jobs...)
	w.Running = workflow.CancelRunning
	r.enqueue(w)
	held = r.claimNames()
	_, err := r.s.PauseWorkflow(r.ctx, w.ID, nobody)
	r.ok(err, "pause")
	r.commit(failedForGood(held["bad"]))
	return w.ID, held
}

// claimNames claims what can be, by names.
func (r *rig) claimNames() map[string]store.Claimed {
	r.Helper()
	held := map[string]store.Claimed{}
	for _, c := range r.claimLease(worker, 10).Jobs {
		held[c.Name] = c
	}
	return held
}

func (r *rig) retryFailed(w job.ID) {
	r.Helper()
	_, _, err := r.s.RetryWorkflow(r.ctx, store.Retry{Workflow: w, Mode: workflow.RetryFailed}, false, nobody)
	r.ok(err, "retry")
}
