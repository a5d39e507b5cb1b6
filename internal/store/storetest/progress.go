package storetest

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// say sends a sign of life for a lease with progress of its jobs.
func (r *rig) say(lease store.Lease, said ...store.Progress) {
	r.Helper()
	got, err := r.s.Extend(r.ctx, []store.Beat{{Lease: lease.ID, Worker: lease.Worker, Progress: said}})
	r.ok(err, "extend")
	r.equal("lost", got[0].Lost, false)
}

// wantProgress says what a job's progress is; nil: none.
func (r *rig) wantProgress(id job.ID, want *store.Progress) {
	r.Helper()
	r.equal("progress", r.job(id).Progress, want)
}

func testProgress(t *testing.T, open Opener) {
	hold := func(r *rig, n int) (job.ID, store.Lease) {
		id := r.enqueueTolerant(withRetry(retries(5, time.Hour), tasks(n, "j")...)...)
		return id, r.claimLease(worker, n)
	}

	check(t, open, "a held job has no progress until its handler says some", func(r *rig) {
		_, lease := hold(r, 1)
		r.accept(lease)
		r.wantProgress(lease.Jobs[0].Fence.Job, nil)
	})

	check(t, open, "progress is read with the job, its workflow's jobs and in lists", func(r *rig) {
		id, lease := hold(r, 1)
		want := store.Progress{Job: lease.Jobs[0].Fence.Job, Percent: 12.5, Message: `page "1" of 8, é`}
		r.say(lease, want)
		r.wantProgress(want.Job, &want)
		r.equal("of the workflow's jobs", r.jobs(id)[0].Progress, &want)
		page, _, err := r.s.Jobs(r.ctx, store.JobFilter{Limit: 10})
		r.ok(err, "jobs")
		r.equal("in a list", page[0].Progress, &want)
	})

	check(t, open, "progress replaces what the job said before and keeps what others said", func(r *rig) {
		_, lease := hold(r, 2)
		a, b := lease.Jobs[0].Fence.Job, lease.Jobs[1].Fence.Job
		r.say(lease, store.Progress{Job: a, Percent: 1}, store.Progress{Job: b, Percent: 2, Message: "b"})
		r.say(lease, store.Progress{Job: a, Percent: 3, Message: "a"})
		r.wantProgress(a, &store.Progress{Job: a, Percent: 3, Message: "a"})
		r.wantProgress(b, &store.Progress{Job: b, Percent: 2, Message: "b"})
	})

	check(t, open, "a heartbeat without progress keeps it", func(r *rig) {
		_, lease := hold(r, 1)
		want := store.Progress{Job: lease.Jobs[0].Fence.Job, Percent: 50}
		r.say(lease, want)
		r.accept(lease)
		r.wantProgress(want.Job, &want)
	})

	check(t, open, "progress of leases in one call goes to each of them", func(r *rig) {
		r.enqueueJobs(task("a"), task("b"))
		one, two := r.claimLease("w1", 1), r.claimLease("w2", 1)
		a, b := one.Jobs[0].Fence.Job, two.Jobs[0].Fence.Job
		_, err := r.s.Extend(r.ctx, []store.Beat{
			{Lease: one.ID, Worker: "w1", Progress: []store.Progress{{Job: a, Percent: 1}, {Job: b, Percent: 99}}},
			{Lease: two.ID, Worker: "w2", Progress: []store.Progress{{Job: b, Percent: 2}}},
			{Lease: two.ID, Worker: "thief", Progress: []store.Progress{{Job: b, Percent: 66}}},
		})
		r.ok(err, "extend")
		r.wantProgress(a, &store.Progress{Job: a, Percent: 1})
		r.wantProgress(b, &store.Progress{Job: b, Percent: 2})
	})

	check(t, open, "progress of a job that the lease does not list is not stored", func(r *rig) {
		_, lease := hold(r, 1)
		r.say(lease, store.Progress{Job: job.NewID(), Percent: 1, Message: "made up"})
		r.equal("progress", text(r.query("SELECT progress FROM leases")[0]["progress"]), "")
	})

	check(t, open, "percentages stay within their bounds and may be unknown", func(r *rig) {
		_, lease := hold(r, 1)
		id := lease.Jobs[0].Fence.Job
		for _, c := range []struct{ said, want float64 }{{0, 0}, {100, 100}, {250, 100}, {math.Inf(1), 100}, {-1, -1}, {-7, -1}, {math.NaN(), -1}} {
			r.say(lease, store.Progress{Job: id, Percent: c.said})
			r.wantProgress(id, &store.Progress{Job: id, Percent: c.want})
		}
	})

	check(t, open, "a message is cut off at its bound between letters, and loses what cannot be stored", func(r *rig) {
		_, lease := hold(r, 1)
		id := lease.Jobs[0].Fence.Job
		r.say(lease, store.Progress{Job: id, Message: "a" + strings.Repeat("é", 300)})
		r.wantProgress(id, &store.Progress{Job: id, Message: "a" + strings.Repeat("é", 249)})
		r.say(lease, store.Progress{Job: id, Message: "a\x00b\xffc\n<&>"})
		r.wantProgress(id, &store.Progress{Job: id, Message: "abc\n<&>"})
	})

	check(t, open, "progress goes with the end of the job", func(r *rig) {
		_, lease := hold(r, 2)
		a, b := lease.Jobs[0], lease.Jobs[1]
		r.say(lease, store.Progress{Job: a.Fence.Job, Percent: 90}, store.Progress{Job: b.Fence.Job, Percent: 10})
		r.complete(a)
		r.wantProgress(a.Fence.Job, nil)
		r.wantProgress(b.Fence.Job, &store.Progress{Job: b.Fence.Job, Percent: 10})
	})

	check(t, open, "the next attempt begins without progress, though its lease lives on", func(r *rig) {
		_, lease := hold(r, 2)
		a := lease.Jobs[0]
		r.say(lease, store.Progress{Job: a.Fence.Job, Percent: 90})
		r.commit(failed(a))
		r.wantProgress(a.Fence.Job, nil)
		r.Advance(time.Hour + slack)
		r.accept(lease)
		r.fire()
		again := r.claimLease("w2", 1)
		r.equal("claimed", jobIDs(again.Jobs), []job.ID{a.Fence.Job})
		r.say(lease, store.Progress{Job: a.Fence.Job, Percent: 91})
		r.wantProgress(a.Fence.Job, nil)
	})

	check(t, open, "progress of a lost lease changes nothing", func(r *rig) {
		_, lease := hold(r, 1)
		r.Advance(acceptTTL + slack)
		r.expire()
		got, err := r.s.Extend(r.ctx, []store.Beat{{Lease: lease.ID, Worker: lease.Worker, Progress: []store.Progress{{Job: lease.Jobs[0].Fence.Job, Percent: 5}}}})
		r.ok(err, "extend")
		r.equal("lost", got[0].Lost, true)
		r.wantProgress(lease.Jobs[0].Fence.Job, nil)
	})

	check(t, open, "heartbeats with progress take as many statements as without", func(r *rig) {
		_, lease := hold(r, 100)
		said := make([]store.Progress, len(lease.Jobs))
		for i, c := range lease.Jobs {
			said[i] = store.Progress{Job: c.Fence.Job, Percent: float64(i), Message: "going"}
		}
		without := r.cost(func() { r.say(lease) })
		r.equal("statements", r.cost(func() { r.say(lease, said...) }), without)
	})
}
