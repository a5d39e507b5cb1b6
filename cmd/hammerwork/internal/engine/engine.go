// Package engine runs everything in one process: SQLite, NATS, the services
// and workers. The services are those that production runs.
package engine

import (
	"context"
	"errors"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/serve"
	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/bus/natsserver"
	"github.com/hammerwork/hammerwork/internal/health"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/sqlite"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

// Config is what Open needs.
type Config struct {
	DataDir     string         // empty: temporary, removed by Close
	Keep        bool           // leave a temporary data folder behind
	NATSListen  string         // host:port for workers of other processes; empty: there are none
	Services    []string       // of serve.Names
	Settings    serve.Config   // of the services
	Store       store.Options  // the zero value of a field means its default
	Workers     int            // built-in ones
	Concurrency int            // jobs that each of them runs side by side
	Handler     worker.Handler // of the built-in workers
	Log         *slog.Logger
	Registry    *prometheus.Registry

	wrap func(bus.Bus) bus.Bus // set by tests: what happens to the messages of every connection
}

// Engine is everything, ready to run.
type Engine struct {
	cfg     Config
	dir     string
	closers []func() error // in the order of opening
	status  *health.Status

	store    *sqlite.Store
	nats     *natsserver.Server
	bus      bus.Bus // the engine's own connection
	services []service.Service
	workers  []service.Service
	hears    chan struct{} // closed when the dispatcher hears workers
	source   service.Source
	feed     *feed
}

// Open opens the database and the bus and builds the services. serve.ErrInUse
// when another process has the data folder.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	e := &Engine{cfg: cfg, dir: cfg.DataDir, source: service.NewSource(), status: health.NewStatus(), hears: make(chan struct{})}
	if err := e.open(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// NATSURL is where workers of other processes connect; empty when they cannot.
func (e *Engine) NATSURL() string { return e.nats.URL() }

// Health is what the engine knows of its health.
func (e *Engine) Health() *health.Status { return e.status }

// Run works until ctx is done. Then the workers drain while the services still
// record their outcomes; they stop last.
func (e *Engine) Run(ctx context.Context) error {
	if len(e.workers) == 0 {
		return service.Run(ctx, e.services...)
	}
	serve, stopServices := context.WithCancel(context.WithoutCancel(ctx))
	work, stopWorkers := context.WithCancel(ctx)
	defer stopWorkers()
	served := make(chan error, 1)
	go func() {
		defer stopWorkers() // without services a worker has nothing to do
		served <- service.Run(serve, e.services...)
	}()
	select {
	case <-e.hears:
	case <-work.Done():
	}
	err := service.Run(work, e.workers...)
	stopServices()
	return errors.Join(err, <-served)
}

// Close ends what Open opened, last things first.
func (e *Engine) Close() error {
	var errs []error
	for i := len(e.closers) - 1; i >= 0; i-- {
		errs = append(errs, e.closers[i]())
	}
	e.closers = nil
	return errors.Join(errs...)
}
