package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/wire"
)

func newWorkflowAudit(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "audit ID",
		Short: "Show who did what to a workflow",
		Long: `audit lists every pause, resume, cancel, retry and decision, oldest first, with
who asked for it and why. Names are what people said; nobody checks them.`,
		Example:           "  hammerwork workflow audit 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70",
		Args:              oneWorkflow,
		ValidArgsFunction: a.completeWorkflow(),
		RunE:              a.withWorkflow(a.workflowAudit),
	}
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

func (a *app) workflowAudit(ctx context.Context, c *remote.Client, id string) error {
	now := time.Now()
	l := listing[wire.AuditEntry]{
		noun: "entry",
		none: "nobody has done anything to workflow " + id,
		fetch: func(ctx context.Context, p remote.Page) (wire.List[wire.AuditEntry], error) {
			list, err := c.Audit(ctx, id, p)
			return list, workflowError(err, id)
		},
		table: output.Table{
			Header: []string{"AGE", "ACTOR", "ACTION", "JOB", "COMMENT"},
			Right:  []bool{true},
		},
		row: func(e wire.AuditEntry) []output.Cell {
			return []output.Cell{
				output.Text(age(e.At, now)), output.Text(term.OneLine(e.Actor)), output.Text(e.Action),
				output.Text(term.OneLine(e.Job)), output.Text(term.Fit(term.OneLine(e.Comment), 300)),
			}
		},
	}
	return l.show(ctx, a, listFlags{all: true})
}
