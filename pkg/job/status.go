package job

// Status is where a job stands. Its text is the same in SQL, JSON, metrics
// and messages.
type Status string

// The statuses of a job. Running is derived from a lease and never stored.
const (
	Pending        Status = "pending"         // waits for parents, for its time, or for a worker
	Running        Status = "running"         // held under a lease
	Retrying       Status = "retrying"        // an attempt failed; waits until scheduled_at
	Suspended      Status = "suspended"       // waits for its parts or for a signal; holds no worker slot
	Completed      Status = "completed"       // done, result stored
	Failed         Status = "failed"          // a permanent error
	Dead           Status = "dead"            // attempts exhausted
	TimedOut       Status = "timed_out"       // the last attempt, or the deadline, ran out of time
	Cancelled      Status = "cancelled"       // by a user, by policy, by its workflow
	Skipped        Status = "skipped"         // benign: a condition or a branch said no
	UpstreamFailed Status = "upstream_failed" // something it needs failed
)

// TerminalStatuses lists every status a job can end with, in the order tables
// and reports show them.
var TerminalStatuses = []Status{Completed, Failed, Dead, TimedOut, UpstreamFailed, Cancelled, Skipped}

// Terminal reports whether s is an end: a terminal status never changes within
// a run of its workflow.
func (s Status) Terminal() bool {
	switch s {
	case Completed, Failed, Dead, TimedOut, Cancelled, Skipped, UpstreamFailed:
		return true
	}
	return false
}

// Failure reports whether s is a failure in the sense of joins and failure
// policies. Cancelled and skipped are not failures.
func (s Status) Failure() bool {
	switch s {
	case Failed, Dead, TimedOut, UpstreamFailed:
		return true
	}
	return false
}

// Valid reports whether s is one of the statuses above.
func (s Status) Valid() bool {
	switch s {
	case Pending, Running, Retrying, Suspended:
		return true
	}
	return s.Terminal()
}

// DependencyStatus tells how far a job's parents are.
type DependencyStatus string

// The dependency statuses. A job is claimable only under NoDependencies and
// Satisfied.
const (
	NoDependencies DependencyStatus = "none"      // it has no parents
	Waiting        DependencyStatus = "waiting"   // its join is undecided
	Satisfied      DependencyStatus = "satisfied" // its join said run, or skip
	Unsatisfiable  DependencyStatus = "failed"    // upstream_failed, or cancelled while waiting
)

// Reason says, for machines, why a job ended as it did. Empty for completed.
type Reason string

// The reasons a terminal job carries.
const (
	ReasonExhausted      Reason = "exhausted"        // the last allowed attempt failed
	ReasonPermanent      Reason = "permanent"        // the handler said: do not retry
	ReasonTimeout        Reason = "timeout"          // the last allowed attempt ran out of time
	ReasonDeadline       Reason = "deadline"         // the job's or workflow's deadline passed
	ReasonUpstream       Reason = "upstream"         // a parent it needs failed
	ReasonParentDeleted  Reason = "parent_deleted"   // a parent was deleted before its edge was looked at
	ReasonFailFast       Reason = "fail_fast"        // its workflow stopped after a failure
	ReasonUser           Reason = "user"             // somebody cancelled it
	ReasonLeaseLost      Reason = "lease_lost"       // its worker was lost on the last allowed attempt
	ReasonResultTooLarge Reason = "result_too_large" // the handler's result is over MaxResult
	ReasonBranch         Reason = "branch"           // no edge into it became active
	ReasonConditionFalse Reason = "condition_false"  // its condition said no
	ReasonConditionError Reason = "condition_error"  // its condition could not be evaluated
	ReasonInputError     Reason = "input_error"      // one of its inputs could not be worked out
	ReasonRejected       Reason = "rejected"         // somebody rejected it
	ReasonExpired        Reason = "expired"          // nobody answered in time
	ReasonParts          Reason = "parts"            // what it is made of failed
)
