package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/wire"
)

// enqueueFlags are the flags of job enqueue.
type enqueueFlags struct {
	queue, name, payload, priority, at, key string
	delay, timeout                          time.Duration
	maxAttempts                             int
	dependsOn                               []string
}

func newJobEnqueue(a *app) *cobra.Command {
	var f enqueueFlags
	c := &cobra.Command{
		Use:   "enqueue --queue QUEUE",
		Short: "Enqueue a job that belongs to no workflow",
		Long: `enqueue stores a job for the workers of a queue and prints its id. The payload
is JSON: the value itself, @FILE for a file that has it, - for standard input.

The same --idempotency-key enqueues the same job once, however often the command
is called.`,
		Example: `  hammerwork job enqueue --queue mail --payload '{"to": "a@example.com"}'
  hammerwork job enqueue --queue reports --payload @report.json --delay 1h
  hammerwork job enqueue --queue mail --depends-on 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d71`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			j, err := a.newJob(c, f)
			if err != nil {
				return err
			}
			return a.jobEnqueue(c.Context(), j)
		},
	}
	flags := c.Flags()
	flags.StringVar(&f.queue, "queue", "", "`name` of the queue")
	flags.StringVar(&f.name, "name", "", "`name` of the job, for people")
	flags.StringVar(&f.payload, "payload", "", "what the worker gets: `JSON`, @file, or - for standard input")
	choiceFlag(c, &f.priority, "priority", "`priority` of the job", priorities)
	flags.DurationVar(&f.delay, "delay", 0, "start it after this `duration`")
	flags.StringVar(&f.at, "at", "", "start it at this `time`, like 2026-05-04T12:00:00Z")
	flags.DurationVar(&f.timeout, "timeout", 0, "`duration` of one attempt at most")
	flags.IntVar(&f.maxAttempts, "max-attempts", 0, "`number` of attempts at most (default: the server's, 3)")
	flags.StringSliceVar(&f.dependsOn, "depends-on", nil, "`id` of a job to wait for; may be repeated")
	flags.StringVar(&f.key, "idempotency-key", "", "`key` that makes it safe to repeat the command")
	onlyHere(c, "queue", "name", "payload", "priority", "delay", "at", "timeout", "max-attempts", "depends-on", "idempotency-key")
	completeFlag(c, "queue", a.completeQueue())
	completeFlag(c, "depends-on", a.completeJob())
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

// newJob makes a job of the flags.
func (a *app) newJob(c *cobra.Command, f enqueueFlags) (j remote.NewJob, err error) {
	j = remote.NewJob{Queue: f.queue, Name: f.name, Priority: f.priority, IdempotencyKey: f.key}
	refuse := func(hint, format string, args ...any) (remote.NewJob, error) {
		return j, &usageError{fmt.Errorf(format, args...), hint}
	}
	changed := c.Flags().Changed
	switch {
	case f.queue == "":
		return refuse(fmt.Sprintf("like this: %s --queue mail", c.CommandPath()), "%s needs a queue", c.CommandPath())
	case changed("delay") && changed("at"):
		return refuse("leave one of them out", "--delay and --at both say when it starts")
	case f.delay < 0:
		return refuse("like this: --delay 10m", "--delay %s is negative", f.delay)
	case changed("timeout") && f.timeout <= 0:
		return refuse("like this: --timeout 10m", "--timeout %s is not positive", f.timeout)
	case changed("max-attempts") && f.maxAttempts < 1:
		return refuse("--max-attempts 1 tries it once", "--max-attempts %d is not positive", f.maxAttempts)
	}
	if err := filled(c, "leave it out to send none", "idempotency-key", "name", "payload"); err != nil {
		return j, err
	}
	if f.delay > 0 {
		j.Delay = f.delay.String()
	}
	if f.timeout > 0 {
		j.Timeout = f.timeout.String()
	}
	if f.maxAttempts > 0 {
		j.Retry = &remote.NewRetry{MaxAttempts: f.maxAttempts}
	}
	if f.at != "" {
		at, err := time.Parse(time.RFC3339Nano, f.at)
		if err != nil {
			return refuse("like this: --at 2026-05-04T12:00:00Z or 2026-05-04T14:00:00+02:00", "--at %q is not a time with its zone", term.OneLine(f.at))
		}
		j.ScheduledAt = at.UTC().Format(time.RFC3339Nano)
	}
	for _, text := range f.dependsOn {
		id, err := jobID(text)
		if err != nil {
			return j, err
		}
		j.DependsOn = append(j.DependsOn, id)
	}
	if f.payload != "" {
		j.Payload, err = a.value("--payload", f.payload)
	}
	return j, err
}

// value reads the JSON that a flag has, or names; an empty text is none. A flag
// that ends with = has it behind a name: --payload extract=.
func (a *app) value(flag, text string) (json.RawMessage, error) {
	if text == "" {
		return nil, nil
	}
	data, where := []byte(text), flag
	if file, isFile := strings.CutPrefix(text, "@"); isFile || text == "-" {
		if text == "-" {
			file = "-"
		}
		name, content, err := a.readNamed(file, "file for "+strings.TrimSuffix(flag, "="))
		if err != nil {
			return nil, err
		}
		data, where = content, name
	}
	if json.Valid(data) {
		return bytes.TrimSpace(data), nil
	}
	before := flag
	if !strings.HasSuffix(flag, "=") {
		before += " "
	}
	hint := fmt.Sprintf(`JSON texts have quotes: %s'"text"'`, before)
	if _, err := os.Stat(text); err == nil {
		hint = fmt.Sprintf("did you mean %s@%s?", before, text)
	} else if len(bytes.TrimSpace(data)) == 0 {
		hint = fmt.Sprintf("leave %s out to send none", flag)
	}
	return nil, &usageError{errors.New(strings.TrimSuffix(where, "=") + " is not valid JSON"), hint}
}

func (a *app) jobEnqueue(ctx context.Context, j remote.NewJob) error {
	client, err := a.remote()
	if err != nil {
		return err
	}
	defer client.Close()
	created, err := client.EnqueueJob(ctx, j)
	if err != nil {
		return err
	}
	return a.enqueued(created, "job", term.OneLine(created.Name))
}

// enqueued says what became of an enqueue; what names it in words.
func (a *app) enqueued(created wire.Created, noun, what string) (err error) {
	switch {
	case a.format != output.FormatTable:
		return output.Write(a.out, a.format, created)
	case a.quiet:
		_, err = fmt.Fprintln(a.out, created.ID)
	case created.Existing:
		_, err = fmt.Fprintf(a.out, "the %s was enqueued before with this key: %s\n", noun, created.ID)
	default:
		_, err = fmt.Fprintf(a.out, "%s %s enqueued: %s\n", noun, what, created.ID)
	}
	return err
}
