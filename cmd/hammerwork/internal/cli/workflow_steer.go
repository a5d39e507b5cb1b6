package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// byFlags say who does something to a workflow, and why.
type byFlags struct{ wire.By }

func (f *byFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.Comment, "comment", "", "`text` for the audit: why")
	c.Flags().StringVar(&f.Actor, "actor", "", "`name` for the audit: who (default: your login name)")
	onlyHere(c, "comment")
}

// by returns who asks: --actor, else the login name, else nobody, and the
// server puts its own word there.
func (f *byFlags) by() (wire.By, error) {
	by := f.By
	if by.Actor == "" {
		by.Actor = login()
	}
	if len([]rune(by.Actor)) > job.MaxName || strings.ContainsFunc(by.Actor, unicode.IsControl) {
		return by, &usageError{fmt.Errorf("--actor is not a name of at most %d characters", job.MaxName), "leave it out to use your login name"}
	}
	return by, nil
}

// login is the name of the user who calls; empty: it is not known.
func login() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return os.Getenv("USER")
}

// steering makes a command that does something to a workflow and says how it
// stands then.
func (a *app) steering(c *cobra.Command, by *byFlags, do func(context.Context, *remote.Client, string, wire.By) (wire.WorkflowItem, error)) *cobra.Command {
	c.Args = oneWorkflow
	c.RunE = func(c *cobra.Command, args []string) error {
		who, err := by.by()
		if err != nil {
			return err
		}
		return a.withWorkflow(func(ctx context.Context, client *remote.Client, id string) error {
			w, err := do(ctx, client, id, who)
			if err != nil {
				return workflowError(err, id)
			}
			return a.done(w, steered(w))
		})(c, args)
	}
	by.add(c)
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

// steered says how a workflow stands.
func steered(w wire.WorkflowItem) string {
	verb := map[bool]string{true: "has", false: "is"}[w.Status == string(workflow.Failed)]
	text := fmt.Sprintf("workflow %s %s %s", term.OneLine(w.Name), verb, w.Status)
	if why := standingText(w.Standing, w.Status); why != "" {
		text += ": " + why
	}
	return text
}

// standingText says why a workflow is paused, or that it stops; empty: neither.
func standingText(s wire.Standing, status string) string {
	switch workflow.Status(status) {
	case workflow.Paused:
	case workflow.Running:
		if s.Failing {
			return "it stops after a failure"
		}
		return ""
	default:
		return ""
	}
	var parts []string
	if s.UserPaused {
		parts = append(parts, "somebody paused it")
	}
	if s.Undecided > 0 {
		text := term.Count(s.Undecided, "failure") + map[bool]string{true: " waits", false: " wait"}[s.Undecided == 1] + " for a decision"
		if names := some(s.UndecidedJobs, s.Undecided); len(s.UndecidedJobs) > 0 {
			text += " (" + names + ")"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

// pausedStatus is the status of a workflow in a list.
func pausedStatus(w wire.WorkflowItem) string {
	if w.Status == string(workflow.Paused) && w.Undecided > 0 {
		return fmt.Sprintf("%s (%s to decide)", w.Status, term.Number(w.Undecided))
	}
	return w.Status
}

func newWorkflowPause(a *app) *cobra.Command {
	return a.steering(&cobra.Command{
		Use:   "pause ID",
		Short: "Keep the jobs of a workflow from starting",
		Long: `pause keeps jobs that have not started from the workers. What runs goes on, and
deadlines run on. Pausing a paused workflow changes nothing.`,
		Example: `  hammerwork workflow pause 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70
  hammerwork workflow pause 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70 --comment "database maintenance"`,
		ValidArgsFunction: a.completeOpenWorkflow(),
	}, new(byFlags), func(ctx context.Context, c *remote.Client, id string, by wire.By) (wire.WorkflowItem, error) {
		return c.PauseWorkflow(ctx, id, by)
	})
}

func newWorkflowResume(a *app) *cobra.Command {
	return a.steering(&cobra.Command{
		Use:   "resume ID",
		Short: "Let a paused workflow go on",
		Long: `resume ends a pause. While failures wait for a decision it is refused: decide
about them first.`,
		Example:           "  hammerwork workflow resume 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70",
		ValidArgsFunction: a.completeWorkflowOf(workflow.Paused),
	}, new(byFlags), func(ctx context.Context, c *remote.Client, id string, by wire.By) (wire.WorkflowItem, error) {
		return c.ResumeWorkflow(ctx, id, by)
	})
}

// cancelFlags are the flags of the cancels.
type cancelFlags struct{ grace time.Duration }

func (f *cancelFlags) add(c *cobra.Command) {
	c.Flags().DurationVar(&f.grace, "grace", -1, "`duration` that what runs may still take (default: the server's, 10s)")
	c.Flags().Lookup("grace").DefValue = "0s" // which help leaves out
	onlyHere(c, "grace")
}

// check refuses a negative grace, which the API's client takes for none.
func (f *cancelFlags) check(c *cobra.Command) error {
	if c.Flags().Changed("grace") && f.grace < 0 {
		return &usageError{fmt.Errorf("--grace %s is negative", f.grace), "--grace 0s cancels what runs at once"}
	}
	return nil
}

func newWorkflowCancel(a *app) *cobra.Command {
	var f cancelFlags
	c := a.steering(&cobra.Command{
		Use:   "cancel ID",
		Short: "Cancel a workflow",
		Long: `cancel ends a workflow: jobs that wait are cancelled at once, jobs that run are
told to stop and may end by themselves within the grace. Then its finally jobs
run; a second cancel stops these, too.`,
		Example: `  hammerwork workflow cancel 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70
  hammerwork workflow cancel 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70 --grace 1m --comment "wrong day"`,
		ValidArgsFunction: a.completeOpenWorkflow(),
		PreRunE:           func(c *cobra.Command, _ []string) error { return f.check(c) },
	}, new(byFlags), func(ctx context.Context, client *remote.Client, id string, by wire.By) (wire.WorkflowItem, error) {
		w, err := client.CancelWorkflow(ctx, id, f.grace, by)
		if isProblem(err, wire.CodeWrongState) {
			err = &hintError{&rewordedError{err, "workflow " + id + " has ended already"}, "hammerwork workflow show " + id + " shows how"}
		}
		return w, err
	})
	f.add(c)
	return c
}

// decideActions are what can be decided about a failure.
var decideActions = []string{
	string(workflow.ActionRetry), string(workflow.ActionSkip), string(workflow.ActionComplete), string(workflow.ActionAccept), string(workflow.ActionCancel),
}

func newWorkflowDecide(a *app) *cobra.Command {
	var d wire.DecideRequest
	var payload, result string
	c := a.steering(&cobra.Command{
		Use:   "decide ID --job NAME --action ACTION",
		Short: "Decide about a failure that a workflow waits with",
		Long: `decide says what becomes of a failed job of a workflow under failure_policy
manual, which is paused until then.

retry runs the job again, with another payload if you like. skip lets what
depends on it go on as if it had completed without a result, complete with the
result that you give. accept lets the failure stand: what needs the job cannot
run. cancel cancels the workflow.`,
		Example: `  hammerwork workflow decide 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70 --job extract --action retry
  hammerwork workflow decide 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70 --job extract --action complete --result '{"rows": 3}'
  hammerwork workflow decide 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70 --job mail --action skip --comment "sent by hand"`,
		ValidArgsFunction: a.completeWorkflowOf(workflow.Paused),
		PreRunE: func(c *cobra.Command, args []string) (err error) {
			changed := c.Flags().Changed
			switch {
			case d.Job == "":
				return &usageError{errors.New("decide needs the name of the job"), "hammerwork workflow show ID names the jobs that wait for a decision"}
			case d.Action == "":
				return &usageError{errors.New("decide needs an action"), "--action retry, or " + strings.Join(decideActions[1:], ", ")}
			case changed("payload") && d.Action != string(workflow.ActionRetry):
				return &usageError{errors.New("--payload goes with --action retry"), "leave one of them out"}
			case changed("result") && d.Action != string(workflow.ActionComplete):
				return &usageError{errors.New("--result goes with --action complete"), "leave one of them out"}
			}
			if err := filled(c, "leave it out to keep what there is", "payload", "result"); err != nil {
				return err
			}
			if d.Payload, err = a.value("--payload", payload); err != nil {
				return err
			}
			d.Result, err = a.value("--result", result)
			return err
		},
	}, new(byFlags), func(ctx context.Context, client *remote.Client, id string, by wire.By) (wire.WorkflowItem, error) {
		d.By = by
		return client.Decide(ctx, id, d)
	})
	c.Flags().StringVar(&d.Job, "job", "", "`name` of the job that failed")
	choiceFlag(c, &d.Action, "action", "`what` becomes of it", decideActions)
	c.Flags().StringVar(&payload, "payload", "", "with retry, instead of the payload it had: `JSON`, @file, or - for standard input")
	c.Flags().StringVar(&result, "result", "", "with complete, its result: `JSON`, @file, or - for standard input")
	onlyHere(c, "job", "action", "payload", "result")
	return c
}
