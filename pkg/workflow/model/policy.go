package model

import (
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// policies lets the policies look at what failed. It reports whether something
// followed.
func (w *World) policies() bool {
	for f, h := range w.flows {
		failed, caughtUp := h.failed, h.caughtUp
		h.failed, h.caughtUp = map[int]bool{}, true
		if h.status.Terminal() || h.status == workflow.Cancelling {
			continue
		}
		for i, n := range w.of(f) {
			looks := failed[i] || w.catches(f) && (len(failed) > 0 || !caughtUp)
			if !looks || !n.status.Failure() || w.forgiven(i) || w.caught(i, true) {
				continue
			}
			switch {
			case h.Policy == workflow.FailFast:
				h.failing = true
			case h.Policy == workflow.Manual && w.asked(i):
				w.undecide(i)
			}
		}
		if h.failing {
			w.sweep(f)
		}
	}
	return len(w.queue) > 0
}

func (w *World) catches(f int) bool {
	for _, n := range w.of(f) {
		if n.Catch {
			return true
		}
	}
	return false
}

// sweep cancels the jobs of a failing workflow that nobody holds and that have
// no failure to handle, nor may have. What comes after a spared job is spared.
func (w *World) sweep(f int) {
	for again := true; again; {
		again = false
		for _, e := range w.edges {
			p, n := w.jobs[e.parent], w.jobs[e.child]
			if p.workflow == f && n.workflow == f && p.spared && e.state == workflow.EdgeUnresolved && !n.spared && !n.status.Terminal() {
				n.spared, again = true, !p.status.Terminal()
			}
		}
	}
	var swept []int
	for i, n := range w.of(f) {
		if !n.status.Terminal() && !n.held && !n.Finally && !n.spared && !w.mayHandle(i) {
			swept = append(swept, i)
		}
	}
	for _, i := range swept {
		w.end(i, job.Cancelled, job.ReasonFailFast)
	}
	for i, n := range w.of(f) {
		if n.halted && !n.status.Terminal() {
			n.halted = false
			w.start(i)
		}
	}
}

// mayHandle reports whether a job that waits may have to handle the failure of
// one that is held, or comes after one that may.
func (w *World) mayHandle(i int) bool {
	n := w.jobs[i]
	for e, p := range w.into(i) {
		if e.state != workflow.EdgeUnresolved || p.workflow != n.workflow || n.deps != job.Waiting {
			continue
		}
		if p.held && e.on != job.OnSuccess || !p.held && w.mayHandle(e.parent) {
			return true
		}
	}
	return false
}

// counts reports whether the end of a job counts against its workflow unless
// it is forgiven or caught: a failure, or a cancel of it alone.
func (w *World) counts(i int) bool {
	n := w.jobs[i]
	return n.status.Failure() || n.status == job.Cancelled && n.reason != job.ReasonFailFast
}

func (w *World) forgiven(i int) bool {
	n := w.jobs[i]
	return n.tolerated || n.decision == workflow.ActionSkip || n.decision == workflow.ActionComplete
}

func (w *World) toleratedBySpec(i int) bool {
	leaving := 0
	for e, c := range w.from(i) {
		if c.workflow == w.jobs[i].workflow && c.workflow >= 0 {
			leaving++
			if !e.optional && c.Join.Rule != job.JoinAny && c.Join.Rule != job.JoinQuorum {
				return w.jobs[i].AllowFailure
			}
		}
	}
	return leaving > 0 || w.jobs[i].AllowFailure
}

// catcher reports whether a job that catches, and that an ended job let run,
// completed; with may, also whether it still can.
func (w *World) catcher(i int, may bool) bool {
	for e, c := range w.from(i) {
		if !c.Catch || c.workflow != w.jobs[i].workflow || e.on == job.OnSuccess {
			continue
		}
		lets := e.state == workflow.EdgeActive
		if lets && c.status == job.Completed || may && !c.status.Terminal() && (lets || e.state == workflow.EdgeUnresolved) {
			return true
		}
	}
	return false
}

// caught reports whether the end of a job was absolved; with may, also whether
// it still can be.
func (w *World) caught(i int, may bool) bool {
	n := w.jobs[i]
	if !w.counts(i) {
		return false
	}
	if w.catcher(i, may) {
		return true
	}
	if n.status != job.UpstreamFailed {
		return false
	}
	broken := 0
	for e, p := range w.into(i) {
		if e.state == workflow.EdgeBroken && !e.optional {
			broken++
			if p.workflow != n.workflow || !w.caught(e.parent, may) {
				return false
			}
		}
	}
	return broken > 0
}

// result is how a workflow ends whose jobs have ended.
func (w *World) result(f int) workflow.Status {
	h := w.flows[f]
	switch {
	case h.status == workflow.Cancelling && !h.deadline:
		return workflow.Cancelled
	case h.status == workflow.Cancelling, h.failing:
		return workflow.Failed
	}
	for i := range w.of(f) {
		if w.counts(i) && !w.forgiven(i) && !w.caught(i, false) {
			return workflow.Failed
		}
	}
	return workflow.Completed
}
