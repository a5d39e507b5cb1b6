package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/bus/natsbus"
	"github.com/hammerwork/hammerwork/internal/database"
	"github.com/hammerwork/hammerwork/internal/health"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
)

// Options say what a process serves, and where it finds what that needs.
type Options struct {
	Services     []string // from Choose
	Config       Config
	DatabaseURL  string
	NATSURL      string
	HealthListen string // empty: no port for health checks
	Store        store.Options
	Log          *slog.Logger
	Registry     *prometheus.Registry
	StopTimeout  time.Duration // from the end of Run's context to its return; default 30s
	// Ready is called once, when every service runs.
	Ready func()
}

// ErrAlone says that a database allows one process, and it is asked to be one
// of several.
var ErrAlone = errors.New("one process has to serve everything on a SQLite file")

// Process is a process that serves.
type Process struct {
	opts   Options
	kind   database.Kind
	status *health.Status
}

// New checks the options and starts nothing.
func New(o Options) (*Process, error) {
	kind, err := database.KindOf(o.DatabaseURL)
	if err != nil {
		return nil, err
	}
	if kind == database.SQLite && len(o.Services) < len(Names) {
		return nil, ErrAlone
	}
	o.Config.Resolver.Alone = kind == database.SQLite // a lock file says so
	if err := errors.Join((natsbus.Config{URL: o.NATSURL}).Validate(), o.Config.Validate(o.Services), o.Store.Validate()); err != nil {
		return nil, err
	}
	if o.StopTimeout < 0 {
		return nil, fmt.Errorf("stop_timeout is %s; it must not be negative", o.StopTimeout)
	}
	if o.StopTimeout == 0 {
		o.StopTimeout = DefaultStopTimeout
	}
	return &Process{opts: o, kind: kind, status: health.NewStatus()}, nil
}

// DefaultStopTimeout is the default of Options.StopTimeout.
const DefaultStopTimeout = 30 * time.Second

// Run waits for the database and for NATS, works until ctx is done, lets the
// services finish what they began and returns nil. While something is missing
// it says so on /readyz and goes on waiting; only what waiting does not mend,
// like another schema, is an error. After StopTimeout it returns whatever hangs:
// what was begun then is undone, as after a crash.
func (p *Process) Run(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- p.run(ctx) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	limit := time.NewTimer(p.opts.StopTimeout)
	defer limit.Stop()
	select {
	case err := <-ended:
		return err
	case <-limit.C:
		return fmt.Errorf("still busy %s after it was asked to stop", p.opts.StopTimeout)
	}
}

func (p *Process) run(ctx context.Context) error {
	if p.opts.HealthListen == "" {
		return p.serve(ctx)
	}
	server, err := health.Listen(ctx, p.opts.HealthListen, p.status, p.opts.Registry, p.opts.Log)
	if err != nil {
		return err
	}
	// It answers until the services have stopped.
	up, down := context.WithCancel(context.WithoutCancel(ctx))
	var answering sync.WaitGroup
	var failed error
	answering.Go(func() { failed = server.Run(up) })
	err = p.serve(ctx)
	down()
	answering.Wait()
	return errors.Join(err, failed)
}

func (p *Process) serve(ctx context.Context) (err error) {
	var open closers
	defer func() { err = errors.Join(err, open.close()) }()
	if p.kind == database.SQLite {
		unlock, err := LockFile(database.Path(p.opts.DatabaseURL))
		if err != nil {
			return err
		}
		open.add(unlock)
	}
	s, err := database.Open(ctx, p.opts.DatabaseURL, p.opts.Store)
	if err != nil {
		return err
	}
	open.add(s.Close)
	p.status.Add("database", readable(s.Ready))
	connections := &connections{expected: len(p.opts.Services)}
	p.status.Add("nats", connections.check)
	if err := waitForDatabase(ctx, s, p.opts.Log); err != nil {
		if ctx.Err() != nil {
			return nil // stopped while it waited
		}
		return err
	}
	p.status.Set("") // from here on the checks tell what is missing
	stop := context.AfterFunc(ctx, func() { p.status.Set("stopping") })
	defer stop()
	return service.Run(ctx, p.services(s, connections, &open)...)
}

// services returns the services, each of which waits for its own connection to
// NATS; the API, which needs NATS for hints only, does not wait.
func (p *Process) services(s store.Store, connections *connections, open *closers) []service.Service {
	// A pool each: requests that hold all connections of the API's must not keep
	// heartbeats waiting.
	storeOf := func(ctx context.Context) (store.Store, error) {
		if p.kind == database.SQLite {
			return s, nil
		}
		own, err := database.Open(ctx, p.opts.DatabaseURL, p.opts.Store)
		if err == nil {
			open.add(own.Close)
		}
		return own, err
	}
	var made atomic.Int32
	list := make([]service.Service, len(p.opts.Services))
	for i, name := range p.opts.Services {
		list[i] = later{name, func(ctx context.Context) (service.Service, error) {
			connect := func(name string) (bus.Bus, error) {
				cfg := natsbus.Config{URL: p.opts.NATSURL, Name: "hammerwork " + name, WaitForServer: true, Background: name == "api"}
				b, err := natsbus.Connect(ctx, cfg, p.opts.Log)
				if err != nil {
					return nil, fmt.Errorf("connect %s: %w", name, err)
				}
				open.add(func() error { b.Close(); return nil })
				connections.add(b)
				return b, nil
			}
			built, err := build(name, p.opts.Config, func(string) (store.Store, error) { return storeOf(ctx) }, connect, p.opts.Log, p.opts.Registry)
			if err == nil && int(made.Add(1)) == len(list) && p.opts.Ready != nil {
				p.opts.Ready()
			}
			return built, err
		}}
	}
	return list
}

// later is a service that is made when it runs: what it needs is waited for.
type later struct {
	name string
	make func(ctx context.Context) (service.Service, error)
}

// Name implements service.Service.
func (l later) Name() string { return l.name }

// Run implements service.Service.
func (l later) Run(ctx context.Context) error {
	s, err := l.make(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil // stopped while it waited
		}
		return err
	}
	return s.Run(ctx)
}

// connections are those to NATS of a process.
type connections struct {
	expected int
	mu       sync.Mutex
	list     []*natsbus.Bus
}

func (c *connections) add(b *natsbus.Bus) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, b)
}

func (c *connections) check(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.list) < c.expected {
		return errors.New("not connected yet")
	}
	for _, b := range c.list {
		if !b.Connected() {
			return errors.New("not connected")
		}
	}
	return nil
}

// closers closes what was opened, last things first.
type closers struct {
	mu   sync.Mutex
	list []func() error
}

func (c *closers) add(f func() error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, f)
}

func (c *closers) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for i := len(c.list) - 1; i >= 0; i-- {
		errs = append(errs, c.list[i]())
	}
	return errors.Join(errs...)
}
