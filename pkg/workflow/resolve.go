package workflow

import (
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// Header is a workflow as a resolution sees it.
type Header struct {
	ID     job.ID
	Status Status
	Policy FailurePolicy
	// Failing is set by the first failure under FailFast: what runs drains,
	// nothing new starts, and the workflow will end as failed.
	Failing bool
	// Deadline says that it is cancelling because its deadline passed: it will
	// end as failed, not as cancelled.
	Deadline bool
	Tally    Tally
}

// Tally counts the jobs of a workflow: all, and those that ended, by status.
type Tally struct {
	Total, Completed, Failed, Dead, TimedOut, UpstreamFailed, Cancelled, Skipped int
}

// Of returns the counter of a terminal status.
func (t *Tally) Of(s job.Status) *int {
	switch s {
	case job.Completed:
		return &t.Completed
	case job.Failed:
		return &t.Failed
	case job.Dead:
		return &t.Dead
	case job.TimedOut:
		return &t.TimedOut
	case job.UpstreamFailed:
		return &t.UpstreamFailed
	case job.Cancelled:
		return &t.Cancelled
	case job.Skipped:
		return &t.Skipped
	}
	panic("workflow: no counter for status " + string(s))
}

// Ended returns how many jobs have a terminal status.
func (t Tally) Ended() int {
	return t.Completed + t.Failures() + t.Cancelled + t.Skipped
}

// Failures returns how many jobs ended as a failure.
func (t Tally) Failures() int { return t.Failed + t.Dead + t.TimedOut + t.UpstreamFailed }

// Node is a job as a resolution sees it.
type Node struct {
	ID       job.ID
	Workflow int // index into Part.Workflows; -1: the job has no workflow
	Status   job.Status
	Deps     job.DependencyStatus
	Join     job.Join
	Counts   Counts
	Barrier  bool // has no work: where others become runnable, it completes
	// Held says that a worker holds the job: it is left to end by itself.
	Held bool
	// Reason and Cause are set when the job ends. Cause is the first failure
	// that an upstream_failed job goes back to.
	Reason job.Reason
	Cause  job.ID
	// Gone says that the job is not stored any more. It had ended, nobody knows
	// how: its other fields say nothing.
	Gone bool
}

// Ended reports whether the edges that leave the job settle.
func (n *Node) Ended() bool { return n.Gone || n.Status.Terminal() }

// Settle returns the state of an edge that leaves the job, which has ended.
// What asks for more than the end of a job that is gone is never met.
func (n *Node) Settle(on job.On) EdgeState {
	switch {
	case !n.Gone:
		return Settle(on, n.Status)
	case on == job.OnDone:
		return EdgeActive
	}
	return EdgeBroken
}

// Edge is a dependency as a resolution sees it. Parent and Child index
// Part.Nodes.
type Edge struct {
	Parent, Child int
	On            job.On
	Optional      bool
	State         EdgeState
}

// Part is the part of the graph that a batch of endings touches. It must hold
// the jobs that end and what Scope asks for, with all edges from its nodes to
// its nodes that matter. Resolve changes it in place.
type Part struct {
	Workflows []Header
	Nodes     []Node
	Edges     []Edge
}

// Ending is a job that ends: the cause from which everything else follows.
type Ending struct {
	Node   int
	Status job.Status
	Reason job.Reason
}

// Changes lists what a resolution changed in its part, by index.
type Changes struct {
	Ended     []int // nodes that are terminal now: the endings that counted, then what followed
	Edges     []int // edges that are resolved now
	Counted   []int // nodes whose counts, status or dependency status changed without an end
	Runnable  []int // nodes whose join said run: claimable now, or when their time comes
	Workflows []int // headers that changed
}

// Scope says how much of the graph must be loaded to resolve an ending.
type Scope int

// The scopes, each containing the one before.
const (
	Children      Scope = iota // the job's direct children
	Descendants                // all that can be reached from it
	WholeWorkflow              // every job of its workflow that has not ended
)

// ScopeOf returns what must be loaded when a job of workflow h ends with
// status. h is nil for a job without a workflow. A cancelled job needs as much
// as a failed one: its children end as upstream_failed, which is a failure.
func ScopeOf(h *Header, status job.Status) Scope {
	mayFail := status.Failure() || status == job.Cancelled
	switch {
	case status == job.Completed:
		return Children
	case h != nil && h.Policy == FailFast && mayFail && !h.Failing && h.Status != Cancelling:
		return WholeWorkflow
	default:
		return Descendants
	}
}

// Resolve applies endings to p and returns everything that follows: edges,
// joins, cascades, failure policy, counters and the ends of workflows. An
// ending of a node that is terminal already is ignored. It takes time linear
// in the size of p and does not recurse.
func Resolve(p *Part, endings []Ending) Changes {
	r := newResolution(p)
	for _, e := range endings {
		r.end(e.Node, e.Status, e.Reason, job.ID{})
	}
	return r.finish()
}

// Cancel makes every job of workflow index wf that nobody holds cancelled with
// reason, and marks the workflow cancelling; it ends at once when nothing is
// held. The first cancel of a workflow decides how it ends; a workflow that
// has ended is left alone. p must hold the whole workflow.
func Cancel(p *Part, wf int, reason job.Reason) Changes {
	r := newResolution(p)
	h := &p.Workflows[wf]
	if h.Status.Terminal() {
		return r.changes
	}
	if h.Status != Cancelling {
		h.Status, h.Deadline = Cancelling, reason == job.ReasonDeadline
		r.touchWorkflow(wf)
	}
	r.cancelRest(wf, reason, false)
	return r.finish()
}

// CancelHeld ends what is still held when the grace of a cancelling workflow
// is over. p must hold the whole workflow.
func CancelHeld(p *Part, wf int) Changes {
	r := newResolution(p)
	reason := job.ReasonUser
	if p.Workflows[wf].Deadline {
		reason = job.ReasonDeadline
	}
	r.cancelRest(wf, reason, true)
	return r.finish()
}

// resolution is the work of one Resolve.
type resolution struct {
	p       *Part
	out     [][]int // node → indices of its outgoing edges
	members [][]int // workflow → its nodes; filled by the first cancelRest
	queue   []int   // ended nodes, in the order of their ends
	settled int     // the edges of queue[:settled] are settled
	counted []bool  // node is in changes.Counted
	touched []bool  // workflow is in changes.Workflows
	failing []int   // workflows that just began to fail
	broken  []int   // node → 1 + its first broken edge; 0: none
	changes Changes
}

func newResolution(p *Part) *resolution {
	r := &resolution{
		p:       p,
		out:     make([][]int, len(p.Nodes)),
		broken:  make([]int, len(p.Nodes)),
		counted: make([]bool, len(p.Nodes)),
		touched: make([]bool, len(p.Workflows)),
	}
	for i, e := range p.Edges {
		r.out[e.Parent] = append(r.out[e.Parent], i)
		r.noteBroken(i)
	}
	return r
}

// finish draws every conclusion from the endings so far.
func (r *resolution) finish() Changes {
	r.propagate()
	r.applyFailurePolicies()
	r.endWorkflows()
	return r.changes
}

// end gives a node its terminal status and queues its edges.
func (r *resolution) end(i int, status job.Status, reason job.Reason, cause job.ID) {
	n := &r.p.Nodes[i]
	if n.Status.Terminal() {
		return
	}
	if n.Deps == job.Waiting {
		n.Deps = job.Unsatisfiable
		if status == job.Skipped {
			n.Deps = job.Satisfied
		}
	}
	n.Status, n.Reason, n.Cause = status, reason, cause
	n.Held = false
	r.changes.Ended = append(r.changes.Ended, i)
	r.queue = append(r.queue, i)

	if n.Workflow < 0 {
		return
	}
	h := &r.p.Workflows[n.Workflow]
	*h.Tally.Of(status)++
	r.touchWorkflow(n.Workflow)
	if status.Failure() && h.Policy == FailFast && !h.Failing && h.Status != Cancelling {
		h.Failing = true
		r.failing = append(r.failing, n.Workflow)
	}
}

// propagate settles the edges of ended nodes, in the order of their ends,
// until nothing follows any more.
func (r *resolution) propagate() {
	for ; r.settled < len(r.queue); r.settled++ {
		for _, ei := range r.out[r.queue[r.settled]] {
			r.settle(ei)
		}
	}
}

// settle resolves one edge from its ended parent and asks the child's join.
func (r *resolution) settle(ei int) {
	e := &r.p.Edges[ei]
	if e.State != EdgeUnresolved {
		return
	}
	parent, child := &r.p.Nodes[e.Parent], &r.p.Nodes[e.Child]
	e.State = parent.Settle(e.On)
	r.changes.Edges = append(r.changes.Edges, ei)
	r.noteBroken(ei)
	child.Counts.resolve(e.State, e.Optional)
	r.touchNode(e.Child)
	if child.Status.Terminal() || child.Deps != job.Waiting {
		return
	}
	switch Decide(child.Join, child.Counts) {
	case Run:
		child.Deps = job.Satisfied
		switch {
		case r.stopped(child.Workflow):
		case child.Barrier:
			r.end(e.Child, job.Completed, "", job.ID{})
		default:
			r.changes.Runnable = append(r.changes.Runnable, e.Child)
		}
	case Skip:
		r.end(e.Child, job.Skipped, job.ReasonBranch, job.ID{})
	case FailFromUpstream:
		cause, reason := r.cause(e.Child)
		r.end(e.Child, job.UpstreamFailed, reason, cause)
	}
}

// cause returns the first failure behind a child that cannot run, and the
// reason that the child ends with. That is where its first broken edge comes
// from, not where its last edge does. It is none when that edge broke before
// and is not in the part.
func (r *resolution) cause(child int) (job.ID, job.Reason) {
	if r.broken[child] == 0 {
		return job.ID{}, job.ReasonUpstream
	}
	parent := r.p.Nodes[r.p.Edges[r.broken[child]-1].Parent]
	switch {
	case parent.Gone:
		return parent.ID, job.ReasonParentDeleted
	case parent.Status == job.UpstreamFailed:
		return parent.Cause, job.ReasonUpstream
	}
	return parent.ID, job.ReasonUpstream
}

// noteBroken remembers the first counted broken edge into each node.
func (r *resolution) noteBroken(ei int) {
	e := r.p.Edges[ei]
	if e.State == EdgeBroken && !e.Optional && r.broken[e.Child] == 0 {
		r.broken[e.Child] = ei + 1
	}
}

// stopped reports whether nothing new may start in a workflow.
func (r *resolution) stopped(wf int) bool {
	if wf < 0 {
		return false
	}
	h := r.p.Workflows[wf]
	return h.Failing || h.Status == Cancelling || h.Status == Paused
}

// applyFailurePolicies stops the workflows that just began to fail: jobs that
// nobody holds and that the failure did not reach are cancelled. That may
// break edges into other workflows, which then begin to fail in their turn.
func (r *resolution) applyFailurePolicies() {
	for len(r.failing) > 0 {
		failing := r.failing
		r.failing = nil
		for _, wf := range failing {
			r.cancelRest(wf, job.ReasonFailFast, false)
		}
		r.propagate()
	}
	r.changes.Runnable = r.notEnded(r.changes.Runnable)
}

// cancelRest cancels the open jobs of a workflow, held ones only on demand.
// All are marked before any edge settles, so that none becomes upstream_failed
// through another.
func (r *resolution) cancelRest(wf int, reason job.Reason, held bool) {
	if r.members == nil {
		r.members = make([][]int, len(r.p.Workflows))
		for i, n := range r.p.Nodes {
			if n.Workflow >= 0 {
				r.members[n.Workflow] = append(r.members[n.Workflow], i)
			}
		}
	}
	for _, i := range r.members[wf] {
		if held || !r.p.Nodes[i].Held {
			r.end(i, job.Cancelled, reason, job.ID{})
		}
	}
}

// endWorkflows gives a final status to workflows whose last job has ended.
func (r *resolution) endWorkflows() {
	for _, wf := range r.changes.Workflows {
		h := &r.p.Workflows[wf]
		if h.Status.Terminal() || h.Tally.Ended() < h.Tally.Total {
			continue
		}
		h.Status = finalStatus(*h)
	}
	r.changes.Counted = r.notEnded(r.changes.Counted)
}

// finalStatus is the result of a workflow all of whose jobs have ended.
func finalStatus(h Header) Status {
	switch {
	case h.Status == Cancelling && !h.Deadline:
		return Cancelled
	case h.Status == Cancelling, h.Failing, h.Tally.Failures() > 0, h.Tally.Cancelled > 0:
		return Failed
	default:
		return Completed
	}
}

// notEnded drops the nodes that are terminal because of this resolution.
func (r *resolution) notEnded(nodes []int) []int {
	if len(nodes) == 0 {
		return nodes
	}
	ended := make(map[int]bool, len(r.changes.Ended))
	for _, i := range r.changes.Ended {
		ended[i] = true
	}
	return slices.DeleteFunc(nodes, func(i int) bool { return ended[i] })
}

func (r *resolution) touchNode(i int) {
	if !r.counted[i] {
		r.counted[i] = true
		r.changes.Counted = append(r.changes.Counted, i)
	}
}

func (r *resolution) touchWorkflow(wf int) {
	if !r.touched[wf] {
		r.touched[wf] = true
		r.changes.Workflows = append(r.changes.Workflows, wf)
	}
}

// Revisit settles the unresolved edges of p whose parents have ended before,
// with all that follows.
func Revisit(p *Part) Changes {
	r := newResolution(p)
	for i, e := range p.Edges {
		if p.Nodes[e.Parent].Ended() {
			r.settle(i)
		}
	}
	return r.finish()
}
