package remote

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"

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

// ExportWorkflow returns the workflow file that makes a workflow again, in JSON,
// and how many jobs it leaves out since handlers spawned them.
func (c *Client) ExportWorkflow(ctx context.Context, id string) (file json.RawMessage, spawned int, err error) {
	r := get(nil, "/workflows/%s/export", id)
	r.limit = maxWorkflow
	answer, err := c.send(ctx, r)
	if err != nil {
		return nil, 0, err
	}
	defer answer.Body.Close()
	spawned, _ = strconv.Atoi(answer.Header.Get("Hammerwork-Spawned")) // what cannot be read is none
	return file, spawned, c.decode(answer, r, &file)
}

// Events returns a page of what happened in a workflow, oldest first.
func (c *Client) Events(ctx context.Context, id string, p Page) (list wire.List[wire.Event], err error) {
	q := url.Values{}
	p.add(q)
	return list, c.call(ctx, get(q, "/workflows/%s/events", id), &list)
}
