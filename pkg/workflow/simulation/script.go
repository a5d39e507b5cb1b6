package simulation

import (
	"encoding/json"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Attempt is what a handler is asked to do.
type Attempt struct {
	Job     *job.Job
	Path    string          // its name; within a job that is a workflow with that job's before it: report/draw
	Number  int             // from 1; it counts on when a decision lets the job run again
	Payload json.RawMessage // with what its inputs came to
}

// Handler says how long an attempt takes and how it ends, unless its timeout,
// a deadline or a cancel ends it before. The outcome's fence does not matter.
type Handler func(a Attempt) (took time.Duration, o job.Outcome)

// Answer is what a gate is answered. The zero value is none: it waits until its
// time has passed.
type Answer struct {
	Approve, Reject bool            // of an approval
	Payload         json.RawMessage // of a signal; empty: none is sent
}

// Script is what a simulation cannot know.
type Script struct {
	Handle Handler
	// Decide says what is decided at once about a job whose failure waits for a
	// decision; result goes with ActionComplete. Nil or an empty action: nobody
	// decides. ActionRetry is taken once for each job.
	Decide func(name string) (a workflow.Action, result json.RawMessage)
	// Answer says what a gate is answered at once, that is known by the path of an
	// Attempt. Nil: every approval is approved, no signal is sent.
	Answer  func(path string, g *job.Gate) Answer
	Workers int             // how many attempts run side by side; 0: any number
	Start   time.Time       // of the enqueue: conditions and scheduled times ask for it
	Limits  workflow.Limits // of the workflow with what its jobs spawn
}
