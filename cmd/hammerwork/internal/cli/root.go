package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "hammerwork",
		Short: "Run workflows of jobs",
		Long: `hammerwork runs workflows: jobs that wait for each other, are retried when they
fail, and hand their results on.

Settings are flags, environment variables (HAMMERWORK_DATA_DIR for --data-dir)
and keys of a YAML file (data_dir, with --config). A flag beats the environment,
which beats the file. What is about one call, like --status, is a flag only.

Exit codes: 0 done, 1 failed, 2 usage or invalid input, 3 not found, 4 refused,
5 unreachable, 6 a wait ran out.`,
		Example: `  hammerwork run workflow.yaml
  hammerwork validate workflow.yaml
  hammerwork workflow graph --file workflow.yaml`,
		Version:       readVersion().Version,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(c *cobra.Command, _ []string) error {
			if !helps(c) {
				if err := a.configure(c); err != nil {
					return err
				}
			}
			a.started = true
			return nil
		},
	}
	root.SetUsageTemplate(strings.Replace(root.UsageTemplate(), "{{if .Runnable}}", `{{if and .Runnable (not (index .Annotations "group"))}}`, 1))
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	root.PersistentFlags().StringVar(&a.configFile, "config", "", "YAML `file` with settings")
	root.PersistentFlags().BoolVarP(&a.quiet, "quiet", "q", false, "print results and errors only")
	root.SetHelpCommand(newHelp())
	root.AddCommand(newRun(a), newDev(a), newServe(a), newWorker(a), newMigrate(a), newDoctor(a), newValidate(a), newSimulate(a), newWorkflow(a), newJob(a), newBatch(a), newQueue(a), newCron(a), newTop(a), newVersion(a))
	asGroup(root)
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			describeCompletion(c)
		}
	}
	return root
}

// helps reports whether c is help or shell completion, which work whatever the
// settings are.
func helps(c *cobra.Command) bool {
	for ; c.HasParent(); c = c.Parent() {
		switch c.Name() {
		case "help", "completion", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd:
			return true
		}
	}
	return false
}

// asGroup makes c show its help when it is called alone, and suggest a command
// when it is called with one it does not have.
func asGroup(c *cobra.Command) {
	c.Annotations = map[string]string{"group": "true"} // for the usage: it is not called alone
	c.Args = cobra.ArbitraryArgs
	c.SuggestionsMinimumDistance = 2
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return c.Help()
		}
		return unknownCommand(c, args[0])
	}
}

func unknownCommand(c *cobra.Command, name string) error {
	hint := fmt.Sprintf("%s --help lists the commands", c.CommandPath())
	if s := c.SuggestionsFor(name); len(s) > 0 {
		hint = fmt.Sprintf("did you mean %s %s?", c.CommandPath(), s[0])
	}
	return &usageError{fmt.Errorf("%s has no command %q", c.CommandPath(), name), hint}
}

func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Show the help of a command",
		Example: "  hammerwork help run",
		RunE: func(c *cobra.Command, args []string) error {
			found := c.Root()
			for _, name := range args {
				next, _, err := found.Find([]string{name})
				if err != nil || next == found {
					return unknownCommand(found, name)
				}
				found = next
			}
			found.InitDefaultHelpFlag()
			return found.Help()
		},
	}
}

// describeCompletion gives cobra's completion command an example and clear
// errors.
func describeCompletion(c *cobra.Command) {
	c.Example = `  hammerwork completion bash > /etc/bash_completion.d/hammerwork
  hammerwork completion zsh > "${fpath[1]}/_hammerwork"
  hammerwork completion fish > ~/.config/fish/completions/hammerwork.fish`
	asGroup(c)
}
