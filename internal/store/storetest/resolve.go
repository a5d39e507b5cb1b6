package storetest

import (
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func testResolve(t *testing.T, open Opener) {
	check(t, open, "a completed job keeps its result", func(r *rig) {
		j := task("a")
		id := r.start(j)
		c := r.claimOne()
		res := r.commit(completed(c, `{"rows": 3}`))
		r.equal("events", res.Jobs, []store.JobEvent{{Job: j.ID, Workflow: id, Name: "a", Status: job.Completed, Attempt: 1}})
		r.equal("workflows", res.Workflows, []store.WorkflowEvent{{Workflow: id, Name: "test", Status: workflow.Completed}})
		rec := r.job(j.ID)
		r.equal("status", rec.Status, job.Completed)
		r.equal("reason", rec.Reason, job.Reason(""))
		r.equal("result", string(rec.Result), `{"rows": 3}`)
		r.equal("attempts", rec.Attempts, 1)
		r.equal("worker", rec.Worker, worker)
		r.equal("error", rec.Error, "")
		r.isNear("finished", r.Now().Sub(rec.FinishedAt), 0)
	})

	check(t, open, "a job without a result completes", func(r *rig) {
		j := task("a")
		r.enqueueJobs(j)
		r.commit(ended(r.claimOne(), job.KindCompleted))
		if got := string(r.job(j.ID).Result); got != "" && got != "null" {
			r.Errorf("the result is %q, want none", got)
		}
	})

	check(t, open, "a repeated outcome is committed again and changes nothing", func(r *rig) {
		id := r.start(chain(2)...)
		c := r.claimOne()
		r.commit(completed(c, `1`))
		r.unchanged(id, func() {
			res := r.commit(completed(c, `1`))
			r.equal("events", len(res.Jobs), 0)
			r.equal("queues", len(res.Queues), 0)
		})
	})

	check(t, open, "a repeated final failure is committed again and changes nothing", func(r *rig) {
		id := r.start(chain(2)...)
		c := r.claimOne()
		r.commit(failedForGood(c))
		r.unchanged(id, func() { r.commit(failedForGood(c)) })
	})

	check(t, open, "a repeated failure that is to be retried is stale and changes nothing", func(r *rig) {
		id := r.start(chain(2)...)
		c := r.claimOne()
		r.commit(failed(c))
		r.unchanged(id, func() { r.stale(failed(c)) })
	})

	check(t, open, "the same outcome twice in one batch counts once", func(r *rig) {
		id := r.start(fanIn(2)...)
		claimed := r.claimAll()
		r.commit(completed(claimed[0], `1`), completed(claimed[0], `1`))
		r.wantTally(id, workflow.Tally{Total: 3, Completed: 1})
		r.wantIdle()
		r.complete(claimed[1])
		r.claimNamed("last")
		r.wantRows("leases", 1)
	})

	check(t, open, "the same retry twice in one batch costs one attempt", func(r *rig) {
		j := task("a").WithRetry(retries(5, slack))
		r.enqueueJobs(j)
		c := r.claimOne()
		r.equal("first verdict", r.resolve(failed(c), failed(c)).Verdicts[0], job.Committed)
		r.equal("attempts", r.job(j.ID).Attempts, 1)
		r.equal("history", len(r.job(j.ID).History), 1)
		r.wantRows("timers", 1)
	})

	check(t, open, "of two different outcomes of one attempt in a batch the first wins", func(r *rig) {
		a, b := task("a"), task("b")
		id := r.enqueueTolerant(a, b)
		got := r.claimNamed("a", "b")
		res := r.resolve(
			completed(got["a"], `1`), failedForGood(got["a"]),
			failedForGood(got["b"]), completed(got["b"], `1`),
		)
		r.equal("verdict of a", res.Verdicts[0], job.Committed)
		r.equal("verdict of b", res.Verdicts[2], job.Committed)
		r.wantJobs(id, "a: completed", "b: failed permanent")
		r.wantTally(id, workflow.Tally{Total: 2, Completed: 1, Failed: 1})
		r.equal("result of a", string(r.job(a.ID).Result), `1`)
	})

	check(t, open, "verdicts are in the order of the outcomes", func(r *rig) {
		r.enqueueJobs(tasks(3, "j")...)
		c := r.claimAll()
		unknown := completed(c[0], `1`)
		unknown.Job = job.NewID()
		res := r.resolve(completed(c[2], `1`), unknown, completed(c[0], `1`), failed(c[1]))
		r.equal("verdicts", res.Verdicts, []job.Verdict{job.Committed, job.Stale, job.Committed, job.Committed})
	})

	check(t, open, "no outcomes change nothing", func(r *rig) {
		id := r.start(diamond()...)
		r.unchanged(id, func() { r.resolve() })
	})

	check(t, open, "an outcome counts after its lease has expired, until it is reaped", func(r *rig) {
		j := task("a")
		r.enqueueJobs(j)
		lease := r.claimLease(worker, 1)
		r.accept(lease)
		r.Advance(3 * leaseTTL)
		r.complete(lease.Jobs...)
		r.equal("expired", r.expire().Done, 0)
		r.wantJob(j.ID, "completed")
	})

	check(t, open, "an outcome counts though nobody accepted the lease", func(r *rig) {
		j := task("a")
		r.enqueueJobs(j)
		r.complete(r.claimOne())
		r.wantJob(j.ID, "completed")
		r.wantRows("leases", 0)
	})

	check(t, open, "the lease is gone when its last job has ended, and not before", func(r *rig) {
		r.enqueueJobs(tasks(3, "j")...)
		c := r.claimAll()
		for i, left := range []int{1, 1, 0} {
			r.complete(c[i])
			r.wantRows("leases", left)
		}
	})

	check(t, open, "what is left of a lease falls with each job that ends, however it ends", func(r *rig) {
		r.enqueueJobs(tasks(5, "j")...)
		c := r.claimAll()
		left := func() int { return number(r.query("SELECT remaining FROM leases")[0]["remaining"]) }
		r.equal("left at first", left(), 5)
		r.complete(c[0], c[0])
		r.equal("left after one", left(), 4)
		r.commit(failed(c[1]), failedForGood(c[2]))
		r.equal("left after three", left(), 2)
		r.commit(ended(c[3], job.KindGivenBack))
		r.equal("left after four", left(), 1)
		r.stale(completed(c[1], `1`))
		r.equal("left after a stale outcome", left(), 1)
	})

	check(t, open, "jobs of a batch may be of many leases and workflows", func(r *rig) {
		var ids []job.ID
		var outcomes []job.Outcome
		for range 5 {
			ids = append(ids, r.start(chain(2)...))
		}
		for range 5 {
			outcomes = append(outcomes, completed(r.claimOne(), `1`))
		}
		res := r.commit(outcomes...)
		r.equal("events", len(res.Jobs), 5)
		for _, id := range ids {
			r.wantTally(id, workflow.Tally{Total: 2, Completed: 1})
		}
		r.wantRows("leases", 0)
		r.equal("claimable", len(r.claimAll()), 5)
	})

	check(t, open, "a job that is given back loses no attempt and keeps its place by priority", func(r *rig) {
		high := task("high").WithPriority(job.High)
		r.enqueueJobs(task("normal"), high, task("low").WithPriority(job.Low))
		res := r.commit(ended(r.claimOne(), job.KindGivenBack))
		r.equal("queues", res.Queues, []string{queue})
		rec := r.job(high.ID)
		r.equal("status", rec.Status, job.Pending)
		r.equal("attempts", rec.Attempts, 0)
		again := r.claimOne()
		r.equal("claimed", again.Name, "high")
		r.equal("attempt", again.Attempt, 1)
	})

	check(t, open, "a job that is given back keeps its place by time among those of its priority", func(r *rig) {
		for _, name := range []string{"first", "second", "third"} {
			r.enqueueJobs(task(name))
			r.Advance(slack)
		}
		for range 3 {
			r.commit(ended(r.claimOne(), job.KindGivenBack))
		}
		r.equal("order", names(r.claimAll()), []string{"first", "second", "third"})
	})

	check(t, open, "a job given back after a failure is still being retried, and the history tells of both", func(r *rig) {
		j := task("a").WithRetry(retries(5, slack))
		r.enqueueJobs(j)
		r.commit(failed(r.claimOne()))
		r.Advance(2 * slack)
		r.fire()
		r.commit(ended(r.claimOne(), job.KindGivenBack))
		rec := r.job(j.ID)
		r.equal("status", rec.Status, job.Retrying)
		r.equal("attempts", rec.Attempts, 1)
		var history []job.Kind
		for i, a := range rec.History {
			r.equal("number of what ended as "+string(a.Outcome), a.Attempt, i+1)
			history = append(history, a.Outcome)
		}
		r.equal("history", history, []job.Kind{job.KindFailed, job.KindGivenBack})
		r.equal("attempt", r.claimOne().Attempt, 2)
	})

	check(t, open, "an event tells the job, its status, reason, attempt and error", func(r *rig) {
		j := task("a").WithRetry(retries(2, slack))
		id := r.start(j)
		o := failed(r.claimOne())
		o.Error = "disk full"
		res := r.commit(o)
		r.equal("first", res.Jobs, []store.JobEvent{{Job: j.ID, Workflow: id, Name: "a", Status: job.Retrying, Attempt: 1, Error: "disk full"}})
		r.Advance(2 * slack)
		r.fire()
		res = r.commit(failed(r.claimOne()))
		r.equal("second", res.Jobs, []store.JobEvent{{Job: j.ID, Workflow: id, Name: "a", Status: job.Dead, Reason: job.ReasonExhausted, Attempt: 2, Error: "no luck"}})
	})

	check(t, open, "a result that is too large or no JSON is rejected, and its job may still fail for good", func(r *rig) {
		for _, result := range []string{resultOf(job.MaxResult+1, "x"), `{"rows": `, "{\"text\": \"\xff\x00\"}"} {
			j, other := task("a").WithPriority(job.High), task("b")
			id := r.start(j, other)
			claimed := r.claimAll()
			res := r.resolve(completed(claimed[0], result), completed1(claimed[1]))
			r.equal("verdicts", res.Verdicts, []job.Verdict{job.Rejected, job.Committed})
			r.wantJobs(id, "a: running", "b: completed")
			o := failedForGood(claimed[0])
			o.Reason = job.ReasonResultTooLarge
			r.commit(o)
			r.wantJobs(id, "a: failed result_too_large")
			r.wantWorkflow(id, workflow.Failed)
		}
	})

	check(t, open, "one outcome that cannot be stored does not hold up the others", func(r *rig) {
		jobs := tasks(3, "j")
		r.enqueueJobs(jobs...)
		c := r.claimAll()
		bad := failedForGood(c[1])
		bad.Error = "zero \x00 and broken \xff\xfe text " + strings.Repeat("x", 2*job.MaxError)
		res := r.resolve(completed(c[0], `1`), bad, completed(c[2], `1`))
		r.equal("first", res.Verdicts[0], job.Committed)
		r.equal("last", res.Verdicts[2], job.Committed)
		r.wantJob(jobs[0].ID, "completed")
		r.wantJob(jobs[2].ID, "completed")
		switch v := res.Verdicts[1]; v {
		case job.Committed:
			r.wantJob(jobs[1].ID, "failed permanent")
		case job.Rejected:
			r.wantJob(jobs[1].ID, "running")
		default:
			r.Errorf("the verdict is %s, want committed or rejected", v)
		}
	})
}

// enqueueTolerant enqueues jobs as a workflow under continue_on_failure and
// returns its id.
func (r *rig) enqueueTolerant(jobs ...*job.Job) job.ID {
	r.Helper()
	w := tolerant(jobs...)
	r.enqueue(w)
	return w.ID
}
