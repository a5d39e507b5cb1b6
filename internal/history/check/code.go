package check

// Code names a promise.
type Code string

// The promises, each by how it is broken.
const (
	LostEnqueue        Code = "lost-enqueue"         // an accepted enqueue is not stored, or not whole
	StoredTwice        Code = "stored-twice"         // a workflow or job, or what a key made, is stored twice
	NotEnded           Code = "not-ended"            // something is still open at the end
	TwoOutcomes        Code = "two-outcomes"         // a job or workflow ended more than once
	OutcomeChanged     Code = "outcome-changed"      // it ended otherwise than the final state says
	UnexplainedReset   Code = "unexplained-reset"    // a job that had ended began anew, and nobody asked for it
	EarlyStart         Code = "early-start"          // a handler started before its join had said run, or a finally job before its turn
	LateStart          Code = "late-start"           // a handler started after its job had completed
	WrongCounters      Code = "wrong-counters"       // a workflow's counters are not the sums over its jobs
	WrongStatus        Code = "wrong-status"         // a workflow's status does not follow from its jobs
	WrongEdge          Code = "wrong-edge"           // an edge is missing, or its state does not follow from its parent
	WrongDependency    Code = "wrong-dependency"     // a job's end does not fit those of its parents
	WrongCondition     Code = "wrong-condition"      // a job's end does not fit what its condition came to
	TooManyAttempts    Code = "too-many-attempts"    // a job was attempted more often than it may
	WrongAttempts      Code = "wrong-attempts"       // attempts, epochs and recorded tries do not add up
	StartedTwice       Code = "started-twice"        // a handler started twice under one lease
	UnclaimedStart     Code = "unclaimed-start"      // a handler started under what no dispatcher claimed
	TwoHolders         Code = "two-holders"          // two leases held a job at once
	UnexplainedRerun   Code = "unexplained-rerun"    // nothing explains why a handler started again
	LiveLeaseLost      Code = "live-lease-lost"      // a lease was taken from a worker that was heard
	InventedAttempt    Code = "invented-attempt"     // an attempt ended as no worker reported
	InventedResult     Code = "invented-result"      // a job completed with what no handler returned
	BrokenVerdict      Code = "broken-verdict"       // a committed outcome is not in the final state
	ContraryVerdicts   Code = "contrary-verdicts"    // verdicts on one claim exclude each other
	StaleCounted       Code = "stale-counted"        // a stale outcome changed something
	StartAfterCancel   Code = "start-after-cancel"   // a job was claimed after its cancel had been accepted
	StartWhilePaused   Code = "start-while-paused"   // a job was claimed while its workflow was paused
	StartWhileDraining Code = "start-while-draining" // a worker started a handler though it was asked to stop
	PayloadChanged     Code = "payload-changed"      // a handler was given another payload than is stored
)

// Codes are all of them.
var Codes = []Code{
	LostEnqueue, StoredTwice, NotEnded, TwoOutcomes, OutcomeChanged, UnexplainedReset, EarlyStart, LateStart, WrongCounters,
	WrongStatus, WrongEdge, WrongDependency, WrongCondition, TooManyAttempts, WrongAttempts, StartedTwice, UnclaimedStart,
	TwoHolders, UnexplainedRerun, LiveLeaseLost, InventedAttempt, InventedResult, BrokenVerdict, ContraryVerdicts,
	StaleCounted, StartAfterCancel, StartWhilePaused, StartWhileDraining, PayloadChanged,
}
