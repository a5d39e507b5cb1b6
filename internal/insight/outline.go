package insight

import (
	"context"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/compare"
)

// OutlineReader is what an outline asks of a store.
type OutlineReader interface {
	Workflow(ctx context.Context, id job.ID) (store.WorkflowRecord, error)
	WorkflowJobs(ctx context.Context, id job.ID, from, limit int) (page []store.JobRecord, next int, err error)
	EdgesInto(ctx context.Context, children []job.ID) ([]store.EdgeRecord, error)
	SpawnersOf(ctx context.Context, jobs []job.ID) (map[job.ID]job.ID, error)
	JobNames(ctx context.Context, id job.ID, list []job.ID) (map[job.ID]string, error)
}

// OutlineOf returns the outline of a stored workflow, with what became of it so
// far, or job.ErrNotFound or ErrTooLarge.
func OutlineOf(ctx context.Context, r OutlineReader, id job.ID) (compare.Outline, error) {
	w, err := r.Workflow(ctx, id)
	if err != nil {
		return compare.Outline{}, err
	}
	o := &outliner{ctx: ctx, r: r}
	if err := o.add(w, "", false); err != nil {
		return compare.Outline{}, err
	}
	out := compare.Outline{ID: w.ID.String(), Name: w.Name, Fields: workflowFields(w), Jobs: o.jobs}
	out.Outcome = &compare.Outcome{Status: string(w.Status), Reason: string(w.Reason), Took: took(w.CreatedAt, w.FinishedAt)}
	return out, nil
}

// outliner collects the outlines of the jobs of a workflow, and of all that they
// are made of but the items of maps, which only a run makes.
type outliner struct {
	ctx   context.Context
	r     OutlineReader
	jobs  []compare.JobOutline
	total int
}

// add adds the jobs of a workflow below a path. spawned: a job that they are the
// parts of is.
func (o *outliner) add(w store.WorkflowRecord, path string, spawned bool) error {
	if o.total += w.Tally.Total; o.total > maxJobs {
		return ErrTooLarge
	}
	if o.jobs == nil {
		o.jobs = make([]compare.JobOutline, 0, w.Tally.Total)
	}
	names := make(map[job.ID]string, w.Tally.Total)
	for from := 0; ; {
		page, next, err := o.r.WorkflowJobs(o.ctx, w.ID, from, store.MaxPage)
		if err != nil {
			return err
		}
		list, err := addJobs(o.ctx, o.r, w.ID, nil, page, names)
		if err != nil {
			return err
		}
		for i, of := range list {
			of.Name, of.Spawned = path+of.Name, of.Spawned || spawned
			if err := o.addWithParts(of, page[i].Parts); err != nil {
				return err
			}
		}
		if next == 0 {
			return nil
		}
		from = next
	}
}

// addWithParts adds a job, and then what it is made of.
func (o *outliner) addWithParts(of compare.JobOutline, p *store.PartsRecord) error {
	if p == nil || p.Kind == workflow.PartsMap {
		o.jobs = append(o.jobs, of)
		return nil
	}
	made, err := o.r.Workflow(o.ctx, p.Workflow)
	if err != nil {
		return err
	}
	if p.Kind == workflow.PartsWorkflow {
		compare.Fields(of.Fields).Within(workflowFields(made))
	}
	o.jobs = append(o.jobs, of)
	return o.add(made, of.Name+compare.Separator, of.Spawned)
}

func workflowFields(w store.WorkflowRecord) compare.Fields {
	f := compare.Fields{}
	f.Set("description", w.Description, "")
	f.JSON("metadata", w.Metadata, "{}")
	f.Set("failure_policy", string(w.FailurePolicy), string(workflow.FailFast))
	if w.CancelRunning {
		f.Set("running", string(workflow.CancelRunning), "")
	}
	f.Set("priority", w.Priority.String(), job.Normal.String())
	f.Duration("timeout", w.Timeout)
	f.Duration("health_check_interval", w.StallAfter)
	f.Decision(w.DecidedAfter, w.DecidedAs)
	return f
}

// addJobs adds the outlines of a page of jobs; names are of those before.
func addJobs(ctx context.Context, r OutlineReader, id job.ID, to []compare.JobOutline, page []store.JobRecord, names map[job.ID]string) ([]compare.JobOutline, error) {
	ids := make([]job.ID, len(page))
	var later []job.ID
	for i, j := range page {
		ids[i], names[j.ID] = j.ID, j.Name
	}
	for _, j := range page {
		for _, p := range j.DependsOn {
			if _, known := names[p]; !known {
				later = append(later, p)
			}
		}
	}
	if len(later) > 0 {
		found, err := r.JobNames(ctx, id, later)
		if err != nil {
			return nil, err
		}
		for id, name := range found {
			names[id] = name
		}
	}
	edges, err := r.EdgesInto(ctx, ids)
	if err != nil {
		return nil, err
	}
	spawners, err := r.SpawnersOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	into := make(map[job.ID][]store.EdgeRecord)
	for _, e := range edges {
		into[e.Child] = append(into[e.Child], e)
	}
	for _, j := range page {
		of := jobOutline(j, into[j.ID], names)
		_, of.Spawned = spawners[j.ID]
		to = append(to, of)
	}
	return to, nil
}

func jobOutline(j store.JobRecord, edges []store.EdgeRecord, names map[job.ID]string) compare.JobOutline {
	f := compare.Fields{}
	f.Set("queue", j.Queue, "")
	f.JSON("payload", j.Payload, "null")
	f.Set("priority", j.OwnPriority.String(), job.Normal.String())
	f.Flag("inherit", j.Inherit)
	f.Set("condition", j.Condition, "")
	if j.Unmet != "" {
		f.Set("unmet", string(j.Unmet), string(job.UnmetSkip))
	}
	f.With(j.With)
	f.Flag("allow_failure", j.AllowFailure)
	f.Flag("catch", j.Catch)
	f.Flag("finally", j.Finally)
	f.Flag("barrier", j.Barrier)
	f.Duration("timeout", j.Timeout)
	f.Duration("deadline", j.Deadline)
	f.Retry(j.Retry)
	if j.Gate != nil {
		f.Gate(j.Gate.Defined)
	}
	if p := j.Parts; p != nil {
		f.Parts(workflow.Parts{Kind: p.Kind, Mode: p.Mode, Over: p.Over, MaxParallel: p.MaxParallel, Tolerate: p.Tolerate})
	}
	out := compare.JobOutline{Name: j.Name, Fields: f, DependsOn: make(map[string]string, len(edges))}
	for _, e := range edges {
		f.Join(e.Join)
		name := names[e.Parent]
		if name == "" {
			name = e.Parent.String()
		}
		out.DependsOn[name] = compare.EdgeText(e.On, e.Optional)
	}
	out.Outcome = &compare.Outcome{Status: string(j.Status), Reason: string(j.Reason), Attempts: j.Attempts + j.Earlier, Took: took(j.StartedAt, j.FinishedAt)}
	return out
}

// took is how long something took that has ended.
func took(from, to time.Time) string {
	if from.IsZero() || to.IsZero() {
		return ""
	}
	return max(0, to.Sub(from)).Round(time.Microsecond).String()
}
