package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// verdict is the result of validate.
type verdict struct {
	File         string           `json:"file"`
	Valid        bool             `json:"valid"`
	Name         string           `json:"name"`
	Jobs         int              `json:"jobs"`
	Dependencies int              `json:"dependencies"`
	Errors       []workflow.Fault `json:"errors"`
}

func newValidate(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "validate FILE",
		Short: "Check a workflow file",
		Long: `validate reads a workflow file and reports everything that is wrong with it,
each fault with its place. It runs and stores nothing. FILE - is standard
input.`,
		Example: `  hammerwork validate workflow.yaml
  hammerwork validate -o json workflow.yaml
  generate-workflow | hammerwork validate -`,
		Args:              oneFile,
		ValidArgsFunction: completeFile,
		RunE: func(_ *cobra.Command, args []string) error {
			return a.validate(args[0])
		},
	}
	a.fileFlags(c)
	a.outputFlag(c)
	return c
}

// oneFile checks that a command got exactly one file.
func oneFile(c *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return &usageError{fmt.Errorf("%s needs a workflow file", c.CommandPath()), fmt.Sprintf("like this: %s workflow.yaml; - is standard input", c.CommandPath())}
	case len(args) > 1:
		return &usageError{fmt.Errorf("%s takes one workflow file, not %d", c.CommandPath(), len(args)), "call it once for each file"}
	}
	return nil
}

func (a *app) validate(path string) error {
	w, err := a.load(path, nil)
	var invalid *workflow.Error
	if err != nil && !errors.As(err, &invalid) {
		return err
	}
	v := verdict{File: path, Valid: err == nil, Errors: []workflow.Fault{}}
	if invalid != nil {
		v.Errors = invalid.Faults
	} else {
		v.Name, v.Jobs, v.Dependencies = w.Name, len(w.Jobs), dependencies(w.Workflow)
	}
	switch {
	case a.format != output.FormatTable:
		if err := output.Write(a.out, a.format, v); err != nil {
			return err
		}
	case v.Valid && !a.quiet:
		fmt.Fprintf(a.out, "%s is valid: workflow %s, %s, %s\n", path, v.Name, term.Count(v.Jobs, "job"), count(v.Dependencies, "dependency", "dependencies"))
	}
	return err
}

func dependencies(w *workflow.Workflow) int {
	n := 0
	for _, j := range w.Jobs {
		n += len(j.DependsOn)
	}
	return n
}

// count is term.Count for nouns with a plural of their own.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return term.Number(n) + " " + many
}
