package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// item is a workflow without its jobs.
func item(w wire.Workflow) wire.WorkflowItem {
	return wire.WorkflowItem{
		ID: w.ID, Name: w.Name, Status: w.Status, FailurePolicy: w.FailurePolicy, Run: w.Run,
		TraceID: w.TraceID, CorrelationID: w.CorrelationID,
		CreatedAt: w.CreatedAt, StartedAt: w.StartedAt, FinishedAt: w.FinishedAt, Standing: w.Standing, Stats: w.Stats,
	}
}

// ended reports whether a workflow has ended.
func ended(w wire.WorkflowItem) bool { return workflow.Status(w.Status).Terminal() }

// stopped stands in for the status of a run that the user stopped.
const stopped workflow.Status = "stopped"

// workflowMark returns the mark of a workflow's status and what colours it.
func workflowMark(p term.Palette, status string) (mark string, paint func(string) string) {
	switch workflow.Status(status) {
	case workflow.Completed:
		return "✓", p.Green
	case workflow.Failed:
		return "✗", p.Red
	case workflow.Cancelled, workflow.Cancelling, stopped:
		return "–", p.Yellow
	case workflow.Running:
		return "▸", p.Cyan
	case workflow.Paused:
		return "‖", p.Yellow
	}
	return "·", p.Faint
}

// countOf is how many jobs have a status.
type countOf struct {
	status job.Status
	n      int
}

// terminalCounts returns how many jobs ended how.
func terminalCounts(s wire.Stats) []countOf {
	return []countOf{
		{job.Completed, s.Completed},
		{job.Failed, s.Failed - s.Dead - s.TimedOut},
		{job.Dead, s.Dead},
		{job.TimedOut, s.TimedOut},
		{job.UpstreamFailed, s.UpstreamFailed},
		{job.Cancelled, s.Cancelled},
		{job.Skipped, s.Skipped},
	}
}

// openCounts returns how many jobs that have not ended stand where.
func openCounts(s wire.Stats) []countOf {
	return []countOf{
		{job.Running, s.Running},
		{job.Retrying, s.Retrying},
		{job.Suspended, s.Suspended},
		{job.Pending, s.Pending - s.Retrying - s.Suspended},
	}
}

// openJobs returns how many jobs have not ended.
func openJobs(s wire.Stats) int { return s.Pending + s.Running }

// endedJobs returns how many jobs have ended.
func endedJobs(s wire.Stats) int { return s.TotalJobs - openJobs(s) }

// endedText says how many jobs have ended.
func endedText(s wire.Stats) string {
	return fmt.Sprintf("%s of %s have ended", term.Number(endedJobs(s)), term.Count(s.TotalJobs, "job"))
}

// closingLine says how a workflow ended or stands, since when, and the counts.
func closingLine(p term.Palette, w wire.WorkflowItem, now time.Time) string {
	mark, paint := workflowMark(p, w.Status)
	line := paint(mark + " " + term.OneLine(w.Name) + " " + w.Status)
	start := w.StartedAt
	if start == nil {
		start = w.CreatedAt
	}
	switch {
	case start == nil, workflow.Status(w.Status) == stopped:
	case w.FinishedAt != nil:
		line += " in " + term.Duration(w.FinishedAt.Sub(*start))
	default:
		line += " for " + term.Duration(now.Sub(*start))
	}
	var parts []string
	add := func(counts []countOf) {
		for _, c := range counts {
			if c.n > 0 {
				parts = append(parts, term.Number(c.n)+" "+string(c.status))
			}
		}
	}
	add(terminalCounts(w.Stats))
	if n := openJobs(w.Stats); n > 0 && workflow.Status(w.Status) == stopped {
		parts = append(parts, term.Number(n)+" not ended")
	} else {
		add(openCounts(w.Stats))
	}
	if why := standingText(w.Standing, w.Status); why != "" {
		parts = append(parts, why)
	}
	return line + p.Faint(": "+strings.Join(parts, ", "))
}

// outcome makes an error of how a workflow ended: nil only when it completed.
func outcome(w wire.Workflow) error {
	switch workflow.Status(w.Status) {
	case workflow.Completed:
		return nil
	case workflow.Cancelled:
		return fmt.Errorf("workflow %s was cancelled", w.Name)
	}
	if timedOut(w) {
		return &hintError{fmt.Errorf("workflow %s failed: its timeout passed", w.Name), "give it a longer timeout"}
	}
	return fmt.Errorf("workflow %s failed: %s", w.Name, cause(w.Jobs))
}

// withHint adds a hint to an error that has none.
func withHint(err error, hint string) error {
	var hinted *hintError
	if err == nil || errors.As(err, &hinted) {
		return err
	}
	return &hintError{err, hint}
}

// timedOut reports whether a workflow failed because its timeout passed: jobs
// were cancelled for it, or all ended well and yet it failed.
func timedOut(w wire.Workflow) bool {
	well := true
	for _, j := range w.Jobs {
		if statusOf(j) == job.Cancelled && j.Reason == string(job.ReasonDeadline) {
			return true
		}
		well = well && (statusOf(j) == job.Completed || statusOf(j) == job.Skipped)
	}
	return well && len(w.Jobs) > 0
}

// firstFailure is the job that failed first, by itself; nil: none did.
func firstFailure(jobs []wire.Job) (first *wire.Job) {
	for i := range jobs {
		j := &jobs[i]
		if ownFailure(*j) && (first == nil || j.FinishedAt != nil && first.FinishedAt != nil && j.FinishedAt.Before(*first.FinishedAt)) {
			first = j
		}
	}
	return first
}

// cause names the job that failed first, and how many others did not complete.
func cause(jobs []wire.Job) string {
	first, others := firstFailure(jobs), -1
	for _, j := range jobs {
		if s := statusOf(j); s != job.Completed && s != job.Skipped {
			others++
		}
	}
	if first == nil {
		return term.Count(others+1, "job") + " did not complete"
	}
	how := map[job.Status]string{job.Failed: "failed", job.Dead: "is dead", job.TimedOut: "timed out"}[statusOf(*first)]
	text := fmt.Sprintf("job %s %s (%s)", first.Name, how, first.Reason)
	if others > 0 {
		text += fmt.Sprintf(", and %s did not complete", term.Count(others, "other job"))
	}
	return text
}

// progressText is what the handler of a running job said last.
func progressText(p *wire.Progress) string {
	if p == nil {
		return ""
	}
	var parts []string
	if p.Percent != nil {
		parts = append(parts, fmt.Sprintf("%.0f%%", *p.Percent))
	}
	if text := term.OneLine(p.Message); text != "" {
		parts = append(parts, text)
	}
	return strings.Join(parts, " ")
}
