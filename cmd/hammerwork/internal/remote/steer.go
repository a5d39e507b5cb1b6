package remote

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/hammerwork/hammerwork/internal/wire"
)

// graceText leaves the grace to the server when it is negative.
func graceText(d time.Duration) string {
	if d < 0 {
		return ""
	}
	return d.String()
}

// CancelWorkflow cancels a workflow; what runs may end by itself within grace.
// A negative grace is the server's default.
func (c *Client) CancelWorkflow(ctx context.Context, id string, grace time.Duration, by wire.By) (wire.WorkflowItem, error) {
	return c.steer(ctx, "cancel", id, wire.CancelRequest{Grace: graceText(grace), By: by})
}

// PauseWorkflow keeps jobs of a workflow from starting.
func (c *Client) PauseWorkflow(ctx context.Context, id string, by wire.By) (wire.WorkflowItem, error) {
	return c.steer(ctx, "pause", id, wire.SteerRequest{By: by})
}

// ResumeWorkflow lets a paused workflow go on.
func (c *Client) ResumeWorkflow(ctx context.Context, id string, by wire.By) (wire.WorkflowItem, error) {
	return c.steer(ctx, "resume", id, wire.SteerRequest{By: by})
}

// Decide decides about a failure that waits for a decision.
func (c *Client) Decide(ctx context.Context, id string, d wire.DecideRequest) (wire.WorkflowItem, error) {
	return c.steer(ctx, "decide", id, d)
}

func (c *Client) steer(ctx context.Context, verb, id string, body any) (w wire.WorkflowItem, err error) {
	r, err := post(body, "/workflows/%s/"+verb, id)
	if err != nil {
		return w, err
	}
	return w, c.call(ctx, r, &w)
}

// RetryWorkflow runs a part of a workflow again, or says what would run.
func (c *Client) RetryWorkflow(ctx context.Context, id string, o wire.RetryRequest) (plan wire.RetryPlan, err error) {
	r, err := post(o, "/workflows/%s/retry", id)
	if err != nil {
		return plan, err
	}
	return plan, c.call(ctx, r, &plan)
}

// Audit returns a page of what people did to a workflow, oldest first.
func (c *Client) Audit(ctx context.Context, id string, p Page) (list wire.List[wire.AuditEntry], err error) {
	q := url.Values{}
	p.add(q)
	return list, c.call(ctx, get(q, "/workflows/%s/audit", id), &list)
}

// Causes returns why jobs of a workflow could not run, the widest cause first.
func (c *Client) Causes(ctx context.Context, id string, limit int) (list wire.List[wire.Cause], err error) {
	return list, c.call(ctx, get(url.Values{"limit": {strconv.Itoa(limit)}}, "/workflows/%s/causes", id), &list)
}
