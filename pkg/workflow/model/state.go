package model

import (
	"encoding/json"
	"fmt"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// JobSpec is a job to be enqueued. Jobs are known by number, in the order in
// which they were enqueued.
type JobSpec struct {
	Parents      []Parent
	Join         job.Join
	AllowFailure bool
	Finally      bool
	Catch        bool
	Barrier      bool
	Condition    string // speaks of its parents as JobName calls them
	Unmet        job.Unmet
	Attempts     int // how many are allowed
}

// Parent is an edge into a job, from one enqueued before.
type Parent struct {
	Job      int
	On       job.On
	Optional bool
}

// WorkflowSpec is a workflow to be enqueued.
type WorkflowSpec struct {
	Policy        workflow.FailurePolicy
	CancelRunning bool
}

// Outcome is how an attempt ended: completed, failed, timed_out, cancelled, lease_lost or
// given_back.
type Outcome struct {
	Job       int
	Kind      job.Kind
	Permanent bool // with failed
}

// JobName is the name by which conditions speak of a job.
func JobName(i int) string { return fmt.Sprintf("j%d", i) }

// Result is what every job that completes by itself results in.
var Result = json.RawMessage(`{"ok":true}`)

// State is all that can be seen of a world.
type State struct {
	Jobs      []JobState
	Edges     []workflow.EdgeState // in the order of their children, then as these name them
	Workflows []WorkflowState
}

// JobState is a job as it stands.
type JobState struct {
	Workflow int // -1: none
	Status   job.Status
	Deps     job.DependencyStatus
	Reason   job.Reason
	Cause    int // -1: none; only of upstream_failed jobs
	Counts   workflow.Counts
	Spared   bool
	Decision workflow.Action
	Attempts int
	Runnable bool // can be claimed
}

// WorkflowState is a workflow as it stands.
type WorkflowState struct {
	Status     workflow.Status
	Failing    bool
	UserPaused bool
	Undecided  int
	Tally      workflow.Tally
}

// Snapshot returns how everything stands.
func (w *World) Snapshot() State {
	var s State
	for f, h := range w.flows {
		state := WorkflowState{Status: h.status, Failing: h.failing, UserPaused: h.userPaused, Undecided: w.undecided(f)}
		for _, n := range w.of(f) {
			state.Tally.Total++
			if n.status.Terminal() {
				*state.Tally.Of(n.status)++
			}
		}
		s.Workflows = append(s.Workflows, state)
	}
	for i, n := range w.jobs {
		state := JobState{
			Workflow: n.workflow, Status: w.shown(i), Deps: n.deps, Reason: n.reason, Cause: -1, Counts: w.in(i),
			Spared: n.spared, Decision: n.decision, Attempts: n.attempts, Runnable: w.runnable(i),
		}
		if n.status == job.UpstreamFailed {
			state.Cause = n.cause
		}
		s.Jobs = append(s.Jobs, state)
	}
	for _, e := range w.edges {
		s.Edges = append(s.Edges, e.state)
	}
	return s
}
