package storetest

import (
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// results asks for the results of the parents of a claimed job.
func (r *rig) results(f job.Fence) error {
	_, _, err := r.s.ParentResults(r.ctx, f, "", job.ID{})
	return err
}

// giveBackOne claims two jobs under one lease and gives the first back: the
// lease goes on listing it, with an epoch that is over.
func (r *rig) giveBackOne() (lease store.Lease, back, kept store.Claimed) {
	r.Helper()
	lease = r.claimLease("w1", 2)
	r.equal("jobs", len(lease.Jobs), 2)
	r.accept(lease)
	back, kept = lease.Jobs[0], lease.Jobs[1]
	r.commit(ended(back, job.KindGivenBack))
	return lease, back, kept
}

// guardedEpochs look at jobs of a lease that still lists them with an epoch
// that is over.
func guardedEpochs(t *testing.T, open Opener) {
	check(t, open, "an outcome of a claim that is over is stale while its lease holds other jobs", func(r *rig) {
		id := r.start(task("a"), task("b"))
		_, back, kept := r.giveBackOne()
		r.unchanged(id, func() {
			r.stale(completed1(back))
			r.stale(failed(back))
			r.stale(ended(back, job.KindGivenBack))
		})
		again := r.claimLease("w2", 1).Jobs[0]
		r.unchanged(id, func() { r.stale(completed1(back)) })
		r.complete(again, kept)
	})

	check(t, open, "a lease that lists an earlier epoch does not end the later claim", func(r *rig) {
		id := r.start(task("a"), task("b"))
		lease, _, kept := r.giveBackOne()
		again := r.claimLease("w2", 1).Jobs[0]
		forged := completed1(again)
		forged.Lease = lease.ID
		r.unchanged(id, func() { r.stale(forged) })
		r.complete(again, kept)
	})

	check(t, open, "a repeated outcome that names another epoch is stale", func(r *rig) {
		r.enqueueJobs(task("a"))
		o := completed1(r.claimOne())
		r.commit(o)
		o.Epoch++
		r.stale(o)
	})

	check(t, open, "of one batch the repeated outcome that names another lease is stale", func(r *rig) {
		r.enqueueJobs(task("a"))
		o := completed1(r.claimOne())
		forged := o
		forged.Lease = newLease()
		r.equal("verdicts", r.resolve(o, forged).Verdicts, []job.Verdict{job.Committed, job.Stale})
	})

	check(t, open, "the outcome of a job that the reaper ended is stale", func(r *rig) {
		j := task("a").WithRetry(once())
		r.enqueueJobs(j)
		lease := r.claimLease(worker, 1)
		r.accept(lease)
		r.Advance(leaseTTL + slack)
		r.expire()
		r.wantJob(j.ID, "dead lease_lost")
		r.stale(completed1(lease.Jobs[0]))
	})

	check(t, open, "a repeated claim does not bring back a job that is in other hands", func(r *rig) {
		r.enqueueJobs(tasks(2, "j")...)
		lease, back, kept := r.giveBackOne()
		again := r.claimLease("w2", 1).Jobs[0]
		r.equal("job", again.Fence.Job, back.Fence.Job)
		got, err := r.s.Claim(r.ctx, []store.Grant{{Lease: lease.ID, Worker: "w1", Limit: 2}}, true)
		r.ok(err, "repeated claim")
		r.equal("leases", len(got), 1)
		r.equal("jobs", names(got[0].Jobs), []string{kept.Name})
	})

	check(t, open, "a beat revokes a job that was given back, and not one that ended under the lease", func(r *rig) {
		r.enqueueJobs(tasks(3, "j")...)
		lease := r.claimLease(worker, 3)
		r.accept(lease)
		r.complete(lease.Jobs[0])
		r.commit(ended(lease.Jobs[1], job.KindGivenBack))
		r.equal("answer", r.beat(lease), store.Beaten{Lease: lease.ID, Revoked: []job.ID{lease.Jobs[1].Fence.Job}})
		r.claimOne()
		r.equal("answer", r.beat(lease), store.Beaten{Lease: lease.ID, Revoked: []job.ID{lease.Jobs[1].Fence.Job}})
	})

	check(t, open, "a cancel names who holds a job now, not who gave it back", func(r *rig) {
		id := r.start(task("a"), task("b"))
		lease, back, kept := r.giveBackOne()
		again := r.claimLease("w2", 1)
		res := r.cancel(id)
		holders := make(map[job.ID]string)
		for _, h := range res.Control {
			holders[h.Fence.Job] += h.Worker
		}
		r.equal("holders", holders, map[job.ID]string{kept.Fence.Job: "w1", back.Fence.Job: "w2"})
		r.accept(lease)
		r.accept(again)
		r.Advance(grace + slack)
		res = r.fire()
		r.equal("stopped", heldIDs(res.Control), jobIDs([]store.Claimed{back, kept}))
		r.equal("attempts in the history of "+back.Name, len(r.job(back.Fence.Job).History), 2)
		r.wantWorkflow(id, "cancelled")
		r.wantRows("leases", 0)
	})

	check(t, open, "neither a cancel nor its grace stops a job that has ended, though its parent and its lease go on", func(r *rig) {
		one, two := task("one").WithPriority(job.High), task("two")
		id := r.start(one, two, task("child", one, two))
		r.plant("UPDATE job_state SET join_rule = 'any' WHERE dependency_status = 'waiting'")
		r.complete(r.claimNamedFirst("one"))
		lease := r.claimLease(worker, 2)
		for _, c := range lease.Jobs {
			if c.Name == "child" {
				r.complete(c)
			}
		}
		r.equal("held jobs", heldIDs(r.cancel(id).Control), []job.ID{two.ID})
		r.wantJobs(id, "one: completed", "two: running", "child: completed")
		r.Advance(grace + slack)
		r.equal("stopped", heldIDs(r.fire().Control), []job.ID{two.ID})
		r.wantJobs(id, "two: cancelled user", "child: completed")
	})

	check(t, open, "when the grace is over, jobs that ended within it are not stopped", func(r *rig) {
		id := r.start(tasks(3, "j")...)
		lease := r.claimLease(worker, 3)
		r.accept(lease)
		r.cancel(id)
		r.complete(lease.Jobs[0])
		r.accept(lease)
		r.Advance(grace + slack)
		res := r.fire()
		r.equal("stopped", heldIDs(res.Control), jobIDs(lease.Jobs[1:]))
		r.equal("history", len(r.job(lease.Jobs[0].Fence.Job).History), 0)
	})

	check(t, open, "a deadline names nobody who gave the job back", func(r *rig) {
		a, b := task("a").WithDeadline(time.Hour), task("b").WithDeadline(time.Hour)
		r.enqueueJobs(a, b)
		_, back, kept := r.giveBackOne()
		r.Advance(2 * time.Hour)
		res := r.fire()
		r.equal("stopped", heldIDs(res.Control), []job.ID{kept.Fence.Job})
		r.equal("history", len(r.job(back.Fence.Job).History), 1)
		r.equal("attempts", r.job(back.Fence.Job).Attempts, 0)
		r.wantRows("leases", 0)
	})

	check(t, open, "the deadline of a job that has ended stops nobody, though its lease goes on", func(r *rig) {
		r.enqueueJobs(task("a").WithDeadline(time.Hour), task("b"))
		lease := r.claimLease(worker, 2)
		for _, c := range lease.Jobs {
			if c.Name == "a" {
				r.complete(c)
			}
		}
		r.Advance(2 * time.Hour)
		r.equal("stopped", len(r.fire().Control), 0)
	})

	check(t, open, "results are only for who holds the job now", func(r *rig) {
		parent := task("parent")
		r.enqueueJobs(parent)
		r.start(append(tasks(4, "c", parent), task("other").WithPriority(job.Low))...)
		r.complete(r.claimNamedFirst("parent"))
		r.checkEdges()
		lease := r.claimLease("w1", 4)
		other := r.claimLease("w2", 1)
		back, done, kept := lease.Jobs[0].Fence, lease.Jobs[1].Fence, lease.Jobs[2].Fence
		r.commit(ended(lease.Jobs[0], job.KindGivenBack), completed1(lease.Jobs[1]))
		r.ok(r.results(kept), "results of a held job")
		r.isErr("a job that was given back", r.results(back), job.ErrLeaseLost)
		later := back
		later.Epoch++
		r.isErr("a job that was given back, by its next epoch", r.results(later), job.ErrLeaseLost)
		r.isErr("a job that has ended", r.results(done), job.ErrLeaseLost)
		stolen := other.Jobs[0].Fence
		stolen.Lease = lease.ID
		r.isErr("a job of another lease", r.results(stolen), job.ErrLeaseLost)
		stolen = kept
		stolen.Lease = newLease()
		r.isErr("a lease that is not there", r.results(stolen), job.ErrLeaseLost)
	})
}

// claimNamedFirst claims one job, which must have this name.
func (r *rig) claimNamedFirst(name string, queues ...string) store.Claimed {
	r.Helper()
	c := r.claimOne(queues...)
	if c.Name != name {
		r.Fatalf("%s was claimed, want %s", c.Name, name)
	}
	return c
}

// guardedReaders show each job as it is now.
func guardedReaders(t *testing.T, open Opener) {
	check(t, open, "a job that was given back is not shown as running while its lease holds another", func(r *rig) {
		id := r.start(task("a"), task("b"))
		_, back, kept := r.giveBackOne()
		r.wantJob(back.Fence.Job, "pending")
		r.wantJob(kept.Fence.Job, "running")
		r.wantJobs(id, back.Name+": pending", kept.Name+": running")
		r.equal("running", r.workflow(id).Running, 1)
		rows := r.query("SELECT name FROM hammerwork_jobs WHERE status = 'running'")
		r.equal("rows of the view", len(rows), 1)
		r.equal("in the view", text(rows[0]["name"]), kept.Name)
	})
}
