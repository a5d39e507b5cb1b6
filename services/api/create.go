package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/hammerwork/hammerwork/internal/request"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/workflow/workflowfile"
)

type createInput struct {
	Set []string `query:"set,explode" doc:"Adds key=value to the workflow's metadata. May be repeated."`
	Key string   `header:"Idempotency-Key" maxLength:"255" doc:"Enqueues once, however often it is sent. Unique among workflows."`
}

type createdAnswer struct {
	Status   int
	Location string `header:"Location" doc:"Where it can be looked at."`
	Body     wire.Created
}

func (a *API) createWorkflow(ctx context.Context, in *createInput) (*createdAnswer, error) {
	set, err := metadata(in.Set)
	if err != nil {
		return nil, err
	}
	c := callOf(ctx)
	w, err := workflowfile.Parse(fileName(c.r), c.body, workflowfile.Options{Set: set, Limits: a.cfg.Limits, NoSchedule: true})
	c.body = nil // its copy in the workflow is enough
	if err != nil {
		return nil, err
	}
	key, err := keyOf(in.Key, func() [32]byte { return request.HashWorkflow(w) })
	if err != nil {
		return nil, err
	}
	if err := c.origins.fill(&w.TraceID, &w.CorrelationID); err != nil {
		return nil, err
	}
	done, err := a.store.EnqueueWorkflow(ctx, w, store.EnqueueOptions{Key: key})
	if err != nil {
		return nil, err
	}
	return a.created(done, "/workflows/", w.Name), nil
}

// created answers an enqueue of one workflow or job and sends its hints.
func (a *API) created(done store.Enqueued, path, name string) *createdAnswer {
	a.announce(store.Resolution{Queues: done.Queues, Checks: done.Checks, Timer: done.Timer})
	id := done.IDs[0].String()
	out := &createdAnswer{Status: http.StatusCreated, Location: prefix + path + id, Body: wire.Created{ID: id, Name: name}}
	if done.Existing[0] {
		out.Status, out.Body.Existing = http.StatusOK, true
	}
	return out
}

// metadata reads the set parameters.
func metadata(set []string) (map[string]string, error) {
	out := make(map[string]string, len(set))
	for _, s := range set {
		key, value, ok := strings.Cut(s, "=")
		if !ok || key == "" {
			return nil, badParameter("set", "like this: set=day=2030-01-31", "is not key=value")
		}
		if _, twice := out[key]; twice {
			return nil, badParameter("set", "set each key once", "has a key twice")
		}
		out[key] = value
	}
	return out, nil
}
