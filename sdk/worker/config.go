package worker

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// Config holds a worker's settings. The zero value of a field means its
// default.
type Config struct {
	// Name identifies the worker in leases, logs and messages; no two live
	// workers may share it. Default: the host's name and a random suffix.
	Name string
	// DrainTimeout bounds how long running handlers may go on after the worker
	// was asked to stop; then their contexts end. Default 30s.
	DrainTimeout time.Duration
	// HandlerGrace is how long a handler may ignore the end of its context
	// before its attempt is reported without it; its slot stays taken until it
	// returns. Default 5s.
	HandlerGrace time.Duration
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
	if c.DrainTimeout == 0 {
		c.DrainTimeout = 30 * time.Second
	}
	if c.HandlerGrace == 0 {
		c.HandlerGrace = 5 * time.Second
	}
	return c
}

func (c Config) validate() error {
	var errs []error
	if len(c.Name) > job.MaxName || strings.ContainsFunc(c.Name, unicode.IsControl) {
		errs = append(errs, fmt.Errorf("worker.name %q is longer than %d bytes or contains a control character", c.Name, job.MaxName))
	}
	if c.DrainTimeout < 0 {
		errs = append(errs, fmt.Errorf("worker.drain_timeout is %s; it must not be negative", c.DrainTimeout))
	}
	if c.HandlerGrace < 0 {
		errs = append(errs, fmt.Errorf("worker.handler_grace is %s; it must not be negative", c.HandlerGrace))
	}
	return errors.Join(errs...)
}
