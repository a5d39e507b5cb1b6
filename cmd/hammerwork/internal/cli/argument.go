package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// oneArgument checks that a command got exactly one argument, which is what:
// "the id of a workflow".
func oneArgument(what, list string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return &usageError{fmt.Errorf("%s needs %s", c.CommandPath(), what), list + " lists them"}
		case len(args) > 1:
			return &usageError{fmt.Errorf("%s takes one argument, not %d", c.CommandPath(), len(args)), "call it once for each"}
		}
		return nil
	}
}

var (
	oneWorkflow = oneArgument("the id of a workflow", "hammerwork workflow list")
	oneJob      = oneArgument("the id of a job", "hammerwork job list")
	oneQueue    = oneArgument("the name of a queue", "hammerwork queue list")
)

// workflowID reads the id of a workflow.
func workflowID(text string) (string, error) {
	hint := "hammerwork workflow list shows the ids"
	if plainName(text) {
		hint = fmt.Sprintf("hammerwork workflow list --name %s shows the ids of the workflows of that name", text)
	}
	return idOf(text, "a workflow", hint)
}

// jobID reads the id of a job.
func jobID(text string) (string, error) {
	return idOf(text, "a job", "hammerwork job list shows the ids; a job's name is unique in its workflow only")
}

func idOf(text, of, hint string) (string, error) {
	id, err := job.ParseID(strings.TrimSpace(text))
	if err != nil || id == (job.ID{}) {
		return "", &usageError{fmt.Errorf("%q is not the id of %s", term.Fit(term.OneLine(text), 100), of), hint}
	}
	return id.String(), nil
}

// plainName reports whether a shell takes text for one word.
func plainName(text string) bool {
	return text != "" && !strings.HasPrefix(text, "-") && !strings.ContainsFunc(text, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-", r)
	})
}

// sinceTime reads --since: a time, a day, or how long ago.
func sinceTime(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t, nil
		}
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n < 100_000 {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	return time.Time{}, &usageError{fmt.Errorf("--since %q is neither a time nor how long ago", term.OneLine(text)), "like this: --since 30m, --since 7d, --since 2026-05-04, --since 2026-05-04T12:00:00Z"}
}

// What flags take.
var (
	workflowStatuses   = []string{"running", "completed", "failed", "cancelled", "cancelling", "paused", "pending"}
	jobStatuses        = []string{"waiting", "pending", "running", "retrying", "suspended", "completed", "failed", "dead", "timed_out", "upstream_failed", "cancelled", "skipped"}
	dependencyStatuses = []string{string(job.NoDependencies), string(job.Waiting), string(job.Satisfied), string(job.Unsatisfiable)}
	priorities         = []string{"background", "low", "normal", "high", "critical"}
)

// choice is a flag's value that is one of a few words.
type choice struct {
	value *string
	words []string
}

// String returns the word.
func (c *choice) String() string {
	if c.value == nil {
		return ""
	}
	return *c.value
}

// Set takes a word.
func (c *choice) Set(s string) error {
	for _, w := range c.words {
		if s == w {
			*c.value = s
			return nil
		}
	}
	return fmt.Errorf("it is one of %s", strings.Join(c.words, ", "))
}

// Type names the value in help.
func (c *choice) Type() string { return "word" }

// choiceFlag gives a command a flag that takes one of a few words.
func choiceFlag(c *cobra.Command, value *string, name, usage string, words []string) {
	c.Flags().Var(&choice{value, words}, name, usage+": "+strings.Join(words, ", "))
	complete(c, name, words...)
}

// filled refuses flags that were given without a text, as a script does whose
// variable is not set. hint says what leaving them out does.
func filled(c *cobra.Command, hint string, names ...string) error {
	for _, name := range names {
		if f := c.Flags().Lookup(name); f.Changed && f.Value.String() == "" {
			return &usageError{fmt.Errorf("--%s is empty", name), hint}
		}
	}
	return nil
}

// completionTime bounds how long a shell waits for ids and names.
const completionTime = time.Second

type completion = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)

// completeFrom completes the one argument of a command with what a server
// says. A server that does not answer has nothing to say.
func (a *app) completeFrom(ask func(context.Context, *remote.Client) ([]string, error)) completion {
	return func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 || a.configure(c) != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		client, err := a.remote()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer client.Close()
		ctx, cancel := context.WithTimeout(c.Context(), completionTime)
		defer cancel()
		words, _ := ask(ctx, client)
		return words, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

func (a *app) completeWorkflow() completion { return a.completeWorkflowOf("") }

// completeOpenWorkflow completes a workflow that has not ended.
func (a *app) completeOpenWorkflow() completion { return a.completeWorkflowOf(workflow.Running) }

// completeWorkflowOf completes a workflow with a status; empty: any.
func (a *app) completeWorkflowOf(status workflow.Status) completion {
	return a.completeFrom(func(ctx context.Context, c *remote.Client) (words []string, err error) {
		list, err := c.Workflows(ctx, remote.WorkflowFilter{Status: string(status)}, remote.Page{})
		for _, w := range list.Items {
			words = append(words, cobra.CompletionWithDesc(w.ID, term.OneLine(w.Name)+", "+w.Status))
		}
		return words, err
	})
}

func (a *app) completeJob() completion {
	return a.completeFrom(func(ctx context.Context, c *remote.Client) (words []string, err error) {
		list, err := c.Jobs(ctx, remote.JobFilter{}, remote.Page{})
		for _, j := range list.Items {
			words = append(words, cobra.CompletionWithDesc(j.ID, term.OneLine(j.Name)+", "+j.Status))
		}
		return words, err
	})
}

func (a *app) completeQueue() completion {
	return a.completeFrom(func(ctx context.Context, c *remote.Client) (words []string, err error) {
		list, err := c.Queues(ctx)
		for _, q := range list.Items {
			words = append(words, q.Name)
		}
		return words, err
	})
}
