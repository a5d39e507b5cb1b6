package scheduler

import (
	"errors"
	"fmt"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
)

// Config holds a scheduler's settings.
type Config struct {
	PollInterval time.Duration // how often to look for due timers, at the latest; default 500ms
	ReapInterval time.Duration // how often to look for expired leases; default 500ms
	ReapHold     time.Duration // how long leases are left alone after a gap in looking at them; default 15s, the lease
	HoldAtStart  bool          // leave them alone for as long after the start, too: workers may have outlived what ran before; default false
	Batch        int           // timers a transaction takes at most; default 1000

	PurgeInterval time.Duration   // how long after a pass over what is old the next one begins; default 1m
	Retention     store.Retention // how long what has ended is kept; default store.DefaultRetention
}

// DefaultConfig returns the defaults.
func DefaultConfig() Config {
	return Config{
		PollInterval: 500 * time.Millisecond, ReapInterval: 500 * time.Millisecond, ReapHold: 15 * time.Second, Batch: 1000,
		PurgeInterval: time.Minute, Retention: store.DefaultRetention(),
	}
}

// Validate reports every bad setting at once.
func (c Config) Validate() error {
	var errs []error
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"poll_interval", c.PollInterval}, {"reap_interval", c.ReapInterval}} {
		if d.value < 10*time.Millisecond {
			errs = append(errs, fmt.Errorf("scheduler.%s is %s; it must be at least 10ms, or polling alone loads the database", d.name, d.value))
		}
	}
	if c.ReapHold < 0 {
		errs = append(errs, fmt.Errorf("scheduler.reap_hold is %s; it must not be negative", c.ReapHold))
	}
	if c.Batch < 1 || c.Batch > 10_000 {
		errs = append(errs, fmt.Errorf("scheduler.batch is %d; it must be between 1 and 10000", c.Batch))
	}
	if c.PurgeInterval < time.Second {
		errs = append(errs, fmt.Errorf("scheduler.purge_interval is %s; it must be at least 1s, or looking for what is old loads the database", c.PurgeInterval))
	}
	r := c.Retention
	for _, keep := range []struct {
		what string
		time time.Duration
	}{
		{"completed", r.Completed},
		{"failed", r.Failed},
		{"dead", r.Dead},
		{"timed_out", r.TimedOut},
		{"upstream_failed", r.UpstreamFailed},
		{"cancelled", r.Cancelled},
		{"skipped", r.Skipped},
		{"keys", r.Keys},
		{"ticks", r.Ticks},
	} {
		if keep.time != 0 && keep.time < time.Minute {
			errs = append(errs, fmt.Errorf("scheduler.retention.%s is %s; it must be at least 1m, so that who waits for an end sees it, or 0: for ever", keep.what, keep.time))
		}
	}
	return errors.Join(errs...)
}
