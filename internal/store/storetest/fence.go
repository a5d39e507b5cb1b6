package storetest

import (
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
)

func testFence(t *testing.T, open Opener) {
	// Each of these claims a job of a chain, changes the fence of its outcome,
	// and nothing may come of it.
	for _, c := range []struct {
		sentence string
		forge    func(o *job.Outcome)
	}{
		{"an outcome of an unknown job is stale", func(o *job.Outcome) { o.Job = job.NewID() }},
		{"an outcome with an unknown lease is stale", func(o *job.Outcome) { o.Lease = newLease() }},
		{"an outcome without a lease is stale", func(o *job.Outcome) { o.Lease = job.ID{} }},
		{"an outcome of a later epoch is stale", func(o *job.Outcome) { o.Epoch++ }},
		{"an outcome of an earlier epoch is stale", func(o *job.Outcome) { o.Epoch-- }},
	} {
		for _, kind := range []job.Kind{job.KindCompleted, job.KindFailed, job.KindGivenBack} {
			check(t, open, c.sentence+", "+string(kind), func(r *rig) {
				id := r.start(chain(2)...)
				o := ended(r.claimOne(), kind)
				c.forge(&o)
				r.unchanged(id, func() { r.stale(o) })
				r.wantIdle()
			})
		}
	}

	check(t, open, "an outcome with the lease of another job is stale", func(r *rig) {
		id := r.start(task("a"), task("b"))
		a, b := r.claimOne(), r.claimOne()
		o := completed(a, `1`)
		o.Lease = b.Fence.Lease
		r.unchanged(id, func() { r.stale(o) })
		r.complete(a, b)
	})

	check(t, open, "an outcome of a job that nobody holds is stale", func(r *rig) {
		id := r.start(task("a"), task("b"))
		a := r.claimOne()
		for _, rec := range r.jobs(id) {
			if rec.ID != a.Fence.Job {
				o := completed(a, `1`)
				o.Job = rec.ID
				r.unchanged(id, func() { r.stale(o) })
			}
		}
	})

	check(t, open, "an outcome of an earlier attempt is stale while the next one runs, and after it", func(r *rig) {
		j := task("a").WithRetry(retries(5, slack))
		id := r.start(j, task("b", j))
		first := r.claimOne()
		r.commit(failed(first))
		r.Advance(2 * slack)
		r.fire()
		second := r.claimOne()
		r.unchanged(id, func() {
			r.stale(completed(first, `"first"`))
			r.stale(failed(first))
		})
		r.commit(completed(second, `"second"`))
		r.unchanged(id, func() { r.stale(completed(first, `"first"`)) })
		r.equal("result", string(r.job(j.ID).Result), `"second"`)
	})

	check(t, open, "outcomes of two attempts in one batch: only that of the attempt that runs counts", func(r *rig) {
		j := task("a").WithRetry(retries(5, slack))
		r.enqueueJobs(j)
		first := r.claimOne()
		r.commit(failed(first))
		r.Advance(2 * slack)
		r.fire()
		second := r.claimOne()
		res := r.resolve(completed(first, `"first"`), completed(second, `"second"`))
		r.equal("verdicts", res.Verdicts, []job.Verdict{job.Stale, job.Committed})
		r.equal("result", string(r.job(j.ID).Result), `"second"`)
		r.equal("attempts", r.job(j.ID).Attempts, 2)
	})

	check(t, open, "an outcome of a reaped lease is stale, also under the same epoch's next lease", func(r *rig) {
		id := r.start(chain(2)...)
		lease := r.claimLease(worker, 1)
		r.accept(lease)
		r.Advance(leaseTTL + slack)
		r.expire()
		r.unchanged(id, func() { r.stale(completed(lease.Jobs[0], `1`)) })
		next := r.claimOne()
		forged := completed(lease.Jobs[0], `1`)
		forged.Epoch = next.Fence.Epoch
		r.unchanged(id, func() { r.stale(forged) })
		r.complete(next)
	})

	check(t, open, "an outcome that came too late can't undo the end of its job", func(r *rig) {
		id := r.start(task("a").WithDeadline(time.Hour), task("b"))
		got := r.claimNamed("a", "b")
		r.Advance(2 * time.Hour)
		r.fire()
		r.unchanged(id, func() { r.stale(completed(got["a"], `1`)) })
		r.wantJobs(id, "a: timed_out deadline")
	})

	check(t, open, "the reaper's outcome counts only if the lease has expired", func(r *rig) {
		id := r.start(chain(2)...)
		lease := r.claimLease(worker, 1)
		o := ended(lease.Jobs[0], job.KindLeaseLost)
		o.Expired = true
		r.unchanged(id, func() { r.stale(o) })
		r.complete(lease.Jobs...)
	})
}
