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
)

func newQueue(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "queue",
		Short: "Look at, pause and resume queues, share them among priorities",
		Example: `  hammerwork queue list
  hammerwork queue pause mail
  hammerwork queue priorities mail --weights critical=16,high=8,normal=4,low=2,background=1`,
	}
	c.AddCommand(
		newQueueList(a),
		newQueueSwitch(a, "pause", "Stop handing out the jobs of a queue", "pause keeps the jobs of a queue from the workers. What runs goes on, and jobs can\nstill be enqueued.", (*remote.Client).PauseQueue),
		newQueueSwitch(a, "resume", "Hand out the jobs of a paused queue again", "resume ends a pause.", (*remote.Client).ResumeQueue),
		newQueuePriorities(a),
	)
	asGroup(c)
	return c
}

func newQueueList(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "list",
		Short: "List queues and what is in them",
		Long: `list shows the queues that have jobs for workers, are paused, have weights, or are served
by a worker. READY are the jobs a worker could have now, or when the pause ends.
A queue whose priorities share its claims shows their weights after its state,
that of critical first, then high, normal, low and background.`,
		Example: "  hammerwork queue list",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.queueList(c.Context())
		},
	}
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

func (a *app) queueList(ctx context.Context) error {
	client, err := a.remote()
	if err != nil {
		return err
	}
	defer client.Close()
	now, palette := time.Now(), term.Colours(a.out)
	l := listing[wire.Queue]{
		noun:  "queue",
		none:  "no queue has jobs for workers, is paused or is in the hands of a worker",
		fetch: func(ctx context.Context, _ remote.Page) (wire.List[wire.Queue], error) { return client.Queues(ctx) },
		table: output.Table{
			Header: []string{"READY", "RUNNING", "WORKERS", "STATE", "NAME"},
			Right:  []bool{true, true, true},
		},
		row: func(q wire.Queue) []output.Cell {
			state := output.Cell{Text: "open", Paint: palette.Green}
			switch {
			case q.Paused:
				state = output.Cell{Text: "paused " + age(q.PausedAt, now), Paint: palette.Yellow}
			case q.Workers == 0 && q.Ready > 0:
				state = output.Cell{Text: "no worker", Paint: palette.Yellow}
			}
			state.Text += weightsSuffix(q)
			return []output.Cell{
				output.Text(term.Number(q.Ready)), output.Text(term.Number(q.Running)), output.Text(term.Number(q.Workers)),
				state, output.Text(term.OneLine(q.Name)),
			}
		},
	}
	return l.show(ctx, a, listFlags{all: true})
}

func newQueueSwitch(a *app, verb, short, long string, do func(*remote.Client, context.Context, string) (wire.Queue, error)) *cobra.Command {
	c := &cobra.Command{
		Use:               verb + " QUEUE",
		Short:             short,
		Long:              long,
		Example:           "  hammerwork queue " + verb + " mail",
		Args:              oneQueue,
		ValidArgsFunction: a.completeQueue(),
		RunE: func(c *cobra.Command, args []string) error {
			if args[0] == "" {
				return &usageError{fmt.Errorf("the name of the queue is empty"), "hammerwork queue list lists them"}
			}
			client, err := a.remote()
			if err != nil {
				return err
			}
			defer client.Close()
			q, err := do(client, c.Context(), args[0])
			if err != nil {
				return err
			}
			state := map[bool]string{true: "is paused", false: "is open"}[q.Paused]
			return a.done(q, fmt.Sprintf("queue %s %s: %s ready, %s running", term.OneLine(q.Name), state, term.Number(q.Ready), term.Number(q.Running)))
		},
	}
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}
