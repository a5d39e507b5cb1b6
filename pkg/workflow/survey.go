package workflow

import (
	"fmt"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// MaxDepth is how many workflows may be within each other, the outermost
// included.
const MaxDepth = 8

// survey gives every job an id, also those that others are made of, and checks
// the limits, which are those of all together, before anything is allocated for
// the jobs. It reports whether the jobs may be looked at.
func (v *validator) survey() bool {
	type level struct {
		w     *Workflow
		path  string
		depth int
	}
	v.homes = make(map[job.ID]*Workflow, min(len(v.w.Jobs), v.limits.Jobs))
	jobs, edges, parts := 0, 0, false
	seen := map[*Workflow]bool{v.w: true}
	for queue := []level{{v.w, "", 1}}; len(queue) > 0; queue = queue[1:] {
		l := queue[0]
		if jobs += len(l.w.Jobs); jobs > v.limits.Jobs {
			continue // they are only counted
		}
		for i, j := range l.w.Jobs {
			edges += len(j.DependsOn)
			if j.ID == (job.ID{}) {
				j.ID = job.NewID()
			}
			if _, taken := v.homes[j.ID]; !taken {
				v.homes[j.ID] = l.w
			}
			p := PartsOf(j)
			if p == nil || p.Workflow == nil {
				continue
			}
			parts = true
			if n := len(p.Workflow.Jobs); p.Kind == PartsBatch && n > v.limits.Jobs {
				v.fault(CodeTooLarge, l.path+jobPath(i)+".batch.payloads", "split it into several batches", "the batch has %d items; at most %d are allowed", n, v.limits.Jobs)
				return false
			}
			if v.flat && p.Kind == PartsBatch {
				jobs-- // alone it counts as its items
			}
			at := level{p.Workflow, fmt.Sprintf("%s%s.%s", l.path, jobPath(i), p.Kind), l.depth + 1}
			switch {
			case seen[at.w]:
				v.fault(CodeInvalid, at.path, "build a workflow for each job", "job %q is made of a workflow that is used already", j.Name)
				return false
			case at.depth > MaxDepth:
				v.fault(CodeTooLarge, at.path, "let one of them be a workflow of its own", "there are more than %d workflows within each other", MaxDepth)
				return false
			}
			at.path += "."
			seen[at.w] = true
			queue = append(queue, at)
		}
	}
	included := ""
	if parts {
		included = ", with those that its jobs are made of"
	}
	switch {
	case len(v.w.Jobs) == 0:
		v.fault(CodeInvalid, "jobs", "add at least one job", "the workflow has no jobs")
	case jobs > v.limits.Jobs && v.flat:
		v.fault(CodeTooLarge, "jobs", "enqueue them in parts", "there are %d jobs, with the items of batches; at most %d are allowed", jobs, v.limits.Jobs)
		return false
	case jobs > v.limits.Jobs:
		v.fault(CodeTooLarge, "jobs", "split it into several workflows", "the workflow has %d jobs%s; at most %d are allowed", jobs, included, v.limits.Jobs)
		return false
	case edges > v.limits.Edges:
		v.fault(CodeTooLarge, "jobs", "put a joining job between the two groups", "the workflow has %d dependencies%s; at most %d are allowed", edges, included, v.limits.Edges)
		return false
	}
	return true
}
