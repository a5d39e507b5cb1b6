package storetest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// retryOf retries a workflow; from says from which job, zero: the mode has none.
func (r *rig) retryOf(id job.ID, mode workflow.RetryMode, from job.ID) store.RetryPlan {
	r.Helper()
	plan, _, err := r.s.RetryWorkflow(r.ctx, store.Retry{Workflow: id, Mode: mode, From: from}, false, nobody)
	r.ok(err, "retry")
	return plan
}

// with returns a job with a payload.
func with(name, payload string) *job.Job {
	return job.New(queue, json.RawMessage(payload)).WithName(name)
}

func testSpawnAgain(t *testing.T, open Opener) {
	check(t, open, "a spawner that runs again meets what it spawned before", func(r *rig) {
		id := r.start(task("split"))
		r.commit(spawning(r.claimOne(), tasks(2, "part")))
		r.complete(r.claimAll()...)
		r.wantWorkflow(id, workflow.Completed)
		r.retryOf(id, workflow.RetryAll, job.ID{})
		r.commit(spawning(r.claimOne(), []*job.Job{with("part0", `{"again":true}`), task("part2")}))
		r.wantTally(id, workflow.Tally{Total: 4, Completed: 1})
		got := r.claimNamed("part0", "part1", "part2")
		r.equal("run in which it came", r.job(got["part2"].Fence.Job).Run, 2)
		r.jsonEqual("payload", got["part0"].Payload, `{"again":true}`)
		runs := r.job(got["part0"].Fence.Job).Runs
		r.equal("earlier runs", len(runs), 1)
		r.jsonEqual("payload of the first run", runs[0].Payload, `{}`)
		r.equal("payload of what it did not spawn again", len(r.job(got["part1"].Fence.Job).Runs[0].Payload), 0)
		r.complete(got["part0"], got["part1"], got["part2"])
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "what is spawned again before another job than at first is waited for by that, too", func(r *rig) {
		id := r.start(task("split"), task("other"))
		got := r.claimNamed("split", "other")
		r.commit(spawning(got["split"], tasks(1, "part")))
		r.complete(got["other"])
		r.complete(r.claimOne())
		r.wantWorkflow(id, workflow.Completed)
		r.retryOf(id, workflow.RetryAll, job.ID{})
		split := r.claimNamedFirst("split")
		r.commit(spawning(split, tasks(1, "part"), "other"))
		part := r.claimOne()
		r.equal("first", part.Name, "part0")
		r.complete(part)
		other := r.claimOne()
		r.equal("then", other.Name, "other")
		r.equal("what it is said to depend on", r.job(other.Fence.Job).DependsOn, []job.ID{part.Fence.Job})
		r.complete(other)
		r.wantWorkflow(id, workflow.Completed)

		r.retryOf(id, workflow.RetryAll, job.ID{})
		r.commit(spawning(r.claimOne(), tasks(1, "part"), "other"))
		r.equal("jobs that ran", r.runToEnd(), 2)
		r.wantWorkflow(id, workflow.Completed)
		r.equal("parents of the other", len(r.job(other.Fence.Job).DependsOn), 1)
	})

	check(t, open, "what is new may depend on what is spawned again", func(r *rig) {
		id := r.start(task("split"))
		r.commit(spawning(r.claimOne(), tasks(1, "part")))
		r.complete(r.claimOne())
		r.retryOf(id, workflow.RetryAll, job.ID{})
		part := task("part0")
		r.commit(spawning(r.claimOne(), []*job.Job{part, task("after", part)}))
		first := r.claimOne()
		r.equal("first", first.Name, "part0")
		r.complete(first)
		after := r.claimOne()
		r.equal("then", after.Name, "after")
		r.equal("its parents", len(after.Parents), 2)
		r.complete(after)
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "what was spawned and does not run again stays as it was", func(r *rig) {
		split, other := task("split"), task("other")
		id := r.enqueueTolerant(split, other)
		got := r.claimNamed("split", "other")
		part := with("part", `{"run":1}`)
		r.complete(got["other"])
		r.commit(spawning(got["split"], []*job.Job{part}))
		r.runToEnd()
		r.wantWorkflow(id, workflow.Completed)

		r.retryOf(id, workflow.RetryFrom, split.ID)
		again := r.claimOne()
		r.cancelJob(part.ID)
		r.commit(spawning(again, []*job.Job{with("part", `{"run":2}`)}, "other"))
		r.runToEnd()
		r.wantJob(part.ID, "cancelled user")
		r.jsonEqual("payload", r.job(part.ID).Payload, `{"run":1}`)
		r.equal("parents of a job that had completed", len(r.job(other.ID).DependsOn), 0)
		r.wantWorkflow(id, workflow.Failed)
		r.retryOf(id, workflow.RetryFailed, job.ID{})
		r.runToEnd()
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "what is new may depend on what was spawned before and has ended", func(r *rig) {
		id := r.enqueueTolerant(task("split"))
		split := r.claimOne()
		first := task("part")
		r.commit(spawning(split, []*job.Job{first}))
		r.runToEnd()
		r.retryOf(id, workflow.RetryAll, job.ID{})
		again := r.claimOne()
		r.cancelJob(first.ID)
		part := task("part")
		after := task("after", part)
		r.commit(spawning(again, []*job.Job{part, after}))
		r.checkEdges()
		r.wantJob(after.ID, "upstream_failed upstream")
		r.wantWorkflow(id, workflow.Failed)
	})

	for _, mode := range []workflow.RetryMode{workflow.RetryAll, workflow.RetryFrom, workflow.RetryFailed} {
		check(t, open, "a retry of what was spawned, and of its spawner, ends: "+string(mode), func(r *rig) {
			split := task("split")
			id := r.enqueueTolerant(split, task("report", split))
			r.commit(spawning(r.claimOne(), tasks(3, "part"), "report"))
			got := r.claimAll()
			r.commit(failedForGood(got[1]))
			r.complete(got[0], got[2])
			r.wantWorkflow(id, workflow.Failed)
			plan := r.retryOf(id, mode, split.ID)
			for _, j := range plan.Jobs {
				want := ""
				if strings.HasPrefix(j.Name, "part") {
					want = "split"
				}
				r.equal("who spawned "+j.Name, j.SpawnedBy, want)
			}
			want := 5
			if mode == workflow.RetryFailed {
				want = 2
			}
			r.equal("jobs of the plan", len(plan.Jobs), want)
			if mode != workflow.RetryFailed {
				r.commit(spawning(r.claimOne(), tasks(3, "part"), "report"))
			}
			r.runToEnd()
			r.wantTally(id, workflow.Tally{Total: 5, Completed: 5})
			r.wantWorkflow(id, workflow.Completed)
		})
	}

	check(t, open, "a spawner that fails after it had spawned fails what it spawned, until it completes again", func(r *rig) {
		split := task("split")
		id := r.enqueueTolerant(split, task("report", split))
		r.commit(spawning(r.claimOne(), tasks(2, "part"), "report"))
		r.runToEnd()
		r.retryOf(id, workflow.RetryFrom, split.ID)
		r.commit(failedForGood(r.claimOne()))
		r.wantTally(id, workflow.Tally{Total: 4, Failed: 1, UpstreamFailed: 3})
		r.retryOf(id, workflow.RetryFailed, job.ID{})
		r.commit(spawning(r.claimOne(), tasks(2, "part"), "report"))
		r.runToEnd()
		r.wantTally(id, workflow.Tally{Total: 4, Completed: 4})
	})

	check(t, open, "a job that will not run in this run can have others before it: it waits for them when it is retried", func(r *rig) {
		for _, end := range []func(report *job.Job, got map[string]store.Claimed){
			func(_ *job.Job, got map[string]store.Claimed) { r.commit(failedForGood(got["bad"])) },
			func(report *job.Job, got map[string]store.Claimed) {
				r.cancelJob(report.ID)
				r.commit(failedForGood(got["bad"]))
			},
		} {
			split, bad := task("split"), task("bad")
			report := task("report", split, bad)
			id := r.enqueueTolerant(split, bad, report)
			got := r.claimNamed("split", "bad")
			end(report, got)
			r.equal("it ended", r.job(report.ID).Status.Terminal(), true)
			r.commit(spawning(got["split"], tasks(1, "part"), "report"))
			r.runToEnd()
			r.wantWorkflow(id, workflow.Failed)
			r.retryOf(id, workflow.RetryAll, job.ID{})
			got = r.claimNamed("split", "bad")
			r.complete(got["bad"])
			r.commit(spawning(got["split"], tasks(1, "part"), "report"))
			part := r.claimOne()
			r.equal("before the report", part.Name, "part0")
			r.complete(part)
			r.complete(r.claimOne())
			r.wantTally(id, workflow.Tally{Total: 4, Completed: 4})
		}
	})

	check(t, open, "nothing is spawned before what comes before its spawner", func(r *rig) {
		a, slow := task("a"), task("slow").WithDelay(3*slack)
		between := task("between", a, slow).WithJoin(job.JoinAny)
		split := task("split", between)
		id := r.start(a, slow, between, split)
		r.complete(r.claimOne())
		r.complete(r.claimOne())
		got := r.claimOne()
		r.equal("it runs although slow has not begun", got.Name, "split")
		if why := r.refused(spawning(got, tasks(1, "part"), "slow")); !strings.Contains(why, "which comes before it") {
			r.Errorf("a cycle is refused with %q", why)
		}
		r.complete(got)
		r.Advance(4 * slack)
		r.fire()
		r.runToEnd()
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "what is spawned in a workflow that is paused or cancelling starts as that lets it", func(r *rig) {
		id := r.start(task("split"))
		split := r.claimOne()
		_, err := r.s.PauseWorkflow(r.ctx, id, nobody)
		r.ok(err, "pause")
		r.commit(spawning(split, tasks(1, "part")))
		r.equal("claimed while it is paused", len(r.claimAll()), 0)
		_, err = r.s.ResumeWorkflow(r.ctx, id, nobody)
		r.ok(err, "resume")
		r.complete(r.claimOne())
		r.wantWorkflow(id, workflow.Completed)

		split2 := task("split")
		id = r.start(split2, task("report", split2))
		got := r.claimOne()
		r.cancel(id)
		part := task("part")
		r.commit(spawning(got, []*job.Job{part, task("after", part)}, "report"))
		r.wantWorkflow(id, workflow.Cancelled)
		r.wantTally(id, workflow.Tally{Total: 4, Completed: 1, Cancelled: 2, UpstreamFailed: 1})
		r.retryOf(id, workflow.RetryFailed, job.ID{})
		r.runToEnd()
		r.wantTally(id, workflow.Tally{Total: 4, Completed: 4})
	})
}
