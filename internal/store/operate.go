package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// Operator does what people ask for.
type Operator interface {
	// CancelJob ends a job that nobody holds as cancelled, reason user, with
	// all that follows; a held one is listed in Control, may end by itself
	// within grace, and is cancelled then. ErrNotFound, or job.ErrWrongState
	// when it has ended. Cancelling a job again changes nothing.
	CancelJob(ctx context.Context, id job.ID, grace time.Duration) (Resolution, error)
	// RetryJob runs a job without a workflow again that failed by itself or was
	// cancelled, or a batch that completed with failed items, of which it runs those, with a new budget of attempts and, unless it is empty, another
	// payload. What is upstream_failed because of it alone, and has no workflow
	// either, waits for it again. ErrNotFound, or job.ErrWrongState when the job
	// belongs to a workflow, stands otherwise, or could not run again.
	RetryJob(ctx context.Context, id job.ID, payload json.RawMessage, by Actor) (Resolution, error)
	// PauseQueue stops claims from a queue, which need not exist; what runs
	// goes on. Pausing a paused queue keeps its first time.
	PauseQueue(ctx context.Context, name string) error
	// ResumeQueue lets claims go on and says which queue to hint at.
	ResumeQueue(ctx context.Context, name string) (Resolution, error)
	// SetQueueWeights lets the priorities of a queue, which need not exist, share
	// what is claimed from it from now on; the zero Weights are strict.
	SetQueueWeights(ctx context.Context, name string, w job.Weights) error
}

// Registrar remembers workers, for people who look.
type Registrar interface {
	// SeeWorkers stores that workers were heard from now, all in one statement,
	// and forgets those unseen for a day. One that comes back after WorkerAway
	// is seen for the first time again.
	SeeWorkers(ctx context.Context, seen []WorkerSeen) error
}

// WorkerAway is how long a worker may be unseen until it counts as gone.
const WorkerAway = 10 * time.Minute

// WorkerSilent is how long a worker may be unseen until it does not count as
// one that serves its queues: it speaks every few seconds while it lives.
const WorkerSilent = 30 * time.Second

// MaxKey bounds the value of an idempotency key, in bytes.
const MaxKey = 255

// Key makes an enqueue idempotent: unique per queue for jobs, among all
// workflows for workflows. The zero Key is none.
type Key struct {
	Value string
	Hash  [32]byte // of the request; the same key with another hash is ErrKeyReused
}

// ErrKeyReused says that an idempotency key came with another request before.
var ErrKeyReused = errors.New("idempotency key was used for another request")

// ErrUnavailable says that the database cannot be reached now. What was asked
// of it may have happened; asking again is safe.
var ErrUnavailable = errors.New("the database cannot be reached")

// ErrNoMigration says that there is no migration to take back.
var ErrNoMigration = errors.New("no migration is applied")

// ErrOlderSchema says that the database's schema is older than this build's.
var ErrOlderSchema = errors.New("the database's schema is older than this version of hammerwork")
