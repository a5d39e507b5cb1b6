package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/store"
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
	if len(r.jobs) <= longTable {
		return r.jobTable(r.jobs)
	}
	var problems []store.JobRecord
	for _, j := range r.jobs {
		if j.Status != job.Completed {
			problems = append(problems, j)
		}
	}
	slices.SortStableFunc(problems, func(a, b store.JobRecord) int { return cmp.Compare(weight(a.Status), weight(b.Status)) })
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
func weight(s job.Status) int {
	switch {
	case ownFailure(s):
		return 0
	case s == job.UpstreamFailed:
		return 1
	case s == job.Cancelled:
		return 2
	}
	return 3
}

// ownFailure reports whether a job with status failed by itself.
func ownFailure(s job.Status) bool { return s.Failure() && s != job.UpstreamFailed }

func (r *resultPrinter) jobTable(jobs []store.JobRecord) error {
	t := output.Table{
		Header: []string{"JOB", "STATUS", "ATTEMPT", "TIME", "NOTE"},
		Right:  []bool{false, false, true, true},
	}
	for _, j := range jobs {
		name := term.OneLine(j.Name)
		if r.width > 0 {
			name = term.FitEnd(name, max(16, r.width*2/5))
		}
		attempt, ran := "", ""
		if j.Attempts > 0 {
			attempt = fmt.Sprint(j.Attempts)
		}
		if !j.StartedAt.IsZero() && !j.FinishedAt.IsZero() {
			ran = term.Duration(j.FinishedAt.Sub(j.StartedAt))
		}
		t.Rows = append(t.Rows, []output.Cell{
			output.Text(name),
			{Text: term.Mark(j.Status) + " " + string(j.Status), Paint: func(s string) string { return r.palette.Status(j.Status, s) }},
			output.Text(attempt),
			output.Text(ran),
			{Text: r.note(j), Paint: r.palette.Faint},
		})
	}
	return t.Write(r.out, r.palette, r.width)
}

// note says in a few words why a job ended as it did.
func (r *resultPrinter) note(j store.JobRecord) string {
	switch {
	case j.Status == job.Completed:
		return ""
	case j.Status == job.UpstreamFailed && r.names[j.Cause] != "":
		return "because of " + r.names[j.Cause]
	case j.Error != "":
		first, _, _ := strings.Cut(strings.TrimSpace(term.Clean(j.Error)), "\n")
		return term.Fit(term.OneLine(first), 300)
	}
	return string(j.Reason)
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
	for _, j := range r.jobs {
		q := byQueue[j.Queue]
		if q == nil {
			q = &tally{queue: j.Queue}
			byQueue[j.Queue] = q
			tallies = append(tallies, q)
		}
		q.jobs++
		switch {
		case j.Status == job.Completed:
			q.completed++
		case ownFailure(j.Status):
			q.failed++
		default:
			q.other++
		}
		if !j.StartedAt.IsZero() && !j.FinishedAt.IsZero() {
			q.busy += max(0, j.FinishedAt.Sub(j.StartedAt))
		}
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

// closing is the last line: how the workflow ended, when, and the counts.
func (r *resultPrinter) closing() {
	mark, paint := "–", r.palette.Yellow
	word := string(r.rec.Status)
	switch r.rec.Status {
	case workflow.Completed:
		mark, paint = "✓", r.palette.Green
	case workflow.Failed:
		mark, paint = "✗", r.palette.Red
	case workflow.Cancelled:
	default:
		word = "stopped"
	}
	line := paint(mark + " " + r.rec.Name + " " + word)
	if !r.rec.FinishedAt.IsZero() {
		start := r.rec.StartedAt
		if start.IsZero() {
			start = r.rec.CreatedAt
		}
		line += " in " + term.Duration(r.rec.FinishedAt.Sub(start))
	}
	tally := r.rec.Tally
	var parts []string
	for _, status := range job.TerminalStatuses {
		if n := *tally.Of(status); n > 0 {
			parts = append(parts, term.Number(n)+" "+string(status))
		}
	}
	if open := tally.Total - tally.Ended(); open > 0 {
		parts = append(parts, term.Number(open)+" not ended")
	}
	r.line("")
	r.line(line + r.palette.Faint(": "+strings.Join(parts, ", ")))
}
