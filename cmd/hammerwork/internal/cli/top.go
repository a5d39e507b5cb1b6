package cli

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/top"
)

func newTop(a *app) *cobra.Command {
	var once bool
	var interval time.Duration
	c := &cobra.Command{
		Use:   "top",
		Short: "Watch queues, workers, workflows and failures, live",
		Long: `top shows what a server does: queues with what is ready and by how much that
changes, workers, the open workflows with their progress, and the newest failures
of the last 15 minutes. q quits, r looks again at once.

--once prints one frame as text and ends; it needs no terminal.`,
		Example: `  hammerwork top
  hammerwork top --interval 5s
  hammerwork top --once`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			switch {
			case interval < 200*time.Millisecond || interval > time.Hour:
				return &usageError{fmt.Errorf("--interval %s is not between 200ms and 1h", interval), "2s is the default"}
			case !once && !term.Is(a.out):
				return &usageError{errors.New("top needs a terminal"), "hammerwork top --once prints one frame as text"}
			}
			client, err := a.remote()
			if err != nil {
				return err
			}
			defer client.Close()
			if once {
				return top.Once(c.Context(), client, a.out)
			}
			return top.Live(c.Context(), client, a.out, os.Stdin, interval)
		},
	}
	c.Flags().BoolVar(&once, "once", false, "print one frame and end")
	c.Flags().DurationVar(&interval, "interval", 2*time.Second, "look again after this `duration`")
	onlyHere(c, "once", "interval")
	a.serverFlags(c)
	return c
}
