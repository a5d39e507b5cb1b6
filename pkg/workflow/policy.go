package workflow

import "github.com/hammerwork/hammerwork/pkg/job"

// asks reports whether a failure that has just happened waits for a decision,
// with all that depends on it. Nobody is asked about what follows from another
// failure, nor while a catch may absolve it.
func (r *Resolution) asks(i int) bool {
	n, h := &r.p.Nodes[i], r.header(i)
	if h.Policy != Manual || h.Status == Cancelling || !n.Status.Failure() || n.Status == job.UpstreamFailed || n.Tolerated {
		return false
	}
	if h.Catches && !n.EdgesKnown {
		r.lack(&r.missing.Edges, i)
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
			h.Failing = h.Failing || !r.p.Nodes[i].Tolerated
		}
	case h.Known < KnownAll:
		r.lack(&r.missing.All, w)
	default:
		h.Failing = len(r.uncaught(w, true)) > 0
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
// upstream_failed through another.
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
}

// kept returns the jobs of a failing workflow that may run or may still have
// to: those that handle a failure or, if it comes to that, the failure of what
// runs, and all that come after them.
func (r *Resolution) kept(w int) map[int]bool {
	if !r.p.Workflows[w].Handlers {
		return nil
	}
	kept := map[int]bool{}
	var queue []int
	keep := func(i int) {
		if n := &r.p.Nodes[i]; n.Workflow == w && !n.Status.Terminal() && !kept[i] {
			kept[i] = true
			queue = append(queue, i)
		}
	}
	for _, i := range r.of(w) {
		n := &r.p.Nodes[i]
		if n.Spared {
			keep(i)
		}
		if !n.Held {
			continue
		}
		for _, ei := range r.out[i] {
			e := &r.p.Edges[ei]
			if e.State == EdgeUnresolved && e.On != job.OnSuccess && r.p.Nodes[e.Child].Deps == job.Waiting {
				keep(e.Child)
			}
		}
	}
	for k := 0; k < len(queue); k++ {
		for _, ei := range r.out[queue[k]] {
			if e := &r.p.Edges[ei]; e.State == EdgeUnresolved {
				keep(e.Child)
			}
		}
	}
	return kept
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
}

// catcher reports whether a job that catches, and that node i lets run, has
// completed; or, with may set, can still complete.
func (r *Resolution) catcher(i int, may bool) bool {
	for _, ei := range r.out[i] {
		e := &r.p.Edges[ei]
		c := &r.p.Nodes[e.Child]
		if !c.Catch || c.Workflow != r.p.Nodes[i].Workflow || e.On == job.OnSuccess {
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
	breaking := make(map[int]int) // node → its broken edges from within the workflow
	for _, e := range r.p.Edges {
		if e.State == EdgeBroken && !e.Optional && r.p.Nodes[e.Parent].Workflow == w {
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
