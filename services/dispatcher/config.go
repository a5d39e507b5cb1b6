package dispatcher

import (
	"errors"
	"fmt"
	"time"
)

// Config holds a dispatcher's settings.
type Config struct {
	PollInterval     time.Duration // how often to look without a hint, ± 20 %; default 1s
	PollIntervalIdle time.Duration // the longest interval when polls find nothing; default 5s
	DeliveryJobs     int           // jobs a lease has at most; default 200
	LeaseTTL         time.Duration // of an accepted lease, told to workers; default 15s
	SeenInterval     time.Duration // how often to note which workers there are; default 5s
}

// DefaultConfig returns the defaults.
func DefaultConfig() Config {
	return Config{
		PollInterval: time.Second, PollIntervalIdle: 5 * time.Second,
		DeliveryJobs: 200, LeaseTTL: 15 * time.Second, SeenInterval: 5 * time.Second,
	}
}

// Validate reports every bad setting at once.
func (c Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.PollInterval < 10*time.Millisecond {
		bad("dispatcher.poll_interval is %s; it must be at least 10ms, or polling alone loads the database", c.PollInterval)
	}
	if c.PollIntervalIdle < c.PollInterval {
		bad("dispatcher.poll_interval_idle is %s; it must be at least poll_interval, %s", c.PollIntervalIdle, c.PollInterval)
	}
	if c.DeliveryJobs < 1 || c.DeliveryJobs > 1000 {
		bad("dispatcher.delivery_jobs is %d; it must be between 1 and 1000", c.DeliveryJobs)
	}
	if c.LeaseTTL < 3*time.Second {
		bad("dispatcher.lease_ttl is %s; it must be at least 3s, or a slow network loses live jobs", c.LeaseTTL)
	}
	if c.SeenInterval < 100*time.Millisecond {
		bad("dispatcher.seen_interval is %s; it must be at least 100ms, or noting workers alone loads the database", c.SeenInterval)
	}
	return errors.Join(errs...)
}
