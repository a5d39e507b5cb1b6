package storetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// queue is the one queue of jobs whose queue doesn't matter.
const queue = "work"

// task returns a job named name, which waits for the success of parents.
func task(name string, parents ...*job.Job) *job.Job {
	return taskOn(queue, name, parents...)
}

// taskOn is task for a queue.
func taskOn(queue, name string, parents ...*job.Job) *job.Job {
	return job.New(queue, json.RawMessage(`{}`)).WithName(name).DependsOnJobs(parents...)
}

// tasks returns n jobs named prefix0, prefix1, …, in the order of their ids.
func tasks(n int, prefix string, parents ...*job.Job) []*job.Job {
	jobs := make([]*job.Job, n)
	for i := range jobs {
		jobs[i] = task(fmt.Sprintf("%s%d", prefix, i), parents...)
	}
	return jobs
}

// graph returns a workflow of jobs, which depend on each other as they say.
func graph(jobs ...*job.Job) *workflow.Workflow {
	w := workflow.NewWorkflow("test")
	w.Jobs = jobs
	return w
}

// tolerant is graph under continue_on_failure.
func tolerant(jobs ...*job.Job) *workflow.Workflow {
	return graph(jobs...).WithFailurePolicy(workflow.ContinueOnFailure)
}

// chain returns n jobs j0 → j1 → ….
func chain(n int) []*job.Job {
	jobs := tasks(n, "j")
	for i := 1; i < n; i++ {
		jobs[i].DependsOnJobs(jobs[i-1])
	}
	return jobs
}

// diamond returns top → left, right → bottom.
func diamond() []*job.Job {
	top := task("top")
	left, right := task("left", top), task("right", top)
	return []*job.Job{top, left, right, task("bottom", left, right)}
}

// fanIn returns n jobs p0, p1, … and one child "last" of them all.
func fanIn(n int) []*job.Job {
	parents := tasks(n, "p")
	return append(parents, task("last", parents...))
}

// fan returns first → n jobs m0, m1, … → last.
func fan(n int) []*job.Job {
	first := task("first")
	middle := tasks(n, "m", first)
	jobs := append([]*job.Job{first}, middle...)
	return append(jobs, task("last", middle...))
}

// retries returns a policy of n attempts, each delay after the one before.
func retries(n int, delay time.Duration) job.RetryPolicy {
	return job.RetryPolicy{Strategy: job.Fixed, MaxAttempts: n, InitialDelay: job.Duration(delay), MaxDelay: job.Duration(delay), Jitter: job.NoJitter}
}

// once allows a single attempt.
func once() job.RetryPolicy { return retries(1, time.Minute) }

// withRetry gives each job the policy.
func withRetry(p job.RetryPolicy, jobs ...*job.Job) []*job.Job {
	for _, j := range jobs {
		j.WithRetry(p)
	}
	return jobs
}

// sortedIDs returns n fresh ids, the smallest first.
func sortedIDs(n int) []job.ID {
	ids := make([]job.ID, n)
	for i := range ids {
		ids[i] = job.NewID()
	}
	slices.SortFunc(ids, compareIDs)
	return ids
}

func compareIDs(a, b job.ID) int { return bytes.Compare(a[:], b[:]) }

// idsOf returns the ids of jobs.
func idsOf(jobs []*job.Job) []job.ID {
	ids := make([]job.ID, len(jobs))
	for i, j := range jobs {
		ids[i] = j.ID
	}
	return ids
}
