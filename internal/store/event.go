package store

import (
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// EventSettled is how old an event of an open workflow is before it is told:
// until then one that happened before it may still be committed.
const EventSettled = time.Second

// EventKind is what kind of thing happened. Things that happened to one job at
// the same time are in this order.
type EventKind int

// The kinds.
const (
	WorkflowCreated EventKind = iota
	ActionTaken               // by somebody, or by a deadline for them
	JobStarted                // an attempt of it
	AttemptEnded              // otherwise than by completing
	JobEnded
	WorkflowEnded
)

// EventPlace is where an event stands in the order of events: by time, then by
// id, then by kind, but the end of the workflow after all else of its time. The
// zero place is before all.
type EventPlace struct {
	At   time.Time
	ID   job.ID // of the workflow, the job, or the entry of the audit
	Kind EventKind
}

// EventRecord is something that happened in a workflow. Events are made of what
// is stored anyway: what is not, like attempts that were given back unseen, is
// not among them.
type EventRecord struct {
	EventPlace
	Job     job.ID // zero: the workflow
	Name    string // of the job, or of the workflow
	Status  string // the new status; the outcome of an attempt; the action
	Reason  job.Reason
	Error   string
	Worker  string
	Attempt int // counts on over all runs; 0: none
	Actor   string
	Comment string
}
