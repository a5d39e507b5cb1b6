package storetest

import (
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// meddle runs call, and query in its transaction just before it runs the named
// statement: another transaction that a lock did not hold off. It returns
// call's error.
func (r *rig) meddle(statement, query string, call func() error) error {
	r.Helper()
	done := false
	r.Before(func(name, _ string, exec func(string, ...any)) {
		if name == statement && !done {
			done = true
			exec(query)
		}
	})
	defer r.Before(nil)
	err := call()
	if !done {
		r.Fatalf("%s did not run", statement)
	}
	return err
}

// plant changes rows as no call does.
func (r *rig) plant(query string, args ...any) {
	r.Helper()
	r.ok(r.Exec(query, args...), query)
}

func testGuards(t *testing.T, open Opener) {
	guardedWrites(t, open)
	guardedRows(t, open)
	guardedTimes(t, open)
	guardedEnds(t, open)
	guardedEpochs(t, open)
	guardedKeys(t, open)
	guardedReaders(t, open)
	guardedLists(t, open)
	guardedSteering(t, open)
	lockNames(t, open)
}

// guardedWrites meddle with what a transaction has read under its locks; the
// whole transaction must fail.
func guardedWrites(t *testing.T, open Opener) {
	resolve := func(outcome func(store.Claimed) job.Outcome) func(r *rig, c store.Claimed) error {
		return func(r *rig, c store.Claimed) error {
			_, err := r.s.Resolve(r.ctx, []job.Outcome{outcome(c)})
			return err
		}
	}
	for _, c := range []struct {
		sentence, statement, query string
		call                       func(r *rig, c store.Claimed) error
	}{
		{"a job whose epoch moved on is not ended", "end_jobs", "UPDATE job_state SET epoch = epoch + 1", resolve(completed1)},
		{"a job that has ended meanwhile is not ended again", "end_jobs", "UPDATE job_state SET status = 'cancelled'", resolve(completed1)},
		{"a job whose epoch moved on is not queued again", "requeue_jobs", "UPDATE job_state SET epoch = epoch + 1", resolve(failed)},
		{"a job that has ended meanwhile is not queued again", "requeue_jobs", "UPDATE job_state SET status = 'cancelled'", resolve(failed)},
		{"an edge is not counted by a child that is gone", "count_jobs", "DELETE FROM job_state WHERE dependency_status = 'waiting'", resolve(completed1)},
		{"an edge that is resolved is not resolved again", "resolve_edges", "UPDATE edges SET state = 'inactive'", resolve(completed1)},
		{"a workflow that has ended does not change", "update_workflows", "UPDATE workflows SET finished_at = created_at", resolve(completed1)},
	} {
		check(t, open, c.sentence, func(r *rig) {
			first, second, ready := task("first").WithPriority(job.High), task("second"), task("ready").WithPriority(job.Low)
			id := r.start(first, second, ready, task("last", first, second))
			held := r.claim(2)
			r.unchanged(id, func() {
				if err := r.meddle(c.statement, c.query, func() error { return c.call(r, held[0]) }); err == nil {
					r.Errorf("the call succeeded")
				}
			})
			r.complete(held...)
			r.equal("jobs run", r.runToEnd(), 2)
			r.wantWorkflow(id, "completed")
		})
	}
}

// guardedRows plant rows that contradict each other: what says that a job has
// ended, or waits, counts.
func guardedRows(t *testing.T, open Opener) {
	check(t, open, "a paused queue gives nothing, the others do", func(r *rig) {
		r.enqueueJobs(taskOn("paused", "a"))
		r.plant("INSERT INTO queues (name, paused_at) SELECT 'paused', created_at FROM jobs")
		r.enqueueJobs(taskOn("other", "b"))
		r.equal("of the paused queue", len(r.claim(10, "paused")), 0)
		r.claimNamed("b")
		r.plant("UPDATE queues SET paused_at = NULL")
		r.claimNamed("a")
	})

	check(t, open, "of two grants in one call none gets more than its limit", func(r *rig) {
		for _, limits := range [][2]int{{1, 4}, {4, 1}} {
			r.enqueueJobs(tasks(5, "j")...)
			grants := []store.Grant{{Lease: newLease(), Worker: "w1", Limit: limits[0]}, {Lease: newLease(), Worker: "w2", Limit: limits[1]}}
			got := make(map[string]int)
			leases, err := r.s.Claim(r.ctx, grants, false)
			r.ok(err, "claim")
			for _, l := range leases {
				got[l.Worker] += len(l.Jobs)
			}
			r.equal("jobs", got, map[string]int{"w1": limits[0], "w2": limits[1]})
		}
	})

	check(t, open, "nothing starts in a workflow that is paused", func(r *rig) {
		r.start(chain(2)...)
		c := r.claimOne()
		r.plant("UPDATE workflows SET status = 'paused'")
		r.equal("queues", len(r.complete(c).Queues), 0)
		r.wantIdle()
	})

	check(t, open, "a ready row that another deleted is not claimed, what comes after is", func(r *rig) {
		r.enqueueJobs(task("a").WithPriority(job.Critical), task("b").WithPriority(job.High), task("c"), task("d").WithPriority(job.Low))
		var got []store.Claimed
		r.ok(r.meddle("delete_ready", "DELETE FROM ready WHERE id IN (SELECT id FROM jobs WHERE name = 'b')", func() (err error) {
			got, err = r.claimVia(r.s, worker, 3)
			return err
		}), "claim")
		r.equal("claimed", names(got), []string{"a", "c", "d"})
		r.wantRows("ready", 0)
		r.equal("entries of leases", number(r.query("SELECT sum(remaining) AS n FROM leases")[0]["n"]), 3)
	})

	check(t, open, "a ready row of a job that has ended gives nothing", func(r *rig) {
		r.enqueueJobs(tasks(2, "j")...)
		r.plant("UPDATE job_state SET status = 'cancelled' WHERE id IN (SELECT id FROM jobs WHERE name = 'j0')")
		r.claimNamed("j1")
		r.equal("entries of leases", number(r.query("SELECT sum(remaining) AS n FROM leases")[0]["n"]), 1)
	})

	for _, c := range [][2]string{
		{"a job that has ended", "status = 'cancelled'"}, {"a job that waits for its parents", "dependency_status = 'waiting'"},
	} {
		what, change := c[0], c[1]
		check(t, open, "a timer of "+what+" makes nothing claimable", func(r *rig) {
			r.enqueueJobs(task("a").WithDelay(time.Hour))
			r.plant("UPDATE job_state SET " + change)
			r.Advance(2 * time.Hour)
			r.fire()
			r.wantRows("ready", 0)
			r.wantIdle()
		})

		check(t, open, "a timer of "+what+" makes no other timer", func(r *rig) {
			r.enqueueJobs(task("a").WithDelay(time.Hour).WithDeadline(10 * time.Hour))
			r.plant("UPDATE job_state SET " + change + ", scheduled_at = (SELECT max(deadline_at) FROM jobs)")
			r.Advance(2 * time.Hour)
			r.fire()
			r.wantRows("timers WHERE kind = 'job'", 0)
		})
	}

	check(t, open, "a deadline of a job that is gone ends nothing", func(r *rig) {
		id := r.start(task("a"))
		r.plant("INSERT INTO timers (due_at, kind, id) SELECT created_at, 'deadline', id FROM workflows")
		r.Advance(slack)
		r.fire()
		r.wantRows("timers", 0)
		r.wantJobs(id, "a: pending")
	})

	check(t, open, "a timer of a job that has ended wakes nobody", func(r *rig) {
		r.enqueueJobs(task("a").WithDelay(time.Hour))
		r.plant("UPDATE job_state SET status = 'cancelled'")
		r.Advance(2 * time.Hour)
		r.equal("queues", len(r.fire().Queues), 0)
	})

	check(t, open, "a failure outside stops nothing when its child has ended", func(r *rig) {
		outside, one := task("outside").WithPriority(job.High), task("one").WithPriority(job.High)
		r.enqueueJobs(outside)
		child := task("child", one, outside).WithPriority(job.High)
		id := r.start(one, child, task("free"))
		r.plant("UPDATE job_state SET join_rule = 'any' WHERE dependency_status = 'waiting'")
		lost := r.claimNamedFirst("outside")
		r.complete(r.claimNamedFirst("one"))
		r.complete(r.claimNamedFirst("child"))
		r.commit(failedForGood(lost))
		r.checkEdges()
		r.complete(r.claimNamedFirst("free"))
		r.wantWorkflow(id, "completed")
	})

	check(t, open, "a workflow that is cancelled at once leaves no row behind", func(r *rig) {
		r.cancel(r.start(task("a"), task("b").WithDelay(time.Hour)))
		r.wantRows("timers", 0)
		r.wantRows("ready", 0)
	})

	check(t, open, "a job that is timed out leaves no row behind", func(r *rig) {
		r.enqueueJobs(task("delayed").WithDelay(3*time.Hour).WithDeadline(time.Hour), task("ready").WithDeadline(time.Hour))
		r.Advance(2 * time.Hour)
		r.fire()
		r.wantRows("timers", 0)
		r.wantRows("ready", 0)
	})

	check(t, open, "an edge into another workflow is not checked while its parent is held", func(r *rig) {
		parent := task("parent")
		first := r.start(parent, task("free"))
		r.start(task("child", parent))
		r.checkEdges()
		got := r.claimNamed("parent", "free")
		r.equal("checks", r.cancel(first).Checks, false)
		r.wantRows("edge_check", 0)
		r.equal("checks when it ends", r.complete(got["parent"]).Checks, true)
	})

	check(t, open, "the grace of a workflow that is not being cancelled ends nothing", func(r *rig) {
		id := r.start(task("a"))
		c := r.claimOne()
		r.cancel(id)
		r.plant("UPDATE workflows SET status = 'running'")
		r.Advance(grace + slack)
		r.fire()
		r.complete(c)
		r.wantRows("timers", 0)
	})

	check(t, open, "an attempt that is in the history already holds up nothing", func(r *rig) {
		r.enqueueJobs(task("a").WithRetry(retries(3, time.Hour)))
		c := r.claimOne()
		r.plant(`INSERT INTO attempts (job_id, epoch, attempt, lease_id, worker, outcome, error, started_at, finished_at)
			SELECT id, epoch, 1, id, 'w', 'failed', '', scheduled_at, scheduled_at FROM job_state`)
		r.commit(failed(c))
		r.wantJob(c.Fence.Job, "retrying")
	})

	check(t, open, "jobs with a status of a later version are left alone", func(r *rig) {
		id := r.start(task("a"), task("b"))
		lease := r.claimLease(worker, 2)
		r.plant("UPDATE job_state SET status = 'hibernating' WHERE id IN (SELECT id FROM jobs WHERE name = 'a')")
		for _, kind := range []job.Kind{job.KindCompleted, job.KindFailed, job.KindGivenBack} {
			for _, c := range lease.Jobs {
				if c.Name == "a" {
					r.unchanged(id, func() {
						res, err := r.s.Resolve(r.ctx, []job.Outcome{ended(c, kind)})
						if err == nil && res.Verdicts[0] == job.Committed {
							r.Errorf("%s counts", kind)
						}
					})
				}
			}
		}
	})
}

// guardedTimes let something happen between a look and what follows from it.
func guardedTimes(t *testing.T, open Opener) {
	check(t, open, "a timer that another has fired makes nothing claimable", func(r *rig) {
		r.enqueueJobs(task("a").WithDelay(time.Hour))
		r.Advance(2 * time.Hour)
		r.ok(r.meddle("delete_timers", "DELETE FROM timers", func() error {
			_, _, err := r.s.FireTimers(r.ctx, everything)
			return err
		}), "fire timers")
		r.wantRows("ready", 0)
	})

	check(t, open, "a deadline that another has handled ends nothing", func(r *rig) {
		j := task("a").WithDeadline(time.Hour)
		r.enqueueJobs(j)
		r.Advance(2 * time.Hour)
		r.ok(r.meddle("delete_timers", "DELETE FROM timers", func() error {
			_, _, err := r.s.FireTimers(r.ctx, everything)
			return err
		}), "fire timers")
		r.wantJob(j.ID, "pending")
	})

	check(t, open, "a lease that was prolonged after the reaper found it stays", func(r *rig) {
		r.enqueueJobs(task("a"))
		lease := r.claimLease(worker, 1)
		r.accept(lease)
		r.Advance(leaseTTL + slack)
		r.Before(func(name, _ string, _ func(string, ...any)) {
			if name == "leases_by_id" {
				r.Before(nil)
				r.Advance(-2 * slack) // as if the lease had been prolonged
			}
		})
		r.equal("done", r.expire().Done, 0)
		r.equal("lost", r.beat(lease).Lost, false)
		r.complete(lease.Jobs...)
	})

	check(t, open, "nothing is locked while no lease has expired", func(r *rig) {
		r.enqueueJobs(task("a"))
		r.claimOne()
		r.equal("statements", r.named(func() { r.expire() }), []string{"expired_leases"})
	})

	check(t, open, "nothing is locked while no timer is due", func(r *rig) {
		r.enqueueJobs(task("a").WithDelay(time.Hour), task("b").WithDeadline(time.Hour))
		r.equal("statements", r.named(func() { r.fire() }), []string{"next_timer"})
	})

	check(t, open, "a worker that names another's lease among its own does not prolong it", func(r *rig) {
		r.enqueueJobs(tasks(2, "j")...)
		one, two := r.claimLease("w1", 1), r.claimLease("w2", 1)
		_, err := r.s.Extend(r.ctx, []store.Beat{{Lease: one.ID, Worker: "w1"}, {Lease: two.ID, Worker: "w1"}})
		r.ok(err, "extend")
		r.Advance(acceptTTL + slack)
		r.equal("expired", r.expire().Done, 1)
		r.equal("attempts", r.job(two.Jobs[0].Fence.Job).Attempts, 0)
		r.equal("lost", r.beat(one).Lost, false)
	})
}
