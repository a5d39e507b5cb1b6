package worker_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

func TestWhatAHandlerReturnsBecomesItsJobsOutcome(t *testing.T) {
	broken := errors.New("broken")
	after := job.Duration(90 * time.Second)
	none := job.Duration(0)
	cases := []struct {
		name   string
		result any
		err    error
		want   bus.Outcome
	}{
		{"a result", map[string]int{"rows": 3}, nil, bus.Outcome{Kind: job.KindCompleted, Result: bus.Text(`{"rows":3}`)}},
		{"nothing", nil, nil, bus.Outcome{Kind: job.KindCompleted, Result: bus.Text("null")}},
		{"raw JSON, byte for byte", json.RawMessage(`{"b": 1.0,  "a":"\u0000"}`), nil, bus.Outcome{Kind: job.KindCompleted, Result: bus.Text(`{"b": 1.0,  "a":"\u0000"}`)}},
		{"empty raw JSON", json.RawMessage(nil), nil, bus.Outcome{Kind: job.KindCompleted, Result: bus.Text("null")}},
		{"the largest result", json.RawMessage(`"` + strings.Repeat("x", job.MaxResult-2) + `"`), nil, bus.Outcome{Kind: job.KindCompleted, Result: bus.Text(`"` + strings.Repeat("x", job.MaxResult-2) + `"`)}},
		{"an error", nil, broken, bus.Outcome{Kind: job.KindFailed, Error: "broken"}},
		{"a result and an error", 1, broken, bus.Outcome{Kind: job.KindFailed, Error: "broken"}},
		{"a permanent error", nil, worker.Permanent(broken), bus.Outcome{Kind: job.KindFailed, Error: "broken", Permanent: true, Reason: job.ReasonPermanent}},
		{"a wrapped permanent error", nil, fmt.Errorf("load: %w", worker.Permanent(broken)), bus.Outcome{Kind: job.KindFailed, Error: "load: broken", Permanent: true, Reason: job.ReasonPermanent}},
		{"an error for later", nil, worker.RetryAfter(broken, 90*time.Second), bus.Outcome{Kind: job.KindFailed, Error: "broken", RetryAfter: &after}},
		{"an error for earlier than now", nil, worker.RetryAfter(broken, -time.Second), bus.Outcome{Kind: job.KindFailed, Error: "broken", RetryAfter: &none}},
		{"no error, permanently", "fine", worker.Permanent(nil), bus.Outcome{Kind: job.KindCompleted, Result: bus.Text(`"fine"`)}},
		{"no error, later", "fine", worker.RetryAfter(nil, time.Second), bus.Outcome{Kind: job.KindCompleted, Result: bus.Text(`"fine"`)}},
		{"a result that is too large", strings.Repeat("x", job.MaxResult), nil, bus.Outcome{Kind: job.KindFailed, Error: worker.ErrResultTooLarge.Error(), Permanent: true, Reason: job.ReasonResultTooLarge}},
		{"what cannot be encoded", make(chan int), nil, bus.Outcome{Kind: job.KindFailed, Error: "encode result: json: unsupported type: chan int", Permanent: true, Reason: job.ReasonPermanent}},
		{"raw JSON that is none", json.RawMessage(`{`), nil, bus.Outcome{Kind: job.KindFailed, Error: "the result is not valid JSON", Permanent: true, Reason: job.ReasonPermanent}},
		{"raw JSON that is not UTF-8", json.RawMessage("\"\xff\""), nil, bus.Outcome{Kind: job.KindFailed, Error: "the result is not valid JSON", Permanent: true, Reason: job.ReasonPermanent}},
		{"an error text with a zero byte and broken UTF-8", nil, errors.New("a\x00b\xffc"), bus.Outcome{Kind: job.KindFailed, Error: "a\uFFFDb\uFFFDc"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, worker.Config{}, one(1, func(context.Context, *worker.Job) (any, error) { return c.result, c.err }), func(r *rig) {
				k := r.deliver()
				got := r.outcome()
				c.want.Fence = job.Fence{Job: k.Job, Epoch: 5, Lease: k.Lease}
				equal(t, "fence", got.Fence, c.want.Fence)
				equal(t, "kind", got.Kind, c.want.Kind)
				equal(t, "error", got.Error, c.want.Error)
				equal(t, "permanent", got.Permanent, c.want.Permanent)
				equal(t, "reason", got.Reason, c.want.Reason)
				equal(t, "result", string(got.Result), string(c.want.Result))
				equal(t, "has a delay", got.RetryAfter != nil, c.want.RetryAfter != nil)
				if got.RetryAfter != nil && c.want.RetryAfter != nil {
					equal(t, "delay", *got.RetryAfter, *c.want.RetryAfter)
				}
			})
		})
	}
}

