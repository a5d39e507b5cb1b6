package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// maxHeaderBytes bounds the headers of a request.
const maxHeaderBytes = 64 << 10

// Store is what an API needs of a store.
type Store interface {
	EnqueueWorkflow(ctx context.Context, w *workflow.Workflow, o store.EnqueueOptions) (store.Enqueued, error)
	EnqueueJobs(ctx context.Context, jobs []*job.Job, keys []store.Key) (store.Enqueued, error)
	store.Steerer
	store.Gatekeeper
	CancelJob(ctx context.Context, id job.ID, grace time.Duration) (store.Resolution, error)
	RetryJob(ctx context.Context, id job.ID, payload json.RawMessage, by store.Actor) (store.Resolution, error)
	DeleteWorkflow(ctx context.Context, id job.ID) error
	PauseQueue(ctx context.Context, name string) error
	ResumeQueue(ctx context.Context, name string) (store.Resolution, error)
	SetQueueWeights(ctx context.Context, name string, w job.Weights) error
	Workflow(ctx context.Context, id job.ID) (store.WorkflowRecord, error)
	WorkflowJobs(ctx context.Context, id job.ID, from, limit int) (page []store.JobRecord, next int, err error)
	EdgesInto(ctx context.Context, children []job.ID) ([]store.EdgeRecord, error)
	JobNames(ctx context.Context, id job.ID, list []job.ID) (map[job.ID]string, error)
	JobIDs(ctx context.Context, id job.ID, names []string) (map[string]job.ID, error)
	Job(ctx context.Context, id job.ID) (store.JobRecord, error)
	Explain(ctx context.Context, id job.ID) (store.Standing, error)
	Audit(ctx context.Context, workflow, after job.ID, limit int) ([]store.AuditRecord, error)
	Events(ctx context.Context, workflow job.ID, after store.EventPlace, limit int) ([]store.EventRecord, error)
	Causes(ctx context.Context, workflow job.ID, limit int) ([]store.Cause, error)
	Workflows(ctx context.Context, f store.WorkflowFilter) (page []store.WorkflowRecord, next job.ID, err error)
	Jobs(ctx context.Context, f store.JobFilter) (page []store.JobRecord, next job.ID, err error)
	Dependencies(ctx context.Context, id job.ID) (store.Dependencies, error)
	Spawned(ctx context.Context, spawner, after job.ID, limit int) ([]job.ID, error)
	SpawnersOf(ctx context.Context, jobs []job.ID) (map[job.ID]job.ID, error)
	Queues(ctx context.Context) ([]store.QueueRecord, error)
	Workers(ctx context.Context) ([]store.WorkerRecord, error)
	store.Planner
	Ready(ctx context.Context) error
}

// API answers HTTP requests.
type API struct {
	cfg      Config
	store    Store
	bus      bus.Bus
	log      *slog.Logger
	metrics  *Metrics
	guard    *guard
	mux      *http.ServeMux
	open     []string // patterns of routes that need no token
	document []byte   // OpenAPI
	slots    chan struct{}
	uploads  uploads

	listening chan struct{} // closed when address is set
	address   string

	sourceLock sync.Mutex
	source     service.Source
}

// New checks cfg and starts nothing.
func New(cfg Config, s Store, b bus.Bus, log *slog.Logger, metrics *Metrics) (*API, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	a := &API{
		cfg: cfg, store: s, bus: b, log: log, metrics: metrics, guard: newGuard(cfg), mux: http.NewServeMux(),
		slots: make(chan struct{}, cfg.MaxConcurrent), uploads: uploads{max: cfg.MaxUploadBytes, gauge: metrics.Uploads},
		listening: make(chan struct{}), source: service.NewSource(),
	}
	return a, a.routes()
}

// Name returns "api".
func (a *API) Name() string { return "api" }

// Addr waits until the API listens, or ctx is done, and returns its host:port.
func (a *API) Addr(ctx context.Context) (string, error) {
	select {
	case <-a.listening:
		return a.address, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// Run serves until ctx is done, lets requests end and returns nil.
func (a *API) Run(ctx context.Context) error {
	listener := a.cfg.Listener
	if listener == nil {
		var err error
		if listener, err = new(net.ListenConfig).Listen(ctx, "tcp", a.cfg.Listen); err != nil {
			return fmt.Errorf("listen on %s: %w", a.cfg.Listen, err)
		}
	}
	server := &http.Server{
		Handler: a, MaxHeaderBytes: maxHeaderBytes,
		ReadHeaderTimeout: a.cfg.ReadHeaderTimeout, ReadTimeout: a.cfg.ReadTimeout,
		WriteTimeout: a.cfg.WriteTimeout, IdleTimeout: a.cfg.IdleTimeout,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	a.address = listener.Addr().String()
	close(a.listening)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve on %s: %w", a.address, err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.cfg.DrainTimeout)
	defer cancel()
	err := server.Shutdown(drain)
	if err != nil {
		err = errors.Join(fmt.Errorf("requests still ran %s after it was asked to stop", a.cfg.DrainTimeout), server.Close())
	}
	<-served
	return err
}

// announce sends the hints of a committed change. They may get lost.
func (a *API) announce(r store.Resolution) {
	a.sourceLock.Lock()
	actions := service.Announce(a.source, r)
	a.sourceLock.Unlock()
	for _, action := range actions {
		if p, ok := action.(service.Publish); ok {
			if err := a.bus.Publish(p.Subject, p.Data); err != nil {
				a.metrics.Hints.Inc()
				a.log.Debug("hint lost", "subject", p.Subject, "error", err)
			}
		}
	}
}
