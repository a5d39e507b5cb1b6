package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
)

func newJobShow(a *app) *cobra.Command {
	var dependencies bool
	c := &cobra.Command{
		Use:   "show ID",
		Short: "Show a job, its payload, its attempts and its result",
		Example: `  hammerwork job show 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d71
  hammerwork job show 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d71 --include-dependencies
  hammerwork job show 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d71 -o json`,
		Args:              oneJob,
		ValidArgsFunction: a.completeJob(),
		RunE: a.withJob(func(ctx context.Context, c *remote.Client, id string) error {
			j, err := c.Job(ctx, id, dependencies)
			if err != nil {
				return jobError(err, id)
			}
			if a.format != output.FormatTable {
				return output.Write(a.out, a.format, j)
			}
			return a.printJob(j)
		}),
	}
	c.Flags().BoolVar(&dependencies, "include-dependencies", false, "show its parents and children too")
	onlyHere(c, "include-dependencies")
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

// printJob prints all that is known of a job for people.
func (a *app) printJob(j wire.Job) error {
	r := newResultPrinter(a, wire.Workflow{})
	r.line(r.jobTitle(j, j.Reason))
	r.fields([]field{
		{"id", j.ID},
		{"workflow", j.WorkflowID},
		{"queue", term.OneLine(j.Queue)},
		{"priority", priorityText(j)},
		{"attempts", attemptsText(j)},
		{"run", runNumber(j.Run)},
		{"progress", progressText(j.Progress)},
		{"gate", gateText(j, r.now)},
		{"made of", madeOf(j)},
		{"its parts", partsOf(j)},
		{"dependencies", j.DependencyStatus},
		{"depends on", some(j.DependsOn, len(j.DependsOn))},
		{"condition", conditionText(j)},
		{"evaluated", evaluationText(j.Evaluation, r.now)},
		{"rules", rulesText(j)},
		{"spawned by", j.SpawnedBy},
		{"because of", strings.TrimSpace(term.OneLine(j.Cause) + " " + j.CauseJobID)},
		{"decision", decisionText(j)},
		{"created", when(j.CreatedAt, r.now)},
		{"due", due(j, r)},
		{"started", when(j.StartedAt, r.now)},
		{"finished", when(j.FinishedAt, r.now)},
		{"worker", term.OneLine(j.Worker)},
		{"trace id", j.TraceID},
		{"correlation id", term.OneLine(j.CorrelationID)},
	})
	if text := strings.TrimSpace(term.Clean(j.Error)); text != "" {
		r.heading("error", r.palette.Red)
		r.line(text)
	}
	r.value("payload", j.Payload, prettyJSON)
	r.value("result", j.Result, func(raw json.RawMessage) string { text, _ := resultText(raw); return text })
	if j.Evaluation != nil {
		r.value("inputs", j.Evaluation.With, prettyJSON)
	}
	if err := r.attempts(j.Attempts); err != nil {
		return err
	}
	if err := r.runs(j.Runs); err != nil {
		return err
	}
	if j.Dependencies != nil && len(j.Dependencies.Parents)+len(j.Dependencies.Children) > 0 {
		r.heading("dependencies", r.palette.Bold)
		if err := dependencyTable(*j.Dependencies, r.palette).Write(r.out, r.palette, r.width); err != nil {
			return err
		}
		if j.Dependencies.More {
			r.line(r.palette.Faint("… there are more than are listed"))
		}
	}
	return r.out.Flush()
}

// jobTitle says how a job stands, and since when.
func (r *resultPrinter) jobTitle(j wire.Job, reason string) string {
	s := statusOf(j)
	title := r.palette.Status(s, term.Mark(s)+" "+jobName(j)+" "+j.Status)
	if took := ran(j, r.now); j.StartedAt != nil && (j.FinishedAt != nil || took > 0) {
		title += map[bool]string{true: " for ", false: " in "}[j.FinishedAt == nil] + term.Duration(took)
	}
	if reason != "" {
		title += r.palette.Faint(" (" + reason + ")")
	}
	return title
}

// gateText says what a gate waits for, or how it was answered.
func gateText(j wire.Job, now time.Time) string {
	switch {
	case j.Gate == nil:
		return ""
	case j.Gate.Answer != nil:
		return j.Gate.Type + ", " + gateNote(*j.Gate)
	case isOpenGate(j):
		return waitText(j, now) + "; " + answerCommand(j)
	case statusOf(j) == job.Suspended:
		return waitText(j, now)
	}
	return j.Gate.Type
}

// madeOf says how what a job is made of stands.
func madeOf(j wire.Job) string {
	if j.Parts == nil {
		return ""
	}
	text := partsText(statusOf(j), *j.Parts)
	for _, f := range []struct {
		set  bool
		text string
	}{
		{j.Parts.Mode != "", j.Parts.Mode},
		{j.Parts.MaxParallel > 0, fmt.Sprintf("at most %d at once", j.Parts.MaxParallel)},
		{j.Parts.Tolerate > 0, fmt.Sprintf("%d may fail", j.Parts.Tolerate)},
		{j.Parts.Tolerate < 0, "any may fail"},
		{j.Parts.Over != "", "over " + term.OneLine(j.Parts.Over)},
	} {
		if f.set {
			text += ", " + f.text
		}
	}
	return text
}

// partsOf is the workflow that a job is made of.
func partsOf(j wire.Job) string {
	if j.Parts == nil {
		return ""
	}
	return j.Parts.WorkflowID
}

// due is when a job that waits for its time may run.
func due(j wire.Job, r *resultPrinter) string {
	if s := statusOf(j); s != job.Pending && s != job.Retrying || j.ScheduledAt == nil || !j.ScheduledAt.After(r.now) {
		return ""
	}
	return when(j.ScheduledAt, r.now)
}

// some names the first of total.
func some(names []string, total int) string {
	const shown = 8
	clean := make([]string, min(shown, len(names)))
	for i := range clean {
		clean[i] = term.OneLine(names[i])
	}
	text := strings.Join(clean, ", ")
	if more := total - len(clean); more > 0 {
		text += fmt.Sprintf(" and %s more", term.Number(more))
	}
	return text
}

// field is a line of what is known of something.
type field struct{ name, value string }

// fields prints those that have a value.
func (r *resultPrinter) fields(list []field) {
	const width = 16
	for _, f := range list {
		if f.value == "" {
			continue
		}
		line := r.palette.Faint(f.name+strings.Repeat(" ", max(1, width-len(f.name)))) + f.value
		if r.width > 0 {
			line = term.Fit(line, r.width)
		}
		r.line(line)
	}
}

// value prints a user's JSON under a heading; none is left out.
func (r *resultPrinter) value(title string, raw json.RawMessage, readable func(json.RawMessage) string) {
	switch string(bytes.TrimSpace(raw)) {
	case "", "null":
		return
	}
	text := readable(raw)
	if r.terminal {
		text = term.Clean(text)
	}
	r.heading(title, r.palette.Bold)
	r.line(strings.TrimRight(text, "\n"))
}

// attempts prints those that did not complete.
func (r *resultPrinter) attempts(list []wire.Attempt) error {
	if len(list) == 0 {
		return nil
	}
	t := output.Table{
		Header: []string{"ATTEMPT", "OUTCOME", "STARTED", "TIME", "WORKER", "ERROR"},
		Right:  []bool{true, false, true, true},
		Drop:   []int{4, 2}, Least: 24,
	}
	for _, a := range list {
		took := ""
		if a.StartedAt != nil && a.FinishedAt != nil {
			took = term.Duration(a.FinishedAt.Sub(*a.StartedAt))
		}
		t.Rows = append(t.Rows, []output.Cell{
			output.Text(fmt.Sprint(a.Attempt)), output.Text(a.Outcome), output.Text(age(a.StartedAt, r.now)),
			output.Text(took), output.Text(term.OneLine(a.Worker)), output.Text(term.Fit(term.OneLine(a.Error), 300)),
		})
	}
	r.heading("attempts that did not complete", r.palette.Bold)
	return t.Write(r.out, r.palette, r.width)
}
