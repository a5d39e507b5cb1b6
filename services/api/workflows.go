package api

import (
	"context"
	"errors"
	"io"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hammerwork/hammerwork/internal/insight"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func (a *API) workflowRoutes(api huma.API, doc *document) {
	create := post("/workflows", "create-workflow", "Enqueue a workflow",
		"The body is a workflow file in YAML or JSON. With an Idempotency-Key that came with the same request before, the answer is 200 and names what that made.",
		wire.CodeInvalidWorkflow, wire.CodeCycle, wire.CodeUnknownParent, wire.CodeDuplicateName, wire.CodeConflict)
	create.body, create.yaml, create.large, create.DefaultStatus = workflowBody, true, true, 201
	createdBefore(&create, api)
	register(a, api, doc, create, a.createWorkflow)

	register(a, api, doc, get("/workflows", "list-workflows", "Workflows, newest first", ""), a.listWorkflows)
	found := func(r route) route { r.codes = append(r.codes, wire.CodeNotFound); return r }
	whole := found(get("/workflows/{id}", "get-workflow", "A workflow with its jobs", "Jobs are in the order of the definition."))
	whole.Responses["200"] = &huma.Response{Content: map[string]*huma.MediaType{
		"application/json": {Schema: api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[wire.Workflow](), true, "")},
	}}
	register(a, api, doc, whole, a.getWorkflow)
	register(a, api, doc, found(get("/workflows/{id}/stats", "get-workflow-stats", "How many jobs of a workflow stand where", "")), a.getStats)
	register(a, api, doc, found(get("/workflows/{id}/jobs", "list-workflow-jobs", "The jobs of a workflow in the order of its definition", "")), a.listWorkflowJobs)

	path := found(get("/workflows/{id}/critical-path", "get-workflow-critical-path", "Which jobs decide when a workflow ends",
		"Of one that has ended as it was measured, else estimated by the last runs of the same name. One with over 200,000 jobs is refused with too_large."))
	path.codes = append(path.codes, wire.CodeTooLarge)
	register(a, api, doc, path, a.getCriticalPath)
	outline := found(get("/workflows/{id}/outline", "get-workflow-outline", "What of a workflow is compared with another one",
		"Its settings, jobs and dependencies without defaults, and what became of them; of values over 1,000 bytes the digest. One with over 200,000 jobs is refused with too_large."))
	outline.codes = append(outline.codes, wire.CodeTooLarge)
	register(a, api, doc, outline, a.getOutline)

	a.exportRoute(api, doc)

	register(a, api, doc, found(get("/workflows/{id}/events", "list-workflow-events", "What happened in a workflow, oldest first",
		"By time, then by id; the end of the workflow after all else of its time. While a workflow is open the last second is left out, so that nothing comes in between later: to follow one, ask again with the id of the last event as the cursor.")), a.listEvents)

	draw := found(get("/workflows/{id}/graph", "get-workflow-graph", "The graph of a workflow and where its jobs stand", "A graph that is too large for svg is refused with too_large; the other formats have no limit."))
	draw.codes = append(draw.codes, wire.CodeTooLarge)
	draw.Responses["200"] = graphResponse()
	register(a, api, doc, draw, a.getGraph)

	register(a, api, doc, found(remove("/workflows/{id}", "delete-workflow", "Delete a workflow that has ended",
		"It is gone at once, with its jobs. While a job of another workflow depends on it, it is refused.", wire.CodeWrongState)), a.deleteWorkflow)
}

// createdBefore describes the answer to a repeated enqueue.
func createdBefore(r *route, api huma.API) {
	schema := api.OpenAPI().Components.Schemas.Schema(createdType, true, "")
	r.Responses["200"] = &huma.Response{
		Description: "The idempotency key came with the same request before.",
		Content:     map[string]*huma.MediaType{"application/json": {Schema: schema}},
	}
}

// Identified is what everything about one workflow or job takes.
type Identified struct {
	ID string `path:"id" doc:"A UUID."`
}

type (
	itemAnswer  struct{ Body wire.WorkflowItem }
	itemsAnswer struct{ Body wire.List[wire.WorkflowItem] }
	statsAnswer struct{ Body wire.Stats }
)

type listWorkflowsInput struct {
	Status string `query:"status" enum:"pending,running,paused,cancelling,completed,failed,cancelled" doc:"Only these."`
	Name   string `query:"name" doc:"Only workflows of exactly this name."`
	Parent string `query:"parent" doc:"Only what the job with this id is made of."`
	All    bool   `query:"all" doc:"Also workflows that jobs are made of, which are left out otherwise."`
	Aged
	Paged
}

