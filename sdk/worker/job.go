package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// Job is a job in a handler's hands.
type Job struct {
	Fence         job.Fence // id, epoch and lease of this claim
	WorkflowID    job.ID    // zero: the job has no workflow
	WorkflowName  string
	Name          string
	Queue         string
	Payload       json.RawMessage
	Attempt       int // from 1
	MaxAttempts   int
	Timeout       time.Duration // of this attempt; 0: none
	Priority      job.Priority
	TraceID       string
	TraceParent   string // W3C; the attempt's own span when tracing is on
	CorrelationID string

	parents  []Parent // inline results, by parent id
	fetch    fetcher  // nil: parents has them all
	log      *slog.Logger
	progress *progress // nil: nobody listens
	spawned  *spawned  // nil: nothing can be spawned
}

// Parent is how a direct parent of a job ended.
type Parent struct {
	ID     job.ID          `json:"id"`
	Name   string          `json:"name"`
	Status job.Status      `json:"status"`
	Result json.RawMessage `json:"result"` // null when it has none
}

// fetcher reads a page of parents' results: all from after the cursor, or the
// one with a name.
type fetcher func(ctx context.Context, name string, after job.ID) (page []Parent, next job.ID, err error)

// ID returns the job's id.
func (j *Job) ID() job.ID { return j.Fence.Job }

// Decode reads the payload into v. The error is Permanent, names the field at
// fault and shows nothing of the payload.
func (j *Job) Decode(v any) error { return Permanent(decode(j.Payload, v)) }

// Log returns the worker's logger with the ids of the job and its attempt.
func (j *Job) Log() *slog.Logger {
	if j.log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return j.log
}

// Progress tells how far the job has come, for people who look: percent from 0
// to 100, below 0 when it is unknown, and a message of at most 500 bytes, longer
// ones keep their beginning. It travels with the
// worker's heartbeats, at most once a second; a later call replaces an earlier
// one that was not sent. It does not wait for the network, may be called from
// any goroutine and as often as you like, and does nothing after the handler has
// returned.
func (j *Job) Progress(percent float64, message string) {
	if j.progress != nil {
		j.progress.set(percent, message)
	}
}

// ParentResults goes through the direct parents in the order of their ids.
// Results that were too large to come with the job are fetched page by page.
// It stops at the first error, which it yields.
func (j *Job) ParentResults(ctx context.Context) iter.Seq2[Parent, error] {
	return func(yield func(Parent, error) bool) {
		if j.fetch == nil {
			for _, p := range j.parents {
				if !yield(p, nil) {
					return
				}
			}
			return
		}
		var after job.ID
		for {
			page, next, err := j.fetch(ctx, "", after)
			if err != nil {
				yield(Parent{}, fmt.Errorf("fetch parents' results: %w", err))
				return
			}
			for _, p := range page {
				if !yield(p, nil) {
					return
				}
			}
			if next == (job.ID{}) {
				return
			}
			after = next
		}
	}
}

// Parent returns the direct parent with this name, or job.ErrNotFound.
func (j *Job) Parent(ctx context.Context, name string) (Parent, error) {
	parents := j.parents
	if j.fetch != nil {
		page, _, err := j.fetch(ctx, name, job.ID{})
		if err != nil {
			return Parent{}, fmt.Errorf("fetch result of parent %s: %w", name, err)
		}
		parents = page
	}
	for _, p := range parents {
		if p.Name == name {
			return p, nil
		}
	}
	return Parent{}, fmt.Errorf("parent %s: %w", name, job.ErrNotFound)
}
