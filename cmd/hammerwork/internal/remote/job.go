package remote

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"time"

	"github.com/hammerwork/hammerwork/internal/wire"
)

// JobFilter chooses jobs; an empty field chooses all.
type JobFilter struct {
	Queue, Status, DependencyStatus, Priority, Workflow string
	Since                                               time.Time
}

// Jobs returns a page of jobs, newest first, without payloads and results.
func (c *Client) Jobs(ctx context.Context, f JobFilter, p Page) (list wire.List[wire.Job], err error) {
	q := url.Values{}
	set(q, "queue", f.Queue)
	set(q, "status", f.Status)
	set(q, "dependency_status", f.DependencyStatus)
	set(q, "priority", f.Priority)
	set(q, "workflow_id", f.Workflow)
	set(q, "since", moment(f.Since))
	p.add(q)
	return list, c.call(ctx, get(q, "/jobs"), &list)
}

// Job returns a job with its payload and attempts, and its dependencies when
// they are asked for.
func (c *Client) Job(ctx context.Context, id string, dependencies bool) (j wire.Job, err error) {
	q := url.Values{}
	if dependencies {
		q.Set("include", "dependencies")
	}
	return j, c.call(ctx, get(q, "/jobs/%s", id), &j)
}

// Dependencies returns the direct parents and children of a job.
func (c *Client) Dependencies(ctx context.Context, id string) (d wire.Dependencies, err error) {
	return d, c.call(ctx, get(nil, "/jobs/%s/dependencies", id), &d)
}

// Spawned returns the first jobs that a job spawned, limit at most, and whether
// there are more.
func (c *Client) Spawned(ctx context.Context, id string, limit int) (list []wire.Job, more bool, err error) {
	if limit <= 0 {
		return nil, true, nil
	}
	var page wire.List[wire.Job]
	err = c.call(ctx, get(url.Values{"limit": {strconv.Itoa(limit)}}, "/jobs/%s/spawned", id), &page)
	return page.Items, page.NextCursor != "", err
}

// ExplainJob says why a job does not run.
func (c *Client) ExplainJob(ctx context.Context, id string) (e wire.Explanation, err error) {
	return e, c.call(ctx, get(nil, "/jobs/%s/explain", id), &e)
}

// NewJob is a job to enqueue. What is empty is left to the server.
type NewJob struct {
	Queue          string          `json:"queue"`
	Name           string          `json:"name,omitempty"`
	Payload        json.RawMessage `json:"payload,omitempty"`
	Priority       string          `json:"priority,omitempty"`
	Delay          string          `json:"delay,omitempty"`
	ScheduledAt    string          `json:"scheduled_at,omitempty"`
	Timeout        string          `json:"timeout,omitempty"`
	Retry          *NewRetry       `json:"retry,omitempty"`
	DependsOn      []string        `json:"depends_on,omitempty"`
	IdempotencyKey string          `json:"idempotency_key,omitempty"`
}

// NewRetry is how often a new job is tried.
type NewRetry struct {
	MaxAttempts int `json:"max_attempts"`
}

// EnqueueJob enqueues a job that belongs to no workflow.
func (c *Client) EnqueueJob(ctx context.Context, j NewJob) (created wire.Created, err error) {
	r, err := post(j, "/jobs")
	if err != nil {
		return created, err
	}
	r.keyed = j.IdempotencyKey != ""
	return created, c.call(ctx, r, &created)
}

// CancelJob cancels a job, which may end by itself within grace when it runs.
// A negative grace is the server's default.
func (c *Client) CancelJob(ctx context.Context, id string, grace time.Duration) (j wire.Job, err error) {
	r, err := post(wire.CancelRequest{Grace: graceText(grace)}, "/jobs/%s/cancel", id)
	if err != nil {
		return j, err
	}
	return j, c.call(ctx, r, &j)
}

// RetryJob runs a job without a workflow again. For one that has a workflow the
// answer is a problem whose hint says how to run that again.
func (c *Client) RetryJob(ctx context.Context, id string, o wire.RetryJobRequest) (j wire.Job, err error) {
	r, err := post(o, "/jobs/%s/retry", id)
	if err != nil {
		return j, err
	}
	return j, c.call(ctx, r, &j)
}
