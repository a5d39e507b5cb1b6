package storetest

import (
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// narrow makes a transaction settle 10 edges of jobs that complete, and an
// edge check 5.
var narrow = store.Options{SettledEdges: 10}

// runOn runs jobs, and checks edges, until neither brings anything. It returns
// how many jobs it ran.
func (r *rig) runOn() int {
	r.Helper()
	for n := 0; ; {
		r.checkEdges()
		ran := r.runToEnd()
		if ran == 0 {
			return n
		}
		n += ran
	}
}

// page checks edges once.
func (r *rig) page() store.Resolution {
	r.Helper()
	res, err := r.s.CheckEdges(r.ctx, everything)
	r.ok(err, "check edges")
	return res
}

// unresolved counts the edges that are.
func (r *rig) unresolved() int {
	r.Helper()
	return r.count("edges WHERE state = 'unresolved'")
}

func testWideParent(t *testing.T, open Opener) {
	check := func(t *testing.T, open Opener, sentence string, f func(r *rig)) {
		checkWith(t, open, narrow, sentence, f)
	}

	check(t, open, "a job with more children than a transaction settles ends at once, and starts them page by page", func(r *rig) {
		id := r.start(fan(23)...)
		res := r.complete(r.claimOne())
		r.equal("checks", res.Checks, true)
		r.equal("queues", len(res.Queues), 0)
		r.wantRows("ready", 0)
		r.wantRows("edge_check", 1)
		r.wantTally(id, workflow.Tally{Total: 25, Completed: 1})
		for page := 1; page <= 5; page++ {
			res := r.page()
			r.equal("queues", res.Queues, []string{queue})
			r.wantRows("ready", min(5*page, 23))
			if page < 5 {
				r.equal("done, so that it is called again", res.Done, everything)
			}
		}
		r.wantRows("edge_check", 0)
		r.equal("done", r.page().Done, 0)
		r.equal("jobs run", r.runOn(), 24)
		r.wantWorkflow(id, workflow.Completed)
		r.noUnresolvedEdges()
	})

	check(t, open, "what fits is settled beside a parent whose edges do not", func(r *rig) {
		small, large := task("small"), task("large")
		r.start(append(tasks(30, "l", large), small, large, task("s", small))...)
		got := r.claimNamed("small", "large")
		r.complete(got["large"], got["small"])
		r.claimNamed("s")
		r.checkEdges()
		r.equal("claimable", len(r.claimAll()), 30)
	})

	check(t, open, "two callers start each child of a wide parent once", func(r *rig) {
		id := r.start(fan(60)...)
		r.complete(r.claimOne())
		for range 60 {
			var err1, err2 error
			together(
				func() { _, err1 = r.s.CheckEdges(r.ctx, everything) },
				func() { _, err2 = r.Second().CheckEdges(r.ctx, everything) },
			)
			r.ok(err1, "check edges")
			r.ok(err2, "check edges")
			if r.count("edge_check") == 0 {
				break
			}
		}
		r.wantRows("edge_check", 0)
		r.wantRows("ready", 60)
		r.equal("jobs run", r.runOn(), 61)
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "a cancel between the pages of a wide parent ends all of its children", func(r *rig) {
		id := r.start(fan(23)...)
		r.complete(r.claimOne())
		r.page()
		r.cancel(id)
		r.wantTally(id, workflow.Tally{Total: 25, Completed: 1, Cancelled: 24})
		r.wantWorkflow(id, workflow.Cancelled)
		r.checkEdges()
		r.wantRows("ready", 0)
		r.wantTally(id, workflow.Tally{Total: 25, Completed: 1, Cancelled: 24})
		r.noUnresolvedEdges()
	})

	check(t, open, "a failure between the pages of a wide parent stops all of its children", func(r *rig) {
		id := r.start(append(fan(23), task("free"))...)
		got := r.claimNamed("first", "free")
		r.complete(got["first"])
		r.page()
		r.commit(failedForGood(got["free"]))
		r.checkEdges()
		r.wantTally(id, workflow.Tally{Total: 26, Completed: 1, Failed: 1, Cancelled: 24})
		r.wantWorkflow(id, workflow.Failed)
		r.wantRows("ready", 0)
		r.noUnresolvedEdges()
	})

	check(t, open, "a failure in the batch of a wide parent stops all of its children", func(r *rig) {
		id := r.start(append(fan(23), task("free"))...)
		got := r.claimNamed("first", "free")
		r.commit(completed1(got["first"]), failedForGood(got["free"]))
		r.checkEdges()
		r.wantWorkflow(id, workflow.Failed)
		r.wantTally(id, workflow.Tally{Total: 26, Completed: 1, Failed: 1, Cancelled: 24})
		r.noUnresolvedEdges()
	})

	check(t, open, "a child that fails while a wide parent is worked off stays as it ended", func(r *rig) {
		parents := tasks(2, "p")
		id := r.enqueueTolerant(append(parents, tasks(12, "c", parents...)...)...)
		got := r.claimNamed("p0", "p1")
		r.complete(got["p0"])
		r.page()
		r.commit(failedForGood(got["p1"]))
		r.wantTally(id, workflow.Tally{Total: 14, Completed: 1, Failed: 1, UpstreamFailed: 12})
		r.checkEdges()
		r.wantWorkflow(id, workflow.Failed)
		r.noUnresolvedEdges()
	})

	check(t, open, "jobs that would have caught the failure of a wide parent are skipped", func(r *rig) {
		jobs := []*job.Job{task("first")}
		for _, j := range tasks(12, "rescue") {
			jobs = append(jobs, j.DependsOnFailure(jobs[0]).AsCatch())
		}
		id := r.start(jobs...)
		r.complete(r.claimOne())
		for range 3 {
			r.page()
		}
		r.wantTally(id, workflow.Tally{Total: 13, Completed: 1, Skipped: 12})
		r.wantWorkflow(id, workflow.Completed)
		r.noUnresolvedEdges()
	})

	check(t, open, "a barrier before more jobs than a transaction settles completes at once, and starts them page by page", func(r *rig) {
		id := r.start(gated(12)...)
		for _, c := range r.claimAll() {
			r.complete(c)
		}
		r.wantTally(id, workflow.Tally{Total: 25, Completed: 13})
		r.wantRows("edge_check", 1)
		r.equal("jobs run", r.runOn(), 12)
		r.wantWorkflow(id, workflow.Completed)
		r.noUnresolvedEdges()
	})

	check(t, open, "a wide barrier behind a wide parent is left to the next page, too", func(r *rig) {
		first := task("first")
		gates := []*job.Job{barrier("g0", first), barrier("g1", first)}
		jobs := append(append([]*job.Job{first}, gates...), tasks(12, "m", first)...)
		id := r.start(append(jobs, tasks(12, "b", gates...)...)...)
		r.equal("jobs run", r.runOn(), 1+12+12)
		r.wantWorkflow(id, workflow.Completed)
		r.noUnresolvedEdges()
	})

	check(t, open, "children of several wide parents start when all of them are worked off", func(r *rig) {
		parents := tasks(3, "p")
		id := r.start(append(parents, tasks(12, "c", parents...)...)...)
		r.complete(r.claimAll()...)
		r.wantRows("edge_check", 3)
		for r.unresolved() > 12 {
			before := r.unresolved()
			r.page()
			if r.unresolved() >= before {
				r.Fatalf("a page settles nothing")
			}
		}
		r.checkEdges()
		r.equal("claimable", r.count("ready"), 12)
		r.equal("jobs run", r.runOn(), 12)
		r.wantWorkflow(id, workflow.Completed)
		r.noUnresolvedEdges()
	})

	check(t, open, "children of a wide parent may be in many workflows", func(r *rig) {
		parent := task("parent")
		r.enqueueJobs(parent)
		for range 6 {
			r.start(tasks(4, "c", parent)...)
		}
		r.checkEdges()
		r.complete(r.claimNamed("parent")["parent"])
		r.wantRows("edge_check", 1)
		r.checkEdges()
		r.equal("claimable", len(r.claimAll()), 24)
		r.noUnresolvedEdges()
	})

	check(t, open, "a wide parent holds up no other edge check", func(r *rig) {
		first := fan(60)
		r.start(first...)
		outside := taskOn("other", "outside")
		r.enqueueJobs(outside)
		r.complete(r.claimAll()...)
		r.start(taskOn("other", "child", outside))
		r.page()
		r.equal("claimed", r.claimOne("other").Name, "child")
	})

	check(t, open, "a child outside that is enqueued between the pages of a wide parent starts once", func(r *rig) {
		jobs := fan(12)
		r.start(jobs...)
		r.complete(r.claimOne())
		r.page()
		r.page()
		id := r.start(task("late", jobs[0])) // its edge waits for a check of its own, too
		r.checkEdges()
		r.wantRows("ready", 13)
		r.wantRows("edge_check", 0)
		r.runOn()
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "the check of a parent that is open or gone is dropped, and holds up no other", func(r *rig) {
		r.start(fan(12)...)
		r.complete(r.claimOne())
		open := task("open")
		r.start(append(tasks(12, "o", open), open)...)
		r.plant("UPDATE edge_check SET parent_id = (SELECT id FROM jobs WHERE name = 'open')")
		r.equal("done with the check of an open parent", r.page().Done, 1)
		r.wantRows("edge_check", 0)
		r.start(append(fan(12), task("free"))...)
		r.complete(r.claimNamed("first", "free", "open")["first"])
		r.plant("UPDATE edge_check SET parent_id = (SELECT workflow_id FROM jobs WHERE name = 'free')")
		r.equal("done with the check of a parent that is gone", r.page().Done, 1)
		r.wantRows("edge_check", 0)
	})

	check(t, open, "a job whose edges wait for a check stays", func(r *rig) {
		parent := task("parent")
		children := tasks(12, "c", parent)
		r.enqueueJobs(append([]*job.Job{parent}, children...)...)
		r.complete(r.claimNamed("parent")["parent"])
		for _, c := range children {
			r.cancelJob(c.ID)
		}
		r.age()
		r.purge(keepAll(kept))
		r.equal("status", r.job(parent.ID).Status, job.Completed)
		r.checkEdges()
		r.purge(keepAll(kept))
		r.wantEmpty()
	})

	check(t, open, "a workflow whose edges wait for a check stays", func(r *rig) {
		id := r.start(fan(12)...)
		r.complete(r.claimOne())
		r.cancel(id)
		r.age()
		r.equal("purged", r.purge(keepAll(kept)), store.Purged{})
		r.checkEdges()
		r.equal("purged", r.purge(keepAll(kept)), store.Purged{Workflows: 1, Jobs: 14})
		r.wantEmpty()
	})

	for mode, suffix := range map[BreakMode]string{
		CommitHappened: ", when the broken commit happened",
		CommitRefused:  ", when the broken commit did not happen",
	} {
		check(t, open, "a repeated page of a wide parent counts each edge once"+suffix, func(r *rig) {
			id := r.start(fan(12)...)
			r.complete(r.claimOne())
			next := func() error {
				_, err := r.s.CheckEdges(r.ctx, everything)
				return err
			}
			r.broken(mode, next, next)
			r.checkEdges()
			r.wantRows("ready", 12)
			r.equal("jobs run", r.runOn(), 13)
			r.wantWorkflow(id, workflow.Completed)
		})
	}

	check(t, open, "neither the end of a wide parent nor a page of it takes a statement for each child", func(r *rig) {
		count := func(n int) (end, page int) {
			r.start(fan(n)...)
			c := r.claimOne()
			end = r.cost(func() { r.complete(c) })
			page = r.cost(func() { r.page() })
			r.runOn()
			return end, page
		}
		count(20)
		end1, page1 := count(20)
		end2, page2 := count(150)
		r.equal("statements of the end", end2, end1)
		r.equal("statements of a page", page2, page1)
	})

	check(t, open, "pages of wide parents lock workflows, then jobs, each by id", func(r *rig) {
		r.start(fan(12)...)
		r.checkLocks(func() { r.complete(r.claimOne()) })
		r.checkLocks(func() { r.checkEdges() })
	})
}
