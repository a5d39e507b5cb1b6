package check

import (
	"slices"

	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// edges checks that a job has the edges it was stored with, each in a state
// that an end of its parent gives it.
func (j *judge) edges(s *subject) {
	if len(s.final.Edges) != len(s.final.DependsOn) {
		j.breaks(WrongEdge, nil, "%s has %d edges and depends on %d jobs", s.name, len(s.final.Edges), len(s.final.DependsOn))
	}
	for _, e := range s.final.Edges {
		p := j.jobs[e.Parent]
		if p == nil || p.final == nil {
			j.breaks(WrongEdge, nil, "%s depends on %s, which is not stored", s.name, e.Parent)
			continue
		}
		seen := j.sights(s, s.lives[len(s.lives)-1], e)
		want := workflow.EdgeUnresolved
		if len(seen) > 0 {
			want = seen[0].state
		}
		if e.State != want && !slices.ContainsFunc(seen, func(x sight) bool { return x.state == e.State }) {
			j.breaks(WrongEdge, nil, "the edge of %s to its parent %s, which is %s, is %s instead of %s", s.name, p.name, p.final.Status, e.State, want)
		}
	}
}

// parents checks that each end of a job fits what its parents had come to, and
// that no handler of it started before its join said so.
func (j *judge) parents(s *subject) {
	f := s.final
	for _, l := range s.lives {
		j.follows(s, l)
	}
	for _, r := range s.started {
		j.order(s, r)
	}
	waits := len(f.DependsOn) > 0 || f.Finally || f.Asks != nil || f.Suspends
	w := j.workflow[f.Workflow]
	turns := w != nil && w.final != nil && w.final.Parent != (job.ID{}) // items of a map may take turns
	switch {
	case f.Status == job.UpstreamFailed && f.Cause == (job.ID{}):
		j.breaks(WrongDependency, nil, "%s is upstream_failed without a cause", s.name)
	case !waits && !turns && f.DependencyStatus != job.NoDependencies:
		j.breaks(WrongDependency, nil, "%s depends on nothing and is %s", s.name, f.DependencyStatus)
	case waits && f.Status == job.Completed && f.DependencyStatus != job.Satisfied:
		j.breaks(WrongDependency, nil, "%s completed and is %s", s.name, f.DependencyStatus)
	}
}

// follows checks that the end of a life of a job follows from its parents.
func (j *judge) follows(s *subject, l *life) {
	ran := slices.ContainsFunc(s.started, func(r history.Record) bool { return s.lifeOf(r.Epoch) == l })
	is := func(want word) {
		if got := j.said(s, l, l.FinishedAt, want); got != want {
			j.breaks(WrongDependency, nil, "%s ended as %s (%s) at %s, when its join said %s", s.name, l.Status, l.Reason, at(l.FinishedAt), got)
		}
	}
	switch {
	case l.Status == job.UpstreamFailed && ran:
		j.breaks(WrongDependency, s.started, "%s is upstream_failed, and a handler of it started", s.name)
	case l.Status == job.UpstreamFailed:
		is(fails)
	case l.Status == job.Skipped && l.Reason == job.ReasonBranch:
		is(skips)
	case l.Status == job.Completed, l.Reason == job.ReasonConditionFalse, l.Reason == job.ReasonConditionError, l.Reason == job.ReasonInputError:
		is(runs)
		j.turn(s, l, l.FinishedAt)
	}
	j.asked(s, l, ran)
}

// asked checks that what the condition of a job came to is what happened to it.
// Only what it came to last is stored.
func (j *judge) asked(s *subject, l *life, ran bool) {
	a := s.final.Asks
	if a == nil || !l.last {
		return
	}
	value := "nothing"
	switch {
	case a.Fault:
		value = "a fault"
	case a.Value != nil && *a.Value:
		value = "yes"
	case a.Value != nil:
		value = "no"
	}
	wrong := false
	switch {
	case ran, l.Status == job.Completed:
		wrong = a.Condition && value != "yes" || a.Fault
	case l.Reason == job.ReasonConditionFalse:
		wrong = value != "no"
	case l.Reason == job.ReasonConditionError, l.Reason == job.ReasonInputError:
		wrong = value != "a fault"
	}
	if wrong {
		j.breaks(WrongCondition, nil, "%s is %s (%s), and its condition came to %s", s.name, l.Status, l.Reason, value)
	}
}

// order checks that a handler of a job started when its join had said run: by
// the database's times, and not before the workers of parents that it needs had
// reported.
func (j *judge) order(s *subject, r history.Record) {
	l := s.lifeOf(r.Epoch)
	if l == nil {
		return // a violation of claims
	}
	now := r.Time
	if claimed := s.claimedAt(r); claimed > 0 {
		now = min(now, claimed)
	}
	j.turn(s, l, now)
	if got := j.said(s, l, now, runs); got != runs {
		j.breaks(EarlyStart, one(r), "%s started at %s, when its join said %s; %s", s.name, at(now), got, j.inTheWay(s, l, now))
		return
	}
	for _, e := range s.final.Edges {
		p := j.jobs[e.Parent]
		if p == nil || p.final == nil || l.before(p) || s.mayLack(l, p) || e.On == job.OnFailure || e.On == job.OnDone || e.Optional {
			continue
		}
		if rule := s.final.Join.Rule; rule == job.JoinAny || rule == job.JoinQuorum || rule == job.JoinDone {
			return
		}
		if seen := j.sights(s, l, e); len(seen) == 1 && seen[0].life.Status == job.Completed {
			if sent := p.completion(seen[0].life); sent != nil && sent.Time > r.Time {
				j.breaks(EarlyStart, []history.Record{r, *sent}, "%s started %s before its parent %s was reported", s.name, between(r.Time, sent.Time), p.name)
			}
		}
	}
}

// inTheWay names a parent of a job whose edge was not active at a time.
func (j *judge) inTheWay(s *subject, l *life, now int64) string {
	for _, e := range s.final.Edges {
		p := j.jobs[e.Parent]
		if p == nil || p.final == nil || l.before(p) {
			continue
		}
		switch seen := j.sights(s, l, e); {
		case len(seen) == 0:
			return "its parent " + p.name + " has not ended"
		case seen[0].from > now:
			return "its parent " + p.name + " ended at " + at(seen[0].from)
		case seen[0].state != workflow.EdgeActive:
			return "the edge to its parent " + p.name + " is " + string(seen[0].state)
		}
	}
	return "it has no edges"
}

// turn checks that a finally job runs when all others have ended.
func (j *judge) turn(s *subject, l *life, now int64) {
	w := j.workflow[s.final.Workflow]
	if !s.final.Finally || w == nil {
		return
	}
	for _, o := range w.jobs {
		if o.final.Finally || !o.known() {
			continue
		}
		x := o.lives[0]
		if l.run > 0 && x.run > l.run {
			continue // it was spawned in a later run
		}
		for _, later := range o.lives[1:] {
			if later.begins <= now {
				x = later
			}
		}
		end := x.FinishedAt
		if x.decided != nil && !w.catches() {
			end = x.decided.At
		}
		if !x.Status.Terminal() || end > now {
			j.breaks(EarlyStart, nil, "%s is finally and had its turn at %s, when %s had not ended", s.name, at(now), o.name)
			return
		}
	}
}

// completion is the first report of the outcome that completed a life of a job;
// nil: none is recorded.
func (s *subject) completion(l *life) *history.Record {
	for i, r := range s.sent {
		if r.Epoch == l.Epoch && r.Outcome == job.KindCompleted && r.Result == l.Result {
			return &s.sent[i]
		}
	}
	return nil
}
