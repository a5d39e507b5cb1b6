package explain

import (
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
)

// Code names a reason for programs.
type Code string

// The codes, in the order in which reasons are given.
const (
	Ended            Code = "ended"
	Undecided        Code = "undecided" // its failure waits for a decision
	ConditionFalse   Code = "condition_false"
	ConditionError   Code = "condition_error"
	Running          Code = "running"
	Unaccepted       Code = "unaccepted" // given to a worker that has not said yes yet
	Suspended        Code = "suspended"
	ParentsDecided   Code = "parents_decided" // these let it not run
	WaitsForParents  Code = "waits_for_parents"
	WaitsForCheck    Code = "waits_for_check" // of an edge or its condition, in the background
	WaitsForRest     Code = "waits_for_rest"  // a finally job
	Condition        Code = "condition"       // evaluated when its parents let it run
	Barrier          Code = "barrier"
	Scheduled        Code = "scheduled"
	BackOff          Code = "back_off"
	WorkflowPending  Code = "workflow_pending" // a job is made of it, which may not run yet
	WorkflowPaused   Code = "workflow_paused"
	WorkflowAwaits   Code = "workflow_undecided"
	WorkflowFailing  Code = "workflow_failing"
	WorkflowStopping Code = "workflow_cancelling"
	WorkflowEnded    Code = "workflow_ended"
	QueuePaused      Code = "queue_paused"
	NoWorker         Code = "no_worker"
	NotQueued        Code = "not_queued" // due, and not yet put where claims look
	Behind           Code = "behind"
	Next             Code = "next"
	NextOfPriority   Code = "next_of_priority" // of a queue whose priorities share claims
	Spawned          Code = "spawned"          // by the handler of another job
)

// Reason is one answer to why a job does not run.
type Reason struct {
	Code    Code
	Text    string // a sentence
	Hint    string // the command that changes it, or shows more; may be empty
	Since   time.Time
	Until   time.Time // zero: nobody knows
	Parents []store.ParentStanding
}
