package check

import (
	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// attempts checks that what is counted is what was tried.
func (j *judge) attempts(s *subject) {
	f := s.final
	counted := 0
	for _, l := range s.lives {
		before := counted
		for _, t := range s.triesIn(l) {
			number := counted + 1 // also of one that was given back, which does not count
			if t.Outcome != job.KindGivenBack {
				counted++
			}
			if t.Attempt != number {
				j.breaks(WrongAttempts, nil, "the try of %s that ended as %s at %s is number %d instead of %d", s.name, t.Outcome, at(t.FinishedAt), t.Attempt, number)
			}
			if t.Epoch == l.Epoch && l.Status == job.Completed {
				j.breaks(WrongAttempts, nil, "%s completed in epoch %d, in which a try of it ended as %s", s.name, t.Epoch, t.Outcome)
			}
		}
		if s.completedIn(l.Epoch) {
			counted++
		}
		if l.Status != "" && l.Attempts != counted-before {
			j.breaks(WrongAttempts, nil, "%s counts %d attempts; %d are recorded", s.name, l.Attempts, counted-before)
		}
		if l.Attempts > f.MaxAttempts {
			j.breaks(TooManyAttempts, s.started, "%s has %d attempts of %d", s.name, l.Attempts, f.MaxAttempts)
		}
		if l.last && f.Earlier != before {
			j.breaks(WrongAttempts, nil, "%s counts %d attempts before it was reset last; %d are recorded", s.name, f.Earlier, before)
		}
	}
	for _, t := range f.Tries {
		if t.Epoch > f.Epoch {
			j.breaks(WrongAttempts, nil, "%s is in epoch %d and has a try of epoch %d", s.name, f.Epoch, t.Epoch)
		}
	}
	for _, r := range s.started {
		if want := 1 + s.countedBefore(r.Epoch); r.Attempt != want {
			j.breaks(WrongAttempts, one(r), "%s started as attempt %d in epoch %d; it is number %d", s.name, r.Attempt, r.Epoch, want)
		}
	}
}

// triesIn are the tries of a job in one of its lives.
func (s *subject) triesIn(l *life) []history.Try {
	var list []history.Try
	for _, t := range s.final.Tries {
		if t.Epoch >= l.first && t.Epoch <= l.Epoch {
			list = append(list, t)
		}
	}
	return list
}

// countedBefore is how many attempts were counted in the epochs before one.
func (s *subject) countedBefore(epoch int64) (n int) {
	for _, t := range s.final.Tries {
		if t.Epoch < epoch && t.Outcome != job.KindGivenBack {
			n++
		}
	}
	for _, l := range s.lives {
		if l.Epoch < epoch && s.completedIn(l.Epoch) {
			n++
		}
	}
	return n
}

// tries checks that each try ended as its worker reported, or as nobody
// reported for the worker was silent.
func (j *judge) tries(s *subject) {
	seen := map[job.ID]bool{}
	for _, t := range s.final.Tries {
		if seen[t.Lease] {
			j.breaks(InventedAttempt, nil, "two tries of %s ended under one lease", s.name)
		}
		seen[t.Lease] = true
		for _, c := range byLease(s.claimed, t.Lease) {
			if c.Epoch != t.Epoch || c.Worker != t.Worker {
				j.breaks(InventedAttempt, one(c), "the try of %s in epoch %d on %s was claimed in epoch %d for %s", s.name, t.Epoch, t.Worker, c.Epoch, c.Worker)
			}
		}
		sent := reported(s, t)
		l := s.lifeOf(t.Epoch)
		outside := l != nil && l.Epoch == t.Epoch && l.Status != job.Completed && t.FinishedAt == l.FinishedAt
		switch t.Outcome {
		case job.KindLeaseLost:
			j.silence(s, t)
		case job.KindGivenBack:
			if !sent {
				j.neverAccepted(s, t)
			}
		case job.KindCancelled, job.KindTimedOut:
			if !sent && !outside {
				j.breaks(InventedAttempt, nil, "a try of %s on %s ended as %s, which its worker did not report", s.name, t.Worker, t.Outcome)
			}
		default:
			if !sent {
				j.breaks(InventedAttempt, nil, "a try of %s on %s ended as %s, which its worker did not report", s.name, t.Worker, t.Outcome)
			}
		}
	}
}

// reported reports whether a worker sent what a try ended as.
func reported(s *subject, t history.Try) bool {
	for _, r := range s.sent {
		if r.Lease == t.Lease && r.Outcome == t.Outcome {
			return true
		}
	}
	return false
}

// silence checks that a lease was lost only when its time had passed since the
// last heartbeat that was answered, or when its worker was gone.
func (j *judge) silence(s *subject, t history.Try) {
	beats := j.beats[t.Lease]
	if len(beats) == 0 {
		return
	}
	last := latest(beats)
	if last.Since+last.TTL <= t.FinishedAt || j.goneBefore(s, t) != nil {
		return
	}
	j.breaks(LiveLeaseLost, one(last), "%s was taken from %s %s after a heartbeat; its lease is %s", s.name, t.Worker, between(last.Since, t.FinishedAt), between(0, last.TTL))
}

// neverAccepted checks that a lease was given back for its worker only when no
// heartbeat had accepted it, and its first time had passed.
func (j *judge) neverAccepted(s *subject, t history.Try) {
	for _, b := range j.beats[t.Lease] {
		j.breaks(LiveLeaseLost, one(b), "%s was given back for %s, which had accepted it", s.name, t.Worker)
		return
	}
	for _, d := range j.delivered[t.Lease] {
		if t.ClaimedAt+d.TTL > t.FinishedAt && j.goneBefore(s, t) == nil {
			j.breaks(LiveLeaseLost, one(d), "%s was given back for %s %s after it was claimed; it had %s to accept it", s.name, t.Worker, between(t.ClaimedAt, t.FinishedAt), between(0, d.TTL))
			return
		}
	}
}

// latest is the heartbeat that was sent last.
func latest(beats []history.Record) history.Record {
	last := beats[0]
	for _, b := range beats {
		if b.Since > last.Since {
			last = b
		}
	}
	return last
}

// holder is the life of the process in whose hands a lease was, as its records
// say; nil: there are none.
func (j *judge) holder(s *subject, lease job.ID) *instance {
	for _, list := range [][]history.Record{s.started, s.received} {
		if l := byLease(list, lease); len(l) > 0 {
			return j.instanceOf(l[0])
		}
	}
	return nil
}

// goneBefore is the record that says that the process which held a lease was
// gone when a try of it ended; nil: none does.
func (j *judge) goneBefore(s *subject, t history.Try) *history.Record {
	if h := j.holder(s, t.Lease); h != nil && h.gone != nil && h.gone.Time <= t.FinishedAt {
		return h.gone
	}
	return nil
}
