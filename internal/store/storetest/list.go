package storetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// listJobs reads all pages of a list of jobs and returns their names.
func (r *rig) listJobs(f store.JobFilter) []string {
	r.Helper()
	var list []string
	if f.Limit == 0 {
		f.Limit = store.MaxPage
	}
	for range 1000 {
		page, next, err := r.s.Jobs(r.ctx, f)
		r.ok(err, "jobs")
		if len(page) > f.Limit {
			r.Fatalf("a page of %d has %d jobs", f.Limit, len(page))
		}
		for _, j := range page {
			list = append(list, j.Name)
		}
		if next == (job.ID{}) {
			return list
		}
		f.After = next
	}
	r.Fatalf("the list never ends")
	return nil
}

// listWorkflows reads all pages of a list of workflows.
func (r *rig) listWorkflows(f store.WorkflowFilter) []store.WorkflowRecord {
	r.Helper()
	var list []store.WorkflowRecord
	if f.Limit == 0 {
		f.Limit = store.MaxPage
	}
	for range 1000 {
		page, next, err := r.s.Workflows(r.ctx, f)
		r.ok(err, "workflows")
		if len(page) > f.Limit {
			r.Fatalf("a page of %d has %d workflows", f.Limit, len(page))
		}
		list = append(list, page...)
		if next == (job.ID{}) {
			return list
		}
		f.After = next
	}
	r.Fatalf("the list never ends")
	return nil
}

// reversed returns names of jobs from the last to the first.
func reversed(jobs ...*job.Job) []string {
	list := make([]string, len(jobs))
	for i, j := range jobs {
		list[len(jobs)-1-i] = j.Name
	}
	return list
}

// idOf returns an id that was made at a time.
func idOf(at time.Time) job.ID {
	id := job.NewID()
	for i, ms := 5, at.UnixMilli(); i >= 0; i, ms = i-1, ms>>8 {
		id[i] = byte(ms)
	}
	return id
}

func testList(t *testing.T, open Opener) {
	testListJobs(t, open)
	testListPages(t, open)
	testListWorkflows(t, open)
	testJobNames(t, open)
	testEdgesInto(t, open)
	testDependencies(t, open)
	testNames(t, open)
}

