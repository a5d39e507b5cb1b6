package check

import (
	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// needs reports whether a job can only run when the parent completed.
func needs(e history.Edge) bool { return (e.On == "" || e.On == job.OnSuccess) && !e.Optional }

// edgesOf are a job's edges; those that the final state leaves out need success.
func (s *subject) edgesOf() []history.Edge {
	list := make([]history.Edge, 0, len(s.final.DependsOn))
	known := make(map[job.ID]bool, len(s.final.Edges))
	for _, e := range s.final.Edges {
		known[e.Parent] = true
		list = append(list, e)
	}
	for _, p := range s.final.DependsOn {
		if !known[p] {
			list = append(list, history.Edge{Parent: p})
		}
	}
	return list
}

// edges checks that a job has the edges it was stored with, each in the state
// that its parent's end gives it.
func (j *judge) edges(s *subject) {
	if !s.final.EdgesCut && len(s.final.Edges) != len(s.final.DependsOn) {
		j.breaks(WrongEdge, nil, "%s has %d edges and depends on %d jobs", s.name, len(s.final.Edges), len(s.final.DependsOn))
	}
	for _, e := range s.final.Edges {
		p := j.jobs[e.Parent]
		if p == nil || p.final == nil {
			j.breaks(WrongEdge, nil, "%s depends on %s, which is not stored", s.name, e.Parent)
			continue
		}
		if want := settled(e.On, p.final.Status); e.State != want {
			j.breaks(WrongEdge, nil, "the edge of %s to its parent %s, which is %s, is %s instead of %s", s.name, p.name, p.final.Status, e.State, want)
		}
	}
}

// settled is the state of an edge to a parent with a status.
func settled(on job.On, parent job.Status) workflow.EdgeState {
	bad := parent.Terminal() && parent != job.Completed && parent != job.Skipped
	switch {
	case !parent.Terminal():
		return workflow.EdgeUnresolved
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

// parents checks that a job's end fits those of its parents, and that no
// handler of it started before they had ended.
func (j *judge) parents(s *subject) {
	broken := false
	for _, e := range s.edgesOf() {
		p := j.jobs[e.Parent]
		if p == nil || p.final == nil {
			continue
		}
		good := p.final.Status == job.Completed
		broken = broken || p.final.Status.Terminal() && !good
		if s.final.Status == job.Completed && needs(e) && !good {
			j.breaks(WrongDependency, nil, "%s completed, its parent %s is %s", s.name, p.name, p.final.Status)
		}
		j.order(s, p, e)
	}
	switch {
	case s.final.Status == job.UpstreamFailed && !broken:
		j.breaks(WrongDependency, nil, "%s is upstream_failed, and all of its parents completed", s.name)
	case s.final.Status == job.UpstreamFailed && s.final.Cause == (job.ID{}):
		j.breaks(WrongDependency, nil, "%s is upstream_failed without a cause", s.name)
	case s.final.Status == job.UpstreamFailed && len(s.started) > 0:
		j.breaks(WrongDependency, s.started, "%s is upstream_failed, and a handler of it started", s.name)
	case len(s.final.DependsOn) == 0 && s.final.DependencyStatus != job.NoDependencies:
		j.breaks(WrongDependency, nil, "%s depends on nothing and is %s", s.name, s.final.DependencyStatus)
	case len(s.final.DependsOn) > 0 && s.final.Status == job.Completed && s.final.DependencyStatus != job.Satisfied:
		j.breaks(WrongDependency, nil, "%s completed and is %s", s.name, s.final.DependencyStatus)
	}
}

// order checks that handlers of a job started after a parent had ended: by the
// database's times, and not before the parent's worker had reported.
func (j *judge) order(s, p *subject, e history.Edge) {
	for _, r := range s.started {
		switch {
		case needs(e) && p.final.Status != job.Completed:
			j.breaks(EarlyStart, one(r), "%s started at %s, its parent %s is %s", s.name, at(r.Time), p.name, p.final.Status)
		case p.final.FinishedAt == 0 || p.final.FinishedAt > r.Time:
			j.breaks(EarlyStart, one(r), "%s started at %s, its parent %s ended at %s", s.name, at(r.Time), p.name, at(p.final.FinishedAt))
		case p.final.Status == job.Completed && needs(e):
			if sent := p.completion(); sent != nil && sent.Time > r.Time {
				j.breaks(EarlyStart, []history.Record{r, *sent}, "%s started %s before its parent %s was reported", s.name, between(r.Time, sent.Time), p.name)
			}
		}
	}
}

// completion is the first report of the outcome that completed a job; nil: none
// is recorded.
func (s *subject) completion() *history.Record {
	for i, r := range s.sent {
		if r.Epoch == s.final.Epoch && r.Outcome == job.KindCompleted && r.Result == s.final.Result {
			return &s.sent[i]
		}
	}
	return nil
}
