package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hammerwork/hammerwork/internal/explain"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// gateRoutes registers how gates are answered: those of a workflow by their
// names, any by its id.
func (a *API) gateRoutes(api huma.API, doc *document) {
	const refused = " Refused when the job is no such gate, has been answered, or has not opened yet."
	for _, v := range []struct {
		answer               store.Answer
		verb, summary, about string
		body                 string
	}{
		{store.Answer{Type: job.GateApproval, Approve: true}, "approve", "Approve a gate", "What waits for it goes on." + refused, answerBody},
		{store.Answer{Type: job.GateApproval}, "reject", "Reject a gate", "It fails, and what needs it cannot run." + refused, answerBody},
		{store.Answer{Type: job.GateSignal}, "signal", "Send a payload to a gate", "It becomes the result of the gate. What comes before the gate opens is kept for it; the same payload may come again, another one is refused.", signalBody},
	} {
		of := post("/workflows/{id}/"+v.verb, v.verb+"-workflow", v.summary+" of a workflow", v.about, wire.CodeNotFound, wire.CodeWrongState)
		of.body = "Workflow" + v.body
		register(a, api, doc, of, func(ctx context.Context, in *Acting) (*itemAnswer, error) {
			return a.answerNamed(ctx, in, v.verb, v.answer)
		})
		alone := post("/jobs/{id}/"+v.verb, v.verb+"-job", v.summary, v.about, wire.CodeNotFound, wire.CodeWrongState)
		alone.body = v.body
		register(a, api, doc, alone, func(ctx context.Context, in *Acting) (*jobAnswer, error) {
			return a.answerJob(ctx, in, v.answer)
		})
	}
}

// answerNamed answers a gate of a workflow by its name, or by its path through
// jobs that are workflows.
func (a *API) answerNamed(ctx context.Context, in *Acting, verb string, answer store.Answer) (*itemAnswer, error) {
	id, err := idOf(in.ID)
	if err != nil {
		return nil, err
	}
	var name string
	read := payloadOf(&answer)
	read["job"] = func(v json.RawMessage) error { return textOf(v, "job", &name) }
	by, err := a.by(ctx, in, `{"job": "sign-off"}`, read)
	if err != nil {
		return nil, err
	}
	if name == "" {
		if _, err := a.store.Workflow(ctx, id); err != nil {
			return nil, err
		}
		return nil, badParameter("job", "name the gate to "+verb+`, like {"job": "sign-off"}`+a.openHint(ctx, id), "is missing")
	}
	answer.Job, err = store.JobAt(ctx, a.store, id, name)
	if none := (*store.NoJobAt)(nil); errors.As(err, &none) {
		err = a.noGate(ctx, id, none)
	}
	if err != nil {
		return nil, err
	}
	changed, err := a.store.AnswerGate(ctx, answer, by)
	if err != nil {
		return nil, a.answerRefusal(ctx, answer, err)
	}
	return a.steered(ctx, id, changed)
}

// answerJob answers a gate by its id.
func (a *API) answerJob(ctx context.Context, in *Acting, answer store.Answer) (*jobAnswer, error) {
	id, err := idOf(in.ID)
	if err != nil {
		return nil, err
	}
	by, err := a.by(ctx, in, `{"comment": "why"}`, payloadOf(&answer))
	if err != nil {
		return nil, err
	}
	answer.Job = id
	changed, err := a.store.AnswerGate(ctx, answer, by)
	if err != nil {
		return nil, a.answerRefusal(ctx, answer, err)
	}
	a.announce(changed)
	return a.job(ctx, id, false)
}

// payloadOf reads the payload of a signal.
func payloadOf(answer *store.Answer) fields {
	if answer.Type != job.GateSignal {
		return fields{}
	}
	return fields{"payload": valueOf(&answer.Payload, "payload", job.MaxResult)}
}

// answerRefusal says why a gate does not take an answer: what it is, who
// answered it, when.
func (a *API) answerRefusal(ctx context.Context, answer store.Answer, err error) error {
	if !errors.Is(err, job.ErrWrongState) {
		return err
	}
	j, readErr := a.store.Job(ctx, answer.Job)
	if readErr != nil {
		return readErr
	}
	detail, hint := answerRefused(j, answer)
	return newProblem(wire.CodeWrongState, hint, "%s", detail)
}

