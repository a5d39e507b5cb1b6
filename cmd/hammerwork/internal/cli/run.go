package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/engine"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/handler"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/serve"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/telemetry"
)

// runFlags are the flags of run.
type runFlags struct {
	set         []string
	dataDir     string
	keep        bool
	concurrency int
	env         []string
	logLevel    string
	answers     answerFlags
}

const maxConcurrency = 10_000

func newRun(a *app) *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run FILE",
		Short: "Run a workflow file to its end",
		Long: `run runs one workflow with everything embedded: no server, no database to set
up, no open port. FILE - is standard input.

A job whose payload has "command" (a list: program, arguments) runs that
program; one with "url" is posted there; any other job is simulated. What a job
writes to standard output is its result. The results of the last jobs, those
that no other waits for, are printed at the end.

A gate is answered by --approve, --reject or --signal with its name when it opens;
one within a job that is a workflow is called sub/name, by the name of that job.
With one that no flag answers the run waits until Ctrl-C if standard input and
standard error are a terminal. Elsewhere, and with --quiet, nobody can answer: it
says what it waits for, and when it waits for nothing else ends with exit code 4.
A gate that expires is waited for when the workflow goes on then: by its default,
or since its failure is handled or borne.

Without --data-dir nothing is left behind. With it, a run that was stopped goes
on where it was when the same command is called again.

run exits with 0 only when the workflow completed.`,
		Example: `  hammerwork run workflow.yaml
  hammerwork run workflow.yaml --set day=2026-05-04 --concurrency 8
  hammerwork run workflow.yaml --data-dir ./data
  hammerwork run workflow.yaml --approve sign-off --signal 'paid={"amount": 12}'
  hammerwork run workflow.yaml -o json > run.json`,
		Args:              oneFile,
		ValidArgsFunction: completeFile,
		RunE: func(c *cobra.Command, args []string) error {
			if !c.Flags().Changed("concurrency") {
				f.concurrency = max(4, 2*runtime.NumCPU())
			}
			return a.run(c.Context(), args[0], f)
		},
	}
	flags := c.Flags()
	flags.StringArrayVar(&f.set, "set", nil, "add `key=value` to the workflow's metadata; may be repeated")
	flags.StringVar(&f.dataDir, "data-dir", "", "keep the data in this `folder`, and go on with what it holds")
	flags.BoolVar(&f.keep, "keep", false, "keep the temporary data of this run, and say where")
	flags.IntVar(&f.concurrency, "concurrency", 0, "`number` of jobs that run side by side (default: two for each CPU, at least 4)")
	flags.StringSliceVar(&f.env, "env", nil, "pass this environment `variable` on to commands; may be repeated")
	flags.StringVar(&f.logLevel, "log-level", "warn", "`level` of what the engine logs: debug, info, warn or error")
	f.answers.add(c)
	_ = c.MarkFlagDirname("data-dir") // it only fails for flags that do not exist
	complete(c, "log-level", "debug", "info", "warn", "error")
	a.fileFlags(c)
	a.outputFlag(c)
	return c
}

func (a *app) run(ctx context.Context, file string, f runFlags) error {
	set, err := f.check()
	if err != nil {
		return err
	}
	w, err := a.load(file, set)
	if err != nil {
		return err
	}
	answers, err := f.answers.read(a, w.Workflow)
	if err != nil {
		return err
	}
	for _, name := range f.env {
		if _, ok := os.LookupEnv(name); !ok {
			a.say("warning:", fmt.Sprintf("--env %s: the variable is not set", name))
		}
	}
	if w.IsSchedule() {
		a.say("note:", "run starts the workflow now, once; its schedule is not used")
	}
	kept := f.dataDir
	if kept == "" && f.keep {
		if kept, err = os.MkdirTemp("", "hammerwork-"); err != nil {
			return fmt.Errorf("make a folder for the data: %w", err)
		}
	}
	auto := handler.Auto(handler.Config{Exec: handler.ExecConfig{Env: f.env}})
	s := &session{
		app:   a,
		file:  w,
		kept:  kept,
		logs:  &redirect{to: a.err},
		hurry: newHurry(),

		answers: answers, passable: passable(w.Workflow), unanswered: make(chan suspended, 1),
	}
	err = s.run(ctx, engine.Config{
		DataDir:     kept,
		Keep:        kept != "",
		Services:    []string{"scheduler", "resolver", "dispatcher"},
		Settings:    serve.DefaultConfig(),
		Store:       store.Options{Limits: a.limits},
		Workers:     1,
		Concurrency: f.concurrency,
		Handler:     s.hurry.wrap(auto.Handle),
		Log:         telemetry.NewLogger(s.logs, f.logLevel, telemetry.FormatText),
		Registry:    telemetry.NewRegistry(),
	})
	if n := int(auto.Simulated()); n > 0 {
		a.say("note:", simulatedNote(n))
	}
	if f.keep {
		a.say("note:", "the data is kept in "+kept)
	}
	return err
}

func simulatedNote(attempts int) string {
	return "simulated " + term.Count(attempts, "attempt") + ` of jobs whose payload has neither "command" nor "url"`
}

// check reads what the flags say.
func (f runFlags) check() (set map[string]string, err error) {
	if set, err = metadata(f.set); err != nil {
		return nil, err
	}
	if f.concurrency < 1 || f.concurrency > maxConcurrency {
		return nil, &usageError{fmt.Errorf("--concurrency %d is not between 1 and %d", f.concurrency, maxConcurrency), "leave it out to use two jobs for each CPU"}
	}
	if err := checkEnv(f.env); err != nil {
		return nil, err
	}
	if err := telemetry.CheckLog(f.logLevel, telemetry.FormatText); err != nil {
		return nil, &usageError{err, "--log-level warn is the default"}
	}
	return set, nil
}

// metadata reads what --set says.
func metadata(set []string) (map[string]string, error) {
	out := make(map[string]string, len(set))
	for _, s := range set {
		key, value, ok := strings.Cut(s, "=")
		if !ok || key == "" {
			return nil, &usageError{fmt.Errorf("--set %q is not key=value", term.OneLine(s)), "like this: --set day=2026-05-04"}
		}
		if _, twice := out[key]; twice {
			return nil, &usageError{fmt.Errorf("--set %s is there twice", term.OneLine(key)), "set each key once"}
		}
		out[key] = value
	}
	return out, nil
}

// errStopped says that the user stopped the run at once.
var errStopped = errors.New("stopped")
