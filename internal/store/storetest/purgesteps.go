package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// purgeSteps are about passes that are interrupted, large or not alone.
func purgeSteps(t *testing.T, open Opener) {
	check(t, open, "a workflow is deleted in steps, which another goes on with", func(r *rig) {
		r.start(fan(300)...)
		r.runToEnd()
		r.age()
		young := r.start(chain(2)...)
		r.runToEnd()
		deleted := 0
		var at store.Place
		for deleted < 100 {
			done, next, err := r.s.Purge(r.ctx, keepAll(kept), at, 50)
			r.ok(err, "purge")
			deleted += done.Jobs
			at = next
		}
		// The first one is gone, and the policy is another one.
		r.equal("purged", r.purgeBy(r.Second(), store.Retention{}, 50), store.Purged{Workflows: 1, Jobs: 302 - deleted})
		r.wantRows("jobs", 2)
		r.wantRows("edges", 1)
		r.wantWorkflow(young, "completed")
	})

	check(t, open, "a step that fails says where the next stage begins", func(r *rig) {
		var stages []store.Place
		ctx, cancel := context.WithCancel(r.ctx)
		cancel()
		for at := (store.Place{}); ; {
			_, next, err := r.s.Purge(ctx, keepAll(kept), at, 10)
			r.isErr("purge", err, context.Canceled)
			if at = next; at == (store.Place{}) {
				break
			}
			stages = append(stages, at)
		}
		for i, at := range stages {
			r.equal("place", at, store.Place{Stage: i + 2})
		}
		r.equal("a pass goes on there", r.purge(keepAll(kept)), store.Purged{})
	})

	check(t, open, "edges are deleted in bounded steps, whoever has many", func(r *rig) {
		r.start(fan(5200)...)
		r.runToEnd()
		r.age()
		most, before := 0, r.count("edges")
		var at store.Place
		for range 100 {
			_, next, err := r.s.Purge(r.ctx, keepAll(kept), at, 1000)
			r.ok(err, "purge")
			left := r.count("edges")
			most, before = max(most, before-left), left
			if at = next; at == (store.Place{}) {
				break
			}
		}
		if most > 5_000 {
			r.Errorf("%d edges were deleted at once", most)
		}
		r.wantEmpty()
	})

	check(t, open, "kept ones do not hide what is old behind them", func(r *rig) {
		parents := tasks(30, "p")
		r.enqueueJobs(parents...)
		var workflows []job.ID
		for range 30 {
			workflows = append(workflows, r.start(task("w")))
		}
		r.runToEnd()
		first := []*job.Job{task("c", parents[:20]...)}
		for _, id := range workflows[:20] {
			child := task("c")
			child.DependsOn = []job.Dependency{{Parent: r.jobs(id)[0].ID}}
			first = append(first, child)
		}
		for _, j := range first {
			r.enqueueJobs(j.WithDelay(1000 * time.Hour))
		}
		r.checkEdges()
		r.age()
		r.equal("purged", r.purgeBy(r.s, keepAll(kept), 7), store.Purged{Workflows: 10, Jobs: 20})
	})

	check(t, open, "two that purge at once delete each thing once", func(r *rig) {
		outside := tasks(50, "o")
		r.enqueueJobs(outside...)
		for i := range 20 {
			parent := task(fmt.Sprintf("p%d", i), outside[i], outside[i+1])
			r.start(parent, task("c", parent))
			outside = append(outside, task(fmt.Sprintf("x%d", i), parent))
			r.enqueueJobs(outside[len(outside)-1])
		}
		for n := 1; n > 0; {
			r.checkEdges()
			n = r.runToEnd()
		}
		r.age()
		stores := []store.Store{r.s, r.Second()}
		sums := make([]store.Purged, 2)
		r.each(2, func(i int, s store.Store) (err error) {
			sums[i], err = pass(r, stores[i], keepAll(kept), 3)
			return err
		})
		rest := r.purge(keepAll(kept)) // what each left to the other
		r.equal("workflows", sums[0].Workflows+sums[1].Workflows+rest.Workflows, 20)
		if got := sums[0].Jobs + sums[1].Jobs + rest.Jobs; got < 110 {
			r.Errorf("%d jobs were deleted, there were 110", got)
		}
		r.wantEmpty()
	})

	check(t, open, "work goes on while a pass runs, and nothing of it is lost", func(r *rig) {
		r.enqueueJobs(tasks(200, "old")...)
		for range 10 {
			r.start(fan(10)...)
		}
		r.runToEnd()
		r.age()
		n := 0
		r.each(2, func(i int, s store.Store) error {
			if i == 0 {
				_, err := pass(r, s, keepAll(kept), 20)
				return err
			}
			for range 20 {
				w := graph(fan(3)...)
				if err := w.Validate(); err != nil {
					return err
				}
				if _, err := s.EnqueueWorkflow(r.ctx, w, store.EnqueueOptions{}); err != nil {
					return err
				}
				got, err := r.claimVia(s, worker, 10)
				if err != nil {
					return err
				}
				if _, err := s.Resolve(r.ctx, endings(got, completed1)); err != nil {
					return err
				}
				n += len(got)
			}
			return nil
		})
		r.equal("jobs run", n+r.runToEnd(), 100)
		r.wantRows("workflows WHERE status = 'completed'", 20)
		r.wantRows("jobs", 100)
	})

	check(t, open, "a step that was committed and not heard of is taken again", func(r *rig) {
		r.start(chain(3)...)
		r.runToEnd()
		r.age()
		for range 4 {
			r.BreakCommit(CommitHappened)
			_, _ = pass(r, r.s, keepAll(kept), everything)
		}
		_, err := pass(r, r.s, keepAll(kept), everything)
		r.ok(err, "purge")
		r.wantEmpty()
	})

	check(t, open, "deleting 1,000 jobs takes as many statements as 1", func(r *rig) {
		count := func(n int) int {
			r.enqueueJobs(tasks(n, "j")...)
			for range n {
				r.start(task("a"))
			}
			r.runToEnd()
			r.age()
			return r.cost(func() { r.equal("purged", r.purge(keepAll(kept)), store.Purged{Workflows: n, Jobs: 2 * n}) })
		}
		count(1)
		one := count(1)
		r.equal("statements for 300 workflows and 300 jobs", count(300), one)
	})

	check(t, open, "a pass that finds nothing old locks no job and no workflow", func(r *rig) {
		r.start(task("a"))
		r.enqueueJobs(task("b"))
		r.runToEnd()
		for _, name := range r.named(func() { r.purge(keepAll(kept)) }) {
			if name == "lock_jobs_to_purge" || name == "lock_workflows_to_purge" {
				r.Errorf("%s ran", name)
			}
		}
	})

	check(t, open, "a purge locks workflows, then leases, then jobs, each by id", func(r *rig) {
		r.start(fan(3)...)
		r.enqueueJobs(tasks(3, "j")...)
		r.runToEnd()
		r.age()
		r.checkLocks(func() { r.purge(keepAll(kept)) })
		r.wantEmpty()
	})
}