func (a *API) listWorkflows(ctx context.Context, in *listWorkflowsInput) (*itemsAnswer, error) {
	since, err := in.moment(time.Now())
	if err != nil {
		return nil, err
	}
	after, err := decodeCursor(workflowCursor, in.Cursor)
	if err != nil {
		return nil, err
	}
	f := store.WorkflowFilter{Status: workflow.Status(in.Status), Name: in.Name, All: in.All, Since: since}
	if in.Parent != "" {
		if f.Parent, err = idOf(in.Parent); err != nil {
			return nil, badParameter("parent", "an id looks like 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70", "is not an id")
		}
	}
	records, next, err := fill(in.Limit, after, func(after job.ID, limit int) ([]store.WorkflowRecord, job.ID, error) {
		f.After, f.Limit = after, limit
		return a.store.Workflows(ctx, f)
	})
	if err != nil {
		return nil, err
	}
	out := &itemsAnswer{wire.List[wire.WorkflowItem]{Items: make([]wire.WorkflowItem, len(records)), NextCursor: afterID(workflowCursor, next)}}
	for i, w := range records {
		out.Body.Items[i] = wire.ItemFromRecord(w)
	}
	return out, nil
}

// fillLooks is how many pages of a store one page of a list is made of at
// most, so that a filter that matches little takes bounded time.
const fillLooks = 20

// fill collects a page of a list from pages of the store, which may be short.
func fill[T any](limit int, after job.ID, read func(after job.ID, limit int) ([]T, job.ID, error)) ([]T, job.ID, error) {
	var all []T
	for range fillLooks {
		some, next, err := read(after, limit-len(all))
		if err != nil {
			return nil, job.ID{}, err
		}
		all, after = append(all, some...), next
		if len(all) >= limit || next == (job.ID{}) {
			break
		}
	}
	return all, after, nil
}

type getWorkflowInput struct {
	Identified
	Jobs bool `query:"jobs" default:"true" doc:"With false the lists of jobs and of root causes stay empty."`
	ETA  bool `query:"eta" default:"false" doc:"Say how long it may still take, by the last runs of the same name that completed without a retry."`
}

func (a *API) getWorkflow(ctx context.Context, in *getWorkflowInput) (*huma.StreamResponse, error) {
	w, err := a.workflow(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	jobs := jobStream{store: a.store, workflow: w.ID, timeout: a.cfg.RequestTimeout, names: make(map[job.ID]string)}
	if in.Jobs {
		if err := jobs.read(ctx); err != nil {
			return nil, err
		}
	}
	shown, err := a.explained(ctx, w, in.Jobs)
	if err != nil {
		return nil, err
	}
	if in.ETA {
		now := time.Now()
		r, err := insight.Remaining(ctx, a.store, w, now)
		if err != nil {
			return nil, err
		}
		shown.ETA = wire.ETAFrom(r, now)
	}
	return a.stream("application/json", func(ctx context.Context, to io.Writer) error { return jobs.write(ctx, to, shown) }), nil
}

func (a *API) workflow(ctx context.Context, text string) (store.WorkflowRecord, error) {
	id, err := idOf(text)
	if err != nil {
		return store.WorkflowRecord{}, err
	}
	return a.store.Workflow(ctx, id)
}

func (a *API) getStats(ctx context.Context, in *Identified) (*statsAnswer, error) {
	w, err := a.workflow(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &statsAnswer{wire.StatsFromRecord(w)}, nil
}

type listWorkflowJobsInput struct {
	Identified
	Paged
}

func (a *API) listWorkflowJobs(ctx context.Context, in *listWorkflowJobsInput) (*jobsAnswer, error) {
	from, err := positionOf(in.Cursor)
	if err != nil {
		return nil, err
	}
	w, err := a.workflow(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	records, next, err := a.store.WorkflowJobs(ctx, w.ID, from, in.Limit)
	if err != nil {
		return nil, err
	}
	names := make(map[job.ID]string)
	if err := addNames(ctx, a.store, w.ID, records, names); err != nil {
		return nil, err
	}
	out := &jobsAnswer{wire.List[wire.Job]{Items: make([]wire.Job, len(records))}}
	for i, j := range records {
		out.Body.Items[i] = wire.JobItemFromRecord(j, names)
	}
	if next > 0 {
		out.Body.NextCursor = afterPosition(next)
	}
	return out, nil
}

func (a *API) deleteWorkflow(ctx context.Context, in *Identified) (*struct{}, error) {
	id, err := idOf(in.ID)
	if err != nil {
		return nil, err
	}
	err = a.store.DeleteWorkflow(ctx, id)
	if !errors.Is(err, job.ErrWrongState) {
		return nil, err
	}
	if w, err := a.store.Workflow(ctx, id); err == nil && w.ParentJob != (job.ID{}) {
		return nil, newProblem(wire.CodeWrongState, "delete what that job belongs to", "the workflow is what job %s is made of", w.ParentJob)
	}
	return nil, newProblem(wire.CodeWrongState, "cancel it first", "the workflow has not ended")
}
