package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/simulation"
)

const (
	shownSteps     = 200
	shownSimulated = 200 // jobs
)

// simulationPrinter prints what would happen for people: the steps, then how
// the jobs end, then the workflow. With --quiet the steps are left out.
type simulationPrinter struct {
	*resultPrinter
	r *simulation.Report
}

func newSimulationPrinter(a *app, r *simulation.Report) *simulationPrinter {
	return &simulationPrinter{newResultPrinter(a, asWire(r)), r}
}

func (p *simulationPrinter) print() error {
	if !p.quiet {
		if err := p.steps(); err != nil {
			return err
		}
		p.line("")
	}
	if err := p.jobs(); err != nil {
		return err
	}
	p.closing()
	return p.out.Flush()
}

// steps prints a line for each thing that would happen.
func (p *simulationPrinter) steps() error {
	t := output.Table{
		Header: []string{"AT", "JOB", "ATTEMPT", "OUTCOME", "TOOK", "NOTE"},
		Right:  []bool{true, false, true, false, true},
		Drop:   []int{4, 2}, Least: 24,
	}
	for _, s := range p.r.Steps[:min(shownSteps, len(p.r.Steps))] {
		name, attempt, took := s.Job, "", ""
		if name == "" {
			name = "(workflow)"
		}
		if s.Attempt > 0 {
			attempt, took = fmt.Sprint(s.Attempt), term.Duration(time.Duration(s.Took))
		}
		t.Rows = append(t.Rows, []output.Cell{
			output.Text(term.Duration(time.Duration(s.At))), output.Text(p.cut(name)), output.Text(attempt), p.outcome(s), output.Text(took),
			{Text: stepNote(s), Paint: p.palette.Faint},
		})
	}
	if err := t.Write(p.out, p.palette, p.width); err != nil {
		return err
	}
	if more := len(p.r.Steps) - shownSteps; more > 0 {
		p.line(p.palette.Faint(fmt.Sprintf("… and %s more; -o json lists all", term.Count(more, "step"))))
	}
	return nil
}

// outcome is the mark and the word of what happens.
func (p *simulationPrinter) outcome(s simulation.Step) output.Cell {
	switch {
	case s.Outcome == simulation.Undecided:
		return output.Cell{Text: "‖ waits for a decision", Paint: p.palette.Yellow}
	case s.Outcome == simulation.Decided:
		return output.Cell{Text: "· decided", Paint: p.palette.Faint}
	case s.Outcome == simulation.Failing:
		return output.Cell{Text: "✗ failing", Paint: p.palette.Red}
	case s.Outcome == simulation.Spawned:
		return output.Cell{Text: "+ spawned", Paint: p.palette.Faint}
	case s.Job == "":
		mark, paint := workflowMark(p.palette, s.Outcome)
		return output.Cell{Text: mark + " " + s.Outcome, Paint: paint}
	}
	return statusCell(p.palette, job.Status(s.Outcome))
}

// stepNote says in a few words why something happens.
func stepNote(s simulation.Step) string {
	var parts []string
	if s.Again != nil {
		parts = append(parts, "again in "+term.Duration(time.Duration(*s.Again)))
	}
	switch {
	case s.Outcome == simulation.Spawned:
		parts = append(parts, "by "+s.Cause)
	case s.Cause != "":
		parts = append(parts, "because of "+s.Cause)
	case s.Outcome == simulation.Failing:
		parts = append(parts, "what runs goes on, nothing new starts but what handles failures")
	case s.Reason != "":
		parts = append(parts, string(s.Reason))
	}
	if s.Error != "" {
		parts = append(parts, term.Fit(term.OneLine(s.Error), 300))
	}
	return strings.Join(parts, ": ")
}

// jobs prints how every job ends, and what it waited for.
func (p *simulationPrinter) jobs() error {
	t := output.Table{
		Header: []string{"JOB", "STATUS", "ATTEMPTS", "READY", "START", "END", "WAITED FOR", "NOTE"},
		Right:  []bool{false, false, true, true, true, true},
		Drop:   []int{3, 2, 4}, Least: 16,
	}
	all := simulatedJobs(p.r, "")
	for _, j := range all[:min(shownSimulated, len(all))] {
		attempts, after := "", j.WaitedFor
		if j.Attempts > 0 {
			attempts = fmt.Sprint(j.Attempts)
		}
		if j.Finally {
			after = "(all others)"
		}
		t.Rows = append(t.Rows, []output.Cell{
			output.Text(p.cut(j.Name)), statusCell(p.palette, j.Status), output.Text(attempts),
			output.Text(at(j.ReadyAt)), output.Text(at(j.StartedAt)), output.Text(at(j.FinishedAt)), output.Text(p.cut(after)),
			{Text: jobNote(j), Paint: p.palette.Faint},
		})
	}
	if err := t.Write(p.out, p.palette, p.width); err != nil {
		return err
	}
	if more := len(all) - shownSimulated; more > 0 {
		p.line(p.palette.Faint(fmt.Sprintf("… and %s more; -o json lists all", term.Count(more, "job"))))
	}
	return nil
}

// jobNote says in a few words why a job ends as it does, or does not.
func jobNote(j simulation.Job) string {
	switch {
	case j.Decision == workflow.Undecided:
		return "waits for a decision"
	case j.Cause != "":
		return "because of " + j.Cause
	case j.Status == job.Suspended && j.Parts == nil:
		return "waits for an answer"
	case j.Reason == job.ReasonParts:
		return j.Error
	case j.Reason == "" && j.SpawnedBy != "":
		return "spawned by " + j.SpawnedBy
	}
	return string(j.Reason)
}

// closing is the last line: how the workflow would end, when, and the counts.
func (p *simulationPrinter) closing() {
	mark, paint := workflowMark(p.palette, string(p.r.Status))
	verb := map[workflow.Status]string{
		workflow.Completed: "would complete", workflow.Failed: "would fail", workflow.Cancelled: "would be cancelled", workflow.Paused: "would wait for a decision",
		workflow.Running: "would wait for an answer",
	}[p.r.Status]
	var parts []string
	for _, s := range append([]job.Status{job.Pending, job.Running, job.Retrying, job.Suspended}, job.TerminalStatuses...) {
		if n := p.r.Tally[string(s)]; n > 0 {
			parts = append(parts, term.Number(n)+" "+string(s))
		}
	}
	p.line("")
	p.line(paint(fmt.Sprintf("%s %s %s after %s", mark, p.r.Workflow, verb, term.Duration(time.Duration(p.r.Duration)))) + p.palette.Faint(": "+strings.Join(parts, ", ")))
}

// cut makes a name short enough for a table.
func (p *simulationPrinter) cut(name string) string {
	if p.width > 0 {
		return term.FitEnd(name, max(16, p.width/4))
	}
	return name
}

func at(d *job.Duration) string {
	if d == nil {
		return ""
	}
	return term.Duration(time.Duration(*d))
}

// asWire is a report as the words for real workflows take it.
func asWire(r *simulation.Report) wire.Workflow {
	w := wire.Workflow{Name: r.Workflow, Status: string(r.Status)}
	for _, j := range r.Jobs {
		out := wire.Job{Name: j.Name, Status: string(j.Status), Reason: string(j.Reason)}
		if j.FinishedAt != nil {
			end := time.Unix(0, 0).Add(time.Duration(*j.FinishedAt))
			out.FinishedAt = &end
		}
		w.Jobs = append(w.Jobs, out)
	}
	return w
}
