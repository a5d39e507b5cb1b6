package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Steerer does to workflows what people ask for. Each call is one transaction
// that also writes who did it; one that changes nothing writes nothing.
type Steerer interface {
	// CancelWorkflow makes jobs that nobody holds cancelled, but finally jobs;
	// Control lists the held ones, which may end by themselves within grace.
	// ErrNotFound, or ErrWrongState when the workflow has ended. Cancelling a
	// cancelling workflow stops its finally jobs, too, once.
	CancelWorkflow(ctx context.Context, id job.ID, grace time.Duration, by Actor) (Resolution, error)
	// PauseWorkflow keeps jobs of a workflow from being claimed until it is
	// resumed; held ones go on. ErrNotFound, or ErrWrongState when it has ended
	// or is being cancelled. Pausing a paused workflow changes nothing.
	PauseWorkflow(ctx context.Context, id job.ID, by Actor) (Resolution, error)
	// ResumeWorkflow takes a pause back. ErrWrongState when failures wait for a
	// decision, or the workflow has ended. Resuming one that is not paused
	// changes nothing.
	ResumeWorkflow(ctx context.Context, id job.ID, by Actor) (Resolution, error)
	// Decide applies a decision about a failure that waits for one. ErrNotFound,
	// or ErrWrongState when it does not wait for one; ErrNoObject, ErrUnread.
	Decide(ctx context.Context, d Decision, by Actor) (Resolution, error)
	// RetryWorkflow runs a part of a workflow again that has ended or is
	// paused, or, with dry set, only says which. ErrNotFound, ErrWrongState when
	// it still runs, a worker holds a job that it would reset, or nothing of it
	// is to be run again; ErrNoObject, ErrUnread.
	RetryWorkflow(ctx context.Context, o Retry, dry bool, by Actor) (RetryPlan, Resolution, error)
}

// Actor is who does something, and why.
type Actor struct {
	Name    string // of a person, a token or a program; empty: nobody said
	Comment string // at most job.MaxError bytes
}

// Decision is what is decided about a failed job.
type Decision struct {
	Workflow job.ID
	Job      job.ID
	Action   workflow.Action
	Payload  json.RawMessage // ActionRetry: instead of the one it had; empty: that
	Result   json.RawMessage // ActionComplete; empty: null
}

// Retry is what of a workflow is to be run again.
type Retry struct {
	Workflow job.ID
	Mode     workflow.RetryMode
	From     job.ID                     // RetryFrom
	Payloads map[job.ID]json.RawMessage // of jobs that are reset, instead of theirs; others are ErrWrongState
}

// RetryPlan is what a retry resets.
type RetryPlan struct {
	Run  int // the number that the workflow's next run has
	Jobs []PlannedJob
}

// PlannedJob is a job that a retry resets.
type PlannedJob struct {
	ID     job.ID
	Name   string
	Status job.Status // before
	// SpawnedBy is the name of the job whose handler spawned it; empty: none.
	SpawnedBy string
}

// AuditRecord is something that somebody did, or a deadline for them.
type AuditRecord struct {
	ID       job.ID // in the order of time
	At       time.Time
	Actor    string
	Action   string // cancel, pause, resume, retry, decide.skip, decide.complete, …
	Workflow job.ID // or the job, if it belongs to none
	Job      job.ID // zero: the workflow
	Comment  string
}

// Cause is a failure with what could not run because of it.
type Cause struct {
	Job    job.ID
	Name   string // empty: it is not stored any more
	Status job.Status
	Error  string
	Count  int // how many jobs are upstream_failed because of it
}

// Standing is all that bears on whether a job can be claimed.
type Standing struct {
	Now             time.Time // by the database's clock
	Job             JobRecord
	Join            job.Join
	Counts          workflow.Counts
	Parents         []ParentStanding
	More            int // parents that are not listed
	Spawner         Spawner
	WorkflowStatus  workflow.Status
	WorkflowFailing bool
	UserPaused      bool
	Undecided       int // failures of the workflow that wait for a decision
	QueuePaused     bool
	Spared          bool        // it may start in a workflow that fails
	Queued          bool        // it has its place where claims look
	Ahead           int         // jobs of its queue that are claimed before it, counted up to 1,000; with weights only those of its priority
	Weights         job.Weights // of its queue
	Unchecked       bool        // an edge into it, or its condition, waits to be looked at
	Lease           *LeaseStanding
	Workers         int // live workers that serve its queue
}

// LeaseStanding is the lease under which a job is held.
type LeaseStanding struct {
	ID        job.ID
	Worker    string
	Accepted  bool
	ClaimedAt time.Time
	ExpiresAt time.Time
}

// ParentStanding is an edge into a job.
type ParentStanding struct {
	Job      job.ID
	Workflow job.ID
	Name     string // empty: it is not stored any more
	Status   job.Status
	On       job.On
	Optional bool
	State    workflow.EdgeState
	Spawner  Spawner // zero: it was not spawned
}

// Spawner is the job whose handler spawned another one.
type Spawner struct {
	ID   job.ID
	Name string
}

// Evaluation is what the condition and the inputs of a job came to.
type Evaluation struct {
	At     time.Time
	Value  *bool           // of the condition; nil: it has none, or an error
	Digest string          // of the inputs
	With   json.RawMessage // what its handler finds in the payload besides; empty: nothing
	Error  string
}

// RunRecord is how a job stood when a retry of its workflow, or a decision,
// reset it.
type RunRecord struct {
	Epoch      int64 // until when
	Run        int
	Status     job.Status
	Reason     job.Reason
	Error      string
	Attempts   int
	Worker     string
	Result     json.RawMessage
	Payload    json.RawMessage // set when another one replaced it
	StartedAt  time.Time       // zero: never
	FinishedAt time.Time
}
