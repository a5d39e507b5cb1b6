package cli

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/engine"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// app is one call of the command line.
type app struct {
	in       io.Reader
	out, err io.Writer

	configFile string
	quiet      bool
	format     output.Format
	limits     workflow.Limits // of a workflow file

	server         string
	tokenFile      string
	tokenFileNamed bool          // by a flag, which beats the environment
	poll           time.Duration // between two looks at a workflow

	started bool // the arguments were understood; errors before are about usage

	open    func(context.Context, engine.Config) (runner, error)
	signals chan os.Signal // nil: those of the process
}

// Main runs the command line and returns its exit code. args leave out the
// program's name.
func Main(args []string, in io.Reader, out, errOut io.Writer) int {
	a := &app{in: in, out: out, err: errOut, format: output.FormatTable, poll: defaultPoll}
	a.open = func(ctx context.Context, cfg engine.Config) (runner, error) { return engine.Open(ctx, cfg) }
	return a.main(args)
}

func (a *app) main(args []string) int {
	root := newRoot(a)
	root.SetArgs(args)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	command, err := root.ExecuteContextC(context.Background())
	if err != nil && !a.started {
		err = asUsage(command, err)
	}
	return a.report(err)
}

// outputFlag gives a command -o.
func (a *app) outputFlag(c *cobra.Command) {
	c.Flags().VarP(&a.format, "output", "o", "how to print the result: table, json or yaml")
	complete(c, "output", output.Formats...)
}

// complete gives a flag its values for shell completion.
func complete(c *cobra.Command, flag string, values ...string) {
	// It only fails for flags that do not exist.
	_ = c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// completeFile completes one workflow file.
func completeFile(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return []string{"yaml", "yml", "json"}, cobra.ShellCompDirectiveFilterFileExt
}
