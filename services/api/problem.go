package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/plainjson"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// problem is an error on its way to the client.
type problem struct {
	wire.Problem
	header http.Header
}

// statuses gives each code its HTTP status.
var statuses = map[wire.Code]int{
	wire.CodeInvalidWorkflow: http.StatusUnprocessableEntity,
	wire.CodeCycle:           http.StatusUnprocessableEntity,
	wire.CodeUnknownParent:   http.StatusUnprocessableEntity,
	wire.CodeDuplicateName:   http.StatusUnprocessableEntity,
	wire.CodeInvalidRequest:  http.StatusUnprocessableEntity,
	wire.CodeTooLarge:        http.StatusRequestEntityTooLarge,
	wire.CodeNotFound:        http.StatusNotFound,
	wire.CodeConflict:        http.StatusConflict,
	wire.CodeWrongState:      http.StatusConflict,
	wire.CodePaused:          http.StatusConflict,
	wire.CodeUnauthorized:    http.StatusUnauthorized,
	wire.CodeForbidden:       http.StatusForbidden,
	wire.CodeRateLimited:     http.StatusTooManyRequests,
	wire.CodeUnavailable:     http.StatusServiceUnavailable,
	wire.CodeSchemaTooOld:    http.StatusServiceUnavailable,
	wire.CodeInternal:        http.StatusInternalServerError,
}

// newProblem makes a problem with the status of its code.
func newProblem(code wire.Code, hint, format string, args ...any) *problem {
	return newStatusProblem(statuses[code], code, hint, format, args...)
}

// newStatusProblem makes a problem with a status of its own.
func newStatusProblem(status int, code wire.Code, hint, format string, args ...any) *problem {
	p := &problem{Problem: wire.Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status,
		Detail: fmt.Sprintf(format, args...), Code: code, Hint: hint,
	}}
	switch code {
	case wire.CodeRateLimited, wire.CodeUnavailable, wire.CodeSchemaTooOld:
		p.header = http.Header{"Retry-After": {"1"}}
	case wire.CodeUnauthorized:
		p.header = http.Header{"Www-Authenticate": {`Bearer realm="hammerwork"`}}
	}
	return p
}

// badParameter is what is wrong with one parameter of a request.
func badParameter(name, hint, format string, args ...any) *problem {
	p := newProblem(wire.CodeInvalidRequest, hint, name+" "+format, args...)
	p.Errors = []wire.ProblemItem{{Path: name, Message: p.Detail}}
	return p
}

// GetStatus tells huma the status.
func (p *problem) GetStatus() int { return p.Status }

// ContentType tells huma what a problem is.
func (p *problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders tells huma the headers of the answer.
func (p *problem) GetHeaders() http.Header { return p.header }

// write answers a request with the problem.
func (p *problem) write(w http.ResponseWriter) {
	h := w.Header()
	for name, values := range p.header {
		h[name] = values
	}
	h.Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_ = plainjson.NewEncoder(w).Encode(p.Problem) // the client has gone
}

// problemOf maps an error to what the client reads: the only place that does.
// What is no known fact is the database's failure, which the client may wait
// out; the log has the error.
func (a *API) problemOf(ctx context.Context, err error) *problem {
	var p *problem
	var invalid *workflow.Error
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &invalid):
		return invalidBody(invalid)
	case errors.Is(err, job.ErrNotFound):
		return newProblem(wire.CodeNotFound, "look for its id in a list", "there is nothing with this id")
	case errors.Is(err, job.ErrWrongState):
		return newProblem(wire.CodeWrongState, "look at its status", "it is in a state that does not allow this")
	case errors.Is(err, store.ErrNoObject):
		return newProblem(wire.CodeInvalidRequest, "write the payload as an object, like {\"day\": \"monday\"}", "%s", store.ErrNoObject)
	case errors.Is(err, store.ErrUnread):
		return newProblem(wire.CodeInvalidRequest, "leave the payload out", "%s", store.ErrUnread)
	case errors.Is(err, store.ErrNeeded):
		return newProblem(wire.CodeWrongState, "wait until what depends on it has ended, or cancel that", "a job that has not ended depends on it")
	case errors.Is(err, store.ErrPartsRun):
		return newProblem(wire.CodeWrongState, "it is being cancelled; try again when it has ended", "%s", store.ErrPartsRun)
	case errors.Is(err, store.ErrNameTaken):
		return newProblem(wire.CodeConflict, "update that one, or give this one another name", "%s", store.ErrNameTaken)
	case errors.Is(err, store.ErrKeyReused):
		return newProblem(wire.CodeConflict, "use another key for another request", "the idempotency key came with another request before")
	case errors.Is(err, store.ErrExists):
		return newProblem(wire.CodeConflict, "send it again", "it is stored already")
	case errors.Is(err, store.ErrUnknownParent):
		return newProblem(wire.CodeUnknownParent, "name jobs that are stored by their ids", "it depends on a job that does not exist")
	}
	return a.unavailable(ctx, err)
}

// unavailable says why the database could not serve a request.
func (a *API) unavailable(ctx context.Context, err error) *problem {
	if !errors.Is(err, store.ErrOlderSchema) && ctx.Err() == nil {
		look, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		if ready := a.store.Ready(look); errors.Is(ready, store.ErrOlderSchema) || errors.Is(ready, store.ErrNewerSchema) {
			err = errors.Join(ready, err)
		}
	}
	if cause := context.Cause(ctx); errors.Is(cause, context.Canceled) {
		a.log.Debug("client gone", "error", err)
	} else {
		a.log.Error("request failed", "route", routeOf(ctx), "error", err)
	}
	switch {
	case errors.Is(err, store.ErrOlderSchema):
		return newProblem(wire.CodeSchemaTooOld, "run hammerwork migrate up", "%s", store.ErrOlderSchema)
	case errors.Is(err, store.ErrNewerSchema):
		return newProblem(wire.CodeUnavailable, "update this server", "%s", store.ErrNewerSchema)
	case errors.Is(err, context.DeadlineExceeded):
		return newProblem(wire.CodeUnavailable, againHint, "the database did not answer in time")
	}
	return newProblem(wire.CodeUnavailable, againHint, "the database did not serve the request")
}

const againHint = "try again; an enqueue with the same idempotency key is stored once, however often it is sent"

// invalidBody is the report of a workflow file or a job.
func invalidBody(e *workflow.Error) *problem {
	p := newProblem(codeOf(e.Code()), e.Hint(), "%s", e.Faults[0].Message)
	if n := len(e.Faults); n > 1 {
		p.Detail = fmt.Sprintf("%d faults; the first: %s", n, p.Detail)
	}
	for _, f := range e.Faults {
		message := f.Message
		if f.Hint != "" && f.Hint != p.Hint {
			message += "; " + f.Hint
		}
		p.Errors = append(p.Errors, wire.ProblemItem{Path: f.Path, Line: f.Line, Message: message})
	}
	return p
}

// codeOf translates the codes of validation, which are the same words.
func codeOf(c workflow.Code) wire.Code {
	if code := wire.Code(c); statuses[code] != 0 {
		return code
	}
	return wire.CodeInvalidWorkflow
}

// list joins names for a sentence.
func list(names []string) string { return strings.Join(names, ", ") }
