package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/hammerwork/hammerwork/internal/agent"
	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
)

// Worker runs handlers for the queues it serves.
type Worker struct {
	cfg    Config
	bus    bus.Bus
	log    *slog.Logger
	tracer trace.Tracer
	pools  []pool
}

// pool is a number of slots that serve some queues with one handler.
type pool struct {
	queue   string // empty: every queue
	slots   int
	handler Handler
}

// New checks cfg and starts nothing. Register handlers with Handle before Run.
func New(cfg Config, b bus.Bus, log *slog.Logger) (*Worker, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	return &Worker{cfg: cfg, bus: b, log: log, tracer: noop.NewTracerProvider().Tracer("hammerwork")}, nil
}

// WithTracing makes each attempt a span of its job's trace.
func (w *Worker) WithTracing(p trace.TracerProvider) *Worker {
	w.tracer = p.Tracer("github.com/hammerwork/hammerwork/sdk/worker")
	return w
}

// Handle serves a queue with h, at most concurrency jobs at once.
func Handle(w *Worker, queue string, concurrency int, h Handler) error {
	for _, p := range w.pools {
		if p.queue == queue {
			return fmt.Errorf("queue %q has a handler already", queue)
		}
	}
	if queue == "" {
		return errors.New("the queue's name is empty; HandleAll serves every queue")
	}
	return w.add(pool{queue, concurrency, h})
}

// HandleAll serves every queue with h, at most concurrency jobs at once.
func HandleAll(w *Worker, concurrency int, h Handler) error { return w.add(pool{"", concurrency, h}) }

func (w *Worker) add(p pool) error {
	if p.handler == nil {
		return errors.New("the handler is nil")
	}
	if p.slots < 1 || p.slots > 100_000 {
		return fmt.Errorf("concurrency is %d; it must be between 1 and 100000", p.slots)
	}
	w.pools = append(w.pools, p)
	return nil
}

// Name returns the worker's name.
func (w *Worker) Name() string { return w.cfg.Name }

// Run works until ctx is done, lets running handlers end within the drain
// timeout, reports their outcomes and returns nil.
func (w *Worker) Run(ctx context.Context) error {
	if len(w.pools) == 0 {
		return errors.New("the worker has no handlers")
	}
	slots := make([]agent.Pool, len(w.pools))
	for i, p := range w.pools {
		slots[i] = agent.Pool{Queue: p.queue, Slots: p.slots}
	}
	r := &runner{cfg: w.cfg, bus: w.bus, log: w.log, tracer: w.tracer, pools: w.pools, stops: map[agent.Key]context.CancelCauseFunc{}}
	loop := service.Loop{
		Name:          w.cfg.Name,
		Machine:       agent.NewMachine(w.cfg.Name, w.cfg.DrainTimeout, slots, w.bus.MaxPayload(), service.NewSource(), w.log),
		Bus:           w.bus,
		Subscriptions: agent.Subscriptions(w.cfg.Name),
		Log:           w.log,
		Perform:       r.perform,
		StopTimeout:   w.cfg.DrainTimeout + w.cfg.HandlerGrace + 10*time.Second,
	}
	err := loop.Run(ctx)
	r.stopAll(agent.ErrStopping)
	return err
}
