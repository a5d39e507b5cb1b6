package storetest

import (
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

func testLease(t *testing.T, open Opener) {
	check(t, open, "the first sign of life makes a lease full length", func(r *rig) {
		r.enqueueJobs(task("a"))
		lease := r.claimLease(worker, 1)
		r.accept(lease)
		r.Advance(leaseTTL - 2*slack)
		r.equal("expired", r.expire().Done, 0)
		r.wantJob(lease.Jobs[0].Fence.Job, "running")
		r.Advance(4 * slack)
		r.equal("expired", r.expire().Done, 1)
		r.equal("lost", r.beat(lease).Lost, true)
	})

	check(t, open, "a lease that nobody accepts stands for the short time only", func(r *rig) {
		r.enqueueJobs(task("a"))
		lease := r.claimLease(worker, 1)
		r.Advance(acceptTTL - 2*slack)
		r.equal("expired", r.expire().Done, 0)
		r.Advance(4 * slack)
		r.equal("expired", r.expire().Done, 1)
		r.equal("lost", r.beat(lease).Lost, true)
	})

	check(t, open, "each sign of life counts from its own time", func(r *rig) {
		r.enqueueJobs(task("a"))
		lease := r.claimLease(worker, 1)
		for range 5 {
			r.accept(lease)
			r.Advance(leaseTTL - 2*slack)
			r.equal("expired", r.expire().Done, 0)
		}
	})

	check(t, open, "another worker can neither prolong a lease nor take it", func(r *rig) {
		r.enqueueJobs(task("a"))
		lease := r.claimLease("w1", 1)
		r.equal("lost for another", r.beatAs(lease.ID, "w2").Lost, true)
		r.equal("lost for one in another letter case", r.beatAs(lease.ID, "W1").Lost, true)
		r.Advance(acceptTTL + slack)
		r.equal("expired", r.expire().Done, 1)
		r.equal("attempts", r.job(lease.Jobs[0].Fence.Job).Attempts, 0)
	})

	check(t, open, "a lease that has expired is held until it is reaped", func(r *rig) {
		r.enqueueJobs(task("a"))
		lease := r.claimLease(worker, 1)
		r.accept(lease)
		r.Advance(2 * leaseTTL)
		r.equal("lost", r.beat(lease).Lost, false)
		r.equal("expired", r.expire().Done, 0)
		r.wantJob(lease.Jobs[0].Fence.Job, "running")
		r.wantIdle()
	})

	check(t, open, "an unknown lease is lost", func(r *rig) {
		r.equal("lost", r.beatAs(newLease(), worker).Lost, true)
	})

	check(t, open, "a lease whose jobs have all ended is lost", func(r *rig) {
		r.enqueueJobs(tasks(2, "j")...)
		lease := r.claimLease(worker, 2)
		r.complete(lease.Jobs[0])
		r.equal("lost with one job left", r.beat(lease).Lost, false)
		r.complete(lease.Jobs[1])
		r.equal("lost with none left", r.beat(lease).Lost, true)
	})

	check(t, open, "beats are answered in their order", func(r *rig) {
		r.enqueueJobs(tasks(2, "j")...)
		one, two := r.claimLease("w1", 1), r.claimLease("w2", 1)
		unknown := newLease()
		got, err := r.s.Extend(r.ctx, []store.Beat{
			{Lease: two.ID, Worker: "w2"}, {Lease: unknown, Worker: "w1"}, {Lease: one.ID, Worker: "w2"}, {Lease: one.ID, Worker: "w1"},
		})
		r.ok(err, "extend")
		r.equal("answers", got, []store.Beaten{{Lease: two.ID}, {Lease: unknown, Lost: true}, {Lease: one.ID, Lost: true}, {Lease: one.ID}})
	})

	check(t, open, "more beats than a transaction takes are answered in their order", func(r *rig) {
		r.enqueueJobs(tasks(250, "j")...)
		var beats []store.Beat
		want := make([]store.Beaten, 250)
		for i, c := range r.claimInLeases(250) {
			b := store.Beat{Lease: c.Fence.Lease, Worker: worker}
			if i%99 == 1 {
				b.Worker = "another"
			}
			beats = append(beats, b)
			want[i] = store.Beaten{Lease: b.Lease, Lost: b.Worker != worker}
		}
		got, err := r.s.Extend(r.ctx, beats)
		r.ok(err, "extend")
		r.equal("answers", got, want)
		r.Advance(acceptTTL + slack)
		r.equal("expired", r.expire().Done, 3)
	})

	check(t, open, "no beats get no answers", func(r *rig) {
		got, err := r.s.Extend(r.ctx, nil)
		r.ok(err, "extend")
		r.equal("answers", len(got), 0)
	})

	check(t, open, "a beat names the jobs whose workflow is being cancelled", func(r *rig) {
		id := r.start(task("a"))
		r.enqueueJobs(task("b"))
		lease := r.claimLease(worker, 2)
		r.equal("cancelled before", len(r.beat(lease).Cancelled), 0)
		r.cancel(id)
		got := r.beat(lease)
		r.equal("lost", got.Lost, false)
		r.equal("revoked", len(got.Revoked), 0)
		r.equal("cancelled", got.Cancelled, []job.ID{r.jobs(id)[0].ID})
	})

	check(t, open, "a beat names the jobs that are no longer held", func(r *rig) {
		id := r.start(task("a"))
		r.enqueueJobs(task("b"))
		lease := r.claimLease(worker, 2)
		r.accept(lease)
		r.cancel(id)
		r.Advance(grace + slack)
		r.fire()
		got := r.beat(lease)
		r.equal("lost", got.Lost, false)
		r.equal("revoked", got.Revoked, []job.ID{r.jobs(id)[0].ID})
		r.equal("cancelled", len(got.Cancelled), 0)
	})

	check(t, open, "a job three times as long as its lease runs once while its worker lives", func(r *rig) {
		id := r.start(task("a"))
		lease := r.claimLease(worker, 1)
		for range 9 {
			r.accept(lease)
			r.Advance(leaseTTL / 3)
			r.expire()
			r.fire()
			r.wantIdle()
		}
		r.complete(lease.Jobs...)
		rec := r.job(r.jobs(id)[0].ID)
		r.equal("status", rec.Status, job.Completed)
		r.equal("attempts", rec.Attempts, 1)
		r.equal("history", len(rec.History), 0)
	})
}

func testExpiry(t *testing.T, open Opener) {
	check(t, open, "an accepted job whose lease expires loses an attempt and is claimable at once", func(r *rig) {
		r.enqueueJobs(task("a"))
		lease := r.claimLease("w1", 1)
		r.accept(lease)
		r.Advance(leaseTTL + slack)
		res := r.expire()
		r.equal("queues", res.Queues, []string{queue})
		r.equal("events", events(res), []string{"a retrying"})
		rec := r.job(lease.Jobs[0].Fence.Job)
		r.equal("status", rec.Status, job.Retrying)
		r.equal("attempts", rec.Attempts, 1)
		again := r.claimOne()
		r.equal("attempt", again.Attempt, 2)
		r.stale(completed(lease.Jobs[0], `{}`))
		r.complete(again)
	})

	check(t, open, "the history tells of a lost lease", func(r *rig) {
		r.enqueueJobs(task("a"))
		lease := r.claimLease("w1", 1)
		r.accept(lease)
		r.Advance(leaseTTL + slack)
		r.expire()
		history := r.job(lease.Jobs[0].Fence.Job).History
		r.equal("attempts in the history", len(history), 1)
		r.equal("attempt", history[0].Attempt, 1)
		r.equal("lease", history[0].Lease, lease.ID)
		r.equal("worker", history[0].Worker, "w1")
		r.equal("outcome", history[0].Outcome, job.KindLeaseLost)
		r.isNear("length", history[0].FinishedAt.Sub(history[0].StartedAt), leaseTTL+slack)
	})

	check(t, open, "a job that nobody accepted is given back and loses no attempt", func(r *rig) {
		r.enqueueJobs(task("a"))
		lease := r.claimLease(worker, 1)
		r.Advance(acceptTTL + slack)
		r.equal("queues", r.expire().Queues, []string{queue})
		rec := r.job(lease.Jobs[0].Fence.Job)
		r.equal("status", rec.Status, job.Pending)
		r.equal("attempts", rec.Attempts, 0)
		r.equal("the number of what was given back", rec.History[0].Attempt, 1)
		r.stale(completed(lease.Jobs[0], `{}`))
		again := r.claimOne()
		r.equal("attempt", again.Attempt, 1)
		r.complete(again)
	})

	check(t, open, "a job that nobody accepts again and again is dead", func(r *rig) {
		id := r.start(task("a"), task("b"))
		r.complete(r.claimOne())
		for range job.MaxGiveBacks {
			r.claimOne()
			r.Advance(acceptTTL + slack)
			r.expire()
		}
		r.wantIdle()
		r.wantJobs(id, "a: completed", "b: dead lease_lost")
		r.equal("attempts", r.jobs(id)[1].Attempts, 0)
	})

	check(t, open, "an attempt between them starts the count of give-backs anew", func(r *rig) {
		j := task("a").WithRetry(retries(5, time.Minute))
		r.enqueueJobs(j)
		giveBack := func() {
			r.claimOne()
			r.Advance(acceptTTL + slack)
			r.expire()
		}
		for range job.MaxGiveBacks - 1 {
			giveBack()
		}
		r.commit(failed(r.claimOne()))
		r.Advance(time.Hour)
		r.fire()
		for range job.MaxGiveBacks - 1 {
			giveBack()
		}
		r.wantJob(j.ID, "retrying")
		r.equal("attempts", r.job(j.ID).Attempts, 1)
		r.complete(r.claimOne())
	})

	check(t, open, "a lease lost on the last attempt leaves the job dead", func(r *rig) {
		j := task("a").WithRetry(retries(2, time.Minute))
		id := r.start(j, task("child", j))
		for range 2 {
			r.accept(r.claimLease(worker, 1))
			r.Advance(leaseTTL + slack)
			r.expire()
		}
		r.wantJobs(id, "a: dead lease_lost", "child: upstream_failed upstream")
		r.equal("attempts", r.job(j.ID).Attempts, 2)
		r.wantWorkflow(id, "failed")
	})

	check(t, open, "expiry ends no more leases than its limit, and the rest later", func(r *rig) {
		r.enqueueJobs(tasks(10, "j")...)
		for range 5 {
			r.claim(2)
		}
		r.Advance(acceptTTL + slack)
		for _, want := range []int{2, 2, 1, 0} {
			res, err := r.s.ExpireLeases(r.ctx, 2)
			r.ok(err, "expire leases")
			r.equal("done", res.Done, want)
		}
		r.wantRows("leases", 0)
		r.equal("claimable", len(r.claimAll()), 10)
	})

	check(t, open, "accepted leases that have expired are counted, with their workers and as many that have not", func(r *rig) {
		overdue := func() store.Overdue {
			r.Helper()
			o, err := r.s.Overdue(r.ctx)
			r.ok(err, "overdue")
			return o
		}
		r.enqueueJobs(tasks(20, "j")...)
		r.equal("without leases", overdue(), store.Overdue{})
		first, second, third := r.claimLease("w1", 1), r.claimLease("w1", 1), r.claimLease("w2", 1)
		for _, l := range []store.Lease{first, second, third} {
			r.accept(l)
		}
		r.claimLease("w3", 1) // never accepted
		r.equal("while all stand", overdue(), store.Overdue{})
		r.Advance(leaseTTL - slack)
		r.accept(third)
		for range 3 {
			r.accept(r.claimLease("w4", 1))
		}
		r.Advance(2 * slack)
		r.equal("when two have expired", overdue(), store.Overdue{Leases: 2, Workers: 1, Standing: 2})
		r.Advance(leaseTTL)
		r.equal("when all have expired", overdue(), store.Overdue{Leases: 6, Workers: 3})
		r.accept(r.claimLease("w5", 1))
		r.claimLease("w6", 1) // not accepted yet
		r.equal("when there is another", overdue(), store.Overdue{Leases: 6, Workers: 3, Standing: 1})
		r.expire()
		r.equal("when they have been ended", overdue(), store.Overdue{})
	})

	check(t, open, "a look for expired leases that was stuck with its database ends none", func(r *rig) {
		r.enqueueJobs(tasks(1, "j")...)
		r.accept(r.claimLease(worker, 1))
		r.Advance(leaseTTL + slack)
		r.Before(func(name, _ string, _ func(string, ...any)) {
			if name == "expired_leases" {
				<-time.After(3 * time.Second) // heartbeats that were stuck, too, come after it
			}
		})
		if res, err := r.s.ExpireLeases(r.ctx, everything); err == nil || res.Done > 0 {
			r.Errorf("it ended %d leases, %v", res.Done, err)
		}
		r.Before(nil)
		r.wantRows("leases", 1)
		r.equal("ended by the next look", r.expire().Done, 1)
	})

	check(t, open, "expiry leaves a lease that was prolonged", func(r *rig) {
		r.enqueueJobs(tasks(2, "j")...)
		kept, lost := r.claimLease("kept", 1), r.claimLease("lost", 1)
		r.accept(kept)
		r.accept(lost)
		r.Advance(leaseTTL - 2*slack)
		r.accept(kept)
		r.Advance(4 * slack)
		r.equal("done", r.expire().Done, 1)
		r.equal("claimable", names(r.claimAll()), names(lost.Jobs))
		r.complete(kept.Jobs...)
	})

	check(t, open, "expiry leaves a lease that was prolonged after it had expired", func(r *rig) {
		r.enqueueJobs(tasks(2, "j")...)
		leases := []store.Lease{r.claimLease("w1", 1), r.claimLease("w2", 1)}
		r.Advance(acceptTTL + slack)
		res, err := r.s.ExpireLeases(r.ctx, 1)
		r.ok(err, "expire leases")
		r.equal("done", res.Done, 1)
		held := 0
		for _, l := range leases {
			if !r.beat(l).Lost {
				held++
			}
		}
		r.equal("held", held, 1)
		r.equal("done", r.expire().Done, 0)
	})

	check(t, open, "expiry ends only what is left of a lease", func(r *rig) {
		r.enqueueJobs(tasks(3, "j")...)
		lease := r.claimLease(worker, 3)
		r.complete(lease.Jobs[0])
		r.Advance(acceptTTL + slack)
		r.expire()
		r.wantJob(lease.Jobs[0].Fence.Job, "completed")
		r.equal("claimable", len(r.claimAll()), 2)
	})

	check(t, open, "expiry with nothing to do does nothing", func(r *rig) {
		id := r.start(diamond()...)
		r.claimAll()
		r.unchanged(id, func() { r.equal("done", r.expire().Done, 0) })
	})

	check(t, open, "two reapers at once end each lease once", func(r *rig) {
		jobs := withRetry(retries(5, time.Minute), tasks(40, "j")...)
		r.enqueueJobs(jobs...)
		for range 20 {
			r.accept(r.claimLease(worker, 2))
		}
		r.Advance(leaseTTL + slack)
		var one, two store.Resolution
		var err1, err2 error
		together(
			func() { one, err1 = r.s.ExpireLeases(r.ctx, everything) },
			func() { two, err2 = r.Second().ExpireLeases(r.ctx, everything) },
		)
		r.ok(err1, "expire leases")
		r.ok(err2, "expire leases")
		rest := r.expire()
		r.equal("leases ended", one.Done+two.Done+rest.Done, 20)
		r.equal("jobs ended", len(one.Jobs)+len(two.Jobs)+len(rest.Jobs), 40)
		for _, j := range jobs {
			r.equal("attempts of "+j.Name, r.job(j.ID).Attempts, 1)
		}
		r.equal("claimable", len(r.claimAll()), 40)
	})
}
