package client

import (
	"context"
	"iter"
	"time"

	"github.com/hammerwork/hammerwork/internal/insight"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow/timing"
)

// CriticalPath is when the jobs of a workflow ran, or are thought to, in its last
// run, and which of them decide when that ends.
type CriticalPath struct {
	Path      []TimedJob // each waited for the one before
	Jobs      []TimedJob // all that had not ended before the run, in the order of the definition
	Run       int        // from 1; a retry begins the next
	Begin     time.Time  // of the run: at the enqueue, or at the retry
	End       time.Time  // of the last job
	Estimated bool       // it has not ended: what is to come is estimated
	Runs      int        // earlier runs of the same name by whose jobs it is estimated
}

// TimedJob is when a job ran, or is thought to.
type TimedJob struct {
	ID        job.ID
	Name      string
	Status    job.Status
	Ready     time.Time // when what it waited for had ended and its time had come
	Start     time.Time
	End       time.Time
	Slack     time.Duration // by how much it could end later and the workflow would not
	Critical  bool          // it is on the path
	Estimated bool          // it has not ended
}

// CriticalPath returns which jobs of a workflow decide when it ends, as measured
// or, of one that has not ended, as estimated. job.ErrNotFound, or an error when
// it has over 200,000 jobs.
func (c *Client) CriticalPath(ctx context.Context, id job.ID) (CriticalPath, error) {
	course, err := insight.CourseOf(ctx, c.store, id, time.Now())
	if err != nil {
		return CriticalPath{}, err
	}
	at := func(d time.Duration) time.Time { return course.Begin.Add(d) }
	out := CriticalPath{Jobs: make([]TimedJob, len(course.Jobs)), Run: course.Workflow.Run, Begin: course.Begin, End: at(course.Plan.End), Estimated: course.Estimated, Runs: course.Runs}
	for i, t := range course.Plan.Jobs {
		j := course.Jobs[i]
		out.Jobs[i] = TimedJob{j.ID, j.Name, j.Status, at(t.Ready), at(t.Start), at(t.End), t.Slack, t.Critical, t.Estimated}
	}
	for _, i := range course.Plan.Path {
		out.Path = append(out.Path, out.Jobs[i])
	}
	return out, nil
}

// Remaining says how long a workflow may still take, by how long the last runs
// of the same name took that completed. Its Runs are 0 when there are none, and
// of a workflow that has ended or is run again. job.ErrNotFound.
func (c *Client) Remaining(ctx context.Context, id job.ID) (timing.Remaining, error) {
	w, err := c.store.Workflow(ctx, id)
	if err != nil {
		return timing.Remaining{}, err
	}
	return insight.Remaining(ctx, c.store, w, time.Now())
}

// Event is something that happened in a workflow.
type Event struct {
	At      time.Time
	Type    string     // workflow_created, action, job_started, attempt_ended, job_ended or workflow_ended
	Job     job.ID     // zero: the workflow
	Name    string     // of the job
	Status  string     // the new one of the job or the workflow
	Reason  job.Reason // of an end
	Outcome job.Kind   // of an attempt that did not complete
	Attempt int        // its number, which counts on over all runs; 0: none
	Worker  string
	Error   string
	Action  string // cancel, pause, resume, retry, decide.skip, …
	Actor   string // who took the action, as they said
	Comment string
}

// Events goes through what happened in a workflow so far, oldest first. While
// it has not ended the last second is not told yet. It reads a page at a time
// and stops at the first error, which it yields; a workflow that is not stored has
// no events.
func (c *Client) Events(ctx context.Context, id job.ID) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		var after store.EventPlace
		for {
			page, err := c.store.Events(ctx, id, after, pageSize)
			if err != nil {
				yield(Event{}, err)
				return
			}
			for _, r := range page {
				if !yield(eventOf(r), nil) {
					return
				}
			}
			if len(page) < pageSize {
				return
			}
			after = page[len(page)-1].EventPlace
		}
	}
}

func eventOf(r store.EventRecord) Event {
	e := wire.EventFromRecord(r)
	return Event{
		At: r.At, Type: e.Type, Job: r.Job, Name: e.Job, Status: e.Status, Reason: r.Reason, Outcome: job.Kind(e.Outcome),
		Attempt: r.Attempt, Worker: r.Worker, Error: r.Error, Action: e.Action, Actor: r.Actor, Comment: r.Comment,
	}
}
