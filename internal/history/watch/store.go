package watch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Store returns s, recording what its transactions committed; s itself when r
// is nil.
func Store(s store.Store, r *history.Recorder) store.Store {
	if r == nil {
		return s
	}
	return watched{s, r}
}

type watched struct {
	store.Store
	history *history.Recorder
}

// EnqueueWorkflow implements store.Enqueuer.
func (w watched) EnqueueWorkflow(ctx context.Context, wf *workflow.Workflow, o store.EnqueueOptions) (store.Enqueued, error) {
	done, err := w.Store.EnqueueWorkflow(ctx, wf, o)
	switch {
	case err == nil:
		w.history.Record(history.Record{Kind: history.Enqueued, Workflow: done.IDs[0], Count: len(wf.Jobs), Key: key("workflow", o.Key)})
	case errors.Is(err, store.ErrExists):
		w.history.Record(history.Record{Kind: history.Enqueued, Workflow: wf.ID, Count: len(wf.Jobs)})
	}
	return done, err
}

// EnqueueJobs implements store.Enqueuer.
func (w watched) EnqueueJobs(ctx context.Context, jobs []*job.Job, keys []store.Key) (store.Enqueued, error) {
	done, err := w.Store.EnqueueJobs(ctx, jobs, keys)
	if err != nil && !errors.Is(err, store.ErrExists) {
		return done, err
	}
	list := make([]history.Record, len(jobs))
	for i, j := range jobs {
		list[i] = history.Record{Kind: history.Enqueued, Job: j.ID}
		if err == nil {
			list[i].Job = done.IDs[i]
		}
		if keys != nil {
			list[i].Key = key("queue "+j.Queue, keys[i])
		}
	}
	w.history.Record(list...)
	return done, err
}

// key is what is recorded of an idempotency key; none is empty.
func key(scope string, k store.Key) string {
	if k.Value == "" {
		return ""
	}
	h := sha256.Sum256([]byte(scope + "\x00" + k.Value))
	return hex.EncodeToString(h[:8])
}

// Claim implements store.Claimer.
func (w watched) Claim(ctx context.Context, grants []store.Grant, repeat bool) ([]store.Lease, error) {
	leases, err := w.Store.Claim(ctx, grants, repeat)
	var list []history.Record
	for _, l := range leases {
		for _, j := range l.Jobs {
			x := history.Of(history.Claimed, j.Fence)
			x.Workflow, x.Worker, x.Attempt, x.Repeat = j.Workflow, l.Worker, j.Attempt, repeat
			list = append(list, x)
		}
	}
	w.history.Record(list...)
	return leases, err
}

// Resolve implements store.Resolver.
func (w watched) Resolve(ctx context.Context, outcomes []job.Outcome) (store.Resolution, error) {
	r, err := w.Store.Resolve(ctx, outcomes)
	if len(r.Verdicts) > 0 { // with an error they are those of the first outcomes
		list := make([]history.Record, len(r.Verdicts))
		for i, verdict := range r.Verdicts {
			list[i] = outcome(history.Resolved, outcomes[i])
			list[i].Verdict = verdict
		}
		w.history.Record(append(list, changes(r)...)...)
	}
	return r, err
}

func outcome(kind history.Kind, o job.Outcome) history.Record {
	x := history.Of(kind, o.Fence)
	x.Outcome = o.Kind
	if o.Kind == job.KindCompleted {
		x.Result = history.Hash(o.Result)
	}
	return x
}

// CheckEdges implements store.Resolver. What it did before an error counts.
func (w watched) CheckEdges(ctx context.Context, limit int) (store.Resolution, error) {
	r, err := w.Store.CheckEdges(ctx, limit)
	w.changed(r, nil)
	return r, err
}

// CheckParts implements store.Assembler. What it did before an error counts.
func (w watched) CheckParts(ctx context.Context, limit int) (store.Resolution, error) {
	r, err := w.Store.CheckParts(ctx, limit)
	w.changed(r, nil)
	return r, err
}

// AnswerGate implements store.Gatekeeper.
func (w watched) AnswerGate(ctx context.Context, a store.Answer, by store.Actor) (store.Resolution, error) {
	r, err := w.Store.AnswerGate(ctx, a, by)
	w.changed(r, err)
	return r, err
}

// FireTimers implements store.Timekeeper.
func (w watched) FireTimers(ctx context.Context, limit int) (store.Resolution, time.Duration, error) {
	r, next, err := w.Store.FireTimers(ctx, limit)
	w.changed(r, err)
	return r, next, err
}

