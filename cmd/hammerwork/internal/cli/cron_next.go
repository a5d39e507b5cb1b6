package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/cron"
)

func newCronNext(a *app) *cobra.Command {
	var expression, zone string
	var n int
	c := &cobra.Command{
		Use:   "next NAME | next --cron EXPRESSION",
		Short: "Show the next ticks of a schedule or of an expression",
		Long: `next prints when a schedule ticks next, as clocks in its zone show it. With --cron
it tries an expression, without a server.`,
		Example: `  hammerwork cron next nightly
  hammerwork cron next --cron "0 2 * * *" --timezone Europe/Berlin --limit 3`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: a.completeSchedule(),
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case n < 1 || n > 100:
				return &usageError{fmt.Errorf("--limit %d is not between 1 and 100", n), "like this: --limit 10"}
			case len(args) == 0 && expression == "":
				return &usageError{fmt.Errorf("%s needs the name of a schedule, or --cron", c.CommandPath()), "hammerwork cron list lists them"}
			case len(args) > 0 && (expression != "" || zone != ""):
				return &usageError{errors.New("--cron and --timezone are instead of the name of a schedule"), "leave one of them out"}
			case len(args) == 0:
				return a.nextOf(expression, zone, n)
			}
			return a.withSchedule(func(ctx context.Context, client *remote.Client, name string) error {
				s, err := client.Schedule(ctx, name)
				if err != nil {
					return err
				}
				next, err := client.NextTicks(ctx, name, n)
				if err != nil {
					return err
				}
				return a.printTimes(next, s.Timezone)
			})(c, args)
		},
	}
	flags := c.Flags()
	flags.StringVar(&expression, "cron", "", "cron `expression` to try")
	flags.StringVar(&zone, "timezone", "", "IANA `name` of its time zone (default: UTC)")
	flags.IntVar(&n, "limit", 5, "`number` of ticks")
	onlyHere(c, "cron", "timezone", "limit")
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

// nextOf prints the next ticks of an expression.
func (a *app) nextOf(expression, zone string, n int) error {
	e, err := cron.Parse(expression, zone)
	var syntax *cron.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return &usageError{err, syntax.Hint}
	case errors.Is(err, cron.ErrZone):
		return &usageError{err, "put the zone into --timezone"}
	case errors.Is(err, cron.ErrNever):
		return &usageError{err, "no month that it names has that day"}
	case err != nil:
		return &usageError{err, `write an expression like "0 2 * * *" or @daily, and an IANA name like Europe/Berlin`}
	}
	times := wire.Times{Items: []time.Time{}}
	for at := e.Next(time.Now()); !at.IsZero() && len(times.Items) < n; at = e.Next(at) {
		times.Items = append(times.Items, at.UTC())
	}
	return a.printTimes(times, e.Location().String())
}

func (a *app) printTimes(times wire.Times, zone string) error {
	if a.format != output.FormatTable {
		return output.Write(a.out, a.format, times)
	}
	for _, at := range times.Items {
		if _, err := fmt.Fprintln(a.out, inLocation(at, zone)); err != nil {
			return err
		}
	}
	return nil
}

// inLocation is a time as clocks in a zone show it.
func inLocation(at time.Time, zone string) string {
	location, err := time.LoadLocation(zone)
	if err != nil {
		location = time.UTC
	}
	return at.In(location).Format(tickLayout)
}
