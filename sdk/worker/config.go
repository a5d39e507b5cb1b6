package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/bus/embedded"
	"github.com/hammerwork/hammerwork/internal/bus/natsbus"
	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/internal/history/watch"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// Config holds a worker's settings. The zero value of a field means its
// default; NATSURL has none.
type Config struct {
	// NATSURL is where NATS is, like nats://127.0.0.1:4222. It may carry a user
	// and a password or a token, have the scheme tls, ws or wss, and name
	// several servers of a cluster, separated by commas.
	NATSURL string
	// FindNATS is asked for the URL of NATS, at most once a second, while no
	// server of NATSURL answers: it may have come back elsewhere. Default: it
	// stays where it is.
	FindNATS func(context.Context) (string, error)
	// NATSOptions are for what a URL cannot say: nats.UserCredentials,
	// nats.RootCAs, nats.ClientCert, nats.Secure. How to reconnect and to drain
	// is the worker's own affair, whatever the options say.
	NATSOptions []nats.Option
	// Name identifies the worker in leases, logs and messages; no two live
	// workers may share it. Default: the host's name and a random suffix.
	Name string
	// Concurrency is how many jobs a handler runs side by side when it has no
	// Concurrency of its own. Default 10.
	Concurrency int
	// DrainTimeout bounds how long running handlers may go on after the worker
	// was asked to stop; then their contexts end. Default 30s.
	DrainTimeout time.Duration
	// HandlerGrace is how long a handler may ignore the end of its context
	// before its attempt is reported without it; its slot stays taken until it
	// returns. Default 5s.
	HandlerGrace time.Duration
	// Logger gets what the worker has to say. Payloads and results are never
	// logged. Default slog.Default().
	Logger *slog.Logger
	// TracerProvider makes each attempt a span of its job's trace. Default:
	// no spans.
	TracerProvider trace.TracerProvider

	bus     bus.Bus           // in place of NATSURL, in this module only
	history *history.Recorder // of what the worker does, in this module only; nil: none
}

func init() {
	watch.SetRecorder = func(config any, r *history.Recorder) { config.(*Config).history = r }
	embedded.SetBus = func(config any, b bus.Bus) { config.(*Config).bus = b }
}

func (c Config) withDefaults() Config {
	if c.Name == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "worker"
		}
		id := job.NewID()
		c.Name = fmt.Sprintf("%s-%x", host, id[12:])
	}
	if c.Concurrency == 0 {
		c.Concurrency = 10
	}
	if c.DrainTimeout == 0 {
		c.DrainTimeout = 30 * time.Second
	}
	if c.HandlerGrace == 0 {
		c.HandlerGrace = 5 * time.Second
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.TracerProvider == nil {
		c.TracerProvider = noop.NewTracerProvider()
	}
	return c
}

func (c Config) validate() error {
	var errs []error
	if c.bus == nil {
		if err := c.nats().Validate(); err != nil {
			errs = append(errs, fmt.Errorf("worker.nats_url: %w", err))
		}
	}
	if len(c.Name) > job.MaxName || strings.ContainsFunc(c.Name, unicode.IsControl) {
		errs = append(errs, fmt.Errorf("worker.name %q is longer than %d bytes or contains a control character", c.Name, job.MaxName))
	}
	if c.bus == nil && strings.HasPrefix(c.Name, store.EmbeddedWorkers) {
		errs = append(errs, fmt.Errorf("worker.name %q begins with %s, as only workers inside an engine do", c.Name, store.EmbeddedWorkers))
	}
	if err := checkConcurrency(c.Concurrency); err != nil {
		errs = append(errs, fmt.Errorf("worker.%w", err))
	}
	if c.DrainTimeout < 0 {
		errs = append(errs, fmt.Errorf("worker.drain_timeout is %s; it must not be negative", c.DrainTimeout))
	}
	if c.HandlerGrace < 0 {
		errs = append(errs, fmt.Errorf("worker.handler_grace is %s; it must not be negative", c.HandlerGrace))
	}
	return errors.Join(errs...)
}

// nats is how the worker connects: it waits for a server that is absent.
func (c Config) nats() natsbus.Config {
	return natsbus.Config{URL: c.NATSURL, Find: c.FindNATS, Options: c.NATSOptions, Name: "worker " + c.Name, WaitForServer: true}
}

func checkConcurrency(n int) error {
	if n < 1 || n > 100_000 {
		return fmt.Errorf("concurrency is %d; it must be between 1 and 100000", n)
	}
	return nil
}
