package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/wire"
)

func newWorkflow(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "workflow",
		Short: "Create, watch and cancel workflows",
		Long: `workflow creates workflows on a server, and shows and operates them. --server
or HAMMERWORK_SERVER names the server, HAMMERWORK_TOKEN or a --token-file has
the token for it.`,
		Example: `  hammerwork workflow create --file workflow.yaml --wait
  hammerwork workflow list --status failed
  hammerwork workflow graph --file workflow.yaml`,
	}
	c.AddCommand(
		newWorkflowCreate(a), newWorkflowList(a), newWorkflowShow(a), newWorkflowStatus(a), newWorkflowWait(a),
		newGraph(a), newDependencies(a), newWorkflowStats(a), newCriticalPath(a), newWorkflowDiff(a), newWorkflowExport(a), newWorkflowEvents(a),
		newWorkflowPause(a), newWorkflowResume(a), newWorkflowCancel(a), newWorkflowRetry(a), newWorkflowDecide(a), newWorkflowAudit(a),
		newWorkflowApprove(a), newWorkflowReject(a), newWorkflowSignal(a),
		newWorkflowDelete(a),
	)
	asGroup(c)
	return c
}

func newWorkflowList(a *app) *cobra.Command {
	var f listFlags
	var filter remote.WorkflowFilter
	c := &cobra.Command{
		Use:   "list",
		Short: "List workflows, newest first",
		Long: `list leaves out the workflows that jobs are made of: the items of batches and
maps, and workflows within others. --parts lists them, too, --parent those of one
job.`,
		Example: `  hammerwork workflow list
  hammerwork workflow list --parent 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d71
  hammerwork workflow list --status failed --since 24h
  hammerwork workflow list --name data_pipeline --all -o json`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if err := filled(c, "leave it out to choose all", "status", "name", "parent"); err != nil {
				return err
			}
			if filter.Since, err = f.check(c); err != nil {
				return err
			}
			if filter.Parent != "" {
				if filter.Parent, err = jobID(filter.Parent); err != nil {
					return err
				}
			}
			return a.workflowList(c.Context(), f, filter)
		},
	}
	choiceFlag(c, &filter.Status, "status", "only those with this `status`", workflowStatuses)
	c.Flags().StringVar(&filter.Name, "name", "", "only those with exactly this `name`")
	c.Flags().StringVar(&filter.Parent, "parent", "", "only what the job with this `id` is made of")
	c.Flags().BoolVar(&filter.Parts, "parts", false, "also workflows that jobs are made of")
	onlyHere(c, "status", "name", "parent", "parts")
	completeFlag(c, "parent", a.completeJob())
	f.add(c)
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

func (a *app) workflowList(ctx context.Context, f listFlags, filter remote.WorkflowFilter) error {
	client, err := a.remote()
	if err != nil {
		return err
	}
	defer client.Close()
	now, palette := time.Now(), term.Colours(a.out)
	l := listing[wire.WorkflowItem]{
		noun:   "workflow",
		none:   "there is no workflow; hammerwork workflow create --file workflow.yaml makes one",
		chosen: filter != remote.WorkflowFilter{} || f.cursor != "",
		fetch: func(ctx context.Context, p remote.Page) (wire.List[wire.WorkflowItem], error) {
			return client.Workflows(ctx, filter, p)
		},
		table: output.Table{
			Header: []string{"ID", "STATUS", "JOBS", "AGE", "TIME", "NAME"},
			Right:  []bool{false, false, true, true, true},
			Drop:   []int{4, 3}, Least: 16,
		},
		row: func(w wire.WorkflowItem) []output.Cell {
			mark, paint := workflowMark(palette, w.Status)
			return []output.Cell{
				output.Text(w.ID),
				{Text: mark + " " + pausedStatus(w), Paint: paint},
				output.Text(fmt.Sprintf("%d/%d", endedJobs(w.Stats), w.Stats.TotalJobs)),
				output.Text(age(w.CreatedAt, now)),
				output.Text(workflowTook(w, now)),
				output.Text(term.OneLine(w.Name)),
			}
		},
	}
	return l.show(ctx, a, f)
}

// workflowTook is how long a workflow took, or takes already.
func workflowTook(w wire.WorkflowItem, now time.Time) string {
	switch {
	case w.StartedAt == nil:
		return ""
	case w.FinishedAt != nil:
		return term.Duration(w.FinishedAt.Sub(*w.StartedAt))
	}
	return term.Duration(now.Sub(*w.StartedAt))
}

func newWorkflowShow(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "show ID",
		Short: "Show a workflow, its jobs and their results",
		Long: `show prints a workflow with its jobs. How long one that is open may still take is
told as status does it.`,
		Example: `  hammerwork workflow show 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70
  hammerwork workflow show 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70 -o json`,
		Args:              oneWorkflow,
		ValidArgsFunction: a.completeWorkflow(),
		RunE:              a.withWorkflow(a.workflowShow),
	}
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

// withWorkflow calls do with a client and the id that the argument is.
func (a *app) withWorkflow(do func(context.Context, *remote.Client, string) error) func(*cobra.Command, []string) error {
	return a.with(workflowID, do)
}

