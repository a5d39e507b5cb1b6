package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/spelling"
)

// steerRoutes registers what people do to workflows, and who did it.
func (a *API) steerRoutes(api huma.API, doc *document) {
	steer := func(verb, summary, description, body string) route {
		r := post("/workflows/{id}/"+verb, verb+"-workflow", summary, description, wire.CodeNotFound, wire.CodeWrongState)
		r.body = body
		return r
	}
	register(a, api, doc, steer("pause", "Keep jobs of a workflow from starting", "What runs goes on. Pausing again changes nothing.", steerBody), a.pauseWorkflow)
	register(a, api, doc, steer("resume", "Let a paused workflow go on", "Refused while failures wait for a decision. Resuming one that is not paused changes nothing.", steerBody), a.resumeWorkflow)
	register(a, api, doc, steer("cancel", "Cancel a workflow", "What runs may end by itself within the grace; finally jobs run. A second cancel stops these, too.", cancelWorkflowBody), a.cancelWorkflow)
	register(a, api, doc, steer("retry", "Run a part of a workflow again", "For one that has ended or is paused. With dry_run it only says which jobs would run again.", retryBody), a.retryWorkflow)
	register(a, api, doc, steer("decide", "Decide about a failure", "For a failure that waits for a decision, under failure_policy manual.", decideBody), a.decide)

	found := func(r route) route { r.codes = append(r.codes, wire.CodeNotFound); return r }
	register(a, api, doc, found(get("/workflows/{id}/audit", "list-workflow-audit", "What people did to a workflow, oldest first", "")), a.listAudit)
	register(a, api, doc, found(get("/workflows/{id}/causes", "list-workflow-causes", "Why jobs of a workflow could not run",
		"Each failure with the number of jobs that could not run because of it, the widest first.")), a.listCauses)
}

// Acting is what every request that does something to a workflow takes.
type Acting struct {
	Identified
	Actor string `header:"X-Hammerwork-Actor" doc:"Who asks for it, for the audit. As actor in the body. Nobody checks it."`
}

// somebody is the actor of requests that name none.
const somebody = "api"

// fields reads the fields of a small body.
type fields = map[string]func(json.RawMessage) error

// by reads the body of a request: who asks and why, and what else it has.
func (a *API) by(ctx context.Context, in *Acting, example string, more fields) (store.Actor, error) {
	const who = "X-Hammerwork-Actor"
	var inBody string
	var by store.Actor
	read := fields{
		"actor":   func(v json.RawMessage) error { return textOf(v, "actor", &inBody) },
		"comment": func(v json.RawMessage) error { return textOf(v, "comment", &by.Comment) },
	}
	for name, f := range more {
		read[name] = f
	}
	if err := options(callOf(ctx).body, example, read); err != nil {
		return by, err
	}
	switch by.Name = in.Actor; {
	case by.Name == "":
		by.Name = inBody
	case inBody != "" && inBody != by.Name:
		return by, badParameter(who, "send one of them", "differs from actor in the body")
	}
	if !isLine(by.Name) {
		return by, badParameter("actor", "use at most 200 characters without control characters", "is not a name")
	}
	if by.Name == "" {
		by.Name = somebody
	}
	if len(by.Comment) > job.MaxError || strings.ContainsRune(by.Comment, 0) {
		return by, badParameter("comment", "keep it short", "has more than %d bytes, or U+0000", job.MaxError)
	}
	return by, nil
}

// textOf reads a field that is a text.
func textOf(v json.RawMessage, name string, into *string) error {
	if json.Unmarshal(v, into) != nil || string(v) == "null" || !utf8.Valid(v) {
		return badParameter(name, fmt.Sprintf("write it like %q: %q", name, "text"), "is not a text")
	}
	return nil
}

// graceOf reads how long what is cancelled may go on.
func graceOf(into *time.Duration) func(json.RawMessage) error {
	return func(v json.RawMessage) error {
		var text string
		_ = json.Unmarshal(v, &text) // what is no text is no duration
		d, err := time.ParseDuration(text)
		if *into = d; err != nil || d < 0 || d > longestGrace {
			return badParameter("grace", `write it like "10s"`, "is not a duration up to %s", longestGrace)
		}
		return nil
	}
}

