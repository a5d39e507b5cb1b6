// Package traceparent makes and reads the W3C traceparent text that links
// spans across processes. It is apart from package telemetry, so that a worker
// does not link exporters.
package traceparent

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

const header = "traceparent"

// ErrInvalid says that a text is no traceparent, or has an id of zeros.
var ErrInvalid = errors.New("invalid traceparent")

// NewTraceID returns a random trace id, 32 hex digits.
func NewTraceID() string {
	var id trace.TraceID
	_, _ = rand.Read(id[:]) // never fails
	return id.String()
}

// New returns the traceparent of a new, sampled span with a random id within a
// trace. traceID is 32 lower-case hex digits, not all zero.
func New(traceID string) (string, error) {
	id, err := trace.TraceIDFromHex(traceID)
	if err != nil {
		return "", fmt.Errorf("trace id %.40q: it must be 32 lower-case hex digits, not all zero", traceID)
	}
	var span trace.SpanID
	_, _ = rand.Read(span[:]) // never fails
	return Format(trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: span, TraceFlags: trace.FlagsSampled})), nil
}

// Format returns the traceparent of a span; empty when sc is not valid.
func Format(sc trace.SpanContext) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(trace.ContextWithSpanContext(context.Background(), sc), carrier)
	return carrier[header]
}

// Parse reads a traceparent of any version that begins as the first one does.
// The span is marked remote.
func Parse(s string) (trace.SpanContext, error) {
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{header: s})
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsValid() {
		return sc, fmt.Errorf("%w: %.80q", ErrInvalid, s)
	}
	return sc, nil
}
