package storetest

import (
	"encoding/json"
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func testSpawnNames(t *testing.T, open Opener) {
	check(t, open, "bare names mean the one parent that a job had before others were spawned before it", func(r *rig) {
		with := func(c store.Claimed, part, result string) job.Outcome {
			o := spawning(c, tasks(1, part), "report", "each")
			o.Result = json.RawMessage(result)
			return o
		}
		split := task("split")
		report := task("report", split).WithCondition("ok").WithInput("n", "rows")
		each := mapped("each", "files").DependsOnJobs(split)
		id := r.start(split, report, each)
		for range 2 {
			r.commit(with(r.claimOne(), "part", `{"ok":true,"rows":7,"files":[1,2]}`))
			r.commit(with(r.claimOne(), "more", `{"ok":false,"rows":8,"files":[]}`))
			r.complete(r.claimNamed("more0")["more0"])
			r.checkParts()
			got := r.claimNamed("report", "each[0]", "each[1]")
			r.jsonEqual("payload of the report", got["report"].Payload, `{"n":7}`)
			r.complete(got["report"], got["each[0]"], got["each[1]"])
			r.checkParts()
			r.wantTally(id, workflow.Tally{Total: 5, Completed: 5})
			r.wantWorkflow(id, workflow.Completed)
			r.retryOf(id, workflow.RetryAll, job.ID{})
		}
	})

	check(t, open, "counts count what was spawned before a job, too", func(r *rig) {
		split := task("split")
		report := task("report", split).WithCondition("counts.completed == 3")
		id := r.start(split, report)
		r.commit(spawning(r.claimOne(), tasks(2, "part"), "report"))
		r.complete(r.claimAll()...)
		r.complete(r.claimOne())
		r.wantTally(id, workflow.Tally{Total: 4, Completed: 4})
	})

	check(t, open, "a bare name means no spawned job when the one parent is gone", func(r *rig) {
		old := task("old")
		r.start(old)
		r.complete(r.claimOne())
		report := task("report", old).WithCondition("ok")
		id := r.start(task("split"), task("busy"), report)
		got := r.claimNamed("split", "busy")
		o := spawning(got["split"], tasks(1, "part"), "report")
		o.Result = json.RawMessage(`{"ok":true}`)
		r.commit(o)
		r.checkEdges()
		r.plant("DELETE FROM jobs WHERE id = ?", old.ID[:])
		o = completed1(r.claimOne())
		o.Result = json.RawMessage(`{"ok":true}`)
		r.commit(o)
		r.wantJob(report.ID, "failed condition_error")
		r.complete(got["busy"])
		r.wantWorkflow(id, workflow.Failed)
	})
}
