package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

const (
	shownResults     = 10 // results of last jobs
	shownErrors      = 3  // whole errors of failed jobs
	shownErrorLines  = 20
	shownResultLines = 40 // of JSON, on a terminal
)

// resultPrinter prints how a workflow stands or ended for people: the jobs,
// the errors, the results of the last jobs.
type resultPrinter struct {
	out      *bufio.Writer
	palette  term.Palette
	terminal bool
	width    int // columns; 0: nothing is cut
	quiet    bool
	ids      bool // of jobs too, where there is room
	now      time.Time
	w        wire.Workflow
	names    map[string]string // of jobs by id
	within   []wire.Job        // its jobs, and what they are made of; nil: only its jobs
	open     []wire.Job        // gates that wait for an answer, also within its jobs
	openAll  bool              // there are no others
}

func newResultPrinter(a *app, w wire.Workflow) *resultPrinter {
	r := &resultPrinter{
		out:      bufio.NewWriter(a.out),
		palette:  term.Colours(a.out),
		terminal: term.Is(a.out),
		quiet:    a.quiet,
		now:      time.Now(),
		w:        w,
		names:    make(map[string]string, len(w.Jobs)),
	}
	if r.terminal {
		r.width, _ = term.Size(a.out)
	}
	for _, j := range w.Jobs {
		r.names[j.ID] = j.Name
	}
	return r
}

// print writes everything; with --quiet the results alone.
func (r *resultPrinter) print() error {
	if !r.quiet {
		if err := r.table(); err != nil {
			return err
		}
		r.errors()
	}
	r.results()
	if !r.quiet {
		r.causes()
		r.decisions()
		r.gates()
	}
	if !r.quiet {
		r.closing()
	}
	return r.out.Flush()
}

// errors prints the errors that do not fit into the table.
func (r *resultPrinter) errors() {
	shown := 0
	for _, j := range r.w.Jobs {
		text := strings.TrimSpace(term.Clean(j.Error))
		if !ownFailure(j) || !strings.Contains(text, "\n") {
			continue
		}
		if shown++; shown > shownErrors {
			return
		}
		lines := strings.Split(text, "\n")
		r.heading(j.Name+": "+j.Status, r.palette.Red)
		if cut := len(lines) - shownErrorLines; cut > 0 {
			r.line(r.palette.Faint(fmt.Sprintf("(%s before; -o json prints all)", term.Count(cut, "line"))))
			lines = lines[cut:]
		}
		r.line(strings.Join(lines, "\n"))
	}
}

// results prints what the jobs returned that no other job waits for.
func (r *resultPrinter) results() {
	last := r.lastJobs()
	more := len(last) - shownResults
	if more > 0 {
		last = last[:shownResults]
	}
	bare := r.quiet && len(last) == 1 // so that it can be written to a file
	for _, j := range last {
		text, isText := resultText(j.Result)
		if r.terminal {
			text = term.Clean(text)
		}
		text = strings.TrimRight(text, "\n")
		if !bare {
			r.heading(j.Name, r.palette.Bold)
		}
		lines := strings.Split(text, "\n")
		cut := len(lines) - shownResultLines
		if isText || !r.terminal || cut < 2 {
			r.line(text)
			continue
		}
		r.line(strings.Join(lines[:shownResultLines], "\n"))
		r.line(r.palette.Faint(fmt.Sprintf("… %s more; -o json prints all", term.Count(cut, "line"))))
	}
	if more > 0 {
		r.line("")
		r.line(r.palette.Faint(fmt.Sprintf("… and the results of %s more; -o json prints all", term.Count(more, "job"))))
	}
}

// lastJobs returns the completed jobs with a result that no other job of the
// workflow waited for, but for those that were skipped.
func (r *resultPrinter) lastJobs() []wire.Job {
	parents := make(map[string]bool, len(r.w.Jobs))
	for _, j := range r.w.Jobs {
		if statusOf(j) == job.Skipped {
			continue
		}
		for _, p := range j.DependsOn {
			parents[p] = true
		}
	}
	var last []wire.Job
	for _, j := range r.w.Jobs {
		if j.Status == string(job.Completed) && !parents[j.Name] && hasResult(j.Result) {
			last = append(last, j)
		}
	}
	return last
}

// hasResult reports whether a result says anything.
func hasResult(result json.RawMessage) bool {
	switch string(bytes.TrimSpace(result)) {
	case "", "null", "{}", "[]":
		return false
	}
	text, _ := resultText(result)
	return strings.TrimSpace(text) != ""
}

