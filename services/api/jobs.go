package api

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
)

func (a *API) jobRoutes(api huma.API, doc *document) {
	enqueue := post("/jobs", "enqueue-job", "Enqueue a job that belongs to no workflow",
		"With an idempotency key that came with the same request before, the answer is 200 and names what that made.",
		wire.CodeUnknownParent, wire.CodeConflict)
	enqueue.body, enqueue.yaml, enqueue.DefaultStatus = jobBody, true, 201
	createdBefore(&enqueue, api)
	register(a, api, doc, enqueue, a.enqueueJob)

	register(a, api, doc, get("/jobs", "list-jobs", "Jobs, newest first", "Without payloads, results and attempts."), a.listJobs)
	found := func(r route) route { r.codes = append(r.codes, wire.CodeNotFound); return r }
	register(a, api, doc, found(get("/jobs/{id}", "get-job", "A job with its payload and its attempts that did not complete", "")), a.getJob)
	register(a, api, doc, found(get("/jobs/{id}/dependencies", "get-job-dependencies", "The direct parents and children of a job", "At most 500 of each.")), a.getDependencies)
	register(a, api, doc, found(get("/jobs/{id}/explain", "explain-job", "Why a job does not run", "Every reason, the most decisive first.")), a.explainJob)
	register(a, api, doc, found(get("/jobs/{id}/spawned", "list-spawned-jobs", "The jobs that the handler of a job spawned", "Without payloads, results and attempts.")), a.listSpawned)

	cancel := found(post("/jobs/{id}/cancel", "cancel-job", "Cancel a job", "A running one may end by itself within the grace. Cancelling again changes nothing.", wire.CodeWrongState))
	cancel.body = cancelBody
	register(a, api, doc, cancel, a.cancelJob)
	retry := found(post("/jobs/{id}/retry", "retry-job", "Run a job without a workflow again",
		"One that failed or was cancelled. What could not run because of it alone waits for it again. "+
			"Refused for a job of a workflow: the hint says which call runs it again together with what depends on it.", wire.CodeWrongState))
	retry.body = retryJobBody
	register(a, api, doc, retry, a.retryJob)
}

var createdType = reflect.TypeFor[wire.Created]()

type (
	jobAnswer          struct{ Body wire.Job }
	jobsAnswer         struct{ Body wire.List[wire.Job] }
	dependenciesAnswer struct{ Body wire.Dependencies }
	explanationAnswer  struct{ Body wire.Explanation }
)

type listJobsInput struct {
	Queue      string `query:"queue" doc:"Only jobs of this queue."`
	Status     string `query:"status" enum:"waiting,pending,running,retrying,suspended,completed,failed,dead,timed_out,cancelled,skipped,upstream_failed" doc:"Only these. waiting: pending, for parents."`
	Dependency string `query:"dependency_status" enum:"none,waiting,satisfied,failed" doc:"Only these."`
	Priority   string `query:"priority" enum:"background,low,normal,high,critical" doc:"Only these."`
	Workflow   string `query:"workflow_id" doc:"Only jobs of this workflow."`
	Aged
	Paged
}

// waiting is what users call a job that waits for its parents.
const waiting = "waiting"

func (in *listJobsInput) filter(now time.Time) (f store.JobFilter, err error) {
	f = store.JobFilter{Queue: in.Queue, Status: job.Status(in.Status), Dependency: job.DependencyStatus(in.Dependency)}
	if in.Status == waiting {
		if in.Dependency != "" && in.Dependency != waiting {
			return f, badParameter("dependency_status", "leave one of them out", "contradicts status=waiting")
		}
		f.Status, f.Dependency = job.Pending, job.Waiting
	}
	if in.Priority != "" {
		p, err := job.ParsePriority(in.Priority)
		if err != nil {
			return f, badParameter("priority", "", "is not known")
		}
		f.Priority = &p
	}
	if in.Workflow != "" {
		if f.Workflow, err = idOf(in.Workflow); err != nil {
			return f, badParameter("workflow_id", "an id looks like 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70", "is not an id")
		}
	}
	f.Since, err = in.moment(now)
	return f, err
}

