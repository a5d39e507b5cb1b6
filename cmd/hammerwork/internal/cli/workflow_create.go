package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/workflowfile"
)

// largeYAML is the size from which a YAML file is sent as JSON: a server reads
// no large ones. What it says about smaller ones has the lines of the file.
const largeYAML = 1 << 20

// createFlags are the flags of workflow create.
type createFlags struct {
	file    string
	set     []string
	key     string
	wait    bool
	timeout time.Duration
}

func newWorkflowCreate(a *app) *cobra.Command {
	var f createFlags
	c := &cobra.Command{
		Use:   "create --file FILE",
		Short: "Create a workflow from a file",
		Long: `create sends a workflow file to the server, which starts it, and prints its id.
--file - is standard input.

With --wait it shows how far the workflow is, prints the results of the last
jobs at the end, and exits with 0 only when the workflow completed.

The same --idempotency-key creates the same workflow once, however often the
command is called.`,
		Example: `  hammerwork workflow create --file workflow.yaml
  hammerwork workflow create --file workflow.yaml --set day=2026-05-04 --wait
  id=$(hammerwork workflow create --file workflow.yaml --quiet)`,
		Args: fileFlagOnly,
		RunE: func(c *cobra.Command, _ []string) error {
			switch {
			case f.file == "":
				return &usageError{fmt.Errorf("%s needs a workflow file", c.CommandPath()), fmt.Sprintf("like this: %s --file workflow.yaml", c.CommandPath())}
			case f.timeout != 0 && !f.wait:
				return &usageError{errors.New("--timeout bounds the wait, and there is none"), "add --wait; the workflow's own timeout is in its file"}
			}
			if err := checkTimeout(f.timeout); err != nil {
				return err
			}
			if err := filled(c, "leave it out to send none", "idempotency-key"); err != nil {
				return err
			}
			if _, err := metadata(f.set); err != nil {
				return err
			}
			return a.workflowCreate(c.Context(), f)
		},
	}
	flags := c.Flags()
	flags.StringVarP(&f.file, "file", "f", "", "workflow `file`")
	flags.StringArrayVar(&f.set, "set", nil, "add `key=value` to the workflow's metadata; may be repeated")
	flags.StringVar(&f.key, "idempotency-key", "", "`key` that makes it safe to repeat the command")
	flags.BoolVar(&f.wait, "wait", false, "wait until the workflow has ended")
	flags.DurationVar(&f.timeout, "timeout", 0, "wait at most for this `duration` (default: as long as it takes)")
	onlyHere(c, "idempotency-key", "wait", "timeout")
	_ = c.MarkFlagFilename("file", "yaml", "yml", "json") // it only fails for flags that do not exist
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

func checkTimeout(d time.Duration) error {
	if d < 0 {
		return &usageError{fmt.Errorf("--timeout %s is negative", d), "leave it out to wait as long as it takes"}
	}
	return nil
}

func (a *app) workflowCreate(ctx context.Context, f createFlags) error {
	name, data, err := a.readNamed(f.file, "workflow file")
	if err != nil {
		return err
	}
	client, err := a.remote()
	if err != nil {
		return err
	}
	defer client.Close()
	w := remote.NewWorkflow{File: data, JSON: isJSON(name, data), Set: f.set, IdempotencyKey: f.key}
	if !w.JSON && len(data) > largeYAML {
		if w.File, err = workflowfile.ToJSON(name, data); err != nil {
			return err
		}
		w.JSON = true
	}
	created, err := client.CreateWorkflow(ctx, w)
	if err != nil {
		return faultsOf(err, name)
	}
	if f.wait {
		if !a.quiet {
			a.say("note:", createdText(created))
		}
		return a.workflowWatch(ctx, client, created.ID, f.timeout)
	}
	switch {
	case a.format != output.FormatTable:
		return output.Write(a.out, a.format, created)
	case a.quiet:
		_, err = fmt.Fprintln(a.out, created.ID)
		return err
	}
	_, err = fmt.Fprintln(a.out, createdText(created))
	if err == nil && term.Is(a.out) {
		a.say("hint:", "hammerwork workflow status "+created.ID+" --watch follows it")
	}
	return err
}

func createdText(c wire.Created) string {
	if c.Existing {
		return fmt.Sprintf("workflow %s was created before with this key: %s", term.OneLine(c.Name), c.ID)
	}
	return fmt.Sprintf("workflow %s created: %s", term.OneLine(c.Name), c.ID)
}

// isJSON decides as package workflowfile does.
func isJSON(name string, data []byte) bool {
	return filepath.Ext(name) == ".json" || bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{"))
}

// faultsOf makes the server's faults of a file the faults that validate shows.
func faultsOf(err error, file string) error {
	var p *wire.Problem
	if !errors.As(err, &p) || len(p.Errors) == 0 {
		return err
	}
	switch p.Code {
	case wire.CodeInvalidWorkflow, wire.CodeCycle, wire.CodeUnknownParent, wire.CodeDuplicateName:
	default:
		return err
	}
	out := &workflow.Error{File: file}
	for i, e := range p.Errors {
		f := workflow.Fault{Code: workflow.Code(p.Code), Path: e.Path, Line: e.Line, Message: e.Message}
		if i == 0 {
			f.Hint = p.Hint
		}
		out.Faults = append(out.Faults, f)
	}
	return out
}
