package insight

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/timing"
)

// Reader is what is asked of a store.
type Reader interface {
	Workflow(ctx context.Context, id job.ID) (store.WorkflowRecord, error)
	Workflows(ctx context.Context, f store.WorkflowFilter) (page []store.WorkflowRecord, next job.ID, err error)
	Jobs(ctx context.Context, f store.JobFilter) (page []store.JobRecord, next job.ID, err error)
	Audit(ctx context.Context, workflow, after job.ID, limit int) ([]store.AuditRecord, error)
}

// What is read at most.
const (
	maxJobs     = 200_000 // of a workflow whose course is asked for
	maxRuns     = 20      // earlier runs of a name
	maxLooks    = 3       // pages of workflows that are looked through for them
	maxDetailed = 3       // earlier runs whose jobs are read
	maxEach     = 2000    // jobs of such a run
)

// ErrTooLarge says that a workflow has too many jobs for its course.
var ErrTooLarge = fmt.Errorf("it has over %d jobs", maxJobs)

// Course is how a workflow went, or is thought to go, in its last run: nobody
// waited between a run and the retry that began the next.
type Course struct {
	Workflow  store.WorkflowRecord
	Begin     time.Time         // of the run; times of the plan count from it
	Jobs      []store.JobRecord // that did not end before, in the order of the definition
	Plan      timing.Plan
	Estimated bool
	Runs      int // earlier runs by which it is estimated
}

// CourseOf works out the course of a workflow, or returns job.ErrNotFound or
// ErrTooLarge. A job that has not ended is thought to take as long as in the
// last runs of the same name, else as the jobs of its queue that have ended,
// else as all that have.
func CourseOf(ctx context.Context, r Reader, id job.ID, now time.Time) (Course, error) {
	w, err := r.Workflow(ctx, id)
	if err != nil {
		return Course{}, err
	}
	if w.Tally.Total > maxJobs {
		return Course{}, ErrTooLarge
	}
	c := Course{Workflow: w}
	if c.Jobs, err = jobsOf(ctx, r, id); err != nil {
		return Course{}, err
	}
	if c.Begin, err = beginOf(ctx, r, w); err != nil {
		return Course{}, err
	}
	g := guesses{}
	if !w.Status.Terminal() {
		c.Estimated = true
		if c.Runs, err = g.learn(ctx, r, w); err != nil {
			return Course{}, err
		}
	}
	g.add(c.Jobs)
	c.Jobs = slices.DeleteFunc(c.Jobs, func(j store.JobRecord) bool { return !j.FinishedAt.IsZero() && j.FinishedAt.Before(c.Begin) })
	c.Plan = timing.Analyse(c.timed(g), now.Sub(c.Begin))
	return c, nil
}

// jobsOf reads all jobs of a workflow, in the order of its definition.
func jobsOf(ctx context.Context, r Reader, id job.ID) ([]store.JobRecord, error) {
	var list []store.JobRecord
	f := store.JobFilter{Workflow: id, Limit: store.MaxPage}
	for {
		page, next, err := r.Jobs(ctx, f)
		if err != nil {
			return nil, err
		}
		if list = append(list, page...); next == (job.ID{}) || len(list) > maxJobs {
			slices.Reverse(list)
			return list, nil
		}
		f.After = next
	}
}

// beginOf returns when the last run of a workflow began: at its enqueue, or at
// its last retry.
func beginOf(ctx context.Context, r Reader, w store.WorkflowRecord) (time.Time, error) {
	begin := w.CreatedAt
	if w.Run == 1 {
		return begin, nil
	}
	for after := (job.ID{}); ; {
		page, err := r.Audit(ctx, w.ID, after, store.MaxPage)
		if err != nil {
			return time.Time{}, err
		}
		for _, entry := range page {
			if entry.Action == "retry" && entry.Job == (job.ID{}) && entry.At.After(begin) { // their order is by ids of several machines
				begin = entry.At
			}
			after = entry.ID
		}
		if len(page) < store.MaxPage {
			return begin, nil
		}
	}
}

