package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func testEnqueue(t *testing.T, open Opener) {
	check(t, open, "more jobs without a workflow than fit into a transaction are refused", func(r *rig) {
		_, err := r.s.EnqueueJobs(r.ctx, tasks(store.MaxEnqueue+1, "j"), nil)
		r.isErr("enqueue", err, store.ErrTooMany)
		r.wantRows("jobs", 0)
	})

	check(t, open, "a workflow is stored with its jobs in the order of its definition", func(r *rig) {
		jobs := diamond()
		slices.Reverse(jobs)
		id := r.start(jobs...)
		var got []string
		for _, rec := range r.jobs(id) {
			r.equal("workflow of "+rec.Name, rec.Workflow, id)
			got = append(got, rec.Name)
		}
		r.equal("names", got, []string{"bottom", "right", "left", "top"})
	})

	check(t, open, "a fresh workflow is running and none of its jobs has ended", func(r *rig) {
		id := r.start(diamond()...)
		rec := r.workflow(id)
		r.equal("status", rec.Status, workflow.Running)
		r.equal("failure policy", rec.FailurePolicy, workflow.FailFast)
		r.equal("tally", rec.Tally, workflow.Tally{Total: 4})
		r.equal("running", rec.Running, 0)
		r.equal("failing", rec.Failing, false)
		r.equal("finished", rec.FinishedAt, time.Time{})
		r.wantJobs(id, "top: pending", "left: pending", "right: pending", "bottom: pending")
	})

	check(t, open, "the dependency status of a fresh job says whether it has parents", func(r *rig) {
		jobs := diamond()
		r.start(jobs...)
		r.equal("root", r.job(jobs[0].ID).DependencyStatus, job.NoDependencies)
		r.equal("child", r.job(jobs[1].ID).DependencyStatus, job.Waiting)
		r.equal("parents", r.job(jobs[3].ID).DependsOn, idsOf(jobs[1:3]))
	})

	check(t, open, "roots are claimable at once and their queues are named, sorted", func(r *rig) {
		a, b, c := taskOn("zebra", "a"), taskOn("ant", "b"), taskOn("zebra", "c")
		w := graph(a, b, c, taskOn("child", "d", a))
		want := store.Enqueued{IDs: []job.ID{w.ID}, Existing: []bool{false}, Queues: []string{"ant", "zebra"}}
		r.equal("enqueued", r.enqueue(w), want)
		r.claimNamed("a", "b", "c")
	})

	check(t, open, "jobs without a workflow are claimable at once", func(r *rig) {
		a := task("a")
		e := r.enqueueJobs(a, taskOn("other", "b"))
		r.equal("queues", e.Queues, []string{"other", queue})
		r.equal("workflow", r.job(a.ID).Workflow, job.ID{})
		r.claimNamed("a", "b")
	})

	check(t, open, "a delayed root is not claimable before its time, and no queue is named for it", func(r *rig) {
		e := r.enqueue(graph(task("a").WithDelay(time.Hour)))
		r.equal("queues", len(e.Queues), 0)
		r.wantIdle()
		r.Advance(59 * time.Minute)
		r.fire()
		r.wantIdle()
		r.Advance(2 * time.Minute)
		r.equal("queues", r.fire().Queues, []string{queue})
		r.claimNamed("a")
	})

	check(t, open, "a root scheduled for later is not claimable before its time", func(r *rig) {
		r.enqueueJobs(task("a").WithScheduledAt(r.Now().Add(time.Hour)))
		r.Advance(59 * time.Minute)
		r.fire()
		r.wantIdle()
		r.Advance(2 * time.Minute)
		r.fire()
		r.claimNamed("a")
	})

	check(t, open, "a root scheduled in the past is claimable at once", func(r *rig) {
		r.enqueueJobs(task("a").WithScheduledAt(r.Now().Add(-time.Hour)))
		r.claimNamed("a")
	})

	check(t, open, "the same workflow twice is refused and changes nothing", func(r *rig) {
		w := graph(diamond()...)
		r.enqueue(w)
		r.complete(r.claimOne())
		r.unchanged(w.ID, func() {
			_, err := r.s.EnqueueWorkflow(r.ctx, w, store.EnqueueOptions{Digest: "other digest"})
			r.isErr("enqueue again", err, store.ErrExists)
		})
	})

	check(t, open, "the same id with another definition is refused and changes nothing", func(r *rig) {
		w := graph(task("a"))
		r.enqueue(w)
		other := graph(task("b"), task("c")).WithDescription("another")
		other.ID = w.ID
		r.ok(other.Validate(), "validate")
		r.unchanged(w.ID, func() {
			_, err := r.s.EnqueueWorkflow(r.ctx, other, store.EnqueueOptions{})
			r.isErr("enqueue", err, store.ErrExists)
		})
		r.wantAbsent(idsOf(other.Jobs)...)
	})

	check(t, open, "a workflow with a job that is stored already is refused and nothing of it is stored", func(r *rig) {
		a := task("a")
		r.enqueueJobs(a)
		b := task("b")
		w := graph(b, a)
		r.ok(w.Validate(), "validate")
		_, err := r.s.EnqueueWorkflow(r.ctx, w, store.EnqueueOptions{})
		r.isErr("enqueue", err, store.ErrExists)
		_, err = r.s.Workflow(r.ctx, w.ID)
		r.isErr("workflow", err, job.ErrNotFound)
		r.wantAbsent(b.ID)
		r.claimNamed("a")
	})

	check(t, open, "of jobs of which one is stored already none is stored", func(r *rig) {
		a := task("a")
		r.enqueueJobs(a)
		more := []*job.Job{task("b"), a, task("c")}
		_, err := r.s.EnqueueJobs(r.ctx, more, nil)
		r.isErr("enqueue", err, store.ErrExists)
		r.wantAbsent(more[0].ID, more[2].ID)
		r.wantRows("jobs", 1)
		r.wantRows("ready", 1)
	})

	check(t, open, "a workflow with an unknown parent outside is refused and nothing of it is stored", func(r *rig) {
		a := task("a")
		b := task("b").DependsOnIDs(job.NewID())
		w := graph(a, b)
		r.ok(w.Validate(), "validate")
		_, err := r.s.EnqueueWorkflow(r.ctx, w, store.EnqueueOptions{})
		r.isErr("enqueue", err, store.ErrUnknownParent)
		_, err = r.s.Workflow(r.ctx, w.ID)
		r.isErr("workflow", err, job.ErrNotFound)
		r.wantAbsent(a.ID, b.ID)
		for _, table := range []string{"jobs", "job_state", "ready", "edges", "workflows"} {
			r.wantRows(table, 0)
		}
	})

	check(t, open, "of jobs of which one has an unknown parent none is stored", func(r *rig) {
		known := task("known")
		r.enqueueJobs(known)
		more := []*job.Job{task("a"), task("b").DependsOnIDs(known.ID, job.NewID())}
		r.ok(workflow.ValidateJobs(more), "validate")
		_, err := r.s.EnqueueJobs(r.ctx, more, nil)
		r.isErr("enqueue", err, store.ErrUnknownParent)
		r.wantAbsent(idsOf(more)...)
		r.wantRows("edges", 0)
	})

	check(t, open, "after a refusal the same workflow can be enqueued once its parent is there", func(r *rig) {
		parent := task("parent")
		w := graph(task("child", parent))
		r.ok(w.Validate(), "validate")
		_, err := r.s.EnqueueWorkflow(r.ctx, w, store.EnqueueOptions{})
		r.isErr("enqueue", err, store.ErrUnknownParent)
		r.enqueueJobs(parent)
		e := r.enqueue(w)
		r.equal("checks", e.Checks, true)
	})

	check(t, open, "jobs without a workflow wait for parents of the same set", func(r *rig) {
		a := task("a")
		r.enqueueJobs(a, task("b", a))
		r.complete(r.claimNamed("a")["a"])
		r.checkEdges()
		r.claimNamed("b")
	})

	check(t, open, "two enqueues of one workflow at the same time store it once", func(r *rig) {
		w := graph(fan(20)...)
		r.ok(w.Validate(), "validate")
		var first, second error
		together(
			func() { _, first = r.s.EnqueueWorkflow(r.ctx, w, store.EnqueueOptions{}) },
			func() { _, second = r.Second().EnqueueWorkflow(r.ctx, w, store.EnqueueOptions{}) },
		)
		if first == nil {
			first, second = second, first
		}
		r.ok(second, "one of two enqueues")
		r.isErr("the other", first, store.ErrExists)
		r.wantRows("jobs", 22)
		r.equal("jobs run", r.runToEnd(), 22)
	})

	check(t, open, "a job has the default settings when neither it nor its workflow says otherwise", func(r *rig) {
		r.start(task("a"))
		c := r.claimOne()
		r.equal("priority", c.Priority, job.Normal)
		r.equal("attempts", c.MaxAttempts, job.DefaultMaxAttempts)
		r.equal("timeout", c.Timeout, time.Duration(0))
	})

	check(t, open, "a job takes its workflow's priority and retry policy unless it has its own", func(r *rig) {
		own := task("own").WithPriority(job.Low).WithRetry(retries(2, time.Minute))
		w := graph(task("inherits"), own).WithPriority(job.Critical).WithRetry(retries(7, time.Minute))
		r.enqueue(w)
		got := r.claimNamed("inherits", "own")
		r.equal("inherited priority", got["inherits"].Priority, job.Critical)
		r.equal("inherited attempts", got["inherits"].MaxAttempts, 7)
		r.equal("own priority", got["own"].Priority, job.Low)
		r.equal("own attempts", got["own"].MaxAttempts, 2)
		r.equal("the workflow's priority", r.workflow(w.ID).Priority, job.Critical)
	})

	check(t, open, "a job takes its workflow's trace and correlation ids unless it has its own", func(r *rig) {
		const workflows, jobs = "0af7651916cd43dd8448eb211c80319c", "4bf92f3577b34da6a3ce929d0e0e4736"
		own := task("own").WithTraceID(jobs).WithCorrelationID("order 8")
		r.enqueue(graph(task("inherits"), own).WithTraceID(workflows).WithCorrelationID("order 7"))
		got := r.claimNamed("inherits", "own")
		r.equal("inherited trace", got["inherits"].TraceID, workflows)
		r.equal("inherited correlation", got["inherits"].CorrelationID, "order 7")
		r.equal("own trace", got["own"].TraceID, jobs)
		r.equal("own correlation", got["own"].CorrelationID, "order 8")
	})

	check(t, open, "a workflow without a trace id gets one, and its jobs the same", func(r *rig) {
		id := r.start(task("a"), task("b"))
		trace := r.workflow(id).TraceID
		if len(trace) != 32 {
			r.Fatalf("the trace id is %q, want 32 hex digits", trace)
		}
		for _, rec := range r.jobs(id) {
			r.equal("trace of "+rec.Name, rec.TraceID, trace)
		}
	})

	check(t, open, "what a job is made of has the trace of the job", func(r *rig) {
		const own = "0af7651916cd43dd8448eb211c80319c"
		inner := workflow.NewWorkflow("").Add(task("x")).AsJob("inner")
		sub, other := workflow.NewWorkflow("").Add(inner).AsJob("sub"), workflow.NewWorkflow("").Add(task("y")).WithTraceID(own).AsJob("other")
		batch := workflow.NewBatch("q", []any{1}).WithName("batch")
		trace := r.workflow(r.start(sub, other, batch)).TraceID
		for of, want := range map[*job.Job]string{sub: trace, inner: trace, batch: trace, other: own} {
			id := r.job(of.ID).Parts.Workflow
			r.equal("trace of the workflow of "+of.Name, r.workflow(id).TraceID, want)
			for _, rec := range r.jobs(id) {
				r.equal("trace of "+rec.Name, rec.TraceID, want)
			}
		}
		alone := workflow.NewBatch("q", []any{1})
		r.enqueueJobs(alone)
		rec := r.job(alone.ID)
		r.equal("trace of the items of a batch without a workflow", r.workflow(rec.Parts.Workflow).TraceID, rec.TraceID)
	})

	check(t, open, "a claimed job carries all that its definition says", func(r *rig) {
		j := task("a").WithTimeout(90 * time.Second).WithPriority(job.High).WithRetry(retries(4, time.Minute))
		w := graph(j)
		w.Name = "nightly"
		r.enqueue(w)
		c := r.claimOne()
		r.equal("job", c.Fence.Job, j.ID)
		r.equal("workflow", c.Workflow, w.ID)
		r.equal("workflow name", c.WorkflowName, "nightly")
		r.equal("name", c.Name, "a")
		r.equal("queue", c.Queue, queue)
		r.equal("payload", string(c.Payload), "{}")
		r.equal("timeout", c.Timeout, 90*time.Second)
		r.equal("priority", c.Priority, job.High)
		r.equal("attempt", c.Attempt, 1)
		r.equal("attempts", c.MaxAttempts, 4)
		r.equal("parents", len(c.Parents), 0)
		r.equal("fetch", c.Fetch, false)
	})

	check(t, open, "a workflow of 2,000 jobs runs to its end", func(r *rig) {
		id := r.start(fan(1998)...)
		r.equal("jobs run", r.runToEnd(), 2000)
		r.wantWorkflow(id, workflow.Completed)
		r.wantTally(id, workflow.Tally{Total: 2000, Completed: 2000})
	})

	check(t, open, "2,000 jobs without a workflow are each claimed once", func(r *rig) {
		r.enqueueJobs(tasks(2000, "j")...)
		r.equal("jobs run", r.runToEnd(), 2000)
		r.wantRows("leases", 0)
	})

	check(t, open, "unknown ids are not found", func(r *rig) {
		_, err := r.s.Workflow(r.ctx, job.NewID())
		r.isErr("workflow", err, job.ErrNotFound)
		_, err = r.s.Job(r.ctx, job.NewID())
		r.isErr("job", err, job.ErrNotFound)
	})
}

