package storetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// mapped returns a job with an item for each element of a CEL list.
func mapped(name, over string) *job.Job {
	return workflow.NewMap(queue, over, nil).WithName(name)
}

// itemsOf returns the workflow of a map's items.
func (r *rig) itemsOf(j *job.Job) job.ID {
	r.Helper()
	id := r.job(j.ID).Parts.Workflow
	if id == (job.ID{}) {
		r.Fatalf("%s has no items", j.Name)
	}
	return id
}

func testMap(t *testing.T, open Opener) {
	check(t, open, "a map makes an item for each element of what its parent returned, and its result is the list of theirs", func(r *rig) {
		list := task("list")
		m := workflow.NewMap(queue, "deps.list.result.files", map[string]string{"mode": "fast"}).WithName("m").DependsOnJobs(list).WithInput("more", "1 + 1")
		id := r.start(list, m, task("after", m))
		c := r.claimOne()
		r.commit(completed(c, `{"files": ["a", "b"]}`))
		r.wantJob(m.ID, "suspended")
		r.checkParts()
		r.equal("total", r.workflow(id).Tally.Total, 3)
		var got []string
		claimed := r.claimAll()
		for _, c := range claimed {
			var payload map[string]any
			r.ok(json.Unmarshal(c.Payload, &payload), "payload")
			got = append(got, fmt.Sprintf("%s %v %v %v %v", c.Name, payload["item"], payload["index"], payload["mode"], payload["more"]))
		}
		r.equal("items", got, []string{"m[0] a 0 fast 2", "m[1] b 1 fast 2"})
		r.commit(completed(claimed[1], `"B"`), completed(claimed[0], `"A"`))
		r.checkParts()
		r.wantJob(m.ID, "completed")
		r.equal("result", string(r.job(m.ID).Result), `["A","B"]`)
		r.claimNamed("after")
	})

	check(t, open, "an empty list completes a map, and what is no list fails it", func(r *rig) {
		empty, bad := mapped("empty", "[]"), mapped("bad", "payload.x")
		id := r.enqueueTolerant(empty, bad)
		r.checkParts()
		r.wantJobs(id, "empty: completed", "bad: failed input_error")
		r.equal("result", string(r.job(empty.ID).Result), `[]`)
	})

	check(t, open, "no more items are claimable at once than max_parallel, in back-off too, the first first", func(r *rig) {
		m := workflow.WithMaxParallel(mapped("m", "[0, 1, 2, 3, 4, 5, 6]"), 2).WithRetry(retries(2, time.Hour))
		id := r.start(m)
		r.checkParts()
		got := r.claimNamed("m[0]", "m[1]")
		r.commit(failed(got["m[0]"]))
		r.wantIdle()
		r.complete(got["m[1]"])
		got = r.claimNamed("m[2]")
		r.complete(got["m[2]"])
		r.claimNamed("m[3]")
		r.Advance(time.Hour + slack)
		r.fire()
		r.expire()
		r.claimNamed("m[0]", "m[3]")
		r.Advance(acceptTTL + slack)
		r.expire()
		got = r.claimNamed("m[0]", "m[3]")
		r.complete(got["m[0]"], got["m[3]"])
		got = r.claimNamed("m[4]", "m[5]")
		r.cancelJob(r.idOf(r.itemsOf(m), "m[6]"))
		r.complete(got["m[4]"], got["m[5]"])
		r.wantIdle()
		r.checkParts()
		r.wantJob(m.ID, "failed parts")
		r.wantWorkflow(id, workflow.Failed)
		r.wantTally(r.itemsOf(m), workflow.Tally{Total: 7, Completed: 6, Cancelled: 1})
	})

	check(t, open, "an outcome of an item that nobody holds lets it not have another's turn", func(r *rig) {
		m := workflow.WithMaxParallel(mapped("m", "[0, 1, 2]"), 1)
		r.start(m)
		r.checkParts()
		first := r.claimNamed("m[0]")["m[0]"]
		stale := store.Claimed{Fence: job.Fence{Job: r.idOf(r.itemsOf(m), "m[2]"), Lease: newLease()}}
		r.equal("verdicts", r.resolve(completed(first, `0`), completed(stale, `2`)).Verdicts, []job.Verdict{job.Committed, job.Stale})
		r.claimNamed("m[1]")
	})

	check(t, open, "a map bears as many failed items as it tolerates", func(r *rig) {
		m := workflow.WithTolerate(mapped("m", "[0, 1, 2]"), 1)
		any := workflow.WithTolerate(mapped("any", "[0, 1]"), -1)
		id := r.enqueueTolerant(m, any)
		r.checkParts()
		got := r.claimNamed("m[0]", "m[1]", "m[2]", "any[0]", "any[1]")
		r.commit(failedForGood(got["m[1]"]), failedForGood(got["any[0]"]), failedForGood(got["any[1]"]))
		r.commit(completed(got["m[0]"], `0`), completed(got["m[2]"], `2`))
		r.checkParts()
		r.wantJobs(id, "m: completed", "any: completed")
		r.equal("result", string(r.job(m.ID).Result), `[0,null,2]`)
		r.equal("result of any", string(r.job(any.ID).Result), `[null,null]`)

		none := mapped("none", "[0, 1]")
		r.enqueueTolerant(none)
		r.checkParts()
		got = r.claimNamed("none[0]", "none[1]")
		r.commit(failedForGood(got["none[0]"]), completed(got["none[1]"], `1`))
		r.checkParts()
		r.wantJob(none.ID, "failed parts")
		r.equal("error", r.job(none.ID).Error, "1 of 2 items failed; none[0]: never")
	})

	check(t, open, "results that are too large together are counted", func(r *rig) {
		m := mapped("m", "[0, 1, 2]")
		r.start(m)
		r.checkParts()
		large := `"` + strings.Repeat("x", job.MaxResult/2) + `"`
		for _, c := range r.claimAll() {
			r.commit(completed(c, large))
		}
		r.checkParts()
		r.equal("result", string(r.job(m.ID).Result), `{"total":3,"completed":3,"failed":0,"truncated":true}`)
	})

	check(t, open, "a retry retries the items that failed, and another list makes others", func(r *rig) {
		list := task("list")
		m := workflow.WithMaxParallel(mapped("m", "deps.list.result"), 1).DependsOnJobs(list)
		id := r.start(list, m)
		r.commit(completed(r.claimOne(), `[1, 2, 3]`))
		r.checkParts()
		r.complete(r.claimNamed("m[0]")["m[0]"])
		r.commit(failedForGood(r.claimNamed("m[1]")["m[1]"]))
		r.checkParts()
		r.wantWorkflow(id, workflow.Failed)
		items := r.itemsOf(m)
		r.wantJobs(items, "m[0]: completed", "m[1]: failed permanent", "m[2]: cancelled fail_fast")
		r.retried(id)
		r.checkParts()
		r.equal("items", r.itemsOf(m), items)
		r.complete(r.claimNamed("m[1]")["m[1]"])
		r.complete(r.claimNamed("m[2]")["m[2]"])
		r.checkParts()
		r.wantWorkflow(id, workflow.Completed)

		_, _, err := r.s.RetryWorkflow(r.ctx, store.Retry{Workflow: id, Mode: workflow.RetryAll}, false, nobody)
		r.ok(err, "retry all")
		r.commit(completed(r.claimNamed("list")["list"], `[7]`))
		r.checkParts()
		c := r.claimNamed("m[0]")["m[0]"]
		if r.itemsOf(m) == items || !strings.Contains(string(c.Payload), `"item":7`) {
			r.Errorf("the item is %s of %s", c.Payload, items)
		}
		r.commit(completed(c, `"seven"`))
		r.checkParts()
		r.equal("result", string(r.job(m.ID).Result), `["seven"]`)
		page, _, err := r.s.Workflows(r.ctx, store.WorkflowFilter{Parent: m.ID, Limit: 10})
		r.ok(err, "list")
		r.equal("of both lists", len(page), 2)
	})

	check(t, open, "items of a list that a map is not over any more are cancelled, also when it began anew before its end was seen", func(r *rig) {
		list := task("list")
		m := mapped("m", "deps.list.result").WithDeadline(time.Hour).DependsOnJobs(list)
		id := r.start(list, m)
		r.commit(completed(r.claimOne(), `[1, 2]`))
		r.checkParts()
		items := r.itemsOf(m)
		r.Advance(time.Hour + slack)
		r.fire()
		r.wantJob(m.ID, "timed_out deadline")
		_, _, err := r.s.RetryWorkflow(r.ctx, store.Retry{Workflow: id, Mode: workflow.RetryAll}, false, nobody)
		r.ok(err, "retry all")
		r.commit(completed(r.claimNamed("list", "m[0]", "m[1]")["list"], `[7]`))
		r.checkParts()
		r.wantWorkflow(items, workflow.Cancelling)
		if r.itemsOf(m) == items {
			r.Error("the items are those of the first list")
		}
		r.claimNamed("m[0]")
	})

	checkWith(t, open, store.Options{EnqueueChunk: 5}, "a large map is made in several transactions", func(r *rig) {
		elements := make([]string, 100)
		for i := range elements {
			elements[i] = fmt.Sprint(i)
		}
		m := workflow.WithMaxParallel(mapped("m", "["+strings.Join(elements, ", ")+"]"), 7)
		id := r.start(m)
		for r.checkParts(); r.workflow(id).Status == workflow.Running; r.checkParts() {
			got := r.claimAll()
			if len(got) == 0 || len(got) > 7 {
				r.Fatalf("%d items at once", len(got))
			}
			r.complete(got...)
		}
		r.wantTally(r.itemsOf(m), workflow.Tally{Total: 100, Completed: 100})
	})

	checkWith(t, open, store.Options{EnqueueChunk: 5}, "a large map whose items were begun long ago gets them when what is left of them is deleted", func(r *rig) {
		m := mapped("m", "payload.list").WithInput("more", "1")
		m.Payload = json.RawMessage(`{"list": [` + strings.Repeat("1, ", 59) + `1]}`)
		id := r.start(m)
		r.checkEdges()
		n := 0
		r.Before(func(name, _ string, _ func(string, ...any)) {
			if name == "insert_jobs" {
				if n++; n == 4 {
					r.BreakCommit(CommitRefused)
				}
			}
		})
		_, err := r.s.CheckParts(r.ctx, everything)
		r.Before(nil)
		if err == nil {
			r.Fatalf("nothing broke")
		}
		r.ok(r.Exec("UPDATE workflows SET hidden = 'purging' WHERE hidden = 'building'"), "hide")
		if _, err := r.s.CheckParts(r.ctx, everything); err == nil {
			r.Errorf("nothing was said")
		}
		r.purge(keepAll(24 * time.Hour))
		r.checkParts()
		r.equal("items", r.runToEnd(), 60)
		r.checkParts()
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "a map whose items would be too large together fails, and a retry with less runs", func(r *rig) {
		list := task("list")
		m := workflow.NewMap(queue, "deps.list.result", map[string]string{"common": strings.Repeat("x", 200<<10)}).WithName("m").DependsOnJobs(list)
		id := r.start(list, m, task("after", m))
		r.commit(completed(r.claimOne(), "["+strings.Repeat("1,", 2000)+"1]"))
		r.checkParts()
		r.wantJob(m.ID, "failed input_error")
		if text := r.job(m.ID).Error; !strings.Contains(text, "2001 items") {
			r.Errorf("the error is %q", text)
		}
		r.wantWorkflow(id, workflow.Failed)
		r.wantRows("part_check", 0)
		_, _, err := r.s.RetryWorkflow(r.ctx, store.Retry{Workflow: id, Mode: workflow.RetryFailed, Payloads: map[job.ID]json.RawMessage{m.ID: json.RawMessage(`{}`)}}, false, nobody)
		r.ok(err, "retry")
		r.checkParts()
		r.equal("items", r.workflow(r.itemsOf(m)).Tally.Total, 2001)
	})

	check(t, open, "a map whose items cannot be made fails", func(r *rig) {
		m := mapped("m", "[1]")
		id := r.start(m)
		r.checkParts()
		r.commit(failedForGood(r.claimOne()))
		r.checkParts()
		r.plant("UPDATE jobs SET payload = ? WHERE id = ?", []byte(`5`), m.ID[:]) // no call lets it be one
		r.retried(id)
		r.checkParts()
		r.wantJob(m.ID, "failed input_error")
		r.wantWorkflow(id, workflow.Failed)
	})

	check(t, open, "a map whose turn comes in a paused workflow keeps its list until the resume", func(r *rig) {
		first := task("first")
		m := mapped("m", "deps.first.result").DependsOnJobs(first)
		id := r.start(first, m)
		c := r.claimOne()
		_, err := r.s.PauseWorkflow(r.ctx, id, nobody)
		r.ok(err, "pause")
		r.commit(completed(c, `["a"]`))
		r.checkParts()
		r.wantJob(m.ID, "pending")
		_, err = r.s.ResumeWorkflow(r.ctx, id, nobody)
		r.ok(err, "resume")
		r.checkParts()
		r.complete(r.claimNamed("m[0]")["m[0]"])
		r.checkParts()
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "items of a paused map take their turn, and may run after the resume", func(r *rig) {
		m := workflow.WithMaxParallel(mapped("m", "[0, 1, 2]"), 1)
		id := r.start(m)
		r.checkParts()
		c := r.claimOne()
		_, err := r.s.PauseWorkflow(r.ctx, id, nobody)
		r.ok(err, "pause")
		r.checkParts()
		r.complete(c)
		r.wantIdle()
		_, err = r.s.ResumeWorkflow(r.ctx, id, nobody)
		r.ok(err, "resume")
		r.checkParts()
		r.complete(r.claimNamed("m[1]")["m[1]"])
		r.complete(r.claimNamed("m[2]")["m[2]"])
		r.checkParts()
		r.wantWorkflow(id, workflow.Completed)
	})
}
