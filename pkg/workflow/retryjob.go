package workflow

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// PlanJobRetry returns what a retry of node i, a job without a workflow,
// resets, by id: the job, and after it what is upstream_failed because of it
// alone, as far as that is in the part with all edges between. It is
// job.ErrWrongState when the job did not fail by itself and was not cancelled,
// or when what it depends on keeps it from running, or has begun to. A batch may
// have completed with failed items, which the caller knows.
func PlanJobRetry(p *Part, i int) ([]int, error) {
	n := &p.Nodes[i]
	switch n.Status {
	case job.Failed, job.Dead, job.TimedOut, job.Cancelled:
	case job.Completed:
		if n.Parts != PartsBatch {
			return nil, notFailed(n)
		}
	case job.UpstreamFailed:
		return nil, fmt.Errorf("%w: it could not run; retry the job that it needs and that failed", job.ErrWrongState)
	default:
		return nil, notFailed(n)
	}
	d := Decide(n.Join, n.Counts)
	broken := d == Wait && n.Counts.Broken > 0 && n.Join.Rule != job.JoinDone // what could break it for good
	if n.Deps != job.NoDependencies && (d == Skip || d == FailFromUpstream || broken) {
		return nil, fmt.Errorf("%w: what it depends on keeps it from running; retry that first", job.ErrWrongState)
	}
	r := Begin(p)
	in := map[int]bool{i: true}
	mended := map[int]int{} // node → its broken edges that would be unresolved again
	plan := []int{i}
	for k := 0; k < len(plan); k++ {
		for _, ei := range r.out[plan[k]] {
			e := &p.Edges[ei]
			c := &p.Nodes[e.Child]
			if e.State != EdgeBroken || e.Optional || c.Workflow >= 0 || c.Status != job.UpstreamFailed {
				continue
			}
			if mended[e.Child]++; mended[e.Child] == c.Counts.Broken && !in[e.Child] {
				in[e.Child] = true
				plan = append(plan, e.Child)
			}
		}
	}
	slices.SortFunc(plan, func(a, b int) int { return bytes.Compare(p.Nodes[a].ID[:], p.Nodes[b].ID[:]) })
	return plan, nil
}

func notFailed(n *Node) error {
	return fmt.Errorf("%w: it is %s; only a job that failed or was cancelled can be retried", job.ErrWrongState, n.Status)
}

// RetryJob resets the jobs of a plan of PlanJobRetry, which then wait for what
// they waited for, or may run.
func (r *Resolution) RetryJob(plan []int) {
	r.restart(plan)
	r.askAll(plan)
	r.conclude()
}
