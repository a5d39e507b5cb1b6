package workflow

import "github.com/hammerwork/hammerwork/pkg/job"

// EdgeState is how far an edge is. It leaves EdgeUnresolved once, when its
// parent ends.
type EdgeState string

// The states of an edge.
const (
	EdgeUnresolved EdgeState = "unresolved"
	EdgeActive     EdgeState = "active"   // the parent ended as the edge asks
	EdgeInactive   EdgeState = "inactive" // it ended otherwise, benignly
	EdgeBroken     EdgeState = "broken"   // it failed where success was needed
)

// Settle returns the state of an edge whose parent ended with status.
// status must be terminal.
func Settle(on job.On, parent job.Status) EdgeState {
	switch on {
	case job.OnDone:
		return EdgeActive
	case job.OnFailure:
		if parent.Failure() {
			return EdgeActive
		}
		return EdgeInactive
	default:
		switch {
		case parent == job.Completed:
			return EdgeActive
		case parent == job.Skipped:
			return EdgeInactive
		default:
			return EdgeBroken
		}
	}
}

// Counts are the edges into one job by state. Unresolved counts every edge,
// the others leave out what an optional edge does not count: broken and
// inactive.
type Counts struct {
	Unresolved, Active, Inactive, Broken int
}

// resolve moves one edge from unresolved to state.
func (c *Counts) resolve(state EdgeState, optional bool) {
	c.Unresolved--
	switch {
	case state == EdgeActive:
		c.Active++
	case optional:
	case state == EdgeInactive:
		c.Inactive++
	default:
		c.Broken++
	}
}

// reopen moves one edge from state back to unresolved.
func (c *Counts) reopen(state EdgeState, optional bool) {
	c.Unresolved++
	switch {
	case state == EdgeActive:
		c.Active--
	case optional:
	case state == EdgeInactive:
		c.Inactive--
	default:
		c.Broken--
	}
}

// Decision is what a join says.
type Decision int

// The decisions.
const (
	Wait             Decision = iota // undecided
	Run                              // may be claimed
	Skip                             // benign end: skipped
	FailFromUpstream                 // ends as upstream_failed
)

// Decide is the one place with join rules. A broken edge beats an inactive
// one, and an inactive edge never decides early, so the decision is a function
// of the parents' final states, whatever their order.
func Decide(join job.Join, c Counts) Decision {
	resolved := c.Unresolved == 0
	switch join.Rule {
	case job.JoinDone:
		if resolved {
			return Run
		}
		return Wait
	case job.JoinAny, job.JoinQuorum:
		need := 1
		if join.Rule == job.JoinQuorum {
			need = join.Quorum
		}
		switch {
		case c.Active >= need:
			return Run
		case !resolved:
			return Wait
		case c.Broken > 0:
			return FailFromUpstream
		default:
			return Skip
		}
	case job.JoinMerge:
		switch {
		case c.Broken > 0:
			return FailFromUpstream
		case !resolved:
			return Wait
		case c.Active > 0:
			return Run
		default:
			return Skip
		}
	default: // all
		switch {
		case c.Broken > 0:
			return FailFromUpstream
		case !resolved:
			return Wait
		case c.Inactive > 0:
			return Skip
		default:
			return Run
		}
	}
}
