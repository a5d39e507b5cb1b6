package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/hammerwork/hammerwork/internal/agent"
	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/plainjson"
)

// runner runs handlers in goroutines.
type runner struct {
	cfg    Config
	bus    bus.Bus
	log    *slog.Logger
	tracer trace.Tracer
	pools  []pool

	mu    sync.Mutex
	stops map[agent.Key]context.CancelCauseFunc
}

func newRunner(cfg Config, b bus.Bus, pools []pool) *runner {
	return &runner{
		cfg: cfg, bus: b, log: cfg.Logger, tracer: cfg.TracerProvider.Tracer("github.com/hammerwork/hammerwork/sdk/worker"),
		pools: pools, stops: map[agent.Key]context.CancelCauseFunc{},
	}
}

// perform does the worker machine's own actions.
func (r *runner) perform(a service.Action, post func(service.Event)) {
	switch a := a.(type) {
	case agent.Start:
		ctx, cancel := context.WithCancelCause(context.Background())
		r.mu.Lock()
		r.stops[a.Key] = cancel
		r.mu.Unlock()
		go r.run(ctx, a, post)
	case agent.Stop:
		r.mu.Lock()
		cancel := r.stops[a.Key]
		r.mu.Unlock()
		if cancel != nil {
			cancel(a.Cause)
		}
	}
}

func (r *runner) stopAll(cause error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, cancel := range r.stops {
		cancel(cause)
	}
}

// errGoexit is what a handler gets that ends its goroutine, as t.FailNow does.
var errGoexit = errors.New("the handler did not return: it called runtime.Goexit")

// run runs one attempt and reports its end. A handler that ignores the end of
// its context is reported after the grace; its slot stays taken.
func (r *runner) run(ctx context.Context, a agent.Start, post func(service.Event)) {
	if a.Job.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, a.Job.Timeout, ErrTimeout)
		defer cancel()
	}
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.stops[a.Key](nil)
		delete(r.stops, a.Key)
	}()
	fence := job.Fence{Job: a.Job.Job, Epoch: a.Job.Epoch, Lease: a.Key.Lease}
	ended := make(chan job.Outcome, 1)
	go func() {
		o := outcomeOf(fence, errGoexit) // unless attempt returns
		defer func() { ended <- o }()
		o = r.attempt(ctx, fence, a, post)
	}()
	select {
	case o := <-ended:
		post(agent.Finished{Key: a.Key, Outcome: o})
	case <-ctx.Done():
		grace := time.NewTimer(r.cfg.HandlerGrace)
		defer grace.Stop()
		select {
		case o := <-ended:
			post(agent.Finished{Key: a.Key, Outcome: o})
		case <-grace.C:
			cause := context.Cause(ctx)
			r.log.Error("handler ignores the end of its context; its slot stays taken", "worker", r.cfg.Name,
				"job", fence.Job, "name", a.Job.Name, "queue", a.Job.Queue, "cause", cause)
			err := fmt.Errorf("%w, and the handler did not return within %s", cause, r.cfg.HandlerGrace)
			post(agent.Finished{Key: a.Key, Outcome: outcomeAfter(fence, err, cause)})
			<-ended
		}
	}
	post(agent.Returned{Pool: a.Pool})
}

// attempt calls the handler and makes the outcome of what it did.
func (r *runner) attempt(ctx context.Context, fence job.Fence, a agent.Start, post func(service.Event)) (o job.Outcome) {
	ctx, span := r.span(ctx, a.Job)
	defer func() {
		if o.Kind != job.KindCompleted {
			span.SetStatus(codes.Error, string(o.Kind))
		}
		span.End()
	}()
	j := r.job(ctx, fence, a.Job)
	j.progress = &progress{key: a.Key, post: post}
	defer j.progress.end()
	j.spawned = &spawned{}
	result, err := r.call(ctx, a, j)
	list := j.spawned.end()
	if err != nil {
		if ctx.Err() != nil {
			return outcomeAfter(fence, err, context.Cause(ctx))
		}
		return outcomeOf(fence, err)
	}
	raw, err := encodeResult(result)
	if err != nil {
		return outcomeOf(fence, err)
	}
	return job.Outcome{Fence: fence, Kind: job.KindCompleted, Result: raw, Spawned: list}
}

