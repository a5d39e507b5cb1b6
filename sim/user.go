package sim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// user is who steers a workflow.
type user struct {
	*workload
	wf *workflow.Workflow
}

// steer plans what a user does to a workflow, and has them look after it.
func (l *workload) steer(wf *workflow.Workflow) {
	u := &user{l, wf}
	u.sometimes(0.12, 40*time.Second, "cancel "+wf.Name, u.cancel)
	u.sometimes(0.1, 40*time.Second, "cancel a job of "+wf.Name, func() { u.cancelJob(pick(u.w, wf.Jobs...)) })
	u.sometimes(0.25, 20*time.Second, "pause "+wf.Name, u.pause)
	for range 2 {
		u.sometimes(0.35, 70*time.Second, "retry "+wf.Name, func() { u.retry(3) })
	}
	u.look()
}

// sometimes has the user do something once, within a while.
func (u *user) sometimes(p float64, within time.Duration, what string, do func()) {
	if u.w.rng.Float64() < p {
		u.waiting++
		u.w.after(u.w.between(0, within), what, do)
	}
}

// did takes note of what came of a request. It reports whether it is over: what
// the state refuses is, and what may not have happened is asked for again.
func (u *user) did(err error, r store.Resolution, what string, try func()) bool {
	refused := errors.Is(err, job.ErrWrongState)
	if refused {
		err = nil
	}
	if u.again(err, what+" again", try) {
		return false
	}
	if !refused {
		u.announce(r)
	}
	return true
}

func (u *user) cancel() {
	r, err := u.store.CancelWorkflow(context.Background(), u.wf.ID, u.w.between(0, 20*time.Second), store.Actor{})
	if u.did(err, r, "cancel "+u.wf.Name, u.cancel) {
		u.waiting--
		u.sometimes(0.3, 10*time.Second, "cancel "+u.wf.Name+" twice", u.cancel)
	}
}

func (u *user) cancelJob(j *job.Job) {
	r, err := u.store.CancelJob(context.Background(), j.ID, u.w.between(0, 20*time.Second))
	if u.did(err, r, "cancel job "+j.Name, func() { u.cancelJob(j) }) {
		u.waiting--
	}
}

func (u *user) pause() {
	r, err := u.store.PauseWorkflow(context.Background(), u.wf.ID, store.Actor{})
	if u.did(err, r, "pause "+u.wf.Name, u.pause) {
		u.waiting--
	}
}

// reads reports whether a job of the workflow's file reads a payload.
func (u *user) reads(id job.ID) bool {
	return slices.ContainsFunc(u.wf.Jobs, func(j *job.Job) bool {
		p := workflow.PartsOf(j)
		return j.ID == id && j.Gate == nil && !j.Barrier && (p == nil || p.Kind == workflow.PartsMap)
	})
}

// retry runs a part of the workflow again, as a dry run says it can: now, or
// some more times later.
func (u *user) retry(more int) {
	o := store.Retry{
		Workflow: u.wf.ID, Mode: pick(u.w, workflow.RetryFailed, workflow.RetryFailed, workflow.RetryFrom, workflow.RetryAll), From: pick(u.w, u.wf.Jobs...).ID,
	}
	plan, _, err := u.store.RetryWorkflow(context.Background(), o, true, store.Actor{})
	if err == nil && u.w.rng.Float64() < 0.4 {
		if id := pick(u.w, plan.Jobs...).ID; u.reads(id) {
			o.Payloads = map[job.ID]json.RawMessage{id: fmt.Appendf(nil, `{"field":%d}`, u.w.rng.IntN(100))}
		}
	}
	var r store.Resolution
	if err == nil {
		_, r, err = u.store.RetryWorkflow(context.Background(), o, false, store.Actor{})
	}
	if errors.Is(err, job.ErrWrongState) && more > 0 {
		u.w.after(u.w.between(time.Second, 12*time.Second), "retry "+u.wf.Name+" later", func() { u.retry(more - 1) })
		return
	}
	if u.did(err, r, "retry "+u.wf.Name, func() { u.retry(more) }) {
		u.waiting--
	}
}

// look has the user look after the workflow every few seconds: decide what
// waits for that, and let go on what is paused. When faults are over they leave
// nothing undone.
func (u *user) look() {
	u.w.after(u.w.between(time.Second, 8*time.Second), "look after "+u.wf.Name, func() {
		u.lookAfter()
		u.look()
	})
}

func (u *user) lookAfter() {
	ctx := context.Background()
	w, err := u.store.Workflow(ctx, u.wf.ID)
	if err != nil {
		return
	}
	if u.answer(ctx, u.wf.ID); w.Status != workflow.Paused || u.w.faulty() && u.w.rng.Float64() < 0.4 {
		return
	}
	if w.Undecided == 0 {
		r, err := u.store.ResumeWorkflow(ctx, u.wf.ID, store.Actor{})
		u.did(err, r, "resume "+u.wf.Name, u.lookAfter)
		return
	}
	page, _, err := u.store.WorkflowJobs(ctx, u.wf.ID, 0, store.MaxPage)
	if err != nil {
		u.w.fail("%v", err)
		return
	}
	for _, j := range page {
		if j.Decision == workflow.Undecided && (!u.w.faulty() || u.w.rng.Float64() < 0.7) {
			u.decide(j)
		}
	}
}

// decide decides about a failure at random; what is lost is decided with the
// next look.
func (u *user) decide(j store.JobRecord) {
	d := store.Decision{Workflow: u.wf.ID, Job: j.ID}
	d.Action = pick(u.w, workflow.ActionSkip, workflow.ActionComplete, workflow.ActionAccept, workflow.ActionRetry, workflow.ActionRetry, workflow.ActionRetry, workflow.ActionCancel)
	if d.Action == workflow.ActionRetry && !u.w.faulty() {
		d.Action = workflow.ActionAccept // it would fail for ever
	}
	switch {
	case d.Action == workflow.ActionComplete:
		d.Result = json.RawMessage(`{"pad":"decided"}`)
	case d.Action == workflow.ActionRetry && u.reads(j.ID) && u.w.rng.Float64() < 0.3:
		d.Payload = fmt.Appendf(nil, `{"field":%d}`, u.w.rng.IntN(100))
	}
	r, err := u.store.Decide(context.Background(), d, store.Actor{})
	u.did(err, r, "look after "+u.wf.Name, func() {})
}
