package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
)

const weightsExample = "critical=16,high=8,normal=4,low=2,background=1"

func newQueuePriorities(a *app) *cobra.Command {
	var weights string
	var strict bool
	c := &cobra.Command{
		Use:   "priorities QUEUE [--weights PRIORITY=N,… | --strict]",
		Short: "Say how the priorities of a queue share its claims",
		Long: `priorities shows or sets how the priorities of a queue share what workers get of
it. Strict, the default: the highest priority first, whatever waits below it.
With --weights each priority gets its weight of the sum of the weights as long as
it has jobs, so that none starves; a turn of one that has none goes to the highest
that has. A priority that is not named has the weight 1.
What it says holds from the next claim on. It does not change how queues stand to
each other.`,
		Example: "  hammerwork queue priorities mail\n" +
			"  hammerwork queue priorities mail --weights " + weightsExample + "\n" +
			"  hammerwork queue priorities mail --strict",
		Args:              oneQueue,
		ValidArgsFunction: a.completeQueue(),
		RunE: func(c *cobra.Command, args []string) error {
			set := c.Flags().Changed("weights")
			var w job.Weights
			switch {
			case args[0] == "":
				return &usageError{errors.New("the name of the queue is empty"), "hammerwork queue list lists them"}
			case set && strict:
				return &usageError{errors.New("--weights and --strict exclude each other"), "--strict takes weights back"}
			case set:
				var err error
				if w, err = job.ParseWeights(weights); err == nil && w.Strict() {
					err = errors.New("no priority is named")
				}
				if err != nil {
					return &usageError{fmt.Errorf("--weights: %w", err), "like this: --weights " + weightsExample}
				}
			}
			return a.queuePriorities(c.Context(), args[0], w, set || strict)
		},
	}
	c.Flags().StringVar(&weights, "weights", "", "weights by `priority`, like "+weightsExample)
	c.Flags().BoolVar(&strict, "strict", false, "the highest priority first, whatever waits below it")
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

func (a *app) queuePriorities(ctx context.Context, name string, w job.Weights, set bool) error {
	client, err := a.remote()
	if err != nil {
		return err
	}
	defer client.Close()
	var q wire.Queue
	if set {
		q, err = client.SetWeights(ctx, name, w)
	} else {
		q, err = client.Queue(ctx, name)
	}
	if err != nil {
		return err
	}
	return a.done(q, fmt.Sprintf("queue %s: %s", term.OneLine(q.Name), prioritiesText(q)))
}

// prioritiesText says how the priorities of a queue share its claims.
func prioritiesText(q wire.Queue) string {
	if len(q.Weights) == 0 {
		return "strict, the highest priority first"
	}
	total := 0
	for _, n := range q.Weights {
		total += n
	}
	var list []string
	for p := job.Critical; p >= job.Background; p-- {
		n := q.Weights[p.String()]
		list = append(list, fmt.Sprintf("%s %d (%.0f%%)", p, n, 100*float64(n)/float64(total)))
	}
	return "weighted, " + strings.Join(list, ", ")
}

// weightsSuffix is what a list says of the weights of a queue.
func weightsSuffix(q wire.Queue) string {
	if len(q.Weights) == 0 {
		return ""
	}
	var list []string
	for p := job.Critical; p >= job.Background; p-- {
		list = append(list, strconv.Itoa(q.Weights[p.String()]))
	}
	return ", " + strings.Join(list, "/")
}
