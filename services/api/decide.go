package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func (a *API) decide(ctx context.Context, in *Acting) (*itemAnswer, error) {
	id, err := idOf(in.ID)
	if err != nil {
		return nil, err
	}
	const example = `{"job": "extract", "action": "retry"}`
	var name, action string
	d := store.Decision{Workflow: id}
	by, err := a.by(ctx, in, example, fields{
		"job":     func(v json.RawMessage) error { return textOf(v, "job", &name) },
		"action":  func(v json.RawMessage) error { return textOf(v, "action", &action) },
		"payload": valueOf(&d.Payload, "payload", job.MaxPayload),
		"result":  valueOf(&d.Result, "result", job.MaxResult),
	})
	if err != nil {
		return nil, err
	}
	switch d.Action = workflow.Action(action); {
	case name == "":
		return nil, badParameter("job", "name the job whose failure waits, like "+example, "is missing")
	case !d.Action.Valid():
		return nil, badParameter("action", "it is retry, skip, complete, accept or cancel", "is missing or not known")
	case d.Payload != nil && d.Action != workflow.ActionRetry:
		return nil, badParameter("payload", "leave it out, or retry the job", "goes with action retry")
	case d.Result != nil && d.Action != workflow.ActionComplete:
		return nil, badParameter("result", "leave it out, or complete the job", "goes with action complete")
	}
	ids, err := a.named(ctx, id, []string{name})
	if err != nil {
		return nil, err
	}
	d.Job = ids[name]
	changed, err := a.store.Decide(ctx, d, by)
	if errors.Is(err, job.ErrWrongState) {
		j, readErr := a.store.Job(ctx, d.Job)
		if readErr != nil {
			return nil, readErr
		}
		return nil, a.refusal(ctx, id, err, func(w store.WorkflowRecord) (string, string) { return a.decideRefused(ctx, w, j) })
	}
	if err != nil {
		return nil, err
	}
	return a.steered(ctx, id, changed)
}

// decideRefused says why nothing is to be decided about a job, and what could
// be done instead.
func (a *API) decideRefused(ctx context.Context, w store.WorkflowRecord, j store.JobRecord) (detail, hint string) {
	id := w.ID.String()
	switch {
	case j.Decision != "" && j.Decision != workflow.Undecided:
		detail = fmt.Sprintf("the failure of the job was decided already: %s", j.Decision)
	case !j.Status.Terminal():
		detail = fmt.Sprintf("the job has not failed: it is %s", j.Status)
	default:
		detail = fmt.Sprintf("the job is %s and waits for no decision", j.Status)
	}
	switch {
	case w.Undecided > 0:
		return detail, a.decideHint(ctx, w)
	case w.Status.Terminal() || w.Status == workflow.Paused:
		return detail, fmt.Sprintf("hammerwork workflow retry %s --from %s runs it again", id, j.Name)
	case w.FailurePolicy != workflow.Manual:
		return detail, fmt.Sprintf("only failures under failure_policy manual wait for decisions; this workflow has %s", w.FailurePolicy)
	}
	return detail, "hammerwork workflow show " + id + " shows what waits for a decision"
}
