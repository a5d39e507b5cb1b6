package storetest

import (
	"testing"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// barrier returns a barrier named name behind parents.
func barrier(name string, parents ...*job.Job) *job.Job {
	b := task(name, parents...)
	b.Barrier = true
	return b
}

// gated returns n jobs a0, a1, … → gate → n jobs b0, b1, ….
func gated(n int) []*job.Job {
	before := tasks(n, "a")
	gate := barrier("gate", before...)
	return append(append(before, gate), tasks(n, "b", gate)...)
}

func testBarrier(t *testing.T, open Opener) {
	check(t, open, "a barrier completes with the last of its parents, and what waits for it starts", func(r *rig) {
		id := r.start(gated(3)...)
		first := r.claimAll()
		r.equal("claimed at first", len(first), 3)
		r.complete(first[:2]...)
		r.equal("claimed before the last parent ends", len(r.claimAll()), 0)
		res := r.commit(completed1(first[2]))
		r.equal("jobs that changed", len(res.Jobs), 2)
		r.equal("queues", res.Queues, []string{queue})
		r.wantRows("ready", 3)
		r.wantTally(id, workflow.Tally{Total: 7, Completed: 4})
		r.equal("jobs run", r.runToEnd(), 3)
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "a barrier at the end ends its workflow", func(r *rig) {
		a := task("a")
		id := r.start(a, barrier("gate", a))
		r.complete(r.claimOne())
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "barriers behind barriers complete together", func(r *rig) {
		a := task("a")
		g1 := barrier("g1", a)
		g2 := barrier("g2", g1)
		id := r.start(a, g1, g2, task("b", g2))
		r.complete(r.claimOne())
		r.equal("job run", r.claimOne().Name, "b")
		r.wantTally(id, workflow.Tally{Total: 4, Completed: 3})
	})

	check(t, open, "a barrier whose parent fails ends as what waits for it does", func(r *rig) {
		id := r.enqueueTolerant(gated(2)...)
		got := r.claimAll()
		r.commit(failedForGood(got[0]))
		r.complete(got[1])
		r.wantTally(id, workflow.Tally{Total: 5, Completed: 1, Failed: 1, UpstreamFailed: 3})
		r.wantWorkflow(id, workflow.Failed)
	})

	check(t, open, "a barrier is cancelled with its workflow", func(r *rig) {
		id := r.start(gated(2)...)
		r.cancel(id)
		r.wantTally(id, workflow.Tally{Total: 5, Cancelled: 5})
		r.wantWorkflow(id, workflow.Cancelled)
	})

	check(t, open, "a barrier behind jobs of another workflow completes when its edges are checked", func(r *rig) {
		outside := task("outside")
		r.enqueueJobs(outside)
		gate := barrier("gate").DependsOnIDs(outside.ID)
		id := r.start(gate, task("b", gate))
		r.complete(r.claimOne())
		r.checkEdges()
		r.equal("job run", r.claimOne().Name, "b")
		r.wantTally(id, workflow.Tally{Total: 2, Completed: 1})
	})
}
