package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// events reads all events of a workflow, in pages of size.
func (r *rig) events(id job.ID, size int) []store.EventRecord {
	r.Helper()
	var all []store.EventRecord
	var after store.EventPlace
	for {
		page, err := r.s.Events(r.ctx, id, after, size)
		r.ok(err, "events")
		if len(page) > size {
			r.Fatalf("a page of %d has %d events", size, len(page))
		}
		if len(page) == 0 {
			return all
		}
		all, after = append(all, page...), page[len(page)-1].EventPlace
	}
}

// told is what a list of events says.
func told(list []store.EventRecord) (lines []string) {
	words := []string{"created", "action", "started", "attempt", "ended", "workflow ended"}
	for _, e := range list {
		lines = append(lines, fmt.Sprintf("%s %s %s", e.Name, words[e.Kind], e.Status))
	}
	return lines
}

// attemptsTold are the numbers in the events of a kind that a job has.
func (r *rig) attemptsTold(id job.ID, name string, kind store.EventKind) (numbers []int) {
	for _, e := range r.events(id, 100) {
		if e.Name == name && e.Kind == kind {
			numbers = append(numbers, e.Attempt)
		}
	}
	return numbers
}

func testEvents(t *testing.T, open Opener) {
	check(t, open, "what happened in a workflow is told in the order of time, once, in pages of any size", func(r *rig) {
		a := withRetry(retries(2, time.Minute), task("a"))[0]
		b := withRetry(once(), task("b", a))[0]
		id := r.start(a, b, task("c", b))
		r.Advance(time.Minute)
		r.commit(failed(r.claimOne()))
		r.Advance(10 * time.Minute)
		r.fire()
		r.complete(r.claimOne())
		r.Advance(time.Minute)
		r.commit(failed(r.claimOne()))
		r.wantWorkflow(id, workflow.Failed)
		want := []string{
			"test created running", "a started running", "a attempt failed", "a started running", "a ended completed", "b started running", "b attempt failed",
			"b ended dead", "c ended upstream_failed", "test workflow ended failed",
		}
		all := r.events(id, 100)
		r.equal("events", told(all)[:7], want[:7]) // of the ends of the jobs the ids decide
		r.equal("events", len(all), len(want))
		r.equal("last", told(all)[9], want[9])
		for _, size := range []int{1, 3} {
			r.equal("events in pages", told(r.events(id, size)), told(all))
		}
		r.equal("error", all[2].Error, r.job(a.ID).History[0].Error)
		r.equal("worker", all[1].Worker, worker)
		r.equal("attempts", []int{all[1].Attempt, all[2].Attempt, all[3].Attempt}, []int{1, 1, 2})
		r.equal("job", all[1].Job, a.ID)
		for i := range all[1:] {
			if all[i+1].At.Before(all[i].At) {
				r.Errorf("%v is before %v", all[i+1], all[i])
			}
		}
	})

	check(t, open, "a workflow ends after its jobs, whatever their ids are", func(r *rig) {
		first, last := task("a"), task("b")
		w := graph(first, last)
		ids := sortedIDs(3)
		first.ID, w.ID, last.ID = ids[0], ids[1], ids[2]
		r.enqueue(w)
		r.complete(r.claimAll()...)
		for size := 1; size < 7; size++ {
			all := r.events(w.ID, size)
			r.equal("events", len(all), 6)
			r.equal("last event", all[5].Kind, store.WorkflowEnded)
		}
	})

	check(t, open, "what people did is told with who did it, and a job that is held has started", func(r *rig) {
		id := r.start(task("a"), task("b"))
		r.claimOne()
		_, err := r.s.PauseWorkflow(r.ctx, id, store.Actor{Name: "ann", Comment: "lunch"})
		r.ok(err, "pause")
		r.Advance(time.Minute)
		all := r.events(id, 10)
		r.equal("events", len(all), 3)
		r.equal("started", all[1].Kind, store.JobStarted)
		r.equal("action", []string{all[2].Status, all[2].Actor, all[2].Comment}, []string{"pause", "ann", "lunch"})
		r.equal("other workflow", len(r.events(job.NewID(), 10)), 0)
	})

	check(t, open, "what ended in an earlier run is still told", func(r *rig) {
		a := withRetry(once(), task("a"))[0]
		id := r.start(a)
		r.commit(failed(r.claimOne()))
		_, _, err := r.s.RetryWorkflow(r.ctx, store.Retry{Workflow: id}, false, nobody)
		r.ok(err, "retry")
		r.complete(r.claimOne())
		ends := 0
		for _, e := range r.events(id, 10) {
			if e.Kind == store.JobEnded {
				ends++
			}
		}
		r.equal("ends of the job", ends, 2)
	})

	check(t, open, "an attempt has one number in the events, in the job and for its worker, also after retries", func(r *rig) {
		a := withRetry(retries(2, time.Minute), task("a"))[0]
		b := withRetry(once(), task("b", a))[0]
		id := r.start(a, b)
		var held []int // what workers were told
		claim := func() store.Claimed {
			r.Advance(time.Minute)
			r.fire()
			c := r.claimNamedFirst("a")
			held = append(held, c.Attempt)
			return c
		}
		retry := func(q store.Retry) {
			q.Workflow = id
			_, _, err := r.s.RetryWorkflow(r.ctx, q, false, nobody)
			r.ok(err, "retry")
		}
		r.commit(failed(claim()))
		r.commit(failed(claim()))
		retry(store.Retry{Mode: workflow.RetryFailed})
		r.commit(failed(claim()))
		r.complete(claim())
		r.complete(r.claimNamedFirst("b"))
		retry(store.Retry{Mode: workflow.RetryAll})
		last := claim()
		r.Advance(time.Minute)
		r.equal("the attempt that runs", r.attemptsTold(id, "a", store.JobStarted), []int{1, 2, 3, 4, 5})
		r.complete(last)
		r.commit(failed(r.claimNamedFirst("b")))
		r.equal("what workers were told", held, []int{1, 2, 3, 4, 5})
		r.equal("started", r.attemptsTold(id, "a", store.JobStarted), held)
		r.equal("attempts that failed", r.attemptsTold(id, "a", store.AttemptEnded), []int{1, 2, 3})
		r.equal("the last of each run", r.attemptsTold(id, "a", store.JobEnded), []int{2, 4, 5})
		r.equal("a job that could not run in the first", r.attemptsTold(id, "b", store.JobEnded), []int{0, 1, 2})
		rec := r.job(a.ID)
		r.equal("job", rec.Earlier+rec.Attempts, 5)
	})

	check(t, open, "the attempts of a job that begins anew between two of them keep their numbers", func(r *rig) {
		w := graph(append(withRetry(retries(3, time.Minute), task("a")), withRetry(once(), task("b"))...)...)
		w.FailurePolicy = workflow.Manual
		r.enqueue(w)
		retry := func() {
			_, _, err := r.s.RetryWorkflow(r.ctx, store.Retry{Workflow: w.ID, Mode: workflow.RetryAll}, false, nobody)
			r.ok(err, "retry")
		}
		held := r.claimNames()
		r.commit(failed(held["a"]))
		r.commit(failed(held["b"]))
		retry()
		for range 2 {
			r.Advance(time.Minute + slack) // the back-off of before
			r.fire()
			for _, c := range r.claimNames() {
				r.complete(c)
			}
			r.wantWorkflow(w.ID, workflow.Completed)
			retry()
		}
		r.Advance(time.Minute)
		r.equal("attempts that failed", r.attemptsTold(w.ID, "a", store.AttemptEnded), []int{1})
		r.equal("the ends", r.attemptsTold(w.ID, "a", store.JobEnded), []int{2, 3})
	})

	check(t, open, "the last moment of an open workflow is not told yet, so that nothing comes in between later", func(r *rig) {
		id := r.start(task("a"))
		if all := r.events(id, 10); len(all) > 0 && r.Now().Sub(all[0].At) < store.EventSettled/2 {
			r.Errorf("%v is told already", told(all))
		}
		r.complete(r.claimOne())
		r.equal("events at the end", len(r.events(id, 10)), 4)
	})
}