// ExpireLeases implements store.Timekeeper.
func (w watched) ExpireLeases(ctx context.Context, limit int) (store.Resolution, error) {
	r, err := w.Store.ExpireLeases(ctx, limit)
	w.changed(r, err)
	return r, err
}

// RunTicks implements store.Ticker. What was made before an error counts.
func (w watched) RunTicks(ctx context.Context, limit int) (store.TicksRun, time.Duration, error) {
	r, next, err := w.Store.RunTicks(ctx, limit)
	var list []history.Record
	for _, m := range r.Made {
		list = append(list, history.Record{Kind: history.Enqueued, Workflow: m.Workflow, Count: m.Jobs})
	}
	for _, id := range r.Cancelled {
		list = append(list, history.Record{Kind: history.Cancelled, Workflow: id})
	}
	w.history.Record(append(list, changes(r.Resolution)...)...)
	return r, next, err
}

// CancelWorkflow implements store.Steerer.
func (w watched) CancelWorkflow(ctx context.Context, id job.ID, grace time.Duration, by store.Actor) (store.Resolution, error) {
	r, err := w.Store.CancelWorkflow(ctx, id, grace, by)
	if err == nil {
		w.history.Record(append([]history.Record{{Kind: history.Cancelled, Workflow: id}}, changes(r)...)...)
	}
	return r, err
}

// PauseWorkflow implements store.Steerer.
func (w watched) PauseWorkflow(ctx context.Context, id job.ID, by store.Actor) (store.Resolution, error) {
	r, err := w.Store.PauseWorkflow(ctx, id, by)
	w.steered(history.Record{What: "pause", Workflow: id}, r, err)
	return r, err
}

// ResumeWorkflow implements store.Steerer.
func (w watched) ResumeWorkflow(ctx context.Context, id job.ID, by store.Actor) (store.Resolution, error) {
	r, err := w.Store.ResumeWorkflow(ctx, id, by)
	w.steered(history.Record{What: "resume", Workflow: id}, r, err)
	return r, err
}

// Decide implements store.Steerer.
func (w watched) Decide(ctx context.Context, d store.Decision, by store.Actor) (store.Resolution, error) {
	r, err := w.Store.Decide(ctx, d, by)
	w.steered(history.Record{What: "decide." + string(d.Action), Workflow: d.Workflow, Job: d.Job}, r, err)
	return r, err
}

// RetryWorkflow implements store.Steerer.
func (w watched) RetryWorkflow(ctx context.Context, o store.Retry, dry bool, by store.Actor) (store.RetryPlan, store.Resolution, error) {
	plan, r, err := w.Store.RetryWorkflow(ctx, o, dry, by)
	if !dry {
		w.steered(history.Record{What: "retry", Workflow: o.Workflow, Count: len(plan.Jobs)}, r, err)
	}
	return plan, r, err
}

// CancelJob implements store.Operator.
func (w watched) CancelJob(ctx context.Context, id job.ID, grace time.Duration) (store.Resolution, error) {
	r, err := w.Store.CancelJob(ctx, id, grace)
	if err == nil {
		w.history.Record(append([]history.Record{{Kind: history.Cancelled, Job: id}}, changes(r)...)...)
	}
	return r, err
}

// RetryJob implements store.Operator.
func (w watched) RetryJob(ctx context.Context, id job.ID, payload json.RawMessage, by store.Actor) (store.Resolution, error) {
	r, err := w.Store.RetryJob(ctx, id, payload, by)
	w.steered(history.Record{What: "retry", Job: id, Count: 1}, r, err)
	return r, err
}

// steered records what somebody asked for, and what that did.
func (w watched) steered(x history.Record, r store.Resolution, err error) {
	if err == nil {
		x.Kind = history.Steered
		w.history.Record(append([]history.Record{x}, changes(r)...)...)
	}
}

// changed records what a call committed. What one did that failed is not known.
func (w watched) changed(r store.Resolution, err error) {
	if err == nil {
		w.history.Record(changes(r)...)
	}
}

// changes tells what a transaction made of jobs and workflows.
func changes(r store.Resolution) []history.Record {
	list := make([]history.Record, 0, len(r.Jobs)+len(r.Workflows))
	for _, e := range r.Jobs {
		list = append(list, history.Record{
			Kind: history.Changed, Job: e.Job, Workflow: e.Workflow, Status: string(e.Status), Reason: e.Reason, Attempt: e.Attempt,
		})
	}
	for _, e := range r.Workflows {
		list = append(list, history.Record{Kind: history.WorkflowChanged, Workflow: e.Workflow, Status: string(e.Status)})
	}
	return list
}
