package storetest

import (
	"encoding/json"
	"strings"
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

	check(t, open, "expressions of a spawned job know the spawner by its name", func(r *rig) {
		id := r.start(task("split"))
		like := task("like").WithCondition("deps.split.result == 1").WithInput("n", "deps.split.result")
		unlike := task("unlike").WithCondition("deps.spawner.result == 1")
		split := r.claimOne()
		if why := r.refused(spawning(split, []*job.Job{like, unlike})); !strings.Contains(why, `does not depend on "spawner"`) {
			r.Errorf("refused: %s", why)
		}
		r.commit(spawning(split, []*job.Job{like}))
		c := r.claimOne()
		r.jsonEqual("payload", c.Payload, `{"n":1}`)
		r.complete(c)
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "what has no name is named after its spawner, again when that runs again", func(r *rig) {
		id := r.start(task("a"), task("spawner"))
		nameless := func() []*job.Job { return []*job.Job{job.New(queue, nil), job.New(queue, nil)} }
		got := r.claimNamed("a", "spawner")
		r.commit(spawning(got["a"], nameless()))
		r.commit(spawning(got["spawner"], nameless()))
		got = r.claimNamed("a.1", "a.2", "spawner.1", "spawner.2")
		r.commit(spawning(got["a.1"], nameless()))
		r.complete(got["a.2"], got["spawner.1"], got["spawner.2"])
		got = r.claimNamed("a.1.1", "a.1.2")
		r.complete(got["a.1.1"], got["a.1.2"])
		r.wantTally(id, workflow.Tally{Total: 8, Completed: 8})
		r.retryOf(id, workflow.RetryAll, job.ID{})
		got = r.claimNamed("a", "spawner")
		r.commit(spawning(got["a"], nameless()[:1]))
		r.complete(got["spawner"])
		r.wantTally(id, workflow.Tally{Total: 8, Completed: 2})
		for r.runToEnd() > 0 {
			r.checkEdges()
		}
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "a spawned job may be named spawner, but not like its spawner", func(r *rig) {
		r.start(task("a"))
		a := r.claimOne()
		if why := r.refused(spawning(a, []*job.Job{task("a")})); !strings.Contains(why, `"a" is that of the spawner`) {
			r.Errorf("refused: %s", why)
		}
		r.commit(spawning(a, []*job.Job{task("spawner")}))
		r.claimNamed("spawner")

		r.enqueueJobs(task("alone"))
		r.commit(spawning(r.claimOne(), []*job.Job{task("alone")}))
		r.claimNamed("alone")
	})

	check(t, open, "a job that is stored already is not spawned, unless an earlier run of the spawner spawned it", func(r *rig) {
		other := task("other")
		id := r.start(task("a"), task("b"), other)
		r.enqueueJobs(task("alone"))
		got := r.claimNamed("a", "b", "other", "alone")
		mine := task("mine")
		r.commit(spawning(got["a"], []*job.Job{mine}))
		reused := task("x")
		reused.ID = other.ID
		for _, o := range []job.Outcome{
			spawning(got["b"], []*job.Job{task("y"), reused}), spawning(got["alone"], []*job.Job{mine}),
			spawning(got["b"], []*job.Job{mine.WithName("renamed")}),
		} {
			if why := r.refused(o); !strings.Contains(why, "has the id of a job that is stored already") {
				r.Errorf("refused: %s", why)
			}
		}
		mine.WithName("mine")
		r.complete(got["b"], got["other"], got["alone"], r.claimOne())
		r.wantTally(id, workflow.Tally{Total: 4, Completed: 4})
		r.retryOf(id, workflow.RetryAll, job.ID{})
		got = r.claimNamed("a", "b", "other")
		r.commit(spawning(got["a"], []*job.Job{mine}))
		r.complete(got["b"], got["other"], r.claimOne())
		r.wantWorkflow(id, workflow.Completed)
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
