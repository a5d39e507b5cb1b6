package check

import (
	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// word is what a join says.
type word string

const (
	waits word = "wait"
	runs  word = "run"
	skips word = "skip"
	fails word = "fail"
)

// counts are edges by state. Optional ones are not counted when they are
// inactive or broken.
type counts struct{ open, active, inactive, broken int }

// says is what the join of a job makes of its edges.
func says(join job.Join, c counts) word {
	switch join.Rule {
	case job.JoinAny, job.JoinQuorum:
		switch {
		case c.active >= max(join.Quorum, 1):
			return runs
		case c.open > 0:
			return waits
		case c.broken > 0:
			return fails
		}
		return skips
	case job.JoinDone:
		if c.open > 0 {
			return waits
		}
		return runs
	}
	switch {
	case c.broken > 0:
		return fails
	case c.open > 0:
		return waits
	case join.Rule == job.JoinMerge && c.active == 0, join.Rule != job.JoinMerge && c.inactive > 0:
		return skips
	}
	return runs
}

// settled is the state of an edge to a parent that it takes for one that ended
// with a status.
func settled(on job.On, parent job.Status) workflow.EdgeState {
	bad := parent != job.Completed && parent != job.Skipped
	switch {
	case on == job.OnDone:
		return workflow.EdgeActive
	case on == job.OnFailure && parent.Failure(), on != job.OnFailure && parent == job.Completed:
		return workflow.EdgeActive
	case on != job.OnFailure && bad:
		return workflow.EdgeBroken
	default:
		return workflow.EdgeInactive
	}
}

// sight is a state that an edge may have got from a life of its parent, at the
// earliest at a time.
type sight struct {
	state workflow.EdgeState
	from  int64
	life  *life
}

// sights are what the edge of a job may have got in a life of it. Mostly that
// is one thing, or nothing yet: the edge sees the first end of its parent since
// both were reset together, if they were, and what was decided about it. There
// are several where the records don't tell which of them it saw.
func (j *judge) sights(s *subject, of *life, e history.Edge) []sight {
	p := j.jobs[e.Parent]
	inside := p.final.Workflow == s.final.Workflow && s.final.Workflow != (job.ID{})
	manual, catches := false, false
	if w := j.workflow[p.final.Workflow]; w != nil && w.final != nil {
		manual, catches = w.final.FailurePolicy == workflow.Manual, w.catches()
	}
	exact := inside && s.known() && p.known() && !(manual && catches) // there decisions reset jobs within a run
	since := 1
	if exact {
		since = lastCommon(s, of, p)
	}
	var list []sight
	add := func(l *life, as job.Status, from int64) { list = append(list, sight{settled(e.On, as), from, l}) }
	for _, l := range p.lives {
		if exact && l.run < since || !l.Status.Terminal() || inside && l.FinishedAt < s.final.CreatedAt {
			continue // the last: it was spawned later
		}
		asked := manual && l.failed()
		if asked && !l.last && l.decided == nil { // nobody decided until it was reset
			if catches || !exact || l.reset == nil || l.reset.Action == "retry" {
				add(l, p.taken(l), l.FinishedAt)
			}
			continue
		}
		switch {
		case l.decided == nil:
			add(l, p.taken(l), l.FinishedAt)
		case decisions[l.decided.Action] == workflow.ActionAccept:
			add(l, p.taken(l), l.decided.At)
		default:
			add(l, job.Completed, l.decided.At)
		}
		if l.decided != nil && catches { // its edges may have seen it before it was asked about
			add(l, p.taken(l), l.FinishedAt)
		}
		if exact {
			break
		}
	}
	return list
}

// known reports whether it is known in which run each life of a job began.
func (s *subject) known() bool {
	for _, l := range s.lives {
		if l.run == 0 {
			return false
		}
	}
	return true
}

// lastCommon is the run in which a job, until one of its lives, and a parent
// were reset together last; 1: never.
func lastCommon(s *subject, until *life, p *subject) int {
	last := 1
	for _, c := range s.lives {
		if c.first > until.first {
			break
		}
		for _, l := range p.lives {
			if l.run == c.run {
				last = max(last, l.run)
			}
		}
	}
	return last
}

// taken is the status that edges take the end of a life for, if nobody decides
// otherwise.
func (s *subject) taken(l *life) job.Status {
	if s.final.AllowFailure && l.Status.Failure() || l.Reason == job.ReasonConditionFalse && s.final.Unmet == job.UnmetPass {
		return job.Completed
	}
	return l.Status
}

// catches reports whether a job of a workflow may absolve failures.
func (w *flow) catches() bool {
	for _, s := range w.jobs {
		if s.final.Catch {
			return true
		}
	}
	return false
}

// count counts the edges of a job at a time in one of its lives. Where an edge
// may have got one of several states it is the preferred one, else the last; in
// the last life it is the one that is stored. lacks leaves out what may not have
// been there yet.
func (j *judge) count(s *subject, l *life, now int64, prefer workflow.EdgeState, lacks bool) counts {
	var c counts
	for _, e := range s.final.Edges {
		p := j.jobs[e.Parent]
		if p == nil || p.final == nil || l.before(p) || lacks && s.mayLack(l, p) {
			continue
		}
		if l.last {
			prefer = e.State
		}
		state := workflow.EdgeUnresolved
		for _, x := range j.sights(s, l, e) {
			if x.from <= now && state != prefer {
				state = x.state
			}
		}
		switch {
		case state == workflow.EdgeUnresolved:
			c.open++
		case state == workflow.EdgeActive:
			c.active++
		case e.Optional:
		case state == workflow.EdgeInactive:
			c.inactive++
		default:
			c.broken++
		}
	}
	return c
}

// before reports whether a life was over when a parent was spawned before the
// job.
func (l *life) before(parent *subject) bool {
	return l.FinishedAt > 0 && l.FinishedAt < parent.final.CreatedAt
}

// mayLack reports whether a job may not have depended on a spawned one in an
// earlier life: what runs again may spawn the same before other jobs.
func (s *subject) mayLack(l *life, parent *subject) bool {
	return !l.last && parent.final.CreatedAt > s.final.CreatedAt
}

// said is what the join of a job said at a time in one of its lives: what it is
// wanted to have said, if it may have.
func (j *judge) said(s *subject, l *life, now int64, want word) (got word) {
	for _, lacks := range []bool{true, false} {
		for _, prefer := range []workflow.EdgeState{workflow.EdgeBroken, workflow.EdgeInactive, workflow.EdgeActive} {
			if got = says(s.final.Join, j.count(s, l, now, prefer, lacks)); got == want {
				return got
			}
		}
	}
	return got
}
