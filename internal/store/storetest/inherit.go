package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// urgent returns a critical job that passes its priority on to parents.
func urgent(name string, parents ...*job.Job) *job.Job {
	return task(name, parents...).WithPriority(job.Critical).WithInherit()
}

// wantPriority checks the priority of a job, and its own.
func (r *rig) wantPriority(j *job.Job, want, own job.Priority) {
	r.Helper()
	rec := r.job(j.ID)
	r.equal("priority of "+j.Name, rec.Priority, want)
	r.equal("own priority of "+j.Name, rec.OwnPriority, own)
}

func testInherit(t *testing.T, open Opener) {
	check(t, open, "what a job that inherits waits for is claimed before others", func(r *rig) {
		first := task("first").WithPriority(job.Low)
		second := task("second", first).WithPriority(job.Background)
		last := urgent("last", second)
		others := task("other").WithPriority(job.High)
		r.start(first, second, last, others)
		r.wantPriority(first, job.Critical, job.Low)
		r.wantPriority(second, job.Critical, job.Background)
		r.equal("inherit", []bool{r.job(first.ID).Inherit, r.job(last.ID).Inherit}, []bool{false, true})
		for _, want := range []string{"first", "second", "last", "other"} {
			c := r.claimOne()
			r.equal("claimed", c.Name, want)
			r.complete(c)
		}
	})

	check(t, open, "jobs without a workflow that are enqueued together inherit, too", func(r *rig) {
		first := task("first").WithPriority(job.Low)
		r.enqueueJobs(task("other"), first, urgent("last", first))
		r.wantPriority(first, job.Critical, job.Low)
		r.equal("claimed", r.claimOne().Name, "first")
	})

	check(t, open, "what is spawned before a job has what that passes on", func(r *rig) {
		split := task("split")
		lifted := task("lifted", split)
		urgently := task("urgently", split).WithPriority(job.Critical) // urgent itself, and passes on what is less so
		last := task("last", lifted, urgently).WithPriority(job.High).WithInherit()
		alone := task("alone", split).WithPriority(job.Critical)
		r.start(split, lifted, urgently, last, alone)
		c := r.claimOne()
		first := task("first").WithPriority(job.Low)
		a, b, other := task("a", first).WithPriority(job.Low), task("b").WithPriority(job.Low), task("c").WithPriority(job.Low)
		o := spawning(c, []*job.Job{first})
		for name, j := range map[string]*job.Job{"lifted": a, "urgently": b, "alone": other} {
			o.Spawned = append(o.Spawned, job.Spawned{Job: j, Before: []string{name}})
		}
		r.commit(o)
		for _, j := range []*job.Job{first, a, b} {
			r.wantPriority(j, job.High, job.Low)
		}
		r.wantPriority(other, job.Low, job.Low)
	})

	check(t, open, "what is spawned before a job that was lifted since its enqueue has its priority", func(r *rig) {
		split := task("split")
		target := task("target", split)
		r.start(split, target)
		c := r.claimOne()
		r.start(urgent("urgent", target))
		r.checkEdges()
		a := task("a").WithPriority(job.Low)
		r.commit(spawning(c, []*job.Job{a}, "target"))
		r.wantPriority(a, job.Critical, job.Low)
	})

	check(t, open, "what was spawned before is lifted by what a later run spawns behind it", func(r *rig) {
		split := task("split")
		id := r.start(split)
		spawned := func() []*job.Job { // anew each time
			first := task("first").WithPriority(job.Low)
			return []*job.Job{first, task("second", first).WithPriority(job.Low)}
		}
		r.commit(spawning(r.claimOne(), spawned()))
		r.complete(r.claimOne())
		r.complete(r.claimOne())
		r.wantWorkflow(id, workflow.Completed)
		r.retryOf(id, workflow.RetryFrom, split.ID)
		list := spawned()
		o := spawning(r.claimOne(), list)
		o.Spawned = append(o.Spawned, job.Spawned{Job: urgent("third", list[1])})
		r.commit(o)
		for range 3 {
			r.checkEdges()
		}
		for _, name := range []string{"first", "second"} {
			r.equal("priority of "+name, r.job(r.idOf(id, name)).Priority, job.Critical)
		}
	})

	check(t, open, "what does not inherit lifts nothing", func(r *rig) {
		first := task("first").WithPriority(job.Low)
		r.start(first)
		r.start(task("last", first).WithPriority(job.Critical))
		r.checkEdges()
		r.wantPriority(first, job.Low, job.Low)
	})

	checkWith(t, open, store.Options{EnqueueChunk: 3}, "a workflow that is stored in several transactions inherits", func(r *rig) {
		jobs := chain(20)
		jobs[0].WithPriority(job.Low)
		jobs[19].WithPriority(job.High).WithInherit()
		r.start(jobs...)
		r.wantPriority(jobs[0], job.High, job.Low)
		r.wantPriority(jobs[18], job.High, job.Normal)
	})

	check(t, open, "a parent outside that can be claimed moves forward in its queue", func(r *rig) {
		parent := task("parent").WithPriority(job.Low)
		r.start(task("other").WithPriority(job.High), parent)
		r.start(urgent("child", parent))
		r.wantPriority(parent, job.Low, job.Low)
		r.checkEdges()
		r.wantPriority(parent, job.Critical, job.Low)
		r.wantRows("ready", 2)
		r.wantRows("edge_check", 0)
		r.equal("order", names(r.claim(2)), []string{"parent", "other"})
	})

	check(t, open, "it goes up through workflows that were enqueued before", func(r *rig) {
		oldest := task("oldest").WithPriority(job.Background)
		r.enqueueJobs(oldest)
		first := task("first", oldest).WithPriority(job.Low)
		second := task("second", first)
		r.start(first, second)
		r.checkEdges()
		r.start(urgent("child", second), task("other", second))
		r.checkEdges()
		for _, j := range []*job.Job{oldest, first, second} {
			r.wantPriority(j, job.Critical, *priorityOf(j))
		}
		r.wantRows("edge_check", 0)
	})

	check(t, open, "a job hands on what lifts it less than it has itself", func(r *rig) {
		parent := task("parent").WithPriority(job.Background)
		r.start(parent)
		middle := task("middle", parent).WithPriority(job.High)
		r.start(middle, task("child", middle).WithPriority(job.Low).WithInherit())
		r.checkEdges()
		r.wantPriority(middle, job.High, job.High)
		r.wantPriority(parent, job.Low, job.Background)
	})

	check(t, open, "what is spawned before a job that inherits has its priority, and what inherits among the spawned lifts the others", func(r *rig) {
		spawner := task("spawner").WithPriority(job.Low)
		last := task("last", spawner).WithPriority(job.High).WithInherit()
		r.start(spawner, last)
		before, first := task("before"), task("first")
		r.commit(spawning(r.claimOne(), []*job.Job{before}, "last"))
		r.wantPriority(before, job.High, job.High) // as its spawner had it
		c := r.claimOne()
		r.equal("claimed", c.Name, "before")
		before = task("later").WithPriority(job.Background)
		r.commit(spawning(c, []*job.Job{first, urgent("urgent", first), before}))
		r.wantPriority(first, job.Critical, job.High)
		r.wantPriority(before, job.Background, job.Background)
	})

	check(t, open, "what is spawned before a job that inherits is lifted to it", func(r *rig) {
		spawner := task("spawner").WithPriority(job.Low)
		r.start(spawner, task("last", spawner).WithPriority(job.High).WithInherit())
		before := task("before").WithPriority(job.Background)
		r.commit(spawning(r.claimOne(), []*job.Job{before}, "last"))
		r.wantPriority(before, job.High, job.Background)
	})

	check(t, open, "a parent that is held, paused, delayed or has ended keeps its place", func(r *rig) {
		held, ended := withRetry(retries(2, time.Minute), task("held").WithPriority(job.Low))[0], task("ended").WithPriority(job.Low)
		r.start(held, ended)
		got := r.claimNamed("held", "ended")
		r.complete(got["ended"])
		paused := task("paused").WithPriority(job.Low)
		stopped := r.start(paused)
		_, err := r.s.PauseWorkflow(r.ctx, stopped, nobody)
		r.ok(err, "pause")
		delayed := task("delayed").WithPriority(job.Low).WithDelay(time.Hour)
		r.start(delayed)
		r.start(urgent("child", held, ended, paused, delayed))
		r.checkEdges()
		r.wantPriority(ended, job.Low, job.Low)
		for _, j := range []*job.Job{held, paused, delayed} {
			r.wantPriority(j, job.Critical, job.Low)
		}
		r.wantIdle()
		r.enqueueJobs(task("other").WithPriority(job.High))
		r.commit(failed(got["held"]))
		_, err = r.s.ResumeWorkflow(r.ctx, stopped, nobody)
		r.ok(err, "resume")
		r.Advance(2 * time.Hour)
		r.fire()
		r.equal("last", names(r.claimAll())[3], "other")
	})

	check(t, open, "a job that is lifted while somebody claims it is held once", func(r *rig) {
		for round := range 40 {
			parent := task(fmt.Sprintf("parent%d", round)).WithPriority(job.Low)
			r.start(parent)
			r.start(urgent("child", parent))
			var claimed []store.Claimed
			var claimErr, checkErr error
			together(
				func() { claimed, claimErr = r.claimVia(r.s, worker, 2) },
				func() { _, checkErr = r.Second().CheckEdges(r.ctx, everything) },
			)
			r.ok(claimErr, "claim")
			r.ok(checkErr, "check edges")
			r.checkEdges()
			r.wantPriority(parent, job.Critical, job.Low)
			claimed = append(claimed, r.claimAll()...)
			r.equal("claimed", names(claimed), []string{parent.Name})
			r.complete(claimed...)
			r.checkEdges()
			r.complete(r.claimOne())
			if r.Failed() {
				r.Fatalf("in round %d", round)
			}
		}
	})
}

func priorityOf(j *job.Job) *job.Priority {
	if j.Priority == nil {
		normal := job.Normal
		return &normal
	}
	return j.Priority
}
