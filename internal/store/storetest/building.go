package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// chunked are options under which a workflow of more than 20 jobs is enqueued
// in transactions of 5 jobs.
var chunked = store.Options{EnqueueChunk: 5}

// large returns a valid workflow of 23 jobs: a fan, one that waits for its time,
// and one that depends on outside.
func large(r *rig, outside job.ID) *workflow.Workflow {
	r.Helper()
	jobs := append(fan(19), task("late").WithDelay(leaseTTL), task("dependent").DependsOnIDs(outside).WithDeadline(24*time.Hour))
	w := graph(jobs...).WithTimeout(48 * time.Hour)
	r.ok(w.Validate(), "validate")
	return w
}

// invisible checks that nobody sees anything of a workflow.
func (r *rig) invisible(w *workflow.Workflow) {
	r.Helper()
	_, err := r.s.Workflow(r.ctx, w.ID)
	r.isErr("workflow", err, job.ErrNotFound)
	_, err = r.s.WorkflowStatus(r.ctx, w.ID)
	r.isErr("status", err, job.ErrNotFound)
	list, _, err := r.s.Workflows(r.ctx, store.WorkflowFilter{Limit: 10})
	r.ok(err, "workflows")
	r.equal("workflows that are listed", len(list), 0)
	r.equal("jobs of it", len(r.jobs(w.ID)), 0)
	_, err = r.s.CancelWorkflow(r.ctx, w.ID, time.Minute, nobody)
	r.isErr("cancel", err, job.ErrNotFound)
	_, err = r.s.OpenWorkflow(r.ctx, "digest")
	r.isErr("open workflow", err, job.ErrNotFound)
	for _, other := range []string{"after", "other"} { // on both sides of its own
		_, err = r.s.OtherOpenWorkflow(r.ctx, other)
		r.isErr("other open workflow", err, job.ErrNotFound)
	}
	for _, f := range []store.JobFilter{{Limit: 100}, {Workflow: w.ID, Limit: 100}} {
		jobs, _, err := r.s.Jobs(r.ctx, f)
		r.ok(err, "jobs")
		for _, j := range jobs {
			r.equal("workflow of a listed job", j.Workflow, job.ID{})
		}
	}
	for _, j := range w.Jobs[:2] {
		_, err = r.s.Job(r.ctx, j.ID)
		r.isErr("job", err, job.ErrNotFound)
		_, err = r.s.Dependencies(r.ctx, j.ID)
		r.isErr("dependencies", err, job.ErrNotFound)
		_, err = r.s.Explain(r.ctx, j.ID)
		r.isErr("explain", err, job.ErrNotFound)
		_, err = r.s.CancelJob(r.ctx, j.ID, time.Minute)
		r.isErr("cancel of a job", err, job.ErrNotFound)
		child := task("child").DependsOnIDs(j.ID)
		_, err = r.s.EnqueueJobs(r.ctx, []*job.Job{child}, nil)
		r.isErr("enqueue of a child", err, store.ErrUnknownParent)
	}
	r.wantRows("ready", 0)
	r.wantRows("timers", 0)
	r.wantRows("edge_check", 0)
	r.equal("claimed", len(r.claim(10)), 0)
	rows, err := r.Query("SELECT count(*) AS n FROM hammerwork_jobs")
	r.ok(err, "view")
	r.equal("rows of the view", fmt.Sprint(rows[0]["n"]), "1") // outside
}

