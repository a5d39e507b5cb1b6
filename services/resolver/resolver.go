package resolver

import (
	"context"
	"log/slog"
	"os"
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
	CheckParts(ctx context.Context, limit int) (store.Resolution, error)
	SharePartitions(ctx context.Context, resolver string, of int, ttl time.Duration) ([]int, error)
	LeavePartitions(ctx context.Context, resolver string) error
}

// Resolver runs a Machine.
type Resolver struct {
	cfg     Config
	machine *Machine
	bus     bus.Bus
	log     *slog.Logger
}

// New checks cfg and starts nothing.
func New(cfg Config, s Store, b bus.Bus, log *slog.Logger, metrics *Metrics) (*Resolver, error) {
	source := service.NewSource()
	if cfg.Name == "" {
		host, _ := os.Hostname() // for people: what follows it is enough
		cfg.Name = host + "-" + source.MessageID()
	}
	m, err := NewMachine(cfg, s, source, log, metrics)
	if err != nil {
		return nil, err
	}
	return &Resolver{cfg: cfg, machine: m, bus: b, log: log}, nil
}

// Name returns "resolver".
func (r *Resolver) Name() string { return "resolver" }

// Run works until ctx is done, answers what has arrived and returns nil.
func (r *Resolver) Run(ctx context.Context) error {
	loop := service.Loop{Name: r.Name(), Machine: r.machine, Bus: r.bus, Subscriptions: Subscriptions(r.cfg), Log: r.log, StopTimeout: 10 * time.Second}
	return loop.Run(ctx)
}

// Subscriptions is what a resolver hears from its start: hints reach each, and
// outcomes of partitions that nobody owns reach any. Those of its own come
// later, unless it is alone.
func Subscriptions(cfg Config) []service.Subscription {
	completed := bus.AnyCompleted
	if cfg.Alone {
		completed = bus.AllCompleted
	}
	return []service.Subscription{{Subject: completed, Group: bus.GroupResolvers}, {Subject: bus.CheckEdges}}
}
