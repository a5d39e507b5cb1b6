package cli

import (
	"context"
	"errors"
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

func newWorkflowStatus(a *app) *cobra.Command {
	var watch bool
	c := &cobra.Command{
		Use:   "status ID",
		Short: "Show how far a workflow is",
		Long: `status shows how a workflow stands: its counts, what runs, what failed, and how
long it may still take. That is known from the last 20 workflows of the same name
that completed without a retry.

With --watch it follows the workflow to its end, live on a terminal, prints the
results of the last jobs, and exits with 0 only when the workflow completed.
Ctrl-C ends the watching, not the workflow.`,
		Example: `  hammerwork workflow status 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70
  hammerwork workflow status 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70 --watch`,
		Args:              oneWorkflow,
		ValidArgsFunction: a.completeWorkflow(),
		RunE: a.withWorkflow(func(ctx context.Context, c *remote.Client, id string) error {
			if watch {
				return a.workflowWatch(ctx, c, id, 0)
			}
			return a.workflowStatus(ctx, c, id)
		}),
	}
	c.Flags().BoolVarP(&watch, "watch", "w", false, "follow it to its end")
	onlyHere(c, "watch")
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

// Bounds of what status looks at.
const (
	shownOpen = 10  // jobs of a kind that it shows
	lookedAt  = 500 // suspended ones among which it finds open gates
)

func (a *app) workflowStatus(ctx context.Context, c *remote.Client, id string) error {
	w, err := c.WorkflowItemETA(ctx, id)
	if err != nil {
		return workflowError(err, id)
	}
	if a.format != output.FormatTable {
		return output.Write(a.out, a.format, w)
	}
	shown, more, err := a.notable(ctx, c, w)
	if err != nil {
		return err
	}
	r := newResultPrinter(a, wire.Workflow{ID: w.ID, Name: w.Name, Standing: w.Standing, Jobs: shown})
	r.ids = true
	if w.Stats.Suspended > 0 {
		list, err := c.Jobs(ctx, remote.JobFilter{Workflow: id, Status: string(job.Suspended)}, remote.Page{Limit: lookedAt})
		if err != nil {
			return err
		}
		slices.Reverse(list.Items) // the newest come first
		if r.open, r.openAll, err = openGates(ctx, remoteLook(c), list.Items); err != nil {
			return err
		}
		r.openAll = r.openAll && list.NextCursor == ""
	}
	r.line(closingLine(r.palette, w, r.now))
	if eta := etaText(w.ETA, w.Status); eta != "" {
		r.line("eta: " + eta)
	}
	if len(shown) > 0 {
		r.line("")
		if err := r.jobTable(shown); err != nil {
			return err
		}
	}
	if more {
		r.line(r.palette.Faint("… hammerwork job list --workflow " + id + " lists all jobs"))
	}
	r.decisions()
	r.gates()
	return r.out.Flush()
}

// notable returns the jobs of a workflow that people look for: what failed,
// what runs, what is tried again, of each at most shownOpen.
func (a *app) notable(ctx context.Context, c *remote.Client, w wire.WorkflowItem) (jobs []wire.Job, more bool, err error) {
	for _, kind := range append(terminalCounts(w.Stats)[1:4], openCounts(w.Stats)...) {
		if kind.n == 0 || kind.status == job.Pending {
			continue
		}
		filter := remote.JobFilter{Workflow: w.ID, Status: string(kind.status)}
		list, err := c.Jobs(ctx, filter, remote.Page{Limit: shownOpen})
		if err != nil {
			return nil, false, err
		}
		jobs = append(jobs, list.Items...)
		more = more || list.NextCursor != ""
	}
	return jobs, more, nil
}

// workflowWatch follows a workflow to its end and prints what run prints.
func (a *app) workflowWatch(ctx context.Context, c *remote.Client, id string, timeout time.Duration) error {
	w, err := a.watch(ctx, c, id, timeout, nil)
	if err != nil {
		return workflowError(err, id)
	}
	if a.format != output.FormatTable {
		err = output.Write(a.out, a.format, w)
	} else {
		r := newResultPrinter(a, w)
		if r.within, err = nested(ctx, remoteLook(c), w.Jobs); err == nil {
			err = r.print()
		}
	}
	if err != nil {
		return err
	}
	return withHint(outcome(w), "hammerwork workflow show "+id+" shows the ids of its jobs, hammerwork job show one of them")
}

func newWorkflowWait(a *app) *cobra.Command {
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "wait ID",
		Short: "Wait until a workflow has ended",
		Long: `wait ends when the workflow does, or when --timeout is over.

Exit codes: 0 the workflow completed, 1 it failed or was cancelled, 3 there is
no such workflow, 5 the server cannot be reached, 6 the time is over. A server
that restarts meanwhile does not end the wait.`,
		Example: `  hammerwork workflow wait 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70
  hammerwork workflow wait 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70 --timeout 10m`,
		Args:              oneWorkflow,
		ValidArgsFunction: a.completeOpenWorkflow(),
		RunE: func(c *cobra.Command, args []string) error {
			if err := checkTimeout(timeout); err != nil {
				return err
			}
			return a.withWorkflow(func(ctx context.Context, c *remote.Client, id string) error {
				return a.workflowWait(ctx, c, id, timeout)
			})(c, args)
		},
	}
	c.Flags().DurationVar(&timeout, "timeout", 0, "wait at most for this `duration` (default: as long as it takes)")
	onlyHere(c, "timeout")
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

func (a *app) workflowWait(ctx context.Context, c *remote.Client, id string, timeout time.Duration) error {
	ctx, cancel := waiting(ctx, timeout)
	defer cancel()
	notice := func(text string) {
		if !a.quiet {
			a.say("note:", text)
		}
	}
	said, asked, gated := false, 0, ""
	look := func(w wire.WorkflowItem) error {
		if !said && !ended(w) {
			notice(fmt.Sprintf("waiting for workflow %s: %s", term.OneLine(w.Name), endedText(w.Stats)))
		}
		said = true
		if w.Undecided > asked {
			notice(decisionNotice(w))
		}
		asked = w.Undecided
		if w.Stats.Suspended == 0 {
			gated = ""
			return nil
		}
		list, err := waits(ctx, remoteLook(c), id)
		if err != nil {
			return err
		}
		text := gateNotice(w, list)
		if text != "" && text != gated {
			notice(text)
		}
		gated = text
		return nil
	}
	w, err := a.follow(ctx, c, id, look, notice)
	if ran := new(waitedError); gated != "" && errors.As(err, &ran) {
		err = &hintError{ran, gated}
	}
	if err != nil {
		return workflowError(err, id)
	}
	if err := a.done(w, closingLine(term.Colours(a.out), w, time.Now())); err != nil {
		return err
	}
	if w.Status == "completed" {
		return nil
	}
	word := map[bool]string{true: "was cancelled", false: "failed"}[w.Status == "cancelled"]
	return &hintError{fmt.Errorf("workflow %s %s", w.Name, word), "hammerwork workflow show " + id + " shows why"}
}

// gateNotice says that a workflow waits for somebody who answers its gates;
// empty: it does something else, too.
func gateNotice(w wire.WorkflowItem, list []suspended) string {
	if !onlyGates(w, list) {
		return ""
	}
	for _, x := range list {
		if isOpenGate(x.Job) {
			return fmt.Sprintf("it waits for an answer to %s (%s); %s", term.OneLine(x.Name), x.Gate.Type, answerCommand(x.Job))
		}
	}
	return ""
}

// decisionNotice says that a workflow waits for somebody.
func decisionNotice(w wire.WorkflowItem) string {
	return steered(w) + "; " + decideHint(w)
}
