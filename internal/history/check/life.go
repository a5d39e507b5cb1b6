package check

import (
	"slices"

	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// life is a job from its enqueue, or a reset, to the next one, or to the end of
// the history: the epochs from first to Epoch. Most jobs have one.
type life struct {
	history.Life
	first   int64
	run     int          // of its workflow, that reset it; 1: none did; 0: not known
	reset   *history.Act // ended it; nil: none is known
	decided *history.Act // decided about its failure and let it end; nil: none
	last    bool
	begins  int64 // when it was reset into this life; 0: never, or not known
}

// live finds the lives of a job out. A claim that ended without an end of the
// job left a try, an end that was taken back a life: an epoch without either is
// one in which a job was reset that had not ended.
func (x *index) live(s *subject) {
	f := s.final
	kept := make(map[int64]history.Life, len(f.Lives))
	for _, l := range f.Lives {
		kept[l.Epoch] = l
	}
	tried := make(map[int64]bool, len(f.Tries))
	for _, t := range f.Tries {
		tried[t.Epoch] = true
	}
	first := int64(0)
	for e := int64(0); e < f.Epoch; e++ {
		l, is := kept[e]
		if !is && tried[e] {
			continue
		}
		next := &life{Life: l, first: first, run: l.Run}
		if next.Epoch = e; !is {
			s.gaps++
			if first == 0 {
				next.run = 1
			}
		}
		s.lives, first = append(s.lives, next), e+1
	}
	s.lives = append(s.lives, &life{last: true, first: first, run: max(f.Run, 1), Life: history.Life{
		Epoch: f.Epoch, Run: f.Run, Status: f.Status, Reason: f.Reason, Attempts: f.Attempts, Worker: f.Worker,
		Payload: f.Payload, Result: f.Result, StartedAt: f.StartedAt, FinishedAt: f.FinishedAt,
	}})
	w := x.workflow[f.Workflow]
	if w == nil || w.final == nil {
		return
	}
	for i, l := range s.lives {
		if !l.last {
			l.reset = w.resetOf(s, l, s.lives[i+1])
		}
		if l.reset != nil {
			s.lives[i+1].begins = l.reset.At
		}
		l.decided = w.decisionOf(s, l)
	}
}

// retries are the acts that made the runs of a workflow after its first.
func (w *flow) retries() []*history.Act {
	return w.acts(func(a history.Act) bool { return a.Action == "retry" })
}

// acts returns those acts of a workflow that a test holds for, by time.
func (w *flow) acts(is func(a history.Act) bool) []*history.Act {
	var list []*history.Act
	for i := range w.final.Acts {
		if is(w.final.Acts[i]) {
			list = append(list, &w.final.Acts[i])
		}
	}
	return list
}

// resetOf is the act that ended a life of a job: the retry that made the run in
// which the next one began, or a decision about the job, or one that revived it.
func (w *flow) resetOf(s *subject, l, next *life) *history.Act {
	if retries := w.retries(); next.run > 1 && next.run != l.run {
		if next.run-2 < len(retries) {
			return retries[next.run-2]
		}
		return nil
	}
	for _, a := range w.acts(func(a history.Act) bool {
		revived := a.Job != s.id && w.revives(a) && (l.Status == job.UpstreamFailed || l.Status == job.Skipped)
		return revived || a.Action == "decide.retry" && a.Job == s.id || a.Action == "retry" && next.run == 0
	}) {
		if l.FinishedAt > 0 && a.At >= l.FinishedAt {
			return a
		}
	}
	return nil
}

// revives reports whether an act lets what a failure kept from running begin
// anew: a decision other than to accept it, where a catch might have absolved
// it, and its edges were settled before.
func (w *flow) revives(a history.Act) bool {
	return (a.Action == "decide.retry" || a.Action == "decide.skip" || a.Action == "decide.complete") && w.catches()
}

// decisionOf is the act that decided about a failure, other than to retry it.
func (w *flow) decisionOf(s *subject, l *life) *history.Act {
	for _, a := range w.acts(func(a history.Act) bool { return a.Job == s.id && decisions[a.Action] != "" }) {
		if l.failed() && a.At >= l.FinishedAt && (l.reset == nil || a.At <= l.reset.At) {
			return a
		}
	}
	return nil
}

// decisions are those with which a failure stays, by the name of their acts.
var decisions = map[string]workflow.Action{
	"decide.skip": workflow.ActionSkip, "decide.complete": workflow.ActionComplete, "decide.accept": workflow.ActionAccept,
}

// failed reports whether a life ended as a failure of its own.
func (l *life) failed() bool { return l.Status.Failure() && l.Status != job.UpstreamFailed }

// lifeOf is the life in which an epoch is; nil: none, it is not known yet.
func (s *subject) lifeOf(epoch int64) *life {
	i := slices.IndexFunc(s.lives, func(l *life) bool { return epoch <= l.Epoch })
	if i < 0 {
		return nil
	}
	return s.lives[i]
}

// payloadOf is the payload that a job had in a life: a reset that replaced it
// kept it.
func (s *subject) payloadOf(l *life) string {
	for _, x := range s.lives[slices.Index(s.lives, l):] {
		if x.Payload != "" {
			return x.Payload
		}
	}
	return ""
}

// completedIn reports whether a handler completed a job in an epoch.
func (s *subject) completedIn(epoch int64) bool {
	l := s.lifeOf(epoch)
	return l != nil && l.Epoch == epoch && l.Status == job.Completed && !s.final.Barrier
}

// resets checks that somebody asked for each reset.
func (j *judge) resets(s *subject) {
	for _, l := range s.lives {
		if !l.last && l.Status.Terminal() && l.reset == nil {
			j.breaks(UnexplainedReset, nil, "%s began anew after it had ended as %s at %s, and nobody asked for it", s.name, l.Status, at(l.FinishedAt))
		}
		if r := l.reset; r != nil && l.FinishedAt > r.At {
			j.breaks(UnexplainedReset, nil, "%s was reset at %s, and ended %s after that as what it was before", s.name, at(r.At), between(r.At, l.FinishedAt))
		}
	}
	resets := 0
	if w := j.workflow[s.final.Workflow]; w != nil && w.final != nil {
		resets = len(w.retries()) + len(w.acts(w.revives))
	}
	if s.gaps > resets {
		j.breaks(WrongAttempts, nil, "%s is in epoch %d after %d tries and %d resets", s.name, s.final.Epoch, len(s.final.Tries), len(s.final.Lives))
	}
}
