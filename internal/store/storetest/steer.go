package storetest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func testSteer(t *testing.T, open Opener) {
	check(t, open, "what is done to a workflow is told with who did it, in order", func(r *rig) {
		id := r.start(task("a"))
		other := r.start(task("b"))
		for _, what := range []func(by store.Actor) error{
			func(by store.Actor) error { _, err := r.s.PauseWorkflow(r.ctx, id, by); return err },
			func(by store.Actor) error { _, err := r.s.ResumeWorkflow(r.ctx, id, by); return err },
			func(by store.Actor) error { _, err := r.s.PauseWorkflow(r.ctx, other, by); return err },
		} {
			r.ok(what(store.Actor{Name: "ann", Comment: "why"}), "steer")
		}
		list, err := r.s.Audit(r.ctx, id, job.ID{}, 10)
		r.ok(err, "audit")
		r.equal("entries", len(list), 2)
		for i, action := range []string{"pause", "resume"} {
			a := list[i]
			r.equal("entry", []any{a.Action, a.Actor, a.Comment, a.Workflow, a.Job}, []any{action, "ann", "why", id, job.ID{}})
		}
		rest, err := r.s.Audit(r.ctx, id, list[0].ID, 10)
		r.ok(err, "the rest of the audit")
		r.equal("after the first", len(rest), 1)
	})

	check(t, open, "a condition sees a parent that a worker holds as one that runs", func(r *rig) {
		first, slow := task("first"), task("slow")
		child := task("child", first, slow).WithJoin(job.JoinAny).WithCondition("deps.slow.status == 'running' && counts.pending == 0")
		r.start(first, slow, child)
		r.complete(r.claimNamed("first", "slow")["first"])
		r.claimNamed("child")
	})

	check(t, open, "after a retry the number of attempts counts on and the budget begins anew", func(r *rig) {
		parent := task("parent").WithRetry(retries(2, time.Minute))
		child := task("child").DependsOnDone(parent).WithCondition("deps.parent.attempts == 1")
		id := r.start(parent, child)
		fail := func(attempt, budget int) {
			c := r.claimNamedFirst("parent")
			r.equal("attempt and budget", []int{c.Attempt, c.Budget}, []int{attempt, budget})
			r.commit(failed(c))
			r.Advance(2 * time.Minute)
			r.fire()
		}
		fail(1, 1)
		fail(2, 2)
		r.wantJobs(id, "parent: dead exhausted", "child: skipped condition_false")
		_, _, err := r.s.RetryWorkflow(r.ctx, store.Retry{Workflow: id, Mode: workflow.RetryFailed}, false, nobody)
		r.ok(err, "retry")
		c := r.claimNamedFirst("parent")
		r.equal("attempt and budget in the next run", []int{c.Attempt, c.Budget}, []int{3, 1})
		r.complete(c)
		r.wantJobs(id, "parent: completed", "child: pending")
		rec, err := r.s.Job(r.ctx, parent.ID)
		r.ok(err, "job")
		r.equal("counted, and before", []int{rec.Attempts, rec.Earlier, rec.Run, len(rec.Runs)}, []int{1, 2, 2, 1})
		r.equal("epochs of the attempts, and of the end", []int64{rec.History[0].Epoch, rec.History[1].Epoch, rec.Runs[0].Epoch, rec.Epoch}, []int64{0, 1, 1, 2})
	})

	check(t, open, "a condition or an input that could not be worked out is the error of its job", func(r *rig) {
		parent := task("parent")
		asks, takes := task("asks", parent).WithCondition("rows > 0"), task("takes", parent).WithInput("n", "rows")
		r.enqueueTolerant(parent, asks, takes)
		changed := r.complete(r.claimOne())
		for _, j := range []*job.Job{asks, takes} {
			rec, err := r.s.Job(r.ctx, j.ID)
			r.ok(err, "job")
			if rec.Error == "" || rec.Error != rec.Evaluation.Error {
				r.Errorf("%s: error %q, its evaluation's %q", j.Name, rec.Error, rec.Evaluation.Error)
			}
			for _, e := range changed.Jobs {
				if e.Job == j.ID {
					r.equal("error of the event", e.Error, rec.Error)
				}
			}
		}
	})

	check(t, open, "the failures behind what could not run are counted, the most harmful first", func(r *rig) {
		small, large := task("small").WithRetry(once()), task("large").WithRetry(once())
		id := r.enqueueTolerant(small, large, task("s1", small), task("l1", large), task("l2", large))
		for _, c := range r.claimAll() {
			r.resolve(failed(c))
		}
		causes, err := r.s.Causes(r.ctx, id, 10)
		r.ok(err, "causes")
		var got []any
		for _, c := range causes {
			got = append(got, c.Job, c.Name, c.Status, c.Count)
		}
		r.equal("causes", got, []any{large.ID, "large", job.Dead, 2, small.ID, "small", job.Dead, 1})
		causes, err = r.s.Causes(r.ctx, id, 1)
		r.ok(err, "causes")
		r.equal("causes up to a limit", len(causes), 1)
	})

	check(t, open, "what keeps a job from running is explained", func(r *rig) {
		first, second := task("first"), task("second")
		last := task("last", first, second)
		id := r.start(first, second, last)
		explain := func(j *job.Job) store.Standing {
			x, err := r.s.Explain(r.ctx, j.ID)
			r.ok(err, "explain")
			return x
		}
		x := explain(second)
		r.equal("a job in its queue", []any{x.Queued, x.Ahead, x.Unchecked, x.QueuePaused, x.Lease == nil}, []any{true, 1, false, false, true})
		c := r.claimNamedFirst("first")
		x = explain(first)
		if x.Queued || x.Lease == nil || x.Lease.ID != c.Fence.Lease || x.Lease.Worker != worker || x.Lease.Accepted {
			r.Errorf("a held job: %+v, %+v", x, x.Lease)
		}
		r.complete(c)
		r.ok(r.s.PauseQueue(r.ctx, queue), "pause")
		_, err := r.s.PauseWorkflow(r.ctx, id, nobody)
		r.ok(err, "pause workflow")
		x = explain(last)
		r.equal("counts", x.Counts, workflow.Counts{Unresolved: 1, Active: 1})
		r.equal("parents", len(x.Parents), 1)
		p := x.Parents[0]
		r.equal("the parent", []any{p.Job, p.Workflow, p.Name, p.Status, p.On, p.State}, []any{second.ID, id, "second", job.Pending, job.OnSuccess, workflow.EdgeUnresolved})
		r.equal("more parents", x.More, 1)
		r.equal("pauses", []any{x.WorkflowStatus, x.UserPaused, x.QueuePaused, x.WorkflowFailing}, []any{workflow.Paused, true, true, false})

		waits := task("waits")
		waits.Condition = "true"
		r.start(waits, task("free"))
		r.equal("a condition that nobody has looked at", explain(waits).Unchecked, true)
		outside := task("outside", first)
		r.start(outside)
		r.equal("an edge that nobody has looked at", explain(outside).Unchecked, true)
		r.checkEdges()
		r.equal("unchecked afterwards", []any{explain(waits).Unchecked, explain(outside).Unchecked}, []any{false, false})
	})

	check(t, open, "a decision to retry replaces the payload and gives the job a new deadline", func(r *rig) {
		j := task("asks").WithRetry(once()).WithDeadline(time.Hour)
		j.Payload = json.RawMessage(`{"n": 1}`)
		w := graph(j)
		w.FailurePolicy = workflow.Manual
		r.enqueue(w)
		r.resolve(failed(r.claimOne()))
		r.Advance(30 * time.Minute)
		_, err := r.s.Decide(r.ctx, store.Decision{Workflow: w.ID, Job: j.ID, Action: workflow.ActionRetry, Payload: json.RawMessage(`{"n": 2}`)}, nobody)
		r.ok(err, "decide")
		rec, err := r.s.Job(r.ctx, j.ID)
		r.ok(err, "job")
		r.equal("payload", string(rec.Payload), `{"n": 2}`)
		r.equal("runs", len(rec.Runs), 1)
		run := rec.Runs[0]
		r.equal("the run before", []any{run.Run, run.Status, run.Attempts, run.Worker, string(run.Payload)}, []any{1, job.Dead, 1, worker, `{"n": 1}`})
		r.equal("deadlines with their timers", len(r.query("SELECT j.id FROM jobs j JOIN timers t ON t.id = j.id AND t.due_at = j.deadline_at")), 1)
		r.Advance(45 * time.Minute)
		r.fire()
		r.equal("before its new deadline", r.count("timers"), 1)
		r.Advance(30 * time.Minute)
		r.fire()
		rec, err = r.s.Job(r.ctx, j.ID)
		r.ok(err, "job")
		r.equal("after it", rec.Status, job.TimedOut)
	})

	check(t, open, "a failure that nobody decides about in time is decided as the workflow says", func(r *rig) {
		j := task("asks").WithRetry(once())
		w := graph(j, task("last", j))
		w.FailurePolicy, w.DecisionTimeout, w.DecisionDefault = workflow.Manual, time.Hour, workflow.ActionCancel
		r.enqueue(w)
		r.resolve(failed(r.claimOne()))
		r.fire()
		r.wantWorkflow(w.ID, "paused")
		rec, err := r.s.Workflow(r.ctx, w.ID)
		r.ok(err, "workflow")
		r.equal("how long it waits", rec.DecidedAfter, time.Hour)
		r.Advance(time.Hour + slack)
		r.fire()
		r.wantWorkflow(w.ID, "cancelled")
		r.wantRows("audit", 1)
	})

	check(t, open, "a workflow in which nothing moves is told of once each interval", func(r *rig) {
		w := graph(task("a"), task("b"))
		w.HealthCheckInterval = time.Hour
		r.enqueue(w)
		stalled := func() int {
			res, _, err := r.s.FireTimers(r.ctx, everything)
			r.ok(err, "fire")
			return len(res.Stalled)
		}
		r.equal("at first", stalled(), 0)
		r.Advance(40 * time.Minute)
		c := r.claimOne() // which moves it
		r.Advance(40 * time.Minute)
		r.equal("an hour after it began, but not after the claim", stalled(), 0)
		r.Advance(40 * time.Minute)
		r.equal("an hour after the claim", stalled(), 1)
		r.equal("at once again", stalled(), 0)
		r.Advance(40 * time.Minute)
		r.complete(c)
		r.Advance(40 * time.Minute)
		r.equal("an hour after it was told of, but not after the end of a job", stalled(), 0)
	})

	check(t, open, "a workflow that was retried is looked at for a stall again, by one timer", func(r *rig) {
		j := task("a").WithRetry(once())
		w := graph(j)
		w.HealthCheckInterval = time.Hour
		r.enqueue(w)
		stalled := func() int {
			res, _, err := r.s.FireTimers(r.ctx, everything)
			r.ok(err, "fire")
			return len(res.Stalled)
		}
		r.Advance(40 * time.Minute)
		r.commit(failed(r.claimOne()))
		r.ok(r.again(w.ID), "retry while the timer waits")
		r.wantRows("timers", 2)
		r.Advance(25 * time.Minute)
		r.equal("told an hour after the enqueue", stalled(), 0)
		r.wantRows("timers", 1)
		r.Advance(36 * time.Minute)
		r.equal("told an hour after the retry", stalled(), 1)
		r.wantRows("timers", 1)
		r.Advance(30 * time.Minute)
		r.commit(failed(r.claimOne()))
		r.Advance(40 * time.Minute)
		r.equal("told once it has ended", stalled(), 0)
		r.wantRows("timers", 0)
		r.ok(r.again(w.ID), "retry after the timer")
		r.Advance(61 * time.Minute)
		r.equal("told", stalled(), 1)
		r.wantRows("timers", 1)
	})

	check(t, open, "the grace of a second cancel does not end finally jobs of a later run that was cancelled once", func(r *rig) {
		last := task("last")
		last.Finally = true
		w := graph(task("a"), last)
		r.enqueue(w)
		c := r.claimOne()
		r.cancel(w.ID)
		r.cancel(w.ID)
		r.commit(ended(c, job.KindCancelled))
		r.wantWorkflow(w.ID, workflow.Cancelled)
		r.ok(r.again(w.ID), "retry")
		r.complete(r.claimOne())
		lease := r.claimLease(worker, 1)
		r.accept(lease)
		r.cancel(w.ID)
		r.Advance(grace + slack)
		r.fire()
		r.wantJob(last.ID, "running")
		r.complete(lease.Jobs...)
		r.wantWorkflow(w.ID, workflow.Cancelled)
	})

	check(t, open, "of two schedulers one does what a timer of a workflow asks for", func(r *rig) {
		late := graph(task("late"))
		late.Timeout = time.Hour
		asks := graph(task("asks").WithRetry(once()))
		asks.FailurePolicy, asks.DecisionTimeout = workflow.Manual, 2*time.Hour
		stops := graph(task("stops").WithPriority(job.High))
		other := func(what string) {
			r.Helper()
			r.ok(r.meddle("delete_timers", "DELETE FROM timers", func() error {
				_, _, err := r.s.FireTimers(r.ctx, everything)
				return err
			}), what)
		}
		r.enqueue(late)
		r.Advance(time.Hour + slack)
		other("fire the deadline")
		r.wantWorkflow(late.ID, workflow.Running)
		r.complete(r.claimOne())

		r.enqueue(asks)
		r.commit(failed(r.claimOne()))
		r.Advance(2*time.Hour + slack)
		other("fire the decision")
		r.wantWorkflow(asks.ID, workflow.Paused)

		r.enqueue(stops)
		lease := r.claimLease(worker, 1)
		r.accept(lease)
		r.cancel(stops.ID)
		r.Advance(grace + slack)
		other("fire the grace")
		r.wantJob(stops.Jobs[0].ID, "running")
	})

	check(t, open, "of two schedulers one tells of a stall", func(r *rig) {
		w := graph(task("a"))
		w.HealthCheckInterval = time.Hour
		r.enqueue(w)
		r.Advance(61 * time.Minute)
		r.ok(r.meddle("delete_timers", "DELETE FROM timers", func() error {
			res, _, err := r.s.FireTimers(r.ctx, everything)
			r.equal("told", len(res.Stalled), 0)
			return err
		}), "fire")
		r.wantRows("timers", 0)
	})
}
