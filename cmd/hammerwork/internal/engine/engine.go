// Package engine runs everything in one process: SQLite, NATS without a port,
// the services and one worker. The services are those that production runs.
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/bus/natsbus"
	"github.com/hammerwork/hammerwork/internal/bus/natsserver"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/sqlite"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/sdk/worker"
	"github.com/hammerwork/hammerwork/services/dispatcher"
	"github.com/hammerwork/hammerwork/services/resolver"
	"github.com/hammerwork/hammerwork/services/scheduler"
)

// ErrInUse says that another process uses the data folder.
var ErrInUse = errors.New("data folder in use")

// ErrUnfinished says that the data folder holds an unfinished run of another
// definition. Running both together is nobody's wish.
var ErrUnfinished = errors.New("the data folder holds an unfinished run of another workflow")

// handlerGrace is how long a handler may ignore the end of its context: a
// little longer than the built-in ones give a program to stop.
const handlerGrace = 10 * time.Second

// Config is what Open needs.
type Config struct {
	DataDir     string // empty: temporary, removed by Close
	Keep        bool   // leave a temporary data folder behind
	Concurrency int    // jobs that run side by side
	Handler     worker.Handler
	Store       store.Options // the zero value of a field means its default
	Log         *slog.Logger
	Registry    *prometheus.Registry
}

// Engine is everything, ready to run.
type Engine struct {
	cfg     Config
	dir     string
	closers []func() error // in the order of opening

	store    *sqlite.Store
	bus      bus.Bus // the engine's own connection
	services []service.Service
	worker   *worker.Worker
	source   service.Source
	feed     *feed
}

