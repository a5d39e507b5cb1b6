package client

import (
	"context"
	"fmt"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// WaitWorkflow waits until a workflow has ended and returns it, however it
// ended. job.ErrNotFound when there is none; ctx's error when that ends first.
func (c *Client) WaitWorkflow(ctx context.Context, id job.ID) (WorkflowRecord, error) {
	return wait(ctx, c, id, "workflow", c.Workflow, func(w WorkflowRecord) bool { return w.Status.Terminal() })
}

// WaitJob waits until a job has ended and returns it, however it ended.
// job.ErrNotFound when there is none; ctx's error when that ends first.
func (c *Client) WaitJob(ctx context.Context, id job.ID) (JobRecord, error) {
	return wait(ctx, c, id, "job", c.Job, func(j JobRecord) bool { return j.Status.Terminal() })
}

// wait looks at what there is under id, now and then and whenever it may have
// changed, until it has ended.
func wait[R any](ctx context.Context, c *Client, id job.ID, what string, look func(context.Context, job.ID) (R, error), ended func(R) bool) (R, error) {
	wake, forget := c.hints.listen(id)
	defer forget()
	poll := time.NewTicker(c.cfg.PollInterval)
	defer poll.Stop()
	for {
		r, err := look(ctx, id)
		switch {
		case err == nil && ended(r):
			return r, nil
		case ctx.Err() != nil: // a look that it interrupts may fail in any way
			return r, fmt.Errorf("wait for %s %s: %w", what, id, ctx.Err())
		case err != nil:
			return r, err
		}
		select {
		case <-ctx.Done():
			return r, fmt.Errorf("wait for %s %s: %w", what, id, ctx.Err())
		case <-wake:
		case <-poll.C:
		}
	}
}
