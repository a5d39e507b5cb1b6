package workflow

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// tell lets something happen and writes what followed as sentences. It checks
// what always holds.
func (s *stage) tell(f func(r *Resolution)) string {
	before := s.p.Clone()
	s.p.Inputs = map[int]*Inputs{}
	for i := range s.p.Nodes {
		n := &s.p.Nodes[i]
		n.Taken = s.ready[i]
		if !n.Evaluates() {
			continue
		}
		in := &Inputs{}
		for _, p := range s.parents[i] {
			parent := s.p.Nodes[p]
			in.Parents = append(in.Parents, ParentInput{Name: s.jobs[p], Node: p, Status: parent.Status, Attempts: parent.Attempts, Result: parent.Result})
		}
		s.p.Inputs[i] = in
	}
	c := act(s.t, &s.p, f)
	checkChanges(s.t, &s.p, c)
	return s.sentences(&before, c)
}

func (s *stage) sentences(before *Part, c Changes) string {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	for _, i := range c.Reset {
		say("%s begins anew", s.jobs[i])
	}
	for _, i := range c.Ended {
		say("%s", s.ending(i))
	}
	for _, i := range c.Decided {
		if d := s.p.Nodes[i].Decision; d != Undecided {
			say("%s: %s is decided", s.jobs[i], d)
		}
	}
	for i, n := range s.p.Nodes {
		if n.Decision == Undecided && before.Nodes[i].Decision != Undecided {
			say("%s waits for a decision", s.jobs[i])
		}
	}
	for _, i := range c.Evaluated {
		if e := s.p.Inputs[i].Evidence; len(e.With) > 0 {
			say("%s gets %s", s.jobs[i], e.With)
		}
		if e := s.p.Inputs[i].Evidence; len(e.Over) > 0 {
			say("%s is over %s", s.jobs[i], e.Over)
		}
	}
	for _, i := range c.Counted {
		if s.ready[i] || !slices.Contains(c.Runnable, i) && !slices.Contains(c.Suspended, i) {
			say("%s: dependencies %s, %d parents left", s.jobs[i], s.p.Nodes[i].Deps, s.p.Nodes[i].Counts.Unresolved)
		}
	}
	for _, i := range c.Runnable {
		if !s.ready[i] {
			say("%s may run", s.jobs[i])
		}
	}
	for _, i := range c.Suspended {
		say("%s", s.suspension(i))
	}
	for i := range s.p.Nodes {
		n := &s.p.Nodes[i]
		if may := slices.Contains(c.Runnable, i); s.ready[i] && !may {
			delete(s.ready, i)
			if !n.Status.Terminal() {
				say("%s may not run now", s.jobs[i])
			}
		} else if may {
			s.ready[i] = true
		}
		n.Taken = false
	}
	for _, i := range c.Stop {
		say("%s is told to stop", s.jobs[i])
	}
	for _, i := range c.Workflows {
		say("workflow %s", s.state(i))
	}
	if b.Len() == 0 {
		return "nothing\n"
	}
	return b.String()
}

// suspension says what a job waits for that no worker has.
func (s *stage) suspension(i int) string {
	n := s.p.Nodes[i]
	if n.Parts != "" {
		return fmt.Sprintf("%s is suspended, and its parts run", s.jobs[i])
	}
	return fmt.Sprintf("%s is open, %s", s.jobs[i], n.Gate)
}

func (s *stage) ending(i int) string {
	n := s.p.Nodes[i]
	text := fmt.Sprintf("%s is %s", s.jobs[i], n.Status)
	if n.Reason != "" && n.Reason != "told" {
		text += ", " + string(n.Reason)
	}
	if n.Cause != (job.ID{}) {
		cause := slices.IndexFunc(s.p.Nodes, func(c Node) bool { return c.ID == n.Cause })
		text += " of " + s.jobs[cause]
	}
	if in, evaluated := s.p.Inputs[i]; evaluated && n.Status.Terminal() && in.Evidence.Error != "" {
		text += " (" + strings.ReplaceAll(in.Evidence.Error, "\n", "; ") + ")"
	}
	return text
}

func (s *stage) state(i int) string {
	h := s.p.Workflows[i]
	text := fmt.Sprintf("%s is %s, %d of %d ended", s.workflows[i], h.Status, h.Tally.Ended(), h.Tally.Total)
	if h.Failing && !h.Status.Terminal() {
		text += ", failing"
	}
	if h.MaxParallel > 0 && !h.Status.Terminal() {
		text += fmt.Sprintf(", %d in flight", h.InFlight)
	}
	if h.Undecided > 0 {
		text += fmt.Sprintf(", %d undecided", h.Undecided)
	}
	return text
}

func (s *stage) show() string {
	var b strings.Builder
	for i, n := range s.p.Nodes {
		switch {
		case n.Status.Terminal():
			fmt.Fprintf(&b, "%s\n", s.ending(i))
		case n.Status == job.Suspended:
			fmt.Fprintf(&b, "%s\n", s.suspension(i))
		case n.Held:
			fmt.Fprintf(&b, "%s is held\n", s.jobs[i])
		case s.ready[i]:
			fmt.Fprintf(&b, "%s is %s, %s, and may run\n", s.jobs[i], n.Status, n.Deps)
		default:
			fmt.Fprintf(&b, "%s is %s, %s\n", s.jobs[i], n.Status, n.Deps)
		}
	}
	for i := range s.p.Workflows {
		fmt.Fprintf(&b, "workflow %s\n", s.state(i))
	}
	return b.String()
}
