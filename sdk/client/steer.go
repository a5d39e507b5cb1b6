package client

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/plainjson"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// SteerOption says something for the audit of a workflow.
type SteerOption struct{ actor store.Actor }

// By says who asks for it: a person or a program. Without it the audit says
// "client".
func By(name string) SteerOption { return SteerOption{store.Actor{Name: name}} }

// Because says why.
func Because(comment string) SteerOption { return SteerOption{store.Actor{Comment: comment}} }

func actor(options []SteerOption) (store.Actor, error) {
	a := store.Actor{Name: "client"}
	for _, o := range options {
		a.Name = cmp.Or(o.actor.Name, a.Name)
		a.Comment = cmp.Or(o.actor.Comment, a.Comment)
	}
	if len([]rune(a.Name)) > job.MaxName || len(a.Comment) > job.MaxError {
		return a, fmt.Errorf("an actor has at most %d characters, a comment %d bytes", job.MaxName, job.MaxError)
	}
	if text := a.Name + a.Comment; strings.ContainsRune(text, 0) || !utf8.ValidString(text) {
		return a, errors.New("an actor and a comment are UTF-8 without U+0000")
	}
	return a, nil
}

// CancelWorkflow ends a workflow: what does not run is cancelled at once,
// handlers that run see the end of their context and may still end by
// themselves within the grace. Then its finally jobs run; cancelling it again
// stops these, too. job.ErrNotFound, or job.ErrWrongState when it has ended.
func (c *Client) CancelWorkflow(ctx context.Context, id job.ID, options ...SteerOption) error {
	return c.steer(options, func(by store.Actor) (store.Resolution, error) {
		return c.store.CancelWorkflow(ctx, id, c.cfg.CancelGrace, by)
	})
}

// PauseWorkflow keeps jobs of a workflow from starting until ResumeWorkflow;
// what runs goes on. job.ErrNotFound, or job.ErrWrongState when it has ended or
// is being cancelled. Pausing it again changes nothing.
func (c *Client) PauseWorkflow(ctx context.Context, id job.ID, options ...SteerOption) error {
	return c.steer(options, func(by store.Actor) (store.Resolution, error) { return c.store.PauseWorkflow(ctx, id, by) })
}

// ResumeWorkflow ends the pause of PauseWorkflow. job.ErrNotFound, or
// job.ErrWrongState when it has ended or failures of it wait for Decide.
// Resuming a workflow that is not paused changes nothing.
func (c *Client) ResumeWorkflow(ctx context.Context, id job.ID, options ...SteerOption) error {
	return c.steer(options, func(by store.Actor) (store.Resolution, error) { return c.store.ResumeWorkflow(ctx, id, by) })
}

// Decision is what becomes of a failure under workflow.Manual.
type Decision struct {
	Job    string // its name
	Action workflow.Action
	// Payload is what a job that is retried gets instead of its payload, any
	// value that encodes as JSON; nil: the payload it had.
	Payload any
	// Result is what a job that is completed returned; nil: null.
	Result any
}

// Decide applies a decision about a failure that waits for one. Nothing of the
// workflow starts while another still waits. job.ErrNotFound when there is no
// such workflow or job; job.ErrWrongState when the job waits for no decision.
func (c *Client) Decide(ctx context.Context, id job.ID, d Decision, options ...SteerOption) error {
	if !d.Action.Valid() {
		return fmt.Errorf("decide about job %q: there is no action %q", d.Job, d.Action)
	}
	if d.Payload != nil && d.Action != workflow.ActionRetry || d.Result != nil && d.Action != workflow.ActionComplete {
		return fmt.Errorf("decide about job %q: a payload goes with %s, a result with %s", d.Job, workflow.ActionRetry, workflow.ActionComplete)
	}
	payload, err := encoded(d.Payload, "payload", job.MaxPayload)
	if err != nil {
		return fmt.Errorf("decide about job %q: %w", d.Job, err)
	}
	result, err := encoded(d.Result, "result", job.MaxResult)
	if err != nil {
		return fmt.Errorf("decide about job %q: %w", d.Job, err)
	}
	ids, err := c.named(ctx, id, []string{d.Job})
	if err != nil {
		return err
	}
	return c.steer(options, func(by store.Actor) (store.Resolution, error) {
		return c.store.Decide(ctx, store.Decision{Workflow: id, Job: ids[d.Job], Action: d.Action, Payload: payload, Result: result}, by)
	})
}

// Retry is what of a workflow runs again. The zero Retry is all that failed and
// what could not run because of it.
type Retry struct {
	Mode     workflow.RetryMode // empty: RetryFailed, or RetryFrom when From is set
	From     string             // the name of the job that RetryFrom begins with
	Payloads map[string]any     // of jobs that run again, by name, instead of theirs
}

// RetryPlan is what a retry runs again.
type RetryPlan struct {
	Run  int // the number of the run
	Jobs []PlannedJob
}

// PlannedJob is a job that runs again.
type PlannedJob struct {
	ID     job.ID
	Name   string
	Status job.Status // before
	// SpawnedBy is the name of the job whose handler spawned it; empty: none.
	SpawnedBy string
}

