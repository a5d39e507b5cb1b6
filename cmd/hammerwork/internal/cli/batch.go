package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

var (
	oneBatch   = oneArgument("the id of a batch", "hammerwork job list --status suspended")
	batchModes = []string{"continue_on_error", "collect_errors", "fail_fast"}
)

func newBatch(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "batch",
		Short: "Enqueue and follow many jobs as one",
		Long: `batch handles batches: one job made of many items, which run in any order on one
queue. status and export also show maps, and batches that belong to workflows.`,
		Example: `  hammerwork batch enqueue --queue mail --file payloads.jsonl
  hammerwork batch status 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d71 --watch`,
	}
	c.AddCommand(newBatchEnqueue(a), newBatchStatus(a), newBatchRetry(a), newBatchCancel(a), newBatchExport(a))
	asGroup(c)
	return c
}

func newBatchEnqueue(a *app) *cobra.Command {
	var f enqueueFlags
	var file, mode string
	var payloads []string
	c := &cobra.Command{
		Use:   "enqueue --queue QUEUE",
		Short: "Enqueue a batch that belongs to no workflow",
		Long: `enqueue stores a job for each payload, and one that stands for them all, and
prints its id. A file has a JSON value on each line, or, when it is called .json,
one list; - is standard input.

Under continue_on_error, the default, the batch completes and its result lists
what failed. Under collect_errors all items run, and then the batch fails; under
fail_fast the first failure cancels the rest.`,
		Example: `  hammerwork batch enqueue --queue mail --file payloads.jsonl
  hammerwork batch enqueue --queue mail --payload '{"to": "a@example.com"}' --payload '{"to": "b@example.com"}' --mode fail_fast`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			j, err := a.newJob(c, f)
			if err != nil {
				return err
			}
			b := remote.NewBatch{NewJob: j, Mode: mode}
			if b.Payloads, err = a.payloads(c, file, payloads); err != nil {
				return err
			}
			return a.batchEnqueue(c.Context(), b)
		},
	}
	flags := c.Flags()
	flags.StringVar(&f.queue, "queue", "", "`name` of the queue")
	flags.StringVar(&file, "file", "", "`file` with a payload on each line; - is standard input")
	flags.StringArrayVar(&payloads, "payload", nil, "`JSON` of one item, or @file; may be repeated")
	flags.StringVar(&f.name, "name", "", "`name` of the batch, for people")
	choiceFlag(c, &mode, "mode", "`what` failed items make of it", batchModes)
	choiceFlag(c, &f.priority, "priority", "`priority` of the items", priorities)
	flags.DurationVar(&f.timeout, "timeout", 0, "`duration` of one attempt at an item at most")
	flags.IntVar(&f.maxAttempts, "max-attempts", 0, "`number` of attempts at an item at most (default: the server's, 3)")
	flags.StringSliceVar(&f.dependsOn, "depends-on", nil, "`id` of a job to wait for; may be repeated")
	flags.StringVar(&f.key, "idempotency-key", "", "`key` that makes it safe to repeat the command")
	onlyHere(c, "queue", "file", "payload", "name", "mode", "priority", "timeout", "max-attempts", "depends-on", "idempotency-key")
	completeFlag(c, "queue", a.completeQueue())
	completeFlag(c, "depends-on", a.completeJob())
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

// payloads reads the items of a batch, from a file or from flags.
func (a *app) payloads(c *cobra.Command, file string, flags []string) ([]json.RawMessage, error) {
	named := c.Flags().Changed("file")
	switch {
	case named && len(flags) > 0:
		return nil, &usageError{errors.New("--file and --payload both say what the items are"), "leave one of them out"}
	case !named && len(flags) == 0:
		return nil, &usageError{fmt.Errorf("%s needs items", c.CommandPath()), "like this: --file payloads.jsonl, or --payload '{\"to\": \"a@example.com\"}'"}
	case named:
		return a.payloadLines(file)
	}
	var list []json.RawMessage
	for _, text := range flags {
		v, err := a.value("--payload", text)
		if err != nil {
			return nil, err
		}
		if v == nil {
			return nil, &usageError{errors.New("--payload is empty"), "--payload null is an item without a payload"}
		}
		list = append(list, v)
	}
	return list, nil
}

// payloadLines reads a JSON value on each line of a file, or the values of the
// one list that a .json file has.
func (a *app) payloadLines(file string) (list []json.RawMessage, err error) {
	name, data, err := a.readNamed(file, "file of payloads")
	if err != nil {
		return nil, err
	}
	if filepath.Ext(name) == ".json" && json.Unmarshal(data, &list) == nil {
		return notEmpty(name, list)
	}
	number := 0
	for line := range bytes.Lines(data) {
		number++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if !json.Valid(line) {
			return nil, &usageError{fmt.Errorf("%s:%d is not valid JSON", name, number), "each line is one payload; a list over several lines is read from a file called .json"}
		}
		list = append(list, line)
	}
	return notEmpty(name, list)
}

