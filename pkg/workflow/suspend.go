package workflow

import "github.com/hammerwork/hammerwork/pkg/job"

// suspends reports whether a job does not wait for a worker when it may start,
// but for an answer, a time or its parts.
func (n *Node) suspends() bool { return n.Gate != "" || n.Parts != "" }

// suspend lets a job begin to wait for what is no worker. Its parts are held:
// they are told to stop, and end by themselves.
func (r *Resolution) suspend(i int) {
	n := &r.p.Nodes[i]
	n.Status, n.Held = job.Suspended, n.Parts != ""
	r.add(&r.changes.Suspended, suspended, i)
}

// EndParts ends a job whose parts have ended, as PartsEnd said. What its
// workflow's cancel or failure ended ends for that reason.
func (r *Resolution) EndParts(e Ending) {
	n := &r.p.Nodes[e.Node]
	if n.Status != job.Suspended || n.Parts == "" {
		return
	}
	if h := r.header(e.Node); h != nil && e.Status == job.Cancelled {
		switch {
		case h.Status == Cancelling && h.Deadline:
			e.Reason = job.ReasonDeadline
		case h.Failing && !n.Spared && !n.Finally && h.Status != Cancelling:
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
		for _, i := range r.of(w) {
			if room <= 0 {
				break
			}
			if n := &r.p.Nodes[i]; n.Deps == job.Waiting && !n.Status.Terminal() {
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