// Open opens the database and the bus and builds the services. ErrInUse when
// another process has the data folder.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	e := &Engine{cfg: cfg, dir: cfg.DataDir, source: service.NewSource()}
	if err := e.open(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func (e *Engine) open(ctx context.Context) error {
	if err := e.openFolder(); err != nil {
		return err
	}
	var err error
	e.cfg.Store = e.cfg.Store.WithDefaults()
	e.store, err = sqlite.Open(ctx, filepath.Join(e.dir, "hammerwork.db"), e.cfg.Store)
	if err != nil {
		return err
	}
	e.closers = append(e.closers, e.store.Close)
	if err := e.store.ExpireAllLeases(ctx); err != nil {
		return err
	}
	return e.openServices(ctx)
}

// openFolder makes the data folder and takes its lock.
func (e *Engine) openFolder() error {
	if e.dir == "" {
		dir, err := os.MkdirTemp("", "hammerwork-")
		if err != nil {
			return fmt.Errorf("make a folder for temporary data: %w", err)
		}
		e.dir = dir
		if !e.cfg.Keep {
			e.closers = append(e.closers, func() error { return os.RemoveAll(dir) })
		}
	} else if err := os.MkdirAll(e.dir, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	lock := flock.New(filepath.Join(e.dir, "hammerwork.lock"))
	mine, err := lock.TryLock()
	if err != nil {
		return fmt.Errorf("lock the data folder: %w", err)
	}
	if !mine {
		return fmt.Errorf("%s: %w", e.dir, ErrInUse)
	}
	e.closers = append(e.closers, lock.Unlock)
	return nil
}

// openServices starts the bus and builds the services on it, each with a
// connection of its own, as separate processes would have.
func (e *Engine) openServices(ctx context.Context) error {
	server, err := natsserver.Start(natsserver.Options{Name: "hammerwork", Log: e.cfg.Log})
	if err != nil {
		return fmt.Errorf("start NATS: %w", err)
	}
	e.closers = append(e.closers, func() error { server.Shutdown(); return nil })
	connect := func(name string) (bus.Bus, error) {
		b, err := natsbus.Connect(ctx, natsbus.Config{InProcess: server, Name: name}, e.cfg.Log)
		if err != nil {
			return nil, fmt.Errorf("connect %s: %w", name, err)
		}
		e.closers = append(e.closers, func() error { b.Close(); return nil })
		return b, nil
	}
	build := []struct {
		name string
		make func(bus.Bus) (service.Service, error)
	}{
		{"scheduler", func(b bus.Bus) (service.Service, error) {
			return scheduler.New(scheduler.DefaultConfig(), e.store, b, e.cfg.Log, scheduler.NewMetrics(e.cfg.Registry))
		}},
		{"resolver", func(b bus.Bus) (service.Service, error) {
			return resolver.New(resolver.DefaultConfig(), e.store, b, e.cfg.Log, resolver.NewMetrics(e.cfg.Registry))
		}},
		{"dispatcher", func(b bus.Bus) (service.Service, error) {
			cfg := dispatcher.DefaultConfig()
			cfg.LeaseTTL = e.cfg.Store.LeaseTTL
			return dispatcher.New(cfg, e.store, b, e.cfg.Log, dispatcher.NewMetrics(e.cfg.Registry))
		}},
	}
	if e.bus, err = connect("engine"); err != nil {
		return err
	}
	for _, s := range build {
		b, err := connect(s.name)
		if err != nil {
			return err
		}
		built, err := s.make(b)
		if err != nil {
			return err
		}
		e.services = append(e.services, built)
	}
	b, err := connect("worker")
	if err != nil {
		return err
	}
	if e.worker, err = worker.New(worker.Config{Name: "embedded", HandlerGrace: handlerGrace}, b, e.cfg.Log); err != nil {
		return err
	}
	return worker.HandleAll(e.worker, e.cfg.Concurrency, e.cfg.Handler)
}

// Run works until ctx is done. Then the worker drains while the services still
// record its outcomes; they stop last.
func (e *Engine) Run(ctx context.Context) error {
	serve, stopServices := context.WithCancel(context.WithoutCancel(ctx))
	work, stopWorker := context.WithCancel(ctx)
	defer stopWorker()
	served := make(chan error, 1)
	go func() {
		defer stopWorker() // without services a worker has nothing to do
		served <- service.Run(serve, e.services...)
	}()
	err := service.Run(work, e.worker)
	stopServices()
	return errors.Join(err, <-served)
}

// Submit enqueues w; call it before Run. With a data folder it first looks for
// an unfinished run of the same definition, which goes on then; ErrUnfinished
// when there is one of another.
func (e *Engine) Submit(ctx context.Context, w *workflow.Workflow, digest string) (id job.ID, resumed bool, err error) {
	if e.feed, err = subscribe(e.bus); err != nil {
		return job.ID{}, false, err
	}
	if e.cfg.DataDir != "" && digest != "" {
		id, err := e.store.OpenWorkflow(ctx, digest)
		if !errors.Is(err, job.ErrNotFound) {
			return id, err == nil, err
		}
		switch other, err := e.store.OtherOpenWorkflow(ctx, digest); {
		case err == nil:
			return job.ID{}, false, fmt.Errorf("%w: %s", ErrUnfinished, other)
		case !errors.Is(err, job.ErrNotFound):
			return job.ID{}, false, err
		}
	}
	done, err := e.store.EnqueueWorkflow(ctx, w, store.EnqueueOptions{Digest: digest})
	if err != nil {
		return job.ID{}, false, err
	}
	e.announce(store.Resolution{Queues: done.Queues, Checks: done.Checks, Timer: done.Timer})
	return w.ID, false, nil
}

// Workflow returns a workflow without its jobs.
func (e *Engine) Workflow(ctx context.Context, id job.ID) (store.WorkflowRecord, error) {
	return e.store.Workflow(ctx, id)
}

// Jobs returns its jobs in the order of its definition.
func (e *Engine) Jobs(ctx context.Context, id job.ID) ([]store.JobRecord, error) {
	return e.store.WorkflowJobs(ctx, id)
}

// Cancel asks a workflow to end: what runs may do so by itself for a while.
func (e *Engine) Cancel(ctx context.Context, id job.ID) error {
	r, err := e.store.CancelWorkflow(ctx, id, e.cfg.Store.CancelGrace)
	if err == nil {
		e.announce(r)
	}
	return err
}

// announce sends the hints of a committed change. They may get lost.
func (e *Engine) announce(r store.Resolution) {
	for _, a := range service.Announce(e.source, r) {
		if p, ok := a.(service.Publish); ok {
			_ = e.bus.Publish(p.Subject, p.Data)
		}
	}
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
