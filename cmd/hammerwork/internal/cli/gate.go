package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// gateFlags say which gate of a workflow is answered.
type gateFlags struct{ name string }

func (f *gateFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.name, "job", "", "`name` of the gate, or sub/name within a job that is a workflow")
	onlyHere(c, "job")
}

func (f *gateFlags) check(c *cobra.Command) error {
	if f.name == "" {
		return &usageError{fmt.Errorf("%s needs the name of the gate", c.Name()), "hammerwork workflow status ID names the gates that are open"}
	}
	return nil
}

func newWorkflowApprove(a *app) *cobra.Command {
	return a.newWorkflowAnswer(&cobra.Command{
		Use:   "approve ID --job NAME",
		Short: "Approve a gate that a workflow waits for",
		Long: `approve gives the approval that a gate waits for; what depends on the gate goes
on. One that has not opened yet, was answered or has expired is refused.`,
		Example: `  hammerwork workflow approve 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70 --job sign-off
  hammerwork workflow approve 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70 --job sign-off --comment "looks right"`,
	}, false)
}

func newWorkflowReject(a *app) *cobra.Command {
	return a.newWorkflowAnswer(&cobra.Command{
		Use:   "reject ID --job NAME",
		Short: "Reject a gate that a workflow waits for",
		Long: `reject lets a gate fail that waits for an approval; what needs the gate cannot
run. The comment is the error of the gate.`,
		Example: `  hammerwork workflow reject 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70 --job sign-off --comment "not on a Friday"`,
	}, true)
}

func (a *app) newWorkflowAnswer(c *cobra.Command, reject bool) *cobra.Command {
	var f gateFlags
	c.ValidArgsFunction = a.completeOpenWorkflow()
	c.PreRunE = func(c *cobra.Command, _ []string) error { return f.check(c) }
	a.steering(c, new(byFlags), func(ctx context.Context, client *remote.Client, id string, by wire.By) (wire.WorkflowItem, error) {
		return client.Approve(ctx, id, reject, wire.AnswerRequest{Job: f.name, By: by})
	})
	f.add(c)
	return c
}

func newWorkflowSignal(a *app) *cobra.Command {
	var f gateFlags
	var p payloadFlag
	c := a.steering(&cobra.Command{
		Use:   "signal ID --job NAME",
		Short: "Send a payload to a gate that a workflow waits for",
		Long: `signal sends a payload to a gate of type signal; it becomes the result of the
gate, for the jobs that depend on it. What is sent before the gate opens is kept
for it.`,
		Example: `  hammerwork workflow signal 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70 --job paid --payload '{"amount": 12}'
  hammerwork workflow signal 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70 --job paid --payload @receipt.json`,
		ValidArgsFunction: a.completeOpenWorkflow(),
		PreRunE:           func(c *cobra.Command, _ []string) error { return errors.Join(f.check(c), p.read(a, c)) },
	}, new(byFlags), func(ctx context.Context, client *remote.Client, id string, by wire.By) (wire.WorkflowItem, error) {
		return client.Signal(ctx, id, wire.SignalRequest{Job: f.name, Payload: p.value, By: by})
	})
	f.add(c)
	p.add(c)
	return c
}

// payloadFlag is what a signal sends.
type payloadFlag struct {
	text  string
	value []byte
}

func (p *payloadFlag) add(c *cobra.Command) {
	c.Flags().StringVar(&p.text, "payload", "", "what it sends: `JSON`, @file, or - for standard input (default: null)")
	c.Flags().Lookup("payload").DefValue = ""
	onlyHere(c, "payload")
}

func (p *payloadFlag) read(a *app, c *cobra.Command) (err error) {
	if err := filled(c, "leave it out to send null", "payload"); err != nil {
		return err
	}
	p.value, err = a.value("--payload", p.text)
	return err
}

func newJobApprove(a *app) *cobra.Command {
	return a.newJobAnswer(&cobra.Command{
		Use:   "approve ID",
		Short: "Approve a gate by its id",
		Long: `approve gives the approval that a gate waits for, also one that belongs to no
workflow.`,
		Example: `  hammerwork job approve 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d71 --comment "looks right"`,
	}, nil, func(ctx context.Context, c *remote.Client, id string, by wire.By) (wire.Job, error) {
		return c.ApproveJob(ctx, id, false, wire.AnswerRequest{By: by})
	})
}