func testListJobs(t *testing.T, open Opener) {
	check(t, open, "an empty database has empty lists", func(r *rig) {
		r.equal("jobs", len(r.listJobs(store.JobFilter{})), 0)
		r.equal("workflows", len(r.listWorkflows(store.WorkflowFilter{})), 0)
	})

	check(t, open, "jobs are listed newest first, with and without a workflow", func(r *rig) {
		a, b := task("a"), task("b")
		r.enqueueJobs(a)
		r.start(b)
		c := task("c")
		r.enqueueJobs(c)
		r.equal("jobs", r.listJobs(store.JobFilter{}), []string{"c", "b", "a"})
	})

	check(t, open, "a listed job is as it is alone, without payload, result and attempts", func(r *rig) {
		jobs := diamond()
		id := r.enqueueTolerant(withRetry(retries(3, time.Hour), jobs...)...)
		r.commit(failed(r.claimOne()))
		r.Advance(2 * time.Hour)
		r.fire()
		r.commit(completed(r.claimOne(), `"result"`))
		r.claimOne()
		page, _, err := r.s.Jobs(r.ctx, store.JobFilter{Limit: 10})
		r.ok(err, "jobs")
		r.equal("jobs", len(page), 4)
		for _, got := range page {
			want := r.job(got.ID)
			want.Payload, want.Result, want.History, want.Retry = nil, nil, nil, job.RetryPolicy{}
			r.equal(got.Name, got, want)
			r.equal("workflow", got.Workflow, id)
			r.equal("workflow's name", got.WorkflowName, "test")
		}
	})

	check(t, open, "jobs are chosen by queue", func(r *rig) {
		r.enqueueJobs(taskOn("ant", "a"))
		r.enqueueJobs(taskOn("bee", "b"))
		r.enqueueJobs(taskOn("ant", "c"))
		r.equal("jobs", r.listJobs(store.JobFilter{Queue: "ant"}), []string{"c", "a"})
		r.equal("none", len(r.listJobs(store.JobFilter{Queue: "Ant"})), 0)
	})

	check(t, open, "jobs are chosen by status, held ones as running", func(r *rig) {
		for _, name := range []string{"free", "held", "retrying", "done", "dead"} {
			r.enqueueJobs(taskOn(name, name).WithRetry(retries(2, time.Hour)))
		}
		r.claimOne("held")
		r.commit(failed(r.claimOne("retrying")))
		r.complete(r.claimOne("done"))
		r.commit(failedForGood(r.claimOne("dead")))
		for status, want := range map[job.Status]string{
			job.Pending: "free", job.Running: "held", job.Retrying: "retrying", job.Completed: "done", job.Failed: "dead",
		} {
			r.equal(string(status), r.listJobs(store.JobFilter{Status: status}), []string{want})
		}
		r.equal("skipped", len(r.listJobs(store.JobFilter{Status: job.Skipped})), 0)
	})

	check(t, open, "a held job that is tried again is running, and no longer retrying", func(r *rig) {
		r.enqueueJobs(task("a").WithRetry(retries(3, time.Minute)))
		r.commit(failed(r.claimOne()))
		r.Advance(time.Hour)
		r.fire()
		r.claimOne()
		r.equal("running", r.listJobs(store.JobFilter{Status: job.Running}), []string{"a"})
		r.equal("retrying", len(r.listJobs(store.JobFilter{Status: job.Retrying})), 0)
	})

	check(t, open, "jobs are chosen by dependency status, priority and workflow", func(r *rig) {
		jobs := chain(3)
		jobs[2].WithPriority(job.Background)
		id := r.start(jobs...)
		r.enqueueJobs(task("other"))
		background := job.Background
		r.equal("waiting", r.listJobs(store.JobFilter{Dependency: job.Waiting}), []string{"j2", "j1"})
		r.equal("background", r.listJobs(store.JobFilter{Priority: &background}), []string{"j2"})
		r.equal("workflow", r.listJobs(store.JobFilter{Workflow: id}), []string{"j2", "j1", "j0"})
		r.equal("both", r.listJobs(store.JobFilter{Workflow: id, Dependency: job.NoDependencies}), []string{"j0"})
		r.equal("unknown", len(r.listJobs(store.JobFilter{Workflow: job.NewID()})), 0)
	})

	check(t, open, "jobs are chosen by their time", func(r *rig) {
		r.enqueueJobs(task("old"))
		r.Advance(30 * time.Minute)
		since := r.Now().Add(-15 * time.Minute)
		r.enqueueJobs(task("new"))
		r.equal("since", r.listJobs(store.JobFilter{Since: since}), []string{"new"})
	})

	check(t, open, "a list since some time ends where ids are too old for it, however many older jobs there are", func(r *rig) {
		since := r.Now().Add(-time.Hour)
		aged := func(name string, d time.Duration) *job.Job {
			j := task(name)
			j.ID = idOf(since.Add(-d))
			return j
		}
		var old []*job.Job
		for i := range store.MaxLooked + 1 {
			old = append(old, aged(fmt.Sprintf("old%d", i), store.MaxIDAge+time.Second))
		}
		r.enqueueJobs(old...)
		r.enqueueJobs(aged("late", store.MaxIDAge-time.Minute))
		r.enqueueJobs(taskOn("rare", "rare"))
		page, next, err := r.s.Jobs(r.ctx, store.JobFilter{Since: since, Limit: 10})
		r.ok(err, "jobs")
		r.equal("jobs", len(page), 2)
		r.equal("stored long after its id was made", page[1].Name, "late")
		r.equal("next", next, job.ID{})
	})
}

