package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/plainjson"
)

func newWorkflowEvents(a *app) *cobra.Command {
	var follow bool
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "events ID",
		Short: "Show what happened in a workflow, in the order of time",
		Long: `events lists when a workflow was created and ended, when its jobs started and
ended, which attempts failed, and what people did, oldest first. It is made of what
is stored of jobs: while a workflow is open the last second is not told yet.

With --follow it goes on until the workflow has ended, and with -o json then prints
an object a line. Exit codes as of wait: 0 the workflow completed, 1 it failed or was
cancelled, 3 there is no such workflow, 5 the server cannot be reached, 6 the
--timeout is over.`,
		Example: `  hammerwork workflow events 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70
  hammerwork workflow events 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70 --follow -o json`,
		Args:              oneWorkflow,
		ValidArgsFunction: a.completeWorkflow(),
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case !follow && c.Flags().Changed("timeout"):
				return &usageError{fmt.Errorf("--timeout bounds what --follow waits for"), "add --follow, or leave it out"}
			case follow && a.format == output.FormatYAML:
				return &usageError{fmt.Errorf("--follow prints no YAML"), "use -o json, an object a line"}
			}
			if err := checkTimeout(timeout); err != nil {
				return err
			}
			return a.withWorkflow(func(ctx context.Context, client *remote.Client, id string) error {
				if follow {
					return a.followEvents(ctx, client, id, timeout)
				}
				return a.listEvents(ctx, client, id)
			})(c, args)
		},
	}
	c.Flags().BoolVarP(&follow, "follow", "f", false, "go on until the workflow has ended")
	c.Flags().DurationVar(&timeout, "timeout", 0, "with --follow: wait at most for this `duration` (default: as long as it takes)")
	onlyHere(c, "follow", "timeout")
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

// eventTable is how events are printed.
func eventTable() output.Table {
	return output.Table{Header: []string{"TIME", "AT", "EVENT", "JOB", "DETAILS"}, Right: []bool{false, true}}
}

// eventRow prints an event of a workflow that was created at a time.
func eventRow(p term.Palette, e wire.Event, created *time.Time) []output.Cell {
	offset := ""
	if created != nil && e.At != nil {
		offset = "+" + term.Duration(max(0, e.At.Sub(*created)))
	}
	what := output.Cell{Text: e.Status}
	switch e.Type {
	case "workflow_created":
		what.Text = "created"
	case "job_started":
		what.Text, what.Paint = "started", p.Cyan
		if !attempted(e) {
			what.Text = "suspended"
		}
	case "attempt_ended":
		what.Text, what.Paint = "attempt "+strings.ReplaceAll(e.Outcome, "_", " "), p.Yellow
	case "action":
		what.Text, what.Paint = e.Action, p.Yellow
	case "job_ended", "workflow_ended":
		what = statusCell(p, job.Status(e.Status))
	}
	name := term.OneLine(e.Job)
	if e.JobID == "" {
		name = "(workflow)"
	}
	return []output.Cell{
		output.Text(e.At.Local().Format("15:04:05.000")), output.Text(offset), what, output.Text(name), output.Text(term.Fit(eventDetails(e), 300)),
	}
}

// attempted reports whether a job that started is in a worker's hands: a gate
// that opens, and a job whose parts begin, are in nobody's.
func attempted(e wire.Event) bool { return e.Attempt > 0 || e.Worker != "" }

func eventDetails(e wire.Event) string {
	var parts []string
	add := func(text string) {
		if text != "" {
			parts = append(parts, term.OneLine(text))
		}
	}
	if e.Type == "job_started" && attempted(e) || e.Type == "attempt_ended" {
		add(fmt.Sprintf("attempt %d", e.Attempt))
		add(e.Worker)
	}
	add(e.Reason)
	if e.Type != "job_ended" || e.Attempt == 0 {
		add(e.Error)
	}
	add(e.Actor)
	add(e.Comment)
	return strings.Join(parts, ", ")
}

func (a *app) listEvents(ctx context.Context, client *remote.Client, id string) error {
	palette := term.Colours(a.out)
	var created *time.Time
	l := listing[wire.Event]{
		noun: "event",
		none: "nothing has happened in workflow " + id + " so far",
		fetch: func(ctx context.Context, p remote.Page) (wire.List[wire.Event], error) {
			list, err := client.Events(ctx, id, p)
			if created == nil && len(list.Items) > 0 {
				created = list.Items[0].At
			}
			return list, workflowError(err, id)
		},
		table: eventTable(),
		row:   func(e wire.Event) []output.Cell { return eventRow(palette, e, created) },
	}
	return l.show(ctx, a, listFlags{all: true})
}

// followEvents prints events as they come, until the workflow has ended.
func (a *app) followEvents(ctx context.Context, client *remote.Client, id string, timeout time.Duration) error {
	ctx, cancel := waiting(ctx, timeout)
	defer cancel()
	f := eventFollower{app: a, client: client, id: id, table: eventTable(), palette: term.Colours(a.out)}
	notice := func(text string) {
		if !a.quiet {
			a.say("note:", text)
		}
	}
	w, err := a.follow(ctx, client, id, func(wire.WorkflowItem) error { return f.read(ctx) }, notice)
	if err != nil {
		return workflowError(err, id)
	}
	if w.Status == "completed" {
		return nil
	}
	word := map[bool]string{true: "was cancelled", false: "failed"}[w.Status == "cancelled"]
	return &hintError{fmt.Errorf("workflow %s %s", w.Name, word), "hammerwork workflow show " + id + " shows why"}
}

// eventFollower prints the events of a workflow that were not printed yet.
type eventFollower struct {
	app     *app
	client  *remote.Client
	id      string
	cursor  string
	created *time.Time
	table   output.Table
	palette term.Palette
}

func (f *eventFollower) read(ctx context.Context) error {
	for {
		list, err := f.client.Events(ctx, f.id, remote.Page{Cursor: f.cursor, Limit: 500})
		if err != nil || len(list.Items) == 0 {
			return err
		}
		if f.created == nil {
			f.created = list.Items[0].At
		}
		if err := f.print(list.Items); err != nil {
			return err
		}
		f.cursor = list.Items[len(list.Items)-1].ID
		if list.NextCursor == "" {
			return nil
		}
	}
}

func (f *eventFollower) print(events []wire.Event) error {
	if f.app.format == output.FormatJSON {
		e := plainjson.NewEncoder(f.app.out)
		for _, event := range events {
			if err := e.Encode(event); err != nil {
				return err
			}
		}
		return nil
	}
	f.table.Rows = nil
	for _, event := range events {
		f.table.Rows = append(f.table.Rows, eventRow(f.palette, event, f.created))
	}
	width, _ := term.Size(f.app.out)
	return f.table.Page(f.app.out, f.palette, width)
}
