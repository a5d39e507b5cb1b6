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

	check(t, open, "a held job that a failure told to stop goes on when the failure is retried, one that somebody cancelled does not", func(r *rig) {
		w := graph(withRetry(retries(5, 0), task("bad"), task("told"), task("cancelled"))...)
		w.Running = workflow.CancelRunning
		r.enqueue(w)
		lease := r.claimLease(worker, 3)
		held := map[string]store.Claimed{}
		for _, c := range lease.Jobs {
			held[c.Name] = c
		}
		_, err := r.s.PauseWorkflow(r.ctx, w.ID, nobody)
		r.ok(err, "pause")
		r.cancelJob(held["cancelled"].Fence.Job)
		r.commit(failedForGood(held["bad"]))
		r.equal("told to stop", len(r.beat(lease).Cancelled), 2)

		_, _, err = r.s.RetryWorkflow(r.ctx, store.Retry{Workflow: w.ID, Mode: workflow.RetryFailed}, false, nobody)
		r.ok(err, "retry")
		r.equal("told to stop after the retry", r.beat(lease).Cancelled, []job.ID{held["cancelled"].Fence.Job})
		for _, name := range []string{"told", "cancelled"} {
			r.commit(job.Outcome{Fence: held[name].Fence, Kind: job.KindGivenBack})
		}
		r.wantJobs(w.ID, "bad: pending", "told: pending", "cancelled: cancelled user")
	})
}