func testDigest(t *testing.T, open Opener) {
	check(t, open, "an unfinished workflow of another digest is named, an ended one is not", func(r *rig) {
		w := graph(task("a"))
		w.Name = "mine"
		_, err := r.s.EnqueueWorkflow(r.ctx, w, store.EnqueueOptions{Digest: "one"})
		r.ok(err, "enqueue")
		name, err := r.s.OtherOpenWorkflow(r.ctx, "two")
		r.ok(err, "other open workflow")
		r.equal("name", name, "mine")
		_, err = r.s.OtherOpenWorkflow(r.ctx, "one")
		r.equal("not found", errors.Is(err, job.ErrNotFound), true)
		r.runToEnd()
		_, err = r.s.OtherOpenWorkflow(r.ctx, "two")
		r.equal("not found", errors.Is(err, job.ErrNotFound), true)
	})

	enqueue := func(r *rig, digest string) job.ID {
		r.Helper()
		w := graph(task("a"))
		r.ok(w.Validate(), "validate")
		_, err := r.s.EnqueueWorkflow(r.ctx, w, store.EnqueueOptions{Digest: digest})
		r.ok(err, "enqueue")
		return w.ID
	}
	check(t, open, "the newest open workflow with a digest is found", func(r *rig) {
		enqueue(r, "d1")
		r.Advance(slack)
		newest := enqueue(r, "d1")
		r.Advance(slack)
		enqueue(r, "d2")
		got, err := r.s.OpenWorkflow(r.ctx, "d1")
		r.ok(err, "open workflow")
		r.equal("found", got, newest)
	})

	check(t, open, "a workflow that has ended is not found by its digest", func(r *rig) {
		first := enqueue(r, "d1")
		one := r.claimOne()
		r.Advance(slack)
		enqueue(r, "d1")
		r.complete(r.claimOne())
		got, err := r.s.OpenWorkflow(r.ctx, "d1")
		r.ok(err, "open workflow")
		r.equal("found", got, first)
		r.complete(one)
		_, err = r.s.OpenWorkflow(r.ctx, "d1")
		r.isErr("open workflow", err, job.ErrNotFound)
	})

	check(t, open, "another digest, or one in another letter case, finds nothing", func(r *rig) {
		enqueue(r, "abc")
		enqueue(r, "")
		for _, digest := range []string{"ABC", "ab", "abcd", "abc "} {
			_, err := r.s.OpenWorkflow(r.ctx, digest)
			r.isErr(fmt.Sprintf("open workflow %q", digest), err, job.ErrNotFound)
		}
	})
}
