package storetest

import (
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// wide is over what one statement reads of edges or jobs if its pages are short.
const wide = 450

var shortPages = store.Options{PageRows: 200, SettledEdges: 400}

// deep is over what one statement reads, however long its pages.
const deep = 10_500

func testWide(t *testing.T, open Opener) {
	checkWith(t, open, shortPages, "a job with more children than a statement reads starts all of them, and the last waits for all", func(r *rig) {
		id := r.start(fan(wide)...)
		r.complete(r.claimOne())
		r.checkEdges()
		r.wantRows("ready", wide)
		r.equal("jobs run", r.runToEnd(), wide+1)
		r.wantWorkflow(id, workflow.Completed)
		r.wantTally(id, workflow.Tally{Total: wide + 2, Completed: wide + 2})
	})

	check(t, open, "of a workflow with more jobs than a statement reads all are counted that run or wait", func(r *rig) {
		jobs := tasks(deep, "p")
		for _, i := range []int{0, 1, 4999, 5000, 9999, 10_000, deep - 2, deep - 1} {
			jobs[i].WithPriority(job.High).WithRetry(retries(2, time.Hour))
		}
		id := r.start(jobs...)
		for i, c := range r.claim(8) {
			if i%2 == 1 {
				r.commit(failed(c))
			}
		}
		w := r.workflow(id)
		r.equal("running and retrying", []int{w.Running, w.Retrying}, []int{4, 4})
	})

	checkWith(t, open, shortPages, "an outcome of a job with many children that comes again leaves the children of others to them", func(r *rig) {
		r.start(fan(wide)...)
		first := r.claimOne()
		r.complete(first)
		r.checkEdges()
		r.commit(completed1(first), completed1(r.claimOne()))
		r.wantRows("edge_check", 0)
		rows, err := r.Query("SELECT state FROM edges WHERE state <> 'unresolved'")
		r.ok(err, "edges")
		r.equal("resolved edges", len(rows), wide+1)
	})

	checkWith(t, open, shortPages, "what depends on a failure ends however wide it is", func(r *rig) {
		id := r.enqueueTolerant(fan(wide)...)
		r.commit(failedForGood(r.claimOne()))
		r.wantTally(id, workflow.Tally{Total: wide + 2, Failed: 1, UpstreamFailed: wide + 1})
		r.wantWorkflow(id, workflow.Failed)
		r.noUnresolvedEdges()
	})

	checkWith(t, open, shortPages, "what depends on a failure ends however long the chain is", func(r *rig) {
		id := r.enqueueTolerant(chain(wide)...)
		r.commit(failedForGood(r.claimOne()))
		r.wantTally(id, workflow.Tally{Total: wide, Failed: 1, UpstreamFailed: wide - 1})
		r.noUnresolvedEdges()
	})

	checkWith(t, open, shortPages, "a failure stops a workflow however large it is", func(r *rig) {
		parents := tasks(wide, "p")
		jobs := append([]*job.Job{task("bad").WithPriority(job.High)}, parents...)
		id := r.start(append(jobs, task("last", parents...))...)
		r.commit(failedForGood(r.claimOne()))
		r.wantTally(id, workflow.Tally{Total: wide + 2, Failed: 1, Cancelled: wide + 1})
		r.wantWorkflow(id, workflow.Failed)
		r.wantRows("ready", 0)
		r.noUnresolvedEdges()
	})

	checkWith(t, open, shortPages, "a cancel stops a workflow however large it is", func(r *rig) {
		id := r.start(fan(wide)...)
		r.complete(r.claimOne())
		r.checkEdges()
		c := r.claimOne()
		r.cancel(id)
		r.wantTally(id, workflow.Tally{Total: wide + 2, Completed: 1, Cancelled: wide})
		r.wantRows("ready", 0)
		r.complete(c)
		r.wantWorkflow(id, workflow.Cancelled)
		r.noUnresolvedEdges()
	})
}

// noUnresolvedEdges checks that no edge is left to be resolved, now or later.
func (r *rig) noUnresolvedEdges() {
	r.Helper()
	rows, err := r.Query("SELECT parent_id FROM edges WHERE state = 'unresolved'")
	r.ok(err, "edges")
	r.equal("unresolved edges", len(rows), 0)
	r.wantRows("edge_check", 0)
}
