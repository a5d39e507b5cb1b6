package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// maxDepth is how deep workflows are within others. Jobs without one are none.
const maxDepth = 2

// workless makes of some jobs gates, or jobs that are made of others.
func (l *workload) workless(j *job.Job, depth int) {
	w := l.w
	if j.Barrier || w.rng.Float64() >= 0.2 {
		return
	}
	deps, deadline := j.DependsOn, j.Deadline
	bare := func() { // what only a job with work of its own has
		j.Queue, j.Priority, j.Retry, j.Timeout, j.Delay, j.With, j.Payload = "", nil, nil, 0, 0, nil, nil
		j.DependsOn, j.Deadline = deps, deadline
	}
	switch w.rng.IntN(4) {
	case 0:
		bare()
		j.Gate = l.gate()
	case 1:
		items := &workflow.Workflow{ID: w.id()}
		for i := range 1 + w.rng.IntN(5) {
			item := l.job(fmt.Sprintf("%s[%d]", j.Name, i))
			item.Delay, item.Deadline = 0, 0
			items.Jobs = append(items.Jobs, item)
		}
		j.Parts = &workflow.Parts{
			Kind: workflow.PartsBatch, Workflow: items,
			Mode: pick(w, workflow.ContinueOnError, workflow.CollectErrors, workflow.BatchFailFast),
		}
		j.Delay, j.With, j.Payload = 0, nil, nil
	case 2:
		j.Delay, j.With = 0, nil
		j.Payload = json.RawMessage(`{"list":["a","b","c"],"one":[1]}`)
		j.Parts = &workflow.Parts{
			Kind: workflow.PartsMap, Over: pick(w, "payload.list", "payload.one", "[1, 2, 3, 4, 5]", "[]", "payload.none"),
			MaxParallel: w.rng.IntN(4), Tolerate: w.rng.IntN(3) - 1,
		}
	default:
		if depth > maxDepth {
			return
		}
		bare()
		j.Parts = &workflow.Parts{Kind: workflow.PartsWorkflow, Workflow: l.named(j.Name+"w", 1+w.rng.IntN(4), depth)}
	}
}

func (l *workload) gate() *job.Gate {
	w := l.w
	g := &job.Gate{Type: pick(w, job.GateApproval, job.GateSignal, job.GateTimer)}
	switch {
	case g.Type == job.GateTimer:
		g.Wait = w.between(time.Millisecond, 20*time.Second)
	case w.rng.Float64() < 0.4:
		g.ExpiresAfter = w.between(time.Second, 30*time.Second)
		switch {
		case w.rng.Float64() < 0.5:
		case g.Type == job.GateApproval:
			g.ApproveOnExpiry = true
		default:
			g.DefaultPayload = json.RawMessage(`"default"`)
		}
	}
	return g
}

// within has users look after the workflows that jobs are made of, and sometimes
// steer them.
func (l *workload) within(jobs []*job.Job) {
	for _, j := range jobs {
		p := workflow.PartsOf(j)
		if p == nil || p.Workflow == nil {
			continue
		}
		u := &user{l, p.Workflow}
		u.sometimes(0.1, 60*time.Second, "cancel "+p.Workflow.Name, u.cancel)
		u.sometimes(0.15, 60*time.Second, "pause "+p.Workflow.Name, u.pause)
		u.look()
		l.within(p.Workflow.Jobs)
	}
}

// keeper has somebody answer a gate that belongs to no workflow.
func (l *workload) keeper(j *job.Job) {
	if j.Gate == nil || j.Gate.Type == job.GateTimer {
		return
	}
	u := &user{l, nil}
	l.w.after(l.w.between(time.Second, 8*time.Second), "look after "+j.Name, func() {
		rec, err := l.store.Job(context.Background(), j.ID)
		if err == nil && rec.Status == job.Suspended {
			u.reply(rec)
		}
		if err != nil || !rec.Status.Terminal() {
			l.keeper(j)
		}
	})
}

// answer answers gates of a workflow: those that are open, and sometimes a
// signal before it opens.
func (u *user) answer(ctx context.Context, id job.ID) {
	page, _, err := u.store.WorkflowJobs(ctx, id, 0, store.MaxPage)
	if err != nil {
		u.w.fail("%v", err)
		return
	}
	for _, j := range page {
		if j.Gate == nil || j.Gate.Type == job.GateTimer || j.Status.Terminal() {
			continue
		}
		early := j.Status != job.Suspended
		if early && (j.Gate.Type != job.GateSignal || u.w.rng.Float64() < 0.9) || u.w.faulty() && u.w.rng.Float64() < 0.5 {
			continue
		}
		u.reply(j)
	}
}

// reply answers a gate at random; what is lost is answered with the next look.
func (u *user) reply(j store.JobRecord) {
	a := store.Answer{Job: j.ID, Type: j.Gate.Type, Approve: u.w.rng.Float64() < 0.7}
	if a.Type == job.GateSignal {
		a.Payload = fmt.Appendf(nil, `{"pad":"","n":%d}`, u.w.rng.IntN(100))
	}
	r, err := u.store.AnswerGate(context.Background(), a, store.Actor{Name: "user"})
	u.waiting++
	if u.did(err, r, "answer "+j.Name, func() { u.waiting-- }) {
		u.waiting--
	}
}
