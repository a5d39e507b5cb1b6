package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/plainjson"
	"github.com/hammerwork/hammerwork/pkg/workflow/workflowfile"
)

// cronFlags are the flags of cron create and cron update.
type cronFlags struct {
	file, cron, timezone, catchUp, overlap string
	queue, payload                         string
	catchUpMax                             int
	disabled                               bool
}

// settings adds the flags that say when instances are made.
func (f *cronFlags) settings(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVarP(&f.file, "file", "f", "", "workflow `file`; - is standard input")
	flags.StringVar(&f.cron, "cron", "", "cron `expression`: five fields, six with seconds first, @daily and the like")
	flags.StringVar(&f.timezone, "timezone", "", "IANA `name` of the time zone (default: UTC)")
	choiceFlag(c, &f.catchUp, "catch-up", "`word` for ticks that passed while no scheduler ran", []string{"none", "latest", "all"})
	flags.IntVar(&f.catchUpMax, "catch-up-max", 0, "with --catch-up all: the newest `number` of ticks (default: 100)")
	choiceFlag(c, &f.overlap, "overlap", "`word` for a tick while the instance before runs", []string{"allow", "skip", "queue", "cancel_previous"})
	onlyHere(c, "file", "cron", "timezone", "catch-up", "catch-up-max", "overlap")
	_ = c.MarkFlagFilename("file", "yaml", "yml", "json") // it only fails for flags that do not exist
}

// schedule is the schedule of a workflow file; empty fields are left out.
func (f *cronFlags) schedule(into map[string]any) {
	for name, value := range map[string]string{"cron": f.cron, "timezone": f.timezone, "catch_up": f.catchUp, "overlap": f.overlap} {
		if value != "" {
			into[name] = value
		}
	}
	if f.catchUpMax > 0 {
		into["catch_up"] = map[string]int{"all": f.catchUpMax}
	}
}

func (f *cronFlags) check(c *cobra.Command) error {
	if c.Flags().Changed("catch-up-max") && (f.catchUpMax < 1 || f.catchUp != "" && f.catchUp != "all") {
		return &usageError{fmt.Errorf("--catch-up-max %d goes with --catch-up all", f.catchUpMax), "like this: --catch-up all --catch-up-max 10"}
	}
	return nil
}

func newCronCreate(a *app) *cobra.Command {
	var f cronFlags
	c := &cobra.Command{
		Use:   "create [NAME] --file FILE | create NAME --cron EXPRESSION --queue QUEUE",
		Short: "Create a schedule",
		Long: `create makes a schedule of a workflow file that says when it is due: it has a
schedule, or jobs that have crons. NAME is the workflow's unless it is given.

With --cron and --queue it makes one of a single job.

The first instance comes with the first tick after now; cron trigger makes one
at once.`,
		Example: `  hammerwork cron create --file workflow.yaml
  hammerwork cron create cleanup --cron "0 3 * * *" --queue maintenance --payload '{"days": 30}'
  hammerwork cron create report --cron "0 8 * * MON-FRI" --timezone Europe/Berlin --queue reports --overlap skip`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			name := ""
			if len(args) > 0 {
				name = args[0]
			}
			return a.cronCreate(c, name, f)
		},
	}
	f.settings(c)
	flags := c.Flags()
	flags.StringVar(&f.queue, "queue", "", "`name` of the queue of a single job")
	flags.StringVar(&f.payload, "payload", "", "what the worker of a single job gets: `JSON`, @file, or - for standard input")
	flags.BoolVar(&f.disabled, "disabled", false, "don't let it tick until cron enable")
	onlyHere(c, "queue", "payload", "disabled")
	completeFlag(c, "queue", a.completeQueue())
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

var notOfJobName = regexp.MustCompile(`[^A-Za-z0-9_.-]+`)

// single is the workflow file of a single job.
func (a *app) single(name string, f cronFlags) ([]byte, error) {
	payload, err := a.value("--payload", f.payload)
	if err != nil {
		return nil, err
	}
	only := map[string]any{"name": notOfJobName.ReplaceAllString(name, "-"), "queue": f.queue}
	if payload != nil {
		only["payload"] = payload
	}
	schedule := map[string]any{}
	f.schedule(schedule)
	return plainjson.Marshal(map[string]any{"name": name, "schedule": schedule, "jobs": []any{only}})
}

