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
		if c, known := committed[r.Epoch]; known && c.Lease == r.Lease {
			j.breaks(ContraryVerdicts, []history.Record{c, r}, "the outcome of %s on %s was committed and stale", s.name, holderName(s, r))
		} else if s.final.Status == job.Completed && s.final.Epoch == r.Epoch && s.final.Result == r.Result {
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
	f := s.final
	if r.Outcome == job.KindCompleted {
		if f.Status != job.Completed || f.Epoch != r.Epoch || f.Result != r.Result {
			j.breaks(BrokenVerdict, one(r), "%s was committed as completed in epoch %d with result %s; it is %s in epoch %d with result %s",
				s.name, r.Epoch, r.Result, f.Status, f.Epoch, f.Result)
		}
		return
	}
	t := s.try(r.Lease)
	if t == nil || t.Outcome != r.Outcome {
		j.breaks(BrokenVerdict, one(r), "%s was committed as %s in epoch %d, which is not stored", s.name, r.Outcome, r.Epoch)
	}
}

// returned checks that a completed job has a result that a handler returned
// under the claim that is stored, and that its worker reported.
func (j *judge) returned(s *subject) {
	f := s.final
	if f.Barrier && len(s.started) > 0 {
		j.breaks(InventedResult, s.started, "%s is a barrier, and a handler of it started", s.name)
	}
	if f.Status != job.Completed || f.Barrier {
		return
	}
	is := func(r history.Record) bool {
		return r.Epoch == f.Epoch && r.Outcome == job.KindCompleted && r.Result == f.Result && r.Worker == f.Worker
	}
	started := func(r history.Record) bool { return r.Epoch == f.Epoch && r.Worker == f.Worker }
	switch {
	case !slices.ContainsFunc(s.started, started):
		j.breaks(InventedResult, nil, "%s completed on %s in epoch %d, and no handler of it started there", s.name, f.Worker, f.Epoch)
	case !slices.ContainsFunc(s.finished, is), !slices.ContainsFunc(s.sent, is):
		j.breaks(InventedResult, s.finished, "%s completed with what no handler returned", s.name)
	}
}
