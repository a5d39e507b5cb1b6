package worker

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hammerwork/hammerwork/internal/agent"
	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/bus/natsbus"
	"github.com/hammerwork/hammerwork/internal/history/watch"
	"github.com/hammerwork/hammerwork/internal/service"
)

// Worker runs handlers for the queues it serves.
type Worker struct {
	cfg Config

	mu      sync.Mutex
	pools   []pool
	running bool    // Run was called
	errs    []error // of handlers that could not be registered

	conn atomic.Pointer[natsbus.Bus] // nil: not connected yet, or to a bus that was given
}

// New checks cfg and starts nothing: it does not connect. Register handlers
// with Handle, HandleTyped or HandleAll, then call Run. The error names every
// setting that is wrong, and shows no password.
func New(cfg Config) (*Worker, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	return &Worker{cfg: cfg}, nil
}

// Name returns the worker's name.
func (w *Worker) Name() string { return w.cfg.Name }

// Connected reports whether the worker has a connection to NATS now.
func (w *Worker) Connected() bool {
	conn := w.conn.Load()
	return conn != nil && conn.Connected()
}

// Run connects to NATS and works until ctx is done; then it takes no more
// jobs, lets running handlers end within the drain timeout, reports their
// outcomes, closes the connection and returns nil. It waits for a NATS that is
// absent and reconnects forever. It returns an error when no handler is
// registered or one could not be, when NATS refuses the connection, and when
// handlers do not return in time. A worker runs once.
func (w *Worker) Run(ctx context.Context) error {
	pools, err := w.begin()
	if err != nil {
		return err
	}
	b := w.cfg.bus
	if b == nil {
		w.cfg.Logger.Info("worker connects", "worker", w.cfg.Name, "nats", w.cfg.nats().Server())
		conn, err := natsbus.Connect(ctx, w.cfg.nats(), w.cfg.Logger)
		if err != nil {
			if ctx.Err() != nil {
				return nil // it was stopped before there was anything to do
			}
			return err
		}
		defer conn.Close()
		w.conn.Store(conn)
		w.cfg.Logger.Info("worker connected", "worker", w.cfg.Name)
		b = conn
	}
	return w.work(ctx, b, pools)
}

// begin closes the registration of handlers.
func (w *Worker) begin() ([]pool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.running:
		return nil, errors.New("the worker ran before; make a new one")
	case len(w.errs) > 0:
		return nil, errors.Join(w.errs...)
	case len(w.pools) == 0:
		return nil, errors.New("the worker has no handlers")
	}
	w.running = true
	return w.pools, nil
}

func (w *Worker) work(ctx context.Context, b bus.Bus, pools []pool) error {
	slots := make([]agent.Pool, len(pools))
	for i, p := range pools {
		slots[i] = agent.Pool{Queue: p.queue, Slots: p.slots}
	}
	r := newRunner(w.cfg, b, pools)
	machine := agent.NewMachine(w.cfg.Name, w.cfg.DrainTimeout, slots, b.MaxPayload(), service.NewSource(), w.cfg.Logger)
	loop := service.Loop{
		Name:          w.cfg.Name,
		Machine:       watch.Worker(machine, w.cfg.Name, w.cfg.history),
		Bus:           b,
		Subscriptions: agent.Subscriptions(w.cfg.Name),
		Log:           w.cfg.Logger,
		Perform:       r.perform,
		StopTimeout:   w.cfg.DrainTimeout + w.cfg.HandlerGrace + 10*time.Second,
	}
	err := loop.Run(ctx)
	r.stopAll(ErrStopping)
	return err
}
