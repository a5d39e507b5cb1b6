package workflow

import "github.com/hammerwork/hammerwork/pkg/job"

// Header is a workflow as a resolution sees it.
type Header struct {
	ID     job.ID
	Status Status
	Policy FailurePolicy
	// CancelRunning says that a failure under FailFast also stops what runs.
	CancelRunning bool
	// Failing is set by the first failure under FailFast that nothing absolves:
	// what runs drains, only spared jobs start, and it will end as failed.
	Failing bool
	// Deadline says that it is cancelling because its deadline passed: it will
	// end as failed, not as cancelled.
	Deadline bool
	// CancelFinally says that its second cancel stops finally jobs, too.
	CancelFinally bool
	// UserPaused is the switch of a user; a workflow with undecided failures is
	// paused, too.
	UserPaused bool
	// Undecided counts the failures that wait for a decision.
	Undecided int
	// Unforgiven counts the jobs that ended as a failure, or cancelled on their
	// own, and are neither tolerated nor decided to be. Some of them may be caught.
	Unforgiven int
	// Finally counts its finally jobs, Begun says that they were let run.
	Finally int
	Begun   bool
	// MaxParallel bounds how many of its jobs run, or could be claimed, at once; 0:
	// all. InFlight counts those. Its jobs have no edges, and wait for their turn.
	MaxParallel, InFlight int
	// Tolerate is how many Unforgiven jobs don't fail it; below 0: any number. It
	// is set where nothing catches and no job has edges.
	Tolerate int
	// Handlers says that it has edges with on: failure or done, Catches that it
	// has jobs that catch.
	Handlers, Catches bool
	Tally             Tally
	Known             Known
	// FinallyKnown says that its finally jobs are in the part.
	FinallyKnown bool
	// NextKnown says that its jobs that wait for their turn are in the part, up to
	// the one with this id.
	NextKnown job.ID
}

// Known is how much of a workflow is in a part.
type Known int

// The degrees of Known, each containing the one before.
const (
	KnownSome Known = iota // what else was asked for
	KnownOpen              // every job that has not ended or waits for a decision, with its edges
	KnownAll               // every job and every edge into one, with its parent
)

// Tally counts the jobs of a workflow: all, and those that ended, by status.
type Tally struct {
	Total, Completed, Failed, Dead, TimedOut, UpstreamFailed, Cancelled, Skipped int
}

// Of returns the counter of a terminal status.
func (t *Tally) Of(s job.Status) *int {
	switch s {
	case job.Completed:
		return &t.Completed
	case job.Failed:
		return &t.Failed
	case job.Dead:
		return &t.Dead
	case job.TimedOut:
		return &t.TimedOut
	case job.UpstreamFailed:
		return &t.UpstreamFailed
	case job.Cancelled:
		return &t.Cancelled
	case job.Skipped:
		return &t.Skipped
	}
	panic("workflow: no counter for status " + string(s))
}

// Ended returns how many jobs have a terminal status.
func (t Tally) Ended() int {
	return t.Completed + t.Failures() + t.Cancelled + t.Skipped
}

// Failures returns how many jobs ended as a failure.
func (t Tally) Failures() int { return t.Failed + t.Dead + t.TimedOut + t.UpstreamFailed }

// open reports whether jobs of the workflow may still move.
func (h *Header) open() bool { return !h.Status.Terminal() }

// place gives an open workflow that is not being cancelled the status that
// its pauses make.
func (h *Header) place() {
	if h.Status != Running && h.Status != Paused {
		return
	}
	h.Status = Running
	if h.UserPaused || h.Undecided > 0 {
		h.Status = Paused
	}
}

// bears reports whether the jobs that count against the workflow are no more
// than it tolerates.
func (h *Header) bears() bool { return h.Tolerate < 0 || h.Unforgiven <= h.Tolerate }

// finallyDue reports whether everything but the finally jobs may have ended: as
// many jobs have as there are others.
func (h *Header) finallyDue() bool {
	return h.Finally > 0 && !h.Begun && h.open() && h.Undecided == 0 && h.Tally.Ended() >= h.Tally.Total-h.Finally
}
