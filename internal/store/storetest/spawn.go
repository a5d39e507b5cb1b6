package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// spawning returns the outcome of a job that completes with jobs that it
// spawned before others.
func spawning(c store.Claimed, jobs []*job.Job, before ...string) job.Outcome {
	o := completed1(c)
	for _, j := range jobs {
		o.Spawned = append(o.Spawned, job.Spawned{Job: j, Before: before})
	}
	return o
}

// refused resolves an outcome that is rejected and returns why.
func (r *rig) refused(o job.Outcome) string {
	r.Helper()
	res := r.resolve(o)
	r.equal("verdicts", res.Verdicts, []job.Verdict{job.Rejected})
	return res.Refused[0]
}

func testSpawn(t *testing.T, open Opener) {
	check(t, open, "an item of a batch or a map spawns nothing, a job of a workflow within another does, gates too", func(r *rig) {
		m := mapped("m", "[1]")
		sub := graph(task("a"))
		id := r.enqueueTolerant(m, sub.AsJob("sub"))
		r.checkParts()
		got := r.claimNamed("m[0]", "a")
		if why := r.refused(spawning(got["m[0]"], tasks(1, "x"))); !strings.Contains(why, "spawns nothing") {
			r.Errorf("refused: %s", why)
		}
		gate := job.NewSignal("gate")
		r.commit(spawning(got["a"], []*job.Job{gate}))
		r.checkParts()
		r.wantJob(gate.ID, "suspended")
		r.answer(signal(gate.ID, `7`), ann)
		r.checkParts()
		r.equal("result", string(r.job(r.idOf(id, "sub")).Result), `{"gate":7}`)
	})

	check(t, open, "what a job spawns belongs to its workflow and runs after it", func(r *rig) {
		id := r.start(task("split"))
		split := r.claimOne()
		res := r.commit(spawning(split, tasks(3, "part")))
		r.equal("queues", res.Queues, []string{queue})
		r.wantTally(id, workflow.Tally{Total: 4, Completed: 1})
		r.wantWorkflow(id, workflow.Running)
		got := r.claimAll()
		r.equal("claimed", len(got), 3)
		for i, c := range got {
			r.equal("name", c.Name, fmt.Sprintf("part%d", i))
			r.equal("workflow", c.Workflow, id)
			r.equal("trace", c.TraceID, split.TraceID)
			r.equal("parents", len(c.Parents), 1)
			r.equal("result of the spawner", string(c.Parents[0].Result), "1")
			r.equal("spawned by", r.job(c.Fence.Job).SpawnedBy, split.Fence.Job)
		}
		r.complete(got...)
		r.wantTally(id, workflow.Tally{Total: 4, Completed: 4})
		r.wantWorkflow(id, workflow.Completed)
		list, err := r.s.Spawned(r.ctx, split.Fence.Job, job.ID{}, 2)
		r.ok(err, "spawned")
		r.equal("first two of the spawned", list, []job.ID{got[0].Fence.Job, got[1].Fence.Job})
		list, err = r.s.Spawned(r.ctx, split.Fence.Job, list[1], 2)
		r.ok(err, "spawned")
		r.equal("the others", list, []job.ID{got[2].Fence.Job})
	})

	check(t, open, "what is spawned before a job is waited for, in whatever order they end", func(r *rig) {
		split := task("split")
		id := r.start(split, task("report", split))
		res := r.commit(spawning(r.claimOne(), tasks(3, "part"), "report"))
		r.equal("jobs that changed", len(res.Jobs), 1)
		got := r.claimAll()
		r.equal("claimed", len(got), 3)
		r.complete(got[2], got[0])
		r.equal("claimable before the last part", len(r.claimAll()), 0)
		r.complete(got[1])
		report := r.claimOne()
		r.equal("name", report.Name, "report")
		r.equal("parents of the report", len(report.Parents), 4)
		want := []job.ID{split.ID}
		for _, c := range got {
			want = append(want, c.Fence.Job)
		}
		r.equal("what it is said to depend on", r.job(report.Fence.Job).DependsOn, want)
		r.complete(report)
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "it is told who spawned a job, and which edges that made", func(r *rig) {
		split := task("split")
		report := task("report", split)
		r.start(split, report)
		part := task("part")
		r.commit(spawning(r.claimOne(), []*job.Job{part}, "report"))
		by := store.Spawner{ID: split.ID, Name: "split"}
		r.equal("spawner of the part", r.explain(part.ID).Spawner, by)
		x := r.explain(report.ID)
		r.equal("spawner of the report", x.Spawner, store.Spawner{})
		r.equal("parents in the way of the report", len(x.Parents), 1)
		r.equal("who spawned that", x.Parents[0].Spawner, by)
		edges, err := r.s.EdgesInto(r.ctx, []job.ID{part.ID, report.ID})
		r.ok(err, "edges")
		r.equal("edges", len(edges), 3)
		for _, e := range edges {
			r.equal("an edge from a spawner to what it spawned", e.Spawned, e.Parent == split.ID && e.Child == part.ID)
		}
	})

	check(t, open, "a job that is claimable waits again when something is spawned before it", func(r *rig) {
		id := r.start(task("split"), task("late").WithDelay(time.Hour), task("now"))
		got := r.claim(1)
		r.equal("claimed", got[0].Name, "split")
		r.commit(spawning(got[0], tasks(1, "part"), "late", "now"))
		r.equal("timers of jobs", r.count("timers"), 0)
		part := r.claimAll()
		r.equal("claimed", len(part), 1)
		r.equal("name", part[0].Name, "part0")
		r.complete(part[0])
		r.complete(r.claimOne())
		r.wantRows("timers", 1)
		r.Advance(time.Hour + slack)
		r.fire()
		r.complete(r.claimOne())
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "what is spawned before a failing job's child fails it", func(r *rig) {
		split := task("split")
		id := r.enqueueTolerant(split, task("report", split))
		r.commit(spawning(r.claimOne(), tasks(2, "part"), "report"))
		got := r.claimAll()
		r.commit(failedForGood(got[0]))
		r.complete(got[1])
		r.wantTally(id, workflow.Tally{Total: 4, Completed: 2, Failed: 1, UpstreamFailed: 1})
		r.wantWorkflow(id, workflow.Failed)
	})

	check(t, open, "nothing is spawned before a job that has started, ended, or is not there", func(r *rig) {
		id := r.start(task("split"), task("running"), task("ended"))
		got := r.claimAll()
		r.complete(got[2])
		before := r.see([]job.ID{id})
		for name, want := range map[string]string{
			"running": "is running already", "ended": "is completed already", "nobody": "does not have", "split": "comes before it",
		} {
			if why := r.refused(spawning(got[0], tasks(1, "part"), name)); !strings.Contains(why, want) {
				r.Errorf("spawning before %s is refused with %q", name, why)
			}
		}
		if why := r.refused(spawning(got[0], []*job.Job{task("ended")})); !strings.Contains(why, `has a job "ended" already`) {
			r.Errorf("another job of that name is refused with %q", why)
		}
		if why := r.refused(spawning(got[0], []*job.Job{task("x").AsFinally()})); !strings.Contains(why, "finally") {
			r.Errorf("a finally job is refused with %q", why)
		}
		r.equal("what is stored", r.see([]job.ID{id}), before)
		r.complete(got[0], got[1])
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "nothing is spawned before a job that has started and waits for its next attempt", func(r *rig) {
		r.start(task("split"), task("failed").WithRetry(retries(3, time.Hour)), task("lost").WithRetry(retries(3, time.Hour)))
		got := r.claimNamed("split", "failed", "lost")
		r.commit(failed(got["failed"]), ended(got["lost"], job.KindTimedOut))
		r.wantJob(got["failed"].Fence.Job, "retrying")
		for _, name := range []string{"failed", "lost"} {
			if why := r.refused(spawning(got["split"], tasks(1, "part"), name)); !strings.Contains(why, "has started already, and is ") {
				r.Errorf("spawning before %s is refused with %q", name, why)
			}
		}
		r.wantRows("edges", 0)
	})

	checkWith(t, open, store.Options{Limits: workflow.Limits{Jobs: 6, Edges: 5}}, "a workflow does not grow over its limits", func(r *rig) {
		first := task("first")
		id := r.start(first, task("split", first), task("late", first))
		r.complete(r.claimOne())
		split := r.claimNamedFirst("split")
		refuses := func(o job.Outcome, want string) {
			r.Helper()
			before := r.see([]job.ID{id})
			if why := r.refused(o); !strings.Contains(why, want) {
				r.Errorf("refused: %s", why)
			}
			r.equal("what is stored", r.see([]job.ID{id}), before)
		}
		refuses(spawning(split, tasks(4, "part")), "would have 7 jobs with what is spawned; at most 6")
		refuses(spawning(split, tasks(2, "part"), "late"), "would have 6 dependencies with what is spawned; at most 5")
		r.commit(spawning(split, tasks(1, "part"), "late"))
		part := r.claimNamedFirst("part0")
		refuses(spawning(part, tasks(2, "more")), "would have 6 dependencies")
		r.commit(spawning(part, tasks(1, "more")))
		r.runToEnd()
		r.wantTally(id, workflow.Tally{Total: 5, Completed: 5})
		r.wantWorkflow(id, workflow.Completed)
		_, _, err := r.s.RetryWorkflow(r.ctx, store.Retry{Workflow: id, Mode: workflow.RetryAll}, false, nobody)
		r.ok(err, "retry")
		r.complete(r.claimOne())
		r.commit(spawning(r.claimNamedFirst("split"), tasks(1, "part"), "late")) // which are there
		r.runToEnd()
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "an outcome that is refused leaves what it was to be spawned before claimable", func(r *rig) {
		r.start(task("split"), task("ready"), task("running"))
		got := r.claim(1)
		rest := r.claim(2)
		r.commit(ended(rest[0], job.KindGivenBack))
		r.refused(spawning(got[0], tasks(1, "part"), "ready", "running"))
		r.equal("claimed", r.claimOne().Name, "ready")
	})

	check(t, open, "a stale outcome spawns nothing, and one that comes again spawns once", func(r *rig) {
		id := r.start(task("split"))
		split := r.claimOne()
		stale := spawning(split, tasks(2, "stale"))
		stale.Epoch++
		r.stale(stale)
		o := spawning(split, tasks(2, "part"))
		r.commit(o)
		r.commit(o)
		r.wantTally(id, workflow.Tally{Total: 3, Completed: 1})
		r.wantRows("spawned", 2)
	})

	check(t, open, "a finally job spawns nothing", func(r *rig) {
		id := r.start(task("first"), task("last").AsFinally())
		r.complete(r.claimNamed("first")["first"])
		if why := r.refused(spawning(r.claimNamed("last")["last"], tasks(1, "part"))); !strings.Contains(why, "spawns nothing") {
			r.Errorf("what a finally job spawns is refused with %q", why)
		}
		r.wantTally(id, workflow.Tally{Total: 2, Completed: 1})
	})

	check(t, open, "an outcome that was refused is stale once another took its place", func(r *rig) {
		r.start(task("split"), task("running"))
		got := r.claimNamed("split", "running")
		o := spawning(got["split"], tasks(1, "part"), "running")
		r.refused(o)
		r.commit(failedForGood(got["split"]))
		r.stale(o)
		r.commit(failedForGood(got["split"]))
	})

	check(t, open, "outcomes that spawn stand among others in one call", func(r *rig) {
		r.start(task("a"), task("b"), task("c"))
		got := r.claimAll()
		bad := spawning(got[1], []*job.Job{task("a")})
		res := r.resolve(completed1(got[0]), bad, spawning(got[2], tasks(1, "part")))
		r.equal("verdicts", res.Verdicts, []job.Verdict{job.Committed, job.Rejected, job.Committed})
		r.equal("refused", res.Refused, map[int]string{1: `the workflow has a job "a" already`})
	})

	check(t, open, "what was committed before an outcome that spawns fails is said with the error", func(r *rig) {
		a := task("a")
		r.start(a, task("b"), task("c", a))
		got := r.claimNamed("a", "b")
		outcomes := []job.Outcome{completed1(got["a"]), spawning(got["b"], tasks(1, "part"))}
		broken := false
		r.Before(func(name, _ string, _ func(string, ...any)) {
			if name == "insert_spawned" && !broken {
				broken = true
				r.BreakCommit(CommitRefused)
			}
		})
		res, err := r.s.Resolve(r.ctx, outcomes)
		r.Before(nil)
		if err == nil {
			r.Error("nothing failed")
		}
		r.equal("verdicts", res.Verdicts, []job.Verdict{job.Committed})
		r.equal("queues", res.Queues, []string{queue})
		r.equal("jobs that changed", len(res.Jobs), 1)
		r.commit(outcomes[1])
		r.claimNamed("c", "part0")
	})

	check(t, open, "a job without a workflow spawns jobs without one", func(r *rig) {
		r.enqueueJobs(task("alone"))
		alone := r.claimOne()
		r.commit(spawning(alone, append(tasks(1, "a"), tasks(1, "b")...)))
		got := r.claimAll()
		r.equal("claimed", len(got), 2)
		r.equal("workflow", got[0].Workflow, job.ID{})
		r.equal("spawned by", r.job(got[1].Fence.Job).SpawnedBy, alone.Fence.Job)
		if why := r.refused(spawning(got[0], tasks(1, "c"), "x")); !strings.Contains(why, "has no workflow") {
			r.Errorf("before is refused with %q", why)
		}
	})

	check(t, open, "who spawned a job is known when that one is deleted", func(r *rig) {
		r.enqueueJobs(task("alone"))
		alone := r.claimOne()
		r.commit(spawning(alone, tasks(1, "a")))
		got := r.claimOne()
		r.commit(failedForGood(got))
		r.Advance(kept + slack)
		keep := keepAll(2 * kept)
		keep.Completed = kept
		r.equal("purged", r.purge(keep), store.Purged{Jobs: 1})
		r.equal("spawned by", r.job(got.Fence.Job).SpawnedBy, alone.Fence.Job)
	})

	check(t, open, "a spawned job has its spawner's priority, retry policy and correlation id unless it says otherwise", func(r *rig) {
		spawner := task("split").WithPriority(job.High).WithCorrelationID("order-7").WithRetry(job.RetryPolicy{MaxAttempts: 7})
		r.start(spawner)
		own := task("own").WithPriority(job.Low).WithRetry(job.RetryPolicy{MaxAttempts: 2}).WithCorrelationID("mine")
		r.commit(spawning(r.claimOne(), []*job.Job{task("like"), own}))
		like, other := r.claimOne(), r.claimOne()
		r.equal("like its spawner", fmt.Sprintf("%s %d %s", like.Priority, like.MaxAttempts, like.CorrelationID), "high 7 order-7")
		r.equal("its own", fmt.Sprintf("%s %d %s", other.Priority, other.MaxAttempts, other.CorrelationID), "low 2 mine")
	})

	check(t, open, "a cancelled workflow cancels what is spawned, a failing one too", func(r *rig) {
		id := r.start(task("split"))
		split := r.claimOne()
		r.cancel(id)
		r.commit(spawning(split, tasks(2, "part")))
		r.wantTally(id, workflow.Tally{Total: 3, Completed: 1, Cancelled: 2})
		r.wantWorkflow(id, workflow.Cancelled)

		id = r.start(task("split"), task("bad"))
		got := r.claimNamed("split", "bad")
		r.commit(failedForGood(got["bad"]))
		r.commit(spawning(got["split"], tasks(2, "part")))
		r.wantTally(id, workflow.Tally{Total: 4, Completed: 1, Failed: 1, Cancelled: 2})
		r.wantWorkflow(id, workflow.Failed)
	})

	check(t, open, "who claims a job at the moment at which another is spawned before it is first, or waits", func(r *rig) {
		for range 20 {
			id := r.start(task("split"), task("target"))
			split := r.claimNamedFirst("split")
			o := spawning(split, tasks(1, "part"), "target")
			got := make([]store.Claimed, 0, 1)
			var res store.Resolution
			r.each(2, func(i int, s store.Store) (err error) {
				if i == 0 {
					res, err = s.Resolve(r.ctx, []job.Outcome{o})
					return err
				}
				got, err = r.claimVia(s, worker, 1)
				return err
			})
			switch {
			case len(got) == 1 && got[0].Name == "target":
				r.equal("verdict", res.Verdicts[0], job.Rejected)
				r.complete(split)
			default:
				r.equal("verdict", res.Verdicts[0], job.Committed)
			}
			if len(got) == 1 {
				r.complete(got...)
			}
			r.runToEnd()
			r.wantWorkflow(id, workflow.Completed)
		}
	})
}
