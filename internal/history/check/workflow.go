package check

import (
	"maps"
	"slices"

	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// ended reports whether a workflow's status is an end.
func ended(s workflow.Status) bool {
	return s == workflow.Completed || s == workflow.Failed || s == workflow.Cancelled
}

// workflows checks counters, status and what was told of it.
func (j *judge) workflows() {
	for _, w := range j.flows {
		if w.final == nil {
			if proof := slices.Concat(w.changed, w.cancelled); len(proof) > 0 {
				j.breaks(LostEnqueue, proof, "workflow %s changed and is not stored", w.id)
			}
			continue
		}
		sums := map[job.Status]int{}
		for _, s := range w.jobs {
			if s.final.Status.Terminal() {
				sums[s.final.Status]++
			}
		}
		counters := maps.Clone(w.final.Counters)
		maps.DeleteFunc(counters, func(_ job.Status, n int) bool { return n == 0 })
		if w.final.Total != len(w.jobs) || !maps.Equal(counters, sums) {
			j.breaks(WrongCounters, nil, "workflow %s counts %d jobs, %v; it has %d, %v", w.final.Name, w.final.Total, counters, len(w.jobs), sums)
		}
		j.status(w, sums)
		j.told(w)
	}
}

// status checks that a workflow has ended when its jobs have, and how.
func (j *judge) status(w *flow, sums map[job.Status]int) {
	n, last := 0, int64(0)
	for _, count := range sums {
		n += count
	}
	for _, s := range w.jobs {
		last = max(last, s.final.FinishedAt)
	}
	bad, bears := "", w.final.Tolerate
	for _, s := range w.jobs {
		if !against(s) || j.forgiven(s) || j.caught(s) {
			continue
		}
		if bears--; bears < 0 && w.final.Tolerate >= 0 {
			bad = s.name
		}
	}
	status := w.final.Status
	switch {
	case ended(status) != (n == len(w.jobs)):
		j.breaks(WrongStatus, nil, "workflow %s is %s with %d of %d jobs ended", w.final.Name, status, n, len(w.jobs))
	case status == workflow.Completed && bad != "":
		j.breaks(WrongStatus, nil, "workflow %s completed, but %s counts against it", w.final.Name, bad)
	case status == workflow.Failed && bad == "" && w.final.Reason != job.ReasonDeadline:
		j.breaks(WrongStatus, nil, "workflow %s failed, but nothing counts against it", w.final.Name)
	case status == workflow.Cancelled && !w.wasCancelled():
		j.breaks(WrongStatus, nil, "workflow %s is cancelled, and nobody asked for it", w.final.Name)
	case ended(status) && w.final.FinishedAt < last:
		j.breaks(WrongStatus, nil, "workflow %s ended %s before the last of its jobs", w.final.Name, between(w.final.FinishedAt, last))
	}
}

// wasCancelled reports whether somebody cancelled a workflow.
func (w *flow) wasCancelled() bool {
	return len(w.cancelled) > 0 || len(w.acts(func(a history.Act) bool { return a.Action == "cancel" || a.Action == "decide.cancel" })) > 0
}

// against reports whether the end of a job fails its workflow, unless it is
// forgiven or caught: a failure, or a cancel of it alone.
func against(s *subject) bool {
	return s.final.Status.Failure() || s.final.Status == job.Cancelled && s.final.Reason != job.ReasonFailFast
}

// forgiven reports whether the end of a job is allowed: by itself, by what was
// decided about it, or because nothing in the workflow needs the job.
func (j *judge) forgiven(s *subject) bool {
	f := s.final
	if f.AllowFailure || f.Decision == workflow.ActionSkip || f.Decision == workflow.ActionComplete {
		return true
	}
	followed := false
	for _, c := range j.children(s) {
		if rule := c.job.final.Join.Rule; !c.edge.Optional && rule != job.JoinAny && rule != job.JoinQuorum {
			return false
		}
		followed = true
	}
	return followed
}

// caught reports whether a job that catches completed because of the end of a
// job, or because of those that broke its edges.
func (j *judge) caught(s *subject) bool {
	if is, known := j.absolved[s.id]; known {
		return is
	}
	j.absolved[s.id] = against(s) && j.isCaught(s)
	return j.absolved[s.id]
}

func (j *judge) isCaught(s *subject) bool {
	for _, c := range j.children(s) {
		handles := c.edge.On == job.OnFailure || c.edge.On == job.OnDone
		if c.job.final.Catch && handles && c.edge.State == workflow.EdgeActive && c.job.final.Status == job.Completed {
			return true
		}
	}
	if s.final.Status != job.UpstreamFailed {
		return false
	}
	broken := 0
	for _, e := range s.final.Edges {
		if e.State != workflow.EdgeBroken || e.Optional {
			continue
		}
		p := j.jobs[e.Parent]
		if w := j.workflow[s.final.Workflow]; p != nil && p.final != nil && w != nil && w.final != nil && p.final.Workflow != s.final.Workflow && p.final.FinishedAt >= w.final.FinishedAt {
			continue // it broke the edge after the workflow had ended without it
		}
		broken++
		if p == nil || p.final == nil || p.final.Workflow != s.final.Workflow || !j.caught(p) {
			return false
		}
	}
	return broken > 0
}

// child is a job with its edge to a parent.
type child struct {
	job  *subject
	edge history.Edge
}

// children are the jobs of the workflow of a job that depend on it.
func (j *judge) children(s *subject) []child {
	if j.below == nil {
		j.below = map[job.ID][]child{}
		for _, c := range j.ordered {
			if c.final == nil {
				continue
			}
			for _, e := range c.final.Edges {
				if p := j.jobs[e.Parent]; p != nil && p.final != nil && p.final.Workflow == c.final.Workflow {
					j.below[e.Parent] = append(j.below[e.Parent], child{c, e})
				}
			}
		}
	}
	return j.below[s.id]
}

// told checks that services told of no more ends of a workflow than it had
// runs, and of the one that is stored last. What ended a run is told after it is
// stored, so a retry may have begun the next one by then: an end told twice passes
// for that of an earlier run that nobody told of.
func (j *judge) told(w *flow) {
	retries := w.retries()
	var ends []history.Record // by time
	for _, r := range w.changed {
		if ended(workflow.Status(r.Status)) {
			ends = append(ends, r)
		}
	}
	before := 0 // how many were told before the last retry
	for run, a := range retries {
		before = 0
		for before < len(ends) && ends[before].Time < a.At {
			before++
		}
		if before > run+1 {
			j.breaks(TwoOutcomes, ends[:before], "workflow %s ended %d times before its run %d began", w.final.Name, before, run+2)
		}
	}
	if len(ends) > len(retries)+1 {
		j.breaks(TwoOutcomes, ends, "workflow %s ended %d times in %d runs", w.final.Name, len(ends), len(retries)+1)
	}
	earlier := max(0, len(retries)-before) // runs before the last one whose end may have been told late
	for _, r := range ends[before:] {
		if r.Status == string(w.final.Status) {
			continue
		}
		if earlier--; earlier < 0 {
			j.breaks(OutcomeChanged, one(r), "workflow %s ended as %s and is %s", w.final.Name, r.Status, w.final.Status)
		}
	}
}

// endings checks that services told of no more ends of a job than it had, and
// of those that are stored.
func (j *judge) endings(s *subject) {
	type end struct {
		status job.Status
		reason job.Reason
	}
	stored := map[end]int{}
	lives := 0
	for _, l := range s.lives {
		if l.Status.Terminal() {
			stored[end{l.Status, l.Reason}]++
			lives++
		}
	}
	var ends []history.Record
	for _, r := range s.changed {
		if job.Status(r.Status).Terminal() {
			ends = append(ends, r)
		}
	}
	if len(ends) > max(lives, 1) {
		j.breaks(TwoOutcomes, ends, "%s ended %d times", s.name, len(ends))
	}
	for _, r := range ends {
		e := end{job.Status(r.Status), r.Reason}
		if stored[e]--; stored[e] < 0 {
			j.breaks(OutcomeChanged, one(r), "%s ended as %s (%s) and is %s (%s)", s.name, r.Status, r.Reason, s.final.Status, s.final.Reason)
		}
	}
}