func (a *app) cronCreate(c *cobra.Command, name string, f cronFlags) error {
	path := c.CommandPath()
	changed := c.Flags().Changed
	switch {
	case f.file == "" && f.queue == "":
		return &usageError{fmt.Errorf("%s needs a workflow file, or --cron and --queue", path), fmt.Sprintf(`like this: %s --file workflow.yaml, or %s cleanup --cron "0 3 * * *" --queue maintenance`, path, path)}
	case f.file != "" && (changed("queue") || changed("payload")):
		return &usageError{errors.New("--queue and --payload are about a single job, and --file has a workflow"), "leave out one or the other"}
	case f.file == "" && name == "":
		return &usageError{errors.New("the schedule has no name"), fmt.Sprintf(`like this: %s cleanup --cron "0 3 * * *" --queue %s`, path, f.queue)}
	case utf8.RuneCountInString(name) > job.MaxName:
		return &usageError{fmt.Errorf("the name of the schedule has %d characters; at most %d are allowed", utf8.RuneCountInString(name), job.MaxName), "give it a shorter one"}
	case f.file == "" && f.cron == "":
		return &usageError{errors.New("--cron says when the job is due, and there is none"), fmt.Sprintf(`like this: %s %s --cron "0 3 * * *" --queue %s`, path, name, f.queue)}
	}
	if err := f.check(c); err != nil {
		return err
	}
	file, shown, err := a.scheduleFile(name, f)
	if err != nil {
		return err
	}
	client, err := a.remote()
	if err != nil {
		return err
	}
	defer client.Close()
	s, err := client.CreateSchedule(c.Context(), name, file, f.disabled)
	if err != nil {
		return faultsOf(err, shown)
	}
	if a.quiet && a.format == output.FormatTable {
		_, err = fmt.Fprintln(a.out, s.Name)
		return err
	}
	return a.done(s, scheduleText(s, "created"))
}

// scheduleFile reads the workflow file of a schedule, with what flags say
// besides, and its name for messages.
func (a *app) scheduleFile(name string, f cronFlags) (remote.ScheduleFile, string, error) {
	if f.file == "" {
		data, err := a.single(name, f)
		return remote.ScheduleFile{Data: data, JSON: true}, "", err
	}
	shown, data, err := a.readNamed(f.file, "workflow file")
	if err != nil {
		return remote.ScheduleFile{}, "", err
	}
	file := remote.ScheduleFile{Data: data, JSON: isJSON(shown, data)}
	other := map[string]any{}
	if f.schedule(other); !file.JSON && (len(data) > largeYAML || len(other) > 0) {
		if file.Data, err = workflowfile.ToJSON(shown, data); err != nil {
			return file, shown, err
		}
		file.JSON = true
	}
	if len(other) > 0 {
		file.Data, err = rescheduled(file.Data, f)
	}
	return file, shown, err
}

// rescheduled changes the schedule of a definition in JSON. One that is not the
// object it should be stays as it is, for the server to refuse.
func rescheduled(definition []byte, f cronFlags) ([]byte, error) {
	var workflow map[string]json.RawMessage
	if json.Unmarshal(definition, &workflow) != nil || workflow == nil {
		return definition, nil
	}
	schedule := map[string]any{}
	if old, is := workflow["schedule"]; is && (json.Unmarshal(old, &schedule) != nil || schedule == nil) {
		return definition, nil
	}
	f.schedule(schedule)
	var err error
	if workflow["schedule"], err = plainjson.Marshal(schedule); err != nil {
		return nil, err
	}
	return plainjson.Marshal(workflow)
}

// scheduleText says what was done to a schedule, and when it ticks next.
func scheduleText(s wire.Schedule, done string) string {
	text := fmt.Sprintf("schedule %s %s: %s %s", term.OneLine(s.Name), done, s.Cron, s.Timezone)
	if s.NextAt != nil {
		return text + ", next at " + inLocation(*s.NextAt, s.Timezone)
	}
	if !s.Enabled {
		return text + ", disabled"
	}
	return text
}

func newCronUpdate(a *app) *cobra.Command {
	var f cronFlags
	c := &cobra.Command{
		Use:   "update NAME",
		Short: "Change a schedule",
		Long: `update replaces the definition of a schedule by --file, or changes what the other
flags say and leaves the rest. Instances that were made go on as they are.`,
		Example: `  hammerwork cron update nightly --file workflow.yaml
  hammerwork cron update nightly --cron "30 2 * * *" --overlap skip`,
		Args:              oneSchedule,
		ValidArgsFunction: a.completeSchedule(),
		RunE: func(c *cobra.Command, args []string) error {
			if f == (cronFlags{}) {
				return &usageError{errors.New("nothing is to be changed"), fmt.Sprintf(`like this: %s %s --cron "30 2 * * *"`, c.CommandPath(), args[0])}
			}
			if err := f.check(c); err != nil {
				return err
			}
			return a.withSchedule(func(ctx context.Context, client *remote.Client, name string) error {
				return a.cronUpdate(ctx, client, name, f)
			})(c, args)
		},
	}
	f.settings(c)
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

func (a *app) cronUpdate(ctx context.Context, client *remote.Client, name string, f cronFlags) error {
	var file remote.ScheduleFile
	shown := ""
	if f.file != "" {
		var err error
		if file, shown, err = a.scheduleFile(name, f); err != nil {
			return err
		}
	} else {
		s, err := client.Schedule(ctx, name)
		if err != nil {
			return err
		}
		file.JSON = true
		if file.Data, err = rescheduled(s.Definition, f); err != nil {
			return err
		}
	}
	s, err := client.UpdateSchedule(ctx, name, file)
	if err != nil {
		return faultsOf(err, shown)
	}
	return a.done(s, scheduleText(s, "updated"))
}
