package worker_test

import (
	"context"
	"errors"
	"testing"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

func TestAnAttemptIsASpanOfItsJobsTrace(t *testing.T) {
	const traceID, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	var inside trace.SpanContext
	var handed string
	bubble(t, worker.Config{TracerProvider: provider}, one(1, func(ctx context.Context, j *worker.Job) (any, error) {
		inside, handed = trace.SpanContextFromContext(ctx), j.TraceParent
		return nil, errors.New("no")
	}), func(r *rig) {
		r.deliver(func(j *bus.Job) { j.TraceParent = "00-" + traceID + "-" + parent + "-01" })
		r.outcome()
		ended := spans.Ended()
		if len(ended) != 1 {
			t.Fatalf("%d spans", len(ended))
		}
		s := ended[0]
		equal(t, "trace", s.SpanContext().TraceID().String(), traceID)
		equal(t, "parent", s.Parent().SpanID().String(), parent)
		equal(t, "status", s.Status().Code, codes.Error)
		equal(t, "span within the handler", inside.SpanID(), s.SpanContext().SpanID())
		equal(t, "trace parent for what the handler calls", handed, "00-"+traceID+"-"+s.SpanContext().SpanID().String()+"-01")
	})
}
