package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func testTimer(t *testing.T, open Opener) {
	check(t, open, "without timers there is no next one", func(r *rig) {
		r.start(diamond()...)
		res, next, err := r.s.FireTimers(r.ctx, 10)
		r.ok(err, "fire timers")
		r.equal("done", res.Done, 0)
		r.equal("next is negative", next < 0, true)
	})

	check(t, open, "the next timer is told", func(r *rig) {
		r.enqueueJobs(task("later").WithDelay(5*time.Hour), task("soon").WithDelay(2*time.Hour))
		r.isNear("next", r.next(), 2*time.Hour)
		r.Advance(time.Hour)
		r.isNear("next", r.next(), time.Hour)
		r.Advance(time.Hour + slack)
		r.isNear("next", r.next(), 3*time.Hour)
	})

	check(t, open, "no more timers fire than the limit, and the rest later", func(r *rig) {
		for i := range 10 {
			r.enqueueJobs(task(fmt.Sprintf("j%d", i)).WithDelay(time.Hour))
		}
		r.Advance(time.Hour + slack)
		for i, want := range []int{4, 4, 2, 0} {
			res, next, err := r.s.FireTimers(r.ctx, 4)
			r.ok(err, "fire timers")
			r.equal("done", res.Done, want)
			r.equal("nothing is left", next < 0, i >= 2)
			r.equal("claimable", len(r.claimAll()), want)
		}
	})

	check(t, open, "a backlog of one kind of timers does not hold up the others", func(r *rig) {
		const backlog, limit = 40, 20
		late := task("late").WithDeadline(time.Hour)
		running, stopping := task("running"), task("stopping")
		timeout := graph(task("far").WithDelay(100 * time.Hour)).WithTimeout(time.Hour)
		r.enqueue(timeout)
		ending := r.start(running)
		r.enqueueJobs(stopping)
		r.claim(2)
		r.enqueueJobs(late)
		var jobs []*job.Job // due before all others
		for _, j := range tasks(backlog, "delayed") {
			jobs = append(jobs, j.WithDelay(time.Minute))
		}
		r.enqueueJobs(jobs...)
		r.cancel(ending)
		r.cancelJob(stopping.ID)
		r.Advance(2 * time.Hour)
		res, next, err := r.s.FireTimers(r.ctx, limit)
		r.ok(err, "fire timers")
		r.equal("done", res.Done, limit)
		r.equal("next", next, time.Duration(0))
		r.wantJob(late.ID, "timed_out deadline")
		r.wantJob(stopping.ID, "cancelled user")
		r.wantWorkflow(ending, workflow.Cancelled)
		r.wantWorkflow(timeout.ID, workflow.Failed)
		r.wantRows("ready", limit-4)
		r.equal("the rest", r.fire().Done, backlog-(limit-4))
	})

	check(t, open, "a backlog of deadlines leaves delayed jobs their share, and takes what they leave", func(r *rig) {
		var jobs []*job.Job
		for _, j := range tasks(20, "late") {
			jobs = append(jobs, j.WithDeadline(time.Hour))
		}
		r.enqueueJobs(append(jobs, task("a").WithDelay(90*time.Minute), task("b").WithDelay(90*time.Minute))...)
		r.Advance(2 * time.Hour)
		for i, want := range []int{10, 10, 2, 0} {
			res, _, err := r.s.FireTimers(r.ctx, 10)
			r.ok(err, "fire timers")
			r.equal("done", res.Done, want)
			if i == 0 {
				r.wantRows("ready WHERE id IN (SELECT id FROM jobs WHERE name IN ('a', 'b'))", 2)
			}
		}
	})

	check(t, open, "timers that are not due stay", func(r *rig) {
		r.enqueueJobs(task("a").WithDelay(time.Hour), task("b").WithDelay(3*time.Hour))
		r.Advance(2 * time.Hour)
		r.equal("done", r.fire().Done, 1)
		r.wantRows("timers", 1)
		r.claimNamed("a")
	})

	check(t, open, "queues whose delayed jobs became claimable are named once, sorted", func(r *rig) {
		r.enqueueJobs(taskOn("z", "1").WithDelay(time.Hour), taskOn("a", "2").WithDelay(time.Hour),
			taskOn("z", "3").WithDelay(time.Hour), taskOn("later", "4").WithDelay(5*time.Hour))
		r.Advance(2 * time.Hour)
		r.equal("queues", r.fire().Queues, []string{"a", "z"})
	})

	check(t, open, "a delayed child waits for its parents when its time comes first", func(r *rig) {
		parent := task("parent")
		r.start(parent, task("child", parent).WithDelay(time.Hour))
		c := r.claimOne()
		r.Advance(2 * time.Hour)
		r.fire()
		r.wantIdle()
		r.equal("queues", r.complete(c).Queues, []string{queue})
		r.claimNamed("child")
	})

	check(t, open, "a delayed child waits for its time when its parents end first", func(r *rig) {
		parent := task("parent")
		child := task("child", parent).WithDelay(time.Hour)
		r.start(parent, child)
		r.equal("queues", len(r.complete(r.claimOne()).Queues), 0)
		r.wantIdle()
		r.fire()
		r.wantIdle()
		r.equal("dependency status", r.job(child.ID).DependencyStatus, job.Satisfied)
		r.Advance(time.Hour + slack)
		r.equal("queues", r.fire().Queues, []string{queue})
		r.claimNamed("child")
		r.wantIdle()
	})

	check(t, open, "a delayed child whose time passed before anybody fired timers is claimed once", func(r *rig) {
		parent := task("parent")
		id := r.start(parent, task("child", parent).WithDelay(time.Hour))
		c := r.claimOne()
		r.Advance(2 * time.Hour)
		r.complete(c)
		r.fire()
		child := r.claimNamed("child")["child"]
		r.fire()
		r.wantIdle()
		r.complete(child)
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "the delay of a job counts from its enqueue", func(r *rig) {
		j := task("a").WithDelay(time.Hour)
		r.Advance(10 * time.Hour)
		r.enqueueJobs(j)
		r.isNear("scheduled", r.job(j.ID).ScheduledAt.Sub(r.Now()), time.Hour)
	})

	check(t, open, "a delayed job that became claimable takes its place by priority", func(r *rig) {
		r.enqueueJobs(task("high").WithDelay(time.Hour).WithPriority(job.High), task("normal"), task("low").WithPriority(job.Low))
		r.Advance(2 * time.Hour)
		r.fire()
		r.equal("order", names(r.claimAll()), []string{"high", "normal", "low"})
	})

	check(t, open, "two schedulers at once fire each timer once", func(r *rig) {
		const n = 200
		jobs := tasks(n, "j")
		for _, j := range jobs {
			j.WithDelay(time.Hour)
		}
		r.enqueueJobs(jobs...)
		r.Advance(2 * time.Hour)
		var done [2]int
		var errs [2]error
		loop := func(i int, s store.Store) func() {
			return func() {
				for range n { // each round fires something, or the other one does
					res, next, err := s.FireTimers(r.ctx, 10)
					done[i] += res.Done
					if err != nil || next < 0 {
						errs[i] = err
						return
					}
				}
			}
		}
		together(loop(0, r.s), loop(1, r.Second()))
		r.ok(errs[0], "fire timers")
		r.ok(errs[1], "fire timers")
		rest := r.fire()
		r.equal("fired", done[0]+done[1]+rest.Done, n)
		r.wantRows("timers", 0)
		r.equal("claimable", len(r.claimAll()), n)
		r.wantIdle()
	})
}

func testDeadline(t *testing.T, open Opener) {
	check(t, open, "a job that nobody took by its deadline is timed out", func(r *rig) {
		j := task("a").WithDeadline(time.Hour)
		id := r.start(j, task("child", j))
		r.isNear("next", r.next(), time.Hour)
		r.Advance(time.Hour + slack)
		res := r.fire()
		r.equal("events", events(res), []string{"a timed_out", "child upstream_failed"})
		r.wantIdle()
		r.wantJobs(id, "a: timed_out deadline", "child: upstream_failed upstream")
		r.equal("cause", r.jobs(id)[1].Cause, j.ID)
		r.wantWorkflow(id, workflow.Failed)
		r.wantTally(id, workflow.Tally{Total: 2, TimedOut: 1, UpstreamFailed: 1})
	})

	check(t, open, "a job that is held at its deadline is timed out and its outcome is stale", func(r *rig) {
		j := task("a").WithDeadline(time.Hour)
		other := task("b")
		r.enqueueJobs(j, other)
		lease := r.claimLease(worker, 2)
		r.accept(lease)
		r.Advance(time.Hour + slack)
		r.fire()
		r.wantJob(j.ID, "timed_out deadline")
		r.wantJob(other.ID, "running")
		got := r.beat(lease)
		r.equal("lost", got.Lost, false)
		r.equal("revoked", got.Revoked, []job.ID{j.ID})
		for _, c := range lease.Jobs {
			if c.Fence.Job == j.ID {
				r.stale(completed1(c))
			} else {
				r.complete(c)
			}
		}
		r.wantRows("leases", 0)
	})

	check(t, open, "a job that waits for its parents at its deadline is timed out", func(r *rig) {
		parent := task("parent")
		j := task("a", parent).WithDeadline(time.Hour)
		id := r.enqueueTolerant(parent, j, task("child", j))
		c := r.claimOne()
		r.Advance(time.Hour + slack)
		r.fire()
		r.wantJobs(id, "parent: running", "a: timed_out deadline", "child: upstream_failed upstream")
		r.equal("dependency status", r.job(j.ID).DependencyStatus, job.Unsatisfiable)
		r.complete(c)
		r.wantIdle()
		r.wantJobs(id, "a: timed_out deadline")
		r.wantWorkflow(id, workflow.Failed)
	})

	check(t, open, "a job that waits for its retry at its deadline is timed out", func(r *rig) {
		j := task("a").WithDeadline(time.Hour).WithRetry(retries(3, 2*time.Hour))
		r.enqueueJobs(j)
		r.commit(failed(r.claimOne()))
		r.Advance(time.Hour + slack)
		r.fire()
		r.wantJob(j.ID, "timed_out deadline")
		r.Advance(2 * time.Hour)
		r.fire()
		r.wantIdle()
		r.wantJob(j.ID, "timed_out deadline")
	})

	check(t, open, "the deadline of a job that has ended does nothing", func(r *rig) {
		id := r.start(task("a").WithDeadline(time.Hour))
		r.runToEnd()
		r.Advance(2 * time.Hour)
		r.equal("events", len(r.fire().Jobs), 0)
		r.wantJobs(id, "a: completed")
		r.wantWorkflow(id, workflow.Completed)
		r.wantRows("timers", 0)
	})

	check(t, open, "a deadline is a failure to its workflow's policy", func(r *rig) {
		id := r.start(task("a").WithDeadline(time.Hour), task("b"), task("c"))
		r.Advance(time.Hour + slack)
		r.fire()
		r.wantJobs(id, "a: timed_out deadline", "b: cancelled fail_fast", "c: cancelled fail_fast")
		r.wantWorkflow(id, workflow.Failed)
		r.wantIdle()
	})

	check(t, open, "a workflow that runs out of time is cancelled and has failed", func(r *rig) {
		w := graph(task("a"), task("b").WithDelay(3*time.Hour)).WithTimeout(time.Hour)
		r.enqueue(w)
		r.isNear("next", r.next(), time.Hour)
		r.Advance(time.Hour + slack)
		res := r.fire()
		r.equal("workflows", res.Workflows, []store.WorkflowEvent{{Workflow: w.ID, Name: "test", Status: workflow.Failed}})
		r.wantJobs(w.ID, "a: cancelled deadline", "b: cancelled deadline")
		r.wantWorkflow(w.ID, workflow.Failed)
		r.wantTally(w.ID, workflow.Tally{Total: 2, Cancelled: 2})
		r.wantIdle()
	})

	check(t, open, "jobs held when their workflow runs out of time have the grace of the options", func(r *rig) {
		w := graph(task("a"), task("b"), task("c")).WithTimeout(time.Hour)
		r.enqueue(w)
		lease := r.claimLease(worker, 2)
		r.accept(lease)
		r.Advance(time.Hour + slack)
		res := r.fire()
		r.equal("held jobs", heldIDs(res.Control), jobIDs(lease.Jobs))
		r.wantWorkflow(w.ID, workflow.Cancelling)
		r.accept(lease)
		r.Advance(grace - 2*slack)
		r.fire()
		r.complete(lease.Jobs[0])
		r.wantWorkflow(w.ID, workflow.Cancelling)
		r.Advance(4 * slack)
		r.fire()
		r.wantJob(lease.Jobs[0].Fence.Job, "completed")
		r.wantJob(lease.Jobs[1].Fence.Job, "cancelled deadline")
		r.wantWorkflow(w.ID, workflow.Failed)
		r.stale(completed1(lease.Jobs[1]))
	})

	check(t, open, "a workflow that cannot be cancelled does not keep jobs from their time", func(r *rig) {
		w := graph(task("a")).WithTimeout(time.Hour)
		r.enqueue(w)
		r.complete(r.claimOne())
		late := task("late").WithDelay(time.Hour)
		r.enqueueJobs(late)
		r.plant("UPDATE workflows SET status = 'running'")
		r.Advance(time.Hour + slack)
		if _, _, err := r.s.FireTimers(r.ctx, everything); err == nil {
			r.Errorf("the broken workflow was cancelled")
		}
		r.equal("claimed", r.claimOne().Fence.Job, late.ID)
	})

	check(t, open, "the timeout of a workflow that has ended does nothing", func(r *rig) {
		w := graph(chain(2)...).WithTimeout(time.Hour)
		r.enqueue(w)
		r.runToEnd()
		r.Advance(2 * time.Hour)
		r.equal("workflows", len(r.fire().Workflows), 0)
		r.wantWorkflow(w.ID, workflow.Completed)
		r.wantRows("timers", 0)
	})

	check(t, open, "the timeout of a workflow that is being cancelled does nothing", func(r *rig) {
		w := graph(task("a")).WithTimeout(grace / 2)
		r.enqueue(w)
		c := r.claimOne()
		r.cancel(w.ID)
		r.Advance(grace/2 + slack)
		r.fire()
		r.wantWorkflow(w.ID, workflow.Cancelling)
		r.complete(c)
		r.wantWorkflow(w.ID, workflow.Cancelled)
	})

	check(t, open, "a deadline and an outcome at the same time end the job once", func(r *rig) {
		for round := range 30 {
			j := task("a").WithDeadline(time.Hour)
			id := r.enqueueTolerant(j, task("child", j))
			c := r.claimOne()
			r.Advance(2 * time.Hour)
			var res store.Resolution
			var resolveErr, fireErr error
			together(
				func() { res, resolveErr = r.s.Resolve(r.ctx, []job.Outcome{completed1(c)}) },
				func() { _, _, fireErr = r.Second().FireTimers(r.ctx, everything) },
			)
			r.ok(resolveErr, "resolve")
			r.ok(fireErr, "fire timers")
			r.fire()
			if res.Verdicts[0] == job.Committed {
				r.wantJobs(id, "a: completed")
				r.complete(r.claimNamed("child")["child"])
				r.wantTally(id, workflow.Tally{Total: 2, Completed: 2})
			} else {
				r.wantJobs(id, "a: timed_out deadline", "child: upstream_failed upstream")
				r.wantTally(id, workflow.Tally{Total: 2, TimedOut: 1, UpstreamFailed: 1})
				r.wantIdle()
			}
			r.wantRows("leases", 0)
			if r.Failed() {
				r.Fatalf("in round %d", round)
			}
		}
	})
}
