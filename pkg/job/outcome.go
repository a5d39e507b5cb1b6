package job

import (
	"encoding/json"
	"time"
)

// Fence identifies one claim of one job. Everything a worker says about a job
// carries it, and nothing is believed that does not match what is held now.
// Handlers may pass it on to fence their own outside effects.
type Fence struct {
	Job   ID    `json:"job"`
	Epoch int64 `json:"epoch"` // goes up whenever a claim ends without a terminal outcome
	Lease ID    `json:"lease"` // random, chosen before the claim's transaction
}

// Kind is how an attempt ended.
type Kind string

// The ways an attempt ends. The first four are reported by workers, GivenBack
// by workers and the reaper, LeaseLost by the reaper only.
const (
	KindCompleted Kind = "completed"
	KindFailed    Kind = "failed"
	KindTimedOut  Kind = "timed_out"
	KindCancelled Kind = "cancelled"  // the handler stopped because its context was cancelled
	KindGivenBack Kind = "given_back" // no worker took it; costs no attempt
	KindLeaseLost Kind = "lease_lost" // its worker went silent; costs an attempt
)

// Outcome is how one attempt ended, as its worker or the reaper reports it.
type Outcome struct {
	Fence
	Kind       Kind            `json:"kind"`
	Result     json.RawMessage `json:"result,omitempty"`      // completed: any JSON, at most MaxResult bytes
	Error      string          `json:"error,omitempty"`       // at most MaxError bytes
	Permanent  bool            `json:"permanent,omitempty"`   // failed: do not try again
	Reason     Reason          `json:"reason,omitempty"`      // with Permanent; default permanent
	RetryAfter *Duration       `json:"retry_after,omitempty"` // failed: instead of the policy's delay
	Spawned    []Spawned       `json:"-"`                     // completed: jobs that its workflow gets by that
	Expired    bool            `json:"-"`                     // set by the reaper: counts only if the lease has expired
}

// Verdict is the store's answer to an outcome.
type Verdict string

// The verdicts. After Committed and Stale the worker forgets the outcome;
// after Rejected it reports a permanent failure instead; after Retry it sends
// the outcome again.
const (
	Committed Verdict = "committed"
	Stale     Verdict = "stale"
	Rejected  Verdict = "rejected"
	Retry     Verdict = "retry"
)

// Standing is what EndAttempt needs to know of the job an outcome is about.
type Standing struct {
	Attempts   int // attempts the budget has counted so far
	GiveBacks  int // claims in a row that no worker took
	Retry      RetryPolicy
	Draining   bool // its workflow stops after a failure: what runs may end, nothing starts again
	Cancelling bool // its workflow is being cancelled
	Deadline   bool // with Cancelling: because the workflow's deadline passed
}

// cancelled is the end of a job that its workflow's cancel caught.
func (s Standing) cancelled() (Status, Reason) {
	if s.Deadline {
		return Cancelled, ReasonDeadline
	}
	return Cancelled, ReasonUser
}

// Next is what an outcome makes of its job: a terminal status, or another
// claim after Delay.
type Next struct {
	Status    Status // terminal, or Retrying, or Pending after a give-back
	Reason    Reason
	Delay     time.Duration
	Attempts  int // the new count
	GiveBacks int // the new count
}

// EndAttempt decides what outcome o makes of a job that stands at s. random is
// uniform in [0, 1) and spreads the back-off.
func EndAttempt(o Outcome, s Standing, random float64) Next {
	retry := s.Retry.WithDefaults()
	next := Next{Attempts: s.Attempts, GiveBacks: 0}
	if o.Kind == KindGivenBack {
		next.GiveBacks = s.GiveBacks + 1
		switch {
		case s.Cancelling:
			next.Status, next.Reason = s.cancelled()
		case s.Draining:
			next.Status, next.Reason = Cancelled, ReasonFailFast
		case next.GiveBacks >= MaxGiveBacks:
			next.Status, next.Reason = Dead, ReasonLeaseLost
		case s.Attempts > 0:
			next.Status = Retrying
		default:
			next.Status = Pending
		}
		return next
	}

	next.Attempts++
	if o.Kind == KindCompleted {
		next.Status = Completed
		return next
	}
	if o.Kind == KindFailed && o.Permanent {
		next.Status, next.Reason = Failed, ReasonPermanent
		if o.Reason != "" {
			next.Reason = o.Reason
		}
		return next
	}
	if s.Cancelling {
		next.Status, next.Reason = s.cancelled()
		return next
	}
	if s.Draining || next.Attempts >= retry.MaxAttempts {
		next.Status, next.Reason = lastAttempt(o.Kind)
		if s.Draining && next.Attempts < retry.MaxAttempts {
			next.Reason = ReasonFailFast
		}
		if s.Draining && o.Kind == KindCancelled { // it did as it was told
			next.Status, next.Reason = Cancelled, ReasonFailFast
		}
		return next
	}
	next.Status = Retrying
	switch {
	case o.Kind == KindLeaseLost || o.Kind == KindCancelled:
		// The job did nothing wrong: another worker may take it at once.
	case o.RetryAfter != nil:
		next.Delay = max(0, time.Duration(*o.RetryAfter))
	default:
		next.Delay = retry.Delay(next.Attempts, random)
	}
	return next
}

// lastAttempt names the end of a job whose last allowed attempt ended as k.
func lastAttempt(k Kind) (Status, Reason) {
	switch k {
	case KindTimedOut:
		return TimedOut, ReasonTimeout
	case KindLeaseLost:
		return Dead, ReasonLeaseLost
	default:
		return Dead, ReasonExhausted
	}
}
