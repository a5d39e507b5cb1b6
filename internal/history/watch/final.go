package watch

import (
	"context"
	"time"

	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// Reads is what of a store the final state is read through.
type Reads interface {
	store.Reader
	store.Lister
}

// Save reads the final state and writes it into the folder of a history.
func Save(ctx context.Context, dir string, s Reads) error {
	f, err := Final(ctx, s, time.Now())
	if err != nil {
		return err
	}
	return f.Save(dir)
}

// Final reads the final state: everything that s holds, while nobody changes
// it. It asks for some jobs one by one.
func Final(ctx context.Context, s Reads, now time.Time) (history.Final, error) {
	f := history.Final{TakenAt: now.UnixNano()}
	for after, more := (job.ID{}), true; more; more = after != (job.ID{}) {
		page, next, err := s.Workflows(ctx, store.WorkflowFilter{After: after, Limit: store.MaxPage})
		if err != nil {
			return f, err
		}
		for _, w := range page {
			f.Workflows = append(f.Workflows, finalWorkflow(w))
			if err := store.EachJob(ctx, s, w.ID, func(j store.JobRecord) error {
				return addJob(ctx, s, &f, j, tried(j))
			}); err != nil {
				return f, err
			}
		}
		after = next
	}
	for after, more := (job.ID{}), true; more; more = after != (job.ID{}) {
		page, next, err := s.Jobs(ctx, store.JobFilter{After: after, Limit: store.MaxPage})
		if err != nil {
			return f, err
		}
		for _, j := range page {
			if j.Workflow != (job.ID{}) {
				continue
			}
			if err := addJob(ctx, s, &f, j, true); err != nil {
				return f, err
			}
		}
		after = next
	}
	queues, err := s.Queues(ctx)
	for _, q := range queues {
		f.Queues = append(f.Queues, history.Queue{Name: q.Name, Ready: q.Ready, Running: q.Running})
	}
	return f, err
}

func finalWorkflow(w store.WorkflowRecord) history.Workflow {
	out := history.Workflow{
		ID: w.ID, Name: w.Name, Status: w.Status, Reason: w.Reason, FailurePolicy: w.FailurePolicy, Total: w.Tally.Total,
		Counters: map[job.Status]int{}, FinishedAt: nanos(w.FinishedAt),
	}
	for _, s := range job.TerminalStatuses {
		if n := *w.Tally.Of(s); n != 0 {
			out.Counters[s] = n
		}
	}
	return out
}

// tried reports whether a job may have attempts that did not complete.
func tried(j store.JobRecord) bool {
	return j.Epoch > 0 || j.Status != job.Completed && (j.Attempts > 0 || j.Worker != "") // given back, and that ended it
}

// addJob adds a job as listed, or, whole, as read by itself.
func addJob(ctx context.Context, s Reads, f *history.Final, j store.JobRecord, whole bool) error {
	if whole {
		var err error
		if j, err = s.Job(ctx, j.ID); err != nil {
			return err
		}
	}
	out := history.Job{
		ID: j.ID, Workflow: j.Workflow, Name: j.Name, Queue: j.Queue, Barrier: j.Barrier, Status: j.Status, DependencyStatus: j.DependencyStatus,
		Reason: j.Reason, Cause: j.Cause, Attempts: j.Attempts, MaxAttempts: j.MaxAttempts, Epoch: j.Epoch, Worker: j.Worker,
		Payload: history.Hash(j.Payload), DependsOn: j.DependsOn, StartedAt: nanos(j.StartedAt), FinishedAt: nanos(j.FinishedAt),
	}
	if j.Status == job.Completed {
		out.Result = history.Hash(j.Result)
	}
	for _, a := range j.History {
		out.Tries = append(out.Tries, history.Try{
			Attempt: a.Attempt, Lease: a.Lease, Worker: a.Worker, Outcome: a.Outcome,
			ClaimedAt: nanos(a.StartedAt), FinishedAt: nanos(a.FinishedAt),
		})
	}
	if len(j.DependsOn) > 0 {
		d, err := s.Dependencies(ctx, j.ID)
		if err != nil {
			return err
		}
		for _, e := range d.Parents {
			out.Edges = append(out.Edges, history.Edge{Parent: e.Job, On: e.On, Optional: e.Optional, State: e.State})
		}
		// More may also be said of the children.
		out.EdgesCut = d.More && len(d.Parents) == store.MaxPage
	}
	f.Jobs = append(f.Jobs, out)
	return nil
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}
