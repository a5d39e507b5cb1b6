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
	if err := wait(ctx, c, id, "workflow", func() (bool, error) {
		status, err := c.store.WorkflowStatus(ctx, id)
		return status.Terminal(), err
	}); err != nil {
		return WorkflowRecord{}, err
	}
	return c.Workflow(ctx, id)
}

// WaitJob waits until a job has ended and returns it, however it ended.
// job.ErrNotFound when there is none; ctx's error when that ends first.
func (c *Client) WaitJob(ctx context.Context, id job.ID) (j JobRecord, err error) {
	err = wait(ctx, c, id, "job", func() (ended bool, err error) {
		j, err = c.Job(ctx, id)
		return j.Status.Terminal(), err
	})
	return j, err
}

// wait looks at what there is under id, now and then and whenever it may have
// changed, until it has ended.
func wait(ctx context.Context, c *Client, id job.ID, what string, look func() (ended bool, err error)) error {
	wake, forget := c.hints.listen(id)
	defer forget()
	poll := time.NewTicker(c.cfg.PollInterval)
	defer poll.Stop()
	for {
		ended, err := look()
		switch {
		case err == nil && ended:
			return nil
		case ctx.Err() != nil: // a look that it interrupts may fail in any way
			return fmt.Errorf("wait for %s %s: %w", what, id, ctx.Err())
		case err != nil:
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s %s: %w", what, id, ctx.Err())
		case <-wake:
		case <-poll.C:
		}
	}
}
