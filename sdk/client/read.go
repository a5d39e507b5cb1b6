package client

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Workflow returns a workflow without its jobs, or job.ErrNotFound.
func (c *Client) Workflow(ctx context.Context, id job.ID) (WorkflowRecord, error) {
	w, err := c.store.Workflow(ctx, id)
	if err != nil {
		return WorkflowRecord{}, err
	}
	return workflowRecord(w), nil
}

// WorkflowStats counts the jobs of a workflow, or returns job.ErrNotFound.
func (c *Client) WorkflowStats(ctx context.Context, id job.ID) (Stats, error) {
	w, err := c.Workflow(ctx, id)
	return w.Stats, err
}

// WorkflowJobs returns all jobs of a workflow with their results, in the order
// of its definition; none when there is no such workflow. For a very large one
// see Jobs.
func (c *Client) WorkflowJobs(ctx context.Context, id job.ID) ([]JobRecord, error) {
	out := []JobRecord{}
	err := store.EachJob(ctx, c.store, id, func(j store.JobRecord) error {
		out = append(out, jobRecord(j))
		return nil
	})
	return out, err
}

// Job returns a job with its payload, its result and its attempts, or
// job.ErrNotFound.
func (c *Client) Job(ctx context.Context, id job.ID) (JobRecord, error) {
	j, err := c.store.Job(ctx, id)
	if err != nil {
		return JobRecord{}, err
	}
	return jobRecord(j), nil
}

// WorkflowFilter chooses workflows. A zero field chooses all.
type WorkflowFilter struct {
	Status workflow.Status
	Name   string
	Parent job.ID    // of a job: those that it is made of
	All    bool      // also those that jobs are made of, which are left out otherwise
	Since  time.Time // created at or after
	After  job.ID    // go on after this one: the last that was seen
}

// Workflows goes through workflows, newest first, without their jobs. It reads
// a page at a time, so it may be left at any moment; to go on later, put the
// id of the last one into After. It stops at the first error, which it yields.
func (c *Client) Workflows(ctx context.Context, f WorkflowFilter) iter.Seq2[WorkflowRecord, error] {
	return pages(f.After, workflowRecord, func(after job.ID) ([]store.WorkflowRecord, job.ID, error) {
		return c.store.Workflows(ctx, store.WorkflowFilter{Status: f.Status, Name: f.Name, Parent: f.Parent, All: f.All, Since: f.Since, After: after, Limit: pageSize})
	})
}

// JobFilter chooses jobs. A zero field chooses all.
type JobFilter struct {
	Queue            string
	Status           job.Status
	DependencyStatus job.DependencyStatus
	Priority         *job.Priority
	WorkflowID       job.ID
	Since            time.Time // created at or after
	After            job.ID    // go on after this one: the last that was seen
}

// Jobs goes through jobs, newest first, without payloads, results and
// attempts. It pages as Workflows does.
func (c *Client) Jobs(ctx context.Context, f JobFilter) iter.Seq2[JobRecord, error] {
	return pages(f.After, jobRecord, func(after job.ID) ([]store.JobRecord, job.ID, error) {
		return c.store.Jobs(ctx, store.JobFilter{
			Queue: f.Queue, Status: f.Status, Dependency: f.DependencyStatus, Priority: f.Priority, Workflow: f.WorkflowID,
			Since: f.Since, After: after, Limit: pageSize,
		})
	})
}

// Spawned goes through the jobs that the handler of a job spawned, in the order
// in which it did, without payloads, results and attempts.
func (c *Client) Spawned(ctx context.Context, id job.ID) iter.Seq2[JobRecord, error] {
	return pages(job.ID{}, jobRecord, func(after job.ID) (list []store.JobRecord, next job.ID, err error) {
		ids, err := c.store.Spawned(ctx, id, after, pageSize)
		if err != nil {
			return nil, job.ID{}, err
		}
		for _, spawned := range ids {
			j, err := c.store.Job(ctx, spawned)
			if errors.Is(err, job.ErrNotFound) {
				continue // deleted meanwhile
			}
			if err != nil {
				return nil, job.ID{}, err
			}
			j.Payload, j.Result, j.History, j.Runs, j.Evaluation = nil, nil, nil, nil, nil
			list = append(list, j)
		}
		if len(ids) == pageSize {
			next = ids[len(ids)-1]
		}
		return list, next, nil
	})
}

// Queues returns every queue that has claimable jobs, is paused, is in the
// hands of a worker or is served by name, by name.
func (c *Client) Queues(ctx context.Context) ([]QueueRecord, error) {
	list, err := c.store.Queues(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]QueueRecord, len(list))
	for i, q := range list {
		out[i] = QueueRecord{q.Name, q.PausedAt, q.Ready, q.Running, q.Workers, q.Weights}
	}
	return out, nil
}

const pageSize = 100

// pages goes through a list that is read page by page. A page may be empty and
// not be the last.
func pages[S, R any](after job.ID, record func(S) R, read func(after job.ID) ([]S, job.ID, error)) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		from := after
		for {
			page, next, err := read(from)
			if err != nil {
				var none R
				yield(none, err)
				return
			}
			for _, s := range page {
				if !yield(record(s), nil) {
					return
				}
			}
			if next == (job.ID{}) {
				return
			}
			from = next
		}
	}
}
