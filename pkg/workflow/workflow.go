package workflow

import (
	"encoding/json"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// Status is where a workflow stands.
type Status string

// The statuses of a workflow.
const (
	Pending    Status = "pending"    // its start time is ahead
	Running    Status = "running"    // from its commit on
	Paused     Status = "paused"     // nothing new starts until somebody acts
	Cancelling Status = "cancelling" // what runs may still end within the grace
	Completed  Status = "completed"
	Failed     Status = "failed"
	Cancelled  Status = "cancelled"
)

// Terminal reports whether s is an end.
func (s Status) Terminal() bool { return s == Completed || s == Failed || s == Cancelled }

// FailurePolicy says what a failure does to the rest of its workflow.
type FailurePolicy string

// The failure policies. FailFast is the default.
const (
	FailFast          FailurePolicy = "fail_fast"           // what runs drains, nothing new starts
	ContinueOnFailure FailurePolicy = "continue_on_failure" // everything that the joins allow still runs
	Manual            FailurePolicy = "manual"              // the workflow pauses for a decision
)

// Drain says what a failure under FailFast does to jobs that run.
type Drain string

// The values of Drain. DrainRunning is the default.
const (
	DrainRunning  Drain = "drain"  // they go on to the end of their attempt
	CancelRunning Drain = "cancel" // they are told to stop, and cancelled when the grace is over
)

// Workflow is a graph of jobs with common settings. Build it with NewWorkflow
// and the chained methods, or fill the fields; Validate completes and checks
// it.
type Workflow struct {
	ID                  job.ID // chosen by NewWorkflow
	Name                string
	Description         string
	Metadata            json.RawMessage // a JSON object; empty means {}
	FailurePolicy       FailurePolicy   // empty: FailFast
	Running             Drain           // what fail_fast does to what runs; empty: DrainRunning
	DecisionTimeout     time.Duration   // manual: DecisionDefault holds after it; 0: never
	DecisionDefault     Action          // empty: ActionCancel
	Priority            *job.Priority   // of jobs without their own; nil: normal
	Retry               *job.RetryPolicy
	Timeout             time.Duration // the deadline, from the enqueue; 0: none
	HealthCheckInterval time.Duration // report a stall when nothing moved for this long; 0: never
	TraceID             string        // 32 hex digits; empty: chosen at the enqueue
	CorrelationID       string
	Schedule            *Schedule  // nil: runs once, when it is enqueued, unless jobs have crons
	Scheduled           *Scheduled // nil: no schedule made it
	Jobs                []*job.Job

	stage, before []*job.Job   // the stage being filled, and the one it waits for
	direct        []dependency // what the builder made between the two
	barrier       *job.Job     // stands between the two; nil: none
	err           error        // metadata could not be encoded
}
