package client

import (
	"context"
	"fmt"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// CancelJob ends a job as CancelWorkflow does a workflow, and what depends on
// it cannot run. job.ErrNotFound, or job.ErrWrongState when it has ended.
func (c *Client) CancelJob(ctx context.Context, id job.ID) error {
	r, err := c.store.CancelJob(ctx, id, c.cfg.CancelGrace)
	if err == nil {
		c.hints.announce(r)
	}
	return err
}

// RetryJob runs a job without a workflow again that failed or was cancelled,
// with a new budget of attempts. payload is what it gets instead of its
// payload, any value that encodes as JSON; nil: the payload it had. Jobs without
// a workflow that could not run because of it alone wait for it again.
// job.ErrNotFound; job.ErrWrongState when it belongs to a workflow, which
// RetryWorkflow runs again, when it neither failed by itself nor was cancelled,
// or when what it depends on keeps it from running.
func (c *Client) RetryJob(ctx context.Context, id job.ID, payload any, options ...SteerOption) error {
	data, err := encoded(payload, "payload", job.MaxPayload)
	if err != nil {
		return fmt.Errorf("retry job %s: %w", id, err)
	}
	return c.steer(options, func(by store.Actor) (store.Resolution, error) { return c.store.RetryJob(ctx, id, data, by) })
}

// PauseQueue keeps workers from getting jobs of a queue; what runs goes on. The
// queue need not exist. Pausing it again changes nothing.
func (c *Client) PauseQueue(ctx context.Context, queue string) error {
	return c.store.PauseQueue(ctx, queue)
}

// ResumeQueue ends a pause. Resuming a queue that is not paused changes
// nothing.
func (c *Client) ResumeQueue(ctx context.Context, queue string) error {
	r, err := c.store.ResumeQueue(ctx, queue)
	if err == nil {
		c.hints.announce(r)
	}
	return err
}

// SetQueueWeights lets the priorities of a queue share what is claimed from it:
// each gets its weight of the sum of the weights, and a turn of one that has no
// jobs goes to the highest that has. The zero Weights are strict, as every queue
// is at first. The queue need not exist.
func (c *Client) SetQueueWeights(ctx context.Context, queue string, w job.Weights) error {
	return c.store.SetQueueWeights(ctx, queue, w)
}
