package workflow

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// Node is a job as a resolution sees it.
type Node struct {
	ID       job.ID
	Workflow int // index into Part.Workflows; -1: the job has no workflow
	Status   job.Status
	Deps     job.DependencyStatus
	Join     job.Join
	Counts   Counts
	// Barrier has no work: where others become runnable, it completes.
	Barrier bool
	// Gate and Parts have no work either: where others become runnable, the job is
	// suspended until an answer, its time or its parts end it.
	Gate  job.GateType
	Parts PartsKind
	// Answer is what a signal was sent before it opens: it completes with it then.
	// AnswerKnown says that no Answer means none.
	Answer      json.RawMessage
	AnswerKnown bool
	// AllowFailure lets the edges that leave it see a completion when it fails.
	AllowFailure bool
	// Tolerated says that a failure of it does not fail its workflow; see
	// Workflow.Tolerated.
	Tolerated bool
	Finally   bool // runs when every job that is not so has ended
	Catch     bool // its completion absolves the failures that let it run
	// Condition, With and Over are what is evaluated when its join says run.
	Condition string
	Unmet     job.Unmet
	With      map[string]string
	Over      string // the list that a map is over
	// Spared says that it may start although its workflow is failing: it
	// handles a failure, or comes after one that does.
	Spared bool
	// Held says that a worker holds the job, or that it is suspended and its parts
	// run: it is left to end by itself. Taken
	// says that its place where claims look was taken back to find that out.
	Held, Taken bool
	// Decision is what was decided about its failure.
	Decision Action
	// Reason and Cause are set when the job ends. Cause is the first failure
	// behind an upstream_failed job; it is known from the first broken edge on.
	Reason job.Reason
	Cause  job.ID
	// Attempts and Result are set for a job that ends here: conditions of its
	// children read them.
	Attempts int
	Result   json.RawMessage
	// EdgesKnown says that the unresolved edges that leave it are in the part,
	// as far as this resolution is to settle them.
	EdgesKnown bool
	// Gone says that the job is not stored any more. It had ended, nobody knows
	// how: its other fields say nothing.
	Gone bool
}

// Settles reports whether the edges that leave the job settle: it has ended
// and nobody has to decide about it first.
func (n *Node) Settles() bool {
	return n.Gone || n.Status.Terminal() && n.Decision != Undecided
}

// root is the first failure behind an ended job.
func (n *Node) root() job.ID {
	if n.Status == job.UpstreamFailed && n.Cause != (job.ID{}) {
		return n.Cause
	}
	return n.ID
}

// Seen is the status that the edges which leave an ended job see.
func (n *Node) Seen() job.Status {
	switch {
	case n.Decision == ActionSkip || n.Decision == ActionComplete,
		n.AllowFailure && n.Status.Failure(),
		n.Status == job.Skipped && n.Reason == job.ReasonConditionFalse && n.Unmet == job.UnmetPass:
		return job.Completed
	}
	return n.Status
}

// Settle returns the state of an edge that leaves the job, which has ended.
// What asks for more than the end of a job that is gone is never met.
func (n *Node) Settle(on job.On) EdgeState {
	switch {
	case !n.Gone:
		return Settle(on, n.Seen())
	case on == job.OnDone:
		return EdgeActive
	}
	return EdgeBroken
}

// claimable reports whether only a worker, or its time, is missing.
func (n *Node) claimable() bool {
	return !n.Status.Terminal() && n.Deps != job.Waiting && !n.Held && n.Status != job.Suspended
}

// forgiven reports whether an ended job does not count against its workflow,
// whoever may catch it.
func (n *Node) forgiven() bool {
	return n.Tolerated || n.Decision == ActionSkip || n.Decision == ActionComplete
}

// against reports whether the end of a job counts against its workflow unless
// it is forgiven or caught: a failure, or a cancel of it alone.
func (n *Node) against() bool {
	return n.Status.Failure() || n.Status == job.Cancelled && n.Reason != job.ReasonFailFast
}

// Edge is a dependency as a resolution sees it. Parent and Child index
// Part.Nodes.
type Edge struct {
	Parent, Child int
	On            job.On
	Optional      bool
	State         EdgeState
}

// handles reports whether the edge can let its child run after a failure.
func (e *Edge) handles() bool { return e.On == job.OnFailure || e.On == job.OnDone }

// Part is the part of the graph that a resolution works on. It says what it
// knows (Header.Known, Node.EdgesKnown), and Finish says what it lacked.
type Part struct {
	Workflows []Header
	Nodes     []Node
	Edges     []Edge
	Inputs    map[int]*Inputs // of nodes, for their conditions
	Now       time.Time       // for them, too
}

// Clone returns a copy that shares nothing that a resolution changes.
func (p *Part) Clone() Part {
	return Part{
		Workflows: slices.Clone(p.Workflows), Nodes: slices.Clone(p.Nodes), Edges: slices.Clone(p.Edges), Inputs: p.Inputs, Now: p.Now,
	}
}

// Complete marks everything as known: p holds all that there is.
func (p *Part) Complete() {
	for i := range p.Workflows {
		p.Workflows[i].Known, p.Workflows[i].FinallyKnown = KnownAll, true
	}
	for i := range p.Nodes {
		p.Nodes[i].EdgesKnown, p.Nodes[i].AnswerKnown = true, true
	}
}

// Missing lists what a resolution lacked of its part. If it lists anything,
// the changes are not all, and both are to be thrown away: load it and
// resolve again.
type Missing struct {
	Edges       []int // nodes: the unresolved edges that leave them
	Descendants []int // nodes: all that can be reached from them, with those edges
	Open        []int // workflows up to KnownOpen, and who holds their jobs
	All         []int // workflows up to KnownAll
	Finally     []int // workflows: their finally jobs
	Inputs      []int // nodes: Part.Inputs
	Next        []int // workflows with MaxParallel: the waiting jobs that come next, by id
	Answers     []int // nodes: what they were sent before they opened
}

// None reports whether nothing was missing.
func (m *Missing) None() bool {
	return len(m.Edges)+len(m.Descendants)+len(m.Open)+len(m.All)+len(m.Finally)+len(m.Inputs)+len(m.Next)+len(m.Answers) == 0
}

// Changes lists what a resolution changed in its part, by index.
type Changes struct {
	Ended     []int // nodes that are terminal now: the endings that counted, then what followed
	Edges     []int // edges whose state changed
	Counted   []int // nodes that changed without an end: counts, dependency status, cause, spared
	Runnable  []int // nodes to be put where claims look, at their time
	Suspended []int // nodes that wait for an answer, a time or their parts now
	Reset     []int // nodes that had ended, or were claimable, and begin anew
	Decided   []int // ended nodes whose decision changed
	Evaluated []int // nodes whose condition or inputs were evaluated; see Part.Inputs
	Stop      []int // held nodes whose handlers should stop
	Workflows []int // headers that changed
}
