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
)

// simulateFlags are the flags of simulate.
type simulateFlags struct {
	set, fail, permanent, result, duration, decide []string
	approve, reject, signal, spawn                 []string
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
payload.result is the result, {} without one, and payload.spawn says which jobs it
spawns; flags say otherwise. A back-off with jitter takes the middle of what it may.
A failure that waits for a decision ends the simulation, unless --decide says what
is decided.

Approvals are approved at once; with --approve only those that it names. A signal
gets what --signal says, or nothing. Timers take their time. A job within one that
is a workflow is called sub/name, an item of a batch or a map name[0]; what is said
of a batch or a map holds for each of its items. What a handler would spawn is said
with --spawn split=a,b, and which jobs wait for it after a colon: split=a,b:report.

simulate exits with 0 only when the workflow would complete.`,
		Example: `  hammerwork simulate workflow.yaml
  hammerwork simulate workflow.yaml --fail load --duration extract=5m
  hammerwork simulate workflow.yaml --fail load:2 --result 'extract={"rows": 0}'
  hammerwork simulate workflow.yaml --fail load --decide load=skip -o json
  hammerwork simulate workflow.yaml --reject release --signal 'paid={"amount": 7}'
  hammerwork simulate workflow.yaml --spawn split=part-1,part-2:report --fail part-2
  hammerwork simulate workflow.yaml --result 'regions={"list": ["eu", "us"]}' --fail 'deploy[1]'`,
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
	flags.StringArrayVar(&f.approve, "approve", nil, "approve the gate with this `name`, and no other; may be repeated")
	flags.StringArrayVar(&f.reject, "reject", nil, "reject the gate with this `name`; may be repeated")
	flags.StringArrayVar(&f.signal, "signal", nil, "what a signal is sent, as `name=json`; may be repeated")
	flags.StringArrayVar(&f.spawn, "spawn", nil, "what a job spawns when it completes, and before which jobs, as `name=jobs:before`; may be repeated")
	flags.StringArrayVar(&f.set, "set", nil, "add `key=value` to the workflow's metadata; may be repeated")
	flags.IntVar(&f.concurrency, "concurrency", 0, "`number` of jobs that run side by side (default: all that can)")
	onlyHere(c, "fail", "permanent", "result", "duration", "decide", "approve", "reject", "signal", "spawn", "concurrency")
	a.fileFlags(c)
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
	r := simulation.Run(w.Workflow, simulation.Script{Handle: t.handle, Decide: t.decide, Answer: t.answer, Workers: f.concurrency, Start: time.Now(), Limits: a.limits})
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
	return simulated(r, w.Workflow)
}

// simulated makes an error of how a simulation ends: nil only when it completes.
func simulated(r *simulation.Report, w *workflow.Workflow) error {
	switch r.Status {
	case workflow.Completed:
		return nil
	case workflow.Cancelled:
		return fmt.Errorf("workflow %s would be cancelled", r.Workflow)
	}
	all := simulatedJobs(r, "")
	for _, j := range all {
		if j.Decision == workflow.Undecided {
			hint := fmt.Sprintf("--decide %s=skip says what is decided: %s", j.Name, strings.Join(actions, ", "))
			return &hintError{fmt.Errorf("workflow %s would wait for a decision about %s", r.Workflow, j.Name), hint}
		}
	}
	for _, j := range all {
		if j.Status == job.Suspended && j.Parts == nil {
			hint := fmt.Sprintf("--signal '%s={}', --approve %s or --reject %s answers it", j.Name, j.Name, j.Name)
			return &hintError{fmt.Errorf("workflow %s would wait for the answer to %s", r.Workflow, j.Name), hint}
		}
	}
	jobs := asWire(r)
	if timedOut(jobs) {
		return fmt.Errorf("workflow %s would fail: its timeout passes after %s", r.Workflow, r.Duration)
	}
	err := fmt.Errorf("workflow %s would fail: %s", r.Workflow, cause(jobs.Jobs))
	first := firstFailure(jobs.Jobs)
	if first == nil {
		return err
	}
	switch job.Reason(first.Reason) {
	case job.ReasonConditionError:
		return &hintError{err, `--result 'NAME={"field": 1}' gives a result that a condition reads`}
	case job.ReasonInputError:
		if slices.ContainsFunc(w.Jobs, func(j *job.Job) bool { return j.Name == first.Name && isMap(j) }) {
			return &hintError{err, `--result 'NAME=[1, 2]' gives a result that a map reads`}
		}
		return &hintError{err, `--result 'NAME={"field": 1}' gives a result that "with" reads`}
	}
	return err
}

func isMap(j *job.Job) bool {
	p := workflow.PartsOf(j)
	return p != nil && p.Kind == workflow.PartsMap
}

// simulatedJobs lists the jobs of a report, each before what it is made of, by
// the names that flags give them.
func simulatedJobs(r *simulation.Report, prefix string) []simulation.Job {
	var list []simulation.Job
	for _, j := range r.Jobs {
		inner := prefix
		if j.Queue == workflow.WorkflowQueue {
			inner += j.Name + "/"
		}
		j.Name = prefix + j.Name
		if list = append(list, j); j.Parts != nil {
			list = append(list, simulatedJobs(j.Parts, inner)...)
		}
	}
	return list
}

// theatre is what the flags say of each job, by its path.
type theatre struct {
	fails     map[string]int // attempts; below 0: all
	permanent map[string]bool
	results   map[string]json.RawMessage
	durations map[string]time.Duration
	decisions map[string]workflow.Action
	approved  map[string]bool // false: it is rejected
	picky     bool            // only what was named is approved
	signals   map[string]json.RawMessage
	spawns    map[string]handler.Spawn
}

// said returns what a flag says of a job, or of the batch or the map that it is an
// item of.
func said[T any](of map[string]T, path string) (value T, is bool) {
	if value, is = of[path]; is {
		return value, true
	}
	value, is = of[withoutIndex(path)]
	return value, is
}

// withoutIndex is the path of the job that an item belongs to.
func withoutIndex(path string) string {
	if i := strings.LastIndexByte(path, '['); i > 0 && strings.HasSuffix(path, "]") {
		if _, err := strconv.Atoi(path[i+1 : len(path)-1]); err == nil {
			return path[:i]
		}
	}
	return path
}

// answer answers a gate.
func (t *theatre) answer(path string, _ *job.Gate) simulation.Answer {
	approve, named := said(t.approved, path)
	return simulation.Answer{Approve: approve || !named && !t.picky, Reject: named && !approve, Payload: t.signals[path]}
}

// handle plays an attempt.
func (t *theatre) handle(a simulation.Attempt) (took time.Duration, o job.Outcome) {
	name := a.Path
	s, err := handler.SimulationOf(a.Payload)
	if err != nil {
		return 0, job.Outcome{Kind: job.KindFailed, Error: err.Error(), Permanent: true}
	}
	if d, is := said(t.durations, name); is {
		s.Sleep = d
	}
	if raw, is := said(t.results, name); is {
		s.Result = raw
	}
	if spawn, is := t.spawns[name]; is {
		s.Spawn = spawn
	}
	n, is := said(t.fails, name)
	if is && n > 0 {
		s.FailTimes = n
	}
	permanent, _ := said(t.permanent, name)
	switch {
	case permanent:
		return s.Sleep, job.Outcome{Kind: job.KindFailed, Error: "simulated failure", Permanent: true}
	case n < 0:
		return s.Sleep, job.Outcome{Kind: job.KindFailed, Error: "simulated failure"}
	case a.Number <= s.FailTimes:
		return s.Sleep, job.Outcome{Kind: job.KindFailed, Error: s.Failure(a.Number).Error()}
	}
	return s.Sleep, job.Outcome{Kind: job.KindCompleted, Result: s.Result, Spawned: s.Spawn.Jobs(a.Job.Queue)}
}

func (t *theatre) decide(name string) (workflow.Action, json.RawMessage) {
	return t.decisions[name], t.results[name]
}

// guessed counts the jobs that would do real work, of which nothing was said.
func (t *theatre) guessed(w *workflow.Workflow) (n int) {
	eachJob(w, "", func(path string, j *job.Job) {
		var fields map[string]json.RawMessage
		_ = json.Unmarshal(j.Payload, &fields) // what is no object has no fields
		has := func(name string) bool { return len(fields[name]) > 0 || j.With[name] != "" }
		_, result := said(t.results, path)
		_, fails := said(t.fails, path)
		permanent, _ := said(t.permanent, path)
		if (has("command") || has("url")) && !result && !fails && !permanent {
			n++
		}
	})
	return n
}

// eachJob calls f for every job of a workflow and of those that its jobs are made
// of, with its path.
func eachJob(w *workflow.Workflow, prefix string, f func(path string, j *job.Job)) {
	for _, j := range w.Jobs {
		f(prefix+j.Name, j)
		p := workflow.PartsOf(j)
		switch {
		case p == nil || p.Workflow == nil:
		case p.Kind == workflow.PartsWorkflow:
			eachJob(p.Workflow, prefix+j.Name+"/", f)
		default:
			eachJob(p.Workflow, prefix, f)
		}
	}
}

// theatre reads the flags that name jobs.
func (f simulateFlags) theatre(w *workflow.Workflow) (*theatre, error) {
	t := &theatre{
		fails: map[string]int{}, permanent: map[string]bool{}, results: map[string]json.RawMessage{}, durations: map[string]time.Duration{},
		decisions: map[string]workflow.Action{}, approved: map[string]bool{}, signals: map[string]json.RawMessage{}, spawns: map[string]handler.Spawn{}, picky: len(f.approve) > 0,
	}
	var names []string
	jobs := map[string]*job.Job{}
	eachJob(w, "", func(path string, j *job.Job) {
		names = append(names, path)
		jobs[path] = j
	})
	var err error
	if names, err = t.born(f.spawn, names, jobs); err != nil {
		return nil, err
	}
	known := func(flag, name string) error {
		if jobs[name] != nil {
			return nil
		}
		if j := jobs[withoutIndex(name)]; j != nil && isMap(j) {
			return nil
		}
		return notThere(flag, name, names)
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
	what := map[job.GateType]string{job.GateApproval: "an approval", job.GateSignal: "a signal"}
	gate := func(flag, name string, g job.GateType) error {
		if err := known(flag, name); err != nil {
			return err
		}
		if j := jobs[name]; j == nil || j.Gate == nil || j.Gate.Type != g {
			return &usageError{fmt.Errorf("--%s: job %q does not wait for %s", flag, term.OneLine(name), what[g]), "name a job with gate: " + string(g)}
		}
		return nil
	}
	for flag, list := range map[string][]string{"approve": f.approve, "reject": f.reject} {
		for _, name := range list {
			if err := gate(flag, name, job.GateApproval); err != nil {
				return nil, err
			}
			if _, both := t.approved[name]; both && t.approved[name] != (flag == "approve") {
				return nil, &usageError{fmt.Errorf("%s is to be approved and rejected", name), "leave one of the flags out"}
			}
			t.approved[name] = flag == "approve"
		}
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
		{"signal", `'paid={"amount": 7}'`, f.signal, func(name, value string) error {
			t.signals[name] = json.RawMessage(value)
			if !json.Valid(t.signals[name]) {
				return fmt.Errorf("it is not valid JSON; a text needs quotes: '%s=\"done\"'", name)
			}
			return gate("signal", name, job.GateSignal)
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