func testListPages(t *testing.T, open Opener) {
	check(t, open, "pages follow each other without gaps or repetition, whatever their size", func(r *rig) {
		jobs := tasks(23, "j")
		r.enqueueJobs(jobs...)
		for _, limit := range []int{1, 7, 22, 23, 24, store.MaxPage} {
			r.equal(fmt.Sprintf("pages of %d", limit), r.listJobs(store.JobFilter{Limit: limit}), reversed(jobs...))
		}
	})

	check(t, open, "the last page says that it is, also when it is full", func(r *rig) {
		r.enqueueJobs(tasks(4, "j")...)
		page, next, err := r.s.Jobs(r.ctx, store.JobFilter{Limit: 4})
		r.ok(err, "jobs")
		r.equal("jobs", len(page), 4)
		r.equal("next", next, job.ID{})
	})

	check(t, open, "what is enqueued between two pages is in neither", func(r *rig) {
		jobs := tasks(4, "j")
		r.enqueueJobs(jobs...)
		page, next, err := r.s.Jobs(r.ctx, store.JobFilter{Limit: 2})
		r.ok(err, "jobs")
		r.enqueueJobs(task("later"))
		r.equal("first page", []string{page[0].Name, page[1].Name}, reversed(jobs[2:]...))
		r.equal("the rest", r.listJobs(store.JobFilter{After: next}), reversed(jobs[:2]...))
	})

	check(t, open, "a limit out of bounds is brought within them", func(r *rig) {
		r.enqueueJobs(tasks(store.MaxPage+1, "j")...)
		for limit, want := range map[int]int{-1: 1, 0: 1, store.MaxPage + 1: store.MaxPage} {
			page, next, err := r.s.Jobs(r.ctx, store.JobFilter{Limit: limit})
			r.ok(err, "jobs")
			r.equal(fmt.Sprintf("jobs of a page of %d", limit), len(page), want)
			r.equal("more", next != job.ID{}, true)
		}
	})

	check(t, open, "a page looks at a bounded number of jobs and says where it stopped", func(r *rig) {
		rare := taskOn("rare", "rare")
		r.enqueueJobs(rare)
		common := tasks(store.MaxLooked+10, "j")
		r.enqueueJobs(common...)
		page, next, err := r.s.Jobs(r.ctx, store.JobFilter{Queue: "rare", Limit: 10})
		r.ok(err, "jobs")
		r.equal("first page", len(page), 0)
		r.equal("next", next, common[10].ID)
		page, next, err = r.s.Jobs(r.ctx, store.JobFilter{Queue: "rare", Limit: 10, After: next})
		r.ok(err, "jobs")
		r.equal("second page", len(page), 1)
		r.equal("next of the last", next, job.ID{})
	})

	check(t, open, "a page takes as many statements among many jobs as among few", func(r *rig) {
		count := func() int { return r.cost(func() { r.listJobs(store.JobFilter{Queue: "rare"}) }) }
		r.enqueueJobs(taskOn("rare", "rare"))
		few := count()
		r.enqueueJobs(tasks(1000, "j")...)
		r.equal("statements", count(), few)
	})

	check(t, open, "the jobs of one workflow are found behind many others", func(r *rig) {
		id := r.start(tasks(3, "mine")...)
		r.enqueueJobs(tasks(store.MaxLooked+1, "j")...)
		page, next, err := r.s.Jobs(r.ctx, store.JobFilter{Workflow: id, Limit: 2})
		r.ok(err, "jobs")
		r.equal("jobs", len(page), 2)
		page, next, err = r.s.Jobs(r.ctx, store.JobFilter{Workflow: id, Limit: 2, After: next})
		r.ok(err, "jobs")
		r.equal("the rest", page[0].Name, "mine0")
		r.equal("next", next, job.ID{})
	})

	check(t, open, "the jobs of a workflow are listed from its last to its first, whatever their ids", func(r *rig) {
		jobs := tasks(7, "j")
		jobs[0].ID, jobs[6].ID = jobs[6].ID, jobs[0].ID
		id := r.start(jobs...)
		for _, limit := range []int{1, 3, 7, 8} {
			r.equal(fmt.Sprintf("pages of %d", limit), r.listJobs(store.JobFilter{Workflow: id, Limit: limit}), reversed(jobs...))
		}
		page, next, err := r.s.Jobs(r.ctx, store.JobFilter{Workflow: id, Limit: 3, After: job.NewID()})
		r.ok(err, "jobs")
		r.equal("jobs after one of another workflow", len(page), 0)
		r.equal("next", next, job.ID{})
	})

	check(t, open, "a page looks at a bounded number of jobs of a workflow and says where it stopped", func(r *rig) {
		jobs := append([]*job.Job{taskOn("rare", "rare")}, tasks(store.MaxLooked+10, "j")...)
		id := r.start(jobs...)
		f := store.JobFilter{Workflow: id, Queue: "rare", Limit: 10}
		page, next, err := r.s.Jobs(r.ctx, f)
		r.ok(err, "jobs")
		r.equal("first page", len(page), 0)
		r.equal("next", next, jobs[11].ID)
		f.After = next
		page, next, err = r.s.Jobs(r.ctx, f)
		r.ok(err, "jobs")
		r.equal("second page", len(page), 1)
		r.equal("next of the last", next, job.ID{})
	})
}

