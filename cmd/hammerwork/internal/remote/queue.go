package remote

import (
	"context"
	"net/http"

	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// Queues returns every queue that has something to tell, by name.
func (c *Client) Queues(ctx context.Context) (list wire.List[wire.Queue], err error) {
	return list, c.call(ctx, get(nil, "/queues"), &list)
}

// PauseQueue stops the handing out of a queue's jobs.
func (c *Client) PauseQueue(ctx context.Context, name string) (wire.Queue, error) {
	return c.switchQueue(ctx, "/queues/%s/pause", name)
}

// ResumeQueue lets a queue's jobs be handed out again.
func (c *Client) ResumeQueue(ctx context.Context, name string) (wire.Queue, error) {
	return c.switchQueue(ctx, "/queues/%s/resume", name)
}

func (c *Client) switchQueue(ctx context.Context, path, name string) (q wire.Queue, err error) {
	r, err := post(nil, path, name)
	if err != nil {
		return q, err
	}
	return q, c.call(ctx, r, &q)
}

// SetWeights lets a queue's priorities share its claims; the zero Weights are
// strict.
func (c *Client) SetWeights(ctx context.Context, name string, w job.Weights) (q wire.Queue, err error) {
	r, err := post(map[string]job.Weights{"weights": w}, "/queues/%s/priorities", name)
	if err != nil {
		return q, err
	}
	r.method = http.MethodPut
	return q, c.call(ctx, r, &q)
}

// Queue returns a queue.
func (c *Client) Queue(ctx context.Context, name string) (q wire.Queue, err error) {
	return q, c.call(ctx, get(nil, "/queues/%s", name), &q)
}

// Workers returns the workers seen of late, by name.
func (c *Client) Workers(ctx context.Context) (list wire.List[wire.Worker], err error) {
	return list, c.call(ctx, get(nil, "/workers"), &list)
}
