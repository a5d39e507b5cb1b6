package storetest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func testEdgeCheck(t *testing.T, open Opener) {
	check(t, open, "a parent outside that ended before the enqueue counts", func(r *rig) {
		parent := task("parent")
		r.enqueueJobs(parent)
		r.runToEnd()
		e := r.enqueue(graph(task("child", parent)))
		r.equal("checks", e.Checks, true)
		r.equal("queues", len(e.Queues), 0)
		r.equal("queues after the check", r.checkEdges().Queues, []string{queue})
		r.claimNamed("child")
	})

	check(t, open, "a parent outside that ends after the enqueue and before the check counts", func(r *rig) {
		parent := task("parent")
		r.enqueueJobs(parent)
		r.enqueue(graph(task("child", parent)))
		r.complete(r.claimNamed("parent")["parent"])
		r.checkEdges()
		r.claimNamed("child")
	})

	check(t, open, "a parent outside that ends after the check counts", func(r *rig) {
		parent := task("parent")
		r.enqueueJobs(parent)
		r.enqueue(graph(task("child", parent)))
		r.checkEdges()
		res := r.complete(r.claimNamed("parent")["parent"])
		if res.Checks {
			r.checkEdges()
		}
		r.claimNamed("child")
	})

	check(t, open, "a parent outside that ends during the enqueue counts", func(r *rig) {
		for round := range 40 {
			parent := task("parent")
			r.enqueueJobs(parent)
			c := r.claimOne()
			w := graph(task("child", parent))
			r.ok(w.Validate(), "validate")
			var resolveErr, enqueueErr error
			together(
				func() { _, resolveErr = r.s.Resolve(r.ctx, []job.Outcome{completed1(c)}) },
				func() { _, enqueueErr = r.Second().EnqueueWorkflow(r.ctx, w, store.EnqueueOptions{}) },
			)
			r.ok(resolveErr, "resolve")
			r.ok(enqueueErr, "enqueue")
			r.checkEdges()
			child := r.claimOne()
			r.equal("claimed", child.Name, "child")
			r.complete(child)
			r.wantWorkflow(w.ID, workflow.Completed)
			if r.Failed() {
				r.Fatalf("in round %d", round)
			}
		}
	})

	check(t, open, "a parent that ends while its edge is being checked counts once", func(r *rig) {
		for round := range 40 {
			parent := task("parent")
			r.enqueueJobs(parent)
			w := graph(task("child", parent))
			r.enqueue(w)
			c := r.claimOne()
			var resolveErr, checkErr error
			together(
				func() { _, resolveErr = r.s.Resolve(r.ctx, []job.Outcome{completed1(c)}) },
				func() { _, checkErr = r.Second().CheckEdges(r.ctx, everything) },
			)
			r.ok(resolveErr, "resolve")
			r.ok(checkErr, "check edges")
			r.checkEdges()
			r.wantRows("ready", 1)
			r.complete(r.claimOne())
			r.wantWorkflow(w.ID, workflow.Completed)
			if r.Failed() {
				r.Fatalf("in round %d", round)
			}
		}
	})

	check(t, open, "a parent may be in another workflow, which its children don't hold up", func(r *rig) {
		parent := task("parent")
		first := r.start(parent, task("sibling", parent))
		second := r.start(task("child", parent))
		r.complete(r.claimNamed("parent")["parent"])
		r.checkEdges()
		got := r.claimNamed("sibling", "child")
		r.complete(got["sibling"])
		r.wantWorkflow(first, workflow.Completed)
		r.wantWorkflow(second, workflow.Running)
		r.complete(got["child"])
		r.wantWorkflow(second, workflow.Completed)
	})

	check(t, open, "a job without a workflow may wait for one in a workflow", func(r *rig) {
		parent := task("parent")
		r.start(parent)
		child := task("child", parent)
		r.equal("checks", r.enqueueJobs(child).Checks, true)
		r.wantJob(child.ID, "pending")
		r.complete(r.claimNamed("parent")["parent"])
		r.checkEdges()
		r.claimNamed("child")
	})

	check(t, open, "a failed parent outside fails its child, and its child's workflow", func(r *rig) {
		for _, late := range []bool{false, true} {
			parent := task("parent")
			r.enqueueJobs(parent)
			c := r.claimOne()
			if !late {
				r.commit(failedForGood(c))
			}
			child := task("child", parent)
			id := r.start(child, task("grandchild", child), task("free"))
			r.checkEdges()
			if late {
				r.wantWorkflow(id, workflow.Running)
				r.commit(failedForGood(c))
				r.checkEdges()
			}
			r.wantJobs(id, "child: upstream_failed upstream", "grandchild: upstream_failed upstream", "free: cancelled fail_fast")
			r.equal("cause", r.job(child.ID).Cause, parent.ID)
			r.wantTally(id, workflow.Tally{Total: 3, UpstreamFailed: 2, Cancelled: 1})
			r.wantWorkflow(id, workflow.Failed)
			r.wantIdle()
		}
	})

	check(t, open, "a cancelled parent outside fails its child", func(r *rig) {
		parent := task("parent")
		first := r.start(parent)
		second := r.start(task("child", parent))
		r.checkEdges()
		if r.cancel(first).Checks {
			r.checkEdges()
		}
		r.wantJobs(second, "child: upstream_failed upstream")
		r.wantWorkflow(second, workflow.Failed)
	})

	check(t, open, "a failure goes on through workflows, with its first cause", func(r *rig) {
		a := task("a")
		b := task("b", a)
		c := task("c", b)
		first := r.start(a)
		second := r.start(b)
		third := r.start(c)
		r.checkEdges()
		r.commit(failedForGood(r.claimOne()))
		r.checkEdges()
		for _, id := range []job.ID{first, second, third} {
			r.wantWorkflow(id, workflow.Failed)
		}
		r.wantJob(c.ID, "upstream_failed upstream")
		r.equal("cause", r.job(c.ID).Cause, a.ID)
	})

	check(t, open, "parents inside and outside are waited for alike", func(r *rig) {
		outside, inside := task("outside"), task("inside")
		r.enqueueJobs(outside)
		id := r.start(inside, task("child", inside, outside))
		got := r.claimNamed("outside", "inside")
		r.complete(got["outside"])
		r.checkEdges()
		r.wantIdle()
		r.complete(got["inside"])
		r.complete(r.claimNamed("child")["child"])
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "500 edges are checked no more than the limit at a time", func(r *rig) {
		parents := tasks(500, "p")
		r.enqueueJobs(parents...)
		claimed := r.claimAll()
		r.complete(claimed[:250]...)
		id := r.start(task("child", parents...))
		handled := 0
		for range 20 {
			res, err := r.s.CheckEdges(r.ctx, 100)
			r.ok(err, "check edges")
			handled += res.Done
			if res.Done > 100 {
				r.Fatalf("%d edges were checked, the limit is 100", res.Done)
			}
			if res.Done < 100 {
				break
			}
		}
		r.equal("edges checked", handled, 500)
		r.wantIdle()
		r.complete(claimed[250:]...)
		r.checkEdges()
		r.complete(r.claimNamed("child")["child"])
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "one parent outside flips 500 children of many workflows", func(r *rig) {
		parent := task("parent")
		r.enqueueJobs(parent)
		for range 5 {
			r.start(tasks(100, "c", parent)...)
		}
		r.complete(r.claimNamed("parent")["parent"])
		r.checkEdges()
		r.equal("claimable", len(r.claimAll()), 500)
	})

	check(t, open, "an edge check of a cancelled workflow starts nothing", func(r *rig) {
		parent := task("parent")
		r.enqueueJobs(parent)
		id := r.start(task("child", parent))
		r.cancel(id)
		r.complete(r.claimNamed("parent")["parent"])
		r.checkEdges()
		r.wantIdle()
		r.wantJobs(id, "child: cancelled user")
		r.wantTally(id, workflow.Tally{Total: 1, Cancelled: 1})
	})

	check(t, open, "a failure of a parent outside stops all of its child's workflow, also when both are in one batch", func(r *rig) {
		x := task("x")
		first := r.start(x)
		y, z := task("y"), task("z").WithDelay(leaseTTL)
		c := task("c", y).DependsOnIDs(x.ID)
		second := r.start(y, z, c)
		r.checkEdges()
		got := r.claimNamed("x", "y")
		r.commit(failedForGood(got["x"]), completed1(got["y"]))
		r.checkEdges()
		r.wantWorkflow(first, workflow.Failed)
		r.wantWorkflow(second, workflow.Failed)
		r.wantTally(second, workflow.Tally{Total: 3, Completed: 1, UpstreamFailed: 1, Cancelled: 1})
	})

	check(t, open, "without checks there is nothing to do", func(r *rig) {
		id := r.start(diamond()...)
		r.unchanged(id, func() {
			res, err := r.s.CheckEdges(r.ctx, 10)
			r.ok(err, "check edges")
			r.equal("done", res.Done, 0)
		})
	})

	for _, limit := range []int{1, 2, 3, 10} {
		check(t, open, fmt.Sprintf("checks that always fail hold up no other, %d at a time", limit), func(r *rig) {
			parents := tasks(9, "p")
			r.enqueueJobs(parents...)
			r.runToEnd()
			for i, p := range parents {
				r.start(task(fmt.Sprintf("child%d", i), p))
			}
			broken := []string{"child0", "child1", "child4", "child8"}
			for _, name := range broken {
				r.plant("UPDATE jobs SET rules = '{' WHERE name = ?", name)
			}
			for range 2 * len(parents) {
				if _, err := r.s.CheckEdges(r.ctx, limit); err != nil && !strings.Contains(err.Error(), "rules of job") {
					r.Fatal(err)
				}
			}
			r.wantRows("edge_check", len(broken))
			r.equal("claimable", len(r.claimAll()), len(parents)-len(broken))
			r.start(task("late", parents[0]))
			res, err := r.s.CheckEdges(r.ctx, everything)
			if err == nil {
				r.Error("nothing failed")
			}
			r.equal("what was done is said with the error", res.Queues, []string{queue})
			r.claimNamed("late")
			r.plant("UPDATE jobs SET rules = '' WHERE rules = '{'")
			r.checkEdges()
			r.equal("claimable when they fail no more", len(r.claimAll()), len(broken))
		})
	}

	check(t, open, "a look that is given up is not taken apart", func(r *rig) {
		parents := tasks(9, "p")
		r.enqueueJobs(parents...)
		r.start(task("child", parents...))
		ctx, giveUp := context.WithCancel(r.ctx)
		defer giveUp()
		n := 0
		r.Before(func(name, _ string, _ func(string, ...any)) {
			if name == "edges_between" {
				n++
				giveUp()
			}
		})
		_, err := r.s.CheckEdges(ctx, everything)
		r.Before(nil)
		r.isErr("check edges", err, context.Canceled)
		r.equal("times they were worked off", n, 1)
		r.wantRows("edge_check", 9)
	})

	check(t, open, "two checkers at once count each edge once", func(r *rig) {
		parents := tasks(100, "p")
		r.enqueueJobs(parents...)
		r.runToEnd()
		id := r.start(task("child", parents...))
		var one, two store.Resolution
		var err1, err2 error
		together(
			func() { one, err1 = r.s.CheckEdges(r.ctx, 60) },
			func() { two, err2 = r.Second().CheckEdges(r.ctx, 60) },
		)
		r.ok(err1, "check edges")
		r.ok(err2, "check edges")
		if one.Done+two.Done > 100 {
			r.Errorf("%d and %d edges were checked, there are 100", one.Done, two.Done)
		}
		r.checkEdges()
		r.wantRows("ready", 1)
		r.complete(r.claimNamed("child")["child"])
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "of jobs without a workflow whose edges are looked at together each counts its parent once", func(r *rig) {
		a := task("a")
		b := task("b", a)
		c := task("c", b)
		r.enqueueJobs(a)
		r.commit(failedForGood(r.claimOne()))
		r.enqueueJobs(b)
		r.enqueueJobs(c)
		r.checkEdges()
		r.wantJob(b.ID, "upstream_failed upstream")
		r.wantJob(c.ID, "upstream_failed upstream")
		r.wantRows("edge_check", 0)
	})
}
