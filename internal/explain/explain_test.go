package explain_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/explain"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

var (
	now      = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	id       = job.NewID()
	flow     = job.NewID()
	other    = job.NewID()
	extract  = store.ParentStanding{Job: job.NewID(), Workflow: flow, Name: "extract", Status: job.Running, On: job.OnSuccess, State: workflow.EdgeUnresolved}
	load     = store.ParentStanding{Job: job.NewID(), Workflow: flow, Name: "load", Status: job.Pending, On: job.OnFailure, State: workflow.EdgeUnresolved}
	foreign  = store.ParentStanding{Job: job.NewID(), Workflow: other, Name: "theirs", Status: job.Pending, On: job.OnSuccess, State: workflow.EdgeUnresolved}
	broken   = store.ParentStanding{Job: job.NewID(), Workflow: flow, Name: "broken", Status: job.Dead, On: job.OnSuccess, State: workflow.EdgeBroken}
	spurned  = store.ParentStanding{Job: job.NewID(), Workflow: flow, Name: "spurned", Status: job.Dead, On: job.OnSuccess, Optional: true, State: workflow.EdgeBroken}
	inactive = store.ParentStanding{Job: job.NewID(), Workflow: flow, Name: "inactive", Status: job.Skipped, On: job.OnSuccess, State: workflow.EdgeInactive}
)

// free is the standing of a job that is claimed next.
func free() store.Standing {
	return store.Standing{
		Now: now,
		Job: store.JobRecord{
			ID: id, Workflow: flow, Name: "report", Queue: "etl", Status: job.Pending, DependencyStatus: job.NoDependencies,
			MaxAttempts: 3, CreatedAt: now.Add(-time.Hour), ScheduledAt: now.Add(-time.Hour),
		},
		WorkflowStatus: workflow.Running, Queued: true, Workers: 1,
	}
}

