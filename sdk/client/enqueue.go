package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cenkalti/backoff/v5"
	"go.opentelemetry.io/otel/trace"

	"github.com/hammerwork/hammerwork/internal/request"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// patience bounds how long an enqueue is repeated whose outcome is in doubt.
const patience = 10 * time.Second

// Enqueued is what an enqueue made.
type Enqueued struct {
	ID job.ID // of the job or the workflow
	// Existing: it was stored before, by an enqueue with the same idempotency
	// key and the same request, or of the very same job or workflow. ID is that
	// one's.
	Existing bool

	wake *store.Resolution // for Hint; shared by what was enqueued together
}

// EnqueueOption changes an enqueue.
type EnqueueOption func(*enqueueOptions)

type enqueueOptions struct {
	keys []string
	many bool // keys are one for each job
}

// IdempotencyKey makes an enqueue one that can be repeated, also by another
// process: the same key with the same request stores nothing and returns what
// it made the first time; with another request it is ErrKeyReused. Keys have 1
// to 255 bytes and are unique within a queue for jobs, and among all workflows
// for workflows. What counts as the request is all but ids, trace ids and
// correlation ids.
func IdempotencyKey(key string) EnqueueOption {
	return func(o *enqueueOptions) { o.keys, o.many = []string{key}, false }
}

// IdempotencyKeys gives each job of EnqueueMany a key, in their order; "" is
// none.
func IdempotencyKeys(keys ...string) EnqueueOption {
	return func(o *enqueueOptions) { o.keys, o.many = keys, true }
}

// Enqueue stores a job that belongs to no workflow. It may depend on jobs that
// are stored, by their ids. Validation completes j: its name, its defaults.
// Enqueueing the same j again changes nothing.
//
// When the database does not answer, it is asked again for up to ten seconds,
// or until ctx is done; the job is stored once whatever happens.
//
// Errors: *workflow.Error, ErrUnknownParent, ErrKeyReused, ErrUnavailable.
func (c *Client) Enqueue(ctx context.Context, j *job.Job, opts ...EnqueueOption) (Enqueued, error) {
	list, err := c.enqueueJobs(ctx, []*job.Job{j}, one, opts)
	if err != nil {
		return Enqueued{}, err
	}
	return list[0], nil
}

// EnqueueMany stores jobs that belong to no workflow, up to 100,000 at once:
// up to 20,000 in one transaction, all or nothing, more in pieces of 20,000,
// each all or nothing, and each after what it depends on. They may depend on
// each other and on jobs that are stored. What it returns is in the order of
// jobs. Otherwise it is as Enqueue; enqueueing again is ErrExists when only some
// of a piece are stored. After an error the pieces before may be stored; the
// same call with the same jobs stores the rest.
func (c *Client) EnqueueMany(ctx context.Context, jobs []*job.Job, opts ...EnqueueOption) ([]Enqueued, error) {
	return c.enqueueJobs(ctx, jobs, many, opts)
}

// EnqueueWorkflow stores a workflow with its jobs, all or nothing, as Enqueue
// does a job. Jobs without parents may be claimed at once.
func (c *Client) EnqueueWorkflow(ctx context.Context, w *workflow.Workflow, opts ...EnqueueOption) (Enqueued, error) {
	o, err := prepareWorkflow(ctx, w, c.cfg.Limits, opts)
	if err != nil {
		return Enqueued{}, err
	}
	done, err := c.persist(ctx, attempt{
		ids: []job.ID{w.ID}, jobs: w.Jobs,
		enqueue: func(ctx context.Context) (store.Enqueued, error) { return c.store.EnqueueWorkflow(ctx, w, o) },
		look: func(ctx context.Context, id job.ID) error {
			_, err := c.store.Workflow(ctx, id)
			return err
		},
	})
	if err != nil {
		return Enqueued{}, err
	}
	return c.announced(done)[0], nil
}

