package job

import "time"

// Bar is something that keeps a job from being claimed.
type Bar string

// The bars.
const (
	BarEnded     Bar = "ended"     // its status is terminal
	BarHeld      Bar = "held"      // a worker has it
	BarSuspended Bar = "suspended" // its parts run, or it waits for a signal
	BarParents   Bar = "parents"   // its join, its condition or its turn as a finally job is undecided
	BarTime      Bar = "time"      // it is not due
	BarWorkflow  Bar = "workflow"  // its workflow is paused, or lets nothing like it start any more
	BarQueue     Bar = "queue"     // its queue is paused
)

// Prospect is all that decides whether a job can be claimed.
type Prospect struct {
	Status        Status // Running when held
	Dependencies  DependencyStatus
	Due           time.Time
	Now           time.Time // by the database's clock
	WorkflowStops bool      // see workflow.Header.Stops
	QueuePaused   bool
}

// Claimable reports whether a worker that serves the queue may be given the
// job: what a claim gives is claimable, and what is claimable is given in the
// order of priority, due time and id.
func Claimable(p Prospect) bool { return len(p.Bars()) == 0 }

// Bars returns everything that keeps the job from being claimed.
func (p Prospect) Bars() []Bar {
	var bars []Bar
	switch {
	case p.Status.Terminal():
		return []Bar{BarEnded}
	case p.Status == Running:
		return []Bar{BarHeld}
	case p.Status == Suspended:
		bars = append(bars, BarSuspended)
	}
	if p.Dependencies != NoDependencies && p.Dependencies != Satisfied {
		bars = append(bars, BarParents)
	}
	if p.Due.After(p.Now) {
		bars = append(bars, BarTime)
	}
	if p.WorkflowStops {
		bars = append(bars, BarWorkflow)
	}
	if p.QueuePaused {
		bars = append(bars, BarQueue)
	}
	return bars
}
