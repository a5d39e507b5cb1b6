package workflow

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow/condition"
)

// Ending is a job that ends: the cause from which everything else follows.
type Ending struct {
	Node     int
	Status   job.Status
	Reason   job.Reason
	Attempts int             // what the budget had counted; conditions may ask for it
	Result   json.RawMessage // of a completed job
}

// Resolution applies what happens to a part of the graph, with all that
// follows: edges, joins, conditions, cascades, policies, counters, pauses and
// the ends of workflows. What is told first has happened first: each method
// draws every conclusion before it returns, so that a batch means the same as
// its parts one by one. It takes time linear in the size of the part for each
// failure policy that begins to act, and does not recurse.
//
// It changes the part in place and asks for nothing: what it lacks is told by
// Finish. Begin with a clone if it may lack something.
type Resolution struct {
	p       *Part
	out     [][]int // node → indices of its outgoing edges
	members [][]int // workflow → its nodes, by id; made when first asked for
	well    []bool  // workflow → its policy found nothing in all of it, and only failures and catches mattered since
	queue   []int   // ended nodes, in the order of their ends
	settled int     // the edges of queue[:settled] are settled
	gone    map[int]bool

	requeued map[int]bool // nodes whose claims ended without an end of the job
	turn     map[int]int  // workflow with MaxParallel → how many of its nodes, by id, have had their turn

	is      [][]bool      // list of changes → is in it
	fails   map[int][]int // workflow → failures since its policy was last asked
	recheck map[int]bool  // workflow → something happened that its policy must see
	halted  map[int][]int // workflow that fails → nodes whose join said run, and that may not be spared
	memo    condition.Memo
	changes Changes
	missing Missing
	lacks   map[lack]bool
}

// lack is one thing that is missing.
type lack struct {
	list *[]int
	i    int
}

// Begin starts a resolution on p.
func Begin(p *Part) *Resolution {
	r := &Resolution{
		p: p, out: make([][]int, len(p.Nodes)), well: make([]bool, len(p.Workflows)),
		fails: map[int][]int{}, recheck: map[int]bool{}, halted: map[int][]int{}, gone: map[int]bool{}, requeued: map[int]bool{}, turn: map[int]int{}, lacks: map[lack]bool{},
	}
	for i, e := range p.Edges {
		r.out[e.Parent] = append(r.out[e.Parent], i)
	}
	r.is = [][]bool{
		counted: make([]bool, len(p.Nodes)), runnable: make([]bool, len(p.Nodes)), touched: make([]bool, len(p.Workflows)),
		ended: make([]bool, len(p.Nodes)), stopping: make([]bool, len(p.Nodes)), reset: make([]bool, len(p.Nodes)), decided: make([]bool, len(p.Nodes)),
		moved: make([]bool, len(p.Edges)), suspended: make([]bool, len(p.Nodes)),
	}
	return r
}

// The lists of Changes that are sets.
const (
	ended = iota
	counted
	runnable
	touched
	stopping
	reset
	decided
	moved
	suspended
)

// add puts i into a list of changes, once.
func (r *Resolution) add(list *[]int, which, i int) {
	if !r.is[which][i] {
		r.is[which][i] = true
		*list = append(*list, i)
	}
}

func (r *Resolution) count(i int) { r.add(&r.changes.Counted, counted, i) }
func (r *Resolution) touch(w int) { r.add(&r.changes.Workflows, touched, w) }
func (r *Resolution) allow(i int) { r.add(&r.changes.Runnable, runnable, i) }
func (r *Resolution) stop(i int)  { r.add(&r.changes.Stop, stopping, i) }
func (r *Resolution) move(e int)  { r.add(&r.changes.Edges, moved, e) }
func (r *Resolution) lack(list *[]int, i int) {
	if key := (lack{list, i}); !r.lacks[key] {
		r.lacks[key] = true
		*list = append(*list, i)
	}
}

