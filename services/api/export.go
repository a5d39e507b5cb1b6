package api

import (
	"context"
	"errors"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hammerwork/hammerwork/internal/insight"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/workflow/workflowfile"
)

// fileAnswer is a workflow file in JSON.
type fileAnswer struct {
	ContentType string `header:"Content-Type" hidden:"true"`
	Spawned     int    `header:"Hammerwork-Spawned" doc:"How many jobs are left out, since handlers spawned them."`
	Body        []byte
}

func (a *API) exportRoute(api huma.API, doc *document) {
	export := get("/workflows/{id}/export", "export-workflow", "The workflow file that makes a workflow again",
		"In JSON, as POST /workflows takes it: jobs, dependencies and settings as they are stored, which are those of the enqueue but for payloads that a retry replaced. "+
			"Trace ids, the schedule, and jobs that handlers spawned are left out. What no file can say, like a dependency on a job outside, is refused with wrong_state.")
	export.codes = []wire.Code{wire.CodeNotFound, wire.CodeWrongState, wire.CodeTooLarge}
	export.Responses["200"] = jsonResponse("The workflow file.")
	register(a, api, doc, export, a.exportWorkflow)
}

func (a *API) exportWorkflow(ctx context.Context, in *Identified) (*fileAnswer, error) {
	id, err := idOf(in.ID)
	if err != nil {
		return nil, err
	}
	d, err := insight.DefinitionOf(ctx, a.store, id)
	if err != nil {
		if errors.Is(err, insight.ErrItems) {
			return nil, newProblem(wire.CodeWrongState, "export the workflow around it, or its items with hammerwork batch export", "workflow %s: %v", id, err)
		}
		return nil, overMany(id, err)
	}
	file, err := workflowfile.Encode(d.Workflow)
	if errors.Is(err, workflowfile.ErrNotInFiles) {
		return nil, newProblem(wire.CodeWrongState, "hammerwork workflow show "+id.String()+" -o json has all that is stored of it", "%v", err)
	}
	if err != nil {
		return nil, err
	}
	return &fileAnswer{ContentType: "application/json", Spawned: d.Spawned, Body: file}, nil
}
