package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/wire"
)

func newCron(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "cron",
		Short: "Create and operate schedules",
		Long: `cron keeps schedules on a server: workflows, or single jobs, of which each tick
of a cron expression makes an instance.`,
		Example: `  hammerwork cron create --file workflow.yaml
  hammerwork cron create cleanup --cron "0 3 * * *" --queue maintenance
  hammerwork cron next --cron "0 2 * * *" --timezone Europe/Berlin`,
	}
	c.AddCommand(
		newCronList(a), newCronCreate(a), newCronShow(a), newCronUpdate(a), newCronEnable(a), newCronDisable(a),
		newCronNext(a), newCronTrigger(a), newCronBackfill(a), newCronDelete(a),
	)
	asGroup(c)
	return c
}

var oneSchedule = oneArgument("the name of a schedule", "hammerwork cron list")

// withSchedule calls do with a client and the name that the argument is.
func (a *app) withSchedule(do func(context.Context, *remote.Client, string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		return a.with(scheduleName, func(ctx context.Context, client *remote.Client, name string) error {
			return scheduleError(do(ctx, client, name), name)
		})(c, args)
	}
}

func scheduleName(text string) (string, error) {
	if text == "" {
		return "", &usageError{errors.New("the name of the schedule is empty"), "hammerwork cron list lists them"}
	}
	return text, nil
}

// scheduleError names the schedule that the server does not have.
func scheduleError(err error, name string) error {
	var p *wire.Problem
	if errors.As(err, &p) && p.Code == wire.CodeNotFound && len(p.Errors) == 0 {
		return &hintError{&rewordedError{err, "there is no schedule " + term.OneLine(name)}, "hammerwork cron list shows the names"}
	}
	return err
}

func (a *app) completeSchedule() completion {
	return a.completeFrom(func(ctx context.Context, c *remote.Client) (words []string, err error) {
		list, err := c.Schedules(ctx, remote.Page{})
		for _, s := range list.Items {
			words = append(words, cobra.CompletionWithDesc(s.Name, s.Cron))
		}
		return words, err
	})
}

func newCronList(a *app) *cobra.Command {
	var f listFlags
	c := &cobra.Command{
		Use:     "list",
		Short:   "List schedules and their next ticks",
		Example: "  hammerwork cron list",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			f.limit, f.all = defaultLimit, true
			return a.cronList(c.Context(), f)
		},
	}
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

func (a *app) cronList(ctx context.Context, f listFlags) error {
	client, err := a.remote()
	if err != nil {
		return err
	}
	defer client.Close()
	now, palette := time.Now(), term.Colours(a.out)
	l := listing[wire.Schedule]{
		noun:  "schedule",
		none:  `there is no schedule; hammerwork cron create cleanup --cron "0 3 * * *" --queue maintenance makes one`,
		fetch: client.Schedules,
		table: output.Table{
			Header: []string{"CRON", "TIMEZONE", "NEXT", "LAST", "OVERLAP", "NAME"},
			Drop:   []int{4, 3, 1}, Least: 16,
		},
		row: func(s wire.Schedule) []output.Cell {
			next := output.Cell{Text: "disabled", Paint: palette.Yellow}
			switch {
			case s.NextAt != nil:
				next = output.Text("in " + term.Age(s.NextAt.Sub(now)))
			case s.Enabled:
				next = output.Text("never")
			}
			last := ""
			if s.LastAt != nil {
				last = term.Age(now.Sub(*s.LastAt)) + " ago"
			}
			return []output.Cell{
				output.Text(s.Cron), output.Text(s.Timezone), next, output.Text(last), output.Text(s.Overlap), output.Text(term.OneLine(s.Name)),
			}
		},
	}
	return l.show(ctx, a, f)
}

func newCronShow(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "show NAME",
		Short: "Show a schedule and what became of its ticks",
		Long: `show prints a schedule and its last 20 ticks, newest first. With -o json it prints
the definition, too, and no ticks.`,
		Example: `  hammerwork cron show nightly
  hammerwork cron show nightly -o json`,
		Args:              oneSchedule,
		ValidArgsFunction: a.completeSchedule(),
		RunE:              a.withSchedule(a.cronShow),
	}
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

// ticksShown is how many ticks cron show lists.
const ticksShown = 20

func (a *app) cronShow(ctx context.Context, c *remote.Client, name string) error {
	s, err := c.Schedule(ctx, name)
	if err != nil {
		return err
	}
	if a.format != output.FormatTable {
		return output.Write(a.out, a.format, s)
	}
	ticks, err := c.Ticks(ctx, name, remote.Page{Limit: ticksShown})
	if err != nil {
		return err
	}
	r := newResultPrinter(a, wire.Workflow{})
	state := map[bool]string{true: "enabled", false: "disabled"}[s.Enabled]
	catchUp := s.CatchUp
	if s.CatchUpMax > 0 {
		catchUp += fmt.Sprintf(" (the newest %d)", s.CatchUpMax)
	}
	r.fields([]field{
		{"name", term.OneLine(s.Name)},
		{"state", state},
		{"cron", s.Cron},
		{"timezone", s.Timezone},
		{"next", inZone(s.NextAt, s.Timezone, r.now)},
		{"catch up", catchUp},
		{"overlap", s.Overlap},
		{"created", when(s.CreatedAt, r.now)},
		{"updated", when(s.UpdatedAt, r.now)},
	})
	if len(ticks.Items) > 0 {
		r.line("")
	}
	if err := r.out.Flush(); err != nil || len(ticks.Items) == 0 {
		return err
	}
	return a.ticksTable(ticks.Items, s.Timezone)
}

// inZone is a time for people, as clocks in a zone show it.
func inZone(t *time.Time, zone string, now time.Time) string {
	if t == nil {
		return ""
	}
	if location, err := time.LoadLocation(zone); err == nil {
		return "in " + term.Age(t.Sub(now)) + " (" + t.In(location).Format(tickLayout) + ")"
	}
	return when(t, now)
}

const tickLayout = "Mon 2006-01-02 15:04:05 MST"

// ticksTable prints ticks as clocks in a zone show them.
func (a *app) ticksTable(ticks []wire.Tick, zone string) error {
	location, err := time.LoadLocation(zone)
	if err != nil {
		location = time.UTC
	}
	palette := term.Colours(a.out)
	t := output.Table{Header: []string{"TICK", "CAUSE", "STATE", "WORKFLOW", "ERROR"}}
	for _, k := range ticks {
		state := output.Cell{Text: k.State}
		switch k.State {
		case "started":
			state.Paint = palette.Green
		case "failed", "missed":
			state.Paint = palette.Red
		case "skipped", "waiting":
			state.Paint = palette.Yellow
		}
		t.Rows = append(t.Rows, []output.Cell{
			output.Text(k.At.In(location).Format(tickLayout)), output.Text(k.Cause), state, output.Text(k.WorkflowID), output.Text(term.OneLine(k.Error)),
		})
	}
	width := 0
	if term.Is(a.out) {
		width, _ = term.Size(a.out)
	}
	return t.Write(a.out, palette, width)
}
