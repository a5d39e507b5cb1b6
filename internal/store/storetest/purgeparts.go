package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// purgeParts is about what jobs are made of that goes with them.
func purgeParts(t *testing.T, open Opener) {
	check(t, open, "a workflow is kept while what its jobs are made of runs, and while a job elsewhere needs some of that", func(r *rig) {
		b := batch("batch", 1, "").WithDeadline(time.Hour)
		id := r.start(b)
		r.checkParts()
		item := r.claimOne()
		outside := task("outside").DependsOnIDs(item.Fence.Job)
		r.enqueueJobs(outside)
		r.checkEdges()
		r.Advance(time.Hour + slack)
		r.fire()
		r.wantWorkflow(id, workflow.Failed)
		r.age()
		kept := func(why string, want error) {
			r.Helper()
			r.isErr("delete "+why, r.s.DeleteWorkflow(r.ctx, id), want)
			r.equal("purged "+why, r.purge(keepAll(time.Hour)), store.Purged{})
		}
		kept("while it runs", store.ErrPartsRun)
		r.checkParts()
		kept("while it is cancelled", store.ErrPartsRun)
		r.commit(completed1(item))
		r.wantWorkflow(partsOf(b), workflow.Failed)
		r.checkParts()
		kept("while it is needed", store.ErrNeeded)
		r.complete(r.claimNamed("outside")["outside"])
		r.ok(r.s.DeleteWorkflow(r.ctx, id), "delete in the end")
		_, err := r.s.Workflow(r.ctx, partsOf(b))
		r.isErr("what it was made of", err, job.ErrNotFound)
		r.age()
		r.purge(keepAll(time.Hour))
		r.fire()
		r.wantEmpty()
	})

	check(t, open, "a workflow is kept while what is within what its jobs are made of runs", func(r *rig) {
		b := batch("batch", 1, "").WithDeadline(time.Hour)
		sub := graph(b).AsJob("sub")
		id := r.start(sub)
		r.checkParts()
		item := r.claimOne()
		r.Advance(time.Hour + slack)
		r.fire()
		r.checkParts()
		r.wantWorkflow(id, workflow.Failed)
		r.wantWorkflow(partsOf(sub), workflow.Failed)
		r.wantWorkflow(partsOf(b), workflow.Cancelling)
		r.isErr("delete", r.s.DeleteWorkflow(r.ctx, id), store.ErrPartsRun)
		r.commit(completed1(item))
		r.runParts()
		r.ok(r.s.DeleteWorkflow(r.ctx, id), "delete in the end")
	})

	check(t, open, "a job without a workflow is kept while what it is made of runs, and while a job elsewhere needs some of that", func(r *rig) {
		b := batch("batch", 1, "").WithDeadline(time.Hour)
		r.enqueueJobs(b)
		r.checkParts()
		item := r.claimOne()
		r.enqueueJobs(task("outside").DependsOnIDs(item.Fence.Job))
		r.checkEdges()
		r.Advance(time.Hour + slack)
		r.fire()
		r.age()
		r.equal("purged while it runs", r.purge(keepAll(time.Hour)), store.Purged{})
		r.checkParts()
		r.commit(completed1(item))
		r.checkParts()
		r.equal("purged while it is needed", r.purge(keepAll(time.Hour)), store.Purged{})
		r.complete(r.claimNamed("outside")["outside"])
		r.age()
		r.purge(keepAll(time.Hour))
		r.purge(keepAll(time.Hour))
		r.fire()
		r.wantEmpty()
	})

	check(t, open, "what never began is deleted with its job, unless a job elsewhere waits for it", func(r *rig) {
		jobs := chain(3)
		id := r.start(graph(jobs...).AsJob("sub").WithCondition("false"), batch("batch", 2, "").WithCondition("false"))
		outside := task("outside", jobs[1])
		r.enqueueJobs(outside)
		r.runParts()
		r.wantWorkflow(id, workflow.Completed)
		r.isErr("delete", r.s.DeleteWorkflow(r.ctx, id), store.ErrNeeded)
		r.cancelJob(outside.ID)
		r.ok(r.s.DeleteWorkflow(r.ctx, id), "delete in the end")
		r.age()
		r.purge(keepAll(time.Hour))
		r.fire()
		r.wantEmpty()
	})

	check(t, open, "a map that is deleted while its items are made gets none", func(r *rig) {
		m := mapped("m", "[1, 2]").WithDeadline(time.Hour)
		id := r.start(m)
		r.checkEdges()
		done := false
		r.Before(func(name, _ string, _ func(string, ...any)) {
			if name == "workflow_status" && !done {
				done = true
				r.Advance(time.Hour + slack)
				_, _, err := r.Second().FireTimers(r.ctx, everything)
				r.ok(err, "fire")
				r.ok(r.Second().DeleteWorkflow(r.ctx, id), "delete")
			}
		})
		_, err := r.s.CheckParts(r.ctx, everything)
		r.Before(nil)
		r.ok(err, "check parts")
		r.equal("deleted", done, true)
		r.purge(keepAll(time.Hour))
		r.checkParts()
		r.wantEmpty()
	})

	check(t, open, "a workflow and what its jobs are made of are locked at once", func(r *rig) {
		id := r.start(batch("batch", 1, ""), graph(batch("inner", 1, "")).AsJob("sub"))
		r.runParts()
		r.wantWorkflow(id, workflow.Completed)
		var locks []string
		locked := func(f func()) []string {
			locks = slices.DeleteFunc(r.named(f), func(name string) bool { return !strings.HasPrefix(name, "lock_") })
			return locks
		}
		r.equal("locks", locked(func() { r.ok(r.s.DeleteWorkflow(r.ctx, id), "delete") }), []string{"lock_workflows_to_purge"})
		locked(func() { r.purge(keepAll(time.Hour)) })
		r.equal("locks of the rest", slices.Compact(locks), []string{"lock_purging_workflows"})
		r.wantEmpty()
	})
}
