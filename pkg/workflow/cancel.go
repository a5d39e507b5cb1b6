package workflow

import (
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// Cancel cancels every job of workflow w that nobody holds, and marks it
// cancelling: what is held is told to stop, finally jobs run when the rest has
// ended. The first cancel decides how it ends; a second one by a user stops
// its finally jobs, too, and those within: a job that is made of others passes
// it on. A workflow that has ended, or has none of these, is left alone.
func (r *Resolution) Cancel(w int, reason job.Reason) {
	h := &r.p.Workflows[w]
	if !h.open() {
		return
	}
	again := h.Status == Cancelling
	if again && (reason == job.ReasonDeadline || h.CancelFinally) {
		return
	}
	if h.Known < KnownOpen {
		r.lack(&r.missing.Open, w)
		return
	}
	if again && h.Finally == 0 && !r.holdsParts(w) {
		return
	}
	r.touch(w)
	if again {
		h.CancelFinally = true
	} else {
		h.Status, h.Deadline, h.UserPaused = Cancelling, reason == job.ReasonDeadline, false
	}
	for _, i := range r.of(w) {
		n := &r.p.Nodes[i]
		switch {
		case n.Finally && !again:
			if n.claimable() {
				r.release(i) // a pause may have kept it
			}
		case n.Held:
			r.stop(i)
		default:
			r.end(i, job.Cancelled, reason)
		}
		if n.Decision == Undecided {
			r.decide(i, ActionAccept)
		}
	}
	r.conclude()
}

// holdsParts reports whether a job of workflow w runs that is made of others.
func (r *Resolution) holdsParts(w int) bool {
	return slices.ContainsFunc(r.of(w), func(i int) bool { return r.p.Nodes[i].Held && r.p.Nodes[i].Parts != "" })
}

// CancelHeld ends what is still held when a grace is over: of a cancelling
// workflow everything but its finally jobs, these with finally set; of a
// failing one what ran when it began to fail. Parts end by themselves, by the
// same rules.
func (r *Resolution) CancelHeld(w int, finally bool) {
	h := &r.p.Workflows[w]
	reason := job.ReasonFailFast
	switch {
	case h.Status == Cancelling:
		reason = h.reason()
	case !h.open() || !h.Failing || !h.CancelRunning:
		return
	}
	if h.Known < KnownOpen {
		r.lack(&r.missing.Open, w)
		return
	}
	for _, i := range r.of(w) {
		n := &r.p.Nodes[i]
		if n.Held && n.Parts == "" && (finally || !n.Finally) && (h.Status == Cancelling || !n.Spared) {
			n.Attempts++
			r.end(i, job.Cancelled, reason)
		}
	}
	r.conclude()
}

// reason is for what the jobs of a cancelling workflow are cancelled.
func (h *Header) reason() job.Reason {
	if h.Deadline {
		return job.ReasonDeadline
	}
	return job.ReasonUser
}
