package resolver

import (
	"context"
	"log/slog"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// Store is what a resolver needs of a store.
type Store interface {
	Resolve(ctx context.Context, outcomes []job.Outcome) (store.Resolution, error)
	CheckEdges(ctx context.Context, limit int) (store.Resolution, error)
}

// Resolver runs a Machine.
type Resolver struct {
	machine *Machine
	bus     bus.Bus
	log     *slog.Logger
}

// New checks cfg and starts nothing.
func New(cfg Config, s Store, b bus.Bus, log *slog.Logger, metrics *Metrics) (*Resolver, error) {
	m, err := NewMachine(cfg, s, service.NewSource(), log, metrics)
	if err != nil {
		return nil, err
	}
	return &Resolver{machine: m, bus: b, log: log}, nil
}

// Name returns "resolver".
func (r *Resolver) Name() string { return "resolver" }

// Run works until ctx is done, answers what has arrived and returns nil.
func (r *Resolver) Run(ctx context.Context) error {
	loop := service.Loop{Name: r.Name(), Machine: r.machine, Bus: r.bus, Subscriptions: Subscriptions(), Log: r.log, StopTimeout: 10 * time.Second}
	return loop.Run(ctx)
}

// Subscriptions is what a resolver hears: outcomes are shared by all
// resolvers, hints reach each.
func Subscriptions() []service.Subscription {
	return []service.Subscription{
		{Subject: bus.AllCompleted, Group: bus.GroupResolvers},
		{Subject: bus.CheckEdges},
	}
}