func notEmpty(name string, list []json.RawMessage) ([]json.RawMessage, error) {
	if len(list) == 0 {
		return nil, &usageError{fmt.Errorf("%s has no payloads", name), "write one on each line"}
	}
	return list, nil
}

func (a *app) batchEnqueue(ctx context.Context, b remote.NewBatch) error {
	client, err := a.remote()
	if err != nil {
		return err
	}
	defer client.Close()
	created, err := client.EnqueueBatch(ctx, b)
	if err != nil {
		return err
	}
	return a.enqueued(created, "batch", term.OneLine(created.Name)+" of "+term.Count(len(b.Payloads), "item"))
}

// withBatch calls do with a client and the id that the argument is.
func (a *app) withBatch(do func(context.Context, *remote.Client, string) error) func(*cobra.Command, []string) error {
	return a.with(func(text string) (string, error) {
		return idOf(text, "a batch", "hammerwork batch enqueue prints it; hammerwork job list shows the ids of all jobs")
	}, do)
}

// batchError names the batch that the server does not have.
func batchError(err error, id string) error {
	var p *wire.Problem
	if errors.As(err, &p) && p.Code == wire.CodeNotFound && !strings.Contains(p.Detail, "neither") {
		return &hintError{&rewordedError{err, "there is no batch " + id}, "hammerwork job list shows the ids of all jobs"}
	}
	return err
}

