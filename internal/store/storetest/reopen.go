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
}
