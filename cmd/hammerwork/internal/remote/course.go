package remote

import (
	"context"

	"github.com/hammerwork/hammerwork/internal/wire"
)

// CriticalPath returns which jobs decide when a workflow ends.
func (c *Client) CriticalPath(ctx context.Context, id string) (p wire.CriticalPath, err error) {
	r := get(nil, "/workflows/%s/critical-path", id)
	r.limit = maxWorkflow
	return p, c.call(ctx, r, &p)
}
