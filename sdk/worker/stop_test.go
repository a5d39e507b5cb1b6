package worker_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

// obedient returns the cause of its context's end.
func obedient(ctx context.Context, _ *worker.Job) (any, error) {
	<-ctx.Done()
	return nil, context.Cause(ctx)
}

func TestAnAttemptThatRunsOutOfTimeIsTimedOut(t *testing.T) {
	bubble(t, worker.Config{}, one(1, obedient), func(r *rig) {
		r.deliver(timeout(3 * time.Second))
		r.pass(3*time.Second - time.Millisecond)
		equal(t, "outcomes before", r.reported(), 0)
		r.pass(time.Millisecond)
		o := r.outcome()
		equal(t, "kind", o.Kind, job.KindTimedOut)
		equal(t, "error", o.Error, "the attempt ran out of time")
	})
}

func TestATimeoutBeatsWhatTheHandlerSaysOfItsError(t *testing.T) {
	for name, mark := range map[string]func(error) error{
		"permanent": worker.Permanent,
		"later":     func(err error) error { return worker.RetryAfter(err, time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, worker.Config{}, one(1, func(ctx context.Context, _ *worker.Job) (any, error) {
				<-ctx.Done()
				return nil, mark(ctx.Err())
			}), func(r *rig) {
				r.deliver(timeout(time.Second))
				r.pass(time.Second)
				o := r.outcome()
				equal(t, "kind", o.Kind, job.KindTimedOut)
				equal(t, "permanent", o.Permanent, false)
				equal(t, "has a delay", o.RetryAfter != nil, false)
			})
		})
	}
}

func TestAResultThatComesWithinTheGraceCounts(t *testing.T) {
	bubble(t, worker.Config{HandlerGrace: 5 * time.Second}, one(1, func(ctx context.Context, _ *worker.Job) (any, error) {
		<-ctx.Done()
		<-time.After(4 * time.Second)
		return "just so", nil
	}), func(r *rig) {
		r.deliver(timeout(time.Second))
		r.pass(5 * time.Second)
		equal(t, "kind", r.outcome().Kind, job.KindCompleted)
	})
}

func TestAHandlerThatIgnoresItsContextIsReportedAndKeepsItsSlotOnly(t *testing.T) {
	handler := func(_ context.Context, j *worker.Job) (any, error) {
		if j.Name == "deaf" {
			<-time.After(20 * time.Second)
		}
		return "late", nil
	}
	bubble(t, worker.Config{HandlerGrace: 2 * time.Second}, one(2, handler), func(r *rig) {
		r.deliver(timeout(time.Second), func(j *bus.Job) { j.Name = "deaf" })
		r.pass(3*time.Second - time.Millisecond)
		equal(t, "outcomes within the grace", r.reported(), 0)
		r.pass(time.Millisecond)
		o := r.outcome()
		equal(t, "kind", o.Kind, job.KindTimedOut)
		equal(t, "error", o.Error, "the attempt ran out of time, and the handler did not return within 2s")
		for range 3 {
			r.pass(5 * time.Second)
			equal(t, "slots on offer", r.offered(1), 1)
			r.deliver()
			equal(t, "kind in the other slot", r.outcome().Kind, job.KindCompleted)
		}
		r.pass(7 * time.Second)
		equal(t, "outcomes after it returned", r.reported(), 0)
		equal(t, "slots on offer together after it returned", r.offered(2), 2)
	})
}

func TestACancelReachesTheHandlersContextWithItsCause(t *testing.T) {
	var cause error
	bubble(t, worker.Config{}, one(2, func(ctx context.Context, j *worker.Job) (any, error) {
		<-ctx.Done()
		if j.Name == "other" {
			return nil, nil
		}
		cause = context.Cause(ctx)
		return nil, ctx.Err()
	}), func(r *rig) {
		k := r.deliver()
		r.deliver(func(j *bus.Job) { j.Name = "other" })
		r.publish(bus.ControlSubject("w"), encode(t, bus.Control{Cancelled: []bus.LeaseJob{k}}))
		r.wait()
		if !errors.Is(cause, worker.ErrCancelled) {
			t.Errorf("cause: %v", cause)
		}
		o := r.outcome() // of the one alone
		equal(t, "job", o.Job, k.Job)
		equal(t, "kind", o.Kind, job.KindCancelled)
	})
}

