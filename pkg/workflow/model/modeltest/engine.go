// Package modeltest holds whatever moves jobs and workflows to the reference
// model: random workflows, random things that happen to them, and after each of
// them the same state on both sides.
package modeltest

import (
	"encoding/json"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/model"
)

// Engine is what is held to the model, which is one itself. Jobs, and apart
// from them workflows, are known by number, in the order in which they were
// enqueued. Whatever a method says has happened, with all that follows from it
// (edges to parents that ended before are settled in the order of the children),
// when it returns. What the state does not allow is job.ErrWrongState and
// changes nothing; any other error ends the test.
type Engine interface {
	// Enqueue adds a workflow, or with spec nil jobs without one.
	Enqueue(spec *model.WorkflowSpec, jobs []model.JobSpec) error
	// Claim gives a job to a worker that accepts it.
	Claim(job int) error
	// End tells, as one batch, how attempts ended. A job that completes results
	// in model.Result; another attempt may begin at once. An outcome of a job
	// that nobody holds, or that the batch names again, is stale.
	End(batch []model.Outcome) error
	// CancelJob cancels a job, alone, and ExpireJob lets its deadline pass;
	// only of jobs that nobody holds.
	CancelJob(job int) error
	ExpireJob(job int) error
	// RetryJob runs a job without a workflow again.
	RetryJob(job int) error
	// Cancel cancels a workflow for a user or its deadline; GraceOver lets the
	// grace pass of what was told to stop.
	Cancel(workflow int, reason job.Reason) error
	GraceOver(workflow int) error
	Pause(workflow int) error
	Resume(workflow int) error
	// Decide decides about a failed job; result goes with complete.
	Decide(job int, a workflow.Action, result json.RawMessage) error
	// Retry runs a part of a workflow again; from is a job of it.
	Retry(workflow int, mode workflow.RetryMode, from int) error
	Snapshot() model.State
}

var _ Engine = (*model.World)(nil)