func TestEveryReasonIsGivenTheMostDecisiveFirst(t *testing.T) {
	no := false
	for _, c := range []struct {
		what   string
		change func(s *store.Standing)
		codes  []explain.Code
		texts  string // parts of the text and the hint of the first reason, each after a "|"
	}{
		{"the next", func(*store.Standing) {}, []explain.Code{explain.Next}, "next of its queue etl"},
		{"others before it", func(s *store.Standing) { s.Ahead = 1 }, []explain.Code{explain.Behind}, "after 1 job of|job list --queue etl --status pending"},
		{"many before it", func(s *store.Standing) { s.Ahead = 1000 }, []explain.Code{explain.Behind}, "after at least 1000 jobs of"},
		{"due and not moved yet", func(s *store.Standing) { s.Queued = false }, []explain.Code{explain.NotQueued}, "in a moment"},
		{"without a worker", func(s *store.Standing) { s.Workers = 0 }, []explain.Code{explain.NoWorker, explain.Next}, "No live worker serves|hammerwork worker --queue etl"},
		{"a queue with a strange name", func(s *store.Standing) { s.Workers, s.Job.Queue = 0, "it's" }, []explain.Code{explain.NoWorker, explain.Next}, `hammerwork worker --queue 'it'\''s'`},
		{"a paused queue", func(s *store.Standing) { s.QueuePaused = true }, []explain.Code{explain.QueuePaused}, "queue etl is paused|hammerwork queue resume etl"},

		{"a paused workflow", func(s *store.Standing) { s.WorkflowStatus, s.UserPaused, s.Queued = workflow.Paused, true, false }, []explain.Code{explain.WorkflowPaused}, "|hammerwork workflow resume " + flow.String()},
		{"undecided failures", func(s *store.Standing) { s.WorkflowStatus, s.Undecided, s.Queued = workflow.Paused, 2, false }, []explain.Code{explain.WorkflowAwaits}, "about 2 failures|hammerwork workflow status " + flow.String()},
		{"the undecided failure of its parent", func(s *store.Standing) {
			failed := extract
			failed.Status = job.Dead
			waits(s, failed)
			s.WorkflowStatus, s.Undecided = workflow.Paused, 1
		}, []explain.Code{explain.WaitsForParents, explain.WorkflowAwaits}, "It waits for extract (dead)"},
		{"both", func(s *store.Standing) { s.WorkflowStatus, s.UserPaused, s.Undecided = workflow.Paused, true, 1 }, []explain.Code{explain.WorkflowPaused, explain.WorkflowAwaits}, ""},
		{"a cancelling workflow", func(s *store.Standing) { s.WorkflowStatus, s.Queued = workflow.Cancelling, false }, []explain.Code{explain.WorkflowStopping}, "being cancelled"},
		{"a finally job of a cancelling workflow", func(s *store.Standing) {
			s.WorkflowStatus, s.Job.Finally, s.Job.DependencyStatus = workflow.Cancelling, true, job.Satisfied
		}, []explain.Code{explain.Next}, ""},
		{"a failing workflow", func(s *store.Standing) { s.WorkflowFailing, s.Queued = true, false }, []explain.Code{explain.WorkflowFailing}, "stops after a failure"},
		{"a failing workflow, and it handles that", func(s *store.Standing) { s.WorkflowFailing = true }, []explain.Code{explain.Next}, ""},
		{"a workflow that has ended", func(s *store.Standing) { s.WorkflowStatus, s.Queued = workflow.Failed, false }, []explain.Code{explain.WorkflowEnded}, "has ended: failed"},
		{"no workflow", func(s *store.Standing) { s.WorkflowStatus, s.Job.Workflow = "", job.ID{} }, []explain.Code{explain.Next}, ""},

		{"a later time", func(s *store.Standing) { s.Job.ScheduledAt, s.Queued = now.Add(time.Hour), false }, []explain.Code{explain.Scheduled}, "scheduled for 2030-01-01T13:00:00Z"},
		{"a back-off", func(s *store.Standing) {
			s.Job.Status, s.Job.Attempts, s.Job.ScheduledAt = job.Retrying, 1, now.Add(time.Minute)
		}, []explain.Code{explain.BackOff}, "attempt 2 of 3 can begin at 2030-01-01T12:01:00Z|hammerwork job show " + id.String()},
		{"a back-off that is over", func(s *store.Standing) { s.Job.Status, s.Job.Attempts = job.Retrying, 1 }, []explain.Code{explain.Next}, ""},

		{"parents", func(s *store.Standing) {
			waits(s, extract, load)
			s.Counts.Unresolved = 4
		}, []explain.Code{explain.WaitsForParents}, "It waits for extract (running), load (pending, waits for its failure), 2 more parents; all must end as asked.|hammerwork job explain " + extract.Job.String()},
		{"an optional parent", func(s *store.Standing) {
			any := extract
			any.Optional = true
			waits(s, any, load)
		}, []explain.Code{explain.WaitsForParents}, "It waits for extract (running, optional), load (pending, waits for its failure); all must end as asked."},
		{"what was spawned before it", func(s *store.Standing) {
			part := extract
			part.Workflow, part.Spawner = s.Job.Workflow, store.Spawner{ID: load.Job, Name: "load"}
			waits(s, part)
		}, []explain.Code{explain.WaitsForParents}, "It waits for extract (running, spawned before it by load); all must end as asked."},
		{"what was spawned with it", func(s *store.Standing) {
			part := extract
			part.Workflow, part.Spawner, s.Spawner = s.Job.Workflow, store.Spawner{ID: load.Job, Name: "load"}, store.Spawner{ID: load.Job, Name: "load"}
			waits(s, part)
		}, []explain.Code{explain.WaitsForParents, explain.Spawned}, "It waits for extract (running); all must end as asked."},
		{"a parent elsewhere", func(s *store.Standing) { waits(s, foreign) }, []explain.Code{explain.WaitsForParents}, foreign.Name + " of workflow " + foreign.Workflow.String() + " (pending)"},
		{"any of its parents", func(s *store.Standing) { waits(s, extract); s.Join.Rule = job.JoinAny }, []explain.Code{explain.WaitsForParents}, "one that ends as asked is enough"},
		{"some of its parents", func(s *store.Standing) {
			waits(s, extract)
			s.Join, s.Counts.Active = job.Join{Rule: job.JoinQuorum, Quorum: 2}, 1
		}, []explain.Code{explain.WaitsForParents}, "2 that end as asked are enough, 1 so far"},
		{"the end of its parents", func(s *store.Standing) { waits(s, extract); s.Join.Rule = job.JoinDone }, []explain.Code{explain.WaitsForParents}, "however they end"},
		{"a branch", func(s *store.Standing) { waits(s, extract); s.Join.Rule = job.JoinMerge }, []explain.Code{explain.WaitsForParents}, "none may fail"},
		{"a parent and then its condition", func(s *store.Standing) { waits(s, extract); s.Job.Condition = "rows > 0" }, []explain.Code{explain.WaitsForParents, explain.Condition}, ""},
		{"a look at its edges", func(s *store.Standing) { waits(s); s.Unchecked = true }, []explain.Code{explain.WaitsForCheck}, "takes a moment"},
		{"all others", func(s *store.Standing) { waits(s); s.Job.Finally = true }, []explain.Code{explain.WaitsForRest}, "It runs last"},
		{"a barrier", func(s *store.Standing) { waits(s, extract); s.Job.Barrier, s.Workers = true, 0 }, []explain.Code{explain.WaitsForParents, explain.Barrier}, ""},
		{"what nobody knows", func(s *store.Standing) { s.Job.Status = job.Suspended }, []explain.Code{explain.Suspended}, "suspended"},
		{"an approval", func(s *store.Standing) {
			s.Job.Status, s.Workers = job.Suspended, 0
			s.Job.Gate = &store.GateRecord{Type: job.GateApproval, OpenedAt: now, ExpiresAt: now.Add(time.Hour)}
		}, []explain.Code{explain.Suspended}, "It waits for an approval since " + now.Format(time.RFC3339) + ", and expires at " + now.Add(time.Hour).Format(time.RFC3339) + ".|hammerwork workflow approve " + flow.String() + " --job report (or reject)"},
		{"a signal", func(s *store.Standing) {
			s.Job.Status, s.Job.Gate = job.Suspended, &store.GateRecord{Type: job.GateSignal, OpenedAt: now}
		}, []explain.Code{explain.Suspended}, "It waits for a signal since " + now.Format(time.RFC3339) + ".|hammerwork workflow signal " + flow.String() + " --job report --payload JSON"},
		{"an approval without a workflow", func(s *store.Standing) {
			s.Job.Status, s.Job.Workflow, s.Job.Gate = job.Suspended, job.ID{}, &store.GateRecord{Type: job.GateApproval, OpenedAt: now}
		}, []explain.Code{explain.Suspended}, "|hammerwork job approve " + id.String() + " (or reject)"},
		{"a timer", func(s *store.Standing) {
			s.Job.Status, s.Job.Gate = job.Suspended, &store.GateRecord{Type: job.GateTimer, OpenedAt: now, ExpiresAt: now.Add(time.Hour)}
		}, []explain.Code{explain.Suspended}, "It waits until " + now.Add(time.Hour).Format(time.RFC3339) + "."},
		{"its parts", func(s *store.Standing) {
			s.Job.Status = job.Suspended
			s.Job.Parts = &store.PartsRecord{Kind: workflow.PartsBatch, Workflow: flow, Status: workflow.Running, Tally: workflow.Tally{Total: 3, Completed: 1, Failed: 1}}
		}, []explain.Code{explain.Suspended}, "What it is made of is running: 2 of 3 items have ended, 1 did not complete.|hammerwork batch status " + id.String()},
		{"its workflow", func(s *store.Standing) {
			s.Job.Status = job.Suspended
			s.Job.Parts = &store.PartsRecord{Kind: workflow.PartsWorkflow, Workflow: flow, Status: workflow.Running, Tally: workflow.Tally{Total: 1}}
		}, []explain.Code{explain.Suspended}, "0 of 1 job have ended.|hammerwork workflow show " + flow.String()},
		{"parts that begin", func(s *store.Standing) {
			s.Job.Status = job.Suspended
			s.Job.Parts = &store.PartsRecord{Kind: workflow.PartsWorkflow, Workflow: flow, Status: workflow.Pending}
		}, []explain.Code{explain.Suspended}, "begins in a moment"},
		{"parts that are to be made", func(s *store.Standing) {
			s.Job.Status, s.Job.Parts = job.Suspended, &store.PartsRecord{Kind: workflow.PartsMap}
		}, []explain.Code{explain.Suspended}, "are made in a moment"},
		{"a job of parts that wait", func(s *store.Standing) { s.WorkflowStatus = workflow.Pending }, []explain.Code{explain.WorkflowPending}, "begins when the job"},
		{"parts of a paused workflow", func(s *store.Standing) {
			s.Job.Status, s.WorkflowStatus, s.UserPaused = job.Suspended, workflow.Paused, true
			s.Job.Parts = &store.PartsRecord{Kind: workflow.PartsWorkflow, Workflow: flow, Status: workflow.Pending}
		}, []explain.Code{explain.Suspended, explain.WorkflowPaused}, "begins when its workflow is resumed"},
		{"everything", func(s *store.Standing) {
			waits(s, extract)
			s.Job.ScheduledAt, s.WorkflowStatus, s.UserPaused, s.QueuePaused, s.Workers = now.Add(time.Hour), workflow.Paused, true, true, 0
		}, []explain.Code{explain.WaitsForParents, explain.Scheduled, explain.WorkflowPaused, explain.QueuePaused, explain.NoWorker}, ""},

		{"it runs", func(s *store.Standing) {
			s.Job.Status, s.Job.Worker, s.Job.Attempts, s.QueuePaused = job.Running, "w1", 1, true
			s.Lease = &store.LeaseStanding{Worker: "w1", Accepted: true, ClaimedAt: now, ExpiresAt: now.Add(time.Second)}
		}, []explain.Code{explain.Running}, "worker w1 has it, attempt 2 of 3"},
		{"it was given away", func(s *store.Standing) {
			s.Job.Status, s.Lease = job.Running, &store.LeaseStanding{Worker: "w1", ClaimedAt: now, ExpiresAt: now.Add(time.Second)}
		}, []explain.Code{explain.Unaccepted}, "w1, which has not accepted it"},

		{"it runs, and the lease was gone a moment later", func(s *store.Standing) { s.Job.Status, s.Job.Worker = job.Running, "w1" }, []explain.Code{explain.Running}, "worker w1 has it, attempt 1 of 3"},
		{"it completed", func(s *store.Standing) { end(s, job.Completed, "") }, []explain.Code{explain.Ended}, "It has ended: completed.|"},
		{"it is dead", func(s *store.Standing) {
			end(s, job.Dead, job.ReasonExhausted)
			s.WorkflowStatus = workflow.Failed
		}, []explain.Code{explain.Ended}, "dead (exhausted)|hammerwork workflow retry " + flow.String()},
		{"it is dead, and its workflow completed", func(s *store.Standing) {
			end(s, job.Dead, job.ReasonExhausted)
			s.WorkflowStatus = workflow.Completed
		}, []explain.Code{explain.Ended}, "|hammerwork workflow retry " + flow.String() + " --from " + free().Job.Name},
		{"it is dead without a workflow", func(s *store.Standing) {
			end(s, job.Dead, job.ReasonExhausted)
			s.WorkflowStatus, s.Job.Workflow = "", job.ID{}
		}, []explain.Code{explain.Ended}, "|hammerwork job retry " + id.String()},
		{"it waits for a decision", func(s *store.Standing) {
			end(s, job.Dead, job.ReasonExhausted)
			s.Job.Decision = workflow.Undecided
		}, []explain.Code{explain.Ended, explain.Undecided}, ""},
		{"it was decided", func(s *store.Standing) {
			end(s, job.Dead, job.ReasonExhausted)
			s.Job.Decision = workflow.ActionSkip
		}, []explain.Code{explain.Ended}, "It was decided: skip."},
		{"its parent failed", func(s *store.Standing) {
			end(s, job.UpstreamFailed, job.ReasonUpstream)
			s.Job.Cause, s.Parents = broken.Job, []store.ParentStanding{broken, spurned}
		}, []explain.Code{explain.Ended, explain.ParentsDecided}, "|hammerwork job explain " + broken.Job.String()},
		{"a branch said no", func(s *store.Standing) {
			end(s, job.Skipped, job.ReasonBranch)
			s.Parents = []store.ParentStanding{inactive}
		}, []explain.Code{explain.Ended, explain.ParentsDecided}, "skipped (branch)"},
		{"its condition said no", func(s *store.Standing) {
			end(s, job.Skipped, job.ReasonConditionFalse)
			s.Job.Condition, s.Job.Evaluation = "rows > 0", &store.Evaluation{At: now, Value: &no}
		}, []explain.Code{explain.Ended, explain.ConditionFalse}, ""},
		{"its condition could not say", func(s *store.Standing) {
			end(s, job.Failed, job.ReasonConditionError)
			s.Job.Condition, s.Job.Evaluation = "rows > 0", &store.Evaluation{At: now, Error: "no field rows"}
		}, []explain.Code{explain.Ended, explain.ConditionError}, ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := free()
			c.change(&s)
			reasons := explain.Explain(s)
			var codes []explain.Code
			for _, r := range reasons {
				codes = append(codes, r.Code)
				if !strings.HasSuffix(strings.TrimSuffix(r.Text, s.Job.Condition), ".") && r.Code != explain.Condition && r.Code != explain.ConditionFalse && r.Code != explain.ConditionError {
					t.Errorf("%s is not a sentence: %q", r.Code, r.Text)
				}
			}
			if !slices.Equal(codes, c.codes) {
				t.Fatalf("reasons %v, want %v", codes, c.codes)
			}
			for _, part := range strings.Split(c.texts, "|") {
				if !strings.Contains(reasons[0].Text+"\n"+reasons[0].Hint, part) {
					t.Errorf("%q, hint %q: want %q", reasons[0].Text, reasons[0].Hint, part)
				}
			}
			claimable := job.Claimable(explain.Prospect(s))
			if last := codes[len(codes)-1]; claimable != slices.Contains([]explain.Code{explain.Next, explain.Behind, explain.NotQueued}, last) {
				t.Errorf("claimable is %t, the last reason %s", claimable, last)
			}
		})
	}
}