// valueOf reads a field that is any JSON of a bounded size.
func valueOf(into *json.RawMessage, name string, limit int) func(json.RawMessage) error {
	return func(v json.RawMessage) error {
		switch {
		case len(v) > limit:
			return newProblem(wire.CodeTooLarge, "keep large data outside and pass its place", "%s has %d bytes; at most %d are allowed", name, len(v), limit)
		case !utf8.Valid(v):
			return badParameter(name, "send UTF-8", "is not valid JSON")
		}
		*into = v
		return nil
	}
}

func (a *API) pauseWorkflow(ctx context.Context, in *Acting) (*itemAnswer, error) {
	return a.steer(ctx, in, nil, func(id job.ID, by store.Actor) (store.Resolution, error) { return a.store.PauseWorkflow(ctx, id, by) },
		func(w store.WorkflowRecord) (detail, hint string) {
			if w.Status == workflow.Cancelling {
				return "the workflow is being cancelled", "hammerwork workflow wait " + w.ID.String() + " waits for its end"
			}
			return endedDetail(w), retryHint(w)
		})
}

func (a *API) resumeWorkflow(ctx context.Context, in *Acting) (*itemAnswer, error) {
	return a.steer(ctx, in, nil, func(id job.ID, by store.Actor) (store.Resolution, error) { return a.store.ResumeWorkflow(ctx, id, by) },
		func(w store.WorkflowRecord) (detail, hint string) {
			switch {
			case w.Undecided > 0:
				return "failures of it wait for a decision", a.decideHint(ctx, w)
			case w.Status == workflow.Cancelling:
				return "the workflow is being cancelled", "hammerwork workflow wait " + w.ID.String() + " waits for its end"
			}
			return endedDetail(w), retryHint(w)
		})
}

func (a *API) cancelWorkflow(ctx context.Context, in *Acting) (*itemAnswer, error) {
	grace := a.cfg.CancelGrace
	return a.steer(ctx, in, fields{"grace": graceOf(&grace)},
		func(id job.ID, by store.Actor) (store.Resolution, error) {
			return a.store.CancelWorkflow(ctx, id, grace, by)
		},
		func(w store.WorkflowRecord) (detail, hint string) {
			return endedDetail(w), "hammerwork workflow show " + w.ID.String() + " shows how"
		})
}

// steer does something to a workflow and answers how it stands then. refused
// says why its state did not allow it.
func (a *API) steer(ctx context.Context, in *Acting, more fields, do func(job.ID, store.Actor) (store.Resolution, error),
	refused func(store.WorkflowRecord) (detail, hint string),
) (*itemAnswer, error) {
	id, err := idOf(in.ID)
	if err != nil {
		return nil, err
	}
	by, err := a.by(ctx, in, `{"comment": "why"}`, more)
	if err != nil {
		return nil, err
	}
	changed, err := do(id, by)
	if err != nil {
		return nil, a.refusal(ctx, id, err, refused)
	}
	return a.steered(ctx, id, changed)
}

// steered tells the world what changed and answers how the workflow stands.
func (a *API) steered(ctx context.Context, id job.ID, changed store.Resolution) (*itemAnswer, error) {
	a.announce(changed)
	w, err := a.store.Workflow(ctx, id)
	if err != nil {
		return nil, err
	}
	out := wire.ItemFromRecord(w)
	out.UndecidedJobs, err = a.undecided(ctx, w)
	return &itemAnswer{out}, err
}

// refusal makes the answer to what a workflow's state does not allow.
func (a *API) refusal(ctx context.Context, id job.ID, err error, why func(store.WorkflowRecord) (detail, hint string)) error {
	if !errors.Is(err, job.ErrWrongState) {
		return err
	}
	w, readErr := a.store.Workflow(ctx, id)
	if readErr != nil {
		return readErr
	}
	detail, hint := why(w)
	return newProblem(wire.CodeWrongState, hint, "%s", detail)
}

