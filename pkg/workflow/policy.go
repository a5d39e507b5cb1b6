package workflow

import (
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// asks reports whether a failure that has just happened waits for a decision,
// with all that depends on it. Nobody is asked about what follows from another
// failure, nor while a catch may absolve it.
func (r *Resolution) asks(i int) bool {
	n, h := &r.p.Nodes[i], r.header(i)
	if h.Policy != Manual || h.Status == Cancelling || !n.Status.Failure() || n.Status == job.UpstreamFailed || n.Tolerated {
		return false
	}
	return !r.catcher(i, true)
}

// undecide makes a failure wait for a decision, and its workflow with it.
func (r *Resolution) undecide(i int) {
	n, h := &r.p.Nodes[i], r.header(i)
	n.Decision = Undecided
	r.add(&r.changes.Decided, decided, i)
	h.Undecided++
	r.place(n.Workflow)
}

// place gives a workflow the status that its pauses make.
func (r *Resolution) place(w int) {
	h := &r.p.Workflows[w]
	before := h.Status
	h.place()
	if h.Status == before {
		return
	}
	r.touch(w)
	if h.Status == Paused {
		r.park(w)
	}
}

// park sees to it that the jobs of a paused workflow are known, so that those
// where claims look are taken from there.
func (r *Resolution) park(w int) {
	if r.p.Workflows[w].Known < KnownOpen {
		r.lack(&r.missing.Open, w)
	}
}

// applyPolicies asks the policies of workflows in which something failed, or
// may have to stop now. It reports whether anything followed.
func (r *Resolution) applyPolicies() bool {
	before := len(r.queue)
	for w := range r.p.Workflows {
		fails, recheck := r.fails[w], r.recheck[w]
		if len(fails) == 0 && !recheck {
			continue
		}
		delete(r.fails, w)
		delete(r.recheck, w)
		switch h := &r.p.Workflows[w]; {
		case !h.open() || h.Status == Cancelling:
		case !recheck && (h.Failing || r.well[w] && r.mayBeCaught(fails)):
		case h.Policy == FailFast:
			r.failFast(w, fails)
		case h.Policy == Manual && h.Catches:
			r.askUncaught(w)
		}
	}
	return len(r.queue) > before
}

// failFast stops a workflow after a failure that nothing absolves. While
// handlers may still be wanted, each ending in it is looked at again.
func (r *Resolution) failFast(w int, fails []int) {
	h := &r.p.Workflows[w]
	if h.Failing {
		r.sweep(w)
		return
	}
	switch {
	case !h.Catches:
		for _, i := range fails {
			h.Failing = h.Failing || !r.p.Nodes[i].Tolerated && !h.bears()
		}
	case h.Known < KnownAll:
		r.lack(&r.missing.All, w)
	default:
		h.Failing = slices.ContainsFunc(r.uncaught(w, true), func(i int) bool { return r.p.Nodes[i].Status.Failure() })
		r.well[w] = !h.Failing
	}
	if h.Failing {
		r.touch(w)
		r.sweep(w)
		if h.CancelRunning && h.Known >= KnownOpen {
			for _, i := range r.of(w) {
				if n := &r.p.Nodes[i]; n.Held && !n.Spared && !n.Finally {
					r.stop(i)
				}
			}
		}
	}
}

// sweep cancels the jobs of a failing workflow that nobody holds and that are
// not kept. All are marked before any edge settles, so that none becomes
// upstream_failed through another. Those that turn out to be spared go on.
func (r *Resolution) sweep(w int) {
	h := &r.p.Workflows[w]
	if h.Known < KnownOpen {
		r.lack(&r.missing.Open, w)
		return
	}
	kept := r.kept(w)
	for _, i := range r.of(w) {
		if n := &r.p.Nodes[i]; !n.Held && !n.Finally && !kept[i] {
			r.end(i, job.Cancelled, job.ReasonFailFast)
		}
	}
	for _, i := range r.halted[w] {
		if !r.p.Nodes[i].Status.Terminal() {
			r.start(i)
		}
	}
	delete(r.halted, w)
}

// kept returns the jobs of a failing workflow that may run or may still have
// to. What comes after a spared job is spared, too. What waits for the end of a
// job that is held, because it would handle its failure, stays with all that
// waits after it until that is decided.
func (r *Resolution) kept(w int) map[int]bool {
	if !r.p.Workflows[w].Handlers {
		return nil
	}
	kept := map[int]bool{}
	var queue []int
	for _, i := range r.of(w) {
		if n := &r.p.Nodes[i]; n.Spared && !n.Status.Terminal() {
			kept[i] = true
			queue = append(queue, i)
		}
	}
	r.after(w, queue, func(e *Edge) bool {
		n := &r.p.Nodes[e.Child]
		if kept[e.Child] || n.Status.Terminal() {
			return false
		}
		kept[e.Child], n.Spared = true, true
		r.count(e.Child)
		return true
	})
	queue = queue[:0]
	for _, i := range r.of(w) {
		if n := &r.p.Nodes[i]; n.Held && !kept[i] {
			queue = append(queue, i)
		}
	}
	r.after(w, queue, func(e *Edge) bool {
		stays := !kept[e.Child] && r.p.Nodes[e.Child].Deps == job.Waiting && (kept[e.Parent] || e.handles())
		kept[e.Child] = kept[e.Child] || stays
		return stays
	})
	return kept
}

// after follows the unresolved edges of workflow w that leave nodes, and on
// from the children for which f says so.
func (r *Resolution) after(w int, queue []int, f func(e *Edge) bool) {
	for ; len(queue) > 0; queue = queue[1:] {
		for _, ei := range r.out[queue[0]] {
			if e := &r.p.Edges[ei]; e.State == EdgeUnresolved && r.p.Nodes[e.Child].Workflow == w && f(e) {
				queue = append(queue, e.Child)
			}
		}
	}
}

// mayBeCaught reports whether each of some failures is forgiven, or has a catch
// that it lets run. Where all was well before, all is well then.
func (r *Resolution) mayBeCaught(fails []int) bool {
	return !slices.ContainsFunc(fails, func(i int) bool { return !r.p.Nodes[i].forgiven() && !r.catcher(i, true) })
}

// askUncaught makes failures wait for a decision that a catch could have
// absolved and did not.
func (r *Resolution) askUncaught(w int) {
	if r.p.Workflows[w].Known < KnownAll {
		r.lack(&r.missing.All, w)
		return
	}
	for _, i := range r.uncaught(w, true) {
		if n := &r.p.Nodes[i]; n.Status.Failure() && n.Status != job.UpstreamFailed && n.Decision == "" {
			r.undecide(i)
		}
	}
	r.well[w] = true
}

// catcher reports whether a job that catches, and that node i lets run, has
// completed; or, with may set, can still complete.
func (r *Resolution) catcher(i int, may bool) bool {
	for _, ei := range r.out[i] {
		e := &r.p.Edges[ei]
		c := &r.p.Nodes[e.Child]
		if !c.Catch || c.Workflow != r.p.Nodes[i].Workflow || !e.handles() {
			continue
		}
		switch {
		case c.Status == job.Completed && e.State == EdgeActive:
			return true
		case may && !c.Status.Terminal() && (e.State == EdgeActive || e.State == EdgeUnresolved):
			return true
		}
	}
	return false
}

// uncaught returns the jobs whose end counts against a workflow that is known
// whole: failures, and jobs cancelled on their own, that are neither forgiven
// nor caught. With may set, those that can still be caught are left out. What
// is upstream_failed is caught when all parents that broke its edges are.
func (r *Resolution) uncaught(w int, may bool) []int {
	var bad []int
	is := map[int]bool{}
	mark := func(i int) {
		if n := &r.p.Nodes[i]; n.Workflow == w && n.Status.Terminal() && n.against() && !is[i] && !r.catcher(i, may) {
			is[i] = true
			bad = append(bad, i)
		}
	}
	breaking := make(map[int]int) // node → its broken edges from what could be caught
	for _, e := range r.p.Edges {
		if p := &r.p.Nodes[e.Parent]; e.State == EdgeBroken && !e.Optional && p.Workflow == w && p.against() {
			breaking[e.Child]++
		}
	}
	for _, i := range r.of(w) {
		if n := &r.p.Nodes[i]; n.Status != job.UpstreamFailed || breaking[i] < n.Counts.Broken || breaking[i] == 0 {
			mark(i)
		}
	}
	for k := 0; k < len(bad); k++ {
		for _, ei := range r.out[bad[k]] {
			if e := &r.p.Edges[ei]; e.State == EdgeBroken && !e.Optional && r.p.Nodes[e.Child].Status == job.UpstreamFailed {
				mark(e.Child)
			}
		}
	}
	var list []int
	for _, i := range bad {
		if !r.p.Nodes[i].forgiven() {
			list = append(list, i)
		}
	}
	return list
}
