package storetest

import (
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func testRetry(t *testing.T, open Opener) {
	check(t, open, "a failed job is retried after its delay and not before", func(r *rig) {
		j := task("a").WithRetry(retries(3, time.Hour))
		id := r.start(j)
		r.equal("queues", len(r.commit(failed(r.claimOne())).Queues), 0)
		rec := r.job(j.ID)
		r.equal("status", rec.Status, job.Retrying)
		r.isNear("scheduled", rec.ScheduledAt.Sub(r.Now()), time.Hour)
		r.equal("retrying", r.workflow(id).Retrying, 1)
		r.wantIdle()
		r.Advance(time.Hour - 2*slack)
		r.fire()
		r.wantIdle()
		r.Advance(4 * slack)
		r.equal("queues", r.fire().Queues, []string{queue})
		c := r.claimOne()
		r.equal("attempt", c.Attempt, 2)
		r.complete(c)
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "a retry has its timer, and the timer goes when it fires", func(r *rig) {
		r.enqueueJobs(task("a").WithRetry(retries(3, time.Hour)))
		r.commit(failed(r.claimOne()))
		r.wantRows("timers", 1)
		r.wantRows("ready", 0)
		r.isNear("next", r.next(), time.Hour)
		r.Advance(time.Hour + slack)
		r.equal("next", r.next() < 0, true)
		r.wantRows("timers", 0)
		r.wantRows("ready", 1)
	})

	check(t, open, "what the worker asks for beats the policy's delay", func(r *rig) {
		j := task("a").WithRetry(retries(3, time.Hour))
		r.enqueueJobs(j)
		o, d := failed(r.claimOne()), job.Duration(3*time.Hour)
		o.RetryAfter = &d
		r.commit(o)
		r.isNear("scheduled", r.job(j.ID).ScheduledAt.Sub(r.Now()), 3*time.Hour)
		r.Advance(2 * time.Hour)
		r.fire()
		r.wantIdle()
		r.Advance(time.Hour + slack)
		r.fire()
		r.claimNamed("a")
	})

	check(t, open, "a retry asked for at once is claimable at once", func(r *rig) {
		r.enqueueJobs(task("a").WithRetry(retries(3, time.Hour)))
		o, d := failed(r.claimOne()), job.Duration(0)
		o.RetryAfter = &d
		r.equal("queues", r.commit(o).Queues, []string{queue})
		r.equal("attempt", r.claimOne().Attempt, 2)
	})

	check(t, open, "a permanent error fails the job at once", func(r *rig) {
		j := task("a").WithRetry(retries(9, time.Hour))
		id := r.start(j)
		r.commit(failedForGood(r.claimOne()))
		r.wantJob(j.ID, "failed permanent")
		r.equal("error", r.job(j.ID).Error, "never")
		r.wantWorkflow(id, workflow.Failed)
		r.wantTally(id, workflow.Tally{Total: 1, Failed: 1})
		r.wantRows("timers", 0)
	})

	check(t, open, "a permanent error keeps the reason that its worker gives", func(r *rig) {
		j := task("a")
		r.enqueueJobs(j)
		o := failedForGood(r.claimOne())
		o.Reason = job.ReasonResultTooLarge
		r.commit(o)
		r.wantJob(j.ID, "failed result_too_large")
	})

	check(t, open, "a job that fails on its last attempt is dead", func(r *rig) {
		j := task("a").WithRetry(retries(3, time.Hour))
		id := r.start(j)
		for attempt := 1; attempt <= 3; attempt++ {
			r.commit(failed(r.claimOne()))
			r.equal("attempts", r.job(j.ID).Attempts, attempt)
			r.Advance(time.Hour + slack)
			r.fire()
		}
		r.wantIdle()
		r.wantJob(j.ID, "dead exhausted")
		r.wantWorkflow(id, workflow.Failed)
		r.wantTally(id, workflow.Tally{Total: 1, Dead: 1})
	})

	check(t, open, "an attempt that runs out of time is retried, and the last one leaves the job timed out", func(r *rig) {
		j := task("a").WithRetry(retries(2, time.Hour))
		id := r.start(j)
		r.commit(ended(r.claimOne(), job.KindTimedOut))
		r.wantJob(j.ID, "retrying")
		r.Advance(time.Hour + slack)
		r.fire()
		r.commit(ended(r.claimOne(), job.KindTimedOut))
		r.wantJob(j.ID, "timed_out timeout")
		r.wantTally(id, workflow.Tally{Total: 1, TimedOut: 1})
	})

	check(t, open, "the children of a job that is retried wait on", func(r *rig) {
		jobs := withRetry(retries(2, time.Hour), chain(2)...)
		id := r.start(jobs...)
		r.commit(failed(r.claimOne()))
		r.wantIdle()
		r.equal("dependency status", r.job(jobs[1].ID).DependencyStatus, job.Waiting)
		r.wantTally(id, workflow.Tally{Total: 2})
		r.Advance(time.Hour + slack)
		r.fire()
		r.equal("jobs run", r.runToEnd(), 2)
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "the history tells of every attempt that did not complete, oldest first", func(r *rig) {
		j := task("a").WithRetry(retries(4, time.Hour))
		r.enqueueJobs(j)
		want := []job.Kind{job.KindFailed, job.KindTimedOut, job.KindFailed}
		var leases []job.ID
		for i, kind := range want {
			lease := r.claimLease("w", 1)
			leases = append(leases, lease.ID)
			r.Advance(slack)
			o := ended(lease.Jobs[0], kind)
			o.Error = "trouble " + string('a'+rune(i))
			r.commit(o)
			r.Advance(time.Hour + slack)
			r.fire()
		}
		r.complete(r.claimOne())
		rec := r.job(j.ID)
		r.equal("attempts", rec.Attempts, 4)
		r.equal("history", len(rec.History), 3)
		for i, a := range rec.History {
			r.equal("attempt", a.Attempt, i+1)
			r.equal("lease", a.Lease, leases[i])
			r.equal("worker", a.Worker, "w")
			r.equal("outcome", a.Outcome, want[i])
			r.equal("error", a.Error, "trouble "+string('a'+rune(i)))
			if a.StartedAt.IsZero() || !a.FinishedAt.After(a.StartedAt) {
				r.Errorf("attempt %d began %s and ended %s", a.Attempt, a.StartedAt, a.FinishedAt)
			}
			if i > 0 && a.StartedAt.Before(rec.History[i-1].FinishedAt) {
				r.Errorf("attempt %d began before the one before it ended", a.Attempt)
			}
		}
	})

	check(t, open, "the end of a job that failed for good is in its history too", func(r *rig) {
		j := task("a")
		r.enqueueJobs(j)
		r.commit(failedForGood(r.claimOne()))
		history := r.job(j.ID).History
		r.equal("history", len(history), 1)
		r.equal("error", history[0].Error, "never")
	})

	half := store.Options{Random: func() float64 { return 0.5 }}
	checkWith(t, open, half, "the delay is spread by the store's random source", func(r *rig) {
		policy := job.RetryPolicy{MaxAttempts: 5, InitialDelay: job.Duration(2 * time.Hour), MaxDelay: job.Duration(100 * time.Hour)}
		j := task("a").WithRetry(policy)
		r.enqueueJobs(j)
		for _, want := range []time.Duration{time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour} {
			r.commit(failed(r.claimOne()))
			r.isNear("delay", r.job(j.ID).ScheduledAt.Sub(r.Now()), want)
			r.Advance(want + slack)
			r.fire()
		}
	})

	checkWith(t, open, half, "a job's policy is kept whole", func(r *rig) {
		policies := map[string]job.RetryPolicy{
			"linear": {Strategy: job.Linear, MaxAttempts: 3, InitialDelay: job.Duration(2 * time.Hour), Increment: job.Duration(3 * time.Hour), MaxDelay: job.Duration(100 * time.Hour), Jitter: job.NoJitter},
			"equal":  {Strategy: job.Exponential, MaxAttempts: 3, InitialDelay: job.Duration(4 * time.Hour), Multiplier: 1.5, MaxDelay: job.Duration(100 * time.Hour), Jitter: job.EqualJitter},
			"capped": {Strategy: job.Fibonacci, MaxAttempts: 3, InitialDelay: job.Duration(2 * time.Hour), MaxDelay: job.Duration(2 * time.Hour), Jitter: job.FullJitter},
		}
		want := map[string][]time.Duration{
			"linear": {2 * time.Hour, 5 * time.Hour},
			"equal":  {3 * time.Hour, 4*time.Hour + 30*time.Minute},
			"capped": {time.Hour, time.Hour},
		}
		ids := make(map[string]job.ID)
		for name, policy := range policies {
			j := task(name).WithRetry(policy)
			ids[name] = j.ID
			r.enqueueJobs(j)
		}
		for attempt := range 2 {
			for name, c := range r.claimNamed("linear", "equal", "capped") {
				r.commit(failed(c))
				r.isNear(name, r.job(ids[name]).ScheduledAt.Sub(r.Now()), want[name][attempt])
			}
			r.Advance(6 * time.Hour)
			r.fire()
		}
	})

	check(t, open, "a job that is retried comes back with its own priority", func(r *rig) {
		r.enqueueJobs(task("high").WithPriority(job.High).WithRetry(retries(2, time.Hour)), task("normal"), task("low").WithPriority(job.Low))
		r.commit(failed(r.claimOne()))
		r.Advance(time.Hour + slack)
		r.fire()
		r.equal("order", names(r.claimAll()), []string{"high", "normal", "low"})
	})
}
