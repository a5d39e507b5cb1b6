package storetest

import (
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// guardedLists look at jobs whose claim is over while its lease lives on.
func guardedLists(t *testing.T, open Opener) {
	// running checks in all lists that just this job runs.
	running := func(r *rig, id job.ID, want string) {
		r.Helper()
		r.equal("jobs", r.listJobs(store.JobFilter{Status: job.Running}), []string{want})
		r.equal("jobs of the workflow", r.listJobs(store.JobFilter{Workflow: id, Status: job.Running}), []string{want})
		r.equal("of the workflow", r.listWorkflows(store.WorkflowFilter{})[0].Running, 1)
		r.equal("of the queue", r.queues()[queue].Running, 1)
		r.equal("of the workers", r.workers()[0].Running, 1)
	}

	check(t, open, "a job that was given back is not listed as running while its lease holds another", func(r *rig) {
		r.seeWorkers(store.WorkerSeen{Name: "w1"})
		jobs := diamond()
		id := r.start(jobs...)
		r.complete(r.claimOne())
		_, back, kept := r.giveBackOne()
		running(r, id, kept.Name)
		r.equal("of all", r.listJobs(store.JobFilter{Status: job.Pending}), []string{"bottom", back.Name})
		r.equal("of the workflow's", r.listJobs(store.JobFilter{Workflow: id, Status: job.Pending}), []string{"bottom", back.Name})
		want := map[string]job.Status{back.Name: job.Pending, kept.Name: job.Running}
		parents, err := r.s.Dependencies(r.ctx, jobs[3].ID)
		r.ok(err, "dependencies")
		children, err := r.s.Dependencies(r.ctx, jobs[0].ID)
		r.ok(err, "dependencies")
		for what, list := range map[string][]store.DependencyRecord{"parents": parents.Parents, "children": children.Children} {
			got := make(map[string]job.Status)
			for _, d := range list {
				got[d.Name] = d.Status
			}
			r.equal(what, got, want)
		}
	})

	check(t, open, "a job that has ended is not listed as running while its lease holds another", func(r *rig) {
		r.seeWorkers(store.WorkerSeen{Name: worker})
		top := task("top")
		id := r.start(append([]*job.Job{top}, tasks(2, "j", top)...)...)
		r.complete(r.claimOne())
		lease := r.claimLease(worker, 2)
		done, kept := lease.Jobs[0], lease.Jobs[1]
		r.complete(done)
		running(r, id, kept.Name)
		r.equal("completed", r.listJobs(store.JobFilter{Status: job.Completed}), []string{done.Name, "top"})
		r.equal("completed ones of the workflow", r.listJobs(store.JobFilter{Workflow: id, Status: job.Completed}), []string{done.Name, "top"})
		d, err := r.s.Dependencies(r.ctx, top.ID)
		r.ok(err, "dependencies")
		for _, c := range d.Children {
			if c.Job == done.Fence.Job {
				r.equal("status of a child", c.Status, job.Completed)
			}
		}
	})

	check(t, open, "a job that waits for another attempt is counted as retrying while its lease holds another, and not once it is held", func(r *rig) {
		r.start(withRetry(retries(3, time.Hour), tasks(2, "j")...)...)
		lease := r.claimLease(worker, 2)
		r.commit(failed(lease.Jobs[0]))
		w := r.listWorkflows(store.WorkflowFilter{})[0]
		r.equal("running and retrying", []int{w.Running, w.Retrying}, []int{1, 1})
		r.Advance(2 * time.Hour)
		r.fire()
		r.claimOne()
		w = r.listWorkflows(store.WorkflowFilter{})[0]
		r.equal("running and retrying when it is tried again", []int{w.Running, w.Retrying}, []int{2, 0})
	})
}
