package cli

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/handler"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/simulation"
	"github.com/hammerwork/hammerwork/pkg/workflow/spelling"
)

// simulateFlags are the flags of simulate.
type simulateFlags struct {
	set, fail, permanent, result, duration, decide []string
	concurrency                                    int
}

func newSimulate(a *app) *cobra.Command {
	var f simulateFlags
	c := &cobra.Command{
		Use:   "simulate FILE",
		Short: "Show what would happen to a workflow",
		Long: `simulate plays a workflow file on a clock of its own, with the rules that the
engine has: which jobs would run and when, what is retried, skipped or cancelled,
who waits for whom, and how the workflow ends. It runs and stores nothing. FILE -
is standard input.

An attempt takes payload.sleep_ms, the first payload.fail_times attempts fail,
and payload.result is the result, {} without one; flags say otherwise. A back-off
with jitter takes the middle of what it may. A failure that waits for a decision
ends the simulation, unless --decide says what is decided.

simulate exits with 0 only when the workflow would complete.`,
		Example: `  hammerwork simulate workflow.yaml
  hammerwork simulate workflow.yaml --fail load --duration extract=5m
  hammerwork simulate workflow.yaml --fail load:2 --result 'extract={"rows": 0}'
  hammerwork simulate workflow.yaml --fail load --decide load=skip -o json`,
		Args:              oneFile,
		ValidArgsFunction: completeFile,
		RunE: func(_ *cobra.Command, args []string) error {
			return a.simulate(args[0], f)
		},
	}
	flags := c.Flags()
	flags.StringArrayVar(&f.fail, "fail", nil, "let every attempt of the job with this `name` fail; name:2 only the first two; may be repeated")
	flags.StringArrayVar(&f.permanent, "permanent", nil, "let the job with this `name` fail for good, without another attempt; may be repeated")
	flags.StringArrayVar(&f.result, "result", nil, "the result of a job, as `name=json`; may be repeated")
	flags.StringArrayVar(&f.duration, "duration", nil, "how long each attempt of a job takes, as `name=time`; may be repeated")
	flags.StringArrayVar(&f.decide, "decide", nil, "what is decided about the failure of a job, as `name=action`: "+strings.Join(actions, ", ")+"; may be repeated")
	flags.StringArrayVar(&f.set, "set", nil, "add `key=value` to the workflow's metadata; may be repeated")
	flags.IntVar(&f.concurrency, "concurrency", 0, "`number` of jobs that run side by side (default: all that can)")
	onlyHere(c, "fail", "permanent", "result", "duration", "decide", "concurrency")
	a.outputFlag(c)
	return c
}

// actions are the words of workflow.Action.
var actions = []string{
	string(workflow.ActionRetry), string(workflow.ActionSkip), string(workflow.ActionComplete), string(workflow.ActionAccept), string(workflow.ActionCancel),
}

func (a *app) simulate(path string, f simulateFlags) error {
	if f.concurrency < 0 || f.concurrency > maxConcurrency {
		return &usageError{fmt.Errorf("--concurrency %d is not between 1 and %d", f.concurrency, maxConcurrency), "leave it out to run all jobs side by side that can"}
	}
	set, err := metadata(f.set)
	if err != nil {
		return err
	}
	w, err := a.load(path, set)
	if err != nil {
		return err
	}
	t, err := f.theatre(w.Workflow)
	if err != nil {
		return err
	}
	r := simulation.Run(w.Workflow, simulation.Script{Handle: t.handle, Decide: t.decide, Workers: f.concurrency, Start: time.Now()})
	if a.format != output.FormatTable {
		err = output.Write(a.out, a.format, r)
	} else {
		err = newSimulationPrinter(a, r).print()
	}
	if err != nil {
		return err
	}
	if w.IsSchedule() {
		a.say("note:", "simulate starts the workflow now, once; its schedule is not used")
	}
	if n := t.guessed(w.Workflow); n > 0 {
		a.say("note:", `what runs "command" or calls "url" (`+term.Count(n, "job")+`) is taken to complete at once with the result {}; --duration, --result and --fail say otherwise`)
	}
	return simulated(r)
}

// simulated makes an error of how a simulation ends: nil only when it completes.
func simulated(r *simulation.Report) error {
	switch r.Status {
	case workflow.Completed:
		return nil
	case workflow.Cancelled:
		return fmt.Errorf("workflow %s would be cancelled", r.Workflow)
	}
	for _, j := range r.Jobs {
		if j.Decision == workflow.Undecided {
			hint := fmt.Sprintf("--decide %s=skip says what is decided: %s", j.Name, strings.Join(actions, ", "))
			return &hintError{fmt.Errorf("workflow %s would wait for a decision about %s", r.Workflow, j.Name), hint}
		}
	}
	jobs := asWire(r)
	if timedOut(jobs) {
		return fmt.Errorf("workflow %s would fail: its timeout passes after %s", r.Workflow, r.Duration)
	}
	err := fmt.Errorf("workflow %s would fail: %s", r.Workflow, cause(jobs.Jobs))
	if slices.ContainsFunc(r.Jobs, func(j simulation.Job) bool { return j.Reason == job.ReasonConditionError }) {
		return &hintError{err, `--result 'NAME={"field": 1}' gives a result that a condition reads`}
	}
	return err
}

