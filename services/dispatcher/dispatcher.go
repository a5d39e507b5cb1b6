package dispatcher

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// Store is what a dispatcher needs of a store.
type Store interface {
	Claim(ctx context.Context, grants []store.Grant, repeat bool) ([]store.Lease, error)
	Extend(ctx context.Context, beats []store.Beat) ([]store.Beaten, error)
	ParentResults(ctx context.Context, fence job.Fence, name string, after job.ID) ([]store.ParentResult, job.ID, error)
	SeeWorkers(ctx context.Context, seen []store.WorkerSeen) error
}

// Dispatcher runs a Machine.
type Dispatcher struct {
	machine *Machine
	bus     bus.Bus
	log     *slog.Logger
}

// New checks cfg and starts nothing.
func New(cfg Config, s Store, b bus.Bus, log *slog.Logger, metrics *Metrics) (*Dispatcher, error) {
	m, err := NewMachine(cfg, s, b.MaxPayload(), service.NewSource(), func() job.ID { return uuid.New() }, log, metrics)
	if err != nil {
		return nil, err
	}
	return &Dispatcher{machine: m, bus: b, log: log}, nil
}

// Name returns "dispatcher".
func (d *Dispatcher) Name() string { return "dispatcher" }

// Run works until ctx is done, delivers what it has claimed and returns nil.
func (d *Dispatcher) Run(ctx context.Context) error {
	loop := service.Loop{Name: d.Name(), Machine: d.machine, Bus: d.bus, Subscriptions: Subscriptions(), Log: d.log, StopTimeout: 5 * time.Second}
	return loop.Run(ctx)
}

// Subscriptions is what a dispatcher hears: offers, heartbeats and fetches are
// shared by all dispatchers, hints reach each.
func Subscriptions() []service.Subscription {
	return []service.Subscription{
		{Subject: bus.AllPulls, Group: bus.GroupDispatchers},
		{Subject: bus.AllHeartbeats, Group: bus.GroupDispatchers},
		{Subject: bus.AllFetches, Group: bus.GroupDispatchers},
		{Subject: bus.AllReady},
	}
}