func TestACancelledHandlerMayStillEndByItself(t *testing.T) {
	bubble(t, worker.Config{}, one(1, func(ctx context.Context, _ *worker.Job) (any, error) {
		<-ctx.Done()
		return "saved", nil
	}), func(r *rig) {
		k := r.deliver()
		r.answer(func(b *bus.HeartbeatReply) { b.Cancelled = []bus.LeaseJob{k} }) // the control message got lost; the heartbeat says the same
		r.pass(time.Second)
		o := r.outcome()
		equal(t, "kind", o.Kind, job.KindCompleted)
		equal(t, "result", string(o.Result), `"saved"`)
	})
}

func TestALostLeaseStopsItsHandlerAndNothingIsReported(t *testing.T) {
	var cause error
	bubble(t, worker.Config{}, one(1, func(ctx context.Context, _ *worker.Job) (any, error) {
		<-ctx.Done()
		cause = context.Cause(ctx)
		return "too late", nil
	}), func(r *rig) {
		k := r.deliver()
		r.answer(func(b *bus.HeartbeatReply) { b.Lost = []job.ID{k.Lease} })
		r.pass(time.Second)
		if !errors.Is(cause, worker.ErrLeaseLost) {
			t.Errorf("cause: %v", cause)
		}
		r.pass(time.Minute)
		equal(t, "outcomes", r.reported(), 0)
	})
}

func TestAStoppedWorkerLetsItsHandlersEnd(t *testing.T) {
	bubble(t, worker.Config{}, one(1, func(ctx context.Context, _ *worker.Job) (any, error) {
		select {
		case <-time.After(20 * time.Second):
			return "done", nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}), func(r *rig) {
		r.deliver()
		began := time.Now()
		equal(t, "error", r.end(), nil)
		equal(t, "time to stop", time.Since(began), 20*time.Second)
		equal(t, "kind", r.outcome().Kind, job.KindCompleted)
		if n := r.heartbeats(); n < 4 {
			t.Errorf("%d heartbeats while it drained", n)
		}
	})
}

func TestAStoppedWorkerStopsItsHandlersWhenTheDrainIsOver(t *testing.T) {
	var cause error
	bubble(t, worker.Config{DrainTimeout: 10 * time.Second}, one(1, func(ctx context.Context, _ *worker.Job) (any, error) {
		<-ctx.Done()
		cause = context.Cause(ctx)
		return nil, ctx.Err()
	}), func(r *rig) {
		r.deliver()
		began := time.Now()
		equal(t, "error", r.end(), nil)
		equal(t, "time to stop", time.Since(began), 10*time.Second)
		if !errors.Is(cause, worker.ErrStopping) {
			t.Errorf("cause: %v", cause)
		}
		equal(t, "kind", r.outcome().Kind, job.KindCancelled)
	})
}

func TestAWorkerWhoseHandlersDoNotReturnSaysSo(t *testing.T) {
	bubble(t, worker.Config{DrainTimeout: 10 * time.Second, HandlerGrace: 5 * time.Second}, one(1, func(context.Context, *worker.Job) (any, error) {
		<-time.After(time.Hour)
		return nil, nil
	}), func(r *rig) {
		r.deliver()
		if err := r.end(); err == nil || err.Error() != "still busy 25s after it was asked to stop" {
			t.Errorf("error: %v", err)
		}
		equal(t, "kind", r.outcome().Kind, job.KindCancelled)
		r.pass(time.Hour) // a bubble ends with its last goroutine
	})
}