func testListWorkflows(t *testing.T, open Opener) {
	named := func(r *rig, name string, jobs ...*job.Job) *workflow.Workflow {
		w := tolerant(jobs...)
		w.Name = name
		r.enqueue(w)
		return w
	}
	namesOf := func(list []store.WorkflowRecord) []string {
		var names []string
		for _, w := range list {
			names = append(names, w.Name)
		}
		return names
	}

	check(t, open, "workflows are listed newest first, as they are alone", func(r *rig) {
		ids := []job.ID{}
		for i := range 3 {
			w := named(r, fmt.Sprintf("w%d", i), withRetry(retries(3, time.Hour), chain(3)...)...)
			w.Metadata = json.RawMessage(`{}`)
			ids = append(ids, w.ID)
		}
		c := r.claimAll()
		r.commit(failed(c[0]))
		r.complete(c[1])
		list := r.listWorkflows(store.WorkflowFilter{})
		r.equal("names", namesOf(list), []string{"w2", "w1", "w0"})
		slices.Reverse(ids)
		for i, id := range ids {
			r.equal("workflow", list[i], r.workflow(id))
		}
	})

	check(t, open, "workflows are chosen by status, name and time", func(r *rig) {
		named(r, "old", task("a"))
		r.complete(r.claimOne())
		r.Advance(30 * time.Minute)
		since := r.Now().Add(-15 * time.Minute)
		named(r, "new", task("a"))
		cancelled := named(r, "cancelled", task("a"))
		r.cancel(cancelled.ID)
		list := func(f store.WorkflowFilter) []string { return namesOf(r.listWorkflows(f)) }
		r.equal("completed", list(store.WorkflowFilter{Status: workflow.Completed}), []string{"old"})
		r.equal("running", list(store.WorkflowFilter{Status: workflow.Running}), []string{"new"})
		r.equal("cancelled", list(store.WorkflowFilter{Status: workflow.Cancelled}), []string{"cancelled"})
		r.equal("by name", list(store.WorkflowFilter{Name: "old"}), []string{"old"})
		r.equal("since", list(store.WorkflowFilter{Since: since}), []string{"cancelled", "new"})
		r.equal("none", len(list(store.WorkflowFilter{Name: "old", Since: since})), 0)
	})

	check(t, open, "a list of workflows since some time ends where ids are too old for it", func(r *rig) {
		since := r.Now().Add(-time.Hour)
		for name, age := range map[string]time.Duration{"late": store.MaxIDAge - time.Minute, "old": store.MaxIDAge + time.Second} {
			w := tolerant(task("a"))
			w.Name, w.ID = name, idOf(since.Add(-age))
			r.enqueue(w)
		}
		r.equal("since", namesOf(r.listWorkflows(store.WorkflowFilter{Since: since})), []string{"late"})
	})

	check(t, open, "pages of workflows follow each other without gaps or repetition", func(r *rig) {
		var want []string
		for i := range 11 {
			w := named(r, fmt.Sprintf("w%d", i), task("a"))
			want = append(want, w.Name)
		}
		slices.Reverse(want)
		for _, limit := range []int{1, 4, 10, 11, 12} {
			r.equal(fmt.Sprintf("pages of %d", limit), namesOf(r.listWorkflows(store.WorkflowFilter{Limit: limit})), want)
		}
	})

	check(t, open, "a page of many workflows takes as many statements as one of few", func(r *rig) {
		count := func() int { return r.cost(func() { r.listWorkflows(store.WorkflowFilter{}) }) }
		named(r, "w", task("a"))
		few := count()
		for range 50 {
			named(r, "w", task("a"))
		}
		r.equal("statements", count(), few)
	})
}

