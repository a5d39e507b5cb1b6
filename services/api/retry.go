package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

type planAnswer struct{ Body wire.RetryPlan }

func (a *API) retryWorkflow(ctx context.Context, in *Acting) (*planAnswer, error) {
	id, err := idOf(in.ID)
	if err != nil {
		return nil, err
	}
	var mode, from string
	var payloads map[string]json.RawMessage
	var dry bool
	by, err := a.by(ctx, in, `{"mode": "failed"}`, fields{
		"mode": func(v json.RawMessage) error { return textOf(v, "mode", &mode) },
		"from": func(v json.RawMessage) error {
			if err := textOf(v, "from", &from); err != nil {
				return err
			}
			if from == "" {
				return badParameter("from", `name the job to begin with, like {"mode": "from", "from": "extract"}`, "is empty")
			}
			return nil
		},
		"payloads": payloadsOf(&payloads),
		"dry_run": func(v json.RawMessage) error {
			if json.Unmarshal(v, &dry) != nil || string(v) == "null" {
				return badParameter("dry_run", `write it like "dry_run": true`, "is neither true nor false")
			}
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	o := store.Retry{Workflow: id, Mode: workflow.RetryMode(mode), Payloads: make(map[job.ID]json.RawMessage, len(payloads))}
	switch o.Mode {
	case "":
		o.Mode = workflow.RetryFailed
		if from != "" {
			o.Mode = workflow.RetryFrom
		}
	case workflow.RetryFailed, workflow.RetryFrom, workflow.RetryAll:
	default:
		return nil, badParameter("mode", "it is failed, from or all", "is not known")
	}
	switch {
	case o.Mode == workflow.RetryFrom && from == "":
		return nil, badParameter("from", `name the job to begin with, like {"mode": "from", "from": "extract"}`, "is missing")
	case o.Mode != workflow.RetryFrom && from != "":
		return nil, badParameter("from", "leave it out, or leave mode out", "contradicts mode %s", o.Mode)
	}
	names := slices.Sorted(maps.Keys(payloads))
	if from != "" {
		names = append(names, from)
	}
	ids, err := a.named(ctx, id, names)
	if err != nil {
		return nil, err
	}
	if from != "" {
		o.From = ids[from]
	}
	for name, payload := range payloads {
		o.Payloads[ids[name]] = payload
	}
	plan, changed, err := a.store.RetryWorkflow(ctx, o, dry, by)
	if err != nil {
		return nil, a.refusal(ctx, id, err, func(w store.WorkflowRecord) (string, string) { return retryRefused(w, err) })
	}
	if !dry {
		a.announce(changed)
	}
	w, err := a.store.Workflow(ctx, id)
	if err != nil {
		return nil, err
	}
	return &planAnswer{wire.PlanFromRecord(w, plan, dry)}, nil
}

// payloadsOf reads the payloads of a retry.
func payloadsOf(into *map[string]json.RawMessage) func(json.RawMessage) error {
	return func(v json.RawMessage) error {
		list, err := objectOf(v)
		if err != nil {
			return badParameter("payloads", `write them like {"extract": {"day": "monday"}}`, "are not payloads by the names of jobs: %v", err)
		}
		for name, payload := range list {
			if err := valueOf(&payload, fmt.Sprintf("the payload of %.60q", name), job.MaxPayload)(payload); err != nil {
				return err
			}
		}
		*into = list
		return nil
	}
}

// retryRefused says why a workflow cannot be retried as was asked.
func retryRefused(w store.WorkflowRecord, err error) (detail, hint string) {
	id := w.ID.String()
	switch {
	case w.Status == workflow.Cancelling:
		return "the workflow is being cancelled", "hammerwork workflow wait " + id + " waits for its end; retry it then"
	case !w.Status.Terminal() && w.Status != workflow.Paused:
		return fmt.Sprintf("the workflow is %s; only one that has ended or is paused can be retried", w.Status),
			"hammerwork workflow pause " + id + " pauses it, hammerwork workflow cancel " + id + " ends it"
	}
	detail = reasonOf(err)
	if w.Running > 0 {
		return detail, "wait until what runs has ended; hammerwork workflow status " + id + " shows it"
	}
	return detail, "hammerwork workflow retry " + id + " --all --dry-run shows what could run again"
}

func (a *API) retryJob(ctx context.Context, in *Acting) (*jobAnswer, error) {
	id, err := idOf(in.ID)
	if err != nil {
		return nil, err
	}
	var payload json.RawMessage
	by, err := a.by(ctx, in, `{"payload": {"day": "monday"}}`, fields{"payload": valueOf(&payload, "payload", job.MaxPayload)})
	if err != nil {
		return nil, err
	}
	changed, err := a.store.RetryJob(ctx, id, payload, by)
	switch {
	case errors.Is(err, job.ErrWrongState):
		return nil, a.jobRetryRefusal(ctx, id, err)
	case err != nil:
		return nil, err
	}
	a.announce(changed)
	return a.job(ctx, id, false)
}

// jobRetryRefusal says why a job is not run again, and what does so instead: a
// job of a workflow runs again with what depends on it.
func (a *API) jobRetryRefusal(ctx context.Context, id job.ID, refused error) error {
	j, err := a.store.Job(ctx, id)
	if err != nil {
		return err
	}
	if j.Workflow == (job.ID{}) {
		hint := "hammerwork job explain " + id.String() + " says why it does not run"
		switch {
		case j.Status == job.UpstreamFailed && j.Cause != (job.ID{}):
			hint = "hammerwork job retry " + j.Cause.String()
		case j.Status == job.Completed:
			hint = "enqueue it again: hammerwork job enqueue --queue QUEUE --payload JSON"
		}
		return newProblem(wire.CodeWrongState, hint, "%s", reasonOf(refused))
	}
	w, err := a.store.Workflow(ctx, j.Workflow)
	if errors.Is(err, job.ErrNotFound) {
		return newProblem(wire.CodeNotFound, "enqueue it again", "the workflow of the job is gone")
	}
	if err != nil {
		return err
	}
	detail, hint := jobRetryRefused(w, j)
	return newProblem(wire.CodeWrongState, hint, "%s", detail)
}

// reasonOf is what the decider says of a state that does not allow something.
func reasonOf(refused error) string {
	if _, reason, _ := strings.Cut(refused.Error(), job.ErrWrongState.Error()+": "); reason != "" {
		return reason
	}
	return "its state does not allow this retry"
}

// jobRetryRefused names the call that runs a job of a workflow again.
func jobRetryRefused(w store.WorkflowRecord, j store.JobRecord) (detail, hint string) {
	id := w.ID.String()
	from := fmt.Sprintf("hammerwork workflow retry %s --from %s", id, j.Name)
	switch {
	case j.Decision == workflow.Undecided:
		return "the job belongs to a workflow, and its failure waits for a decision", decideCall(w.ID, j.Name)
	case !j.Status.Terminal():
		return fmt.Sprintf("the job has not ended: it is %s", j.Status), "hammerwork job show " + j.ID.String() + " shows how it stands"
	case w.Status.Terminal() || w.Status == workflow.Paused:
		return "the job belongs to a workflow: it runs again together with what depends on it", from
	case w.Status == workflow.Cancelling:
		return "the job belongs to a workflow that is being cancelled", "when it has ended: " + from
	}
	return "the job belongs to a workflow that has not ended", "when it has ended, or after hammerwork workflow pause " + id + ": " + from
}