func (c *Client) enqueueJobs(ctx context.Context, jobs []*job.Job, number int, opts []EnqueueOption) ([]Enqueued, error) {
	if len(jobs) == 0 {
		return nil, nil
	}
	keys, err := prepareJobs(ctx, jobs, number, opts)
	if err != nil {
		return nil, err
	}
	if len(jobs) > store.MaxEnqueue {
		return c.enqueuePieces(ctx, jobs, keys, store.MaxEnqueue)
	}
	return c.enqueuePiece(ctx, jobs, keys)
}

// enqueuePiece stores jobs in one transaction.
func (c *Client) enqueuePiece(ctx context.Context, jobs []*job.Job, keys []store.Key) ([]Enqueued, error) {
	a := attempt{
		jobs:    jobs,
		enqueue: func(ctx context.Context) (store.Enqueued, error) { return c.store.EnqueueJobs(ctx, jobs, keys) },
		look: func(ctx context.Context, id job.ID) error {
			_, err := c.store.Job(ctx, id)
			return err
		},
	}
	for _, j := range jobs {
		a.ids = append(a.ids, j.ID)
	}
	done, err := c.persist(ctx, a)
	if err != nil {
		return nil, err
	}
	return c.announced(done), nil
}

// attempt is an enqueue that may be repeated.
type attempt struct {
	ids     []job.ID // what it is to store
	jobs    []*job.Job
	enqueue func(context.Context) (store.Enqueued, error)
	look    func(context.Context, job.ID) error // job.ErrNotFound: it is not stored
}

// persist stores what a says, again while the outcome is in doubt. It knows by
// its own ids whether a commit that was in doubt has happened.
func (c *Client) persist(ctx context.Context, a attempt) (store.Enqueued, error) {
	tries := 0
	var last error
	try := func() (store.Enqueued, error) {
		tries++
		done, err := a.enqueue(ctx)
		if errors.Is(err, ErrExists) {
			done, err = a.stored(ctx, err)
		}
		switch {
		case err == nil && tries > 1:
			a.claim(&done)
		case err != nil && (!errors.Is(err, ErrUnavailable) || ctx.Err() != nil):
			err = backoff.Permanent(err)
		}
		last = err
		return done, err
	}
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = 50*time.Millisecond, 2*time.Second
	done, err := backoff.Retry(ctx, try, backoff.WithBackOff(wait), backoff.WithMaxElapsedTime(patience))
	if err != nil && last != nil && !errors.Is(err, last) {
		err = fmt.Errorf("%w; the last of %d attempts: %w", err, tries, last)
	}
	return done, err
}

// stored says that everything is stored already, or returns the error that
// said so of some of it.
func (a attempt) stored(ctx context.Context, err error) (store.Enqueued, error) {
	done := store.Enqueued{IDs: a.ids, Existing: make([]bool, len(a.ids))}
	for i, id := range a.ids {
		switch missing := a.look(ctx, id); {
		case errors.Is(missing, job.ErrNotFound):
			return store.Enqueued{}, err
		case missing != nil:
			return store.Enqueued{}, missing
		}
		done.Existing[i] = true
	}
	return done, nil
}

// claim says of what has this call's own ids that it stored that, in an attempt
// that was in doubt, and whom to wake for it.
func (a attempt) claim(done *store.Enqueued) {
	for i, id := range done.IDs {
		if id == a.ids[i] {
			done.Existing[i] = false
		}
	}
	done.Queues, done.Checks, done.Timer = nil, true, true
	for _, j := range a.jobs {
		done.Queues = append(done.Queues, j.Queue)
	}
	slices.Sort(done.Queues)
	done.Queues = slices.Compact(done.Queues)
}

// announced sends the hints of what was stored and returns it for the caller.
func (c *Client) announced(done store.Enqueued) []Enqueued {
	list := results(done)
	c.hints.announce(*list[0].wake)
	return list
}

