package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Options are the settings every store has. The zero value of a field means
// its default.
type Options struct {
	LeaseTTL  time.Duration    // of an accepted lease; default 15s
	AcceptTTL time.Duration    // of a lease nobody has accepted yet; default 5s
	Random    func() float64   // uniform in [0, 1), for back-off jitter; default math/rand
	Now       func() time.Time // the clock of embedded stores; servers use their own; default time.Now
	// CancelGrace is how long held jobs may go on when their workflow's
	// deadline cancels it; default 10s.
	CancelGrace time.Duration
	// EnqueueChunk is how many jobs a transaction of a large enqueue stores. A
	// workflow of over four times as many is enqueued in several transactions, and
	// is seen after the last; default 5,000.
	EnqueueChunk int
	// SettledEdges is how many edges of jobs that complete a transaction settles:
	// CheckEdges settles those of the other jobs, half as many at a time, and
	// 1,000 at most; default, and most there can be, 10,000.
	SettledEdges int
	// PageRows is how many jobs of a large workflow a statement reads or locks,
	// and half of how many edges; default, and most there can be, 5,000.
	PageRows int
	// Limits bound what a workflow grows to by what its jobs spawn.
	Limits workflow.Limits
	// Observe, if not nil, hears how long each statement took, and each begin of
	// a transaction, also from many goroutines at once. Every statement is a
	// round trip of its own then.
	Observe func(statement string, took time.Duration)
}

// minAcceptTTL is how long a worker has at least: the delivery, its first
// heartbeat and a slow transaction have to fit in.
const minAcceptTTL = time.Second

// maxSettledEdges is how many edges a statement reads at most.
const maxSettledEdges = 10_000

const maxPageRows = 5000

// Validate reports every bad setting at once; zero fields are fine.
func (o Options) Validate() error {
	var errs []error
	if o.AcceptTTL != 0 && o.AcceptTTL < minAcceptTTL {
		errs = append(errs, fmt.Errorf("accept_ttl is %s; it must be at least %s, or jobs are taken back before a worker can accept them, and are dead after ten times", o.AcceptTTL, minAcceptTTL))
	}
	if o.CancelGrace < 0 {
		errs = append(errs, fmt.Errorf("cancel_grace is %s; it must not be negative", o.CancelGrace))
	}
	if err := o.Limits.Validate(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// WithDefaults returns o with every zero field set to its default.
func (o Options) WithDefaults() Options {
	if o.LeaseTTL == 0 {
		o.LeaseTTL = 15 * time.Second
	}
	if o.AcceptTTL == 0 {
		o.AcceptTTL = 5 * time.Second
	}
	if o.CancelGrace == 0 {
		o.CancelGrace = 10 * time.Second
	}
	o.Limits = o.Limits.WithDefaults()
	if o.EnqueueChunk <= 0 {
		o.EnqueueChunk = 5000
	}
	if o.SettledEdges <= 0 || o.SettledEdges > maxSettledEdges {
		o.SettledEdges = maxSettledEdges
	}
	if o.PageRows <= 0 || o.PageRows > maxPageRows {
		o.PageRows = maxPageRows
	}
	if o.Random == nil {
		o.Random = rand.Float64
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}
