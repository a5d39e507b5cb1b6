package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// attemptsText counts the attempts of a job against its budget, which begins
// anew with each run; their number does not.
func attemptsText(j wire.Job) string {
	text := fmt.Sprintf("%d of %d", j.Attempt-j.EarlierAttempts, j.MaxAttempts)
	if j.EarlierAttempts > 0 {
		text = fmt.Sprintf("%d: %s in this run, %d before", j.Attempt, text, j.EarlierAttempts)
	}
	return text
}

// conditionText is the condition of a job, and what follows when it is not met.
func conditionText(j wire.Job) string {
	text := term.OneLine(j.Condition)
	switch job.Unmet(j.Unmet) {
	case job.UnmetPass:
		text += " (unmet: pass)"
	case job.UnmetFail:
		text += " (unmet: fail)"
	}
	if j.Condition == "" {
		return ""
	}
	return text
}

// evaluationText says what a condition came to.
func evaluationText(e *wire.Evaluation, now time.Time) string {
	if e == nil {
		return ""
	}
	value := "inputs worked out"
	switch {
	case e.Error != "":
		value = "error: " + term.OneLine(e.Error)
	case e.Value != nil:
		value = fmt.Sprint(*e.Value)
	}
	return value + ", " + when(e.At, now)
}

// rulesText names what is special about a job in its workflow.
func rulesText(j wire.Job) string {
	var rules []string
	for _, r := range []struct {
		name string
		set  bool
	}{{"allow_failure", j.AllowFailure}, {"finally", j.Finally}, {"catch", j.Catch}, {"inherit", j.Inherit}} {
		if r.set {
			rules = append(rules, r.name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(j.With)) {
		rules = append(rules, "with "+term.OneLine(name)+" = "+term.OneLine(j.With[name]))
	}
	return strings.Join(rules, ", ")
}

// priorityText is the priority of a job, and its own if it was lifted.
func priorityText(j wire.Job) string {
	if j.OwnPriority == "" {
		return j.Priority
	}
	return j.Priority + ", lifted from " + j.OwnPriority + " by what waits for it"
}

// decisionText says what was decided about the failure of a job, or how to.
func decisionText(j wire.Job) string {
	if j.Decision == string(workflow.Undecided) {
		return decideCommand(j.WorkflowID, j.Name, workflow.ActionRetry)
	}
	return j.Decision
}

// runs prints how earlier runs of a job ended.
func (r *resultPrinter) runs(list []wire.Run) error {
	if len(list) == 0 {
		return nil
	}
	t := output.Table{
		Header: []string{"RUN", "STATUS", "ATTEMPTS", "FINISHED", "WORKER", "ERROR"},
		Right:  []bool{true, false, true, true},
		Drop:   []int{4, 3}, Least: 24,
	}
	for _, run := range list {
		why := term.OneLine(run.Error)
		if why == "" {
			why = run.Reason
		}
		t.Rows = append(t.Rows, []output.Cell{
			output.Text(fmt.Sprint(run.Run)), statusCell(r.palette, job.Status(run.Status)), output.Text(fmt.Sprint(run.Attempts)),
			output.Text(age(run.FinishedAt, r.now)), output.Text(term.OneLine(run.Worker)), output.Text(term.Fit(why, 300)),
		})
	}
	r.heading("earlier runs", r.palette.Bold)
	return t.Write(r.out, r.palette, r.width)
}