func answerRefused(j store.JobRecord, answer store.Answer) (detail, hint string) {
	show := "hammerwork job show " + j.ID.String() + " shows how it stands"
	switch g := j.Gate; {
	case g == nil:
		return fmt.Sprintf("job %s is no gate", j.Name), "only gates, jobs of type approval or signal, are answered"
	case g.Type == job.GateTimer:
		return fmt.Sprintf("job %s is a timer, which nobody answers", j.Name), show
	case g.Type != answer.Type:
		return fmt.Sprintf("job %s is %s %s", j.Name, map[job.GateType]string{job.GateApproval: "an", job.GateSignal: "a"}[g.Type], g.Type), explain.AnswerCommand(j)
	case g.Answer != nil && g.Answer.Expired:
		return fmt.Sprintf("job %s is %s already: nobody answered until %s", j.Name, j.Status, g.Answer.At.UTC().Format(time.RFC3339)), show
	case g.Answer != nil && j.Status.Terminal():
		return fmt.Sprintf("job %s %s already by %s at %s", j.Name, answeredText(*g), g.Answer.Actor, g.Answer.At.UTC().Format(time.RFC3339)), show
	case g.Answer != nil && g.Type == job.GateSignal && j.Status != job.Suspended:
		return fmt.Sprintf("job %s was signalled already by %s at %s; it waits for the gate to open", j.Name, g.Answer.Actor, g.Answer.At.UTC().Format(time.RFC3339)), "the first signal counts; " + show
	case j.Status.Terminal():
		return fmt.Sprintf("job %s has ended already: it is %s", j.Name, j.Status), show
	}
	return fmt.Sprintf("job %s has not opened yet", j.Name), "hammerwork job explain " + j.ID.String() + " says what it waits for"
}

// answeredText is what happened to a gate.
func answeredText(g store.GateRecord) string {
	switch {
	case g.Type == job.GateSignal:
		return "was sent its payload"
	case g.Answer.Approve:
		return "was approved"
	}
	return "was rejected"
}

// noGate says where a path to a gate of a workflow leads nowhere, and what was
// probably meant.
func (a *API) noGate(ctx context.Context, id job.ID, none *store.NoJobAt) error {
	if _, err := a.store.Workflow(ctx, id); err != nil {
		return err
	}
	path := none.Within + none.Name
	if none.Workflow == (job.ID{}) {
		return noJob(path, strings.TrimSuffix(none.Within, "/")+" is not a workflow")
	}
	for _, g := range a.openGates(ctx, id) {
		if strings.HasSuffix(g.path, "/"+none.Path) {
			return noJob(path, didYouMean(g.path))
		}
	}
	hint := "hammerwork job list --workflow " + none.Workflow.String() + " lists its jobs"
	if meant := a.meant(ctx, none.Workflow, none.Name); meant != "" {
		hint = didYouMean(none.Within + meant)
	}
	return noJob(path, hint)
}

// openHint names open gates of a workflow, if there are any.
func (a *API) openHint(ctx context.Context, id job.ID) string {
	var open []string
	for _, g := range a.openGates(ctx, id) {
		if len(open) < shownGates {
			open = append(open, fmt.Sprintf("%s (%s)", g.path, g.kind))
		}
	}
	if len(open) == 0 {
		return ""
	}
	return "; open now: " + strings.Join(open, ", ")
}

// openGate is a gate that somebody has to answer now.
type openGate struct {
	path string // from the workflow that was asked about
	kind job.GateType
}

// Bounds of what a hint costs.
const (
	shownGates = 5
	gateLooks  = 50 // pages of jobs
)

// openGates returns open gates of a workflow, and of those within it, as far as
// a few looks show them; none when it cannot look: there is an answer without.
func (a *API) openGates(ctx context.Context, id job.ID) (list []openGate) {
	type level struct {
		id     job.ID
		within string
	}
	queue := []level{{id, ""}}
	for n := 0; n < len(queue) && n < gateLooks; n++ {
		l := queue[n]
		page, _, err := a.store.Jobs(ctx, store.JobFilter{Workflow: l.id, Status: job.Suspended, Limit: store.MaxPage})
		if err != nil {
			return nil
		}
		for _, j := range page {
			switch {
			case j.Gate != nil && j.Gate.Type != job.GateTimer:
				list = append(list, openGate{l.within + j.Name, j.Gate.Type})
			case j.Parts != nil && j.Parts.Kind == workflow.PartsWorkflow && j.Parts.Workflow != (job.ID{}):
				queue = append(queue, level{j.Parts.Workflow, l.within + j.Name + "/"})
			}
		}
	}
	return list
}
