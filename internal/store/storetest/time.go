package storetest

import (
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

func testTime(t *testing.T, open Opener) {
	check(t, open, "microseconds survive", func(r *rig) {
		for _, us := range []int{0, 1, 10, 499_999, 500_000, 999_999} {
			at := r.Now().Add(time.Hour).Truncate(time.Second).Add(time.Duration(us) * time.Microsecond)
			j := task("a").WithScheduledAt(at)
			r.enqueueJobs(j)
			if got := r.job(j.ID).ScheduledAt; !got.Equal(at) {
				r.Errorf("scheduled at %s, stored as %s", at, got)
			}
		}
	})

	check(t, open, "no time is rounded to an earlier one", func(r *rig) {
		second := r.Now().Add(time.Hour).Truncate(time.Second)
		for _, ns := range []int{1, 499, 500, 501, 999, 1001, 999_999_001, 999_999_999} {
			at := second.Add(time.Duration(ns))
			j := task("a").WithScheduledAt(at)
			r.enqueueJobs(j)
			if got := r.job(j.ID).ScheduledAt; got.Before(at) || got.Sub(at) > time.Microsecond {
				r.Errorf("scheduled at %s, stored as %s", at.Format(time.RFC3339Nano), got.Format(time.RFC3339Nano))
			}
		}
	})

	check(t, open, "a time of another zone is the same instant, and times are told in UTC", func(r *rig) {
		zone := time.FixedZone("", 5*3600+1800)
		at := r.Now().Add(time.Hour).Truncate(time.Second)
		j := task("a").WithScheduledAt(at.In(zone))
		id := r.start(j, task("b"))
		r.commit(failed(r.claimOne()))
		rec := r.job(j.ID)
		if !rec.ScheduledAt.Equal(at) {
			r.Errorf("scheduled at %s, stored as %s", at, rec.ScheduledAt)
		}
		w, b := r.workflow(id), r.job(r.jobs(id)[1].ID)
		times := map[string]time.Time{
			"scheduled": rec.ScheduledAt, "job created": rec.CreatedAt, "workflow created": w.CreatedAt,
			"retry scheduled": b.ScheduledAt, "attempt started": b.History[0].StartedAt, "attempt finished": b.History[0].FinishedAt,
		}
		for what, at := range times {
			r.equal(what+" zone", at.Location(), time.UTC)
		}
	})

	check(t, open, "times far away survive", func(r *rig) {
		for _, at := range []time.Time{
			time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC),
			time.Date(2096, 2, 29, 23, 59, 59, 999_999_000, time.UTC),
			time.Date(2200, 12, 31, 23, 59, 59, 0, time.UTC),
			time.Date(9000, 1, 1, 0, 0, 0, 1000, time.UTC),
		} {
			j := task("a").WithScheduledAt(at)
			r.enqueueJobs(j)
			if got := r.job(j.ID).ScheduledAt; !got.Equal(at) {
				r.Errorf("scheduled at %s, stored as %s", at, got)
			}
		}
		r.fire()
		r.wantIdle()
	})

	check(t, open, "times that have not come are zero", func(r *rig) {
		id := r.start(chain(2)...)
		rec := r.jobs(id)[0]
		r.equal("started", rec.StartedAt.IsZero(), true)
		r.equal("finished", rec.FinishedAt.IsZero(), true)
		c := r.claimOne()
		rec = r.jobs(id)[0]
		r.equal("started after the claim", rec.StartedAt.IsZero(), false)
		r.equal("finished after the claim", rec.FinishedAt.IsZero(), true)
		r.complete(c)
		r.equal("finished after the end", r.jobs(id)[0].FinishedAt.IsZero(), false)
		r.equal("workflow finished", r.workflow(id).FinishedAt.IsZero(), true)
		r.equal("child started", r.jobs(id)[1].StartedAt.IsZero(), true)
	})

	check(t, open, "a job that never started has no start", func(r *rig) {
		id := r.start(chain(3)...)
		r.commit(failedForGood(r.claimOne()))
		for _, rec := range r.jobs(id)[1:] {
			r.equal("started "+rec.Name, rec.StartedAt.IsZero(), true)
			r.equal("finished "+rec.Name, rec.FinishedAt.IsZero(), false)
		}
	})

	check(t, open, "a job's times are in order and those of the database", func(r *rig) {
		j := task("a")
		before := r.Now()
		r.start(j)
		r.Advance(time.Hour)
		c := r.claimOne()
		r.Advance(time.Hour)
		r.complete(c)
		rec := r.job(j.ID)
		r.isNear("from created to started", rec.StartedAt.Sub(rec.CreatedAt), time.Hour)
		r.isNear("from started to finished", rec.FinishedAt.Sub(rec.StartedAt), time.Hour)
		r.isNear("finished", r.Now().Sub(rec.FinishedAt), 0)
		r.equal("before is in the past", before.After(r.Now()), false)
	})

	check(t, open, "the start of a job is that of its last claim", func(r *rig) {
		j := task("a").WithRetry(retries(3, time.Hour))
		r.enqueueJobs(j)
		r.commit(failed(r.claimOne()))
		r.Advance(2 * time.Hour)
		r.fire()
		c := r.claimOne()
		r.Advance(10 * time.Minute)
		r.isNear("running for", r.Now().Sub(r.job(j.ID).StartedAt), 10*time.Minute)
		r.complete(c)
		rec := r.job(j.ID)
		r.isNear("ran for", rec.FinishedAt.Sub(rec.StartedAt), 10*time.Minute)
	})

	short := store.Options{LeaseTTL: 90*time.Minute + 1500*time.Microsecond, AcceptTTL: 45 * time.Minute}
	checkWith(t, open, short, "the options' lengths of leases are kept", func(r *rig) {
		r.enqueueJobs(task("a"))
		lease := r.claimLease(worker, 1)
		r.equal("ttl", lease.TTL, 45*time.Minute)
		r.Advance(44 * time.Minute)
		r.equal("expired before the accept", r.expire().Done, 0)
		r.accept(lease)
		r.Advance(89 * time.Minute)
		r.equal("expired after the accept", r.expire().Done, 0)
		r.Advance(2 * time.Minute)
		r.equal("expired in the end", r.expire().Done, 1)
	})

	check(t, open, "timeouts are kept to the nanosecond or rounded up to the microsecond", func(r *rig) {
		for _, d := range []time.Duration{1, time.Microsecond, 1500 * time.Microsecond, time.Second + 1, 24 * time.Hour} {
			r.enqueueJobs(task("a").WithTimeout(d))
			got := r.claimOne().Timeout
			if got < d || got-d >= time.Microsecond {
				r.Errorf("a timeout of %s is stored as %s", d, got)
			}
		}
	})

	check(t, open, "retry delays below a second are kept", func(r *rig) {
		for _, d := range []time.Duration{time.Microsecond, 1500 * time.Microsecond, 999 * time.Millisecond} {
			j := task("a").WithRetry(job.RetryPolicy{Strategy: job.Fixed, MaxAttempts: 2, InitialDelay: job.Duration(d), MaxDelay: job.Duration(d), Jitter: job.NoJitter})
			r.enqueueJobs(j)
			r.commit(failed(r.claimOne()))
			rec := r.job(j.ID)
			if got := rec.ScheduledAt.Sub(rec.History[0].FinishedAt); got < d || got > d+time.Second {
				r.Errorf("a delay of %s is stored as %s", d, got)
			}
			r.Advance(slack)
			r.fire()
			r.complete(r.claimOne())
		}
	})
}