// waits makes a job wait for parents.
func waits(s *store.Standing, parents ...store.ParentStanding) {
	s.Job.DependencyStatus, s.Queued = job.Waiting, false
	s.Parents, s.Counts.Unresolved = parents, len(parents)
}

func end(s *store.Standing, status job.Status, reason job.Reason) {
	s.Job.Status, s.Job.Reason, s.Job.FinishedAt, s.Queued = status, reason, now, false
}

func TestOnlyParentsThatCountDecide(t *testing.T) {
	s := free()
	end(&s, job.UpstreamFailed, job.ReasonUpstream)
	s.Parents = []store.ParentStanding{spurned, broken, extract}
	r := explain.Explain(s)[1]
	if len(r.Parents) != 1 || r.Parents[0] != broken || r.Text != "It could not run after broken (dead)." || r.Hint != "hammerwork job explain "+broken.Job.String() {
		t.Errorf("got %+v", r)
	}
}

func TestTheFirstFailureIsNamedOnce(t *testing.T) {
	s := free()
	end(&s, job.UpstreamFailed, job.ReasonUpstream)
	s.Job.Cause, s.Parents = broken.Job, []store.ParentStanding{broken}
	r := explain.Explain(s)
	if r[0].Text != "It has ended: upstream_failed (upstream). The first failure behind that is broken." || r[0].Hint == "" || r[1].Hint != "" {
		t.Errorf("got %+v", r)
	}
}

func TestReasonsSayWhenTheyBeganAndEnd(t *testing.T) {
	s := free()
	s.Job.Status, s.Lease = job.Running, &store.LeaseStanding{Worker: "w1", Accepted: true, ClaimedAt: now, ExpiresAt: now.Add(time.Second)}
	if r := explain.Explain(s)[0]; !r.Since.Equal(now) || !r.Until.Equal(now.Add(time.Second)) {
		t.Errorf("running: %+v", r)
	} else if !strings.HasSuffix(r.Text, "; its lease ends at 2030-01-01T12:00:01Z unless the worker prolongs it.") {
		t.Errorf("running: %s", r.Text)
	}
	s = free()
	s.Job.ScheduledAt = now.Add(time.Hour)
	if r := explain.Explain(s)[0]; !r.Until.Equal(now.Add(time.Hour)) || !r.Since.Equal(s.Job.CreatedAt) {
		t.Errorf("scheduled: %+v", r)
	}
	s = free()
	end(&s, job.Completed, "")
	if r := explain.Explain(s)[0]; !r.Since.Equal(now) {
		t.Errorf("ended: %+v", r)
	}
}