// resultText makes a result readable. A text, or an object whose only value is
// a text, as commands that print text have it, is that text.
func resultText(result json.RawMessage) (text string, isText bool) {
	var s string
	if json.Unmarshal(result, &s) == nil {
		return s, true
	}
	var only map[string]json.RawMessage
	if json.Unmarshal(result, &only) == nil && len(only) == 1 {
		for _, v := range only {
			if json.Unmarshal(v, &s) == nil && string(v) != "null" {
				return s, true
			}
		}
	}
	return prettyJSON(result), false
}

// prettyJSON indents JSON.
func prettyJSON(raw json.RawMessage) string {
	var pretty bytes.Buffer
	if json.Indent(&pretty, raw, "", "  ") != nil {
		return string(raw)
	}
	return pretty.String()
}

// heading starts a section.
func (r *resultPrinter) heading(title string, paint func(string) string) {
	width := r.width
	if width == 0 || width > 80 {
		width = 80
	}
	title = term.FitEnd(title, width-8)
	rule := strings.Repeat("─", max(2, width-term.Columns(title)-4))
	r.line("")
	r.line(r.palette.Faint("──") + " " + paint(title) + " " + r.palette.Faint(rule))
}

// line writes a line; the error of the writer comes up at the flush.
func (r *resultPrinter) line(s string) { _, _ = r.out.WriteString(s + "\n") }

const (
	shownCauses    = 5
	shownDecisions = 10
)

// causes says which failures kept other jobs from running, and how many.
func (r *resultPrinter) causes() {
	if !r.ids || len(r.w.RootCauses) == 0 {
		return
	}
	r.heading("why jobs could not run", r.palette.Red)
	for _, c := range r.w.RootCauses[:min(shownCauses, len(r.w.RootCauses))] {
		r.line(causeText(c))
	}
	if more := len(r.w.RootCauses) - shownCauses; more > 0 {
		r.line(r.palette.Faint(fmt.Sprintf("… and because of %s more; -o json lists them", term.Count(more, "failure"))))
	}
}

// causeText is a sentence about a failure and what could not run because of it.
func causeText(c wire.Cause) string {
	who := term.OneLine(c.Job)
	if who == "" {
		who = "job " + c.JobID
	}
	how := map[job.Status]string{job.Dead: "is dead", job.TimedOut: "timed out", job.Cancelled: "was cancelled"}[job.Status(c.Status)]
	if how == "" {
		how = "failed"
	}
	text := fmt.Sprintf("%s could not run because %s %s", term.Count(c.Count, "job"), who, how)
	if first, _, _ := strings.Cut(strings.TrimSpace(term.Clean(c.Error)), "\n"); first != "" {
		text += ": " + term.Fit(term.OneLine(first), 300)
	}
	return text
}

// decisions prints the command for each failure that waits for a decision.
func (r *resultPrinter) decisions() {
	if !r.ids || r.w.Undecided == 0 {
		return
	}
	r.heading("waits for a decision", r.palette.Yellow)
	for _, name := range r.w.UndecidedJobs[:min(shownDecisions, len(r.w.UndecidedJobs))] {
		r.line(decideCommand(r.w.ID, name, workflow.ActionRetry))
	}
	if more := r.w.Undecided - min(shownDecisions, len(r.w.UndecidedJobs)); more > 0 {
		r.line(r.palette.Faint(fmt.Sprintf("… and %s more", term.Count(more, "failure"))))
	}
	r.line(r.palette.Faint("or --action " + strings.Join(decideActions[1:], ", ")))
}

// gates prints the command for each gate that waits for an answer.
func (r *resultPrinter) gates() {
	if !r.ids || len(r.open) == 0 {
		return
	}
	r.heading("waits for an answer", r.palette.Yellow)
	for _, j := range r.open[:min(shownDecisions, len(r.open))] {
		r.line(answerCommand(j))
	}
	switch more := len(r.open) - shownDecisions; {
	case !r.openAll:
		r.line(r.palette.Faint("… and more gates"))
	case more > 0:
		r.line(r.palette.Faint(fmt.Sprintf("… and %s more", term.Count(more, "gate"))))
	}
}

// decideHint is the command for the first failure that waits for a decision.
func decideHint(w wire.WorkflowItem) string {
	if len(w.UndecidedJobs) == 0 { // it was decided meanwhile
		return "hammerwork workflow show " + w.ID + " shows what to do"
	}
	return decideCommand(w.ID, w.UndecidedJobs[0], workflow.ActionRetry) + " (or " + strings.Join(decideActions[1:], ", ") + ")"
}

// decideCommand is the command that decides about the failure of a job.
func decideCommand(id, name string, action workflow.Action) string {
	return fmt.Sprintf("hammerwork workflow decide %s --job %s --action %s", id, term.OneLine(name), action)
}
