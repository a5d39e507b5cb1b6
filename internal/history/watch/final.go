package watch

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/plainjson"
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
		page, next, err := s.Workflows(ctx, store.WorkflowFilter{All: true, After: after, Limit: store.MaxPage})
		if err != nil {
			return f, err
		}
		for _, w := range page {
			out := finalWorkflow(w)
			if w.ParentJob != (job.ID{}) {
				parent, err := s.Job(ctx, w.ParentJob)
				if err != nil {
					return f, err
				}
				out.Tolerate = parent.Parts.Tolerate
			}
			if out.Acts, err = acts(ctx, s, w.ID); err != nil {
				return f, err
			}
			f.Workflows = append(f.Workflows, out)
			if err := store.EachJob(ctx, s, w.ID, func(j store.JobRecord) error {
				return addJob(ctx, s, &f, j, alone(j))
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
		ID: w.ID, Name: w.Name, Status: w.Status, Reason: w.Reason, FailurePolicy: w.FailurePolicy, Run: w.Run, Total: w.Tally.Total,
		Counters: map[job.Status]int{}, DeadlineAt: nanos(w.DeadlineAt), FinishedAt: nanos(w.FinishedAt), Parent: w.ParentJob,
	}
	for _, s := range job.TerminalStatuses {
		if n := *w.Tally.Of(s); n != 0 {
			out.Counters[s] = n
		}
	}
	return out
}

// acts returns what people did to a workflow.
func acts(ctx context.Context, s Reads, id job.ID) ([]history.Act, error) {
	var list []history.Act
	for after := (job.ID{}); ; {
		page, err := s.Audit(ctx, id, after, store.MaxPage)
		for _, a := range page {
			list = append(list, history.Act{At: nanos(a.At), Action: a.Action, Job: a.Job})
			after = a.ID
		}
		if err != nil || len(page) < store.MaxPage {
			slices.SortStableFunc(list, func(a, b history.Act) int { return cmp.Compare(a.At, b.At) })
			return list, err
		}
	}
}

// alone reports whether a list does not say all of a job: it may have attempts
// that did not complete, or something was evaluated for it.
func alone(j store.JobRecord) bool {
	return j.Epoch > 0 || j.Condition != "" || len(j.With) > 0 ||
		j.Status != job.Completed && (j.Attempts > 0 || j.Worker != "") // given back, and that ended it
}

// addJob adds a job as listed, or, whole, as read by itself.
func addJob(ctx context.Context, s Reads, f *history.Final, j store.JobRecord, whole bool) error {
	if whole {
		var err error
		if j, err = s.Job(ctx, j.ID); err != nil {
			return err
		}
	}
	suspends := j.Gate != nil || j.Parts != nil
	out := history.Job{
		ID: j.ID, Workflow: j.Workflow, Name: j.Name, Queue: j.Queue, Barrier: j.Barrier || suspends, Suspends: suspends, AllowFailure: j.AllowFailure,
		Finally: j.Finally, Catch: j.Catch, Unmet: j.Unmet, Status: j.Status, DependencyStatus: j.DependencyStatus,
		Reason: j.Reason, Cause: j.Cause, Decision: j.Decision, Run: j.Run, Attempts: j.Attempts, Earlier: j.Earlier,
		MaxAttempts: j.MaxAttempts, Epoch: j.Epoch, Worker: j.Worker, Payload: history.Hash(j.Payload), DependsOn: j.DependsOn,
		CreatedAt: nanos(j.CreatedAt), StartedAt: nanos(j.StartedAt), FinishedAt: nanos(j.FinishedAt),
	}
	if j.Status == job.Completed {
		out.Result = history.Hash(j.Result)
	}
	for _, a := range j.History {
		out.Tries = append(out.Tries, history.Try{
			Epoch: a.Epoch, Attempt: a.Attempt, Lease: a.Lease, Worker: a.Worker, Outcome: a.Outcome,
			ClaimedAt: nanos(a.StartedAt), FinishedAt: nanos(a.FinishedAt),
		})
	}
	for _, r := range j.Runs {
		out.Lives = append(out.Lives, life(r))
	}
	if j.Condition != "" || len(j.With) > 0 {
		out.Asks = asked(j)
	}
	if len(j.DependsOn) > 0 {
		edges, err := s.EdgesInto(ctx, []job.ID{j.ID})
		if err != nil {
			return err
		}
		for _, e := range edges {
			out.Join = e.Join
			out.Edges = append(out.Edges, history.Edge{Parent: e.Parent, On: e.On, Optional: e.Optional, State: e.State})
		}
	}
	f.Jobs = append(f.Jobs, out)
	return nil
}

func life(r store.RunRecord) history.Life {
	l := history.Life{
		Epoch: r.Epoch, Run: r.Run, Status: r.Status, Reason: r.Reason, Attempts: r.Attempts, Worker: r.Worker,
		StartedAt: nanos(r.StartedAt), FinishedAt: nanos(r.FinishedAt),
	}
	if r.Status == job.Completed {
		l.Result = history.Hash(r.Result)
	}
	if len(r.Payload) > 0 {
		l.Payload = history.Hash(r.Payload)
	}
	return l
}

// asked is what was evaluated for a job. An input takes the place of a field of
// the payload that has its name.
func asked(j store.JobRecord) *history.Asked {
	out := &history.Asked{Condition: j.Condition != ""}
	if e := j.Evaluation; e != nil {
		out.Value, out.Fault = e.Value, e.Error != ""
		fields := map[string]json.RawMessage{}
		if len(e.With) > 0 && json.Unmarshal(j.Payload, &fields) == nil && json.Unmarshal(e.With, &fields) == nil {
			if text, err := plainjson.Marshal(fields); err == nil {
				out.Payload = history.Hash(text)
			}
		}
	}
	return out
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}
