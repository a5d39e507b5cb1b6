package worker

import (
	"context"
	"errors"
	"fmt"
)

// Handler runs one attempt of a job. The result, anything encoding/json takes
// (a json.RawMessage is kept byte for byte), is stored and given to the jobs
// that depend on it. An error is retried as the job's policy says, unless it
// is Permanent; RetryAfter chooses the delay. A panic is an error like any
// other. ctx is done when the job is cancelled, its attempt runs out of time,
// its lease is lost, or the worker stops; context.Cause says which.
type Handler func(ctx context.Context, job *Job) (result any, err error)

// HandleOption changes how a handler is served.
type HandleOption func(*pool)

// Concurrency is how many jobs the handler runs side by side, from 1 to
// 100,000. Default: the worker's.
func Concurrency(n int) HandleOption { return func(p *pool) { p.slots = n } }

// pool is a number of slots that serve one queue, or all of them, with one
// handler.
type pool struct {
	queue   string // empty: every queue
	slots   int
	handler Handler
}

// Handle serves a queue with h, in slots of its own. A queue has one handler.
// The error need not be looked at: Run returns it too.
func Handle(w *Worker, queue string, h Handler, opts ...HandleOption) error {
	if queue == "" {
		return w.refuse(errors.New("the queue's name is empty; HandleAll serves every queue"))
	}
	return w.add(queue, h, opts)
}

// HandleAll serves every queue with h. A queue that has a handler of its own
// gets jobs through both.
// The error need not be looked at: Run returns it too.
func HandleAll(w *Worker, h Handler, opts ...HandleOption) error { return w.add("", h, opts) }

// HandleTyped serves a queue whose payloads are the JSON of a P with h. A job
// whose payload is not fails for good, with an error that names the field and
// shows nothing of the payload; h is not called. Fields that P does not have
// are ignored, and fields that the payload does not have stay zero.
// The error need not be looked at: Run returns it too.
func HandleTyped[P, R any](w *Worker, queue string, h func(ctx context.Context, job *Job, payload P) (R, error), opts ...HandleOption) error {
	if h == nil {
		return Handle(w, queue, nil, opts...)
	}
	return Handle(w, queue, func(ctx context.Context, j *Job) (any, error) {
		var payload P
		if err := j.Decode(&payload); err != nil {
			return nil, err
		}
		return h(ctx, j, payload)
	}, opts...)
}

func (w *Worker) add(queue string, h Handler, opts []HandleOption) error {
	p := pool{queue, w.cfg.Concurrency, h}
	for _, o := range opts {
		o(&p)
	}
	of := fmt.Sprintf("handler of queue %q", queue)
	if queue == "" {
		of = "handler of every queue"
	}
	if h == nil {
		return w.refuse(fmt.Errorf("the %s is nil", of))
	}
	if err := checkConcurrency(p.slots); err != nil {
		return w.refuse(fmt.Errorf("%s: %w", of, err))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.running {
		return fmt.Errorf("%s: register it before Run", of)
	}
	for _, other := range w.pools {
		if other.queue == queue {
			err := fmt.Errorf("there is a %s already", of)
			w.errs = append(w.errs, err)
			return err
		}
	}
	w.pools = append(w.pools, p)
	return nil
}

// refuse keeps an error for Run.
func (w *Worker) refuse(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.errs = append(w.errs, err)
	return err
}
