package workflow

import "github.com/hammerwork/hammerwork/pkg/job"

// Open lets workflow w run, which is pending: its jobs that wait for nothing
// start.
func (r *Resolution) Open(w int) {
	h := &r.p.Workflows[w]
	if h.Status != Pending {
		return
	}
	turns := h.MaxParallel > 0 // then its jobs have no edges, and fill lets the first of them run
	if !turns && h.Known < KnownOpen {
		r.lack(&r.missing.Open, w)
		return
	}
	h.Status = Running
	h.place() // what depends on jobs elsewhere may have failed before
	r.touch(w)
	if !turns {
		for _, i := range r.of(w) {
			switch n := &r.p.Nodes[i]; {
			case n.claimable():
				r.release(i)
			case !n.Status.Terminal() && n.Deps == job.Waiting && n.Counts.Unresolved == 0 && !n.Finally:
				r.run(i)
			}
		}
	}
	r.conclude()
}
