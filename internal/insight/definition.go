package insight

import (
	"context"
	"errors"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// DefinitionReader is what a definition asks of a store.
type DefinitionReader interface {
	Workflow(ctx context.Context, id job.ID) (store.WorkflowRecord, error)
	WorkflowJobs(ctx context.Context, id job.ID, from, limit int) (page []store.JobRecord, next int, err error)
	EdgesInto(ctx context.Context, children []job.ID) ([]store.EdgeRecord, error)
	SpawnersOf(ctx context.Context, jobs []job.ID) (map[job.ID]job.ID, error)
	Job(ctx context.Context, id job.ID) (store.JobRecord, error)
}

// Definition is what a stored workflow was enqueued as.
type Definition struct {
	Workflow *workflow.Workflow
	Spawned  int // jobs that are left out: handlers spawned them, and will again
}

// ErrItems says that a workflow is the items of a batch or a map, which nobody
// enqueues by themselves.
var ErrItems = errors.New("it is the items of a batch or a map")

// DefinitionOf returns what a stored workflow was enqueued as, but for its trace
// ids, its schedule, and what handlers spawned. Settings that jobs have in common
// may be its own. The errors are job.ErrNotFound, ErrTooLarge and ErrItems.
func DefinitionOf(ctx context.Context, r DefinitionReader, id job.ID) (Definition, error) {
	d := &definer{ctx: ctx, r: r}
	rec, err := r.Workflow(ctx, id)
	if err != nil {
		return Definition{}, err
	}
	if rec.ParentJob != (job.ID{}) {
		j, err := r.Job(ctx, rec.ParentJob)
		if err != nil {
			return Definition{}, err
		}
		if j.Parts == nil || j.Parts.Kind != workflow.PartsWorkflow {
			return Definition{}, ErrItems
		}
	}
	w, err := d.workflow(rec, usual{priority: job.Normal, retry: job.RetryPolicy{}.WithDefaults()})
	return Definition{w, d.spawned}, err
}

// usual is what a job has that says nothing itself.
type usual struct {
	priority    job.Priority
	retry       job.RetryPolicy // with its defaults
	correlation string
	timeout     time.Duration
}

// definer reads a workflow with all that its jobs are made of.
type definer struct {
	ctx     context.Context
	r       DefinitionReader
	jobs    int // so far
	spawned int
}

func (d *definer) workflow(rec store.WorkflowRecord, around usual) (*workflow.Workflow, error) {
	w := &workflow.Workflow{
		ID: rec.ID, Name: rec.Name, Description: rec.Description, FailurePolicy: rec.FailurePolicy,
		DecisionTimeout: rec.DecidedAfter, DecisionDefault: rec.DecidedAs, Timeout: rec.Timeout, HealthCheckInterval: rec.StallAfter,
	}
	if string(rec.Metadata) != "{}" {
		w.Metadata = rec.Metadata
	}
	if rec.CancelRunning {
		w.Running = workflow.CancelRunning
	}
	jobs, err := d.read(rec)
	if err != nil {
		return nil, err
	}
	own := usual{priority: rec.Priority, retry: commonRetry(jobs, around.retry), correlation: rec.CorrelationID}
	w.Priority, w.Retry, w.CorrelationID = own.differing(around)
	names := make(map[job.ID]string, len(jobs))
	for _, j := range jobs {
		names[j.ID] = j.Name
	}
	for _, j := range jobs {
		defined, err := d.job(j, names, own)
		if err != nil {
			return nil, err
		}
		w.Jobs = append(w.Jobs, defined)
	}
	return w, nil
}

// differing returns what has to be said where around holds otherwise.
func (u usual) differing(around usual) (priority *job.Priority, retry *job.RetryPolicy, correlation string) {
	if u.priority != around.priority {
		priority = &u.priority
	}
	if u.retry != around.retry {
		retry = &u.retry
	}
	if u.correlation != around.correlation {
		correlation = u.correlation
	}
	return priority, retry, correlation
}

// storedJob is a job with what it waits for, but for what was spawned.
type storedJob struct {
	store.JobRecord
	edges []store.EdgeRecord // in the order of its parents
}

// read returns the jobs of a workflow that nobody spawned.
func (d *definer) read(rec store.WorkflowRecord) ([]storedJob, error) {
	if d.jobs += rec.Tally.Total; d.jobs > maxJobs {
		return nil, ErrTooLarge
	}
	list := make([]storedJob, 0, rec.Tally.Total)
	spawned := make(map[job.ID]bool)
	for from := 0; ; {
		page, next, err := d.r.WorkflowJobs(d.ctx, rec.ID, from, store.MaxPage)
		if err == nil {
			list, err = d.addPage(list, page, spawned)
		}
		if err != nil {
			return nil, err
		}
		if next == 0 {
			break
		}
		from = next
	}
	d.spawned += len(spawned)
	for i := range list { // what is spawned may stand before a job that was there already
		kept := list[i].edges[:0]
		for _, e := range list[i].edges {
			if !spawned[e.Parent] {
				kept = append(kept, e)
			}
		}
		list[i].edges = kept
	}
	return list, nil
}

func (d *definer) addPage(list []storedJob, page []store.JobRecord, spawned map[job.ID]bool) ([]storedJob, error) {
	ids := make([]job.ID, len(page))
	for i, j := range page {
		ids[i] = j.ID
	}
	spawners, err := d.r.SpawnersOf(d.ctx, ids)
	if err != nil {
		return nil, err
	}
	edges, err := d.r.EdgesInto(d.ctx, ids)
	if err != nil {
		return nil, err
	}
	type ends struct{ parent, child job.ID }
	found := make(map[ends]store.EdgeRecord, len(edges))
	for _, e := range edges {
		found[ends{e.Parent, e.Child}] = e
	}
	for _, j := range page {
		if _, is := spawners[j.ID]; is {
			spawned[j.ID] = true
			continue
		}
		s := storedJob{JobRecord: j}
		s.Result = nil
		for _, parent := range j.DependsOn {
			if e, there := found[ends{parent, j.ID}]; there {
				s.edges = append(s.edges, e)
			}
		}
		list = append(list, s)
	}
	return list, nil
}

// commonRetry returns the policy that most jobs with attempts have.
func commonRetry(jobs []storedJob, none job.RetryPolicy) job.RetryPolicy {
	common, most := none, 0
	counts := make(map[job.RetryPolicy]int)
	for _, j := range jobs {
		if j.Gate != nil || j.Barrier {
			continue
		}
		if counts[j.Retry]++; counts[j.Retry] > most {
			common, most = j.Retry, counts[j.Retry]
		}
	}
	return common
}

// job returns what a stored job was enqueued as. names are of the jobs of its
// workflow: one that has none is outside.
func (d *definer) job(rec storedJob, names map[job.ID]string, usually usual) (*job.Job, error) {
	j := &job.Job{
		ID: rec.ID, Name: rec.Name, Queue: rec.Queue, Timeout: rec.Timeout, Deadline: rec.Deadline, Delay: rec.Delay, ScheduledAt: rec.NotBefore,
		Condition: rec.Condition, With: rec.With, AllowFailure: rec.AllowFailure, Finally: rec.Finally, Catch: rec.Catch, Inherit: rec.Inherit, Barrier: rec.Barrier,
	}
	if string(rec.Payload) != "null" {
		j.Payload = rec.Payload
	}
	if rec.Unmet != job.UnmetSkip {
		j.Unmet = rec.Unmet
	}
	for _, e := range rec.edges {
		j.DependsOn = append(j.DependsOn, job.Dependency{Parent: e.Parent, Name: names[e.Parent], On: e.On, Optional: e.Optional})
		if e.Join.Rule != job.JoinAll {
			j.Join = e.Join
		}
	}
	own := usual{priority: rec.OwnPriority, retry: rec.Retry, correlation: rec.CorrelationID, timeout: rec.Timeout}
	j.Priority, j.Retry, j.CorrelationID = own.differing(usually)
	if rec.Gate != nil {
		gate := rec.Gate.Defined
		j.Gate, j.Priority, j.Retry = &gate, nil, nil
	}
	return j, d.parts(j, rec.Parts, own)
}

// parts adds to a job what it is made of.
func (d *definer) parts(j *job.Job, rec *store.PartsRecord, usually usual) error {
	if rec == nil {
		return nil
	}
	p := &workflow.Parts{Kind: rec.Kind, Mode: rec.Mode, Over: rec.Over, MaxParallel: rec.MaxParallel, Tolerate: rec.Tolerate}
	j.Parts = p
	if rec.Kind == workflow.PartsMap {
		return nil
	}
	made, err := d.r.Workflow(d.ctx, rec.Workflow)
	if err != nil {
		return err
	}
	if rec.Kind == workflow.PartsWorkflow {
		p.Workflow, err = d.workflow(made, usually)
		return err
	}
	p.Workflow = &workflow.Workflow{ID: made.ID, Name: made.Name}
	items, err := d.read(made)
	if err != nil {
		return err
	}
	for _, item := range items {
		of, err := d.job(item, nil, usually)
		if err != nil {
			return err
		}
		if of.Timeout == usually.timeout {
			of.Timeout = 0
		}
		p.Workflow.Jobs = append(p.Workflow.Jobs, of)
	}
	return nil
}
