package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
)

func newJobExplain(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "explain ID",
		Short: "Say why a job does not run",
		Long: `explain gives every reason why a job does not run, the most decisive first: that
it has ended, parents that it waits for, its time, a pause of its workflow or its
queue, that no worker serves the queue, jobs that come before it. Below a reason
stands the command that changes it, or shows more.`,
		Example: `  hammerwork job explain 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d71
  hammerwork job explain 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d71 -o json`,
		Args:              oneJob,
		ValidArgsFunction: a.completeJob(),
		RunE: a.withJob(func(ctx context.Context, c *remote.Client, id string) error {
			e, err := c.ExplainJob(ctx, id)
			if err != nil {
				return jobError(err, id)
			}
			if a.format != output.FormatTable {
				return output.Write(a.out, a.format, e)
			}
			return a.printExplanation(e)
		}),
	}
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

// printExplanation prints the reasons for people.
func (a *app) printExplanation(e wire.Explanation) error {
	r := newResultPrinter(a, wire.Workflow{})
	if e.At != nil {
		r.now = *e.At
	}
	s := job.Status(e.Status)
	r.line(r.palette.Status(s, term.Mark(s)+" "+jobName(wire.Job{ID: e.ID, Name: e.Name})+" "+e.Status) + r.palette.Faint(" in queue "+term.OneLine(e.Queue)))
	for _, reason := range e.Reasons {
		line := "  " + term.OneLine(reason.Message)
		if reason.Until != nil && reason.Until.After(r.now) {
			line += r.palette.Faint(" (for " + term.Duration(reason.Until.Sub(r.now).Round(time.Millisecond)) + " more)")
		}
		r.line(line)
		if reason.Hint != "" {
			r.line("    " + r.palette.Cyan("hint: ") + term.OneLine(reason.Hint))
		}
	}
	return r.out.Flush()
}