// timed returns the jobs as package timing takes them.
func (c Course) timed(g guesses) []timing.Job {
	at := make(map[job.ID]int, len(c.Jobs))
	for i, j := range c.Jobs {
		at[j.ID] = i
	}
	list := make([]timing.Job, len(c.Jobs))
	for i, j := range c.Jobs {
		t := timing.Job{Last: j.Finally, Start: c.since(j.StartedAt), End: c.since(j.FinishedAt), Own: g.of(j)}
		if j.Attempts <= 1 || j.Status == job.Retrying {
			t.Due = max(0, c.since(j.ScheduledAt))
		}
		if !j.Status.Terminal() && j.Status != job.Running && j.Status != job.Suspended {
			t.Start = timing.Never // an attempt before has ended
		}
		for _, p := range j.DependsOn {
			if k, inside := at[p]; inside {
				t.Parents = append(t.Parents, k)
			}
		}
		list[i] = t
	}
	return list
}

func (c Course) since(t time.Time) time.Duration {
	if t.IsZero() {
		return timing.Never
	}
	return max(0, t.Sub(c.Begin))
}

// guesses are how long jobs took: by name in earlier runs, by queue, and all
// (the empty queue) in this one.
type guesses struct {
	names, queues map[string]time.Duration
}

// learn reads how long jobs took in the last runs of the same name.
func (g *guesses) learn(ctx context.Context, r Reader, w store.WorkflowRecord) (runs int, err error) {
	earlier, err := earlierRuns(ctx, r, w)
	if err != nil {
		return 0, err
	}
	took := make(map[string][]time.Duration)
	for _, e := range earlier {
		if runs == maxDetailed || e.Tally.Total > maxEach {
			continue
		}
		runs++
		jobs, err := jobsOf(ctx, r, e.ID)
		if err != nil {
			return 0, err
		}
		for _, j := range jobs {
			if ran(j) {
				took[j.Name] = append(took[j.Name], j.FinishedAt.Sub(j.StartedAt))
			}
		}
	}
	g.names = make(map[string]time.Duration, len(took))
	for name, list := range took {
		g.names[name] = timing.Median(list)
	}
	return runs, nil
}

// add adds how long jobs took by queue.
func (g *guesses) add(jobs []store.JobRecord) {
	took := make(map[string][]time.Duration)
	for _, j := range jobs {
		if d := j.FinishedAt.Sub(j.StartedAt); ran(j) {
			took[j.Queue], took[""] = append(took[j.Queue], d), append(took[""], d)
		}
	}
	g.queues = make(map[string]time.Duration, len(took))
	for queue, list := range took {
		g.queues[queue] = timing.Median(list)
	}
}

func (g guesses) of(j store.JobRecord) time.Duration {
	if j.Barrier {
		return 0
	}
	if d, known := g.names[j.Name]; known {
		return d
	}
	if d, known := g.queues[j.Queue]; known {
		return d
	}
	return g.queues[""]
}

func ran(j store.JobRecord) bool {
	return j.Status == job.Completed && !j.StartedAt.IsZero() && !j.FinishedAt.IsZero() && !j.Barrier
}

// earlierRuns returns the last workflows of the same name that completed in
// their first run, the newest first.
func earlierRuns(ctx context.Context, r Reader, w store.WorkflowRecord) ([]store.WorkflowRecord, error) {
	var list []store.WorkflowRecord
	f := store.WorkflowFilter{Name: w.Name, Status: workflow.Completed, Limit: maxRuns}
	for range maxLooks {
		page, next, err := r.Workflows(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, e := range page {
			if e.ID != w.ID && e.Run == 1 && len(list) < maxRuns {
				list = append(list, e)
			}
		}
		if len(list) >= maxRuns || next == (job.ID{}) {
			break
		}
		f.After = next
	}
	return list, nil
}

// Remaining says how long a workflow may still take, by how long the last runs
// of the same name took that completed. One that was retried says little: it
// waited for who retried it, and then ran in part. It knows nothing of one that has ended or is run again.
func Remaining(ctx context.Context, r Reader, w store.WorkflowRecord, now time.Time) (timing.Remaining, error) {
	if w.Status.Terminal() || w.Run > 1 {
		return timing.Remaining{}, nil
	}
	earlier, err := earlierRuns(ctx, r, w)
	if errors.Is(err, job.ErrNotFound) {
		err = nil
	}
	var took []time.Duration
	for _, e := range earlier {
		took = append(took, e.FinishedAt.Sub(e.CreatedAt))
	}
	return timing.Remain(now.Sub(w.CreatedAt), took), err
}
