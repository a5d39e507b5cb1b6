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
	"github.com/hammerwork/hammerwork/pkg/job"
)

// cronVerb is a command that does something to one schedule.
func cronVerb(a *app, verb, short, long string, do func(context.Context, *remote.Client, string) error) *cobra.Command {
	c := &cobra.Command{
		Use:               verb + " NAME",
		Short:             short,
		Long:              long,
		Example:           "  hammerwork cron " + verb + " nightly",
		Args:              oneSchedule,
		ValidArgsFunction: a.completeSchedule(),
		RunE:              a.withSchedule(do),
	}
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

func newCronEnable(a *app) *cobra.Command {
	return cronVerb(a, "enable", "Let a schedule tick", "enable lets a schedule tick again, from the first tick after now.",
		func(ctx context.Context, c *remote.Client, name string) error {
			s, err := c.EnableSchedule(ctx, name)
			if err != nil {
				return err
			}
			return a.done(s, scheduleText(s, "enabled"))
		})
}

func newCronDisable(a *app) *cobra.Command {
	return cronVerb(a, "disable", "Stop a schedule", "disable stops a schedule. Its instances go on, and cron trigger still makes some.",
		func(ctx context.Context, c *remote.Client, name string) error {
			s, err := c.DisableSchedule(ctx, name)
			if err != nil {
				return err
			}
			return a.done(s, "schedule "+term.OneLine(s.Name)+" disabled")
		})
}

func newCronDelete(a *app) *cobra.Command {
	return cronVerb(a, "delete", "Delete a schedule", "delete takes a schedule away for good. Its instances stay; ticks that wait for one\nto end are dropped.",
		func(ctx context.Context, c *remote.Client, name string) error {
			if err := c.DeleteSchedule(ctx, name); err != nil {
				return err
			}
			return a.done(map[string]string{"name": name}, "schedule "+term.OneLine(name)+" is deleted")
		})
}

func newCronTrigger(a *app) *cobra.Command {
	return cronVerb(a, "trigger", "Make an instance now", "trigger makes an instance of a schedule at once, also of a disabled one, and prints\nits id. The schedule's overlap counts: where it lets the instance wait for the one\nbefore, trigger says so; where it skips the instance, trigger is refused.",
		func(ctx context.Context, c *remote.Client, name string) error {
			t, err := c.TriggerSchedule(ctx, name)
			if err == nil {
				t, err = a.triggered(ctx, c, name, t)
			}
			switch {
			case err != nil:
				return err
			case t.State == "skipped":
				return &hintError{fmt.Errorf("%w: the instance before has not ended, and the overlap of schedule %s is skip", job.ErrWrongState, term.OneLine(name)), "hammerwork cron show " + shellWord(name) + " names that instance"}
			case t.State == "failed":
				return fmt.Errorf("no instance could be made: %s", term.OneLine(t.Error))
			}
			if t.State != "started" && !a.quiet {
				a.say("note:", "the instance is made when the one before has ended")
			}
			if a.quiet && a.format == output.FormatTable {
				_, err = fmt.Fprintln(a.out, t.WorkflowID)
				return err
			}
			return a.done(t, fmt.Sprintf("schedule %s triggered: workflow %s", term.OneLine(name), t.WorkflowID))
		})
}

// triggerWait is how long trigger waits at most until a scheduler has decided.
const triggerWait = 5 * time.Second

// triggered waits until it is known what became of a tick.
func (a *app) triggered(ctx context.Context, c *remote.Client, name string, t wire.Tick) (wire.Tick, error) {
	limit := time.After(triggerWait)
	for t.State == "due" {
		select {
		case <-ctx.Done():
			return t, context.Cause(ctx)
		case <-limit:
			return t, nil
		case <-time.After(triggerPoll):
		}
		list, err := c.Ticks(ctx, name, remote.Page{})
		if err != nil {
			return t, err
		}
		for _, now := range list.Items {
			if now.At.Equal(t.At) {
				t = now
			}
		}
	}
	return t, nil
}

// triggerPoll is how often it looks.
const triggerPoll = 100 * time.Millisecond

func newCronBackfill(a *app) *cobra.Command {
	var from, to string
	var dry bool
	c := &cobra.Command{
		Use:   "backfill NAME --from TIME --to TIME",
		Short: "Make the instances of ticks that have passed",
		Long: `backfill makes the instances of the ticks from --from to --to of which there is
none: they were missed or skipped, or came before the schedule. No tick gets two
instances, however often the command is called. At most 1000 at once.

They are made one after the other unless the schedule's overlap is allow. A time
without a zone is this machine's.`,
		Example: `  hammerwork cron backfill nightly --from 2026-05-01 --to 2026-05-04 --dry-run
  hammerwork cron backfill nightly --from 2026-05-01T00:00:00Z --to 2026-05-04T00:00:00Z`,
		Args:              oneSchedule,
		ValidArgsFunction: a.completeSchedule(),
		RunE: func(c *cobra.Command, args []string) error {
			b := wire.BackfillRequest{DryRun: dry}
			for _, f := range []struct {
				name, text string
				into       *string
			}{{"from", from, &b.From}, {"to", to, &b.To}} {
				at, err := passed(f.name, f.text)
				if err != nil {
					return err
				}
				*f.into = at.UTC().Format(time.RFC3339Nano)
			}
			return a.withSchedule(func(ctx context.Context, client *remote.Client, name string) error {
				return a.cronBackfill(ctx, client, name, b)
			})(c, args)
		},
	}
	flags := c.Flags()
	flags.StringVar(&from, "from", "", "the first tick, or before it: a `time` like 2026-05-04T12:00:00Z, or 7d for so long ago")
	flags.StringVar(&to, "to", "", "the last tick, or after it: a `time`, not ahead; 0s is now")
	flags.BoolVar(&dry, "dry-run", false, "only show which instances would be made")
	onlyHere(c, "from", "to", "dry-run")
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

// passed reads a time that a flag has.
func passed(flag, text string) (time.Time, error) {
	hint := fmt.Sprintf("like this: --%s 2026-05-04, --%s 2026-05-04T12:00:00Z, --%s 7d", flag, flag, flag)
	if text == "" {
		return time.Time{}, &usageError{fmt.Errorf("--%s is missing: it says which ticks", flag), hint}
	}
	at, err := sinceTime(text, time.Now())
	if err != nil {
		return at, &usageError{fmt.Errorf("--%s %q is neither a time nor how long ago", flag, term.OneLine(text)), hint}
	}
	return at, nil
}

func (a *app) cronBackfill(ctx context.Context, c *remote.Client, name string, b wire.BackfillRequest) error {
	list, err := c.Backfill(ctx, name, b)
	if err != nil {
		return err
	}
	if a.format != output.FormatTable {
		return output.Write(a.out, a.format, list)
	}
	if len(list.Items) == 0 {
		a.say("note:", "every tick of that time has its instance, or there is none")
		return nil
	}
	s, err := c.Schedule(ctx, name)
	if err != nil {
		return err
	}
	if !a.quiet {
		if err := a.ticksTable(list.Items, s.Timezone); err != nil {
			return err
		}
	}
	text := "%d instances will be made"
	if b.DryRun {
		text = "%d instances would be made; nothing was changed"
	}
	a.say("note:", fmt.Sprintf(text, len(list.Items)))
	return nil
}
