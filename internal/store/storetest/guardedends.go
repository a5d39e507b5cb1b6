package storetest

import (
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// guardedEnds let something happen while jobs are ended from outside.
func guardedEnds(t *testing.T, open Opener) {
	// A lease that has another id by now is one that was not there when leases
	// were locked.
	const claimedMeanwhile = "UPDATE leases SET id = (SELECT id FROM jobs)"
	fire := func(r *rig) (res store.Resolution) {
		r.Helper()
		r.ok(r.meddle("held_by", claimedMeanwhile, func() (err error) {
			res, _, err = r.s.FireTimers(r.ctx, everything)
			return err
		}), "fire timers")
		return res
	}

	for _, c := range []struct {
		sentence string
		begin    func(r *rig, id job.ID, c store.Claimed)
	}{
		{"a deadline", func(*rig, job.ID, store.Claimed) {}},
		{"the grace of a job", func(r *rig, _ job.ID, c store.Claimed) { r.cancelJob(c.Fence.Job) }},
		{"the grace of a workflow", func(r *rig, id job.ID, _ store.Claimed) { r.cancel(id) }},
	} {
		check(t, open, c.sentence+" that finds a lease which it has not locked begins anew", func(r *rig) {
			j := task("a")
			if c.sentence == "a deadline" {
				j.WithDeadline(grace)
			}
			id := r.start(j)
			held := r.claimOne()
			c.begin(r, id, held)
			r.Advance(grace + slack)
			r.equal("stopped", fire(r).Control, []store.Held{{Fence: held.Fence, Worker: worker}})
			r.wantRows("leases", 0)
			r.wantRows("timers", 0)
		})
	}

	check(t, open, "the grace of a job that another has handled ends nothing", func(r *rig) {
		r.enqueueJobs(task("a"))
		c := r.claimOne()
		r.cancelJob(c.Fence.Job)
		r.Advance(grace + slack)
		r.ok(r.meddle("delete_timers", "DELETE FROM timers", func() error {
			_, _, err := r.s.FireTimers(r.ctx, everything)
			return err
		}), "fire timers")
		r.wantJob(c.Fence.Job, "running")
	})

	// What a transaction has read under its locks is asked again by the
	// statements that make a job claimable.
	for _, c := range [][3]string{
		{"has ended", "UPDATE job_state SET status = 'cancelled'", "UPDATE job_state SET status = 'cancelled'"},
		{"has another time", "UPDATE job_state SET scheduled_at = scheduled_at + 7200000000", "UPDATE job_state SET scheduled_at = 1"},
	} {
		check(t, open, "a job that "+c[0]+" meanwhile is not made claimable", func(r *rig) {
			r.enqueueJobs(task("a").WithDelay(time.Hour))
			r.Advance(2 * time.Hour)
			r.ok(r.meddle("make_ready", c[1], func() error {
				_, _, err := r.s.FireTimers(r.ctx, everything)
				return err
			}), "fire timers")
			r.wantRows("ready", 0)
		})

		check(t, open, "a job that "+c[0]+" meanwhile does not wait for another attempt", func(r *rig) {
			r.enqueueJobs(task("a").WithRetry(retries(3, time.Hour)))
			held := r.claimOne()
			r.ok(r.meddle("make_waiting", c[2], func() error {
				_, err := r.s.Resolve(r.ctx, []job.Outcome{failed(held)})
				return err
			}), "resolve")
			r.wantRows("timers", 0)
		})
	}

	check(t, open, "a cancel of a job that was given back ends it at once, though its lease holds another", func(r *rig) {
		r.enqueueJobs(tasks(2, "j")...)
		_, back, kept := r.giveBackOne()
		r.equal("told to stop", len(r.cancelJob(back.Fence.Job).Control), 0)
		r.wantJob(back.Fence.Job, "cancelled user")
		r.complete(kept)
	})

	check(t, open, "a timer of a later version is left alone and wakes nobody", func(r *rig) {
		r.enqueueJobs(task("a"))
		r.plant("INSERT INTO timers (due_at, kind, id) SELECT created_at, 'later', id FROM jobs")
		r.Advance(time.Hour)
		r.equal("next", r.next() < 0, true)
		r.wantRows("timers", 1)
	})

	check(t, open, "nothing is locked while no edge waits for its check", func(r *rig) {
		r.start(chain(2)...)
		r.equal("statements", r.named(func() { r.checkEdges() }), []string{"edge_checks"})
	})
}
