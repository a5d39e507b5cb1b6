package remote

import (
	"context"
	"encoding/json"
	"io"
	"net/url"
	"time"

	"github.com/hammerwork/hammerwork/internal/wire"
)

// NewBatch is a batch to enqueue: a job, and its items.
type NewBatch struct {
	NewJob
	Payloads []json.RawMessage `json:"payloads"`
	Mode     string            `json:"mode,omitempty"`
}

// EnqueueBatch enqueues a batch that belongs to no workflow.
func (c *Client) EnqueueBatch(ctx context.Context, b NewBatch) (created wire.Created, err error) {
	r, err := post(b, "/batches")
	if err != nil {
		return created, err
	}
	r.keyed = b.IdempotencyKey != ""
	return created, c.call(ctx, r, &created)
}

// Batch returns how a batch stands.
func (c *Client) Batch(ctx context.Context, id string) (b wire.Batch, err error) {
	return b, c.call(ctx, get(nil, "/batches/%s", id), &b)
}

// RetryBatch runs the failed items of a batch again.
func (c *Client) RetryBatch(ctx context.Context, id string, by wire.By) (b wire.Batch, err error) {
	r, err := post(wire.SteerRequest{By: by}, "/batches/%s/retry", id)
	if err != nil {
		return b, err
	}
	return b, c.call(ctx, r, &b)
}

// CancelBatch cancels a batch with its items, of which those that run may end
// by themselves within grace. A negative grace is the server's default.
func (c *Client) CancelBatch(ctx context.Context, id string, grace time.Duration) (b wire.Batch, err error) {
	r, err := post(wire.CancelRequest{Grace: graceText(grace)}, "/batches/%s/cancel", id)
	if err != nil {
		return b, err
	}
	return b, c.call(ctx, r, &b)
}

// ExportBatch writes the items of a batch, a JSON object a line; with failed
// set only those that did not complete.
func (c *Client) ExportBatch(ctx context.Context, id string, failed bool, to io.Writer) error {
	q := url.Values{}
	if failed {
		q.Set("failed", "true")
	}
	r := get(q, "/batches/%s/export", id)
	r.limit = maxExport
	return c.copyText(ctx, r, to)
}
