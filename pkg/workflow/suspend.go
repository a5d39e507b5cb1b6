package workflow

import (
	"bytes"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// suspends reports whether a job does not wait for a worker when it may start,
// but for an answer, a time or its parts.
func (n *Node) suspends() bool { return n.Gate != "" || n.Parts != "" }

// starts reports whether something happens by itself as soon as a job may run.
// One without parents waits for Start.
func (n *Node) starts() bool { return n.Evaluates() || n.suspends() }

// suspend lets a job begin to wait for what is no worker. Its parts are held:
// they are told to stop, and end by themselves. A signal that was sent before
// waits for nothing.
func (r *Resolution) suspend(i int) {
	n := &r.p.Nodes[i]
	if n.Gate == job.GateSignal {
		if !n.AnswerKnown {
			r.lack(&r.missing.Answers, i)
		}
		if n.Answer != nil {
			n.Result = n.Answer
			r.end(i, job.Completed, "")
			return
		}
	}
	n.Status, n.Held = job.Suspended, n.Parts != ""
	r.add(&r.changes.Suspended, suspended, i)
}

// EndParts ends a job whose parts have ended, as PartsEnd said. Those that were
// cancelled because its workflow's cancel or failure told them to stop end it for
// that reason.
func (r *Resolution) EndParts(e Ending) {
	n := &r.p.Nodes[e.Node]
	if n.Status != job.Suspended || n.Parts == "" {
		return
	}
	if h := r.header(e.Node); h != nil && e.Status == job.Cancelled {
		switch s := h.Standing(n); {
		case s.Cancelling && s.Deadline:
			e.Reason = job.ReasonDeadline
		case s.Draining && h.CancelRunning && !s.Cancelling:
			e.Reason = job.ReasonFailFast
		}
	}
	r.End(e)
}

// full reports whether no more jobs of a workflow with MaxParallel may be let
// run.
func (h *Header) full() bool { return h.MaxParallel > 0 && h.InFlight >= h.MaxParallel }

// leave makes room for others where a job ends, or begins anew, that was let
// run.
func (r *Resolution) leave(i int) {
	if h := r.header(i); h != nil && h.MaxParallel > 0 && !r.p.Nodes[i].Status.Terminal() && r.p.Nodes[i].Deps != job.Waiting {
		h.InFlight--
		r.touch(r.p.Nodes[i].Workflow)
	}
}

// fill lets jobs of workflows with MaxParallel run, the lowest ids first, where
// others have ended. It reports whether there were any.
func (r *Resolution) fill() bool {
	filled := false
	for _, w := range r.changes.Workflows {
		h := &r.p.Workflows[w]
		if h.MaxParallel == 0 || !h.open() || h.Status == Cancelling || h.Failing {
			continue
		}
		room := min(h.MaxParallel, h.Tally.Total-h.Tally.Ended()) - h.InFlight
		for nodes := r.of(w); room > 0 && r.turn[w] < len(nodes); r.turn[w]++ {
			i := nodes[r.turn[w]]
			n := &r.p.Nodes[i]
			if h.Known < KnownOpen && bytes.Compare(n.ID[:], h.NextKnown[:]) > 0 {
				break // others may come before it
			}
			if n.Deps == job.Waiting && !n.Status.Terminal() {
				r.run(i)
				filled = true
				room--
			}
		}
		if room > 0 {
			r.lack(&r.missing.Next, w)
		}
	}
	return filled
}
