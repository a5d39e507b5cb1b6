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
	// Enqueue adds a workflow, whose jobs are complete; one without an ID stands
	// for jobs that have none. Neither may be changed.
	Enqueue(w *workflow.Workflow) error
	// Claim gives a job to a worker that accepts it.
	Claim(job int) error
	// End tells, as one batch, how attempts ended; another attempt may begin at
	// once. An outcome of a job that nobody holds, or that the batch names again,
	// is stale.
	End(batch []model.Outcome) error
	// EndAlone ends a job that nobody holds: cancelled, because of a user, or
	// timed_out, because of its deadline.
	EndAlone(job int, status job.Status, reason job.Reason) error
	// Cancel cancels a workflow for a user or its deadline; GraceOver lets the
	// grace pass of what was told to stop.
	Cancel(workflow int, reason job.Reason) error
	GraceOver(workflow int) error
	// Pause turns a user's switch on or off.
	Pause(workflow int, on bool) error
	// Decide decides about a failed job; result goes with complete.
	Decide(job int, a workflow.Action, result json.RawMessage) error
	// Retry runs a part of a workflow again; from is a job of it.
	Retry(workflow int, mode workflow.RetryMode, from int) error
	Snapshot() model.State
}

// Workless is an Engine that also has gates, and jobs that are made of others.
// What a job is made of is a workflow, too; it and its jobs get the numbers that
// follow when the job is enqueued, or, for a map, when its list is known. After
// whatever happened, and after edges to parents that ended before, each such job
// and what it is made of see each other until nothing follows, the job with the
// lowest number first.
type Workless interface {
	// Answer answers a gate: an approval that is open is approved or rejected, a
	// signal gets a payload, which waits for it to open.
	Answer(job int, approve bool, payload json.RawMessage) error
	// Elapse lets the time pass that an open gate waits for at most.
	Elapse(job int) error
}

// Spawner is an Engine whose jobs may spawn others.
type Spawner interface {
	// Spawn tells that an attempt completed whose handler spawned jobs, which are
	// complete and may not be changed. The new ones get the numbers that follow;
	// edges into jobs that were there before come last.
	Spawn(o model.Outcome) error
}

// Unreliable is an Engine whose changes may meet a crash.
type Unreliable interface {
	// Break makes the commit of what comes next fail, before or after it
	// happened. The engine has to find out.
	Break(happened bool)
}

var (
	_ Engine   = (*model.World)(nil)
	_ Workless = (*model.World)(nil)
	_ Spawner  = (*model.World)(nil)
)
