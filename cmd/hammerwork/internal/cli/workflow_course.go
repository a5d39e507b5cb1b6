package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// shownSlack is how many jobs beside the path are shown without --all.
const shownSlack = 10

func newCriticalPath(a *app) *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:   "critical-path ID",
		Short: "Show which jobs decide when a workflow ends",
		Long: `critical-path shows the chain of jobs that decided when a workflow ended: each
waited for the one before, and the workflow would have ended sooner had one of
them been faster. AT counts from the enqueue; OWN is how long a job ran; WAITED is
how long it could run and did not: for a worker, or between attempts. Below are
the jobs that came closest to it: SLACK is by how much each could have ended
later.

Of a workflow that was retried it shows the last run: AT counts from the retry, and
jobs that had ended before are left out.

For a workflow that has not ended, what is to come is estimated: each job takes as
long as in the last runs of a workflow of the same name that completed without a
retry, else as the jobs of its queue that have ended. Those are marked with ~.`,
		Example: `  hammerwork workflow critical-path 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70
  hammerwork workflow critical-path 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70 --all
  hammerwork workflow critical-path 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70 -o json`,
		Args:              oneWorkflow,
		ValidArgsFunction: a.completeWorkflow(),
		RunE: a.withWorkflow(func(ctx context.Context, client *remote.Client, id string) error {
			return a.criticalPath(ctx, client, id, all)
		}),
	}
	c.Flags().BoolVarP(&all, "all", "a", false, "show every job")
	onlyHere(c, "all")
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

func (a *app) criticalPath(ctx context.Context, client *remote.Client, id string, all bool) error {
	p, err := client.CriticalPath(ctx, id)
	if err != nil {
		return workflowError(err, id)
	}
	if a.format != output.FormatTable {
		return output.Write(a.out, a.format, p)
	}
	r := newResultPrinter(a, wire.Workflow{ID: p.ID, Name: p.Name})
	begin := p.BeginAt
	onPath, beside := splitPath(p.Jobs)
	if err := r.timedJobs(onPath, begin, false); err != nil {
		return err
	}
	hidden := 0
	if !all && len(beside) > shownSlack {
		hidden = len(beside) - shownSlack
		beside = beside[:shownSlack]
	}
	if len(beside) > 0 {
		r.heading("not on the path", r.palette.Bold)
		if err := r.timedJobs(beside, begin, true); err != nil {
			return err
		}
	}
	if hidden > 0 {
		r.line(r.palette.Faint(fmt.Sprintf("… and %s with more slack; --all shows them", term.Count(hidden, "job"))))
	}
	r.line("")
	r.line(courseText(p))
	return r.out.Flush()
}

// splitPath returns the jobs of the path in their order, and the others, those
// with the least slack first.
func splitPath(jobs []wire.TimedJob) (path, beside []wire.TimedJob) {
	for _, j := range jobs {
		if j.Critical {
			path = append(path, j)
		} else {
			beside = append(beside, j)
		}
	}
	slices.SortStableFunc(path, func(a, b wire.TimedJob) int { return a.FinishedAt.Compare(*b.FinishedAt) })
	slices.SortStableFunc(beside, func(a, b wire.TimedJob) int { return cmp.Compare(durationOf(a.Slack), durationOf(b.Slack)) })
	return path, beside
}

// courseText sums a course up.
func courseText(p wire.CriticalPath) string {
	took := term.Duration(durationOf(p.Took))
	path := term.Count(len(p.Path), "job")
	name := term.OneLine(p.Name)
	if p.Run > 1 {
		name += fmt.Sprintf(", run %d", p.Run)
	}
	switch {
	case len(p.Jobs) == 0:
		return "the workflow has no jobs"
	case !p.Estimated:
		return fmt.Sprintf("%s: took %s, decided by %s of %d", name, took, path, len(p.Jobs))
	case p.Runs > 0:
		return fmt.Sprintf("%s: ~%s in all, decided by %s of %d, estimated by the last %s", name, took, path, len(p.Jobs), term.Count(p.Runs, "run"))
	}
	return fmt.Sprintf("%s: ~%s in all, decided by %s of %d, estimated by its own jobs: no past runs", name, took, path, len(p.Jobs))
}

// timedJobs prints when jobs ran.
func (r *resultPrinter) timedJobs(jobs []wire.TimedJob, begin *time.Time, slack bool) error {
	t := output.Table{Header: []string{"AT", "OWN", "WAITED", "STATUS", "NAME"}, Right: []bool{true, true, true}}
	if slack {
		t.Header, t.Right = slices.Insert(t.Header, 3, "SLACK"), append(t.Right, true)
	}
	for _, j := range jobs {
		about := ""
		if j.Estimated {
			about = "~"
		}
		duration := func(text string) output.Cell { return output.Text(about + term.Duration(durationOf(text))) }
		at := ""
		if j.StartedAt != nil && begin != nil {
			at = about + term.Duration(max(0, j.StartedAt.Sub(*begin)))
		}
		row := []output.Cell{output.Text(at), duration(j.Own), duration(j.Waited), statusCell(r.palette, job.Status(j.Status)), output.Text(term.OneLine(j.Name))}
		if slack {
			row = slices.Insert(row, 3, duration(j.Slack))
		}
		t.Rows = append(t.Rows, row)
	}
	return t.Write(r.out, r.palette, r.width)
}

// durationOf reads a duration of the API.
func durationOf(text string) time.Duration {
	d, _ := time.ParseDuration(text) // what cannot be read is shown as none
	return d
}

// etaText says how long a workflow may still take.
func etaText(e *wire.ETA, status string) string {
	switch {
	case e == nil || status == "completed" || status == "failed" || status == "cancelled":
		return ""
	case e.Runs == 0:
		return "no past runs"
	case e.Over:
		return fmt.Sprintf("longer than all of the last %s", term.Count(e.Runs, "run"))
	}
	return fmt.Sprintf("%s left (half of the last %s), %s (nine of ten)", term.Duration(durationOf(e.P50)), term.Count(e.Runs, "run"), term.Duration(durationOf(e.P90)))
}
