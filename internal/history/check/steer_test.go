package check_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/internal/history/check"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// tale is a story of what a workflow may do besides, with the faults that its
// history would have if the engine did it wrong.
type tale struct {
	name   string
	happen func(s *story)
	want   map[check.Cause]int
	faults []fault
}

type fault struct {
	name   string
	code   check.Code
	happen func(d *doctor)
}

var tales = []tale{
	{"a dead job is run again with what came after it", func(s *story) {
		w := s.workflow("w", "a", "b")
		s.dies(s.run("w1", "a"))
		s.cascades("b", "a")
		s.closes(w, workflow.Failed)
		s.retries(w, "a", "b")
		s.fails(s.run("w1", "a"), job.KindTimedOut)
		s.job("a").MaxAttempts = 2
		s.completes(s.run("w2", "a"))
		s.completes(s.run("w2", "b"))
	}, map[check.Cause]int{check.Retried: 1, check.TimedOut: 1}, []fault{
		{"nobody asked for it", check.UnexplainedReset, func(d *doctor) { d.workflow("w").Acts = nil }},
		{"it was reset before it ended", check.UnexplainedReset, func(d *doctor) { d.workflow("w").Acts[0].At = d.job("a").Lives[0].FinishedAt - 1 }},
		{"its first end is forgotten", check.UnexplainedReset, func(d *doctor) { d.workflow("w").Acts[0].Action = "resume" }},
		{"the first end counts twice", check.TwoOutcomes, func(d *doctor) {
			d.again(history.Changed, "a", 0, 0, same)
			d.again(history.Changed, "a", 0, 0, same)
		}},
		{"the workflow ends twice in its first run", check.TwoOutcomes, func(d *doctor) {
			i := slices.IndexFunc(d.h.Records, func(r history.Record) bool { return r.Kind == history.WorkflowChanged })
			d.put(d.h.Records[i])
		}},
		{"the first end is stored as another", check.OutcomeChanged, func(d *doctor) { d.job("a").Lives[0].Status = job.TimedOut }},
		{"what came before is not counted", check.WrongAttempts, func(d *doctor) { d.job("a").Earlier = 0 }},
		{"the budget does not start anew", check.WrongAttempts, func(d *doctor) { d.job("a").Attempts = 3 }},
		{"it is attempted too often in its second run", check.TooManyAttempts, func(d *doctor) { d.job("a").MaxAttempts = 1 }},
		{"the try of the first run is lost", check.WrongAttempts, func(d *doctor) { d.job("a").Tries = d.job("a").Tries[1:] }},
		{"what came after it starts before it has ended again", check.EarlyStart, func(d *doctor) {
			d.record(history.Started, "b", 0).Time = d.job("a").FinishedAt - 1
		}},
		{"its old payload is given to it again", check.PayloadChanged, func(d *doctor) { d.job("a").Lives[0].Payload = other.String() }},
		{"what came after it has no life without it", check.WrongDependency, func(d *doctor) {
			d.job("b").Lives[0].Status = job.Skipped
			d.job("b").Lives[0].Reason = job.ReasonBranch
		}},
	}},
	{"a completed job is run again with another payload", func(s *story) {
		w := s.workflow("w", "a", "b")
		s.completes(s.run("w1", "a"))
		s.completes(s.run("w2", "b"))
		s.closes(w, workflow.Completed)
		s.retries(w, "a", "b")
		a := s.job("a")
		a.Lives[0].Payload, a.Payload = a.Payload, history.Hash([]byte("2"))
		s.completes(s.run("w1", "a"))
		s.completes(s.run("w2", "b"))
	}, map[check.Cause]int{check.Retried: 2}, []fault{
		{"it gets the old payload", check.PayloadChanged, func(d *doctor) { d.record(history.Started, "a", 1).Payload = d.job("a").Lives[0].Payload }},
		{"its first result is another", check.InventedResult, func(d *doctor) { d.job("a").Lives[0].Result = other.String() }},
		{"its first outcome is lost", check.BrokenVerdict, func(d *doctor) { d.job("a").Lives[0].Status = job.Dead }},
		{"it starts again before it is reset", check.LateStart, func(d *doctor) {
			d.record(history.Started, "a", 1).Epoch = 0
		}},
	}},
	{"a failure is decided to be tried again", func(s *story) {
		w := s.workflow("w", "a", "b")
		w.FailurePolicy = workflow.Manual
		s.dies(s.run("w1", "a"))
		s.acts(w, "decide.retry", s.job("a").ID)
		s.resets(s.job("a"), 1)
		s.completes(s.run("w1", "a"))
		s.completes(s.run("w1", "b"))
	}, map[check.Cause]int{check.Retried: 1}, []fault{
		{"another job was decided about", check.UnexplainedReset, func(d *doctor) { d.workflow("w").Acts[0].Job = d.job("b").ID }},
		{"what waits for it saw its failure", check.WrongEdge, func(d *doctor) { d.job("b").Edges[0].State = workflow.EdgeBroken }},
	}},
	{"a failure is decided to be skipped", func(s *story) {
		w := s.workflow("w", "a", "b")
		w.FailurePolicy = workflow.Manual
		s.dies(s.run("w1", "a"))
		s.acts(w, "decide.skip", s.job("a").ID)
		s.job("a").Decision = workflow.ActionSkip
		s.edge("b", "a", job.OnSuccess, workflow.EdgeActive)
		s.completes(s.run("w1", "b"))
		s.closes(w, workflow.Completed)
	}, nil, []fault{
		{"what waits for it does not wait for the decision", check.EarlyStart, func(d *doctor) { d.workflow("w").Acts[0].At = d.job("b").StartedAt + 1 }},
		{"it was decided otherwise", check.EarlyStart, func(d *doctor) { d.workflow("w").Acts[0].Action = "decide.accept" }},
		{"its workflow failed though it was skipped", check.WrongStatus, func(d *doctor) { d.workflow("w").Status = workflow.Failed }},
		{"its workflow completed though it was accepted", check.WrongStatus, func(d *doctor) { d.job("a").Decision = workflow.ActionAccept }},
	}},
	{"a workflow is paused and goes on", func(s *story) {
		w := s.workflow("w", "a", "b")
		h := s.run("w1", "a")
		s.acts(w, "pause", job.ID{})
		s.completes(h)
		s.acts(w, "resume", job.ID{})
		s.completes(s.run("w1", "b"))
	}, nil, []fault{
		{"a job is claimed before it goes on", check.StartWhilePaused, func(d *doctor) {
			d.workflow("w").Acts[1].At = d.job("b").StartedAt + 1
		}},
		{"nobody let it go on", check.StartWhilePaused, func(d *doctor) { d.workflow("w").Acts = d.workflow("w").Acts[:1] }},
	}},
	{"a cancelled workflow is run again", func(s *story) {
		w := s.workflow("w", "a", "b")
		s.completes(s.run("w1", "a"))
		s.cancels(w)
		s.ends(s.job("b"), job.Cancelled, job.ReasonUser)
		s.closes(w, workflow.Cancelled)
		s.retries(w, "b")
		s.completes(s.run("w1", "b"))
		s.closes(w, workflow.Completed)
	}, nil, []fault{
		{"it is claimed after the cancel, before that", check.StartAfterCancel, func(d *doctor) { d.workflow("w").Acts = nil }},
		{"the second run ends twice", check.TwoOutcomes, func(d *doctor) { d.put(*d.end(1)) }},
		{"the second run ends otherwise", check.OutcomeChanged, func(d *doctor) { d.end(1).Status = string(workflow.Failed) }},
	}},
	{"a cancel is told when the workflow runs again", func(s *story) {
		w := s.workflow("w", "a", "b")
		s.completes(s.run("w1", "a"))
		s.acts(w, "cancel", job.ID{})
		s.ends(s.job("b"), job.Cancelled, job.ReasonUser)
		s.closes(w, workflow.Cancelled)
		s.retries(w, "b")
		s.cancels(w)
		s.completes(s.run("w1", "b"))
		s.closes(w, workflow.Completed)
	}, nil, []fault{
		{"it is claimed after the cancel, before that", check.StartAfterCancel, func(d *doctor) { d.workflow("w").Acts = d.workflow("w").Acts[:1] }},
	}},
	{"the end of a run is told when the next one has begun", func(s *story) {
		w := s.workflow("w", "a")
		s.dies(s.run("w1", "a"))
		s.retries(w, "a")
		s.closes(w, workflow.Failed)
		s.completes(s.run("w1", "a"))
		s.closes(w, workflow.Completed)
	}, map[check.Cause]int{check.Retried: 1}, []fault{
		{"it is told twice", check.TwoOutcomes, func(d *doctor) { d.put(*d.end(0)) }},
		{"neither end is the stored one", check.OutcomeChanged, func(d *doctor) { d.end(1).Status = string(workflow.Failed) }},
	}},
	{"a handler of a failure runs, catches it, and what needed no failure is skipped", func(s *story) {
		w := s.loose("w", "a", "rescue", "calm", "after")
		w.FailurePolicy = workflow.ContinueOnFailure
		s.dies(s.run("w1", "a"))
		s.edge("rescue", "a", job.OnFailure, workflow.EdgeActive)
		s.job("rescue").Catch = true
		s.edge("after", "rescue", job.OnSuccess, workflow.EdgeActive)
		s.completes(s.run("w1", "rescue"))
		s.edge("calm", "rescue", job.OnFailure, workflow.EdgeInactive)
		s.ends(s.job("calm"), job.Skipped, job.ReasonBranch)
		s.completes(s.run("w2", "after"))
		s.closes(w, workflow.Completed)
	}, nil, []fault{
		{"the handler runs before the failure", check.EarlyStart, func(d *doctor) { d.record(history.Started, "rescue", 0).Time = d.job("a").FinishedAt - 1 }},
		{"the handler runs though nothing failed", check.EarlyStart, func(d *doctor) { d.job("a").Status = job.Completed }},
		{"its edge is broken", check.WrongEdge, func(d *doctor) { d.job("rescue").Edges[0].State = workflow.EdgeBroken }},
		{"the workflow failed though the failure was caught", check.WrongStatus, func(d *doctor) { d.workflow("w").Status = workflow.Failed }},
		{"nothing caught the failure", check.WrongStatus, func(d *doctor) { d.job("rescue").Catch = false }},
		{"what was skipped should have run", check.WrongDependency, func(d *doctor) { d.job("calm").Edges[0].On = job.OnDone }},
	}},
	{"a job runs when the first of its parents completes", func(s *story) {
		w := s.loose("w", "a", "b", "any")
		s.job("any").Join = job.Join{Rule: job.JoinAny}
		s.edge("any", "a", job.OnSuccess, workflow.EdgeActive)
		s.edge("any", "b", job.OnSuccess, workflow.EdgeBroken)
		s.completes(s.run("w1", "a"))
		s.completes(s.run("w1", "any"))
		s.dies(s.run("w2", "b"))
		s.closes(w, workflow.Completed)
	}, nil, []fault{
		{"it runs before any", check.EarlyStart, func(d *doctor) { d.record(history.Started, "any", 0).Time = d.job("a").FinishedAt - 1 }},
		{"it needs two", check.EarlyStart, func(d *doctor) { d.job("any").Join = job.Join{Rule: job.JoinQuorum, Quorum: 2} }},
		{"it needs all", check.WrongDependency, func(d *doctor) { d.job("any").Join = job.Join{} }},
		{"the failure that nobody needed failed the workflow", check.WrongStatus, func(d *doctor) { d.workflow("w").Status = workflow.Failed }},
	}},
	{"a job whose branch is skipped runs after the other one", func(s *story) {
		w := s.loose("w", "a", "b", "merge", "done")
		s.job("merge").Join, s.job("done").Join = job.Join{Rule: job.JoinMerge}, job.Join{Rule: job.JoinDone}
		s.job("b").Asks = &history.Asked{Condition: true, Value: new(bool)}
		s.completes(s.run("w1", "a"))
		s.job("b").DependencyStatus = job.Waiting
		s.ends(s.job("b"), job.Skipped, job.ReasonConditionFalse)
		for _, name := range []string{"merge", "done"} {
			s.edge(name, "a", job.OnSuccess, workflow.EdgeActive)
			s.edge(name, "b", job.OnSuccess, workflow.EdgeInactive)
			s.completes(s.run("w1", name))
		}
		s.closes(w, workflow.Completed)
	}, nil, []fault{
		{"it should be skipped, too", check.WrongDependency, func(d *doctor) { d.job("merge").Join = job.Join{} }},
		{"it did not wait for the branch", check.EarlyStart, func(d *doctor) { d.job("b").FinishedAt = d.job("merge").StartedAt + 1 }},
		{"it did not wait for the end", check.EarlyStart, func(d *doctor) { d.job("b").FinishedAt = d.job("done").StartedAt + 1 }},
		{"the condition said yes", check.WrongCondition, func(d *doctor) { *d.job("b").Asks.Value = true }},
		{"the condition was not asked", check.WrongCondition, func(d *doctor) { d.job("b").Asks.Value = nil }},
		{"a job ran whose condition said no", check.WrongCondition, func(d *doctor) {
			d.job("a").Asks = &history.Asked{Condition: true, Value: new(bool)}
		}},
		{"a job ran whose inputs could not be worked out", check.WrongCondition, func(d *doctor) { d.job("a").Asks = &history.Asked{Fault: true} }},
		{"a job got other inputs", check.PayloadChanged, func(d *doctor) { d.job("a").Asks = &history.Asked{Payload: other.String()} }},
	}},
	{"the last job runs when all others have ended", func(s *story) {
		w := s.loose("w", "a", "b", "last")
		s.job("last").Finally, s.job("last").DependencyStatus = true, job.Waiting
		s.dies(s.run("w1", "a"))
		s.cancels(w)
		s.ends(s.job("b"), job.Cancelled, job.ReasonUser)
		s.completes(s.run("w1", "last"))
		s.closes(w, workflow.Cancelled)
	}, nil, []fault{
		{"it runs before", check.EarlyStart, func(d *doctor) { d.job("b").FinishedAt = d.job("last").StartedAt + 1 }},
		{"another job runs after the cancel", check.StartAfterCancel, func(d *doctor) { d.job("last").Finally = false }},
		{"nobody cancelled it", check.WrongStatus, func(d *doctor) {
			d.h.Records = slices.DeleteFunc(d.h.Records, func(r history.Record) bool { return r.Kind == history.Cancelled })
		}},
	}},
	{"a failure is allowed, and an optional parent fails", func(s *story) {
		w := s.loose("w", "a", "b", "c")
		s.job("a").AllowFailure = true
		s.edge("c", "a", job.OnSuccess, workflow.EdgeActive)
		s.edge("c", "b", job.OnSuccess, workflow.EdgeBroken).Optional = true
		s.dies(s.run("w1", "a"))
		s.dies(s.run("w1", "b"))
		s.completes(s.run("w1", "c"))
		s.closes(w, workflow.Completed)
	}, nil, []fault{
		{"the failure was not allowed", check.EarlyStart, func(d *doctor) { d.job("a").AllowFailure = false }},
		{"the parent was needed", check.EarlyStart, func(d *doctor) { d.job("c").Edges[1].Optional = false }},
		{"the workflow failed", check.WrongStatus, func(d *doctor) { d.workflow("w").Status = workflow.Failed }},
	}},
}

func TestWhatAWorkflowMayDoIsAcceptedAndWhatItMayNotIsFound(t *testing.T) {
	t.Parallel()
	for _, c := range tales {
		t.Run(c.name, func(t *testing.T) {
			told := func() *doctor {
				s := newStory(t)
				c.happen(s)
				h, f := s.told()
				return &doctor{t, h, f}
			}
			d := told()
			r := check.History(d.h, d.f)
			if err := r.Err(); err != nil {
				t.Fatal(err)
			}
			if !maps.Equal(r.Reruns, c.want) {
				t.Errorf("the reruns are %v; want %v", r.Explained, c.want)
			}
			for _, f := range c.faults {
				d := told()
				f.happen(d)
				slices.SortStableFunc(d.h.Records, func(a, b history.Record) int { return int(a.Time - b.Time) })
				if r := check.History(d.h, d.f); !r.Has(f.code) {
					t.Errorf("%s: it is not found as %s; found are %v", f.name, f.code, r.Violations)
				}
			}
		})
	}
}
