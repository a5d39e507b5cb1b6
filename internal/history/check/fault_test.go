package check_test

import (
	"maps"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/internal/history/check"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// Every fault that may happen leaves a history that is accepted, and every
// rerun gets its cause.
func TestTheHistoryOfAFaultIsAcceptedAndNamesTheCauseOfEachRerun(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		happen func(s *story)
		want   map[check.Cause]int
	}{
		{"nothing", func(s *story) {
			s.workflow("w", "a", "b")
			s.completes(s.run("w1", "a"))
			s.completes(s.run("w2", "b"))
		}, nil},
		{"an attempt fails", func(s *story) {
			s.workflow("w", "a")
			s.fails(s.run("w1", "a"), job.KindFailed)
			s.completes(s.run("w1", "a"))
		}, map[check.Cause]int{check.Failed: 1}},
		{"an attempt runs out of time, twice", func(s *story) {
			s.workflow("w", "a")
			s.fails(s.run("w1", "a"), job.KindTimedOut)
			s.fails(s.run("w2", "a"), job.KindTimedOut)
			s.completes(s.run("w1", "a"))
		}, map[check.Cause]int{check.TimedOut: 2}},
		{"a worker drains", func(s *story) {
			s.workflow("w", "a")
			h := s.run("w1", "a")
			s.workers["w1"].Record(history.Record{Kind: history.Draining, Worker: "w1"})
			r := s.says(h, history.Stopped)
			r.Cause = "the worker is stopping"
			s.workers["w1"].Record(r)
			s.fails(h, job.KindCancelled)
			s.completes(s.run("w2", "a"))
		}, map[check.Cause]int{check.Interrupted: 1}},
		{"a worker is killed", func(s *story) {
			s.workflow("w", "a")
			h := s.run("w1", "a")
			s.harness.Killed(s.workers["w1"].PID())
			s.wait(leaseTTL)
			s.expires(h, job.KindLeaseLost)
			s.completes(s.run("w2", "a"))
		}, map[check.Cause]int{check.WorkerKilled: 1}},
		{"a worker dies unseen and begins again, and its lease is ended at once", func(s *story) {
			s.workflow("w", "a")
			h := s.run("w1", "a")
			s.wait(time.Second)
			s.begins("w1")
			s.step()
			s.expires(h, job.KindLeaseLost)
			s.completes(s.run("w1", "a"))
		}, map[check.Cause]int{check.WorkerKilled: 1}},
		{"a worker is killed when its handler has ended, before it reports", func(s *story) {
			s.workflow("w", "a")
			h := s.run("w1", "a")
			s.workers["w1"].Record(s.outcome(h, history.Finished, job.KindCompleted))
			s.harness.Killed(s.workers["w1"].PID())
			s.wait(leaseTTL)
			s.expires(h, job.KindLeaseLost)
			s.completes(s.run("w2", "a"))
		}, map[check.Cause]int{check.WorkerKilled: 1}},
		{"a worker is suspended, and what it reports later is stale", func(s *story) {
			s.workflow("w", "a")
			h := s.run("w1", "a")
			s.harness.Suspended(s.workers["w1"].PID())
			s.wait(leaseTTL)
			s.expires(h, job.KindLeaseLost)
			s.completes(s.run("w2", "a"))
			s.harness.Resumed(s.workers["w1"].PID())
			s.finishes(h, job.KindCompleted)
			s.judges(h, job.KindCompleted, job.Stale)
			s.answers(h, job.KindCompleted, job.Stale)
		}, map[check.Cause]int{check.WorkerHalted: 1}},
		{"NATS is away for longer than a lease", func(s *story) {
			s.workflow("w", "a")
			h := s.run("w1", "a")
			s.harness.Away("nats")
			s.wait(2 * leaseTTL)
			s.harness.Back("nats")
			s.expires(h, job.KindLeaseLost)
			s.completes(s.run("w2", "a"))
		}, map[check.Cause]int{check.CutOff: 1}},
		{"heartbeats are lost", func(s *story) {
			s.workflow("w", "a")
			h := s.run("w1", "a")
			s.wait(leaseTTL)
			s.expires(h, job.KindLeaseLost)
			s.completes(s.run("w2", "a"))
		}, map[check.Cause]int{check.WorkerSilent: 1}},
		{"a delivery is lost", func(s *story) {
			s.workflow("w", "a")
			h := s.claim("w1", "a")
			s.wait(acceptTTL)
			s.expires(h, job.KindGivenBack)
			s.completes(s.run("w2", "a"))
		}, nil},
		{"the accept is lost", func(s *story) {
			s.workflow("w", "a")
			h := s.claim("w1", "a")
			s.starts(h)
			s.wait(acceptTTL)
			s.expires(h, job.KindGivenBack)
			s.completes(s.run("w2", "a"))
		}, map[check.Cause]int{check.NeverAccepted: 1}},
		{"a delivery comes when its lease is gone and another runs", func(s *story) {
			s.workflow("w", "a")
			h := s.claim("w1", "a")
			s.wait(acceptTTL)
			s.expires(h, job.KindGivenBack)
			later := s.run("w2", "a")
			s.starts(h)
			s.completes(later)
			s.finishes(h, job.KindCompleted)
			s.answers(h, job.KindCompleted, job.Stale)
		}, map[check.Cause]int{check.NeverAccepted: 1}},
		{"a worker without a slot gives a job back", func(s *story) {
			s.workflow("w", "a")
			h := s.claim("w1", "a")
			s.sends(h, job.KindGivenBack)
			s.step()
			s.tries(h, job.KindGivenBack)
			s.judges(h, job.KindGivenBack, job.Committed)
			s.again(h, s.res)
			s.completes(s.run("w2", "a"))
		}, nil},
		{"a dispatcher is killed between commit and record", func(s *story) {
			s.workflow("w", "a")
			s.silent = true
			h := s.claim("w1", "a")
			s.silent = false
			s.harness.Killed(s.disp.PID())
			s.disp = s.memory.Recorder("dispatcher-2")
			s.wait(acceptTTL)
			s.expires(h, job.KindGivenBack)
			s.completes(s.run("w1", "a"))
		}, nil},
		{"a resolver is killed between commit and record, and the outcome comes again", func(s *story) {
			s.workflow("w", "a", "b")
			h := s.run("w1", "a")
			s.silent = true
			s.finishes(h, job.KindCompleted)
			s.step()
			h.job.Attempts, h.job.Worker, h.job.StartedAt = 1, "w1", h.claimed
			h.job.Result = history.Hash([]byte(h.fence.Lease.String()))
			s.ends(h.job, job.Completed, "")
			s.silent = false
			s.sends(h, job.KindCompleted)
			s.judges(h, job.KindCompleted, job.Committed)
			s.answers(h, job.KindCompleted, job.Committed)
			s.completes(s.run("w1", "b"))
		}, nil},
		{"a failure whose commit nobody recorded is reported again, and stale", func(s *story) {
			s.workflow("w", "a")
			h := s.run("w1", "a")
			s.silent = true
			s.finishes(h, job.KindFailed)
			s.tries(h, job.KindFailed)
			s.again(h, s.res)
			s.silent = false
			s.sends(h, job.KindFailed)
			s.judges(h, job.KindFailed, job.Stale)
			s.answers(h, job.KindFailed, job.Stale)
			s.completes(s.run("w2", "a"))
		}, map[check.Cause]int{check.Failed: 1}},
		{"a result is rejected, and reported as a failure", func(s *story) {
			s.workflow("w", "a", "b")
			h := s.run("w1", "a")
			s.finishes(h, job.KindCompleted)
			s.judges(h, job.KindCompleted, job.Rejected)
			s.answers(h, job.KindCompleted, job.Rejected)
			s.sends(h, job.KindFailed)
			s.tries(h, job.KindFailed)
			s.ends(h.job, job.Failed, job.ReasonPermanent)
			s.judges(h, job.KindFailed, job.Committed)
			s.tells(s.res, h.job)
			s.cascades("b", "a")
		}, nil},
		{"the last attempt fails, and what needed it does not run", func(s *story) {
			s.workflow("w", "a", "b", "c")
			h := s.run("w1", "a")
			h.job.MaxAttempts = 1
			s.finishes(h, job.KindFailed)
			s.tries(h, job.KindFailed)
			s.ends(h.job, job.Dead, job.ReasonExhausted)
			s.judges(h, job.KindFailed, job.Committed)
			s.tells(s.res, h.job)
			s.cascades("b", "a")
			s.cascades("c", "a")
		}, nil},
		{"a workflow is cancelled while a delivery is under way, and the grace ends", func(s *story) {
			w := s.workflow("w", "a", "b")
			h := s.claim("w1", "a")
			s.cancels(w)
			b := s.job("b")
			s.ends(b, job.Cancelled, job.ReasonUser)
			s.tells(s.api, b)
			s.starts(h)
			s.wait(10 * time.Second)
			s.tries(h, job.KindCancelled)
			h.job.Worker, h.job.StartedAt = "w1", h.claimed
			s.ends(h.job, job.Cancelled, job.ReasonUser)
			s.tells(s.sched, h.job)
		}, nil},
		{"a barrier completes by itself", func(s *story) {
			s.workflow("w", "a", "b", "c")
			s.completes(s.run("w1", "a"))
			b := s.job("b")
			b.Barrier = true
			s.ends(b, job.Completed, "")
			s.tells(s.res, b)
			s.completes(s.run("w1", "c"))
		}, nil},
		{"an enqueue comes again under its key", func(s *story) {
			w := s.workflow("w", "a")
			s.api.Record(history.Record{Kind: history.Enqueued, Workflow: w.ID, Count: 1, Key: "key of w"})
			s.completes(s.run("w1", "a"))
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStory(t)
			c.happen(s)
			r := check.History(s.told())
			if err := r.Err(); err != nil {
				t.Fatal(err)
			}
			if !maps.Equal(r.Reruns, c.want) {
				t.Errorf("the reruns are %v; want %v", r.Explained, c.want)
			}
		})
	}
}
