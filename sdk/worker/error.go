package worker

import (
	"errors"
	"fmt"
	"time"

	"github.com/hammerwork/hammerwork/internal/agent"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// Why a handler's context ended: errors.Is(context.Cause(ctx), ErrCancelled).
var (
	// ErrCancelled: somebody cancelled the job or its workflow. What the handler
	// returns within the grace still counts.
	ErrCancelled = agent.ErrCancelled
	// ErrLeaseLost: the job is not this worker's any more, and another may run
	// it. What the handler returns counts for nothing. It is job.ErrLeaseLost.
	ErrLeaseLost = agent.ErrLost
	// ErrStopping: the worker stops and its drain timeout is over.
	ErrStopping = agent.ErrStopping
	// ErrTimeout: the attempt has used up the job's timeout.
	ErrTimeout = errors.New("the attempt ran out of time")
)

// Permanent marks an error that another attempt would only repeat: the job
// fails at once.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err, job.ReasonPermanent}
}

// RetryAfter asks for the next attempt d from now instead of the policy's
// delay. The attempt counts as usual.
func RetryAfter(err error, d time.Duration) error {
	if err == nil {
		return nil
	}
	return &retryAfterError{err, max(0, d)}
}

// ErrResultTooLarge fails a job for good: what the handler has to return is
// over job.MaxResult bytes. Returning a result that large does the same.
var ErrResultTooLarge error = &permanentError{
	fmt.Errorf("the result has over %d bytes; store it elsewhere and return its place", job.MaxResult), job.ReasonResultTooLarge,
}

type permanentError struct {
	error
	reason job.Reason
}

func (e *permanentError) Unwrap() error { return e.error }

type retryAfterError struct {
	error
	delay time.Duration
}

func (e *retryAfterError) Unwrap() error { return e.error }

// outcomeOf makes the outcome of an attempt that returned err.
func outcomeOf(fence job.Fence, err error) job.Outcome {
	o := job.Outcome{Fence: fence, Kind: job.KindFailed, Error: tail(err.Error(), job.MaxError)}
	var permanent *permanentError
	var later *retryAfterError
	switch {
	case errors.As(err, &permanent):
		o.Permanent, o.Reason = true, permanent.reason
	case errors.As(err, &later):
		d := job.Duration(later.delay)
		o.RetryAfter = &d
	}
	return o
}
