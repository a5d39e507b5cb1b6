package check

import (
	"slices"

	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// claims checks that no two leases held a job at once: each claim has an epoch
// of its own.
func (j *judge) claims(s *subject) {
	holders := map[int64]history.Record{}
	for _, list := range [][]history.Record{s.claimed, s.started} {
		for _, r := range list {
			if before, known := holders[r.Epoch]; known && before.Lease != r.Lease {
				j.breaks(TwoHolders, []history.Record{before, r}, "%s was given to %s and to %s at once, in epoch %d", s.name, before.Worker, r.Worker, r.Epoch)
				continue
			}
			holders[r.Epoch] = r
		}
	}
}

// starts checks each start of a handler by itself.
func (j *judge) starts(s *subject) {
	j.report.Starts += len(s.started)
	seen := map[job.ID]history.Record{}
	for _, r := range s.started {
		j.afterEnd(s, r)
		if before, twice := seen[r.Lease]; twice {
			j.breaks(StartedTwice, []history.Record{before, r}, "%s started twice under one lease, on %s and %s later on %s", s.name, before.Worker, between(before.Time, r.Time), r.Worker)
			continue
		}
		seen[r.Lease] = r
		j.budget(s, r)
		j.claimOf(s, r)
		j.afterCancel(s, r)
		j.whilePaused(s, r)
		for _, d := range j.draining {
			if d.Process == r.Process && d.Instance == r.Instance && d.Worker == r.Worker && d.Time < r.Time {
				j.breaks(StartWhileDraining, []history.Record{d, r}, "%s started %s %s after it was asked to stop", r.Worker, s.name, between(d.Time, r.Time))
			}
		}
	}
}

// budget checks that a handler got the job's payload, and may try it again. With
// inputs only the payload of the last life is known.
func (j *judge) budget(s *subject, r history.Record) {
	l := s.lifeOf(r.Epoch)
	if l == nil {
		return
	}
	want := s.payloadOf(l)
	if a := s.final.Asks; a != nil && a.Payload != "" {
		want = a.Payload
	}
	if r.Payload != want && (l.last || s.final.Asks == nil) {
		j.breaks(PayloadChanged, one(r), "%s started with another payload than is stored", s.name)
	}
	if n := r.Attempt - s.countedBefore(l.first); n > s.final.MaxAttempts {
		j.breaks(TooManyAttempts, one(r), "%s started for attempt %d of %d", s.name, n, s.final.MaxAttempts)
	}
}

// claimOf checks that a dispatcher claimed what a worker started, before that.
func (j *judge) claimOf(s *subject, r history.Record) {
	for _, c := range s.claimed {
		if c.Lease != r.Lease || c.Time > r.Time {
			continue
		}
		if c.Epoch != r.Epoch || c.Worker != r.Worker || c.Attempt != r.Attempt {
			j.breaks(UnclaimedStart, []history.Record{c, r}, "%s started %s as attempt %d in epoch %d; its lease is that of attempt %d in epoch %d on %s",
				r.Worker, s.name, r.Attempt, r.Epoch, c.Attempt, c.Epoch, c.Worker)
		}
		return
	}
	j.breaks(UnclaimedStart, one(r), "%s started %s, which nobody claimed for it", r.Worker, s.name)
}

// afterEnd checks that the claim under which a job completed starts nothing
// after that, nor a later one.
func (j *judge) afterEnd(s *subject, r history.Record) {
	for _, l := range s.lives {
		if l.Status == job.Completed && (r.Epoch == l.Epoch || l.last && r.Epoch > l.Epoch) && r.Time > l.FinishedAt {
			j.breaks(LateStart, one(r), "%s started %s after it had completed", s.name, between(l.FinishedAt, r.Time))
			return
		}
	}
}

// spawnedAnew reports whether a job was spawned by one that began anew after a
// time.
func (j *judge) spawnedAnew(s *subject, since int64) bool {
	if s.final.CreatedAt <= since {
		return false
	}
	for _, e := range s.final.Edges {
		p := j.jobs[e.Parent]
		if p != nil && p.final != nil && slices.ContainsFunc(p.lives, func(l *life) bool { return l.begins > since }) {
			return true
		}
	}
	return false
}

// afterCancel checks that no claim followed an accepted cancel, unless the
// workflow, or the job, was retried in between. What was claimed before may
// still start; finally jobs run after a cancel.
func (j *judge) afterCancel(s *subject, r history.Record) {
	claimed := s.claimedAt(r)
	if claimed == 0 {
		return
	}
	cancels := s.cancelled
	if w := j.workflow[s.final.Workflow]; w != nil && !s.final.Finally {
		cancels = append(cancels[:len(cancels):len(cancels)], w.cancelled...)
	}
	l := s.lifeOf(r.Epoch)
	for _, c := range cancels {
		if c.Time < claimed && (l == nil || l.begins == 0 || j.cancelledAt(c) > l.begins) && !j.spawnedAnew(s, c.Time) {
			j.breaks(StartAfterCancel, []history.Record{c, r}, "%s was claimed %s after its cancel had been accepted, and started", s.name, between(c.Time, claimed))
			return
		}
	}
}

// cancelledAt is when a cancel was stored, as far as an act says so: it is told
// after that, when a retry may have begun already.
func (j *judge) cancelledAt(r history.Record) int64 {
	at := r.Time
	if w := j.workflow[r.Workflow]; w != nil && w.final != nil && r.Job == (job.ID{}) {
		for _, a := range w.acts(func(a history.Act) bool { return a.Action == "cancel" && a.At <= r.Time }) {
			at = a.At // of the last
		}
	}
	return at
}

// whilePaused checks that no claim followed an accepted pause before an act
// that ends it. A deadline does, too; then a retry has to come before a claim.
func (j *judge) whilePaused(s *subject, r history.Record) {
	claimed, w := s.claimedAt(r), j.workflow[s.final.Workflow]
	if claimed == 0 || w == nil || w.final == nil || s.final.Finally { // its deadline lets finally jobs run
		return
	}
	ends := w.acts(func(a history.Act) bool {
		return a.Action == "resume" || a.Action == "cancel" || a.Action == "decide.cancel" || a.Action == "retry" && w.final.DeadlineAt > 0
	})
	for _, p := range w.paused {
		over := slices.ContainsFunc(ends, func(a *history.Act) bool { return a.At >= p.Time && a.At <= claimed })
		if p.Time < claimed && !over {
			j.breaks(StartWhilePaused, []history.Record{p, r}, "%s was claimed %s after its workflow had been paused", s.name, between(p.Time, claimed))
			return
		}
	}
}

// claimedAt is when, by the database, the claim was made under which a handler
// started; 0: not known.
func (s *subject) claimedAt(r history.Record) int64 {
	if t := s.try(r.Lease); t != nil {
		return t.ClaimedAt
	}
	if l := s.lifeOf(r.Epoch); l != nil && l.Epoch == r.Epoch && l.Status == job.Completed {
		return l.StartedAt
	}
	return 0
}
