package remote

import (
	"context"
	"net/url"

	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/workflow/compare"
)

// CriticalPath returns which jobs decide when a workflow ends.
func (c *Client) CriticalPath(ctx context.Context, id string) (p wire.CriticalPath, err error) {
	r := get(nil, "/workflows/%s/critical-path", id)
	r.limit = maxWorkflow
	return p, c.call(ctx, r, &p)
}

// Outline returns what is compared of a workflow.
func (c *Client) Outline(ctx context.Context, id string) (o compare.Outline, err error) {
	r := get(nil, "/workflows/%s/outline", id)
	r.limit = maxWorkflow
	return o, c.call(ctx, r, &o)
}

// Events returns a page of what happened in a workflow, oldest first.
func (c *Client) Events(ctx context.Context, id string, p Page) (list wire.List[wire.Event], err error) {
	q := url.Values{}
	p.add(q)
	return list, c.call(ctx, get(q, "/workflows/%s/events", id), &list)
}
