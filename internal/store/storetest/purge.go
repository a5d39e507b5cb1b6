package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// kept is how long everything is kept in tests that do not care.
const kept = 10 * time.Hour

// keepAll keeps everything for d.
func keepAll(d time.Duration) store.Retention {
	return store.Retention{
		Completed: d, Failed: d, Dead: d, TimedOut: d, UpstreamFailed: d, Cancelled: d, Skipped: d, Keys: d, Ticks: d,
	}
}

// purge runs a whole pass and returns what it deleted.
func (r *rig) purge(keep store.Retention) store.Purged {
	r.Helper()
	return r.purgeBy(r.s, keep, everything)
}

// purgeBy is purge by a store of two, in steps of limit.
func (r *rig) purgeBy(s store.Store, keep store.Retention, limit int) store.Purged {
	r.Helper()
	sum, err := pass(r, s, keep, limit)
	r.ok(err, "purge")
	return sum
}

// pass runs a whole pass, in steps of limit, which none goes over.
func pass(r *rig, s store.Store, keep store.Retention, limit int) (sum store.Purged, err error) {
	var at store.Place
	for range 10_000 {
		done, next, err := s.Purge(r.ctx, keep, at, limit)
		if err != nil {
			return sum, err
		}
		if done.Jobs > limit || done.Workflows > limit || done.Keys > limit || done.Ticks > limit {
			return sum, errors.New("a step goes over its limit")
		}
		sum.Workflows, sum.Jobs = sum.Workflows+done.Workflows, sum.Jobs+done.Jobs
		sum.Keys, sum.Ticks = sum.Keys+done.Keys, sum.Ticks+done.Ticks
		if at = next; at == (store.Place{}) {
			return sum, nil
		}
	}
	return sum, errors.New("the pass never ends")
}

// wantEmpty fails the test when there is anything of any workflow or job.
func (r *rig) wantEmpty() {
	r.Helper()
	for _, table := range []string{"workflows", "jobs", "job_state", "ready", "timers", "attempts", "edges", "edge_check"} {
		r.wantRows(table, 0)
	}
}

// age lets time pass until whatever has ended is old.
func (r *rig) age() { r.Advance(kept + slack) }

func testPurge(t *testing.T, open Opener) {
	purgeAges(t, open)
	purgeNeeds(t, open)
	purgeSteps(t, open)
	purgeDeletes(t, open)
	purgeParts(t, open)
	testReapers(t, open)
}

