package workflow

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// RetryMode says what of a workflow a retry runs again.
type RetryMode string

// The modes. RetryFailed is the default.
const (
	RetryFailed RetryMode = "failed" // what failed or was cancelled, and what could not run because of that
	RetryFrom   RetryMode = "from"   // one job and everything after it
	RetryAll    RetryMode = "all"    // everything
)

// PlanRetry returns the jobs of workflow w, known whole, that a retry resets:
// what ended, and what waits for that. Finally jobs always are among them. from
// is the node that RetryFrom begins at. It is job.ErrWrongState when the
// workflow still runs, a worker holds one of them, what its failure told to stop
// has not ended, or nothing is to be done.
func PlanRetry(p *Part, w int, mode RetryMode, from int) ([]int, error) {
	r := Begin(p)
	h := &p.Workflows[w]
	if !h.Status.Terminal() && h.Status != Paused {
		return nil, fmt.Errorf("%w: the workflow is %s; only one that has ended or is paused can be retried", job.ErrWrongState, h.Status)
	}
	chosen := r.chosen(w, mode, from)
	if len(chosen) == 0 {
		return nil, fmt.Errorf("%w: nothing of it failed by itself", job.ErrWrongState)
	}
	in := make(map[int]bool, len(chosen))
	for _, i := range chosen {
		in[i] = true
	}
	seen := make(map[int]bool, len(chosen))
	for queue := chosen; len(queue) > 0; queue = queue[1:] {
		for _, ei := range r.out[queue[0]] {
			i := p.Edges[ei].Child
			if n := &p.Nodes[i]; n.Workflow == w && !seen[i] {
				seen[i] = true
				in[i] = in[i] || mode != RetryFailed || follows(n)
				queue = append(queue, i)
			}
		}
	}
	var list []int
	for _, i := range r.of(w) {
		n := &p.Nodes[i]
		if n.Held && h.Failing && h.CancelRunning && !n.Spared && !n.Finally {
			return nil, fmt.Errorf("%w: a job that was told to stop when the workflow failed still runs; it ends within the grace", job.ErrWrongState)
		}
		if !in[i] && !n.Finally {
			continue
		}
		if n.Held {
			return nil, fmt.Errorf("%w: a job that it would run again still runs", job.ErrWrongState)
		}
		list = append(list, i)
	}
	return list, nil
}

// follows reports whether a job that comes after a failure is as it is because
// of that, or has not been decided yet.
func follows(n *Node) bool {
	switch n.Status {
	case job.UpstreamFailed, job.Skipped:
		return true
	case job.Cancelled:
		return n.Reason == job.ReasonFailFast
	}
	return !n.Status.Terminal() && n.Deps == job.Waiting
}

// chosen returns the jobs that a retry begins with.
func (r *Resolution) chosen(w int, mode RetryMode, from int) []int {
	switch mode {
	case RetryFrom:
		return []int{from}
	case RetryAll:
		return slices.Clone(r.of(w))
	}
	list := r.tried(w)
	for _, i := range r.of(w) {
		if n := &r.p.Nodes[i]; n.Status == job.Cancelled && n.Reason == job.ReasonFailFast {
			list = append(list, i)
		}
	}
	return list
}

// tried returns the jobs that a retry tries to set right: those that count
// against workflow w, and instead of what is upstream_failed what broke its
// edges, whatever that is: it could never run otherwise.
func (r *Resolution) tried(w int) []int {
	broke := map[int][]int{} // upstream_failed node → what broke its edges
	for _, e := range r.p.Edges {
		if e.State == EdgeBroken && !e.Optional && r.p.Nodes[e.Parent].Workflow == w && r.p.Nodes[e.Child].Status == job.UpstreamFailed {
			broke[e.Child] = append(broke[e.Child], e.Parent)
		}
	}
	var list []int
	seen := map[int]bool{}
	for queue := r.uncaught(w, false); len(queue) > 0; queue = queue[1:] {
		i := queue[0]
		if seen[i] {
			continue
		}
		seen[i] = true
		if r.p.Nodes[i].Status != job.UpstreamFailed {
			list = append(list, i)
		}
		queue = append(queue, broke[i]...)
	}
	return list
}

// Retry resets the jobs of a plan and lets workflow w, known whole, run again.
// Edges between reset jobs become unresolved, all others keep their state.
func (r *Resolution) Retry(w int, plan []int) {
	h := &r.p.Workflows[w]
	r.restart(plan)
	h.Status, h.Failing, h.Deadline, h.CancelFinally, h.Begun = Running, false, false, false, false
	r.touch(w)
	h.place()
	r.askAll(plan)
	if h.Status == Running {
		r.unpause(w)
	}
	r.conclude()
}

// restart takes back what happened to jobs, and to the edges between them and
// to them from others that are named. What the edges that stay mean for the
// jobs stays, too.
func (r *Resolution) restart(plan []int, from ...int) {
	causes := make(map[int]job.ID, len(plan))
	for _, i := range plan {
		if w := r.p.Nodes[i].Workflow; w >= 0 {
			r.well[w] = false
		}
		causes[i] = r.p.Nodes[i].Cause
		r.reopen(i)
	}
	// A cause that is behind an edge that stays does so, too; else it is the oldest
	// of those that are, in whatever order the edges come.
	kept := make(map[int]bool, len(plan))
	for ei := range r.p.Edges {
		e := &r.p.Edges[ei]
		cause, reset := causes[e.Child]
		if !reset || e.State == EdgeUnresolved {
			continue
		}
		child := &r.p.Nodes[e.Child]
		if _, both := causes[e.Parent]; both || slices.Contains(from, e.Parent) {
			child.Counts.reopen(e.State, e.Optional)
			e.State = EdgeUnresolved
			r.move(ei)
			continue
		}
		child.Spared = child.Spared || r.spares(e)
		if e.State == EdgeBroken && !e.Optional && !kept[e.Child] {
			root := r.p.Nodes[e.Parent].root()
			kept[e.Child] = root == cause
			if kept[e.Child] || child.Cause == (job.ID{}) || bytes.Compare(root[:], child.Cause[:]) < 0 {
				child.Cause = root
			}
		}
	}
}

func (r *Resolution) askAll(plan []int) {
	for _, i := range plan {
		r.ask(i)
	}
}

// ask asks a job that was reset what it waits for.
func (r *Resolution) ask(i int) {
	switch n := &r.p.Nodes[i]; {
	case n.Status.Terminal():
	case n.Deps == job.NoDependencies:
		r.release(i)
	case !n.Finally:
		r.join(i)
	case r.header(i).Begun:
		r.run(i)
	}
}