func newBatchRetry(a *app) *cobra.Command {
	var by byFlags
	c := &cobra.Command{
		Use:   "retry ID",
		Short: "Run the failed items of a batch again",
		Long: `retry runs the items again that failed or were cancelled, once the batch has
ended; those that completed do not run again. A batch of a workflow runs again with
its workflow: for one retry names the command that does it.`,
		Example:           `  hammerwork batch retry 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d71 --comment "the server is back"`,
		Args:              oneBatch,
		ValidArgsFunction: a.completeJob(),
		RunE: func(c *cobra.Command, args []string) error {
			who, err := by.by()
			if err != nil {
				return err
			}
			return a.withBatch(func(ctx context.Context, client *remote.Client, id string) error {
				ended, err := client.Batch(ctx, id) // what runs again may be running by the answer
				if err != nil {
					return batchError(err, id)
				}
				b, err := client.RetryBatch(ctx, id, who)
				if err != nil {
					return batchError(err, id)
				}
				return a.done(b, fmt.Sprintf("batch %s runs again: %s did not complete; hammerwork batch status %s --watch", term.OneLine(b.Name), term.Count(notCompleted(ended.Stats), "item"), id))
			})(c, args)
		},
	}
	by.add(c)
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

func newBatchCancel(a *app) *cobra.Command {
	var f cancelFlags
	c := &cobra.Command{
		Use:   "cancel ID",
		Short: "Cancel a batch and its items",
		Long: `cancel ends the items of a batch that wait at once. Those that run are told to
stop and may end by themselves within the grace.`,
		Example:           "  hammerwork batch cancel 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d71",
		Args:              oneBatch,
		ValidArgsFunction: a.completeJob(),
		RunE: func(c *cobra.Command, args []string) error {
			if err := f.check(c); err != nil {
				return err
			}
			return a.withBatch(func(ctx context.Context, client *remote.Client, id string) error {
				b, err := client.CancelBatch(ctx, id, f.grace)
				if err != nil {
					return batchError(err, id)
				}
				text := "is told to stop"
				if b.FinishedAt != nil {
					text = "is " + b.Status
				}
				return a.done(b, fmt.Sprintf("batch %s %s", term.OneLine(b.Name), text))
			})(c, args)
		},
	}
	f.add(c)
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

func newBatchExport(a *app) *cobra.Command {
	var failed bool
	var file string
	c := &cobra.Command{
		Use:   "export ID",
		Short: "Write the items of a batch, a JSON object a line",
		Long: `export writes every item of a batch in its order: payload, how it ended, result
and error. With --failed it writes only those that ended and did not complete.`,
		Example: `  hammerwork batch export 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d71 --file items.jsonl
  hammerwork batch export 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d71 --failed | jq -c .payload > again.jsonl`,
		Args:              oneBatch,
		ValidArgsFunction: a.completeJob(),
		RunE: func(c *cobra.Command, args []string) error {
			if err := filled(c, "leave it out to write to standard output", "file"); err != nil {
				return err
			}
			return a.withBatch(func(ctx context.Context, client *remote.Client, id string) error {
				if file == "" || file == "-" {
					return batchError(closedPipe(client.ExportBatch(ctx, id, failed, a.out)), id)
				}
				// Before the file is emptied.
				if _, err := client.Batch(ctx, id); err != nil {
					return batchError(err, id)
				}
				out, err := os.Create(file)
				if err != nil {
					return err
				}
				err = client.ExportBatch(ctx, id, failed, out)
				return batchError(errors.Join(err, out.Close()), id)
			})(c, args)
		},
	}
	c.Flags().BoolVar(&failed, "failed", false, "only items that did not complete")
	c.Flags().StringVar(&file, "file", "", "write to this `file` (default: standard output)")
	onlyHere(c, "failed", "file")
	a.serverFlags(c)
	return c
}

func newBatchStatus(a *app) *cobra.Command {
	var watch bool
	c := &cobra.Command{
		Use:   "status ID",
		Short: "Show how far a batch is, and what failed",
		Long: `status shows how a batch or a map stands: how many of its items have ended, and
some that failed.

With --watch it follows the batch to its end, live on a terminal, and exits with 0
only when the batch completed. Ctrl-C ends the watching, not the batch.`,
		Example: `  hammerwork batch status 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d71
  hammerwork batch status 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d71 --watch`,
		Args:              oneBatch,
		ValidArgsFunction: a.completeJob(),
		RunE: a.withBatch(func(ctx context.Context, c *remote.Client, id string) error {
			b, err := c.Batch(ctx, id)
			if err == nil && watch {
				b, err = a.batchWatch(ctx, c, b)
			}
			if err != nil {
				return batchError(err, id)
			}
			if a.format != output.FormatTable {
				err = output.Write(a.out, a.format, b)
			} else {
				err = a.printBatch(b)
			}
			if err == nil && watch && b.Status != "completed" {
				verb := map[bool]string{true: "has", false: "is"}[b.Status == "failed"]
				err = &hintError{fmt.Errorf("batch %s %s %s", term.OneLine(b.Name), verb, b.Status), "hammerwork batch retry " + id + " runs what failed again"}
			}
			return err
		}),
	}
	c.Flags().BoolVarP(&watch, "watch", "w", false, "follow it to its end")
	onlyHere(c, "watch")
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

// batchWatch follows a batch to its end: its items as the jobs of a workflow,
// and then the job that stands for them, which says how it ended.
func (a *app) batchWatch(ctx context.Context, c *remote.Client, b wire.Batch) (wire.Batch, error) {
	until := func(ctx context.Context, done func() bool) error {
		for silent := time.Now(); !done(); {
			select {
			case <-time.After(a.poll):
			case <-ctx.Done():
				return ctx.Err()
			}
			next, err := c.Batch(ctx, b.ID)
			switch {
			case err == nil:
				b, silent = next, time.Now()
			case !transient(err) || time.Since(silent) > outage:
				return err
			}
		}
		return nil
	}
	ended := func() bool { return b.FinishedAt != nil }
	if err := until(ctx, func() bool { return ended() || b.ItemsID != "" }); err != nil || ended() {
		return b, err
	}
	_, err := a.watch(ctx, c, b.ItemsID, 0, &batchOf{id: b.ID, name: b.Name, end: func(ctx context.Context) (workflow.Status, error) {
		err := until(ctx, ended)
		switch status := job.Status(b.Status); {
		case err != nil:
			return "", err
		case status == job.Completed:
			return workflow.Completed, nil
		case status == job.Cancelled:
			return workflow.Cancelled, nil
		}
		return workflow.Failed, nil
	}})
	return b, err
}

func (a *app) printBatch(b wire.Batch) error {
	r := newResultPrinter(a, wire.Workflow{})
	j := wire.Job{ID: b.ID, Name: b.Name, Status: b.Status, StartedAt: b.StartedAt, FinishedAt: b.FinishedAt}
	parts := wire.Parts{Kind: b.Kind, WorkflowID: b.ItemsID, Stats: b.Stats}
	r.line(r.jobTitle(j, b.Reason) + r.palette.Faint(": "+partsText(statusOf(j), parts)))
	if !a.quiet {
		r.fields([]field{
			{"id", b.ID},
			{"workflow", b.WorkflowID},
			{"queue", term.OneLine(b.Queue)},
			{"mode", b.Mode},
			{"items", b.ItemsID},
			{"run", runNumber(b.Run)},
			{"created", when(b.CreatedAt, r.now)},
			{"finished", when(b.FinishedAt, r.now)},
		})
	}
	if len(b.Failures) > 0 {
		t := output.Table{Header: []string{"ITEM", "STATUS", "ID", "ERROR"}, Drop: []int{2}, Least: 24}
		for _, f := range b.Failures {
			t.Rows = append(t.Rows, []output.Cell{
				output.Text(term.OneLine(f.Name)), statusCell(r.palette, statusOf(wire.Job{Status: f.Status})), output.Text(f.ID), output.Text(term.Fit(term.OneLine(f.Error), 300)),
			})
		}
		r.heading("items that did not complete", r.palette.Red)
		if err := t.Write(r.out, r.palette, r.width); err != nil {
			return err
		}
		if more := notCompleted(b.Stats) - len(b.Failures); more > 0 {
			r.line(r.palette.Faint(fmt.Sprintf("… and %s more; hammerwork batch export %s --failed writes all", term.Number(more), b.ID)))
		}
	}
	return r.out.Flush()
}
