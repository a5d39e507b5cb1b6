package storetest

import (
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func testDefinition(t *testing.T, open Opener) {
	check(t, open, "what a workflow was enqueued with is still known when it has run again", func(r *rig) {
		until := r.Now().Add(time.Hour).Truncate(time.Microsecond)
		asks := job.NewApproval("asks").WithApprovalOnExpiry(time.Hour)
		told := job.NewSignal("told").WithPayloadOnExpiry(time.Minute, []int{1})
		waits, wakes := job.NewTimer("waits", 90*time.Second), job.NewTimerUntil("wakes", until)
		w := graph(task("a").WithRetry(retries(3, time.Hour)), task("b").WithDelay(2*time.Minute), task("c").WithScheduledAt(until), asks, told, waits, wakes)
		w.FailurePolicy, w.DecisionTimeout, w.DecisionDefault, w.Timeout = workflow.Manual, time.Hour, workflow.ActionSkip, 3*time.Hour
		r.enqueue(w)
		same := func() {
			r.Helper()
			rec := r.workflow(w.ID)
			r.equal("timeout", rec.Timeout, 3*time.Hour)
			r.equal("default of a decision", rec.DecidedAs, workflow.ActionSkip)
			jobs := r.jobs(w.ID)
			r.equal("delay of the first", jobs[0].Delay, time.Duration(0))
			r.equal("time of the first", jobs[0].NotBefore.IsZero(), true)
			r.equal("delay", jobs[1].Delay, 2*time.Minute)
			r.equal("time", jobs[2].NotBefore.Equal(until), true)
			for i, j := range w.Jobs[3:] {
				got := jobs[i+3].Gate.Defined
				r.equal("time of "+j.Name, got.Until.Equal(j.Gate.Until), true)
				got.Until = j.Gate.Until
				r.equal("gate "+j.Name, got, *j.Gate)
			}
		}
		same()
		r.commit(failed(r.claimOne()))
		same()
	})

	check(t, open, "it is known who spawned which of some jobs", func(r *rig) {
		id := r.start(task("a"), task("b"))
		got := r.claimAll()
		r.commit(spawning(got[0], tasks(2, "part")))
		var ids []job.ID
		want := map[job.ID]job.ID{}
		for _, j := range r.jobs(id) {
			ids = append(ids, j.ID)
			if j.Name == "part0" || j.Name == "part1" {
				want[j.ID] = got[0].Fence.Job
			}
		}
		spawners, err := r.s.SpawnersOf(r.ctx, ids)
		r.ok(err, "spawners")
		r.equal("spawners", spawners, want)
		spawners, err = r.s.SpawnersOf(r.ctx, nil)
		r.ok(err, "spawners of none")
		r.equal("spawners of none", len(spawners), 0)
	})
}
