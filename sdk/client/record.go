package client

import (
	"encoding/json"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// WorkflowRecord is a workflow as it stands. Times are UTC to the microsecond;
// a zero time has not come yet.
type WorkflowRecord struct {
	ID            job.ID
	Name          string
	Description   string
	Status        workflow.Status
	Reason        job.Reason // of its end when it did not complete, or of its cancel
	FailurePolicy workflow.FailurePolicy
	UserPaused    bool            // by PauseWorkflow
	Undecided     int             // failures that wait for Decide
	DeadlineAt    time.Time       // zero: none
	Priority      job.Priority    // of jobs without their own
	Metadata      json.RawMessage // a JSON object
	Run           int             // from 1; a retry of the workflow is the next run
	TraceID       string          // 32 hex digits
	CorrelationID string
	Schedule      string    // that made it; empty: none
	ScheduledFor  time.Time // the tick of the schedule
	Stats         Stats
	CreatedAt     time.Time
	StartedAt     time.Time // of its first job
	FinishedAt    time.Time

	ParentJobID      job.ID // that is made of it; zero: none
	ParentWorkflowID job.ID // of that job; zero: none
}

// Stats counts the jobs of a workflow. Completed, Failed, Pending, Running,
// Skipped, Cancelled and UpstreamFailed add up to Total.
type Stats struct {
	Total          int
	Completed      int
	Failed         int // failed, dead and timed out
	Pending        int // waiting for parents, a time or a worker; retrying and suspended ones too
	Running        int
	Skipped        int
	Cancelled      int
	UpstreamFailed int

	Dead      int // of Failed
	TimedOut  int // of Failed
	Retrying  int // of Pending
	Suspended int // of Pending

	// CompletionPercentage is how many of all have ended, however, in percent
	// with one decimal. It is 100 only when all have.
	CompletionPercentage float64
}

// JobRecord is a job as it stands. Times are UTC to the microsecond; a zero
// time has not come yet.
type JobRecord struct {
	ID               job.ID
	WorkflowID       job.ID // zero: it belongs to none
	WorkflowName     string
	Name             string
	Queue            string
	Payload          json.RawMessage // nil in lists
	DependsOn        []job.ID        // nil in lists
	Status           job.Status
	DependencyStatus job.DependencyStatus
	Reason           job.Reason      // of its end when it did not complete
	CauseID          job.ID          // with upstream_failed: the failure it comes from
	Error            string          // of the last attempt that failed
	Result           json.RawMessage // nil: none yet, and in lists
	Priority         job.Priority    // in effect
	OwnPriority      job.Priority    // lower when a job that inherits, and waits for it, lifted it
	Attempts         int             // that count so far, in this run
	EarlierAttempts  int             // that counted in earlier runs
	MaxAttempts      int             // in one run
	Worker           string          // that holds it, or held it last
	Progress         Progress        // of a running job whose handler told some
	TraceID          string          // 32 hex digits
	CorrelationID    string
	CreatedAt        time.Time
	ScheduledAt      time.Time // not claimable before
	StartedAt        time.Time // of its last attempt
	FinishedAt       time.Time
	Condition        string          // in CEL
	Decision         workflow.Action // about its failure; workflow.Undecided: it waits for Decide
	SpawnedBy        job.ID          // whose handler spawned it; zero: nobody's, and in lists
	Run              int             // the run of its workflow in which it was reset last; 1: never
	History          []AttemptRecord // attempts that did not complete, oldest first; nil in lists
	Evaluation       *Evaluation     // of its condition and inputs; nil: not yet, and in lists
	Runs             []RunRecord     // how earlier runs ended, oldest first; nil in lists
	Gate             *GateRecord     // nil: it is none
	Parts            *PartsRecord    // nil: it has work of its own
}

// Evaluation is what the condition and the inputs of a job came to.
type Evaluation struct {
	At    time.Time
	Value *bool           // of the condition; nil: it has none, or an error
	With  json.RawMessage // its inputs; nil: none
	Error string
}

// RunRecord is how a job stood when a retry, or a decision, reset it.
type RunRecord struct {
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

// Progress is how far a running job has come, in its handler's words. The zero
// value says that nothing was told.
type Progress struct {
	Percent float64 // 0 to 100; below 0: unknown
	Message string
}

// AttemptRecord is an attempt that did not complete.
type AttemptRecord struct {
	Attempt    int // from 1; one that was given back has the number of the next
	Worker     string
	Outcome    job.Kind
	Error      string
	StartedAt  time.Time
	FinishedAt time.Time
}

// QueueRecord is how a queue stands.
type QueueRecord struct {
	Name     string
	PausedAt time.Time   // zero: it is not paused
	Ready    int         // jobs that a worker could have now, or when the pause ends; 100,000 at most
	Running  int         // jobs in workers' hands
	Workers  int         // that serve it
	Weights  job.Weights // how its priorities share what is claimed from it
}

func workflowRecord(w store.WorkflowRecord) WorkflowRecord {
	return WorkflowRecord{
		ID: w.ID, Name: w.Name, Description: w.Description, Status: w.Status, Reason: w.Reason, FailurePolicy: w.FailurePolicy,
		UserPaused: w.UserPaused, Undecided: w.Undecided, DeadlineAt: w.DeadlineAt,
		Priority: w.Priority, Metadata: w.Metadata, Run: w.Run, TraceID: w.TraceID, CorrelationID: w.CorrelationID,
		Schedule: w.Schedule, ScheduledFor: w.ScheduledFor,
		Stats: statsOf(w), CreatedAt: w.CreatedAt, StartedAt: w.StartedAt, FinishedAt: w.FinishedAt,
		ParentJobID: w.ParentJob, ParentWorkflowID: w.ParentWorkflow,
	}
}

func statsOf(w store.WorkflowRecord) Stats {
	s := wire.StatsFromRecord(w)
	return Stats{
		Total: s.TotalJobs, Completed: s.Completed, Failed: s.Failed, Pending: s.Pending, Running: s.Running, Skipped: s.Skipped,
		Cancelled: s.Cancelled, UpstreamFailed: s.UpstreamFailed, Dead: s.Dead, TimedOut: s.TimedOut, Retrying: s.Retrying,
		Suspended: s.Suspended, CompletionPercentage: s.CompletionPercentage,
	}
}

func jobRecord(j store.JobRecord) JobRecord {
	r := JobRecord{
		ID: j.ID, WorkflowID: j.Workflow, WorkflowName: j.WorkflowName, Name: j.Name, Queue: j.Queue, Payload: j.Payload,
		DependsOn: j.DependsOn, Status: j.Status, DependencyStatus: j.DependencyStatus, Reason: j.Reason, CauseID: j.Cause,
		Error: j.Error, Result: j.Result, Priority: j.Priority, OwnPriority: j.OwnPriority, Attempts: j.Attempts, MaxAttempts: j.MaxAttempts, Worker: j.Worker,
		TraceID: j.TraceID, CorrelationID: j.CorrelationID, CreatedAt: j.CreatedAt, ScheduledAt: j.ScheduledAt,
		StartedAt: j.StartedAt, FinishedAt: j.FinishedAt,
		EarlierAttempts: j.Earlier, Condition: j.Condition, Decision: j.Decision, Run: j.Run,
		SpawnedBy: j.SpawnedBy, Gate: gateRecord(j.Gate), Parts: partsRecord(j.Parts),
	}
	if e := j.Evaluation; e != nil {
		r.Evaluation = &Evaluation{e.At, e.Value, e.With, e.Error}
	}
	for _, run := range j.Runs {
		r.Runs = append(r.Runs, RunRecord{
			run.Run, run.Status, run.Reason, run.Error, run.Attempts, run.Worker, run.Result, run.Payload, run.StartedAt, run.FinishedAt,
		})
	}
	if j.Progress != nil {
		r.Progress = Progress{j.Progress.Percent, j.Progress.Message}
	}
	for _, a := range j.History {
		r.History = append(r.History, AttemptRecord{a.Attempt, a.Worker, a.Outcome, a.Error, a.StartedAt, a.FinishedAt})
	}
	return r
}
