package workflow

import (
	"encoding/json"
	"slices"

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
	case ActionAccept:
		r.decide(i, a)
	case ActionRetry:
		if (n.Counts.Broken > 0 || r.p.Workflows[w].Catches) && !r.whole(w) { // its cause, what is to be revived
			return
		}
		plan := append([]int{i}, r.follow(i)...)
		r.restart(plan)
		r.askAll(plan)
	default:
		if r.p.Workflows[w].Catches && !r.whole(w) {
			return
		}
		if a == ActionComplete {
			n.Result = result
		}
		plan := r.follow(i)
		r.restart(plan, i)
		r.decide(i, a)
		r.askAll(plan)
	}
	r.unpause(w)
	r.conclude()
}

// whole reports whether workflow w is known whole.
func (r *Resolution) whole(w int) bool {
	if r.p.Workflows[w].Known < KnownAll {
		r.lack(&r.missing.All, w)
		return false
	}
	return true
}

// follow returns the jobs that stand as they do because the edges of a failure
// were settled before it was decided about: a catch might have absolved it. A
// decision other than to accept it lets them begin anew. The workflow is known
// whole if something in it catches; else there are none.
func (r *Resolution) follow(i int) []int {
	if !r.header(i).Catches {
		return nil
	}
	in := map[int]bool{}
	for queue := []int{i}; len(queue) > 0; queue = queue[1:] {
		for _, ei := range r.out[queue[0]] {
			e := &r.p.Edges[ei]
			if c := &r.p.Nodes[e.Child]; e.State != EdgeUnresolved && c.Workflow == r.p.Nodes[i].Workflow && !in[e.Child] && follows(c) {
				in[e.Child] = true
				queue = append(queue, e.Child)
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(r.of(r.p.Nodes[i].Workflow)), func(k int) bool { return !in[k] })
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
	r.leave(i)
	if h != nil && n.Status.Terminal() {
		*h.Tally.Of(n.Status)--
		if n.against() && !n.forgiven() {
			h.Unforgiven--
		}
		if n.Decision == Undecided {
			h.Undecided--
		}
	}
	n.Status, n.Reason, n.Cause, n.Decision, n.Spared = job.Pending, "", job.ID{}, "", false
	n.Attempts, n.Result, n.Held = 0, nil, false
	n.Answer, n.AnswerKnown = nil, true
	if n.Deps != job.NoDependencies {
		n.Deps = job.Waiting
	}
	r.add(&r.changes.Reset, reset, i)
	if h != nil {
		r.touch(n.Workflow)
		delete(r.turn, n.Workflow)
	}
}
