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
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
)

func newWorkerList(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the workers seen within the last ten minutes",
		Example: "  hammerwork worker list",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.workerList(c.Context())
		},
	}
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

// silent says that a worker has not been seen for so long that it may be dead.
func silent(w wire.Worker, now time.Time) bool {
	return w.LastSeenAt != nil && now.Sub(*w.LastSeenAt) > store.WorkerSilent
}

func (a *app) workerList(ctx context.Context) error {
	client, err := a.remote()
	if err != nil {
		return err
	}
	defer client.Close()
	now, palette := time.Now(), term.Colours(a.out)
	l := listing[wire.Worker]{
		noun:  "worker",
		none:  "no worker was seen within the last ten minutes",
		fetch: func(ctx context.Context, _ remote.Page) (wire.List[wire.Worker], error) { return client.Workers(ctx) },
		table: output.Table{
			Header: []string{"NAME", "STATE", "BUSY", "SEEN", "UP", "QUEUES"},
			Right:  []bool{false, false, true, true, true},
			Drop:   []int{4}, Least: 16,
		},
		row: func(w wire.Worker) []output.Cell {
			name := term.FitEnd(term.OneLine(w.Name), 40)
			state := output.Cell{Text: "working", Paint: palette.Green}
			switch {
			case silent(w, now):
				state = output.Cell{Text: "silent", Paint: palette.Red}
			case w.Draining:
				state = output.Cell{Text: "draining", Paint: palette.Yellow}
			case w.Running == 0:
				state = output.Cell{Text: "idle", Paint: palette.Faint}
			}
			queues := "all"
			if len(w.Queues) > 0 {
				queues = term.OneLine(strings.Join(w.Queues, ", "))
			}
			return []output.Cell{
				output.Text(name), state, output.Text(fmt.Sprintf("%d/%d", w.Running, w.Slots)),
				output.Text(age(w.LastSeenAt, now)), output.Text(age(w.FirstSeenAt, now)), output.Text(queues),
			}
		},
	}
	return l.show(ctx, a, listFlags{all: true})
}
