package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hammerwork/hammerwork/internal/wire"
)

// recorder remembers how a request was answered.
type recorder struct {
	http.ResponseWriter
	status int // 0: not yet
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// headers are on every answer: it is data for the client that asked, not a
// page, and nothing keeps it.
var headers = map[string]string{
	"Cache-Control":                "no-store",
	"Content-Security-Policy":      "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Referrer-Policy":              "no-referrer",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
}

// ServeHTTP answers one request: it refuses what the guard, the bounds or the
// routes do not allow and lets a handler answer the rest.
func (a *API) ServeHTTP(to http.ResponseWriter, r *http.Request) {
	began := time.Now()
	w := &recorder{ResponseWriter: to}
	for name, value := range headers {
		w.Header().Set(name, value)
	}
	c := &call{r: r, w: w, origins: originsOf(r, w.Header())}
	_, c.route = a.mux.Handler(r)
	a.metrics.Active.Inc()
	defer func() {
		a.metrics.Active.Dec()
		a.uploads.give(c.held)
		if v := recover(); v != nil {
			a.panicked(c, v)
		}
		took := time.Since(began)
		a.metrics.observe(c.route, w.status, took)
		a.log.Debug("request", "method", r.Method, "route", c.route, "status", w.status, "took", took, "trace_id", c.origins.traceID)
	}()
	if p := a.refuse(c); p != nil {
		p.write(w)
		return
	}
	select {
	case a.slots <- struct{}{}:
		defer func() { <-a.slots }()
	default:
		newProblem(wire.CodeRateLimited, "send it again in a moment", "the server is serving %d requests already", a.cfg.MaxConcurrent).write(w)
		return
	}
	ctx, cancel := context.WithCancel(context.WithValue(r.Context(), callKey{}, c))
	defer cancel()
	a.mux.ServeHTTP(w, r.WithContext(ctx))
}

// refuse returns why a request reaches no handler, or nil.
func (a *API) refuse(c *call) *problem {
	if p := a.guard.origin(c.r); p != nil {
		return p
	}
	if !slices.Contains(a.open, c.route) {
		if p := a.guard.access(c.r); p != nil {
			return p
		}
	}
	if p := a.unrouted(c); p != nil {
		return p
	}
	if p := mediaType(c.r); p != nil {
		return p
	}
	if keys := c.r.Header.Values(headerKey); len(keys) > 1 || len(keys) == 1 && keys[0] == "" {
		return badParameter(headerKey, "a random UUID is a good one", "is there %d times or empty", len(keys))
	}
	return readableQuery(c.r.URL)
}

// unrouted says what is wrong with a path or a method that nothing serves. A
// path that is not in its shortest form is served by nothing: names of queues
// may look like parts of one.
func (a *API) unrouted(c *call) *problem {
	escaped := c.r.URL.EscapedPath()
	clean := path.Clean(escaped)
	shortest := clean == escaped || clean+"/" == escaped
	if c.route != "" && shortest {
		return nil
	}
	var allowed []string
	if shortest {
		allowed = a.methods(c.r)
	}
	c.route = ""
	if len(allowed) == 0 {
		return newProblem(wire.CodeNotFound, "GET /api/v1/openapi.json lists every path", "nothing is served at this path")
	}
	p := newStatusProblem(http.StatusMethodNotAllowed, wire.CodeInvalidRequest, "use "+strings.Join(allowed, " or "), "this path does not take the method")
	p.header = http.Header{"Allow": {list(allowed)}}
	return p
}

// methods lists what a path takes.
func (a *API) methods(r *http.Request) []string {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, route := a.mux.Handler(other); route != "" {
			allowed = append(allowed, method)
		}
	}
	return allowed
}

// readableQuery refuses a query that could not be read to the end, or with
// characters that no stored text has.
func readableQuery(u *url.URL) *problem {
	const hint = "percent-encode what is no letter or digit, in UTF-8"
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return newProblem(wire.CodeInvalidRequest, hint, "the query cannot be read")
	}
	for name, values := range query {
		for _, v := range append(values, name) {
			if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
				return newProblem(wire.CodeInvalidRequest, hint, "the query has a character that is not allowed")
			}
		}
	}
	return nil
}

// panicked answers a request whose handler panicked. The value may hold data
// of a user, so the log has only errors and the stack.
func (a *API) panicked(c *call, v any) {
	if v == http.ErrAbortHandler {
		panic(v)
	}
	what := fmt.Sprintf("%T", v)
	if err, ok := v.(error); ok {
		what = err.Error()
	}
	a.log.Error("request panicked", "route", c.route, "panic", what, "stack", string(debug.Stack()))
	w := c.w.(*recorder)
	if w.status != 0 {
		panic(http.ErrAbortHandler) // a part of an answer is sent: it must not look whole
	}
	newProblem(wire.CodeInternal, "report it, with the log of the server", "the server has a fault").write(w)
}
