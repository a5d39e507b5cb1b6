package api

import (
	"context"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hammerwork/hammerwork/internal/telemetry/traceparent"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// The headers of a request that what it enqueues carries on.
const (
	headerTrace       = "Traceparent"
	headerCorrelation = "X-Correlation-Id"
	headerKey         = "Idempotency-Key"
)

// origins are what a request says about where it comes from.
type origins struct {
	traceID     string // of a valid traceparent; empty: none
	correlation string // as sent
}

// originsOf reads the headers of a request and echoes them in its answer. As
// W3C asks, a traceparent that cannot be read counts as none.
func originsOf(r *http.Request, answer http.Header) origins {
	var o origins
	if sc, err := traceparent.Parse(r.Header.Get(headerTrace)); err == nil {
		o.traceID = sc.TraceID().String()
		answer.Set(headerTrace, r.Header.Get(headerTrace))
	}
	o.correlation = r.Header.Get(headerCorrelation)
	if o.correlation != "" && isLine(o.correlation) {
		answer.Set(headerCorrelation, o.correlation)
	}
	return o
}

// fill sets the ids that the body of a request left out.
func (o origins) fill(traceID, correlation *string) error {
	if *traceID == "" {
		*traceID = o.traceID
	}
	if *correlation != "" {
		return nil
	}
	if !isLine(o.correlation) {
		return badParameter(headerCorrelation, "use at most 200 characters without control characters", "is not a correlation id")
	}
	*correlation = o.correlation
	return nil
}

// isLine reports whether s can be stored as a name: one line of at most
// job.MaxName characters.
func isLine(s string) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= job.MaxName && !strings.ContainsFunc(s, unicode.IsControl)
}

// call is what handlers need of the request they serve.
type call struct {
	r       *http.Request
	w       http.ResponseWriter
	origins origins
	route   string // pattern that serves it; empty: none
	body    []byte // of routes that read one
	held    int64  // bytes of its body that count as uploads
}

type callKey struct{}

// callOf returns the call of a handler's context.
func callOf(ctx context.Context) *call { return ctx.Value(callKey{}).(*call) }

// routeOf names the route of a context for logs.
func routeOf(ctx context.Context) string {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c.route
	}
	return ""
}