// withJob calls do with a client and the id that the argument is.
func (a *app) withJob(do func(context.Context, *remote.Client, string) error) func(*cobra.Command, []string) error {
	return a.with(jobID, do)
}

func (a *app) with(read func(string) (string, error), do func(context.Context, *remote.Client, string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		id, err := read(args[0])
		if err != nil {
			return err
		}
		client, err := a.remote()
		if err != nil {
			return err
		}
		defer client.Close()
		return do(c.Context(), client, id)
	}
}

func (a *app) workflowShow(ctx context.Context, c *remote.Client, id string) error {
	w, err := c.WorkflowETA(ctx, id)
	if err != nil {
		return workflowError(err, id)
	}
	if a.format != output.FormatTable {
		return output.Write(a.out, a.format, w)
	}
	r := newResultPrinter(a, w)
	r.ids = true
	if r.within, err = nested(ctx, remoteLook(c), w.Jobs); err != nil {
		return err
	}
	if !a.quiet {
		if r.open, r.openAll, err = openGates(ctx, remoteLook(c), w.Jobs); err != nil {
			return err
		}
		r.fields([]field{
			{"id", w.ID},
			{"description", term.OneLine(w.Description)},
			{"created", when(w.CreatedAt, r.now)},
			{"deadline", when(w.DeadlineAt, r.now)},
			{"eta", etaText(w.ETA, w.Status)},
			{"failure policy", w.FailurePolicy},
			{"part of", partOf(w.Standing)},
			{w.Status, standingText(w.Standing, w.Status)},
			{"reason", w.Reason},
			{"run", runNumber(w.Run)},
			{"schedule", term.OneLine(w.Schedule)},
			{"scheduled for", when(w.ScheduledFor, r.now)},
			{"trace id", w.TraceID},
			{"correlation id", term.OneLine(w.CorrelationID)},
		})
		r.line("")
	}
	return r.print()
}

// partOf names the job that a workflow is run as.
func partOf(s wire.Standing) string {
	switch {
	case s.ParentJobID == "":
		return ""
	case s.ParentWorkflowID == "":
		return "job " + s.ParentJobID
	}
	return fmt.Sprintf("job %s of workflow %s", s.ParentJobID, s.ParentWorkflowID)
}

// runNumber is the number of a run when there was more than one.
func runNumber(run int) string {
	if run < 2 {
		return ""
	}
	return fmt.Sprint(run)
}

// workflowError names the workflow that the server does not have; a job of it
// that it does not have is named already.
func workflowError(err error, id string) error {
	var p *wire.Problem
	if errors.As(err, &p) && p.Code == wire.CodeNotFound && len(p.Errors) == 0 {
		return &hintError{&rewordedError{err, "there is no workflow " + id}, "hammerwork workflow list shows the ids"}
	}
	return err
}

func newWorkflowStats(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:               "stats ID",
		Short:             "Count the jobs of a workflow by status",
		Example:           "  hammerwork workflow stats 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70",
		Args:              oneWorkflow,
		ValidArgsFunction: a.completeWorkflow(),
		RunE:              a.withWorkflow(a.workflowStats),
	}
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

func (a *app) workflowStats(ctx context.Context, c *remote.Client, id string) error {
	s, err := c.WorkflowStats(ctx, id)
	if err != nil {
		return workflowError(err, id)
	}
	if a.format != output.FormatTable {
		return output.Write(a.out, a.format, s)
	}
	t := output.Table{Header: []string{"STATUS", "JOBS"}, Right: []bool{false, true}}
	p := term.Colours(a.out)
	for _, c := range append(terminalCounts(s), openCounts(s)...) {
		if c.n > 0 {
			t.Rows = append(t.Rows, []output.Cell{statusCell(p, c.status), output.Text(term.Number(c.n))})
		}
	}
	t.Rows = append(t.Rows, []output.Cell{output.Text("total"), output.Text(term.Number(s.TotalJobs))})
	if err := t.Write(a.out, p, 0); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.out, "\n%s of the jobs have ended\n", percent(s))
	return err
}

func percent(s wire.Stats) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", s.CompletionPercentage), ".0") + "%"
}

func newWorkflowDelete(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "delete ID",
		Short: "Delete a workflow that has ended",
		Long: `delete takes a workflow and its jobs away for good. One that has not ended,
that has a job made of what has not ended, or that a job of another workflow
depends on, is refused.`,
		Example:           "  hammerwork workflow delete 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70",
		Args:              oneWorkflow,
		ValidArgsFunction: a.completeWorkflow(),
		RunE: a.withWorkflow(func(ctx context.Context, client *remote.Client, id string) error {
			if err := client.DeleteWorkflow(ctx, id); err != nil {
				return workflowError(err, id)
			}
			return a.done(map[string]string{"id": id}, "workflow "+id+" is deleted")
		}),
	}
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

// done prints what a command did: v for programs, text for people.
func (a *app) done(v any, text string) error {
	if a.format != output.FormatTable {
		return output.Write(a.out, a.format, v)
	}
	if a.quiet {
		return nil
	}
	_, err := fmt.Fprintln(a.out, text)
	return err
}