// RetryWorkflow runs a part of a workflow again that has ended or is paused.
// What has completed and is not chosen does not run again; finally jobs always
// do. job.ErrNotFound when there is no such workflow or job; job.ErrWrongState
// when it still runs, a worker holds a job that would run again, nothing of it
// failed, or a payload is for a job that does not run again.
func (c *Client) RetryWorkflow(ctx context.Context, id job.ID, r Retry, options ...SteerOption) (RetryPlan, error) {
	return c.retry(ctx, id, r, false, options)
}

// PlanRetry says what RetryWorkflow would run, and changes nothing. Its errors
// are those of RetryWorkflow.
func (c *Client) PlanRetry(ctx context.Context, id job.ID, r Retry) (RetryPlan, error) {
	return c.retry(ctx, id, r, true, nil)
}

func (c *Client) retry(ctx context.Context, id job.ID, r Retry, dry bool, options []SteerOption) (RetryPlan, error) {
	by, err := actor(options)
	if err != nil {
		return RetryPlan{}, err
	}
	o := store.Retry{Workflow: id, Mode: r.Mode, Payloads: make(map[job.ID]json.RawMessage, len(r.Payloads))}
	names := slices.Sorted(maps.Keys(r.Payloads))
	if o.Mode == "" && r.From != "" {
		o.Mode = workflow.RetryFrom
	}
	switch o.Mode {
	case "":
		o.Mode = workflow.RetryFailed
	case workflow.RetryFrom:
		names = append(names, r.From)
	case workflow.RetryFailed, workflow.RetryAll:
		if r.From != "" {
			return RetryPlan{}, fmt.Errorf("retry workflow %s: a job to begin with contradicts mode %s", id, o.Mode)
		}
	default:
		return RetryPlan{}, fmt.Errorf("retry workflow %s: there is no mode %q", id, o.Mode)
	}
	ids, err := c.named(ctx, id, names)
	if err != nil {
		return RetryPlan{}, err
	}
	o.From = ids[r.From]
	for name, value := range r.Payloads {
		payload, err := encoded(value, "payload", job.MaxPayload)
		if err != nil {
			return RetryPlan{}, fmt.Errorf("retry job %q: %w", name, err)
		}
		if payload == nil {
			payload = json.RawMessage("null")
		}
		o.Payloads[ids[name]] = payload
	}
	plan, changed, err := c.store.RetryWorkflow(ctx, o, dry, by)
	if err != nil {
		return RetryPlan{}, err
	}
	if !dry {
		c.hints.announce(changed)
	}
	out := RetryPlan{Run: plan.Run, Jobs: make([]PlannedJob, len(plan.Jobs))}
	for i, j := range plan.Jobs {
		out.Jobs[i] = PlannedJob(j)
	}
	return out, nil
}

// steer does something to a workflow and sends the hints.
func (c *Client) steer(options []SteerOption, do func(store.Actor) (store.Resolution, error)) error {
	by, err := actor(options)
	if err != nil {
		return err
	}
	r, err := do(by)
	if err == nil {
		c.hints.announce(r)
	}
	return err
}

// named returns the ids of jobs of a workflow by their names.
func (c *Client) named(ctx context.Context, id job.ID, names []string) (map[string]job.ID, error) {
	ids, err := c.store.JobIDs(ctx, id, names)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if _, known := ids[name]; !known {
			return nil, fmt.Errorf("job %q of workflow %s: %w", name, id, job.ErrNotFound)
		}
	}
	return ids, nil
}

// encoded encodes a value as JSON of a bounded size; nil stays nil.
func encoded(value any, what string, limit int) (json.RawMessage, error) {
	if value == nil {
		return nil, nil
	}
	data, err := plainjson.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be encoded as JSON: %w", what, err)
	}
	if len(data) > limit {
		return nil, fmt.Errorf("%s has %d bytes; at most %d are allowed", what, len(data), limit)
	}
	return data, nil
}

// AuditRecord is something that somebody did to a workflow.
type AuditRecord struct {
	At      time.Time
	Actor   string // as they said
	Action  string // cancel, pause, resume, retry, decide.skip, …
	JobID   job.ID // zero: the workflow as a whole
	Comment string
}

// Audit goes through what was done to a workflow, oldest first. It stops at the
// first error, which it yields.
func (c *Client) Audit(ctx context.Context, id job.ID) iter.Seq2[AuditRecord, error] {
	record := func(r store.AuditRecord) AuditRecord { return AuditRecord{r.At, r.Actor, r.Action, r.Job, r.Comment} }
	return pages(job.ID{}, record, func(after job.ID) ([]store.AuditRecord, job.ID, error) {
		page, err := c.store.Audit(ctx, id, after, pageSize)
		if len(page) < pageSize {
			return page, job.ID{}, err
		}
		return page, page[pageSize-1].ID, err
	})
}

// Cause is a failure with what could not run because of it.
type Cause struct {
	JobID  job.ID
	Name   string // empty: it is not stored any more
	Status job.Status
	Error  string
	Count  int // how many jobs are upstream_failed because of it
}

// Causes groups the jobs of a workflow that could not run by the first failure
// that they go back to: at most limit failures, the widest first.
func (c *Client) Causes(ctx context.Context, id job.ID, limit int) ([]Cause, error) {
	list, err := c.store.Causes(ctx, id, limit)
	if err != nil {
		return nil, err
	}
	out := make([]Cause, len(list))
	for i, r := range list {
		out[i] = Cause{r.Job, r.Name, r.Status, r.Error, r.Count}
	}
	return out, nil
}
