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
	bad := len(w.jobs) - sums[job.Completed] - sums[job.Skipped]
	status := w.final.Status
	switch {
	case ended(status) != (n == len(w.jobs)):
		j.breaks(WrongStatus, nil, "workflow %s is %s with %d of %d jobs ended", w.final.Name, status, n, len(w.jobs))
	case status == workflow.Completed && bad > 0:
		j.breaks(WrongStatus, nil, "workflow %s completed, but %d of its jobs did not", w.final.Name, bad)
	case status == workflow.Failed && bad == 0 && w.final.Reason != job.ReasonDeadline:
		j.breaks(WrongStatus, nil, "workflow %s failed, but all of its jobs completed", w.final.Name)
	case ended(status) && w.final.FinishedAt < last:
		j.breaks(WrongStatus, nil, "workflow %s ended %s before the last of its jobs", w.final.Name, between(w.final.FinishedAt, last))
	}
}

// told checks that services told of one end of a workflow, the one that is
// stored.
func (j *judge) told(w *flow) {
	var ends []history.Record
	for _, r := range w.changed {
		if ended(workflow.Status(r.Status)) {
			ends = append(ends, r)
		}
	}
	if len(ends) > 1 {
		j.breaks(TwoOutcomes, ends, "workflow %s ended %d times", w.final.Name, len(ends))
	}
	for _, r := range ends {
		if r.Status != string(w.final.Status) {
			j.breaks(OutcomeChanged, one(r), "workflow %s ended as %s and is %s", w.final.Name, r.Status, w.final.Status)
		}
	}
}

// endings checks that services told of one end of a job, the one that is
// stored.
func (j *judge) endings(s *subject) {
	var ends []history.Record
	for _, r := range s.changed {
		if job.Status(r.Status).Terminal() {
			ends = append(ends, r)
		}
	}
	if len(ends) > 1 {
		j.breaks(TwoOutcomes, ends, "%s ended %d times", s.name, len(ends))
	}
	for _, r := range ends {
		if r.Status != string(s.final.Status) || r.Reason != s.final.Reason {
			j.breaks(OutcomeChanged, one(r), "%s ended as %s (%s) and is %s (%s)", s.name, r.Status, r.Reason, s.final.Status, s.final.Reason)
		}
	}
}