func TestALongErrorKeepsItsEnd(t *testing.T) {
	bubble(t, worker.Config{}, one(1, func(context.Context, *worker.Job) (any, error) {
		return nil, errors.New(strings.Repeat("ä", job.MaxError) + "the cause")
	}), func(r *rig) {
		r.deliver()
		text := r.outcome().Error
		if len(text) > job.MaxError || !strings.HasPrefix(text, "…ä") || !strings.HasSuffix(text, "äthe cause") {
			t.Errorf("%d bytes: %.20s … %s", len(text), text, text[len(text)-20:])
		}
	})
}

func TestAPanicIsAnErrorAndTheWorkerLivesOn(t *testing.T) {
	handler := func(_ context.Context, j *worker.Job) (any, error) {
		if j.Name == "bad" {
			panic("boom")
		}
		return "fine", nil
	}
	bubble(t, worker.Config{}, one(1, handler), func(r *rig) {
		r.deliver(func(j *bus.Job) { j.Name = "bad" })
		o := r.outcome()
		equal(t, "kind", o.Kind, job.KindFailed)
		equal(t, "error", o.Error, "handler panicked: boom")
		equal(t, "permanent", o.Permanent, false)
		r.pass(10 * time.Millisecond)
		r.deliver()
		equal(t, "kind of the next", r.outcome().Kind, job.KindCompleted)
	})
}

func TestAHandlerThatEndsItsGoroutineFailsAndTheWorkerLivesOn(t *testing.T) {
	handler := func(_ context.Context, j *worker.Job) (any, error) {
		if j.Name == "bad" {
			runtime.Goexit()
		}
		return "fine", nil
	}
	bubble(t, worker.Config{}, one(1, handler), func(r *rig) {
		r.deliver(func(j *bus.Job) { j.Name = "bad" })
		o := r.outcome()
		equal(t, "kind", o.Kind, job.KindFailed)
		equal(t, "permanent", o.Permanent, false)
		if !strings.Contains(o.Error, "runtime.Goexit") {
			t.Errorf("the error is %q", o.Error)
		}
		r.pass(10 * time.Millisecond)
		r.deliver()
		equal(t, "kind of the next", r.outcome().Kind, job.KindCompleted)
	})
}

func TestAHandlerSeesItsJobAndItsFence(t *testing.T) {
	var got *worker.Job
	bubble(t, worker.Config{}, one(1, func(_ context.Context, j *worker.Job) (any, error) { got = j; return nil, nil }), func(r *rig) {
		k := r.deliver(func(j *bus.Job) {
			*j = bus.Job{
				Job: j.Job, Epoch: 5, Workflow: job.ID{9}, WorkflowName: "etl", Name: "load", Queue: "db", Payload: bus.Text(`{"table": "t"}`),
				Attempt: 2, MaxAttempts: 4, Timeout: time.Minute, Priority: job.High, TraceID: "trace", TraceParent: "parent", CorrelationID: "c",
			}
		})
		equal(t, "fence", got.Fence, job.Fence{Job: k.Job, Epoch: 5, Lease: k.Lease})
		equal(t, "id", got.ID(), k.Job)
		equal(t, "workflow", got.WorkflowID, job.ID{9})
		equal(t, "names", got.WorkflowName+" "+got.Name+" "+got.Queue, "etl load db")
		equal(t, "attempt", fmt.Sprint(got.Attempt, "/", got.MaxAttempts), "2/4")
		equal(t, "timeout", got.Timeout, time.Minute)
		equal(t, "priority", got.Priority, job.High)
		equal(t, "trace", got.TraceID+" "+got.TraceParent+" "+got.CorrelationID, "trace parent c")
		equal(t, "payload, byte for byte", string(got.Payload), `{"table": "t"}`)
		var p struct{ Table string }
		if err := got.Decode(&p); err != nil || p.Table != "t" {
			t.Errorf("decoded %+v, %v", p, err)
		}
		if err := got.Decode(new(int)); err == nil || !strings.HasPrefix(err.Error(), "payload: ") {
			t.Errorf("error of a wrong type: %v", err)
		}
	})
}
