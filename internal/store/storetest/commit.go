package storetest

import (
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// broken runs call while its commit breaks. A call that returns an error is
// repeated, as its caller would do.
func (r *rig) broken(mode BreakMode, call, repeat func() error) {
	r.Helper()
	r.BreakCommit(mode)
	if call() == nil {
		return // the store found out by itself what became of its commit
	}
	r.ok(repeat(), "repeat")
}

func testCommit(t *testing.T, open Opener) {
	for mode, suffix := range map[BreakMode]string{
		CommitHappened: ", when the broken commit happened",
		CommitRefused:  ", when the broken commit did not happen",
	} {
		check(t, open, "a repeated enqueue stores its workflow once"+suffix, func(r *rig) {
			w := graph(fan(10)...)
			r.ok(w.Validate(), "validate")
			enqueue := func() error {
				_, err := r.s.EnqueueWorkflow(r.ctx, w, store.EnqueueOptions{})
				return err
			}
			r.BreakCommit(mode)
			if first := enqueue(); first != nil {
				err := enqueue()
				if mode == CommitHappened {
					r.isErr("repeated enqueue", err, store.ErrExists)
				} else {
					r.ok(err, "repeated enqueue")
				}
			}
			r.wantRows("jobs", 12)
			r.equal("jobs run", r.runToEnd(), 12)
			r.wantWorkflow(w.ID, workflow.Completed)
		})

		check(t, open, "a repeated claim loses no job"+suffix, func(r *rig) {
			r.enqueueJobs(tasks(10, "j")...)
			grants := []store.Grant{{Lease: newLease(), Worker: worker, Limit: 4}}
			var leases []store.Lease
			claim := func(repeat bool) func() error {
				return func() (err error) {
					leases, err = r.s.Claim(r.ctx, grants, repeat)
					return err
				}
			}
			r.broken(mode, claim(false), claim(true))
			r.equal("leases", len(leases), 1)
			r.equal("jobs", len(leases[0].Jobs), 4)
			r.wantRows("leases", 1)
			r.wantRows("ready", 6)
			r.complete(leases[0].Jobs...)
			r.equal("the rest", r.runToEnd(), 6)
		})

		check(t, open, "repeated outcomes count once"+suffix, func(r *rig) {
			id := r.start(fanIn(3)...)
			claimed := r.claimAll()
			var res store.Resolution
			resolve := func() (err error) {
				res, err = r.s.Resolve(r.ctx, endings(claimed, completed1))
				return err
			}
			r.broken(mode, resolve, resolve)
			r.equal("verdicts", res.Verdicts, []job.Verdict{job.Committed, job.Committed, job.Committed})
			r.wantTally(id, workflow.Tally{Total: 4, Completed: 3})
			r.wantRows("ready", 1)
			r.wantRows("leases", 0)
			r.complete(r.claimNamed("last")["last"])
			r.wantWorkflow(id, workflow.Completed)
		})

		check(t, open, "repeated failures cost one attempt"+suffix, func(r *rig) {
			j := task("a").WithRetry(retries(5, time.Hour))
			r.enqueueJobs(j)
			c := r.claimOne()
			resolve := func() error {
				_, err := r.s.Resolve(r.ctx, []job.Outcome{failed(c)})
				return err
			}
			r.broken(mode, resolve, resolve)
			rec := r.job(j.ID)
			r.equal("status", rec.Status, job.Retrying)
			r.equal("attempts", rec.Attempts, 1)
			r.equal("history", len(rec.History), 1)
			r.wantRows("timers", 1)
		})

		check(t, open, "repeated expiry costs one attempt"+suffix, func(r *rig) {
			j := task("a").WithRetry(retries(5, time.Hour))
			r.enqueueJobs(j)
			r.accept(r.claimLease(worker, 1))
			r.Advance(leaseTTL + slack)
			expire := func() error {
				_, err := r.s.ExpireLeases(r.ctx, everything)
				return err
			}
			r.broken(mode, expire, expire)
			r.equal("attempts", r.job(j.ID).Attempts, 1)
			r.equal("claimable", len(r.claimAll()), 1)
		})

		check(t, open, "repeated timers fire once"+suffix, func(r *rig) {
			r.enqueueJobs(task("a").WithDelay(time.Hour), task("b").WithDelay(time.Hour))
			r.Advance(2 * time.Hour)
			fire := func() error {
				_, _, err := r.s.FireTimers(r.ctx, everything)
				return err
			}
			r.broken(mode, fire, fire)
			r.fire()
			r.wantRows("timers", 0)
			r.claimNamed("a", "b")
		})

		check(t, open, "a repeated cancel cancels once, and names the held jobs again"+suffix, func(r *rig) {
			id := r.start(task("a"), task("b"))
			held := r.claim(1)
			var res store.Resolution
			cancel := func() (err error) {
				res, err = r.s.CancelWorkflow(r.ctx, id, grace, nobody)
				return err
			}
			r.broken(mode, cancel, cancel)
			r.wantTally(id, workflow.Tally{Total: 2, Cancelled: 1})
			r.equal("held jobs", heldIDs(res.Control), jobIDs(held))
			r.complete(held...)
			r.wantWorkflow(id, workflow.Cancelled)
		})

		check(t, open, "repeated edge checks count each edge once"+suffix, func(r *rig) {
			parents := tasks(2, "p")
			r.enqueueJobs(parents...)
			claimed := r.claimAll()
			r.complete(claimed[0])
			id := r.start(task("child", parents...))
			checkEdges := func() error {
				_, err := r.s.CheckEdges(r.ctx, everything)
				return err
			}
			r.broken(mode, checkEdges, checkEdges)
			r.checkEdges()
			r.wantIdle()
			r.complete(claimed[1])
			r.checkEdges()
			r.complete(r.claimNamed("child")["child"])
			r.wantWorkflow(id, workflow.Completed)
		})
	}

	check(t, open, "a call whose commit did not happen has changed nothing", func(r *rig) {
		id := r.start(diamond()...)
		c := r.claimOne()
		r.unchanged(id, func() {
			r.BreakCommit(CommitRefused)
			if _, err := r.s.Resolve(r.ctx, []job.Outcome{completed1(c)}); err == nil {
				r.Errorf("the call succeeded though its commit did not")
			}
		})
		r.complete(c)
	})
}
