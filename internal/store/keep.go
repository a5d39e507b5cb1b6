package store

import (
	"context"
	"errors"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// Keeper deletes what was kept for long enough, and what people ask it to. All
// of it may be called by any number of schedulers at once.
type Keeper interface {
	// Purge takes one step of a pass over all that is stored: it looks at up to
	// limit workflows or jobs, oldest first, and deletes up to limit jobs of
	// those that ended longer ago than r allows. The zero Place begins a pass;
	// next is where to go on, zero when the pass is over. A place that is lost
	// costs a second look, nothing else. After an error next leads past the
	// stage that failed, for who gives up on it in this pass; from is for who
	// tries again.
	//
	// A job is kept while a child of it outside its workflow has not ended, and
	// so is a workflow that has such a job. A workflow is hidden first, then
	// deleted in as many steps as it takes: a step that is lost is taken again,
	// whatever r is then. One whose enqueue began over BuildAway ago and never
	// came to its end is deleted too. done is what was committed, also when
	// there is an error.
	Purge(ctx context.Context, r Retention, from Place, limit int) (done Purged, next Place, err error)
	// DeleteWorkflow hides a workflow at once; Purge deletes it. ErrNotFound;
	// job.ErrWrongState when it has not ended; ErrNeeded; ErrPartsRun.
	DeleteWorkflow(ctx context.Context, id job.ID) error
}

// ErrPartsRun says that a workflow has ended, and something that one of its jobs
// is made of has not: the job ended before it, and cancels it.
var ErrPartsRun = errors.New("what its jobs are made of has not ended yet")

// ErrNeeded says that a job outside a workflow, which has not ended, depends on
// one of its jobs.
var ErrNeeded = errors.New("a job that has not ended depends on it")

// BuildAway is how long an enqueue in several transactions may take.
const BuildAway = time.Hour

// Retention is how long what has ended is kept: by its status, a workflow like
// a job, since it ended. 0 keeps it for ever.
type Retention struct {
	Completed, Failed, Dead, TimedOut, UpstreamFailed, Cancelled, Skipped time.Duration

	// Keys is how long an idempotency key is kept at least. It is never deleted
	// before what it made.
	Keys time.Duration

	// Ticks is how long it is kept what became of a tick of a schedule, since
	// that was decided. A backfill makes again what is not known any more.
	Ticks time.Duration
}

// DefaultRetention keeps what completed for 7 days, and idempotency keys, ticks
// for 90, and everything else for 30.
func DefaultRetention() Retention {
	const day = 24 * time.Hour
	return Retention{
		Completed: 7 * day, Failed: 30 * day, Dead: 30 * day, TimedOut: 30 * day, UpstreamFailed: 30 * day,
		Cancelled: 30 * day, Skipped: 30 * day, Keys: 7 * day, Ticks: 90 * day,
	}
}

// Of returns how long a terminal status is kept; 0 for ever.
func (r Retention) Of(s job.Status) time.Duration {
	switch s {
	case job.Completed:
		return r.Completed
	case job.Failed:
		return r.Failed
	case job.Dead:
		return r.Dead
	case job.TimedOut:
		return r.TimedOut
	case job.UpstreamFailed:
		return r.UpstreamFailed
	case job.Cancelled:
		return r.Cancelled
	case job.Skipped:
		return r.Skipped
	}
	return 0
}

// Place is how far a pass of Purge has come. Its fields are the store's own.
type Place struct {
	Stage int
	At    int64 // of the last one that was looked at
	ID    job.ID
}

// Purged counts what was deleted.
type Purged struct{ Workflows, Jobs, Keys, Ticks int }
