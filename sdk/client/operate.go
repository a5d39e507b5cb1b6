package client

import (
	"context"

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
