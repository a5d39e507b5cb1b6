package scheduler

import (
	"context"
	"log/slog"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
)

// Store is what a scheduler needs of a store.
type Store interface {
	FireTimers(ctx context.Context, limit int) (store.Resolution, time.Duration, error)
	Overdue(ctx context.Context) (store.Overdue, error)
	ExpireLeases(ctx context.Context, limit int) (store.Resolution, error)
	DecideTicks(ctx context.Context, limit int) (store.Decided, time.Duration, error)
	RunTicks(ctx context.Context, limit int) (store.TicksRun, time.Duration, error)
	Purge(ctx context.Context, r store.Retention, from store.Place, limit int) (store.Purged, store.Place, error)
}

// Scheduler runs a Machine.
type Scheduler struct {
	machine *Machine
	bus     bus.Bus
	log     *slog.Logger
}

// New checks cfg and starts nothing.
func New(cfg Config, s Store, b bus.Bus, log *slog.Logger, metrics *Metrics) (*Scheduler, error) {
	m, err := NewMachine(cfg, heed(s, b), service.NewSource(), log, metrics)
	if err != nil {
		return nil, err
	}
	return &Scheduler{machine: m, bus: b, log: log}, nil
}

// Name returns "scheduler".
func (s *Scheduler) Name() string { return "scheduler" }

// Run works until ctx is done and returns nil.
func (s *Scheduler) Run(ctx context.Context) error {
	loop := service.Loop{Name: s.Name(), Machine: s.machine, Bus: s.bus, Subscriptions: Subscriptions(), Log: s.log, StopTimeout: 5 * time.Second}
	return loop.Run(ctx)
}

// Subscriptions is what a scheduler hears: hints that a timer was set reach
// each.
func Subscriptions() []service.Subscription {
	return []service.Subscription{{Subject: bus.Timers}}
}
