package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

const (
	longTable     = 50 // from here on queues are listed instead of jobs
	shownProblems = 20 // jobs that did not complete, of a long list
	shownQueues   = 20
)

// table prints a line a job, or for many jobs those that did not complete and
// then a line a queue.
func (r *resultPrinter) table() error {
	if len(r.w.Jobs) <= longTable {
		if r.within != nil {
			return r.jobTable(r.within)
		}
		return r.jobTable(r.w.Jobs)
	}
	var problems []wire.Job
	for _, j := range r.w.Jobs {
		if statusOf(j) != job.Completed {
			problems = append(problems, j)
		}
	}
	slices.SortStableFunc(problems, func(a, b wire.Job) int { return cmp.Compare(weight(a), weight(b)) })
	if len(problems) > 0 {
		if err := r.jobTable(problems[:min(shownProblems, len(problems))]); err != nil {
			return err
		}
		if more := len(problems) - shownProblems; more > 0 {
			r.line(r.palette.Faint(fmt.Sprintf("… and %s more that did not complete; -o json lists all", term.Count(more, "job"))))
		}
		r.line("")
	}
	return r.queueTable()
}

// weight orders what went wrong: causes first, then consequences.
func weight(j wire.Job) int {
	switch {
	case ownFailure(j):
		return 0
	case statusOf(j) == job.UpstreamFailed:
		return 1
	case statusOf(j) == job.Cancelled:
		return 2
	}
	return 3
}

func statusOf(j wire.Job) job.Status { return job.Status(j.Status) }

// ownFailure reports whether a job failed by itself.
func ownFailure(j wire.Job) bool {
	s := statusOf(j)
	return s.Failure() && s != job.UpstreamFailed
}

// ran returns how long the last attempt of a job took, or runs already; 0:
// there was none.
func ran(j wire.Job, now time.Time) time.Duration {
	switch {
	case j.StartedAt == nil:
		return 0
	case j.FinishedAt != nil:
		return max(0, j.FinishedAt.Sub(*j.StartedAt))
	case statusOf(j) == job.Running, statusOf(j) == job.Suspended:
		return max(0, now.Sub(*j.StartedAt))
	}
	return 0
}

func (r *resultPrinter) jobTable(jobs []wire.Job) error {
	t := output.Table{
		Header: []string{"JOB", "STATUS", "ATTEMPT", "TIME", "NOTE"},
		Right:  []bool{false, false, true, true},
	}
	if r.ids {
		t.Header = []string{"JOB", "STATUS", "ATTEMPT", "TIME", "ID", "NOTE"}
		t.Drop, t.Least = []int{4}, 24
	}
	for _, j := range jobs {
		name := term.OneLine(j.Name)
		name = j.Name[:len(j.Name)-len(strings.TrimLeft(j.Name, " "))] + name // as nested indents it
		if r.width > 0 {
			name = term.FitEnd(name, max(16, r.width*2/5))
		}
		attempt, took := "", ""
		if j.Attempt > 0 {
			attempt = fmt.Sprint(j.Attempt)
		}
		if j.StartedAt != nil && (j.FinishedAt != nil || statusOf(j) == job.Running || statusOf(j) == job.Suspended) {
			took = term.Duration(ran(j, r.now))
		}
		row := []output.Cell{output.Text(name), statusCell(r.palette, statusOf(j)), output.Text(attempt), output.Text(took)}
		if r.ids {
			row = append(row, output.Text(j.ID))
		}
		t.Rows = append(t.Rows, append(row, output.Cell{Text: r.note(j), Paint: r.palette.Faint}))
	}
	return t.Write(r.out, r.palette, r.width)
}

// statusCell is the mark and the name of a job's status.
func statusCell(p term.Palette, s job.Status) output.Cell {
	return output.Cell{Text: term.Mark(s) + " " + string(s), Paint: func(text string) string { return p.Status(s, text) }}
}

// note says in a few words why a job ended as it did, or how it stands.
func (r *resultPrinter) note(j wire.Job) string {
	switch {
	case statusOf(j) == job.Suspended:
		return waitText(j, r.now)
	case statusOf(j) == job.Completed && j.Gate != nil:
		return gateNote(*j.Gate)
	case statusOf(j) == job.Completed && j.Parts != nil:
		return partsText(statusOf(j), *j.Parts)
	case statusOf(j) == job.Completed:
		return ""
	case statusOf(j) == job.Running:
		return progressText(j.Progress)
	case statusOf(j) == job.UpstreamFailed && (j.Cause != "" || r.names[j.CauseJobID] != ""):
		return "because of " + cmp.Or(j.Cause, r.names[j.CauseJobID])
	}
	text := j.Reason
	if j.Error != "" {
		first, _, _ := strings.Cut(strings.TrimSpace(term.Clean(j.Error)), "\n")
		text = term.Fit(term.OneLine(first), 300)
		if r := job.Reason(j.Reason); r == job.ReasonConditionError || r == job.ReasonInputError {
			text = j.Reason + ": " + text
		}
	}
	switch j.Decision {
	case "":
	case string(workflow.Undecided):
		text += " (waits for a decision)"
	default:
		text += " (decided: " + j.Decision + ")"
	}
	return text
}

// queueTable prints how many jobs of each queue ended how.
func (r *resultPrinter) queueTable() error {
	type tally struct {
		queue                          string
		jobs, completed, failed, other int
		busy                           time.Duration
	}
	byQueue := make(map[string]*tally)
	var tallies []*tally
	for _, j := range r.w.Jobs {
		q := byQueue[j.Queue]
		if q == nil {
			q = &tally{queue: j.Queue}
			byQueue[j.Queue] = q
			tallies = append(tallies, q)
		}
		q.jobs++
		switch {
		case statusOf(j) == job.Completed:
			q.completed++
		case ownFailure(j):
			q.failed++
		default:
			q.other++
		}
		q.busy += ran(j, r.now)
	}
	slices.SortStableFunc(tallies, func(a, b *tally) int { return cmp.Compare(b.jobs, a.jobs) })
	t := output.Table{
		Header: []string{"QUEUE", "JOBS", "COMPLETED", "FAILED", "OTHER", "TIME"},
		Right:  []bool{false, true, true, true, true, true},
	}
	number := func(n int, paint func(string) string) output.Cell {
		if n == 0 {
			return output.Text("")
		}
		return output.Cell{Text: term.Number(n), Paint: paint}
	}
	for _, q := range tallies[:min(shownQueues, len(tallies))] {
		name := term.OneLine(q.queue)
		if r.width > 0 {
			name = term.FitEnd(name, max(16, r.width-50))
		}
		t.Rows = append(t.Rows, []output.Cell{
			output.Text(name),
			number(q.jobs, nil),
			number(q.completed, r.palette.Green),
			number(q.failed, r.palette.Red),
			number(q.other, r.palette.Yellow),
			output.Text(term.Duration(q.busy)),
		})
	}
	if err := t.Write(r.out, r.palette, r.width); err != nil {
		return err
	}
	if more := len(tallies) - shownQueues; more > 0 {
		r.line(r.palette.Faint(fmt.Sprintf("… and %s more", term.Count(more, "queue"))))
	}
	return nil
}

// closing is the last line: how the workflow ended or stands, and the counts.
func (r *resultPrinter) closing() {
	r.line("")
	r.line(closingLine(r.palette, item(r.w), r.now))
}
