package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow/compare"
)

func newWorkflowDiff(a *app) *cobra.Command {
	var files []string
	c := &cobra.Command{
		Use:   "diff [A] [B] [--file FILE]",
		Short: "Show in what two workflows differ",
		Long: `diff compares two workflows: what was set for them, their jobs and dependencies,
and, when both were run, what became of the jobs. Jobs are the same when their
names are. It says what changed from the first to the second; a --file stands for
a workflow, after those that are named by id. What batches and workflows within
the two are made of is compared, too, and named by a path, like sub/name. With a
--file jobs are left out that handlers spawned: no file defines them.

Of outcomes those are shown that differ in status, or in time by more than a fifth
and a tenth of a second; -o json has all.`,
		Example: `  hammerwork workflow diff 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70 0190b1c2-8a11-7d55-a0f3-5b7c9e1d2f40
  hammerwork workflow diff 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70 --file workflow.yaml
  hammerwork workflow diff --file old.yaml --file new.yaml -o json`,
		ValidArgsFunction: a.completeWorkflow(),
		Args:              func(*cobra.Command, []string) error { return nil },
		RunE: func(c *cobra.Command, args []string) error {
			if n := len(args) + len(files); n != 2 {
				return &usageError{fmt.Errorf("diff compares two workflows, not %d", n), "name two by id, or files with --file"}
			}
			return a.workflowDiff(c.Context(), args, files)
		},
	}
	c.Flags().StringArrayVarP(&files, "file", "f", nil, "compare with a workflow `file`")
	onlyHere(c, "file")
	_ = c.MarkFlagFilename("file", "yaml", "yml", "json") // it only fails for flags that do not exist
	a.fileFlags(c)
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

func (a *app) workflowDiff(ctx context.Context, ids, files []string) error {
	var sides []compare.Outline
	add := func(o compare.Outline, err error) error { sides = append(sides, o); return err }
	if len(ids) > 0 {
		client, err := a.remote()
		if err != nil {
			return err
		}
		defer client.Close()
		for _, text := range ids {
			if err := add(outlineOf(ctx, client, text)); err != nil {
				return err
			}
		}
	}
	for _, file := range files {
		w, err := a.load(file, nil)
		if err != nil {
			return err
		}
		_ = add(compare.OutlineOf(w.Workflow), nil)
	}
	d := compare.Compare(sides[0], sides[1])
	if a.format != output.FormatTable {
		return output.Write(a.out, a.format, d)
	}
	p := &diffPrinter{newResultPrinter(a, wire.Workflow{})}
	if err := errors.Join(p.definition(d), p.outcomes(d)); err != nil {
		return err
	}
	return p.out.Flush()
}

func outlineOf(ctx context.Context, client *remote.Client, text string) (compare.Outline, error) {
	id, err := workflowID(text)
	if err != nil {
		return compare.Outline{}, err
	}
	o, err := client.Outline(ctx, id)
	return o, workflowError(err, id)
}

// diffPrinter prints in what two workflows differ.
type diffPrinter struct{ *resultPrinter }

func (p *diffPrinter) definition(d compare.Difference) error {
	if d.Same() {
		p.line("they are defined alike")
		return nil
	}
	for _, c := range d.Fields {
		p.change("", c)
	}
	for _, name := range d.Removed {
		p.line(p.palette.Red("- job " + term.OneLine(name)))
	}
	for _, name := range d.Added {
		p.line(p.palette.Green("+ job " + term.OneLine(name)))
	}
	for _, j := range d.Changed {
		p.line(p.palette.Yellow("~ job " + term.OneLine(j.Name)))
		for _, c := range j.Fields {
			p.change("    ", c)
		}
		for _, c := range j.DependsOn {
			c.Field = "depends_on " + c.Field
			p.change("    ", c)
		}
	}
	return nil
}

// change prints a field with its values.
func (p *diffPrinter) change(indent string, c compare.Change) {
	const shown = 120
	text := func(s string) string { return term.Fit(term.OneLine(s), shown) }
	name := indent + term.OneLine(c.Field) + ": "
	switch {
	case c.From == "":
		p.line(name + p.palette.Green("+ "+text(c.To)))
	case c.To == "":
		p.line(name + p.palette.Red("- "+text(c.From)))
	default:
		p.line(name + text(c.From) + " → " + text(c.To))
	}
}

func (p *diffPrinter) outcomes(d compare.Difference) error {
	if d.Outcome == nil {
		return nil
	}
	t := output.Table{Header: []string{"BEFORE", "TIME", "AFTER", "TIME", "JOB"}, Right: []bool{false, true, false, true}}
	alike := 0
	row := func(c compare.OutcomeChange) {
		t.Rows = append(t.Rows, []output.Cell{
			statusCell(p.palette, job.Status(c.From.Status)), tookCell(c.From), statusCell(p.palette, job.Status(c.To.Status)), tookCell(c.To), output.Text(term.OneLine(c.Name)),
		})
	}
	for _, c := range d.Outcomes {
		if c.From.Status == c.To.Status && !slower(c.From, c.To) {
			alike++
			continue
		}
		row(c)
	}
	if len(t.Rows) > 0 {
		p.heading("outcomes", p.palette.Bold)
		if err := t.Write(p.out, p.palette, p.width); err != nil {
			return err
		}
	}
	p.line("")
	if alike > 0 {
		p.line(p.palette.Faint(term.Count(alike, "job") + " alike in status and time"))
	}
	p.line(fmt.Sprintf("workflow: %s → %s", outcomeText(d.Outcome.From), outcomeText(d.Outcome.To)))
	return nil
}

func outcomeText(o compare.Outcome) string {
	if o.Took == "" {
		return o.Status
	}
	return o.Status + " in " + term.Duration(durationOf(o.Took))
}

func tookCell(o compare.Outcome) output.Cell {
	if o.Took == "" {
		return output.Text("")
	}
	return output.Text(term.Duration(durationOf(o.Took)))
}

// slower reports whether the times of two jobs differ by more than a fifth and
// a tenth of a second.
func slower(a, b compare.Outcome) bool {
	x, y := durationOf(a.Took), durationOf(b.Took)
	gap := max(x-y, y-x)
	return gap > 100*time.Millisecond && gap > min(x, y)/5
}