func testBuilding(t *testing.T, open Opener) {
	key := store.Key{Value: "once", Hash: [32]byte{1}}
	for mode, how := range map[BreakMode]string{CommitHappened: "happened", CommitRefused: "did not happen"} {
		for commit := 1; ; commit++ {
			const commits = 7 // the workflow, five chunks, and what shows it
			if commit > commits {
				break
			}
			sentence := fmt.Sprintf("an enqueue in several transactions can be repeated: commit %d of %d broke and %s", commit, commits, how)
			checkWith(t, open, chunked, sentence, func(r *rig) {
				outside := task("outside")
				r.enqueueJobs(outside)
				r.complete(r.claimOne())
				w := large(r, outside.ID)
				enqueue := func() (store.Enqueued, error) {
					return r.s.EnqueueWorkflow(r.ctx, w, store.EnqueueOptions{Digest: "digest", Key: key})
				}
				n := 0
				r.Before(func(name, _ string, _ func(string, ...any)) {
					if name == "workflow_exists" || name == "lock_building" {
						if n++; n == commit {
							r.BreakCommit(mode)
						}
					}
				})
				_, err := enqueue()
				r.Before(nil)
				if err == nil {
					r.Fatalf("commit %d is none: %d", commit, n)
				}
				if commit < commits || mode == CommitRefused {
					r.invisible(w)
				}
				done, err := enqueue()
				r.ok(err, "repeated enqueue")
				r.equal("id", done.IDs, []job.ID{w.ID})
				r.wantRows("jobs", 25-1) // 23 and outside
				r.equal("checks", r.checkEdges().Done, 1)
				again, err := enqueue()
				r.ok(err, "enqueue for a third time")
				r.equal("existing", again.Existing, []bool{true})
				r.equal("jobs run", r.runToEnd(), 22)
				r.Advance(leaseTTL + slack)
				r.fire()
				r.equal("jobs run late", r.runToEnd(), 1)
				r.wantWorkflow(w.ID, workflow.Completed)
				r.wantTally(w.ID, workflow.Tally{Total: 23, Completed: 23})
			})
		}
	}

	checkWith(t, open, chunked, "an enqueue in several transactions is seen as a whole, with what wakes others", func(r *rig) {
		outside := task("outside")
		r.enqueueJobs(outside)
		r.complete(r.claimOne())
		w := large(r, outside.ID)
		seen := 0
		r.Before(func(name, _ string, _ func(string, ...any)) {
			if name == "lock_building" {
				seen++
			}
		})
		done, err := r.s.EnqueueWorkflow(r.ctx, w, store.EnqueueOptions{})
		r.Before(nil)
		r.ok(err, "enqueue")
		r.equal("transactions that add", seen, 6)
		r.equal("queues", done.Queues, []string{queue})
		r.equal("checks", done.Checks, true)
		r.equal("timer", done.Timer, true)
		r.wantRows("jobs", 24)
		r.wantRows("ready", 1)
		r.wantRows("timers", 3)
		_, err = r.s.EnqueueWorkflow(r.ctx, w, store.EnqueueOptions{})
		r.isErr("enqueue again", err, store.ErrExists)
	})

	checkWith(t, open, chunked, "two that enqueue the same large workflow at once make one", func(r *rig) {
		w := large(r, r.endedJob())
		errs := make([]error, 2)
		together(
			func() { _, errs[0] = r.Store().EnqueueWorkflow(r.ctx, w, store.EnqueueOptions{}) },
			func() { _, errs[1] = r.Second().EnqueueWorkflow(r.ctx, w, store.EnqueueOptions{}) },
		)
		if errs[0] != nil && errs[1] != nil {
			r.Fatalf("both failed: %v", errors.Join(errs...))
		}
		r.wantRows("jobs", 24)
		r.checkEdges()
		r.equal("jobs run", r.runToEnd(), 22)
	})

	checkWith(t, open, chunked, "of two large workflows with one key one is seen", func(r *rig) {
		outside := r.endedJob()
		a, b := large(r, outside), large(r, outside)
		n := 0
		r.Before(func(name, _ string, _ func(string, ...any)) {
			if name == "lock_building" {
				if n++; n == 3 {
					r.BreakCommit(CommitRefused)
				}
			}
		})
		_, err := r.s.EnqueueWorkflow(r.ctx, a, store.EnqueueOptions{Key: key})
		r.Before(nil)
		if err == nil {
			r.Fatalf("the broken commit was not noticed")
		}
		_, err = r.s.EnqueueWorkflow(r.ctx, b, store.EnqueueOptions{Key: key})
		r.ok(err, "the quicker one")
		done, err := r.s.EnqueueWorkflow(r.ctx, a, store.EnqueueOptions{Key: key})
		r.ok(err, "the slower one")
		r.equal("ids", done.IDs, []job.ID{b.ID})
		r.equal("existing", done.Existing, []bool{true})
		_, err = r.s.EnqueueWorkflow(r.ctx, large(r, outside), store.EnqueueOptions{Key: key})
		r.ok(err, "a later one")
		r.wantRows("workflows", 2)
		list, _, err := r.s.Workflows(r.ctx, store.WorkflowFilter{Limit: 10})
		r.ok(err, "workflows")
		r.equal("workflows", len(list), 1)
	})

	checkWith(t, open, chunked, "a large workflow that was deleted while it was enqueued is not shown", func(r *rig) {
		w := large(r, r.endedJob())
		n := 0
		r.Before(func(name, _ string, exec func(string, ...any)) {
			if name == "lock_building" {
				if n++; n == 6 {
					exec("DELETE FROM workflows")
				}
			}
		})
		_, err := r.s.EnqueueWorkflow(r.ctx, w, store.EnqueueOptions{})
		r.Before(nil)
		if err == nil {
			r.Errorf("it was enqueued")
		}
		r.wantRows("ready", 0)
	})

	checkWith(t, open, chunked, "a large workflow whose enqueue took an hour leaves no timer behind when it is deleted", func(r *rig) {
		w := large(r, r.endedJob())
		n := 0
		r.Before(func(name, _ string, _ func(string, ...any)) {
			if name == "lock_building" {
				if n++; n == 6 {
					r.Advance(time.Hour)
				}
			}
		})
		_, err := r.s.EnqueueWorkflow(r.ctx, w, store.EnqueueOptions{})
		r.Before(nil)
		r.ok(err, "enqueue")
		r.checkEdges()
		r.Advance(leaseTTL)
		r.fire()
		r.equal("jobs run", r.runToEnd(), 23)
		r.wantWorkflow(w.ID, workflow.Completed)
		r.age()
		r.purge(keepAll(kept))
		r.wantEmpty()
	})

	checkWith(t, open, chunked, "a large workflow of which a job is missing is not shown", func(r *rig) {
		w := large(r, r.endedJob())
		n := 0
		r.Before(func(name, _ string, exec func(string, ...any)) {
			if name == "lock_building" {
				if n++; n == 6 {
					exec("DELETE FROM jobs WHERE name = 'late'")
				}
			}
		})
		_, err := r.s.EnqueueWorkflow(r.ctx, w, store.EnqueueOptions{})
		r.Before(nil)
		if err == nil {
			r.Errorf("it was enqueued")
		}
		r.invisible(w)
	})

	checkWith(t, open, chunked, "a large workflow that is being deleted gets no more jobs", func(r *rig) {
		w := large(r, r.endedJob())
		n := 0
		r.Before(func(name, _ string, exec func(string, ...any)) {
			if name == "lock_building" {
				if n++; n == 3 {
					exec("UPDATE workflows SET hidden = 'purging'")
				}
			}
		})
		_, err := r.s.EnqueueWorkflow(r.ctx, w, store.EnqueueOptions{})
		r.Before(nil)
		if err == nil {
			r.Errorf("it was enqueued")
		}
		r.wantRows("jobs", 1+10)
	})
}

// endedJob returns a job that has completed.
func (r *rig) endedJob() job.ID {
	r.Helper()
	j := task("outside")
	r.enqueueJobs(j)
	r.complete(r.claimOne())
	return j.ID
}
