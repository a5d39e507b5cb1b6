package storetest

import (
	"testing"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func testGraph(t *testing.T, open Opener) {
	check(t, open, "a chain runs one job after the other", func(r *rig) {
		id := r.start(chain(5)...)
		for _, name := range []string{"j0", "j1", "j2", "j3", "j4"} {
			r.wantWorkflow(id, workflow.Running)
			res := r.complete(r.claimNamed(name)[name])
			if name != "j4" {
				r.equal("queues after "+name, res.Queues, []string{queue})
			}
		}
		r.wantIdle()
		r.wantWorkflow(id, workflow.Completed)
		r.wantTally(id, workflow.Tally{Total: 5, Completed: 5})
	})

	check(t, open, "a diamond's last job waits for both sides", func(r *rig) {
		id := r.start(diamond()...)
		r.complete(r.claimNamed("top")["top"])
		sides := r.claimNamed("left", "right")
		r.complete(sides["right"])
		r.wantIdle()
		r.complete(sides["left"])
		r.complete(r.claimNamed("bottom")["bottom"])
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "both sides of a diamond in one batch flip its last job once", func(r *rig) {
		r.start(diamond()...)
		r.complete(r.claimOne())
		r.complete(r.claimAll()...)
		r.wantRows("ready", 1)
		r.claimNamed("bottom")
		r.wantIdle()
	})

	check(t, open, "a flipped job is satisfied, its edges are resolved and its time is now", func(r *rig) {
		jobs := chain(2)
		r.start(jobs...)
		r.complete(r.claimOne())
		rec := r.job(jobs[1].ID)
		r.equal("status", rec.Status, job.Pending)
		r.equal("dependency status", rec.DependencyStatus, job.Satisfied)
		r.equal("parents", rec.DependsOn, idsOf(jobs[:1]))
		states := r.query("SELECT state FROM edges")
		r.equal("edges", len(states), 1)
		r.equal("state", text(states[0]["state"]), string(workflow.EdgeActive))
	})

	check(t, open, "1,000 parents in batches flip their child with the last one", func(r *rig) {
		id := r.start(fanIn(1000)...)
		claimed := r.claimAll()
		r.equal("parents", len(claimed), 1000)
		for len(claimed) > 0 {
			r.wantRows("ready", 0)
			n := min(97, len(claimed))
			r.complete(claimed[:n]...)
			claimed = claimed[n:]
		}
		last := r.claimNamed("last")["last"]
		r.equal("results by fetch or inline", len(last.Parents) == 1000 || last.Fetch, true)
		r.complete(last)
		r.wantWorkflow(id, workflow.Completed)
		r.wantTally(id, workflow.Tally{Total: 1001, Completed: 1001})
	})

	check(t, open, "one parent flips 1,000 children in one batch", func(r *rig) {
		r.start(fan(1000)...)
		res := r.complete(r.claimOne())
		r.equal("queues", res.Queues, []string{queue})
		r.wantRows("ready", 1000)
		r.equal("claimable", len(r.claimAll()), 1000)
	})

	check(t, open, "a batch that ends jobs of two layers of one workflow keeps the order of dependencies", func(r *rig) {
		a, b := task("a"), task("b")
		id := r.start(a, b, task("c", a), task("d", a, b))
		got := r.claimNamed("a", "b")
		r.complete(got["a"])
		c := r.claimNamed("c")["c"]
		res := r.complete(c, got["b"])
		r.equal("events", events(res), []string{"c completed", "b completed"})
		r.complete(r.claimNamed("d")["d"])
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "queues that got jobs are named once, sorted", func(r *rig) {
		root := task("root")
		r.start(root, taskOn("z", "1", root), taskOn("a", "2", root), taskOn("z", "3", root), taskOn("m", "4", root))
		r.equal("queues", r.complete(r.claimOne()).Queues, []string{"a", "m", "z"})
	})

	check(t, open, "the end of a workflow is told once, with its last job", func(r *rig) {
		id := r.start(chain(3)...)
		told := 0
		for range 3 {
			res := r.complete(r.claimOne())
			for _, e := range res.Workflows {
				r.equal("workflow", e.Workflow, id)
				r.equal("status", e.Status, workflow.Completed)
				told++
			}
		}
		r.equal("times told", told, 1)
		rec := r.workflow(id)
		r.isNear("finished", r.Now().Sub(rec.FinishedAt), 0)
		if rec.StartedAt.IsZero() || rec.StartedAt.After(rec.FinishedAt) || rec.StartedAt.Before(rec.CreatedAt) {
			r.Errorf("created %s, started %s, finished %s", rec.CreatedAt, rec.StartedAt, rec.FinishedAt)
		}
	})

	check(t, open, "a workflow that has ended leaves nothing to do", func(r *rig) {
		r.start(diamond()...)
		r.runToEnd()
		for _, table := range []string{"ready", "timers", "leases"} {
			r.wantRows(table, 0)
		}
		r.equal("next timer", r.next() < 0, true)
	})

	check(t, open, "workflows don't touch each other", func(r *rig) {
		one, two := r.start(diamond()...), r.start(diamond()...)
		for range 4 {
			for _, c := range r.claimAll() {
				if c.Workflow == one {
					r.complete(c)
				} else {
					r.commit(ended(c, job.KindGivenBack))
				}
			}
		}
		r.wantWorkflow(one, workflow.Completed)
		r.wantWorkflow(two, workflow.Running)
		r.wantTally(two, workflow.Tally{Total: 4})
		r.wantJobs(two, "top: pending", "left: pending", "right: pending", "bottom: pending")
	})
}
