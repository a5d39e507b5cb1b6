package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// batch returns a job of n items.
func batch(name string, n int, mode workflow.BatchMode) *job.Job {
	payloads := make([]any, n)
	for i := range payloads {
		payloads[i] = map[string]int{"n": i}
	}
	return workflow.WithBatchMode(workflow.NewBatch(queue, payloads), mode).WithName(name)
}

// partsOf returns the id of the workflow that a job is made of.
func partsOf(j *job.Job) job.ID { return workflow.PartsOf(j).Workflow.ID }

// checkParts works off edge checks and part checks until there are none.
func (r *rig) checkParts() store.Resolution {
	r.Helper()
	var all store.Resolution
	for range 1000 {
		r.checkEdges()
		res, err := r.s.CheckParts(r.ctx, everything)
		r.ok(err, "check parts")
		all.Jobs, all.Control = append(all.Jobs, res.Jobs...), append(all.Control, res.Control...)
		if res.Done == 0 {
			return all
		}
	}
	r.Fatalf("part checks never end")
	return all
}

// runParts claims and completes, and works off checks, until nothing moves.
func (r *rig) runParts() {
	r.Helper()
	for {
		r.checkParts()
		if r.runToEnd() == 0 {
			r.checkParts()
			if r.count("part_check") == 0 && r.count("edge_check") == 0 && r.count("ready") == 0 {
				return
			}
		}
	}
}

// finish completes claimed jobs, and fails those that are named.
func (r *rig) finish(got map[string]store.Claimed, failing ...string) {
	r.Helper()
	bad := map[string]bool{}
	for _, name := range failing {
		bad[name] = true
	}
	var outcomes []job.Outcome
	for name, c := range got {
		if bad[name] {
			outcomes = append(outcomes, failedForGood(c))
		} else {
			outcomes = append(outcomes, completed(c, fmt.Sprintf("%q", name)))
		}
	}
	r.commit(outcomes...)
}

// retried retries what failed of a workflow.
func (r *rig) retried(id job.ID) {
	r.Helper()
	_, _, err := r.s.RetryWorkflow(r.ctx, store.Retry{Workflow: id, Mode: workflow.RetryFailed}, false, nobody)
	r.ok(err, "retry")
}

