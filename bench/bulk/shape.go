package main

import (
	"encoding/json"
	"fmt"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// shapes make a workflow of about n jobs.
var shapes = map[string]func(n int) []*job.Job{
	"flat":    func(n int) []*job.Job { return tasks(n, "j") },
	"chain":   chain,
	"fan":     fan,
	"fanin":   fanIn,
	"layered": layered,
}

// stages is the one shape that the builder makes: two stages of n/2 jobs.
func stages(n int) *workflow.Workflow {
	return workflow.NewWorkflow("stages").AddParallel(tasks(n/2, "a")...).Then(tasks(n/2, "b")...)
}

func tasks(n int, prefix string, parents ...*job.Job) []*job.Job {
	jobs := make([]*job.Job, n)
	for i := range jobs {
		jobs[i] = job.New("bulk", json.RawMessage(`{"sleep":"0s"}`)).WithName(fmt.Sprintf("%s%d", prefix, i)).DependsOnJobs(parents...)
	}
	return jobs
}

// chain returns j0 → j1 → ….
func chain(n int) []*job.Job {
	jobs := tasks(n, "j")
	for i := 1; i < n; i++ {
		jobs[i].DependsOnJobs(jobs[i-1])
	}
	return jobs
}

// fan returns 1 → n−2 → 1.
func fan(n int) []*job.Job {
	first := tasks(1, "first")
	middle := tasks(n-2, "m", first...)
	return append(append(first, middle...), tasks(1, "last", middle...)...)
}

// fanIn returns n−1 → 1.
func fanIn(n int) []*job.Job {
	parents := tasks(n-1, "p")
	return append(parents, tasks(1, "last", parents...)...)
}

// layered returns 100 layers below one root; each job has four parents in the
// layer above.
func layered(n int) []*job.Job {
	const layers, parents = 100, 4
	all := tasks(1, "root")
	above := all
	for l := range layers {
		layer := tasks((n-1)/layers, fmt.Sprintf("l%d-", l))
		for i, j := range layer {
			for p := range min(parents, len(above)) {
				j.DependsOnJobs(above[(i*parents+p)%len(above)])
			}
		}
		all, above = append(all, layer...), layer
	}
	return all
}
