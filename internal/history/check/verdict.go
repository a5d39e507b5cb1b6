package check

import (
	"slices"

	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// verdicts checks that a committed outcome is what the final state has, and
// that a stale one is not; and that what completed is what a handler returned.
func (j *judge) verdicts(s *subject) {
	committed := map[int64]history.Record{} // by epoch
	all := slices.Concat(s.resolved, s.answered)
	for _, r := range all {
		if r.Verdict != job.Committed {
			continue
		}
		if before, known := committed[r.Epoch]; known && (before.Lease != r.Lease || before.Outcome != r.Outcome || before.Result != r.Result) {
			j.breaks(ContraryVerdicts, []history.Record{before, r}, "two different outcomes of %s were committed in epoch %d: %s and %s", s.name, r.Epoch, before.Outcome, r.Outcome)
			continue
		}
		if _, known := committed[r.Epoch]; !known {
			j.committed(s, r)
		}
		committed[r.Epoch] = r
	}
	for _, r := range all {
		if r.Verdict != job.Stale || r.Outcome != job.KindCompleted {
			continue
		}
		l := s.lifeOf(r.Epoch)
		if l != nil && l.reset != nil && r.Time >= l.reset.At {
			continue // it came again when the job had begun anew
		}
		if c, known := committed[r.Epoch]; known && c.Lease == r.Lease {
			j.breaks(ContraryVerdicts, []history.Record{c, r}, "the outcome of %s on %s was committed and stale", s.name, holderName(s, r))
		} else if l != nil && l.Status == job.Completed && l.Epoch == r.Epoch && l.Result == r.Result {
			j.breaks(StaleCounted, one(r), "%s completed with an outcome that was stale", s.name)
		}
	}
	j.returned(s)
}

func holderName(s *subject, r history.Record) string {
	if r.Worker != "" {
		return r.Worker
	}
	for _, c := range byLease(s.claimed, r.Lease) {
		return c.Worker
	}
	return "a worker"
}

// committed checks that the final state has what was committed.
func (j *judge) committed(s *subject, r history.Record) {
	if r.Outcome == job.KindCompleted {
		l := s.lifeOf(r.Epoch)
		if l == nil {
			l = s.lives[len(s.lives)-1]
		}
		if l.Status != job.Completed || l.Epoch != r.Epoch || l.Result != r.Result {
			j.breaks(BrokenVerdict, one(r), "%s was committed as completed in epoch %d with result %s; it is %s in epoch %d with result %s",
				s.name, r.Epoch, r.Result, l.Status, l.Epoch, l.Result)
		}
		return
	}
	t := s.try(r.Lease)
	if t == nil || t.Outcome != r.Outcome {
		j.breaks(BrokenVerdict, one(r), "%s was committed as %s in epoch %d, which is not stored", s.name, r.Outcome, r.Epoch)
	}
}

// returned checks that a job that completed, each time, has a result that a
// handler returned under the claim that is stored, and that its worker reported.
func (j *judge) returned(s *subject) {
	if s.final.Barrier && len(s.started) > 0 {
		j.breaks(InventedResult, s.started, "%s is a barrier, and a handler of it started", s.name)
	}
	for _, l := range s.lives {
		if !s.completedIn(l.Epoch) {
			continue
		}
		is := func(r history.Record) bool {
			return r.Epoch == l.Epoch && r.Outcome == job.KindCompleted && r.Result == l.Result && r.Worker == l.Worker
		}
		started := func(r history.Record) bool { return r.Epoch == l.Epoch && r.Worker == l.Worker }
		switch {
		case !slices.ContainsFunc(s.started, started):
			j.breaks(InventedResult, nil, "%s completed on %s in epoch %d, and no handler of it started there", s.name, l.Worker, l.Epoch)
		case !slices.ContainsFunc(s.finished, is), !slices.ContainsFunc(s.sent, is):
			j.breaks(InventedResult, s.finished, "%s completed with what no handler returned", s.name)
		}
	}
}
