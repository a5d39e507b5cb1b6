package store

import (
	"context"
	"time"
)

// Sharer shares out among the resolvers that are alive whose outcomes each of
// them hears.
type Sharer interface {
	// SharePartitions says that a resolver is alive, and returns which of the
	// partitions 0 to of-1 are its own from now on, sorted: those it had, up to
	// its share, and free ones to fill the share up. What is over its share is
	// free then. A partition has one owner at a time, and is free when its owner
	// has not called for ttl; resolvers unheard of for as long have no share.
	SharePartitions(ctx context.Context, resolver string, of int, ttl time.Duration) ([]int, error)
	// LeavePartitions makes what a resolver owns free at once, and forgets it.
	LeavePartitions(ctx context.Context, resolver string) error
}
