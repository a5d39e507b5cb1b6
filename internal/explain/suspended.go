package explain

import (
	"fmt"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// suspended says what a job waits for that no worker holds.
func (e *explainer) suspended() {
	r := Reason{Code: Suspended, Since: e.j.StartedAt}
	switch g, p := e.j.Gate, e.j.Parts; {
	case g != nil:
		r.Text, r.Since, r.Until = gateText(g), g.OpenedAt, g.ExpiresAt
		r.Hint = AnswerCommand(e.j)
	case p != nil:
		r.Text = e.partsText(p)
		switch {
		case p.Kind != workflow.PartsWorkflow:
			r.Hint = "hammerwork batch status " + e.j.ID.String()
		case p.Workflow != (job.ID{}):
			r.Hint = "hammerwork workflow show " + p.Workflow.String()
		}
	default:
		r.Text = "It is suspended: what it is made of runs, or it waits for a signal."
	}
	e.add(r)
}

// AnswerCommand is the command that answers a gate; empty: nobody answers it.
func AnswerCommand(j store.JobRecord) string {
	if j.Gate == nil || j.Gate.Type == job.GateTimer {
		return ""
	}
	of, where := "workflow", j.Workflow.String()+" --job "+word(j.Name)
	if j.Workflow == (job.ID{}) {
		of, where = "job", j.ID.String()
	}
	if j.Gate.Type == job.GateSignal {
		return fmt.Sprintf("hammerwork %s signal %s --payload JSON", of, where)
	}
	return fmt.Sprintf("hammerwork %s approve %s (or reject)", of, where)
}

func gateText(g *store.GateRecord) string {
	at := g.ExpiresAt.UTC().Format(time.RFC3339)
	if g.Type == job.GateTimer {
		return "It waits until " + at + "."
	}
	what := "an approval"
	if g.Type == job.GateSignal {
		what = "a signal"
	}
	text := fmt.Sprintf("It waits for %s since %s", what, g.OpenedAt.UTC().Format(time.RFC3339))
	if g.ExpiresAt.IsZero() {
		return text + "."
	}
	return text + ", and expires at " + at + "."
}

func (e *explainer) partsText(p *store.PartsRecord) string {
	what := "item"
	if p.Kind == workflow.PartsWorkflow {
		what = "job"
	}
	switch {
	case p.Workflow == (job.ID{}) || p.Status == "":
		return "The items that it is made of are made in a moment."
	case p.Status == workflow.Pending && e.s.WorkflowStatus == workflow.Paused:
		return "What it is made of begins when its workflow is resumed."
	case p.Status == workflow.Pending:
		return "What it is made of begins in a moment."
	}
	text := fmt.Sprintf("What it is made of is %s: %d of %s have ended", p.Status, p.Tally.Ended(), count(p.Tally.Total, what))
	if n := p.Tally.Failures() + p.Tally.Cancelled; n > 0 {
		text += fmt.Sprintf(", %d did not complete", n)
	}
	return text + "."
}

// worked reports whether a worker is needed for the job.
func (e *explainer) worked() bool { return e.j.Gate == nil && e.j.Parts == nil }