func testBatch(t *testing.T, open Opener) {
	check(t, open, "the items of a batch wait for their job, run when it may run, and end it", func(r *rig) {
		b := batch("batch", 3, "")
		id := r.start(aroundGate(b)...)
		r.checkParts()
		r.wantJobs(id, "batch: pending")
		r.wantWorkflow(partsOf(b), workflow.Pending)
		r.equal("claimable", names(r.claim(1)), []string{"before"})
		r.equal("total of the workflow", r.workflow(id).Tally.Total, 3)
		rec := r.job(b.ID)
		if p := rec.Parts; p == nil || p.Kind != workflow.PartsBatch || p.Mode != workflow.ContinueOnError || p.Workflow != partsOf(b) || p.Status != workflow.Pending || p.Tally.Total != 3 {
			r.Errorf("its parts are %+v", rec.Parts)
		}
		w := r.workflow(partsOf(b))
		r.equal("parents", []job.ID{w.ParentJob, w.ParentWorkflow}, []job.ID{b.ID, id})
		if !w.StartedAt.IsZero() {
			r.Errorf("it has begun at %s", w.StartedAt)
		}

		r.Advance(acceptTTL + slack)
		r.expire()
		r.complete(r.claimNamed("before")["before"])
		r.wantJobs(id, "batch: suspended")
		r.wantIdle()
		r.checkParts()
		r.wantWorkflow(partsOf(b), workflow.Running)
		if r.workflow(partsOf(b)).StartedAt.IsZero() {
			r.Errorf("it has not begun")
		}
		r.finish(r.claimNamed("batch[0]", "batch[1]", "batch[2]"))
		r.wantWorkflow(partsOf(b), workflow.Completed)
		r.checkParts()
		r.wantJob(b.ID, "completed")
		r.equal("result", string(r.job(b.ID).Result), `{"total":3,"completed":3,"failed":0,"errors":[]}`)
		r.complete(r.claimNamed("after")["after"])
		r.wantWorkflow(id, workflow.Completed)
		r.wantRows("part_check", 0)
	})

	check(t, open, "jobs of parts whose ids end or begin alike begin, although their time has come at once", func(r *rig) {
		list := make([]*job.Job, 32)
		first := job.NewID()
		for i := range list {
			list[i] = batch(fmt.Sprintf("b%d", i), 1, "")
			list[i].ID = first
			list[i].ID[i%16] ^= byte(1 + i/16) // another one in one byte
		}
		r.enqueueTolerant(list...)
		r.checkParts()
		r.equal("items", len(r.claimAll()), len(list))
	})

	check(t, open, "the result of a batch tells as many errors as fit into it", func(r *rig) {
		for _, c := range []struct {
			character string
			least     int
		}{
			{"<", 100}, // kept as it is
			{"\x01", 40},
		} {
			b := batch("batch", 100, workflow.ContinueOnError)
			id := r.enqueueTolerant(b)
			r.checkParts()
			var outcomes []job.Outcome
			for _, item := range r.claimAll() {
				o := failedForGood(item)
				o.Error = strings.Repeat(c.character, 2000)
				outcomes = append(outcomes, o)
			}
			r.commit(outcomes...)
			r.checkParts()
			r.wantWorkflow(id, workflow.Completed)
			raw := r.job(b.ID).Result
			if len(raw) > job.MaxResult {
				r.Errorf("a result of %d bytes", len(raw))
			}
			var result workflow.BatchResult
			r.ok(json.Unmarshal(raw, &result), "decode")
			r.equal("failed", result.Failed, 100)
			if n := len(result.Errors); n < c.least || n > 100 {
				r.Errorf("%d errors of %q", n, c.character)
			}
			for i, e := range result.Errors {
				r.equal("index", e.Index, i)
				r.equal("error", e.Error, strings.Repeat(c.character, 1024))
			}
		}
	})

	for _, c := range []struct {
		mode                     workflow.BatchMode
		batch, after, text, rest string
	}{
		{workflow.ContinueOnError, "completed", "pending", "", "completed"},
		{workflow.CollectErrors, "failed parts", "upstream_failed upstream", "1 of 3 items failed; batch[0]: never", "completed"},
		{workflow.BatchFailFast, "failed parts", "upstream_failed upstream", "3 of 3 items failed; batch[0]: never; batch[1]: cancelled (fail_fast); batch[2]: cancelled (fail_fast)", "cancelled fail_fast"},
	} {
		check(t, open, "what a failed item makes of its batch: "+string(c.mode), func(r *rig) {
			b := batch("batch", 3, c.mode)
			id := r.enqueueTolerant(aroundGate(b)...)
			r.runToEnd()
			r.checkParts()
			r.commit(failedForGood(r.claimNamedFirst("batch[0]", queue)))
			for _, x := range r.jobs(partsOf(b)) {
				if x.Name != "batch[0]" && c.mode != workflow.BatchFailFast {
					r.equal(x.Name, standing(x), "pending")
				}
			}
			r.runParts()
			r.wantJob(b.ID, c.batch)
			r.wantJobs(partsOf(b), "batch[0]: failed permanent", "batch[1]: "+c.rest, "batch[2]: "+c.rest)
			r.equal("error", r.job(b.ID).Error, c.text)
			if c.mode == workflow.ContinueOnError {
				r.equal("result", string(r.job(b.ID).Result), `{"total":3,"completed":2,"failed":1,"errors":[{"index":0,"name":"batch[0]","error":"never"}]}`)
				r.wantJobs(id, "after: completed")
			} else {
				r.wantJobs(id, "after: "+c.after)
			}
		})
	}

	check(t, open, "a batch without a workflow runs, and its items are none's but its own", func(r *rig) {
		b := batch("batch", 2, "")
		e := r.enqueueJobs(b, task("child", b))
		r.equal("ids", e.IDs[0], b.ID)
		r.checkParts()
		r.finish(r.claimNamed("batch[0]", "batch[1]"))
		r.checkParts()
		r.wantJob(b.ID, "completed")
		r.claimNamed("child")
		r.equal("parents", []job.ID{r.workflow(partsOf(b)).ParentJob, r.workflow(partsOf(b)).ParentWorkflow}, []job.ID{b.ID, {}})
	})

	check(t, open, "a retry of the workflow retries the items that failed, and only those", func(r *rig) {
		b := batch("batch", 3, workflow.CollectErrors)
		id := r.start(aroundGate(b)...)
		r.runToEnd()
		r.checkParts()
		r.finish(r.claimNamed("batch[0]", "batch[1]", "batch[2]"), "batch[1]")
		r.checkParts()
		r.wantWorkflow(id, workflow.Failed)
		r.retried(id)
		r.wantJob(b.ID, "suspended")
		r.checkParts()
		r.wantWorkflow(partsOf(b), workflow.Running)
		r.equal("run", r.workflow(partsOf(b)).Run, 2)
		r.finish(r.claimNamed("batch[1]"))
		r.checkParts()
		r.wantJob(b.ID, "completed")
		r.runParts()
		r.wantWorkflow(id, workflow.Completed)

		_, _, err := r.s.RetryWorkflow(r.ctx, store.Retry{Workflow: id, Mode: workflow.RetryAll}, false, nobody)
		r.ok(err, "retry all")
		r.complete(r.claimNamed("before")["before"])
		r.checkParts()
		r.finish(r.claimNamed("batch[0]", "batch[1]", "batch[2]"))
		r.checkParts()
		r.wantJob(b.ID, "completed")
	})

	check(t, open, "parts are not retried or deleted alone: what to do is said", func(r *rig) {
		b := batch("batch", 1, workflow.CollectErrors)
		id := r.start(b)
		r.checkParts()
		r.commit(failedForGood(r.claimOne()))
		r.checkParts()
		_, _, err := r.s.RetryWorkflow(r.ctx, store.Retry{Workflow: partsOf(b), Mode: workflow.RetryFailed}, false, nobody)
		r.isErr("retry", err, job.ErrWrongState)
		if !strings.Contains(err.Error(), "hammerwork workflow retry "+id.String()) {
			r.Errorf("%v does not say what to do", err)
		}
		r.isErr("delete", r.s.DeleteWorkflow(r.ctx, partsOf(b)), job.ErrWrongState)
		r.wantWorkflow(partsOf(b), workflow.Failed)

		alone := batch("alone", 1, workflow.CollectErrors)
		r.enqueueJobs(alone)
		r.checkParts()
		r.commit(failedForGood(r.claimOne()))
		r.checkParts()
		_, _, err = r.s.RetryWorkflow(r.ctx, store.Retry{Workflow: partsOf(alone), Mode: workflow.RetryFailed}, false, nobody)
		r.isErr("retry", err, job.ErrWrongState)
		_, err = r.s.RetryJob(r.ctx, alone.ID, nil, nobody)
		r.ok(err, "retry job")
		r.checkParts()
		r.complete(r.claimOne())
		r.checkParts()
		r.wantJob(alone.ID, "completed")
	})

	check(t, open, "a batch without a workflow that completed runs its failed items again, and one without any is refused", func(r *rig) {
		b := batch("b", 3, "")
		r.enqueueJobs(b)
		r.checkParts()
		r.finish(r.claimNamed("b[0]", "b[1]", "b[2]"), "b[1]")
		r.checkParts()
		r.wantJob(b.ID, "completed")
		r.retryJob(b.ID)
		r.checkParts()
		r.equal("runs again", names(r.claim(3)), []string{"b[1]"})
		r.Advance(acceptTTL + slack)
		r.expire()
		r.complete(r.claimOne())
		r.checkParts()
		r.wantJob(b.ID, "completed")
		_, err := r.s.RetryJob(r.ctx, b.ID, nil, nobody)
		r.isErr("retry of what all completed", err, job.ErrWrongState)
	})

	check(t, open, "a pause and a resume go down, and leave alone what somebody paused himself", func(r *rig) {
		b, c := batch("b", 2, ""), batch("c", 1, "")
		id := r.start(b, c)
		r.checkParts()
		pause := func(id job.ID) {
			r.Helper()
			_, err := r.s.PauseWorkflow(r.ctx, id, nobody)
			r.ok(err, "pause")
			r.checkParts()
		}
		resume := func(id job.ID) {
			r.Helper()
			_, err := r.s.ResumeWorkflow(r.ctx, id, nobody)
			r.ok(err, "resume")
			r.checkParts()
		}
		pause(partsOf(c))
		pause(id)
		r.wantWorkflow(partsOf(b), workflow.Paused)
		_, err := r.s.ResumeWorkflow(r.ctx, partsOf(b), nobody)
		r.isErr("resume below a pause", err, job.ErrWrongState)
		r.wantIdle()
		resume(id)
		r.wantWorkflow(partsOf(b), workflow.Running)
		r.wantWorkflow(partsOf(c), workflow.Paused)
		r.finish(r.claimNamed("b[0]", "b[1]"))
		resume(partsOf(c))
		r.finish(r.claimNamed("c[0]"))
		r.checkParts()
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "parts do not begin in a paused workflow", func(r *rig) {
		b := batch("batch", 2, "")
		id := r.start(aroundGate(b)...)
		c := r.claimOne()
		r.complete(c)
		_, err := r.s.PauseWorkflow(r.ctx, id, nobody)
		r.ok(err, "pause")
		r.checkParts()
		r.wantWorkflow(partsOf(b), workflow.Pending)
		r.wantIdle()
		_, err = r.s.ResumeWorkflow(r.ctx, id, nobody)
		r.ok(err, "resume")
		r.checkParts()
		r.finish(r.claimNamed("batch[0]", "batch[1]"))
		r.checkParts()
		r.wantJob(b.ID, "completed")
	})

	check(t, open, "a cancel goes down, and the end of the parts ends the job", func(r *rig) {
		b := batch("batch", 2, "")
		id := r.start(b)
		r.checkParts()
		held := r.claimOne()
		r.cancel(id)
		r.wantJob(b.ID, "suspended")
		r.wantWorkflow(id, workflow.Cancelling)
		res := r.checkParts()
		r.equal("told to stop", []any{len(res.Control), res.Control[0].Fence.Job}, []any{1, held.Fence.Job})
		r.wantWorkflow(partsOf(b), workflow.Cancelling)
		r.commit(completed(held, `1`))
		r.wantWorkflow(partsOf(b), workflow.Cancelled)
		r.checkParts()
		r.wantJob(b.ID, "cancelled user")
		r.wantWorkflow(id, workflow.Cancelled)
	})

	check(t, open, "a cancel of the parts alone ends the job as cancelled", func(r *rig) {
		b := batch("batch", 2, "")
		id := r.start(b)
		r.checkParts()
		r.cancel(partsOf(b))
		r.wantWorkflow(partsOf(b), workflow.Cancelled)
		r.checkParts()
		r.wantJob(b.ID, "cancelled user")
		r.wantWorkflow(id, workflow.Failed)

		c := batch("batch", 2, "") // before they begin
		r.start(aroundGate(c)...)
		_, err := r.s.CancelWorkflow(r.ctx, partsOf(c), grace, nobody)
		r.isErr("cancel before they begin", err, job.ErrWrongState)
		_, err = r.s.CancelJob(r.ctx, r.idOf(partsOf(c), "batch[0]"), grace)
		r.isErr("cancel of a job before they begin", err, job.ErrWrongState)
	})

	check(t, open, "a cancel of the job tells its parts to stop, and ends it when its grace is over", func(r *rig) {
		b := batch("batch", 2, "")
		id := r.start(b, task("other"))
		r.checkParts()
		held := r.claimNamedFirst("batch[0]", queue)
		r.cancelJob(b.ID)
		r.wantJob(b.ID, "suspended")
		r.checkParts()
		r.wantWorkflow(partsOf(b), workflow.Cancelling)
		r.wantJobs(partsOf(b), "batch[1]: cancelled user")
		r.Advance(grace + slack)
		r.fire()
		r.wantJob(b.ID, "cancelled user")
		r.checkParts()
		r.wantWorkflow(partsOf(b), workflow.Cancelled)
		r.stale(completed(held, `1`))
		r.wantWorkflow(id, workflow.Running)
	})

	check(t, open, "a deadline of the job ends it, and cancels its parts", func(r *rig) {
		b := batch("batch", 2, "").WithDeadline(time.Hour)
		id := r.start(b)
		r.checkParts()
		r.Advance(time.Hour + slack)
		r.fire()
		r.wantJob(b.ID, "timed_out deadline")
		r.wantWorkflow(id, workflow.Failed)
		r.checkParts()
		r.wantWorkflow(partsOf(b), workflow.Failed)
		r.wantJobs(partsOf(b), "batch[0]: cancelled deadline")
		r.retried(id)
		r.checkParts()
		r.finish(r.claimNamed("batch[0]", "batch[1]"))
		r.checkParts()
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "a job that is skipped never begins its parts", func(r *rig) {
		b := batch("batch", 2, "").WithCondition("false")
		id := r.start(b)
		r.checkParts()
		r.wantJob(b.ID, "skipped condition_false")
		r.wantWorkflow(id, workflow.Completed)
		r.wantWorkflow(partsOf(b), workflow.Pending)
		r.wantIdle()
	})

	check(t, open, "lists of workflows leave parts out unless they are asked for", func(r *rig) {
		b := batch("batch", 2, "")
		id := r.start(b)
		list := func(f store.WorkflowFilter) (ids []job.ID) {
			r.Helper()
			f.Limit = 10
			page, next, err := r.s.Workflows(r.ctx, f)
			r.ok(err, "list")
			r.equal("next", next, job.ID{})
			for _, w := range page {
				ids = append(ids, w.ID)
			}
			return ids
		}
		r.equal("by default", list(store.WorkflowFilter{}), []job.ID{id})
		r.equal("all", len(list(store.WorkflowFilter{All: true})), 2)
		r.equal("of the job", list(store.WorkflowFilter{Parent: b.ID}), []job.ID{partsOf(b)})
		r.equal("of another", len(list(store.WorkflowFilter{Parent: id})), 0)
		jobs, _, err := r.s.Jobs(r.ctx, store.JobFilter{Workflow: id, Limit: 10})
		r.ok(err, "jobs")
		r.equal("parts in the list of jobs", jobs[0].Parts.Tally.Total, 2)
	})

	check(t, open, "parts are kept as long as their job, and deleted with it", func(r *rig) {
		b, alone := batch("batch", 3, ""), batch("alone", 2, "")
		id := r.start(b, batch("never", 2, "").WithCondition("false"))
		r.enqueueJobs(alone)
		r.runParts()
		r.wantWorkflow(id, workflow.Completed)
		r.wantJob(alone.ID, "completed")
		r.Advance(10 * time.Hour)
		r.equal("purged too early", r.purge(keepAll(24*time.Hour)), store.Purged{})
		r.wantJobs(partsOf(b), "batch[0]: completed")
		r.Advance(48 * time.Hour)
		r.purge(keepAll(24 * time.Hour))
		r.purge(keepAll(24 * time.Hour))
		for _, table := range []string{"workflows", "jobs", "job_state", "edges", "suspensions", "part_check", "evaluations"} {
			r.wantRows(table, 0)
		}
	})

	checkWith(t, open, store.Options{EnqueueChunk: 5}, "a large batch is stored in several transactions, and nobody sees it before the last", func(r *rig) {
		b := batch("batch", 60, "")
		w := graph(aroundGate(b)...)
		r.ok(w.Validate(), "validate")
		seen := 0
		r.Before(func(name, _ string, _ func(string, ...any)) {
			if name == "insert_jobs" {
				if _, err := r.Second().Workflow(r.ctx, w.ID); err == nil {
					seen++
				}
			}
		})
		_, err := r.s.EnqueueWorkflow(r.ctx, w, store.EnqueueOptions{})
		r.Before(nil)
		r.ok(err, "enqueue")
		r.equal("seen", seen, 0)
		_, err = r.s.EnqueueWorkflow(r.ctx, w, store.EnqueueOptions{})
		r.isErr("again", err, store.ErrExists)
		r.runParts()
		r.wantWorkflow(w.ID, workflow.Completed)
		r.wantTally(partsOf(b), workflow.Tally{Total: 60, Completed: 60})

		alone := batch("alone", 60, "")
		r.enqueueJobs(alone)
		r.runParts()
		r.wantJob(alone.ID, "completed")
	})

	checkWith(t, open, store.Options{EnqueueChunk: 5}, "a large batch that comes again with its key is the one that is there", func(r *rig) {
		b := batch("batch", 60, "")
		r.ok(workflow.ValidateJobs([]*job.Job{b}), "validate")
		for k := range 2 {
			done, err := r.s.EnqueueJobs(r.ctx, []*job.Job{b}, []store.Key{{Value: "key"}})
			r.ok(err, "enqueue")
			r.equal("id", done.IDs[0], b.ID)
			r.equal("existing", done.Existing[0], k > 0)
		}
		_, err := r.s.EnqueueJobs(r.ctx, []*job.Job{b}, nil)
		r.isErr("without its key", err, store.ErrExists)
		r.runParts()
		r.wantJob(b.ID, "completed")
	})

	checkWith(t, open, store.Options{EnqueueChunk: 5}, "what an enqueue stored of parts that never came to its end is deleted", func(r *rig) {
		alone, w := batch("alone", 60, ""), graph(batch("batch", 60, ""))
		r.ok(errors.Join(workflow.ValidateJobs([]*job.Job{alone}), w.Validate()), "validate")
		breaks := func(enqueue func() error) {
			r.Helper()
			n := 0
			r.Before(func(name, _ string, _ func(string, ...any)) {
				if name == "insert_jobs" {
					if n++; n == 4 {
						r.BreakCommit(CommitRefused)
					}
				}
			})
			defer r.Before(nil)
			if enqueue() == nil {
				r.Fatalf("nothing broke")
			}
		}
		breaks(func() error { _, err := r.s.EnqueueJobs(r.ctx, []*job.Job{alone}, nil); return err })
		breaks(func() error { _, err := r.s.EnqueueWorkflow(r.ctx, w, store.EnqueueOptions{}); return err })
		page, _, err := r.s.Workflows(r.ctx, store.WorkflowFilter{All: true, Limit: 10})
		r.ok(err, "list")
		r.equal("seen", len(page), 0)
		_, err = r.s.EnqueueJobs(r.ctx, []*job.Job{alone}, nil) // goes on where it stopped
		r.ok(err, "enqueue again")
		r.runParts()
		r.wantJob(alone.ID, "completed")
		r.Advance(store.BuildAway + slack)
		r.purge(keepAll(24 * time.Hour))
		r.equal("workflows left", r.count("workflows"), 1)
		r.equal("jobs left", r.count("jobs"), 61)
	})

	check(t, open, "a job that begins anew while its parts are looked at is looked at again", func(r *rig) {
		r.start(batch("batch", 1, ""))
		r.checkEdges()
		r.ok(r.meddle("take_part_checks", "UPDATE job_state SET epoch = epoch + 1 WHERE status = 'suspended'", func() error {
			_, err := r.s.CheckParts(r.ctx, everything)
			return err
		}), "check parts")
		r.claimNamed("batch[0]")
	})

	check(t, open, "a check that fails holds up no other", func(r *rig) {
		a, b := batch("a", 1, ""), batch("b", 1, "")
		r.start(a, b)
		r.checkEdges()
		broken := false
		r.Before(func(name, _ string, exec func(string, ...any)) {
			if name == "mark_parts" && !broken {
				broken = true
				exec("UPDATE workflows SET finished_at = 1 WHERE parent_job_id IS NOT NULL AND status = 'pending'")
			}
		})
		_, err := r.s.CheckParts(r.ctx, everything)
		r.Before(nil)
		if err == nil {
			r.Fatalf("nothing failed")
		}
		r.equal("begun", len(r.claimAll()), 1)
		r.checkParts()
		r.equal("begun later", len(r.claimAll()), 1)
	})
}