func newJobReject(a *app) *cobra.Command {
	return a.newJobAnswer(&cobra.Command{
		Use:     "reject ID",
		Short:   "Reject a gate by its id",
		Long:    `reject lets a gate fail that waits for an approval; what needs it cannot run.`,
		Example: `  hammerwork job reject 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d71 --comment "not on a Friday"`,
	}, nil, func(ctx context.Context, c *remote.Client, id string, by wire.By) (wire.Job, error) {
		return c.ApproveJob(ctx, id, true, wire.AnswerRequest{By: by})
	})
}

func newJobSignal(a *app) *cobra.Command {
	var p payloadFlag
	return a.newJobAnswer(&cobra.Command{
		Use:     "signal ID",
		Short:   "Send a payload to a gate by its id",
		Long:    `signal sends a payload to a gate of type signal; it becomes the gate's result.`,
		Example: `  hammerwork job signal 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d71 --payload '{"amount": 12}'`,
	}, &p, func(ctx context.Context, c *remote.Client, id string, by wire.By) (wire.Job, error) {
		return c.SignalJob(ctx, id, wire.SignalRequest{Payload: p.value, By: by})
	})
}

// newJobAnswer makes a command that answers a gate by its id.
func (a *app) newJobAnswer(c *cobra.Command, p *payloadFlag, answer func(context.Context, *remote.Client, string, wire.By) (wire.Job, error)) *cobra.Command {
	var by byFlags
	c.Args, c.ValidArgsFunction = oneJob, a.completeJob()
	c.RunE = func(c *cobra.Command, args []string) error {
		who, err := by.by()
		if err == nil && p != nil {
			err = p.read(a, c)
		}
		if err != nil {
			return err
		}
		return a.withJob(func(ctx context.Context, client *remote.Client, id string) error {
			j, err := answer(ctx, client, id, who)
			if err != nil {
				return jobError(err, id)
			}
			return a.done(j, fmt.Sprintf("job %s is %s", jobName(j), j.Status))
		})(c, args)
	}
	if p != nil {
		p.add(c)
	}
	by.add(c)
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

// isOpenGate reports whether a job is a gate that somebody has to answer now.
func isOpenGate(j wire.Job) bool {
	return j.Gate != nil && j.Gate.Type != "timer" && j.Status == "suspended"
}

// maxGateLooks bounds how many workflows within one are looked into for gates.
const maxGateLooks = 50

// openGates collects the gates among the jobs of a workflow, and of those within
// it, that somebody has to answer now, those of the workflow first. all: there
// are no others.
func openGates(ctx context.Context, look lookUp, jobs []wire.Job) (open []wire.Job, all bool, err error) {
	looks := 0
	for next := jobs; len(next) > 0; {
		var inner []wire.Job
		for _, j := range next {
			if isOpenGate(j) {
				open = append(open, j)
			}
			p := j.Parts
			if p == nil || p.Kind != string(workflow.PartsWorkflow) || p.WorkflowID == "" || j.Status != string(job.Suspended) {
				continue
			}
			if looks++; looks > maxGateLooks {
				return open, false, nil
			}
			list, err := look(ctx, p.WorkflowID, job.Suspended, maxSuspended)
			if err != nil {
				return nil, false, err
			}
			slices.Reverse(list) // the newest come first
			inner = append(inner, list...)
		}
		next = inner
	}
	return open, true, nil
}

// answerCommand is the command that answers an open gate.
func answerCommand(j wire.Job) string {
	of, where := "workflow", j.WorkflowID+" --job "+shellWord(j.Name)
	if j.WorkflowID == "" {
		of, where = "job", j.ID
	}
	if j.Gate.Type == "signal" {
		return fmt.Sprintf("hammerwork %s signal %s --payload JSON", of, where)
	}
	return fmt.Sprintf("hammerwork %s approve %s", of, where)
}

// shellWord makes one word of a shell of a name or a path.
func shellWord(name string) string {
	if plainName(strings.ReplaceAll(name, "/", "-")) {
		return name
	}
	return "'" + term.OneLine(name) + "'"
}

// onlyGates reports whether nothing of a workflow runs or waits for a time, but
// gates are open: it goes on when somebody answers.
func onlyGates(w wire.WorkflowItem, list []suspended) bool {
	if workflow.Status(w.Status) != workflow.Running || w.Stats.Running+w.Stats.Retrying > 0 {
		return false
	}
	open := false
	for _, x := range list {
		switch {
		case isOpenGate(x.Job):
			open = true
		case x.Job.Parts == nil || len(x.running) > 0:
			return false // a timer, or items that run
		}
	}
	return open
}