// purgeAges are about what is old.
func purgeAges(t *testing.T, open Opener) {
	check(t, open, "what has ended is deleted with all there is of it once it was kept for long enough", func(r *rig) {
		retried := task("retried").WithRetry(retries(2, time.Minute)).WithDeadline(1000 * time.Hour)
		r.enqueue(graph(retried, task("child", retried)).WithTimeout(1000 * time.Hour))
		r.enqueueJobs(task("alone").WithDeadline(1000 * time.Hour))
		got := r.claimNamed("retried", "alone")
		r.commit(failed(got["retried"]))
		r.complete(got["alone"])
		r.Advance(time.Hour)
		r.fire()
		r.runToEnd()
		r.Advance(kept - time.Hour)
		r.equal("purged", r.purge(keepAll(kept)), store.Purged{Jobs: 1})
		r.Advance(time.Hour + slack)
		r.equal("purged", r.purge(keepAll(kept)), store.Purged{Workflows: 1, Jobs: 2})
		r.wantEmpty()
	})

	check(t, open, "each status is kept as long as it says", func(r *rig) {
		for _, c := range []struct {
			keep store.Retention
			end  func(store.Claimed) job.Outcome
		}{
			{store.Retention{Completed: kept}, completed1},
			{store.Retention{Failed: kept}, failedForGood},
			{store.Retention{Dead: kept}, failed},
			{store.Retention{TimedOut: kept}, func(c store.Claimed) job.Outcome { return ended(c, job.KindTimedOut) }},
		} {
			r.enqueueJobs(task("a").WithRetry(once()))
			r.commit(c.end(r.claimOne()))
			r.age()
			other := keepAll(kept)
			other.Completed, other.Failed = zeroIf(c.keep.Completed), zeroIf(c.keep.Failed)
			other.Dead, other.TimedOut = zeroIf(c.keep.Dead), zeroIf(c.keep.TimedOut)
			r.equal("purged when only others are old", r.purge(other), store.Purged{})
			r.equal("purged", r.purge(c.keep), store.Purged{Jobs: 1})
		}
		for _, c := range []struct {
			keep store.Retention
			end  func(id job.ID)
		}{
			{store.Retention{Completed: kept}, func(job.ID) { r.complete(r.claimOne()) }},
			{store.Retention{Failed: kept}, func(job.ID) { r.commit(failedForGood(r.claimOne())) }},
			{store.Retention{Cancelled: kept}, func(id job.ID) { r.cancel(id) }},
		} {
			c.end(r.start(task("a")))
			r.age()
			other := keepAll(kept)
			other.Completed, other.Failed, other.Cancelled = zeroIf(c.keep.Completed), zeroIf(c.keep.Failed), zeroIf(c.keep.Cancelled)
			r.equal("purged when only others are old", r.purge(other), store.Purged{})
			r.equal("purged", r.purge(c.keep), store.Purged{Workflows: 1, Jobs: 1})
		}
	})

	check(t, open, "what is kept for ever stays", func(r *rig) {
		r.start(chain(2)...)
		r.enqueueJobs(task("alone"))
		r.runToEnd()
		r.Advance(100_000 * time.Hour)
		r.equal("purged", r.purge(store.Retention{}), store.Purged{})
		r.wantRows("jobs", 3)
	})

	check(t, open, "what has not ended stays, however old it is", func(r *rig) {
		id := r.start(chain(2)...)
		r.enqueueJobs(task("waits").WithDelay(100_000*time.Hour), task("held").WithPriority(job.High), task("ready").WithPriority(job.Low))
		r.claimNamedFirst("held")
		r.complete(r.claimNamedFirst("j0"))
		r.Advance(1000 * time.Hour)
		r.unchanged(id, func() { r.equal("purged", r.purge(keepAll(time.Hour)), store.Purged{}) })
	})

	check(t, open, "old and young ones are told apart, whatever the order of their ids", func(r *rig) {
		ids := sortedIDs(6)
		for i, k := range []int{3, 0, 5, 1, 4, 2} {
			j := task("j")
			j.ID = ids[k]
			r.enqueueJobs(j)
			r.runToEnd()
			if i == 2 {
				r.age()
			}
		}
		r.equal("purged", r.purgeBy(r.s, keepAll(kept), 2), store.Purged{Jobs: 3})
		r.wantAbsent(ids[3], ids[0], ids[5])
		for _, k := range []int{1, 4, 2} {
			r.wantJob(ids[k], "completed")
		}
	})

	check(t, open, "an idempotency key goes after what it made, and not before its own time", func(r *rig) {
		a, b := task("a"), task("b")
		r.enqueueKeyed([]*job.Job{a, b}, key("a", "a"), key("b", "b"))
		r.complete(r.claimNamedFirst("a"))
		r.Advance(time.Hour)
		r.equal("purged", r.purge(keepAll(time.Minute)), store.Purged{Jobs: 1, Keys: 1})
		r.wantRows("idempotency_keys", 1)
		r.runToEnd()
		r.Advance(time.Hour)
		short := keepAll(time.Minute)
		short.Keys = 100 * time.Hour
		r.equal("purged", r.purge(short), store.Purged{Jobs: 1})
		e := r.enqueueKeyed([]*job.Job{task("again")}, key("b", "b"))
		r.equal("the key still stands for", e.IDs, []job.ID{b.ID})
		r.Advance(100 * time.Hour)
		r.equal("purged", r.purge(short), store.Purged{Keys: 1})
	})
}

func zeroIf(d time.Duration) time.Duration {
	if d > 0 {
		return 0
	}
	return kept
}

