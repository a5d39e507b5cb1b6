package scheduler

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/store"
)

// connection is what a bus over a network tells of itself.
type connection interface {
	Connected() bool
	Reconnects() uint64 // so far
}

// errAway says that heartbeats could not come through: what looks expired is
// mostly alive.
var errAway = errors.New("NATS was away")

// heedful is a store that ends no leases while the bus is away, nor in the first
// look after that. The machine takes it for an outage and holds.
type heedful struct {
	Store
	bus  connection
	seen atomic.Uint64 // reconnects
}

// heed returns s as it is when b does not say whether it is connected.
func heed(s Store, b bus.Bus) Store {
	if c, ok := b.(connection); ok {
		return &heedful{Store: s, bus: c}
	}
	return s
}

// Overdue implements Store. It begins every look.
func (h *heedful) Overdue(ctx context.Context) (store.Overdue, error) {
	if n := h.bus.Reconnects(); h.seen.Swap(n) != n || !h.bus.Connected() {
		return store.Overdue{}, errAway
	}
	return h.Store.Overdue(ctx)
}

// ExpireLeases implements Store.
func (h *heedful) ExpireLeases(ctx context.Context, limit int) (store.Resolution, error) {
	if h.seen.Load() != h.bus.Reconnects() || !h.bus.Connected() {
		return store.Resolution{}, errAway
	}
	return h.Store.ExpireLeases(ctx, limit)
}