func (a *API) listJobs(ctx context.Context, in *listJobsInput) (*jobsAnswer, error) {
	f, err := in.filter(time.Now())
	if err != nil {
		return nil, err
	}
	after, err := decodeCursor(jobCursor, in.Cursor)
	if err != nil {
		return nil, err
	}
	records, next, err := fill(in.Limit, after, func(after job.ID, limit int) ([]store.JobRecord, job.ID, error) {
		f.After, f.Limit = after, limit
		return a.store.Jobs(ctx, f)
	})
	if err != nil {
		return nil, err
	}
	out := &jobsAnswer{wire.List[wire.Job]{Items: make([]wire.Job, len(records)), NextCursor: afterID(jobCursor, next)}}
	for i, j := range records {
		out.Body.Items[i] = wire.JobItemFromRecord(j, nil)
	}
	return out, nil
}

type getJobInput struct {
	Identified
	Include string `query:"include" enum:"dependencies" doc:"With dependencies the direct parents and children are listed too."`
}

func (a *API) getJob(ctx context.Context, in *getJobInput) (*jobAnswer, error) {
	id, err := idOf(in.ID)
	if err != nil {
		return nil, err
	}
	return a.job(ctx, id, in.Include == "dependencies")
}

// job returns a job as it is shown alone. The names of its first store.MaxPage
// parents come with its dependencies, further ones appear by id.
func (a *API) job(ctx context.Context, id job.ID, dependencies bool) (*jobAnswer, error) {
	j, err := a.store.Job(ctx, id)
	if err != nil {
		return nil, err
	}
	var d store.Dependencies
	names := make(map[job.ID]string)
	if dependencies || len(j.DependsOn) > 0 && j.Workflow != (job.ID{}) {
		if d, err = a.store.Dependencies(ctx, id); err != nil {
			return nil, err
		}
		for _, parent := range d.Parents {
			if parent.Workflow != (job.ID{}) && parent.Workflow == j.Workflow {
				names[parent.Job] = parent.Name
			}
		}
	}
	if _, known := names[j.Cause]; !known && j.Cause != (job.ID{}) && j.Workflow != (job.ID{}) {
		cause, err := a.store.JobNames(ctx, j.Workflow, []job.ID{j.Cause})
		if err != nil {
			return nil, err
		}
		maps.Copy(names, cause)
	}
	out := &jobAnswer{wire.JobFromRecord(j, names)}
	if p := j.Parts; p != nil && p.Workflow != (job.ID{}) {
		switch w, err := a.store.Workflow(ctx, p.Workflow); {
		case err == nil:
			out.Body.Parts.Stats = wire.StatsFromRecord(w)
		case !errors.Is(err, job.ErrNotFound): // deleted meanwhile
			return nil, err
		}
	}
	if dependencies {
		list := wire.DependenciesFromRecord(d)
		out.Body.Dependencies = &list
	}
	return out, nil
}

func (a *API) getDependencies(ctx context.Context, in *Identified) (*dependenciesAnswer, error) {
	id, err := idOf(in.ID)
	if err != nil {
		return nil, err
	}
	d, err := a.store.Dependencies(ctx, id)
	if err != nil {
		return nil, err
	}
	return &dependenciesAnswer{wire.DependenciesFromRecord(d)}, nil
}

func (a *API) explainJob(ctx context.Context, in *Identified) (*explanationAnswer, error) {
	id, err := idOf(in.ID)
	if err != nil {
		return nil, err
	}
	s, err := a.store.Explain(ctx, id)
	if err != nil {
		return nil, err
	}
	return &explanationAnswer{wire.ExplanationOf(s)}, nil
}

func (a *API) cancelJob(ctx context.Context, in *Identified) (*jobAnswer, error) {
	id, err := idOf(in.ID)
	if err != nil {
		return nil, err
	}
	grace, err := a.grace(ctx)
	if err != nil {
		return nil, err
	}
	changed, err := a.store.CancelJob(ctx, id, grace)
	if err != nil {
		return nil, err
	}
	a.announce(changed)
	return a.job(ctx, id, false)
}
