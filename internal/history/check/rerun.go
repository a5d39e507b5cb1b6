package check

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// reruns names for each start beyond the first why the one before did not do.
// Starts are in the order of their claims: a delivery may come late.
func (j *judge) reruns(s *subject) {
	starts := slices.Clone(s.started)
	slices.SortStableFunc(starts, func(a, b history.Record) int { return cmp.Compare(a.Epoch, b.Epoch) })
	for i := 1; i < len(starts); i++ {
		before, r := starts[i-1], starts[i]
		if before.Lease == r.Lease {
			continue // started twice
		}
		cause, because := j.explain(s, before)
		if l := s.lifeOf(before.Epoch); l != s.lifeOf(r.Epoch) {
			cause, because = j.retried(s, l)
		}
		if cause == "" {
			j.breaks(UnexplainedRerun, []history.Record{before, r}, "%s started on %s at %s, and again on %s %s later: %s",
				s.name, before.Worker, at(before.Time), r.Worker, between(before.Time, r.Time), because)
			continue
		}
		j.report.Reruns[cause]++
		j.report.Explained = append(j.report.Explained, Rerun{Job: s.id, Name: s.name, Attempt: r.Attempt, Time: r.Time, Cause: cause, Because: because})
	}
}

// explain says why a start did not end its job. No cause: nothing does.
func (j *judge) explain(s *subject, start history.Record) (Cause, string) {
	t := s.try(start.Lease)
	if t == nil {
		return "", "no try is stored for its lease"
	}
	if t.Epoch != start.Epoch {
		return "", fmt.Sprintf("the try that is stored for its lease is of epoch %d", t.Epoch)
	}
	switch t.Outcome {
	case job.KindFailed:
		return j.finishedAs(s, start, *t, Failed)
	case job.KindTimedOut:
		return j.finishedAs(s, start, *t, TimedOut)
	case job.KindCancelled:
		if list := byLease(s.stopped, t.Lease); len(list) > 0 {
			return j.finishedAs(s, start, *t, Interrupted)
		}
		return "", "it was cancelled, and nobody asked it to stop"
	case job.KindGivenBack:
		if reported(s, *t) {
			return GivenBack, fmt.Sprintf("%s gave it back", t.Worker)
		}
		return NeverAccepted, fmt.Sprintf("no heartbeat of %s came for it until %s", t.Worker, at(t.FinishedAt))
	case job.KindLeaseLost:
		return j.lost(s, *t)
	}
	return "", fmt.Sprintf("its try ended as %s", t.Outcome)
}

// retried explains a rerun by the act that ended a life of the job. Of a job
// that had not ended no more is known than that its workflow was retried.
func (j *judge) retried(s *subject, l *life) (Cause, string) {
	switch {
	case l != nil && l.reset != nil:
		return Retried, fmt.Sprintf("%s at %s", l.reset.Action, at(l.reset.At))
	case l != nil && l.Status == "":
		return Retried, "its workflow was retried"
	}
	return "", "nobody asked for that"
}

// finishedAs explains a rerun by how the handler ended. What is reported for an
// outcome that was rejected is a failure.
func (j *judge) finishedAs(s *subject, start history.Record, t history.Try, c Cause) (Cause, string) {
	for _, r := range byLease(s.finished, t.Lease) {
		if r.Outcome == t.Outcome || t.Outcome == job.KindFailed {
			return c, fmt.Sprintf("attempt %d on %s ended as %s", start.Attempt, t.Worker, r.Outcome)
		}
	}
	return "", fmt.Sprintf("it is stored as %s, and its handler did not end so", t.Outcome)
}

// lost explains a lost lease by what kept its worker from being heard.
func (j *judge) lost(s *subject, t history.Try) (Cause, string) {
	from := t.ClaimedAt
	if beats := j.beats[t.Lease]; len(beats) > 0 {
		from = latest(beats).Since
	}
	silent := fmt.Sprintf("%s was not heard from %s until %s", t.Worker, at(from), at(t.FinishedAt))
	h := j.holder(s, t.Lease)
	if gone := j.goneBefore(s, t); gone != nil {
		return WorkerKilled, fmt.Sprintf("%s %s at %s", t.Worker, wentBy(gone.Kind), at(gone.Time))
	}
	for _, p := range h.suspended {
		if p.meets(from, t.FinishedAt) {
			return WorkerHalted, fmt.Sprintf("%s was suspended at %s", t.Worker, at(p.from))
		}
	}
	for _, p := range j.outages {
		if p.meets(from, t.FinishedAt) {
			return CutOff, fmt.Sprintf("%s was away from %s; %s", p.what, at(p.from), silent)
		}
	}
	return WorkerSilent, silent
}

// wentBy says how a process went.
func wentBy(k history.Kind) string {
	switch k {
	case history.Killed:
		return "was killed"
	case history.Ended:
		return "ended"
	default:
		return "began again"
	}
}