// purgeDeletes are about what is deleted before it is old.
func purgeDeletes(t *testing.T, open Opener) {
	forever := store.Retention{}

	check(t, open, "a workflow that is deleted is gone at once, and its rows with the next pass", func(r *rig) {
		id := r.start(chain(3)...)
		r.runToEnd()
		r.ok(r.s.DeleteWorkflow(r.ctx, id), "delete workflow")
		r.wantRows("workflows WHERE hidden = 'purging'", 1)
		r.isErr("deleted again", r.s.DeleteWorkflow(r.ctx, id), job.ErrNotFound)
		r.equal("purged", r.purge(forever), store.Purged{Workflows: 1, Jobs: 3})
		r.wantEmpty()
		r.isErr("deleted in the end", r.s.DeleteWorkflow(r.ctx, id), job.ErrNotFound)
	})

	check(t, open, "a workflow that has not ended is not deleted", func(r *rig) {
		id := r.start(chain(2)...)
		r.isErr("delete", r.s.DeleteWorkflow(r.ctx, id), job.ErrWrongState)
		r.claimOne()
		r.cancel(id)
		r.isErr("delete while it is cancelled", r.s.DeleteWorkflow(r.ctx, id), job.ErrWrongState)
		r.wantRows("workflows WHERE hidden = ''", 1)
	})

	check(t, open, "a workflow on which a job outside depends is not deleted", func(r *rig) {
		parent := task("parent")
		id := r.start(parent)
		r.runToEnd()
		r.enqueueJobs(task("child", parent))
		r.isErr("delete", r.s.DeleteWorkflow(r.ctx, id), store.ErrNeeded)
		r.checkEdges()
		r.isErr("delete after the check", r.s.DeleteWorkflow(r.ctx, id), store.ErrNeeded)
		r.runToEnd()
		r.ok(r.s.DeleteWorkflow(r.ctx, id), "delete in the end")
	})

	check(t, open, "of a workflow of many jobs each is asked who depends on it", func(r *rig) {
		jobs := tasks(2_100, "j")
		id := r.start(jobs...)
		r.runToEnd()
		r.enqueueJobs(task("child", jobs[2_050]))
		r.checkEdges()
		r.isErr("delete", r.s.DeleteWorkflow(r.ctx, id), store.ErrNeeded)
	})

	check(t, open, "an unknown workflow is not deleted", func(r *rig) {
		r.isErr("delete", r.s.DeleteWorkflow(r.ctx, job.NewID()), job.ErrNotFound)
	})

	check(t, open, "a workflow whose enqueue died is deleted after an hour", func(r *rig) {
		r.enqueue(graph(append(fan(3), task("late").WithDelay(100*time.Hour))...).WithTimeout(1000 * time.Hour))
		r.plant("UPDATE workflows SET hidden = 'building'")
		r.Advance(store.BuildAway - slack)
		r.equal("purged while it may go on", r.purge(forever), store.Purged{})
		r.Advance(2 * slack)
		r.equal("purged", r.purge(forever), store.Purged{Workflows: 1, Jobs: 6})
		r.wantEmpty()
	})
}
