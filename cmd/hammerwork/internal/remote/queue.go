package remote

import (
	"context"

	"github.com/hammerwork/hammerwork/internal/wire"
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

// Workers returns the workers seen of late, by name.
func (c *Client) Workers(ctx context.Context) (list wire.List[wire.Worker], err error) {
	return list, c.call(ctx, get(nil, "/workers"), &list)
}
