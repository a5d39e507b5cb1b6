package store

import (
	"context"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// MaxPage bounds the rows of one page of a list.
const MaxPage = 500

// MaxLooked bounds the rows that a page of a list is chosen from.
const MaxLooked = 5000

// MaxCounted bounds what is counted of the ready jobs of a queue.
const MaxCounted = 100_000

// MaxWaiting bounds the jobs among which a page of workflows counts those that
// wait.
const MaxWaiting = 10_000

// MaxIDAge is how much older the id of a job or workflow may be than the row, by
// the clock of who made the id, and a list of what was stored since some time
// still has it. Such a list ends there, however many older rows there are.
const MaxIDAge = time.Hour

// Lister answers lists, newest first, in pages. Each call looks at MaxLooked
// rows at most, however many are stored: a page may be shorter than asked for,
// or empty, and not be the last. Only a zero next says that it is; else it is
// the last id that was looked at.
type Lister interface {
	// Workflows returns workflows without their jobs, by id, newest first.
	// Retrying and Suspended count among the first MaxWaiting jobs of a page.
	Workflows(ctx context.Context, f WorkflowFilter) (page []WorkflowRecord, next job.ID, err error)
	// Jobs returns jobs by id, newest first, without their payloads, results
	// and attempts. Those of one workflow are looked for among its jobs alone,
	// the last of its definition first.
	Jobs(ctx context.Context, f JobFilter) (page []JobRecord, next job.ID, err error)
	// Dependencies returns the direct parents and children of a job, at most
	// MaxPage of each, or ErrNotFound.
	Dependencies(ctx context.Context, id job.ID) (Dependencies, error)
	// Queues returns every queue that has claimable jobs, is paused, has weights,
	// is in the hands of a worker or is served by name, by name. A worker that was not
	// seen within WorkerSilent, or drains, serves none.
	Queues(ctx context.Context) ([]QueueRecord, error)
	// Workers returns the workers seen within the last ten minutes, by name.
	Workers(ctx context.Context) ([]WorkerRecord, error)
}

// WorkflowFilter chooses workflows. A zero field chooses all.
type WorkflowFilter struct {
	Status workflow.Status
	Name   string
	Parent job.ID    // of a job: those that it is made of
	All    bool      // also those that jobs are made of
	Since  time.Time // created at or after, see MaxIDAge
	After  job.ID    // the next of the page before; zero: the start
	Limit  int       // 1 to MaxPage
}

// JobFilter chooses jobs. A zero field chooses all.
type JobFilter struct {
	Queue      string
	Status     job.Status // Running: held
	Dependency job.DependencyStatus
	Priority   *job.Priority
	Workflow   job.ID
	Since      time.Time // created at or after, see MaxIDAge
	After      job.ID    // the next of the page before; zero: the start
	Limit      int       // 1 to MaxPage
}

// Dependencies are the edges of a job.
type Dependencies struct {
	Parents  []DependencyRecord // by id
	Children []DependencyRecord // by id
	More     bool               // there are more than are listed
}

// DependencyRecord is an edge and the job at its other end.
type DependencyRecord struct {
	Job      job.ID
	Workflow job.ID // zero: none
	Name     string
	Queue    string
	Status   job.Status // Running when held
	On       job.On
	Optional bool
	State    workflow.EdgeState
}

// QueueRecord is how a queue stands.
type QueueRecord struct {
	Name     string
	PausedAt time.Time // zero: not paused
	Weights  job.Weights
	Ready    int // jobs that a worker could have now, or when the pause ends; MaxCounted at most
	Running  int // jobs held under a lease
	Workers  int // workers that serve it by name or serve every queue, seen within WorkerSilent, and do not drain
}

// WorkerSeen is what a dispatcher knows of a worker that it heard from.
type WorkerSeen struct {
	Name     string
	Queues   []string // which it serves; nil: every queue
	Slots    int      // jobs it runs side by side
	Draining bool     // it takes no more
}

// WorkerRecord is a worker as last seen.
type WorkerRecord struct {
	WorkerSeen
	Running     int // jobs it holds
	FirstSeenAt time.Time
	LastSeenAt  time.Time
}