// Finish returns what changed, and what was missing to say so.
func (r *Resolution) Finish() (Changes, Missing) {
	for i := range r.p.Nodes {
		if n := &r.p.Nodes[i]; n.Taken && n.claimable() {
			r.allow(i)
		}
	}
	return r.tidy(), r.missing
}

// tidy returns the changes without what others of them say already.
func (r *Resolution) tidy() Changes {
	c := &r.changes
	drop := func(list []int, no func(i int) bool) []int { return slices.DeleteFunc(list, no) }
	c.Counted = drop(c.Counted, func(i int) bool { return r.is[ended][i] || r.is[reset][i] })
	c.Runnable = drop(c.Runnable, func(i int) bool { return r.p.Nodes[i].Status.Terminal() || r.stopped(i) })
	c.Suspended = drop(c.Suspended, func(i int) bool { return r.p.Nodes[i].Status != job.Suspended })
	c.Stop = drop(c.Stop, func(i int) bool { return r.p.Nodes[i].Status.Terminal() })
	c.Decided = drop(c.Decided, func(i int) bool { return r.is[ended][i] || r.is[reset][i] })
	return *c
}

// End ends a job. A job that is terminal already stays as it is.
func (r *Resolution) End(e Ending) {
	n := &r.p.Nodes[e.Node]
	if n.Status.Terminal() {
		return
	}
	n.Attempts, n.Result = e.Attempts, e.Result
	r.end(e.Node, e.Status, e.Reason)
	r.conclude()
}

// Requeue gives a job back whose claim ended without a terminal outcome: it
// can be claimed again, when its time comes. Attempts are what the budget has
// counted by now.
func (r *Resolution) Requeue(i int, status job.Status, attempts int) {
	n := &r.p.Nodes[i]
	if n.Status.Terminal() {
		return
	}
	n.Status, n.Attempts, n.Held = status, attempts, false
	r.requeued[i] = true
	r.release(i)
	r.conclude()
}

// Revisit settles the unresolved edges whose parents have ended before, one
// after the other, and then those whose parents ended because of that.
func (r *Resolution) Revisit() {
	for {
		var list []int
		for i, e := range r.p.Edges {
			if e.State == EdgeUnresolved && r.p.Nodes[e.Parent].Settles() {
				list = append(list, i)
			}
		}
		if len(list) == 0 {
			return
		}
		for _, i := range list {
			r.settle(i)
			r.conclude()
		}
	}
}

// Start lets a job run that waits for nothing but the evaluation of its
// condition, or is suspended as soon as it could run.
func (r *Resolution) Start(i int) {
	n := &r.p.Nodes[i]
	if n.Status.Terminal() || n.Deps != job.Waiting || n.Counts.Unresolved > 0 || n.Finally {
		return
	}
	r.run(i)
	r.conclude()
}

// header returns the header of node i's workflow, or nil.
func (r *Resolution) header(i int) *Header {
	if w := r.p.Nodes[i].Workflow; w >= 0 {
		return &r.p.Workflows[w]
	}
	return nil
}

// end gives a node its terminal status and queues its edges.
func (r *Resolution) end(i int, status job.Status, reason job.Reason) {
	n := &r.p.Nodes[i]
	if n.Status.Terminal() {
		return
	}
	r.leave(i)
	if n.Deps == job.Waiting {
		n.Deps = job.Unsatisfiable
		if status == job.Skipped {
			n.Deps = job.Satisfied
		}
	}
	n.Status, n.Reason, n.Held = status, reason, false
	if status != job.UpstreamFailed {
		n.Cause = job.ID{}
	}
	r.add(&r.changes.Ended, ended, i)
	if h := r.header(i); h != nil {
		*h.Tally.Of(status)++
		if n.against() && !n.forgiven() {
			h.Unforgiven++
		}
		r.touch(n.Workflow)
		if status.Failure() {
			r.fails[n.Workflow] = append(r.fails[n.Workflow], i)
		}
		if status == job.Cancelled {
			r.well[n.Workflow] = false
		}
		if h.Failing && r.leads(i) || n.Catch && (!r.well[n.Workflow] || status != job.Completed && n.Counts.Active > 0) {
			r.recheck[n.Workflow] = true
		}
		if r.asks(i) {
			r.undecide(i)
		}
	}
	if n.Settles() {
		r.queue = append(r.queue, i)
	}
}

