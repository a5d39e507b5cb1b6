package storetest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// ann is who answers gates.
var ann = store.Actor{Name: "ann", Comment: "looks good, a<b"}

// answer answers a gate; errors are the test's.
func (r *rig) answer(a store.Answer, by store.Actor) store.Resolution {
	r.Helper()
	res, err := r.s.AnswerGate(r.ctx, a, by)
	r.ok(err, "answer")
	return res
}

func approve(id job.ID) store.Answer {
	return store.Answer{Job: id, Type: job.GateApproval, Approve: true}
}

func reject(id job.ID) store.Answer { return store.Answer{Job: id, Type: job.GateApproval} }

func signal(id job.ID, payload string) store.Answer {
	return store.Answer{Job: id, Type: job.GateSignal, Payload: json.RawMessage(payload)}
}

// aroundGate returns before → gate → after.
func aroundGate(gate *job.Job) []*job.Job {
	before := task("before")
	return []*job.Job{before, gate.DependsOnJobs(before), task("after", gate)}
}

func testGate(t *testing.T, open Opener) {
	check(t, open, "an approval is suspended when it may run, no worker gets it, and what waits for it runs when it is approved", func(r *rig) {
		gate := job.NewApproval("gate")
		id := r.start(aroundGate(gate)...)
		r.wantJobs(id, "gate: pending")
		r.complete(r.claimNamed("before")["before"])
		r.wantJobs(id, "gate: suspended", "after: pending")
		r.wantIdle()
		rec := r.job(gate.ID)
		r.equal("dependency status", rec.DependencyStatus, job.Satisfied)
		if rec.Gate == nil || rec.Gate.OpenedAt.IsZero() || !rec.Gate.ExpiresAt.IsZero() || rec.Gate.Answer != nil || rec.StartedAt.IsZero() {
			r.Errorf("the gate is %+v", rec.Gate)
		}
		r.equal("suspended in stats", r.workflow(id).Suspended, 1)
		page, _, err := r.s.Workflows(r.ctx, store.WorkflowFilter{Limit: 10})
		r.ok(err, "list")
		r.equal("suspended in the list", page[0].Suspended, 1)
		r.equal("status in the view", text(r.shown()[gate.ID]["status"]), "suspended")

		res := r.answer(approve(gate.ID), ann)
		r.equal("queues", res.Queues, []string{queue})
		r.wantJob(gate.ID, "completed")
		rec = r.job(gate.ID)
		r.equal("result", string(rec.Result), `{"approved":true,"actor":"ann","comment":"looks good, a<b"}`)
		a := rec.Gate.Answer
		if a == nil || a.Actor != "ann" || !a.Approve || a.Comment != "looks good, a<b" || a.Expired || a.At.IsZero() {
			r.Errorf("the answer is %+v", a)
		}
		list, err := r.s.Audit(r.ctx, id, job.ID{}, 10)
		r.ok(err, "audit")
		r.equal("audit", []any{len(list), list[0].Action, list[0].Actor, list[0].Comment, list[0].Job}, []any{1, "approve", "ann", "looks good, a<b", gate.ID})
		r.complete(r.claimNamed("after")["after"])
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "a rejection fails the gate with its comment", func(r *rig) {
		gate := job.NewApproval("gate")
		id := r.enqueueTolerant(aroundGate(gate)...)
		r.runToEnd()
		r.answer(reject(gate.ID), store.Actor{Name: "bob", Comment: "not today"})
		r.wantJobs(id, "gate: failed rejected", "after: upstream_failed upstream")
		r.equal("error", r.job(gate.ID).Error, "not today")
		r.wantWorkflow(id, workflow.Failed)
		r.equal("audit", r.audits(id), "reject")
	})

	check(t, open, "gates without parents open once their workflow runs", func(r *rig) {
		gate, timer := job.NewSignal("gate"), job.NewTimer("timer", time.Hour)
		e := r.enqueue(graph(gate, timer))
		r.equal("checks", e.Checks, true)
		r.wantJob(gate.ID, "pending")
		r.checkEdges()
		r.wantJob(gate.ID, "suspended")
		r.wantJob(timer.ID, "suspended")
		loose := job.NewSignal("loose")
		r.enqueueJobs(loose)
		r.checkEdges()
		r.wantJob(loose.ID, "suspended")
		r.answer(signal(loose.ID, `1`), ann)
		r.wantJob(loose.ID, "completed")
	})

	check(t, open, "a signal's payload is its result, also one that came before it opened", func(r *rig) {
		gate := job.NewSignal("gate")
		id := r.start(aroundGate(gate)...)
		r.answer(signal(gate.ID, `{"n": 2}`), ann)
		r.answer(signal(gate.ID, `{"n":2}`), store.Actor{Name: "bob"}) // the same may come again
		_, err := r.s.AnswerGate(r.ctx, signal(gate.ID, `{"n":3}`), ann)
		r.isErr("another signal", err, job.ErrWrongState)
		if !strings.Contains(err.Error(), "signalled already, and waits for the gate to open") {
			r.Errorf("%v does not say why", err)
		}
		r.equal("audit", r.audits(id), "signal")
		r.wantJob(gate.ID, "pending")
		if g := r.job(gate.ID).Gate; !g.OpenedAt.IsZero() || g.Answer == nil || g.Answer.Actor != "ann" || string(g.Answer.Payload) != `{"n": 2}` {
			r.Errorf("the gate is %+v", g)
		}
		r.complete(r.claimNamed("before")["before"])
		r.wantJob(gate.ID, "completed")
		r.equal("result", string(r.job(gate.ID).Result), `{"n": 2}`)
		r.complete(r.claimNamed("after")["after"])
		r.wantWorkflow(id, workflow.Completed)

		gate = job.NewSignal("gate")
		r.start(aroundGate(gate)...)
		r.runToEnd()
		r.answer(store.Answer{Job: gate.ID, Type: job.GateSignal}, ann)
		r.equal("result of an empty payload", string(r.job(gate.ID).Result), `null`)
	})

	check(t, open, "what is no such gate, has ended or has not opened is not answered", func(r *rig) {
		approval, sig, timer, plain := job.NewApproval("approval"), job.NewSignal("signal"), job.NewTimer("timer", time.Hour), task("plain")
		id := r.start(plain, approval.DependsOnJobs(plain), sig, timer)
		refused := func(a store.Answer, want error, words string) {
			r.Helper()
			_, err := r.s.AnswerGate(r.ctx, a, ann)
			r.isErr("answer", err, want)
			if !strings.Contains(err.Error(), words) {
				r.Errorf("%v does not say %q", err, words)
			}
		}
		r.unchanged(id, func() {
			refused(approve(approval.ID), job.ErrWrongState, "not opened")
			refused(signal(plain.ID, `1`), job.ErrWrongState, "no gate")
			refused(signal(approval.ID, `1`), job.ErrWrongState, "approve or reject")
			refused(approve(sig.ID), job.ErrWrongState, "send it a payload")
			refused(approve(timer.ID), job.ErrWrongState, "nobody answers")
			refused(approve(job.NewID()), job.ErrNotFound, "")
			for _, payload := range []string{`{`, `"` + strings.Repeat("x", job.MaxResult) + `"`} {
				if _, err := r.s.AnswerGate(r.ctx, signal(sig.ID, payload), ann); err == nil {
					r.Errorf("a payload of %d bytes is taken", len(payload))
				}
			}
		})
		r.checkEdges()
		r.answer(signal(sig.ID, `1`), ann)
		refused(signal(sig.ID, `2`), job.ErrWrongState, "ended")
		r.equal("result", string(r.job(sig.ID).Result), `1`)
		r.cancel(id)
		refused(approve(approval.ID), job.ErrWrongState, "ended")
	})

	check(t, open, "a timer completes when its time has come, and not before", func(r *rig) {
		at := r.Now().Add(3 * time.Hour)
		wait, until, past := job.NewTimer("wait", time.Hour), job.NewTimerUntil("until", at), job.NewTimerUntil("past", r.Now().Add(-time.Hour))
		id := r.start(wait, until, past, task("after", wait, until, past))
		r.checkEdges()
		r.fire()
		r.wantJobs(id, "wait: suspended", "until: suspended", "past: completed")
		r.isNear("expiry", r.job(wait.ID).Gate.ExpiresAt.Sub(r.Now()), time.Hour)
		r.Advance(time.Hour + slack)
		r.fire()
		r.wantJobs(id, "wait: completed", "until: suspended")
		r.equal("result", string(r.job(wait.ID).Result), "null")
		r.Advance(2 * time.Hour)
		r.fire()
		r.wantJob(until.ID, "completed")
		r.claimNamed("after")
	})

	check(t, open, "a gate that nobody answers expires, or its default holds", func(r *rig) {
		plain, approved := job.NewApproval("plain").WithExpiry(time.Hour), job.NewApproval("approved").WithApprovalOnExpiry(time.Hour)
		sig, sent := job.NewSignal("signal").WithExpiry(time.Hour), job.NewSignal("sent").WithPayloadOnExpiry(time.Hour, 7)
		sent.Gate.DefaultPayload = json.RawMessage(`"<sent> &"`)
		quick := job.NewApproval("quick").WithExpiry(time.Hour)
		id := r.enqueueTolerant(plain, approved, sig, sent, quick)
		r.checkEdges()
		r.answer(approve(quick.ID), ann)
		r.Advance(time.Hour + slack)
		res := r.fire()
		r.equal("ended", len(res.Jobs), 4)
		r.wantJobs(id, "plain: failed expired", "approved: completed", "signal: failed expired", "sent: completed", "quick: completed")
		r.equal("result of approved", string(r.job(approved.ID).Result), `{"approved":true,"expired":true}`)
		r.equal("result of sent", string(r.job(sent.ID).Result), `"<sent> &"`)
		r.equal("error", r.job(plain.ID).Error, "nobody answered in time")
		a := r.job(approved.ID).Gate.Answer
		if a == nil || !a.Expired || !a.Approve || a.Actor != "" {
			r.Errorf("the answer is %+v", a)
		}
		r.wantWorkflow(id, workflow.Failed)
	})

	check(t, open, "a retry opens a gate again, and its old answer, and its old time, are forgotten", func(r *rig) {
		gate := job.NewApproval("gate").WithExpiry(2 * time.Hour)
		id := r.start(aroundGate(gate)...)
		r.runToEnd()
		r.Advance(time.Hour)
		r.answer(reject(gate.ID), ann)
		r.wantWorkflow(id, workflow.Failed)
		_, _, err := r.s.RetryWorkflow(r.ctx, store.Retry{Workflow: id, Mode: workflow.RetryFailed}, false, nobody)
		r.ok(err, "retry")
		rec := r.job(gate.ID)
		r.equal("status", rec.Status, job.Suspended)
		if rec.Gate.Answer != nil || rec.Gate.OpenedAt.IsZero() || len(rec.Runs) != 1 || rec.Runs[0].Error != ann.Comment || rec.Runs[0].StartedAt.IsZero() {
			r.Errorf("the gate is %+v, its runs %+v", rec.Gate, rec.Runs)
		}
		r.Advance(time.Hour + slack) // the time of its first run
		r.fire()
		r.wantJob(gate.ID, "suspended")
		r.Advance(time.Hour)
		r.fire()
		r.wantJob(gate.ID, "failed expired")
	})

	check(t, open, "a cancel, a deadline, fail_fast and a cancel of the job end an open gate at once", func(r *rig) {
		opened := func(gate *job.Job, others ...*job.Job) job.ID {
			id := r.start(append([]*job.Job{gate}, others...)...)
			r.checkEdges()
			r.wantJob(gate.ID, "suspended")
			return id
		}
		gate := job.NewApproval("gate")
		id := opened(gate)
		res := r.cancel(id)
		r.equal("control", len(res.Control), 0)
		r.wantJob(gate.ID, "cancelled user")
		r.wantWorkflow(id, workflow.Cancelled)

		gate = job.NewApproval("gate").WithDeadline(time.Hour)
		id = opened(gate)
		r.Advance(time.Hour + slack)
		r.fire()
		r.wantJob(gate.ID, "timed_out deadline")
		r.wantWorkflow(id, workflow.Failed)

		gate = job.NewApproval("gate")
		id = opened(gate, task("a").WithRetry(once()))
		r.commit(failed(r.claimOne()))
		r.wantJob(gate.ID, "cancelled fail_fast")
		r.wantWorkflow(id, workflow.Failed)

		gate = job.NewApproval("gate")
		id = opened(gate, task("b"))
		r.cancelJob(gate.ID)
		r.wantJob(gate.ID, "cancelled user")
		r.wantWorkflow(id, workflow.Running)
	})

	check(t, open, "a gate does not open in a paused workflow, and one that is open is answered there", func(r *rig) {
		late, early := job.NewApproval("late"), job.NewApproval("early")
		first := task("first")
		id := r.start(first, early, late.DependsOnJobs(first), task("after", early, late))
		r.checkEdges()
		c := r.claimNamed("first")["first"]
		_, err := r.s.PauseWorkflow(r.ctx, id, nobody)
		r.ok(err, "pause")
		r.complete(c)
		r.wantJobs(id, "late: pending", "early: suspended")
		r.answer(approve(early.ID), ann)
		r.wantJob(early.ID, "completed")
		_, err = r.s.ResumeWorkflow(r.ctx, id, nobody)
		r.ok(err, "resume")
		r.wantJob(late.ID, "suspended")
		r.answer(approve(late.ID), ann)
		r.claimNamed("after")
	})

	check(t, open, "a rejection waits for a decision under manual", func(r *rig) {
		gate := job.NewApproval("gate")
		w := graph(aroundGate(gate)...).WithFailurePolicy(workflow.Manual)
		r.enqueue(w)
		r.runToEnd()
		r.answer(reject(gate.ID), ann)
		r.wantWorkflow(w.ID, workflow.Paused)
		_, err := r.s.Decide(r.ctx, store.Decision{Workflow: w.ID, Job: gate.ID, Action: workflow.ActionRetry}, nobody)
		r.ok(err, "decide")
		r.wantJob(gate.ID, "suspended")
		r.answer(approve(gate.ID), ann)
		r.claimNamed("after")
	})

	check(t, open, "of two answers at once one counts", func(r *rig) {
		gate := job.NewApproval("gate")
		id := r.enqueueTolerant(gate)
		r.checkEdges()
		var errs [2]error
		together(
			func() { _, errs[0] = r.s.AnswerGate(r.ctx, approve(gate.ID), ann) },
			func() { _, errs[1] = r.Second().AnswerGate(r.ctx, reject(gate.ID), ann) },
		)
		if (errs[0] == nil) == (errs[1] == nil) {
			r.Fatalf("the answers ended with %v and %v", errs[0], errs[1])
		}
		want := "completed"
		if errs[0] != nil {
			want = "failed rejected"
		}
		r.wantJob(gate.ID, want)
		r.equal("ended", r.workflow(id).Tally.Ended(), 1)
	})
}

// audits lists the actions of a workflow's audit.
func (r *rig) audits(id job.ID) string {
	r.Helper()
	list, err := r.s.Audit(r.ctx, id, job.ID{}, 100)
	r.ok(err, "audit")
	var actions []string
	for _, a := range list {
		actions = append(actions, a.Action)
	}
	return strings.Join(actions, ", ")
}