// call runs the handler and turns a panic into an error.
func (r *runner) call(ctx context.Context, a agent.Start, j *Job) (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			j.log.Error("handler panicked", "stack", string(debug.Stack()))
			err = fmt.Errorf("handler panicked: %v", p)
		}
	}()
	return r.pools[a.Pool].handler(ctx, j)
}

// outcomeAfter makes the outcome of an attempt whose context had ended.
func outcomeAfter(fence job.Fence, err, cause error) job.Outcome {
	o := outcomeOf(fence, err)
	switch {
	case errors.Is(cause, ErrTimeout):
		o.Kind, o.Permanent, o.RetryAfter = job.KindTimedOut, false, nil
	case errors.Is(cause, ErrCancelled), errors.Is(cause, ErrStopping), errors.Is(cause, ErrLeaseLost):
		o.Kind, o.Permanent, o.RetryAfter = job.KindCancelled, false, nil
	}
	return o
}

// encodeResult encodes what a handler returned; a json.RawMessage is kept byte
// for byte. A result that is too large or cannot be encoded fails the job for
// good: another attempt would return it again.
func encodeResult(result any) (json.RawMessage, error) {
	raw, isRaw := result.(json.RawMessage)
	if !isRaw {
		var err error
		if raw, err = plainjson.Marshal(result); err != nil {
			return nil, Permanent(fmt.Errorf("encode result: %w", err))
		}
	}
	if len(raw) == 0 {
		raw = json.RawMessage("null")
	}
	if len(raw) > job.MaxResult {
		return nil, ErrResultTooLarge
	}
	if isRaw && (!json.Valid(raw) || !utf8.Valid(raw)) {
		return nil, Permanent(errors.New("the result is not valid JSON"))
	}
	return raw, nil
}

// job makes what the handler sees.
func (r *runner) job(ctx context.Context, fence job.Fence, d bus.Job) *Job {
	j := &Job{
		Fence: fence, WorkflowID: d.Workflow, WorkflowName: d.WorkflowName, Name: d.Name, Queue: d.Queue,
		Payload: json.RawMessage(d.Payload), Attempt: d.Attempt, MaxAttempts: d.MaxAttempts, Timeout: d.Timeout,
		Priority: d.Priority, TraceID: d.TraceID, TraceParent: d.TraceParent, CorrelationID: d.CorrelationID,
	}
	j.log = r.log.With("worker", r.cfg.Name, "job", j.ID(), "name", j.Name, "queue", j.Queue, "attempt", j.Attempt)
	if j.WorkflowID != (job.ID{}) {
		j.log = j.log.With("workflow", j.WorkflowID)
	}
	if j.TraceID != "" {
		j.log = j.log.With("trace_id", j.TraceID)
	}
	if j.CorrelationID != "" {
		j.log = j.log.With("correlation_id", j.CorrelationID)
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	if tp := carrier["traceparent"]; tp != "" {
		j.TraceParent = tp
	}
	j.parents = parents(d.Parents)
	if d.Fetch {
		j.fetch = r.fetcher(fence)
	}
	return j
}

// span starts the attempt's span as a child of its job's.
func (r *runner) span(ctx context.Context, d bus.Job) (context.Context, trace.Span) {
	ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": d.TraceParent})
	return r.tracer.Start(ctx, "attempt "+d.Queue, trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(
		attribute.String("hammerwork.job.id", d.Job.String()),
		attribute.String("hammerwork.job.name", d.Name),
		attribute.String("hammerwork.queue", d.Queue),
		attribute.String("hammerwork.workflow.id", d.Workflow.String()),
		attribute.Int("hammerwork.attempt", d.Attempt),
		attribute.String("hammerwork.correlation_id", d.CorrelationID),
	))
}