// leads reports whether the end of a node may decide about a child that is not
// spared: in a failing workflow only such an end lets others stop.
func (r *Resolution) leads(i int) bool {
	for _, ei := range r.out[i] {
		child := &r.p.Nodes[r.p.Edges[ei].Child]
		if child.Workflow == r.p.Nodes[i].Workflow && !child.Status.Terminal() && !child.Spared {
			return true
		}
	}
	return false
}

// conclude draws every conclusion from what happened so far.
func (r *Resolution) conclude() {
	for {
		r.propagate()
		if !r.applyPolicies() && !r.beginFinally() && !r.fill() {
			break
		}
	}
	r.endWorkflows()
}

// propagate settles the edges of ended nodes, in the order of their ends,
// until nothing follows any more.
func (r *Resolution) propagate() {
	for ; r.settled < len(r.queue); r.settled++ {
		i := r.queue[r.settled]
		n := &r.p.Nodes[i]
		if !n.EdgesKnown {
			if n.Seen() == job.Completed {
				r.lack(&r.missing.Edges, i)
			} else {
				r.lack(&r.missing.Descendants, i)
			}
		}
		for _, ei := range r.out[i] {
			if r.p.Nodes[r.p.Edges[ei].Child].Workflow == n.Workflow { // what follows elsewhere is Revisit's
				r.settle(ei)
			}
		}
	}
}

// settle resolves one edge from its ended parent and asks the child's join.
func (r *Resolution) settle(ei int) {
	e := &r.p.Edges[ei]
	if e.State != EdgeUnresolved {
		return
	}
	parent, child := &r.p.Nodes[e.Parent], &r.p.Nodes[e.Child]
	e.State = parent.Settle(e.On)
	if child.Workflow >= 0 && parent.Workflow != child.Workflow {
		r.well[child.Workflow] = false
	}
	r.move(ei)
	child.Counts.resolve(e.State, e.Optional)
	r.count(e.Child)
	if child.Status.Terminal() {
		return
	}
	if e.State == EdgeBroken && !e.Optional && child.Cause == (job.ID{}) {
		child.Cause = parent.root()
		r.gone[e.Child] = parent.Gone
	}
	child.Spared = child.Spared || r.spares(e)
	if child.Deps != job.Waiting {
		return
	}
	r.join(e.Child)
}

// spares reports whether a settled edge spares its child: it asks for the
// failure that its parent is, or comes from a job of the same workflow that is
// spared.
func (r *Resolution) spares(e *Edge) bool {
	parent := &r.p.Nodes[e.Parent]
	return e.handles() && e.State == EdgeActive && parent.Status.Failure() || parent.Spared && parent.Workflow == r.p.Nodes[e.Child].Workflow
}

// join asks the join of a node that waits.
func (r *Resolution) join(i int) {
	n := &r.p.Nodes[i]
	switch Decide(n.Join, n.Counts) {
	case Run:
		r.run(i)
	case Skip:
		r.end(i, job.Skipped, job.ReasonBranch)
	case FailFromUpstream:
		reason := job.ReasonUpstream
		if r.gone[i] {
			reason = job.ReasonParentDeleted
		}
		r.end(i, job.UpstreamFailed, reason)
	}
}

