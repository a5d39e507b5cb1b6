package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
)

func newJob(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "job",
		Short: "Enqueue, look at and cancel jobs",
		Example: `  hammerwork job enqueue --queue mail --payload '{"to": "a@example.com"}'
  hammerwork job list --status failed`,
	}
	c.AddCommand(newJobList(a), newJobShow(a), newJobEnqueue(a), newJobRetry(a), newJobCancel(a), newJobExplain(a), newJobTree(a),
		newJobApprove(a), newJobReject(a), newJobSignal(a))
	asGroup(c)
	return c
}

func newJobList(a *app) *cobra.Command {
	var f listFlags
	var filter remote.JobFilter
	c := &cobra.Command{
		Use:   "list",
		Short: "List jobs, newest first",
		Long: `list lists jobs of all workflows and of none. --status waiting are the pending
jobs that wait for their parents.`,
		Example: `  hammerwork job list
  hammerwork job list --queue mail --status failed --since 24h
  hammerwork job list --workflow 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70 --all -o json`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if err := filled(c, "leave it out to choose all", "queue", "status", "dependency-status", "priority", "workflow"); err != nil {
				return err
			}
			if filter.Since, err = f.check(c); err != nil {
				return err
			}
			if filter.Workflow != "" {
				if filter.Workflow, err = workflowID(filter.Workflow); err != nil {
					return err
				}
			}
			return a.jobList(c.Context(), f, filter)
		},
	}
	c.Flags().StringVar(&filter.Queue, "queue", "", "only those of this `queue`")
	choiceFlag(c, &filter.Status, "status", "only those with this `status`", jobStatuses)
	choiceFlag(c, &filter.DependencyStatus, "dependency-status", "only those whose dependencies stand `so`", dependencyStatuses)
	choiceFlag(c, &filter.Priority, "priority", "only those with this `priority`", priorities)
	c.Flags().StringVar(&filter.Workflow, "workflow", "", "only those of the workflow with this `id`")
	onlyHere(c, "queue", "status", "dependency-status", "priority", "workflow")
	completeFlag(c, "queue", a.completeQueue())
	completeFlag(c, "workflow", a.completeWorkflow())
	f.add(c)
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

func (a *app) jobList(ctx context.Context, f listFlags, filter remote.JobFilter) error {
	client, err := a.remote()
	if err != nil {
		return err
	}
	defer client.Close()
	now, palette := time.Now(), term.Colours(a.out)
	l := listing[wire.Job]{
		noun:   "job",
		none:   "there is no job",
		chosen: filter != remote.JobFilter{} || f.cursor != "",
		fetch: func(ctx context.Context, p remote.Page) (wire.List[wire.Job], error) {
			return client.Jobs(ctx, filter, p)
		},
		table: output.Table{
			Header: []string{"ID", "STATUS", "QUEUE", "PRIORITY", "ATTEMPT", "AGE", "NAME"},
			Right:  []bool{false, false, false, false, true, true},
			Drop:   []int{3, 4, 5}, Least: 16,
		},
		row: func(j wire.Job) []output.Cell {
			attempt := ""
			if j.Attempt > 0 {
				attempt = fmt.Sprint(j.Attempt)
			}
			s := jobStatusCell(palette, j)
			return []output.Cell{
				output.Text(j.ID), s, output.Text(term.OneLine(j.Queue)), output.Text(j.Priority),
				output.Text(attempt), output.Text(age(j.CreatedAt, now)), output.Text(term.OneLine(j.Name)),
			}
		},
	}
	return l.show(ctx, a, f)
}

// jobStatusCell is the status of a job in a list: waiting when it is pending
// for its parents.
func jobStatusCell(p term.Palette, j wire.Job) output.Cell {
	c := statusCell(p, statusOf(j))
	if statusOf(j) == job.Pending && j.DependencyStatus == string(job.Waiting) {
		c.Text = term.Mark(job.Pending) + " waiting"
	}
	return c
}

// jobError names the job that the server does not have.
func jobError(err error, id string) error {
	if isProblem(err, wire.CodeNotFound) {
		return &hintError{&rewordedError{err, "there is no job " + id}, "hammerwork job list shows the ids"}
	}
	return err
}

func newJobCancel(a *app) *cobra.Command {
	var f cancelFlags
	c := &cobra.Command{
		Use:   "cancel ID",
		Short: "Cancel a job",
		Long: `cancel ends a job that waits at once. One that runs is told to stop and may end
by itself within the grace.`,
		Example: `  hammerwork job cancel 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d71
  hammerwork job cancel 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d71 --grace 1m`,
		Args:              oneJob,
		ValidArgsFunction: a.completeJob(),
		RunE: func(c *cobra.Command, args []string) error {
			if err := f.check(c); err != nil {
				return err
			}
			return a.withJob(func(ctx context.Context, client *remote.Client, id string) error {
				j, err := client.CancelJob(ctx, id, f.grace)
				if isProblem(err, wire.CodeWrongState) {
					return &hintError{&rewordedError{err, "job " + id + " has ended already"}, "hammerwork job show " + id + " shows how"}
				}
				if err != nil {
					return jobError(err, id)
				}
				text := fmt.Sprintf("job %s is %s", jobName(j), j.Status)
				if statusOf(j) == job.Running {
					text = fmt.Sprintf("job %s is told to stop", jobName(j))
				}
				return a.done(j, text)
			})(c, args)
		},
	}
	f.add(c)
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

// jobName is what people call a job: its name, else its id.
func jobName(j wire.Job) string {
	if name := term.OneLine(j.Name); name != "" {
		return name
	}
	return j.ID
}

func completeFlag(c *cobra.Command, flag string, words completion) {
	_ = c.RegisterFlagCompletionFunc(flag, func(c *cobra.Command, _ []string, start string) ([]string, cobra.ShellCompDirective) {
		return words(c, nil, start)
	}) // it only fails for flags that do not exist
}

func newJobRetry(a *app) *cobra.Command {
	var by byFlags
	var payload string
	c := &cobra.Command{
		Use:   "retry ID",
		Short: "Run a job without a workflow again",
		Long: `retry runs a job again that belongs to no workflow and failed or was cancelled:
with a new budget of attempts, and another payload if you like. Jobs without a
workflow that could not run because of it alone wait for it again.

A job of a workflow runs again together with what depends on it, or by a decision
about its failure: for such a job retry names the command that does it.`,
		Example: `  hammerwork job retry 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d71
  hammerwork job retry 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d71 --payload '{"to": "b@example.com"}' --comment "wrong address"`,
		Args:              oneJob,
		ValidArgsFunction: a.completeJob(),
		RunE: func(c *cobra.Command, args []string) (err error) {
			var o wire.RetryJobRequest
			if err := filled(c, "leave it out to keep what there is", "payload"); err != nil {
				return err
			}
			if o.Payload, err = a.value("--payload", payload); err != nil {
				return err
			}
			if o.By, err = by.by(); err != nil {
				return err
			}
			return a.withJob(func(ctx context.Context, client *remote.Client, id string) error {
				j, err := client.RetryJob(ctx, id, o)
				if err != nil {
					return jobError(err, id)
				}
				return a.done(j, fmt.Sprintf("job %s is %s", jobName(j), j.Status))
			})(c, args)
		},
	}
	c.Flags().StringVar(&payload, "payload", "", "instead of the payload it had: `JSON`, @file, or - for standard input")
	onlyHere(c, "payload")
	by.add(c)
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}
