package workflow

import (
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// Take returns what changed since Begin, or since the last Take, and goes on:
// for a part that is complete, so that nothing is ever missing. It takes time
// linear in what changed. What a condition reads of a parent that ended before
// the last Take is Part.Inputs.
func (r *Resolution) Take() Changes {
	all := r.changes
	r.changes.Counted, r.changes.Runnable = slices.Clone(all.Counted), slices.Clone(all.Runnable)
	r.changes.Suspended = slices.Clone(all.Suspended)
	r.changes.Stop, r.changes.Decided = slices.Clone(all.Stop), slices.Clone(all.Decided)
	c := r.tidy()
	for which, list := range [][]int{
		ended: all.Ended, counted: all.Counted, runnable: all.Runnable, touched: all.Workflows,
		stopping: all.Stop, reset: all.Reset, decided: all.Decided, suspended: all.Suspended,
	} {
		for _, i := range list {
			r.is[which][i] = false
		}
	}
	r.changes = Changes{}
	return c
}

// Stops reports whether node n of the workflow may not start now, whatever it
// waits for: nobody may claim it.
func (h *Header) Stops(n *Node) bool {
	return h.Status == Paused || h.Status == Pending || h.Status.Terminal() || h.dooms(n)
}

// dooms reports whether the policy of the workflow will cancel a node.
func (h *Header) dooms(n *Node) bool {
	return !n.Finally && (h.Status == Cancelling || h.Failing && !n.Spared)
}

// Standing says what of the workflow bears on how an attempt of node n ends;
// the rest of it is the job's.
func (h *Header) Standing(n *Node) job.Standing {
	return job.Standing{
		Draining:   h.Failing && !n.Spared && !n.Finally,
		Cancelling: h.Status == Cancelling && (!n.Finally || h.CancelFinally),
		Deadline:   h.Deadline,
	}
}