// theatre is what the flags say of each job.
type theatre struct {
	fails     map[string]int // attempts; below 0: all
	permanent map[string]bool
	results   map[string]json.RawMessage
	durations map[string]time.Duration
	decisions map[string]workflow.Action
}

// handle plays an attempt.
func (t *theatre) handle(a simulation.Attempt) (took time.Duration, o job.Outcome) {
	name := a.Job.Name
	s, err := handler.SimulationOf(a.Payload)
	if err != nil {
		return 0, job.Outcome{Kind: job.KindFailed, Error: err.Error(), Permanent: true}
	}
	if d, said := t.durations[name]; said {
		s.Sleep = d
	}
	if raw, said := t.results[name]; said {
		s.Result = raw
	}
	n, said := t.fails[name]
	if said && n > 0 {
		s.FailTimes = n
	}
	switch {
	case t.permanent[name]:
		return s.Sleep, job.Outcome{Kind: job.KindFailed, Error: "simulated failure", Permanent: true}
	case n < 0:
		return s.Sleep, job.Outcome{Kind: job.KindFailed, Error: "simulated failure"}
	case a.Number <= s.FailTimes:
		return s.Sleep, job.Outcome{Kind: job.KindFailed, Error: s.Failure(a.Number).Error()}
	}
	return s.Sleep, job.Outcome{Kind: job.KindCompleted, Result: s.Result}
}

func (t *theatre) decide(name string) (workflow.Action, json.RawMessage) {
	return t.decisions[name], t.results[name]
}

// guessed counts the jobs that would do real work, of which nothing was said.
func (t *theatre) guessed(w *workflow.Workflow) (n int) {
	for _, j := range w.Jobs {
		var fields map[string]json.RawMessage
		_ = json.Unmarshal(j.Payload, &fields) // what is no object has no fields
		has := func(name string) bool { return len(fields[name]) > 0 || j.With[name] != "" }
		_, result := t.results[j.Name]
		_, fails := t.fails[j.Name]
		if (has("command") || has("url")) && !result && !fails && !t.permanent[j.Name] {
			n++
		}
	}
	return n
}

// theatre reads the flags that name jobs.
func (f simulateFlags) theatre(w *workflow.Workflow) (*theatre, error) {
	t := &theatre{map[string]int{}, map[string]bool{}, map[string]json.RawMessage{}, map[string]time.Duration{}, map[string]workflow.Action{}}
	names := make([]string, len(w.Jobs))
	for i, j := range w.Jobs {
		names[i] = j.Name
	}
	known := func(flag, name string) error {
		if slices.Contains(names, name) {
			return nil
		}
		hint := "name a job of the file"
		if near := spelling.Nearest(name, names); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		return &usageError{fmt.Errorf("--%s: the workflow has no job %q", flag, term.OneLine(name)), hint}
	}
	for _, text := range f.fail {
		name, count, counted := strings.Cut(text, ":")
		t.fails[name] = -1
		if counted {
			n, err := strconv.Atoi(count)
			if err != nil || n < 1 {
				return nil, &usageError{fmt.Errorf("--fail %s: %q is not a number of attempts", name, term.OneLine(count)), "like this: --fail load:2"}
			}
			t.fails[name] = n
		}
		if err := known("fail", name); err != nil {
			return nil, err
		}
	}
	for _, name := range f.permanent {
		if err := known("permanent", name); err != nil {
			return nil, err
		}
		t.permanent[name] = true
	}
	for _, of := range []struct {
		flag, example string
		values        []string
		take          func(name, value string) error
	}{
		{"result", `'load={"rows": 7}'`, f.result, func(name, value string) error {
			t.results[name] = json.RawMessage(value)
			if !json.Valid(t.results[name]) {
				return fmt.Errorf("it is not valid JSON; a text needs quotes: '%s=\"done\"'", name)
			}
			if len(value) > job.MaxResult {
				return fmt.Errorf("it has %d bytes; at most %d are allowed", len(value), job.MaxResult)
			}
			return nil
		}},
		{"duration", "load=5m", f.duration, func(name, value string) error {
			d, err := time.ParseDuration(value)
			t.durations[name] = d
			if err != nil || d < 0 {
				return fmt.Errorf("%q is not a time; write it like 30s, 5m or 1h30m", term.OneLine(value))
			}
			return nil
		}},
		{"decide", "load=skip", f.decide, func(name, value string) error {
			t.decisions[name] = workflow.Action(value)
			if !slices.Contains(actions, value) {
				return fmt.Errorf("%q is not one of %s", term.OneLine(value), strings.Join(actions, ", "))
			}
			return nil
		}},
	} {
		for _, text := range of.values {
			name, value, ok := strings.Cut(text, "=")
			if !ok {
				return nil, &usageError{fmt.Errorf("--%s %q has no =", of.flag, term.OneLine(text)), fmt.Sprintf("like this: --%s %s", of.flag, of.example)}
			}
			if err := known(of.flag, name); err != nil {
				return nil, err
			}
			if err := of.take(name, value); err != nil {
				return nil, &usageError{fmt.Errorf("--%s %s: %w", of.flag, name, err), fmt.Sprintf("like this: --%s %s", of.flag, of.example)}
			}
		}
	}
	return t, nil
}
