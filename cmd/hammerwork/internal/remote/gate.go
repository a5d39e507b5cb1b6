package remote

import (
	"context"

	"github.com/hammerwork/hammerwork/internal/wire"
)

// Approve approves a gate of a workflow, or with reject rejects it.
func (c *Client) Approve(ctx context.Context, id string, reject bool, a wire.AnswerRequest) (wire.WorkflowItem, error) {
	return c.steer(ctx, verbOf(reject), id, a)
}

// Signal sends a payload to a gate of a workflow.
func (c *Client) Signal(ctx context.Context, id string, s wire.SignalRequest) (wire.WorkflowItem, error) {
	return c.steer(ctx, "signal", id, s)
}

// ApproveJob approves a gate by its id, or with reject rejects it.
func (c *Client) ApproveJob(ctx context.Context, id string, reject bool, a wire.AnswerRequest) (wire.Job, error) {
	return c.answer(ctx, verbOf(reject), id, a)
}

// SignalJob sends a payload to a gate by its id.
func (c *Client) SignalJob(ctx context.Context, id string, s wire.SignalRequest) (wire.Job, error) {
	return c.answer(ctx, "signal", id, s)
}

func verbOf(reject bool) string {
	if reject {
		return "reject"
	}
	return "approve"
}

func (c *Client) answer(ctx context.Context, verb, id string, body any) (j wire.Job, err error) {
	r, err := post(body, "/jobs/%s/"+verb, id)
	if err != nil {
		return j, err
	}
	return j, c.call(ctx, r, &j)
}
