package client

import (
	"context"
	"fmt"
	"iter"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// PartsRecord is what a job is made of, as it stands.
type PartsRecord struct {
	Kind        workflow.PartsKind
	Mode        workflow.BatchMode // of a batch
	Over        string             // of a map: the list, in CEL
	MaxParallel int                // of a map; 0: all at once
	Tolerate    int                // of a map; -1: any number
	WorkflowID  job.ID             // what runs as the job; zero: the items of a map are not made yet
	Status      workflow.Status
	Stats       Stats // those that run count as pending; Workflow of WorkflowID tells them apart
}

func partsRecord(p *store.PartsRecord) *PartsRecord {
	if p == nil {
		return nil
	}
	return &PartsRecord{
		p.Kind, p.Mode, p.Over, p.MaxParallel, p.Tolerate, p.Workflow, p.Status, statsOf(store.WorkflowRecord{Tally: p.Tally}),
	}
}

// EnqueueBatch stores a batch that belongs to no workflow: a job of queue for
// each payload, and one that stands for them all, whose id it returns. It is
// Enqueue of workflow.NewBatch, which says more of a batch.
func (c *Client) EnqueueBatch(ctx context.Context, queue string, payloads []any, mode workflow.BatchMode, opts ...EnqueueOption) (Enqueued, error) {
	return c.Enqueue(ctx, workflow.WithBatchMode(workflow.NewBatch(queue, payloads), mode), opts...)
}

// Batch returns a batch, or a map, and how its items stand. job.ErrNotFound;
// job.ErrWrongState when the job is neither.
func (c *Client) Batch(ctx context.Context, id job.ID) (JobRecord, Stats, error) {
	j, err := c.Job(ctx, id)
	switch {
	case err != nil:
		return JobRecord{}, Stats{}, err
	case j.Parts == nil || j.Parts.Kind == workflow.PartsWorkflow:
		return JobRecord{}, Stats{}, fmt.Errorf("job %s is neither a batch nor a map: %w", id, job.ErrWrongState)
	case j.Parts.WorkflowID == (job.ID{}):
		return j, Stats{}, nil
	}
	items, err := c.WorkflowStats(ctx, j.Parts.WorkflowID)
	return j, items, err
}

// Parts goes through what a job is made of: the items of a batch or a map, the
// jobs of a workflow, in their order, with payloads and results. It reads a page
// at a time, so it may be left at any moment. It stops at the first error, which
// it yields: job.ErrNotFound when there is no such job. A job with work of its own
// has none.
func (c *Client) Parts(ctx context.Context, id job.ID) iter.Seq2[JobRecord, error] {
	return func(yield func(JobRecord, error) bool) {
		j, err := c.store.Job(ctx, id)
		if err != nil {
			yield(JobRecord{}, err)
			return
		}
		if j.Parts == nil || j.Parts.Workflow == (job.ID{}) {
			return
		}
		for from := 0; ; {
			page, next, err := c.store.WorkflowJobs(ctx, j.Parts.Workflow, from, pageSize)
			if err != nil {
				yield(JobRecord{}, err)
				return
			}
			for _, part := range page {
				if !yield(jobRecord(part), nil) {
					return
				}
			}
			if next == 0 {
				return
			}
			from = next
		}
	}
}

// RetryBatch runs the items of a batch again that failed or were cancelled, once
// the batch has ended, also one that completed in spite of them. It must belong to
// no workflow: RetryWorkflow does it there. job.ErrNotFound; job.ErrWrongState when
// it has not ended, or none of its items failed.
func (c *Client) RetryBatch(ctx context.Context, id job.ID, options ...SteerOption) error {
	return c.RetryJob(ctx, id, nil, options...)
}

// CancelBatch cancels a batch with its items, as CancelJob does.
func (c *Client) CancelBatch(ctx context.Context, id job.ID) error { return c.CancelJob(ctx, id) }
