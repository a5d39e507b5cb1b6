package resolver

import (
	"errors"
	"fmt"
	"time"
)

// Config holds a resolver's settings.
type Config struct {
	Name          string        // unlike any other resolver's; default: made up
	Alone         bool          // no other resolver can run on the database: nothing is shared out, every outcome is heard from the start; default false
	Batch         int           // outcomes a transaction takes at most; default 500
	Queue         int           // outcomes that may wait; further ones are told to come again; default 100,000
	QueueBytes    int           // bytes of results and errors that may wait; default 64 MiB
	CheckInterval time.Duration // how often to look for edges to check without a hint; default 1s
}

// DefaultConfig returns the defaults.
func DefaultConfig() Config {
	return Config{Batch: 500, Queue: 100_000, QueueBytes: 64 << 20, CheckInterval: time.Second}
}

// Validate reports every bad setting at once.
func (c Config) Validate() error {
	var errs []error
	if c.Batch < 1 || c.Batch > 10_000 {
		errs = append(errs, fmt.Errorf("resolver.batch is %d; it must be between 1 and 10000", c.Batch))
	}
	if c.Queue < c.Batch {
		errs = append(errs, fmt.Errorf("resolver.queue is %d; it must be at least batch, %d", c.Queue, c.Batch))
	}
	if c.QueueBytes < batchBytes {
		errs = append(errs, fmt.Errorf("resolver.queue_bytes is %d; it must be at least %d, what one transaction takes", c.QueueBytes, batchBytes))
	}
	if c.CheckInterval < 10*time.Millisecond {
		errs = append(errs, fmt.Errorf("resolver.check_interval is %s; it must be at least 10ms, or polling alone loads the database", c.CheckInterval))
	}
	return errors.Join(errs...)
}
