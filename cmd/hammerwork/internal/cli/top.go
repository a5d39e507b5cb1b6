package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/top"
	"github.com/hammerwork/hammerwork/internal/wire"
)

func newTop(a *app) *cobra.Command {
	var once bool
	var interval time.Duration
	c := &cobra.Command{
		Use:   "top",
		Short: "Watch queues, workers, workflows and failures, live",
		Long: `top shows what a server does: queues with what is ready and by how much that
changes, workers, the open workflows with their progress, and the newest failures
of the last 15 minutes. q quits, r looks again at once. A workflow of which nothing
runs, and that waits at a gate, shows which.

--once prints one frame and ends; it needs no terminal, and takes -o json.`,
		Example: `  hammerwork top
  hammerwork top --interval 5s
  hammerwork top --once
  hammerwork top --once -o json`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			switch {
			case interval < 200*time.Millisecond || interval > time.Hour:
				return &usageError{fmt.Errorf("--interval %s is not between 200ms and 1h", interval), "2s is the default"}
			case !once && a.format != output.FormatTable:
				return &usageError{fmt.Errorf("-o %s prints one frame", a.format), "add --once"}
			case !once && !term.Is(a.out):
				return &usageError{errors.New("top needs a terminal"), "hammerwork top --once prints one frame as text"}
			}
			client, err := a.remote()
			if err != nil {
				return err
			}
			defer client.Close()
			source := topSource{client}
			switch {
			case a.format != output.FormatTable:
				v, err := top.Look(c.Context(), source)
				if err != nil {
					return err
				}
				return output.Write(a.out, a.format, v)
			case once:
				return top.Once(c.Context(), source, a.out)
			}
			return top.Live(c.Context(), source, a.out, os.Stdin, interval)
		},
	}
	c.Flags().BoolVar(&once, "once", false, "print one frame and end")
	c.Flags().DurationVar(&interval, "interval", 2*time.Second, "look again after this `duration`")
	onlyHere(c, "once", "interval")
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

// topSource is what top asks of a server.
type topSource struct{ *remote.Client }

// Gates implements top.Source.
func (s topSource) Gates(ctx context.Context, id string) ([]wire.Job, error) {
	list, err := waits(ctx, remoteLook(s.Client), id)
	var gates []wire.Job
	for _, w := range list {
		if len(w.running) > 0 {
			return nil, err
		}
		if w.Gate != nil {
			gates = append(gates, w.Job)
		}
	}
	return gates, err
}