func endedDetail(w store.WorkflowRecord) string {
	return fmt.Sprintf("the workflow has ended already: it is %s", w.Status)
}

// retryHint says how to run a workflow that has ended again.
func retryHint(w store.WorkflowRecord) string {
	if w.Status == workflow.Completed {
		return "hammerwork workflow retry " + w.ID.String() + " --all runs it again"
	}
	return "hammerwork workflow retry " + w.ID.String() + " runs what failed again"
}

// decideHint names a failure that waits for a decision in the command that
// decides about it.
func (a *API) decideHint(ctx context.Context, w store.WorkflowRecord) string {
	name := "NAME"
	if names, err := a.undecided(ctx, w); err == nil && len(names) > 0 {
		name = names[0]
	}
	return decideCall(w.ID, name)
}

func decideCall(workflow job.ID, name string) string {
	return fmt.Sprintf("hammerwork workflow decide %s --job %s --action retry (or skip, complete, accept, cancel)", workflow, name)
}

// undecided returns the names of jobs whose failures wait for a decision, as
// many as wire.MaxUndecided.
func (a *API) undecided(ctx context.Context, w store.WorkflowRecord) ([]string, error) {
	names := []string{}
	looks := fillLooks
	for _, status := range []job.Status{job.Failed, job.Dead, job.TimedOut} {
		f := store.JobFilter{Workflow: w.ID, Status: status, Limit: store.MaxPage}
		for more := true; more && looks > 0; looks-- {
			if len(names) >= min(w.Undecided, wire.MaxUndecided) {
				return names, nil
			}
			page, next, err := a.store.Jobs(ctx, f)
			if err != nil {
				return nil, err
			}
			for _, j := range page {
				if j.Decision == workflow.Undecided && len(names) < wire.MaxUndecided {
					names = append(names, j.Name)
				}
			}
			f.After, more = next, next != job.ID{}
		}
	}
	return names, nil
}

// named returns the ids of jobs of a workflow by their names; the first that
// it does not have is an error.
func (a *API) named(ctx context.Context, id job.ID, names []string) (map[string]job.ID, error) {
	if len(names) > store.MaxPage {
		return nil, badParameter("payloads", "retry in parts", "name more than %d jobs", store.MaxPage-1)
	}
	ids, err := a.store.JobIDs(ctx, id, names)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if _, known := ids[name]; known {
			continue
		}
		if _, err := a.store.Workflow(ctx, id); err != nil {
			return nil, err
		}
		hint := "hammerwork job list --workflow " + id.String() + " lists its jobs"
		if meant := a.meant(ctx, id, name); meant != "" {
			hint = didYouMean(meant)
		}
		return nil, noJob(name, hint)
	}
	return ids, nil
}

func didYouMean(name string) string { return fmt.Sprintf("did you mean %q?", name) }

// noJob says that a workflow has no job of a name.
func noJob(name, hint string) error {
	if len(name) > maxShownPath {
		name = "…" + strings.ToValidUTF8(name[len(name)-maxShownPath:], "")
	}
	p := newProblem(wire.CodeNotFound, hint, "the workflow has no job %q", name)
	p.Errors = []wire.ProblemItem{{Path: "job", Message: p.Detail}}
	return p
}

// maxShownPath is how many bytes of a name or a path, its end, an error shows.
const maxShownPath = 200

// meant returns the name among the first jobs of a workflow that a misspelt one
// probably means, or "".
func (a *API) meant(ctx context.Context, id job.ID, name string) string {
	if len(name) > job.MaxName {
		return ""
	}
	page, _, err := a.store.Jobs(ctx, store.JobFilter{Workflow: id, Limit: store.MaxPage})
	if err != nil {
		return "" // there is an answer without it
	}
	known := make([]string, len(page))
	for i, j := range page {
		known[i] = j.Name
	}
	return spelling.Nearest(name, known)
}