// purgeNeeds are about parents of what has not ended.
func purgeNeeds(t *testing.T, open Opener) {
	for _, c := range []struct {
		what   string
		parent func(r *rig, parent *job.Job) // enqueues it
		purged store.Purged
	}{
		{"a job", func(r *rig, parent *job.Job) { r.enqueueJobs(parent) }, store.Purged{Jobs: 1}},
		{"a workflow", func(r *rig, parent *job.Job) { r.start(parent, task("sibling", parent)) }, store.Purged{Workflows: 1, Jobs: 2}},
	} {
		check(t, open, c.what+" stays while a job of another workflow depends on it", func(r *rig) {
			parent := task("parent").WithPriority(job.High)
			c.parent(r, parent)
			r.runToEnd()
			r.start(task("child", parent))
			r.age()
			r.equal("purged before the check", r.purge(keepAll(kept)), store.Purged{})
			r.checkEdges()
			r.age()
			r.equal("purged after the check", r.purge(keepAll(kept)), store.Purged{})
			child := r.claimOne()
			r.equal("parents", len(child.Parents), 1)
			r.equal("purged while the child runs", r.purge(keepAll(kept)), store.Purged{})
			r.complete(child)
			r.equal("purged in the end", r.purge(keepAll(kept)), c.purged)
		})

		check(t, open, c.what+" stays while a job without a workflow depends on it", func(r *rig) {
			parent := task("parent")
			c.parent(r, parent)
			r.runToEnd()
			r.enqueueJobs(task("child", parent).WithDelay(1000 * time.Hour))
			r.checkEdges()
			r.age()
			r.equal("purged", r.purge(keepAll(kept)), store.Purged{})
		})

		check(t, open, "an enqueue that names "+c.what+" while it is deleted is refused, or its job ends or has its parent", func(r *rig) {
			for round := range 30 {
				parent := task("parent")
				c.parent(r, parent)
				r.runToEnd()
				r.age()
				child := task("child", parent)
				r.ok(workflow.ValidateJobs([]*job.Job{child}), "validate")
				var enqueueErr, checkErr, purgeErr error
				together(
					func() { _, purgeErr = pass(r, r.s, keepAll(kept), everything) },
					func() {
						if _, enqueueErr = r.Second().EnqueueJobs(r.ctx, []*job.Job{child}, nil); enqueueErr == nil {
							_, checkErr = r.Second().CheckEdges(r.ctx, everything)
						}
					},
				)
				r.ok(purgeErr, "purge")
				r.ok(checkErr, "check edges")
				r.checkEdges()
				got := r.claimAll()
				switch {
				case errors.Is(enqueueErr, store.ErrUnknownParent):
					r.wantAbsent(child.ID)
				case enqueueErr != nil:
					r.Fatalf("enqueue: %v", enqueueErr)
				case len(got) == 0:
					r.wantJob(child.ID, "upstream_failed parent_deleted")
				default:
					r.equal("parents", len(got[0].Parents), 1)
					r.complete(got...)
				}
				r.wantRows("edge_check", 0)
				if r.Failed() {
					r.Fatalf("in round %d", round)
				}
			}
		})
	}

	check(t, open, "a job whose parent was deleted before its edge was looked at ends as upstream_failed, and says so", func(r *rig) {
		parent := task("parent")
		r.enqueueJobs(parent)
		r.runToEnd()
		child := task("child", parent)
		id := r.start(child, task("grandchild", child), task("free"))
		r.plant("DELETE FROM jobs WHERE name = 'parent'")
		r.plant("DELETE FROM job_state WHERE finished_at IS NOT NULL")
		r.checkEdges()
		r.wantJobs(id, "child: upstream_failed parent_deleted", "grandchild: upstream_failed upstream", "free: cancelled fail_fast")
		r.equal("cause", r.job(child.ID).Cause, parent.ID)
		r.wantWorkflow(id, workflow.Failed)
		r.wantRows("edge_check", 0)
	})

	check(t, open, "to a job outside the jobs of a workflow that is being deleted are gone", func(r *rig) {
		parent := task("parent")
		id := r.start(parent)
		r.runToEnd()
		child := task("child", parent)
		r.enqueueJobs(child)
		r.plant("UPDATE workflows SET hidden = 'purging'") // while the enqueue was under way
		r.checkEdges()
		r.wantJob(child.ID, "upstream_failed parent_deleted")
		late := task("late", parent)
		_, err := r.s.EnqueueJobs(r.ctx, []*job.Job{late}, nil)
		r.isErr("enqueue", err, store.ErrUnknownParent)
		r.equal("purged", r.purge(keepAll(kept)), store.Purged{Workflows: 1, Jobs: 1})
		_, err = r.s.Workflow(r.ctx, id)
		r.isErr("workflow", err, job.ErrNotFound)
	})

	check(t, open, "a parent that ends after its child was deleted leaves nothing behind", func(r *rig) {
		parent := task("parent").WithPriority(job.High)
		r.enqueueJobs(parent)
		id := r.start(task("child", parent))
		r.checkEdges()
		held := r.claimOne()
		r.cancel(id)
		r.age()
		r.equal("purged", r.purge(keepAll(kept)), store.Purged{Workflows: 1, Jobs: 1})
		r.complete(held)
		r.checkEdges()
		r.age()
		r.equal("purged", r.purge(keepAll(kept)), store.Purged{Jobs: 1})
		r.wantEmpty()
	})
}
