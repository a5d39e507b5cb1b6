package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// household is a workflow of every kind of job that no worker holds.
func household() *workflow.Workflow {
	gate, early := job.NewApproval("gate"), job.NewSignal("early")
	inner := tolerant(batch("items", 4, workflow.BatchFailFast), early, task("last", early))
	b := batch("batch", 5, workflow.CollectErrors)
	m := workflow.WithTolerate(workflow.WithMaxParallel(mapped("map", "[0, 1, 2, 3, 4, 5]"), 2), 1)
	sub := inner.AsJob("sub").DependsOnJobs(gate)
	return tolerant(gate, b, m.DependsOnDone(b), sub, task("end", sub).DependsOnDone(m))
}

// partsStand checks that jobs of parts and their parts agree once nothing moves.
func (r *rig) partsStand(id job.ID) {
	r.Helper()
	w := r.workflow(id)
	r.tallyMatches(id)
	if !w.Status.Terminal() {
		r.Errorf("workflow %s is %s", w.Name, w.Status)
	}
	for _, j := range r.jobs(id) {
		if !j.Status.Terminal() {
			r.Errorf("%s of %s is %s", j.Name, w.Name, j.Status)
		}
	}
}

// settleParts ends all that is still open of workflows: gates are answered, pauses
// taken back, graces over.
func (r *rig) settleParts() {
	r.Helper()
	for range 30 {
		open := false
		page, _, err := r.s.Workflows(r.ctx, store.WorkflowFilter{All: true, Limit: store.MaxPage})
		r.ok(err, "list")
		for _, w := range page {
			if w.UserPaused && !w.Status.Terminal() {
				if _, err := r.s.ResumeWorkflow(r.ctx, w.ID, nobody); !errors.Is(err, job.ErrWrongState) { // or it waits for one above
					r.ok(err, "resume")
				}
			}
			open = open || !w.Status.Terminal() && w.Status != workflow.Pending
			for _, j := range r.jobs(w.ID) {
				if j.Status == job.Suspended && j.Gate != nil {
					_, err := r.s.AnswerGate(r.ctx, store.Answer{Job: j.ID, Type: j.Gate.Type, Approve: true}, ann)
					r.ok(err, "answer")
				}
			}
		}
		r.runParts()
		if !open {
			return
		}
		r.Advance(grace + slack)
		r.fire()
		r.expire()
	}
	page, _, err := r.s.Workflows(r.ctx, store.WorkflowFilter{All: true, Limit: store.MaxPage})
	r.ok(err, "list")
	for _, w := range page {
		if !w.Status.Terminal() && w.Status != workflow.Pending {
			r.Logf("workflow %s %s run %d paused %v, of job %s: %+v", w.ID, w.Status, w.Run, w.UserPaused, w.ParentJob, w.Tally)
			for _, j := range r.jobs(w.ID) {
				r.Logf("  %s %s %s %s %s %s epoch %d %+v", j.ID, j.Name, j.Status, j.Reason, j.DependencyStatus, j.Queue, j.Epoch, j.Parts)
			}
		}
	}
	r.Fatalf("it does not end")
}

func testPartsStorm(t *testing.T, open Opener) {
	check(t, open, "cancels, pauses, retries, answers and ends of parts at the same time make no error and lose nothing", func(r *rig) {
		const seed = 11
		var ids []job.ID
		for range 4 {
			w := household()
			r.enqueue(w)
			ids = append(ids, w.ID)
		}
		alone := batch("alone", 5, workflow.CollectErrors)
		r.enqueueJobs(alone)
		r.each(4, func(i int, s store.Store) error {
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			for n := range 120 {
				claimed, err := r.claimVia(s, fmt.Sprintf("w%d", i), 1+random.IntN(4))
				if err != nil {
					return err
				}
				outcomes := endings(claimed, func(c store.Claimed) job.Outcome {
					if random.IntN(5) == 0 {
						return failedForGood(c)
					}
					return completed1(c)
				})
				if _, err = s.Resolve(r.ctx, outcomes); err != nil {
					return err
				}
				if _, err = s.CheckParts(r.ctx, 1+random.IntN(5)); err == nil {
					_, err = s.CheckEdges(r.ctx, 5)
				}
				if err != nil {
					return err
				}
				if err := r.disturb(s, random, ids, n); err != nil && !errors.Is(err, job.ErrWrongState) && !errors.Is(err, job.ErrNotFound) {
					return err
				}
			}
			return nil
		})
		r.settleParts()
		for _, id := range ids {
			r.partsStand(id)
		}
		page, _, err := r.s.Workflows(r.ctx, store.WorkflowFilter{All: true, Limit: store.MaxPage})
		r.ok(err, "list")
		for _, w := range page {
			r.tallyMatches(w.ID)
			if !w.Status.Terminal() && w.Status != workflow.Pending {
				r.Errorf("workflow %s is %s", w.Name, w.Status)
			}
		}
		rows := r.query("SELECT in_flight FROM workflows WHERE finished_at IS NOT NULL AND in_flight <> 0")
		r.equal("in flight of what has ended", len(rows), 0)
		for _, table := range []string{"ready", "leases", "part_check"} {
			r.wantRows(table, 0)
		}
	})
}

// disturb does something that people do, to a workflow, to what it is made of or
// to a job.
func (r *rig) disturb(s store.Store, random *rand.Rand, ids []job.ID, n int) error {
	page, _, err := s.Workflows(r.ctx, store.WorkflowFilter{All: true, Limit: store.MaxPage})
	if err != nil || len(page) == 0 {
		return err
	}
	w := page[random.IntN(len(page))].ID
	jobs, _, err := s.WorkflowJobs(r.ctx, w, 0, store.MaxPage)
	if err != nil || len(jobs) == 0 {
		return err
	}
	j := jobs[random.IntN(len(jobs))]
	switch random.IntN(9) {
	case 0:
		if n%8 == 0 {
			_, err = s.CancelWorkflow(r.ctx, w, grace, nobody)
		}
	case 1:
		_, err = s.PauseWorkflow(r.ctx, w, nobody)
	case 2, 3:
		_, err = s.ResumeWorkflow(r.ctx, w, nobody)
	case 4:
		_, _, err = s.RetryWorkflow(r.ctx, store.Retry{Workflow: ids[random.IntN(len(ids))], Mode: workflow.RetryFailed}, false, nobody)
	case 5:
		if n%4 == 0 {
			_, err = s.CancelJob(r.ctx, j.ID, grace)
		}
	case 6:
		if j.Gate != nil {
			_, err = s.AnswerGate(r.ctx, store.Answer{Job: j.ID, Type: j.Gate.Type, Approve: random.IntN(3) > 0}, ann)
		}
	case 7:
		_, _, err = s.FireTimers(r.ctx, 5)
	case 8:
		_, err = s.Explain(r.ctx, j.ID)
	}
	return err
}
