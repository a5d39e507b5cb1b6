package storetest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// asking starts jobs as a workflow whose failures wait for decisions.
func (r *rig) asking(jobs ...*job.Job) job.ID {
	r.Helper()
	w := graph(withRetry(once(), jobs...)...).WithFailurePolicy(workflow.Manual)
	r.enqueue(w)
	return w.ID
}

func (r *rig) decideAbout(id job.ID, j *job.Job, a workflow.Action) error {
	_, err := r.s.Decide(r.ctx, store.Decision{Workflow: id, Job: j.ID, Action: a}, nobody)
	return err
}

// again retries what failed of a workflow.
func (r *rig) again(id job.ID) error {
	_, _, err := r.s.RetryWorkflow(r.ctx, store.Retry{Workflow: id, Mode: workflow.RetryFailed}, false, nobody)
	return err
}

// guardedSteering holds decisions and retries to what they ask first.
func guardedSteering(t *testing.T, open Opener) {
	decide := func(r *rig, id job.ID, j *job.Job) error { return r.decideAbout(id, j, workflow.ActionAccept) }
	retry := func(r *rig, id job.ID, _ *job.Job) error { return r.again(id) }
	for _, c := range []struct {
		sentence, statement, query string
		call                       func(r *rig, id job.ID, j *job.Job) error
	}{
		{"a decision about a job that runs again meanwhile is not stored", "decide_jobs", "UPDATE job_state SET finished_at = NULL", decide},
		{"a retry of a job that is gone changes nothing", "reset_jobs", "DELETE FROM job_state WHERE status = 'dead'", retry},
		{"a retry of an edge that is unresolved meanwhile changes nothing", "reopen_edges", "UPDATE edges SET state = 'unresolved'", retry},
	} {
		check(t, open, c.sentence, func(r *rig) {
			a := task("a")
			id := r.asking(a, task("b", a))
			r.resolve(failed(r.claimOne()))
			if c.statement == "reopen_edges" {
				r.ok(r.decideAbout(id, a, workflow.ActionAccept), "decide")
			}
			r.unchanged(id, func() {
				if r.meddle(c.statement, c.query, func() error { return c.call(r, id, a) }) == nil {
					r.Errorf("the call succeeded")
				}
			})
		})
	}

	check(t, open, "a decision is refused that nothing waits for, and one about a job that is elsewhere", func(r *rig) {
		a, b, other := task("a"), task("b"), task("other")
		id := r.asking(a, b)
		second := r.asking(other)
		for _, c := range r.claimAll() {
			r.resolve(failed(c))
		}
		r.isErr("of another workflow", r.decideAbout(id, other, workflow.ActionSkip), job.ErrNotFound)
		r.isErr("of none", r.decideAbout(id, task("unknown"), workflow.ActionSkip), job.ErrNotFound)
		_, err := r.s.ResumeWorkflow(r.ctx, id, nobody)
		r.isErr("resume", err, job.ErrWrongState)
		r.ok(r.decideAbout(id, a, workflow.ActionSkip), "decide")
		r.isErr("again", r.decideAbout(id, a, workflow.ActionAccept), job.ErrWrongState)
		r.wantWorkflow(id, workflow.Paused)
		r.cancel(second)
		r.wantWorkflow(second, workflow.Cancelled)
		_, err = r.s.PauseWorkflow(r.ctx, second, nobody)
		r.isErr("pause of what has ended", err, job.ErrWrongState)
	})

	check(t, open, "a cancel decides about what waits for a decision", func(r *rig) {
		id := r.asking(task("a"), task("b"))
		r.resolve(failed(r.claimOne()))
		r.cancel(id)
		r.wantWorkflow(id, workflow.Cancelled)
	})

	check(t, open, "a decision to retry keeps the run, and tells of no run but the one that ended", func(r *rig) {
		a := task("a")
		id := r.asking(a, task("b", a))
		r.resolve(failed(r.claimOne()))
		r.ok(r.decideAbout(id, a, workflow.ActionRetry), "decide")
		r.equal("run", r.job(a.ID).Run, 1)
		r.resolve(failed(r.claimOne()))
		r.ok(r.again(id), "retry")
		r.equal("run", r.job(a.ID).Run, 2)
		r.wantRows("job_runs", 2) // b has waited all the time
	})

	check(t, open, "the time for a decision is that of the failure it is about", func(r *rig) {
		a := task("a").WithRetry(once())
		w := graph(a).WithFailurePolicy(workflow.Manual)
		w.DecisionTimeout, w.DecisionDefault = time.Hour, workflow.ActionAccept
		r.enqueue(w)
		r.resolve(failed(r.claimOne()))
		r.Advance(40 * time.Minute)
		r.ok(r.decideAbout(w.ID, a, workflow.ActionRetry), "decide")
		r.resolve(failed(r.claimOne()))
		r.Advance(40 * time.Minute)
		r.fire()
		r.wantWorkflow(w.ID, workflow.Paused)
		r.Advance(40 * time.Minute)
		r.fire()
		r.wantWorkflow(w.ID, workflow.Failed)
	})

	check(t, open, "an outcome of before a retry does not count after it, though its lease holds another job", func(r *rig) {
		a := task("a").WithRetry(once()).WithPriority(job.High)
		id := r.start(a)
		r.enqueueJobs(task("other"))
		lease := r.claimLease(worker, 2)
		r.commit(failed(lease.Jobs[0]))
		r.ok(r.again(id), "retry")
		r.stale(completed1(lease.Jobs[0]))
		r.wantJob(a.ID, "pending")
	})

	check(t, open, "a job that was cancelled while it was held is tried again after a retry", func(r *rig) {
		a := task("a").WithRetry(retries(3, time.Hour))
		id := r.start(a)
		c := r.claimOne()
		r.cancelJob(a.ID)
		r.commit(ended(c, job.KindCancelled))
		r.wantJob(a.ID, "cancelled user")
		r.ok(r.again(id), "retry")
		r.commit(failed(r.claimOne()))
		r.wantJob(a.ID, "retrying")
	})

	check(t, open, "a condition is asked again after a retry, and its last answer counts", func(r *rig) {
		a := task("a")
		b := task("b", a).WithCondition("deps.a.result.n > 1")
		id := r.start(a, b)
		for n, want := range []string{"skipped condition_false", "pending"} {
			r.commit(completed(r.claimOne(), `{"n": `+string(rune('1'+n))+`}`))
			r.wantJob(b.ID, want)
			value := r.query("SELECT value FROM evaluations WHERE job_id = ?", b.ID[:])[0]["value"]
			r.equal("value", number(value), n)
			if n == 0 {
				_, _, err := r.s.RetryWorkflow(r.ctx, store.Retry{Workflow: id, Mode: workflow.RetryAll}, false, nobody)
				r.ok(err, "retry")
			}
		}
	})

	check(t, open, "a retry begins in its own workflow, and changes payloads of what runs again only", func(r *rig) {
		outside := task("outside")
		r.enqueueJobs(outside)
		r.complete(r.claimOne())
		a, done := task("a", outside).WithRetry(once()), task("done")
		id := r.start(done, a)
		r.complete(r.claimOne())
		r.checkEdges()
		r.resolve(failed(r.claimOne()))
		r.unchanged(id, func() {
			_, _, err := r.s.RetryWorkflow(r.ctx, store.Retry{Workflow: id, Mode: workflow.RetryFrom, From: outside.ID}, false, nobody)
			r.isErr("from outside", err, job.ErrNotFound)
			o := store.Retry{Workflow: id, Mode: workflow.RetryFailed, Payloads: map[job.ID]json.RawMessage{done.ID: []byte("{}")}}
			_, _, err = r.s.RetryWorkflow(r.ctx, o, false, nobody)
			r.isErr("a payload of what stays", err, job.ErrWrongState)
			o.Payloads = map[job.ID]json.RawMessage{outside.ID: []byte("{}")}
			_, _, err = r.s.RetryWorkflow(r.ctx, o, false, nobody)
			r.isErr("a payload of a job elsewhere", err, job.ErrNotFound)
			plan, _, err := r.s.RetryWorkflow(r.ctx, store.Retry{Workflow: id, Mode: workflow.RetryFailed}, true, nobody)
			r.ok(err, "plan")
			r.equal("planned", len(plan.Jobs), 1)
		})
	})

	check(t, open, "a workflow that is retried has a deadline of its own", func(r *rig) {
		w := graph(task("a").WithRetry(once()), task("b").WithRetry(once())).WithFailurePolicy(workflow.ContinueOnFailure)
		w.Timeout = time.Hour
		r.enqueue(w)
		for _, c := range r.claimAll() {
			r.resolve(failed(c))
		}
		r.Advance(40 * time.Minute)
		r.ok(r.again(w.ID), "retry")
		r.Advance(40 * time.Minute)
		r.fire()
		r.wantWorkflow(w.ID, workflow.Running)
		r.Advance(40 * time.Minute)
		r.fire()
		r.wantWorkflow(w.ID, workflow.Failed)
	})

	check(t, open, "what moves elsewhere, or has ended, is no stall", func(r *rig) {
		w := graph(task("a").WithPriority(job.High))
		w.HealthCheckInterval = time.Hour
		r.enqueue(w)
		r.start(tasks(2, "other")...)
		stalled := func() int {
			res, _, err := r.s.FireTimers(r.ctx, everything)
			r.ok(err, "fire")
			return len(res.Stalled)
		}
		c := r.claimNamedFirst("a")
		r.Advance(90 * time.Minute)
		r.claimOne()
		r.equal("while another moves", stalled(), 1)
		r.complete(c)
		r.Advance(3 * time.Hour)
		r.equal("once it has ended", stalled(), 0)
	})

	check(t, open, "of two leases that list a job the one that holds it now is told to stop it", func(r *rig) {
		id := r.start(tasks(2, "j")...)
		_, back, kept := r.giveBackOne()
		now := r.claimOne()
		r.equal("the job that was given back", now.Fence.Job, back.Fence.Job)
		r.equal("told to stop", heldIDs(r.cancel(id).Control), jobIDs([]store.Claimed{kept, now}))
	})
}
