package workflow

import (
	"encoding/json"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// Pause turns the switch of a user on: nothing of workflow w starts until
// Resume. What runs goes on.
func (r *Resolution) Pause(w int) {
	h := &r.p.Workflows[w]
	if h.UserPaused || h.Status != Running && h.Status != Paused {
		return
	}
	h.UserPaused = true
	r.touch(w)
	r.place(w)
	r.conclude()
}

// Resume turns the switch of a user off. A workflow with undecided failures
// must not be resumed.
func (r *Resolution) Resume(w int) {
	h := &r.p.Workflows[w]
	if !h.UserPaused {
		return
	}
	h.UserPaused = false
	r.touch(w)
	r.unpause(w)
	r.conclude()
}

// Decide applies a decision about the undecided failure of node i; result goes
// with ActionComplete.
func (r *Resolution) Decide(i int, a Action, result json.RawMessage) {
	n := &r.p.Nodes[i]
	if n.Decision != Undecided {
		return
	}
	w := n.Workflow
	switch a {
	case ActionCancel:
		r.Cancel(w, job.ReasonUser)
		return
	case ActionRetry:
		if n.Counts.Broken > 0 && r.p.Workflows[w].Known < KnownAll {
			r.lack(&r.missing.All, w) // its cause
			return
		}
		r.restart([]int{i})
		r.ask(i)
	default:
		if a == ActionComplete {
			n.Result = result
		}
		r.decide(i, a)
	}
	r.unpause(w)
	r.conclude()
}

// decide gives an undecided failure its decision and queues its edges.
func (r *Resolution) decide(i int, a Action) {
	n, h := &r.p.Nodes[i], r.header(i)
	n.Decision = a
	r.add(&r.changes.Decided, decided, i)
	h.Undecided--
	if n.against() && n.forgiven() && !n.Tolerated {
		h.Unforgiven--
	}
	r.touch(n.Workflow)
	r.queue = append(r.queue, i)
}

// unpause lets a workflow go on if nothing holds it up any more: what could
// have been claimed meanwhile can be now.
func (r *Resolution) unpause(w int) {
	h := &r.p.Workflows[w]
	r.place(w)
	if h.Status != Running {
		return
	}
	if h.Known < KnownOpen {
		r.lack(&r.missing.Open, w)
		return
	}
	for _, i := range r.of(w) {
		if r.p.Nodes[i].claimable() {
			r.release(i)
		}
	}
}

// reopen takes the end of a job back.
func (r *Resolution) reopen(i int) {
	n, h := &r.p.Nodes[i], r.header(i)
	if n.Status.Terminal() {
		*h.Tally.Of(n.Status)--
		if n.against() && !n.forgiven() {
			h.Unforgiven--
		}
		if n.Decision == Undecided {
			h.Undecided--
		}
	}
	n.Status, n.Reason, n.Cause, n.Decision, n.Spared = job.Pending, "", job.ID{}, "", false
	n.Attempts, n.Result = 0, nil
	if n.Deps != job.NoDependencies {
		n.Deps = job.Waiting
	}
	r.add(&r.changes.Reset, reset, i)
	r.touch(n.Workflow)
}