// run lets a node run whose join, or turn, has come: if its condition says so.
func (r *Resolution) run(i int) {
	n := &r.p.Nodes[i]
	if h := r.header(i); h != nil && h.MaxParallel > 0 {
		if h.full() {
			return // until its turn comes
		}
		h.InFlight++
		r.touch(n.Workflow)
	}
	n.Deps = job.Satisfied
	r.count(i)
	if r.doomed(i) {
		if h := r.header(i); h.Status == Cancelling { // it came after the cancel
			r.end(i, job.Cancelled, h.reason())
			return
		}
		r.halted[n.Workflow] = append(r.halted[n.Workflow], i)
		r.recheck[n.Workflow] = true
		return
	}
	r.start(i)
}

// start lets a node run if its condition says so.
func (r *Resolution) start(i int) {
	if r.evaluate(i) {
		r.release(i)
	}
}

// release puts a node where claims look. A barrier has nothing to be claimed.
func (r *Resolution) release(i int) {
	switch {
	case r.stopped(i):
	case r.p.Nodes[i].Barrier:
		r.end(i, job.Completed, "")
	case r.p.Nodes[i].suspends():
		r.suspend(i)
	default:
		r.allow(i)
	}
}

// doomed reports whether the policy of its workflow will cancel a node.
func (r *Resolution) doomed(i int) bool {
	h := r.header(i)
	return h != nil && h.dooms(&r.p.Nodes[i])
}

// stopped reports whether a node may not start now.
func (r *Resolution) stopped(i int) bool {
	h := r.header(i)
	return h != nil && h.Stops(&r.p.Nodes[i])
}

// beginFinally lets the finally jobs of workflows run all of whose other jobs
// have ended. It reports whether there were any.
func (r *Resolution) beginFinally() bool {
	begun := false
	for _, w := range r.changes.Workflows {
		h := &r.p.Workflows[w]
		if !h.finallyDue() {
			continue
		}
		if !h.FinallyKnown && h.Known < KnownOpen {
			r.lack(&r.missing.Finally, w)
			continue
		}
		var last []int
		for _, i := range r.of(w) {
			if n := &r.p.Nodes[i]; n.Finally && !n.Status.Terminal() {
				last = append(last, i)
			}
		}
		if h.Tally.Ended()+len(last) < h.Tally.Total {
			continue // finally jobs that ended before their turn were counted
		}
		h.Begun, begun = true, true
		for _, i := range last {
			if r.p.Nodes[i].Deps == job.Waiting {
				r.run(i)
			}
		}
	}
	return begun
}

// of returns the nodes of a workflow in the order of their ids, so that what
// happens to all of them does not depend on the order in which they were loaded.
func (r *Resolution) of(w int) []int {
	if r.members == nil {
		r.members = make([][]int, len(r.p.Workflows))
		for i, n := range r.p.Nodes {
			if n.Workflow >= 0 {
				r.members[n.Workflow] = append(r.members[n.Workflow], i)
			}
		}
		for _, nodes := range r.members {
			slices.SortFunc(nodes, func(a, b int) int { return bytes.Compare(r.p.Nodes[a].ID[:], r.p.Nodes[b].ID[:]) })
		}
	}
	return r.members[w]
}

// endWorkflows gives a final status to workflows whose last job has ended.
func (r *Resolution) endWorkflows() {
	for _, w := range r.changes.Workflows {
		h := &r.p.Workflows[w]
		if !h.open() || h.Tally.Ended() < h.Tally.Total || h.Undecided > 0 {
			continue
		}
		status, known := r.result(w)
		if !known {
			r.lack(&r.missing.All, w)
			continue
		}
		h.Status = status
	}
}

// result is how a workflow ends all of whose jobs have ended.
func (r *Resolution) result(w int) (_ Status, known bool) {
	h := &r.p.Workflows[w]
	switch {
	case h.Status == Cancelling && !h.Deadline:
		return Cancelled, true
	case h.Status == Cancelling, h.Failing:
		return Failed, true
	case h.bears():
		return Completed, true
	case !h.Catches:
		return Failed, true
	case h.Known < KnownAll:
		return "", false
	case len(r.uncaught(w, false)) > 0:
		return Failed, true
	}
	return Completed, true
}
