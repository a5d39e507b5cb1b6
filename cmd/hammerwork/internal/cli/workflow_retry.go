package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// retryFlags are the flags of workflow retry.
type retryFlags struct {
	byFlags
	failed, all, dry bool
	from             string
	payloads         []string
}

func newWorkflowRetry(a *app) *cobra.Command {
	var f retryFlags
	c := &cobra.Command{
		Use:   "retry ID",
		Short: "Run a part of a workflow again",
		Long: `retry runs a workflow that has ended or is paused again: what failed, and what
could not run because of it. --from begins with one job and everything after it,
--all with everything. What has completed and is not chosen does not run again.
Finally jobs always do. What a job spawned comes after it, and belongs to the
workflow: it runs again when that does, with the payload that it is spawned with
then.

--payload gives a job that runs again another payload. --dry-run only prints
which jobs would run.`,
		Example: `  hammerwork workflow retry 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70
  hammerwork workflow retry 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70 --from transform --dry-run
  hammerwork workflow retry 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70 --payload 'extract={"day": "monday"}'`,
		Args:              oneWorkflow,
		ValidArgsFunction: a.completeWorkflow(),
		RunE: func(c *cobra.Command, args []string) error {
			o, err := f.request(c, a)
			if err != nil {
				return err
			}
			return a.withWorkflow(func(ctx context.Context, client *remote.Client, id string) error {
				return a.workflowRetry(ctx, client, id, o)
			})(c, args)
		},
	}
	flags := c.Flags()
	flags.BoolVar(&f.failed, "failed", false, "what failed, and what could not run because of it (the default)")
	flags.StringVar(&f.from, "from", "", "the job with this `name` and everything after it")
	flags.BoolVar(&f.all, "all", false, "everything")
	flags.StringArrayVar(&f.payloads, "payload", nil, "another payload for a job that runs again: `NAME=JSON`, or NAME=@file; may be repeated")
	flags.BoolVar(&f.dry, "dry-run", false, "only print which jobs would run")
	onlyHere(c, "failed", "from", "all", "payload", "dry-run")
	f.add(c)
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

// request reads the flags.
func (f *retryFlags) request(c *cobra.Command, a *app) (o wire.RetryRequest, err error) {
	if err := filled(c, "name a job, or leave it out", "from"); err != nil {
		return o, err
	}
	chosen := 0
	for mode, set := range map[workflow.RetryMode]bool{workflow.RetryFailed: f.failed, workflow.RetryFrom: f.from != "", workflow.RetryAll: f.all} {
		if set {
			chosen++
			o.Mode = string(mode)
		}
	}
	if chosen > 1 {
		return o, &usageError{errors.New("--failed, --from and --all exclude each other"), "choose one; --failed is the default"}
	}
	o.From, o.DryRun = f.from, f.dry
	for _, text := range f.payloads {
		name, payload, ok := strings.Cut(text, "=")
		if !ok || name == "" || payload == "" {
			return o, &usageError{fmt.Errorf("--payload %q is not NAME=JSON", term.Fit(term.OneLine(text), 100)), `like this: --payload 'extract={"day": "monday"}'`}
		}
		if _, twice := o.Payloads[name]; twice {
			return o, &usageError{fmt.Errorf("--payload %s is there twice", term.OneLine(name)), "give each job one payload"}
		}
		value, err := a.value("--payload "+name+"=", payload)
		if err != nil {
			return o, err
		}
		if o.Payloads == nil {
			o.Payloads = make(map[string]json.RawMessage)
		}
		o.Payloads[name] = value
	}
	o.By, err = f.by()
	return o, err
}

func (a *app) workflowRetry(ctx context.Context, c *remote.Client, id string, o wire.RetryRequest) error {
	plan, err := c.RetryWorkflow(ctx, id, o)
	if err != nil {
		return workflowError(err, id)
	}
	if a.format != output.FormatTable {
		return output.Write(a.out, a.format, plan)
	}
	if a.quiet {
		return nil
	}
	r := newResultPrinter(a, wire.Workflow{})
	verb := map[bool]string{true: "would run", false: "runs"}[plan.DryRun]
	r.line(fmt.Sprintf("run %d of workflow %s %s %s again", plan.Run, term.OneLine(plan.Name), verb, term.Count(len(plan.Jobs), "job")))
	if plan.DryRun && len(plan.Jobs) > 0 {
		r.line("")
		t := output.Table{Header: []string{"JOB", "WAS", "SPAWNED BY", "ID"}, Drop: []int{3, 2}, Least: 24}
		some := slices.ContainsFunc(plan.Jobs, func(j wire.PlannedJob) bool { return j.SpawnedBy != "" })
		for _, j := range plan.Jobs {
			t.Rows = append(t.Rows, []output.Cell{output.Text(term.OneLine(j.Name)), statusCell(r.palette, job.Status(j.Status)), output.Text(term.OneLine(j.SpawnedBy)), output.Text(j.ID)})
		}
		if !some {
			t.Header, t.Drop = slices.Delete(t.Header, 2, 3), []int{2}
			for i := range t.Rows {
				t.Rows[i] = slices.Delete(t.Rows[i], 2, 3)
			}
		}
		if err := t.Write(r.out, r.palette, r.width); err != nil {
			return err
		}
	}
	return r.out.Flush()
}