func results(done store.Enqueued) []Enqueued {
	wake := &store.Resolution{Queues: done.Queues, Checks: done.Checks, Timer: done.Timer}
	list := make([]Enqueued, len(done.IDs))
	for i, id := range done.IDs {
		list[i] = Enqueued{ID: id, Existing: done.Existing[i], wake: wake}
	}
	return list
}

// How many jobs an enqueue is for.
const (
	one = iota
	many
)

// prepareJobs completes and checks jobs and makes their keys.
func prepareJobs(ctx context.Context, jobs []*job.Job, number int, opts []EnqueueOption) ([]store.Key, error) {
	for i, j := range jobs {
		if j == nil {
			return nil, fmt.Errorf("job %d of %d is nil", i+1, len(jobs))
		}
	}
	values, err := keyValues(len(jobs), number, opts)
	if err != nil {
		return nil, err
	}
	if err := workflow.ValidateJobs(jobs); err != nil {
		return nil, err
	}
	if t := traceOf(ctx); t != "" {
		for _, j := range jobs {
			if j.TraceID == "" {
				j.TraceID = t
			}
		}
	}
	if values == nil {
		return nil, nil
	}
	keys := make([]store.Key, len(jobs))
	for i, hash := range request.HashJobs(jobs) {
		if values[i] != "" {
			keys[i] = store.Key{Value: values[i], Hash: hash}
		}
	}
	return keys, nil
}

// prepareWorkflow completes and checks a workflow and makes its key.
func prepareWorkflow(ctx context.Context, w *workflow.Workflow, limits workflow.Limits, opts []EnqueueOption) (store.EnqueueOptions, error) {
	if w == nil {
		return store.EnqueueOptions{}, errors.New("the workflow is nil")
	}
	for i, j := range w.Jobs {
		if j == nil {
			return store.EnqueueOptions{}, fmt.Errorf("job %d of %d is nil", i+1, len(w.Jobs))
		}
	}
	values, err := keyValues(1, one, opts)
	if err != nil {
		return store.EnqueueOptions{}, err
	}
	if err := w.ValidateLimits(limits); err != nil {
		return store.EnqueueOptions{}, err
	}
	if w.IsSchedule() {
		return store.EnqueueOptions{}, ErrSchedule
	}
	if w.TraceID == "" {
		w.TraceID = traceOf(ctx)
	}
	if values == nil {
		return store.EnqueueOptions{}, nil
	}
	return store.EnqueueOptions{Key: store.Key{Value: values[0], Hash: request.HashWorkflow(w)}}, nil
}

// keyValues returns a key for each of n jobs, or nil when there are none.
func keyValues(n, number int, opts []EnqueueOption) ([]string, error) {
	var o enqueueOptions
	for _, opt := range opts {
		opt(&o)
	}
	switch {
	case o.keys == nil && !o.many:
		return nil, nil
	case o.many && number == one:
		return nil, errors.New("IdempotencyKeys is for EnqueueMany; use IdempotencyKey")
	case !o.many && number == many:
		return nil, errors.New("IdempotencyKey is for one job; use IdempotencyKeys with a key for each")
	case len(o.keys) != n:
		return nil, fmt.Errorf("%d idempotency keys for %d jobs", len(o.keys), n)
	case !o.many && o.keys[0] == "":
		return nil, errors.New("the idempotency key is empty")
	}
	for _, k := range o.keys {
		if len(k) > store.MaxKey || !utf8.ValidString(k) || strings.ContainsRune(k, 0) {
			return nil, fmt.Errorf("an idempotency key of %d bytes is over %d, not valid UTF-8 or contains U+0000", len(k), store.MaxKey)
		}
	}
	return o.keys, nil
}

// traceOf returns the trace that the caller is in; empty: none.
func traceOf(ctx context.Context) string {
	if s := trace.SpanContextFromContext(ctx); s.HasTraceID() {
		return s.TraceID().String()
	}
	return ""
}