func testDependencies(t *testing.T, open Opener) {
	deps := func(r *rig, id job.ID) store.Dependencies {
		r.Helper()
		d, err := r.s.Dependencies(r.ctx, id)
		r.ok(err, "dependencies")
		return d
	}

	check(t, open, "the parents and children of a job are listed with the state of their edges", func(r *rig) {
		jobs := diamond()
		id := r.enqueueTolerant(jobs...)
		r.complete(r.claimOne())
		r.claimOne()
		d := deps(r, jobs[1].ID)
		r.equal("parents", d.Parents, []store.DependencyRecord{
			{Job: jobs[0].ID, Workflow: id, Name: "top", Queue: queue, Status: job.Completed, On: job.OnSuccess, State: workflow.EdgeActive},
		})
		r.equal("children", d.Children, []store.DependencyRecord{
			{Job: jobs[3].ID, Workflow: id, Name: "bottom", Queue: queue, Status: job.Pending, On: job.OnSuccess, State: workflow.EdgeUnresolved},
		})
		top := deps(r, jobs[0].ID)
		r.equal("children of the top", len(top.Children), 2)
		r.equal("parents of the top", len(top.Parents), 0)
		running := 0
		for _, c := range top.Children {
			if c.Status == job.Running {
				running++
			}
		}
		r.equal("held children", running, 1)
	})

	check(t, open, "edges of other workflows and of none are listed", func(r *rig) {
		outside := task("outside")
		r.enqueueJobs(outside)
		child := task("child", outside)
		id := r.start(child)
		r.equal("children", deps(r, outside.ID).Children, []store.DependencyRecord{
			{Job: child.ID, Workflow: id, Name: "child", Queue: queue, Status: job.Pending, On: job.OnSuccess, State: workflow.EdgeUnresolved},
		})
		r.equal("parent's workflow", deps(r, child.ID).Parents[0].Workflow, job.ID{})
	})

	check(t, open, "a job without edges has none, and an unknown one is not found", func(r *rig) {
		a := task("a")
		r.enqueueJobs(a)
		r.equal("dependencies", deps(r, a.ID), store.Dependencies{})
		_, err := r.s.Dependencies(r.ctx, job.NewID())
		r.isErr("dependencies", err, job.ErrNotFound)
	})

	check(t, open, "of very many parents the first are listed, and that there are more", func(r *rig) {
		for n, more := range map[int]bool{store.MaxPage: false, store.MaxPage + 1: true} {
			jobs := fanIn(n)
			r.start(jobs...)
			d := deps(r, jobs[n].ID)
			r.equal("parents", len(d.Parents), store.MaxPage)
			r.equal("more", d.More, more)
			r.equal("first", d.Parents[0].Job, jobs[0].ID)
		}
	})
}

func testJobNames(t *testing.T, open Opener) {
	check(t, open, "the names of a workflow's jobs are told, however many are asked for, and no others", func(r *rig) {
		jobs := tasks(1200, "j")
		id := r.start(jobs...)
		other, alone := task("other"), task("alone")
		r.start(other)
		r.enqueueJobs(alone)
		ids, want := []job.ID{other.ID, alone.ID, job.NewID()}, make(map[job.ID]string)
		for _, j := range jobs {
			ids, want[j.ID] = append(ids, j.ID), j.Name
		}
		got, err := r.s.JobNames(r.ctx, id, ids)
		r.ok(err, "names")
		r.equal("names", got, want)
		got, err = r.s.JobNames(r.ctx, id, nil)
		r.ok(err, "no names")
		r.equal("no names", len(got), 0)
	})
}
