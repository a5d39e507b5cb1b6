package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/serve"
	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/bus/embedded"
	"github.com/hammerwork/hammerwork/internal/bus/natsbus"
	"github.com/hammerwork/hammerwork/internal/bus/natsserver"
	"github.com/hammerwork/hammerwork/internal/history/watch"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/sqlite"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

// handlerGrace is how long a handler may ignore the end of its context: a
// little longer than the built-in ones give a program to stop.
const handlerGrace = 10 * time.Second

func (e *Engine) open(ctx context.Context) error {
	if err := e.openFolder(); err != nil {
		return err
	}
	path := filepath.Join(e.dir, "hammerwork.db")
	unlock, err := serve.LockFile(path)
	if err != nil {
		return err
	}
	e.closers = append(e.closers, unlock)
	e.cfg.Store = e.cfg.Store.WithDefaults()
	if e.store, err = sqlite.Open(ctx, path, e.cfg.Store); err != nil {
		return err
	}
	e.closers = append(e.closers, e.store.Close)
	e.status.Add("database", e.store.Ready)
	if err := e.endDeadLeases(ctx); err != nil {
		return err
	}
	return e.openServices(ctx)
}

// openFolder makes the data folder.
func (e *Engine) openFolder() error {
	if e.dir != "" {
		if err := os.MkdirAll(e.dir, 0o700); err != nil {
			return fmt.Errorf("make the data folder: %w", err)
		}
		return nil
	}
	dir, err := os.MkdirTemp("", "hammerwork-")
	if err != nil {
		return fmt.Errorf("make a folder for temporary data: %w", err)
	}
	e.dir = dir
	if !e.cfg.Keep {
		e.closers = append(e.closers, func() error { return os.RemoveAll(dir) })
	}
	return nil
}

// endDeadLeases takes jobs back from the built-in workers of an earlier
// process: the lock of the data proves that it is dead. Workers of other
// processes may have outlived it and go on.
func (e *Engine) endDeadLeases(ctx context.Context) error {
	if err := e.store.ExpireEmbeddedLeases(ctx); err != nil {
		return err
	}
	if e.cfg.NATSListen != "" {
		return nil // the scheduler reaps what has expired, after a hold
	}
	for {
		if r, err := e.store.ExpireLeases(ctx, 100); err != nil || r.Done == 0 {
			return err
		}
	}
}

// openServices starts the bus and builds services and workers on it.
func (e *Engine) openServices(ctx context.Context) error {
	var err error
	e.nats, err = natsserver.Start(natsserver.Options{Name: "hammerwork", Listen: e.cfg.NATSListen, Log: e.cfg.Log})
	if err != nil {
		return fmt.Errorf("start NATS: %w", err)
	}
	e.closers = append(e.closers, func() error { e.nats.Shutdown(); return nil })
	connect := func(name string) (bus.Bus, error) { return e.connect(ctx, name) }
	database := func(string) (store.Store, error) { return e.store, nil }
	if e.bus, err = connect("engine"); err != nil {
		return err
	}
	e.cfg.Settings.Dispatcher.LeaseTTL = e.cfg.Store.LeaseTTL
	e.cfg.Settings.Resolver.Alone = true // the lock of the data says so
	e.cfg.Settings.API.NATSURL = e.nats.URL()
	e.services, err = serve.Build(e.cfg.Services, e.cfg.Settings, database, connect, e.cfg.Log, e.cfg.Registry)
	if err != nil {
		return err
	}
	for n := range e.cfg.Workers {
		if err := e.openWorker(connect, fmt.Sprintf("%s%d", store.EmbeddedWorkers, n+1)); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) connect(ctx context.Context, name string) (bus.Bus, error) {
	b, err := natsbus.Connect(ctx, natsbus.Config{InProcess: e.nats, Name: name}, e.cfg.Log)
	if err != nil {
		return nil, fmt.Errorf("connect %s: %w", name, err)
	}
	e.closers = append(e.closers, func() error { b.Close(); return nil })
	e.status.Add("nats: "+name, func(context.Context) error {
		if !b.Connected() {
			return errors.New("not connected")
		}
		return nil
	})
	var used bus.Bus = b
	if e.cfg.wrap != nil {
		used = e.cfg.wrap(b)
	}
	if name == "dispatcher" {
		used = hearing{used, sync.OnceFunc(func() { close(e.hears) })}
	}
	return used, nil
}

// hearing tells when the first offer of a worker can be heard: one that comes
// earlier is lost, and the next comes a second later.
type hearing struct {
	bus.Bus
	hears func()
}

// Subscribe implements bus.Bus.
func (h hearing) Subscribe(subject, group string, handle func(bus.Message)) (bus.Subscription, error) {
	s, err := h.Bus.Subscribe(subject, group, handle)
	if err == nil && subject == bus.AllPulls {
		h.hears()
	}
	return s, err
}

func (e *Engine) openWorker(connect serve.Connect, name string) error {
	b, err := connect(name)
	if err != nil {
		return err
	}
	w, err := worker.New(watch.WithHistory(
		embedded.WithBus(worker.Config{Name: name, HandlerGrace: handlerGrace, Logger: e.cfg.Log}, b), e.cfg.Settings.History,
	))
	if err != nil {
		return err
	}
	e.workers = append(e.workers, w)
	return worker.HandleAll(w, e.cfg.Handler, worker.Concurrency(e.cfg.Concurrency))
}
