package client

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/hammerwork/hammerwork/internal/bus/natsbus"
	"github.com/hammerwork/hammerwork/internal/database"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Config says where the database is. The zero value of a field means its
// default; DatabaseURL has none.
type Config struct {
	// DatabaseURL names the database of the services, like
	// postgres://user:password@host:5432/database,
	// mysql://user:password@host:3306/database or
	// sqlite:///path/to/hammerwork.db. A SQLite file that does not exist is
	// created.
	DatabaseURL string
	// NATSURL is where NATS is, like nats://127.0.0.1:4222. Empty: no hints are
	// sent, and services find new work when they look next, within a second or
	// a few when nothing happens. A NATS that is absent stops nobody.
	NATSURL string
	// NATSOptions are for what a URL cannot say: nats.UserCredentials,
	// nats.RootCAs, nats.ClientCert.
	NATSOptions []nats.Option
	// PollInterval is how often WaitWorkflow and WaitJob look, beside the hints
	// that NATS brings. Default 500ms.
	PollInterval time.Duration
	// CancelGrace is how long the handlers of what is cancelled may go on; what
	// they return within it counts. Default 10s.
	CancelGrace time.Duration
	// Limits bound how large a workflow may be, by default 100,000 jobs and
	// 1,000,000 dependencies. What its jobs spawn is bounded by the services.
	Limits workflow.Limits
	// Logger gets what has no caller to be told, such as a lost connection to
	// NATS. Payloads and results are never logged. Default slog.Default().
	Logger *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.PollInterval == 0 {
		c.PollInterval = 500 * time.Millisecond
	}
	if c.CancelGrace == 0 {
		c.CancelGrace = 10 * time.Second
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

func (c Config) validate() error {
	var errs []error
	if _, err := database.KindOf(c.DatabaseURL); err != nil {
		errs = append(errs, fmt.Errorf("client.database_url: %w; it is %s", err, database.Hint))
	}
	if c.NATSURL != "" {
		if err := c.nats().Validate(); err != nil {
			errs = append(errs, fmt.Errorf("client.nats_url: %w", err))
		}
	}
	if c.PollInterval < 0 {
		errs = append(errs, fmt.Errorf("client.poll_interval is %s; it must not be negative", c.PollInterval))
	}
	if c.CancelGrace < 0 {
		errs = append(errs, fmt.Errorf("client.cancel_grace is %s; it must not be negative", c.CancelGrace))
	}
	if err := c.Limits.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("client.limits: %w", err))
	}
	return errors.Join(errs...)
}

func (c Config) nats() natsbus.Config {
	return natsbus.Config{URL: c.NATSURL, Options: c.NATSOptions, Name: "client", WaitForServer: true}
}
