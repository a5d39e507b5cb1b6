package hammerworktest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/bus/natsbus"
	"github.com/hammerwork/hammerwork/internal/bus/natsserver"
	"github.com/hammerwork/hammerwork/internal/database"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/mysql/mysqltest"
	"github.com/hammerwork/hammerwork/internal/store/postgres/pgtest"
	"github.com/hammerwork/hammerwork/sdk/client"
	"github.com/hammerwork/hammerwork/sdk/worker"
	"github.com/hammerwork/hammerwork/services/dispatcher"
	"github.com/hammerwork/hammerwork/services/resolver"
	"github.com/hammerwork/hammerwork/services/scheduler"
)

// Engine is a running Hammerwork.
type Engine struct {
	Client      *client.Client // enqueues and asks
	DatabaseURL string         // for clients of the test's own
	NATSURL     string         // for workers of the test's own

	log     *slog.Logger
	workers []running
	closers []func() error // in the order of opening
}

// running is a loop that goes on until it is stopped.
type running struct {
	stop  context.CancelFunc
	ended chan error
}

func start(run func(context.Context) error) running {
	ctx, stop := context.WithCancel(context.Background())
	r := running{stop, make(chan error, 1)}
	go func() { r.ended <- run(ctx) }()
	return r
}

func (r running) end() error {
	r.stop()
	return <-r.ended
}

// Option changes an engine.
type Option func(*settings)

type settings struct {
	databaseURL string
	log         *slog.Logger
}

// OnDatabase runs the engine on a database of the test's own, as client.Config
// names it. It must have nothing else at work on it. Default: SQLite in a
// temporary folder.
func OnDatabase(url string) Option { return func(s *settings) { s.databaseURL = url } }

// OnPostgres runs the engine on a new PostgreSQL database, on a private server
// that the installed PostgreSQL runs while tests need it, or on the one that
// HAMMERWORK_TEST_POSTGRES_URL names. It is dropped when the test has ended.
func OnPostgres(t testing.TB) Option {
	t.Helper()
	return OnDatabase(pgtest.Fresh(t))
}

// OnMySQL runs the engine on a new MySQL database, on a private server that the
// installed MariaDB runs while tests need it, or on the one that
// HAMMERWORK_TEST_MYSQL_URL names. It is dropped when the test has ended.
func OnMySQL(t testing.TB) Option {
	t.Helper()
	return OnDatabase(mysqltest.Fresh(t))
}

// WithLogger gives services and workers a logger. Default: they are silent.
func WithLogger(log *slog.Logger) Option { return func(s *settings) { s.log = log } }

// Start runs an engine until the test has ended.
func Start(t testing.TB, opts ...Option) *Engine {
	t.Helper()
	e, err := Open(context.Background(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("close hammerworktest: %v", err)
		}
	})
	return e
}

// Open runs an engine until Close. It is for examples and benchmarks; tests use
// Start.
func Open(ctx context.Context, opts ...Option) (*Engine, error) {
	s := settings{log: slog.New(slog.DiscardHandler)}
	for _, o := range opts {
		o(&s)
	}
	e := &Engine{DatabaseURL: s.databaseURL, log: s.log}
	if err := e.open(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func (e *Engine) open(ctx context.Context) error {
	if e.DatabaseURL == "" {
		dir, err := os.MkdirTemp("", "hammerworktest-")
		if err != nil {
			return fmt.Errorf("make a folder for temporary data: %w", err)
		}
		e.closers = append(e.closers, func() error { return os.RemoveAll(dir) })
		e.DatabaseURL = "sqlite://" + filepath.ToSlash(filepath.Join(dir, "hammerwork.db"))
	}
	db, err := database.Open(ctx, e.DatabaseURL, store.Options{})
	if err != nil {
		return err
	}
	e.closers = append(e.closers, db.Close)
	server, err := natsserver.Start(natsserver.Options{Listen: "127.0.0.1:0", Name: "hammerworktest", Log: e.log})
	if err != nil {
		return err
	}
	e.closers = append(e.closers, func() error { server.Shutdown(); return nil })
	e.NATSURL = server.URL()
	if err := e.serve(ctx, db); err != nil {
		return err
	}
	e.Client, err = client.New(ctx, client.Config{DatabaseURL: e.DatabaseURL, NATSURL: e.NATSURL, Logger: e.log})
	if err != nil {
		return err
	}
	e.closers = append(e.closers, e.Client.Close)
	return nil
}

// serve runs the services, each with a connection of its own, as separate
// processes would have.
func (e *Engine) serve(ctx context.Context, db store.Store) error {
	connect := func(name string) (bus.Bus, error) {
		b, err := natsbus.Connect(ctx, natsbus.Config{URL: e.NATSURL, Name: name}, e.log)
		if err != nil {
			return nil, err
		}
		e.closers = append(e.closers, func() error { b.Close(); return nil })
		return b, nil
	}
	var services []service.Service
	for _, build := range []struct {
		name string
		make func(bus.Bus) (service.Service, error)
	}{
		{"scheduler", func(b bus.Bus) (service.Service, error) {
			return scheduler.New(scheduler.DefaultConfig(), db, b, e.log, scheduler.NewMetrics(nil))
		}},
		{"resolver", func(b bus.Bus) (service.Service, error) {
			cfg := resolver.DefaultConfig()
			cfg.Alone = true // nothing else is at work on the database
			return resolver.New(cfg, db, b, e.log, resolver.NewMetrics(nil))
		}},
		{"dispatcher", func(b bus.Bus) (service.Service, error) {
			return dispatcher.New(dispatcher.DefaultConfig(), db, b, e.log, dispatcher.NewMetrics(nil))
		}},
	} {
		b, err := connect(build.name)
		if err != nil {
			return err
		}
		s, err := build.make(b)
		if err != nil {
			return err
		}
		services = append(services, s)
	}
	serving := start(func(ctx context.Context) error { return service.Run(ctx, services...) })
	e.closers = append(e.closers, serving.end)
	return nil
}

// Work runs a worker until the engine is closed. register gives it handlers.
func (e *Engine) Work(register func(w *worker.Worker) error) error {
	w, err := worker.New(worker.Config{NATSURL: e.NATSURL, Logger: e.log})
	if err != nil {
		return err
	}
	if err := register(w); err != nil {
		return err
	}
	e.workers = append(e.workers, start(w.Run))
	return nil
}

// Close stops the workers, which let their handlers end, then everything else.
func (e *Engine) Close() error {
	var errs []error
	for _, w := range e.workers {
		w.stop()
	}
	for _, w := range e.workers {
		errs = append(errs, w.end())
	}
	for i := len(e.closers) - 1; i >= 0; i-- {
		errs = append(errs, e.closers[i]())
	}
	e.workers, e.closers = nil, nil
	return errors.Join(errs...)
}
