package modeltest

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	difference "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/model"
)

// asked is the seed that somebody named, if any did.
var asked = sync.OnceValue(func() (seed string) {
	flag.Visit(func(f *flag.Flag) {
		if f.Name == "rapid.seed" {
			seed = f.Value.String()
		}
	})
	return seed
})

// Run plays cases of random workflows on the model and on what open opens, for
// each case anew, and compares them after everything that happens. Each test
// plays cases of its own, the same each time, unless -rapid.seed names others; 0
// chooses anew.
func Run(t *testing.T, open func() Engine, cases int) {
	t.Helper()
	own := fnv.New32()
	_, _ = own.Write([]byte(t.Name()))
	settings := map[string]string{"rapid.checks": strconv.Itoa(cases), "rapid.seed": cmp.Or(asked(), fmt.Sprint(own.Sum32()))}
	for name, value := range settings {
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	done := Counts{}
	rapid.Check(t, func(rt *rapid.T) {
		p := &play{t: rt, engine: open(), done: done, saw: map[string]bool{}}
		_, p.workless = p.engine.(Workless)
		_, p.spawns = p.engine.(Spawner)
		p.todo = drawWorkflows(rt, p.workless)
		p.run()
	})
	t.Logf("%d cases: %v", cases, done)
}

// Counts says how often something happened, and how often it was refused.
type Counts map[string]int

// play is one case.
type play struct {
	t      *rapid.T
	model  model.World
	engine Engine
	todo   []*workflow.Workflow
	state  model.State // of the model
	done   Counts
	told   []string
	saw    map[string]bool

	workless bool // the engine is a Workless
	spawns   bool // it is a Spawner
}

// run lets things happen at random, then brings everything to its end.
func (p *play) run() {
	p.enqueue()
	for range between(p.t, 0, 40, "steps") {
		p.step()
	}
	for len(p.todo) > 0 {
		p.enqueue()
	}
	for steps := 0; !p.ended(); steps++ {
		if steps > 1000 {
			p.t.Fatalf("it does not come to its end:\n%s\n%+v", strings.Join(p.told, "\n"), p.state)
		}
		p.advance()
	}
	p.done["case"]++
	for what := range p.saw {
		p.done["case with "+what]++
	}
}

// seen notes that a case came to a state worth to be counted.
func (p *play) seen(what string, yes bool) {
	if yes {
		p.saw[what] = true
	}
}

func (p *play) ended() bool {
	for _, j := range p.state.Jobs {
		if !j.Status.Terminal() && (j.Workflow < 0 || !pending(p.state.Workflows[j.Workflow])) {
			return false
		}
	}
	for _, w := range p.state.Workflows {
		if !w.Status.Terminal() && !pending(w) {
			return false
		}
	}
	return true
}

// do lets something happen on both sides and compares them.
func (p *play) do(what string, f func(e Engine) error) {
	if u, may := p.engine.(Unreliable); may && chance(p.t, 12, "crash") {
		happened := chance(p.t, 2, "committed")
		p.told = append(p.told, fmt.Sprintf("the next commit breaks, happened: %t", happened))
		p.done["crash"]++
		u.Break(happened)
	}
	p.told = append(p.told, what)
	before := p.state
	want, got := f(&p.model), f(p.engine)
	name, _, _ := strings.Cut(what, " ")
	p.done[name]++
	if want != nil {
		p.done["refused "+name]++
	}
	for _, err := range []error{want, got} {
		if err != nil && !errors.Is(err, job.ErrWrongState) {
			p.fail("%v", err)
		}
	}
	if (want == nil) != (got == nil) {
		p.fail("the model says %v, it says %v", want, got)
	}
	p.state = p.model.Snapshot()
	if want != nil && !reflect.DeepEqual(before, p.state) {
		p.fail("the model changes although it refuses")
	}
	state := p.engine.Snapshot()
	for i := range state.Jobs {
		if i < len(p.state.Jobs) && !state.Jobs[i].Spared {
			state.Jobs[i].Spared = p.state.Jobs[i].Spared // who needs no mercy may go without
		}
	}
	if !reflect.DeepEqual(p.state, state) {
		p.fail("model -, engine +\n%s", difference.Diff(p.state, state))
	}
	p.always()
}

func (p *play) fail(format string, args ...any) {
	p.t.Helper()
	p.t.Fatalf("%s\n%s", strings.Join(p.told, "\n"), fmt.Sprintf(format, args...))
}

// always checks what holds whatever happened.
func (p *play) always() {
	open := make([]int, len(p.state.Workflows))
	for i, j := range p.state.Jobs {
		if j.Workflow >= 0 && !j.Status.Terminal() {
			open[j.Workflow]++
		}
		p.seen(string(j.Status)+" "+string(j.Reason), j.Status.Terminal())
		p.seen("spared", j.Spared)
		switch {
		case j.Status.Terminal() && j.Deps == job.Waiting, j.Runnable && (j.Status.Terminal() || j.Deps == job.Waiting):
			p.fail("job %d is %s and %s", i, j.Status, j.Deps)
		case j.Status == job.UpstreamFailed && j.Cause == (job.ID{}):
			p.fail("job %d is upstream_failed without a cause", i)
		}
	}
	for f, w := range p.state.Workflows {
		p.seen("workflow "+string(w.Status), true)
		p.seen("failing", w.Failing)
		if w.Status.Terminal() && (open[f] > 0 || w.Undecided > 0) || w.Tally.Ended()+open[f] != w.Tally.Total {
			p.fail("workflow %d is %s with %d open jobs, %+v", f, w.Status, open[f], w.Tally)
		}
	}
}

func (p *play) enqueue() {
	w := p.todo[0]
	p.todo = p.todo[1:]
	p.do("enqueue "+tell(w), func(e Engine) error { return e.Enqueue(w) })
}

// some returns the jobs that a test holds for.
func (p *play) some(is func(j model.JobState) bool) []int {
	var list []int
	for i, j := range p.state.Jobs {
		if is(j) {
			list = append(list, i)
		}
	}
	return list
}

// workflows returns the workflows that a test holds for.
func (p *play) workflows(is func(w model.WorkflowState) bool) []int {
	var list []int
	for f, w := range p.state.Workflows {
		if is(w) {
			list = append(list, f)
		}
	}
	return list
}

// step lets one thing happen, mostly one that is possible.
func (p *play) step() {
	waits := func(j model.JobState) bool { return !j.Status.Terminal() && j.Status != job.Running }
	open, over := p.workflows(func(w model.WorkflowState) bool { return !w.Status.Terminal() }), p.workflows(func(w model.WorkflowState) bool {
		return w.Status.Terminal() || w.Status == workflow.Paused
	})
	type thing struct {
		often int
		on    []int
		do    func(on int)
	}
	things := []thing{
		{20, p.some(func(j model.JobState) bool { return j.Runnable }), p.claim},
		{20, p.some(func(j model.JobState) bool { return j.Status == job.Running }), func(int) { p.end() }},
		{8, p.some(func(j model.JobState) bool { return j.Decision == workflow.Undecided }), p.decide},
		{2, p.some(waits), func(i int) {
			p.do(fmt.Sprintf("cancelJob %d", i), func(e Engine) error { return e.EndAlone(i, job.Cancelled, job.ReasonUser) })
		}},
		{2, p.some(waits), func(i int) {
			p.do(fmt.Sprintf("expireJob %d", i), func(e Engine) error { return e.EndAlone(i, job.TimedOut, job.ReasonDeadline) })
		}},
		{2, open, func(f int) { p.cancel(f, pick(p.t, "reason", job.ReasonUser, job.ReasonDeadline)) }},
		{3, p.workflows(func(w model.WorkflowState) bool { return w.Status == workflow.Cancelling }), func(f int) {
			p.cancel(f, job.ReasonUser) // for the second time, maybe
		}},
		{3, p.workflows(func(w model.WorkflowState) bool {
			return w.Status == workflow.Cancelling || w.Failing && !w.Status.Terminal()
		}), func(f int) {
			p.do(fmt.Sprintf("graceOver %d", f), func(e Engine) error { return e.GraceOver(f) })
		}},
		{1, open, func(f int) { p.do(fmt.Sprintf("pause %d", f), func(e Engine) error { return e.Pause(f, true) }) }},
		{3, p.workflows(func(w model.WorkflowState) bool { return w.UserPaused }), func(f int) {
			p.do(fmt.Sprintf("resume %d", f), func(e Engine) error { return e.Pause(f, false) })
		}},
		{3, over, p.retry},
	}
	ofJobs := 5
	if p.workless {
		ofJobs += 3
		early := p.some(func(j model.JobState) bool { return j.Status == job.Pending })
		things = slices.Insert(things, 5, thing{12, p.opened(), p.answer}, thing{5, p.opened(), p.elapse}, thing{2, early, p.answer})
	}
	if p.spawns {
		ofJobs++
		held := p.some(func(j model.JobState) bool { return j.Status == job.Running })
		things = slices.Insert(things, 5, thing{8, held, p.spawn})
	}
	if len(p.todo) > 0 && chance(p.t, 8, "enqueue") {
		p.enqueue()
		return
	}
	wild := chance(p.t, 30, "wild") // also what is impossible
	var bag []int
	for k, thing := range things {
		for range thing.often {
			if len(thing.on) > 0 || wild {
				bag = append(bag, k)
			}
		}
	}
	if len(bag) == 0 {
		return
	}
	k := pick(p.t, "thing", bag...)
	all := len(p.state.Jobs)
	if k >= ofJobs {
		all = len(p.state.Workflows)
	}
	switch {
	case wild && all > 0:
		things[k].do(below(p.t, all, "any"))
	case len(things[k].on) > 0:
		things[k].do(pick(p.t, "on", things[k].on...))
	}
}

func (p *play) claim(i int) {
	p.do(fmt.Sprintf("claim %d", i), func(e Engine) error { return e.Claim(i) })
}

func (p *play) cancel(f int, reason job.Reason) {
	p.do(fmt.Sprintf("cancel %d %s", f, reason), func(e Engine) error { return e.Cancel(f, reason) })
}

func (p *play) end() {
	held := p.some(func(j model.JobState) bool { return j.Status == job.Running })
	var batch []model.Outcome
	for range between(p.t, 1, 3, "batch") {
		o := model.Outcome{Job: below(p.t, len(p.state.Jobs), "any job")}
		if len(held) > 0 && !chance(p.t, 20, "stale") {
			o.Job = pick(p.t, "ended job", held...)
		}
		o.Kind = pick(p.t, "outcome", job.KindCompleted, job.KindCompleted, job.KindFailed, job.KindFailed, job.KindFailed, job.KindTimedOut, job.KindLeaseLost, job.KindGivenBack, job.KindCancelled)
		o.Permanent = o.Kind == job.KindFailed && chance(p.t, 2, "permanent")
		if o.Kind == job.KindCompleted {
			o.Result = Result
		}
		batch = append(batch, o)
	}
	p.do(fmt.Sprintf("end %s", tellOutcomes(batch)), func(e Engine) error { return e.End(batch) })
}

func (p *play) decide(i int) {
	a := pick(p.t, "action", workflow.ActionSkip, workflow.ActionComplete, workflow.ActionAccept, workflow.ActionRetry, workflow.ActionRetry, workflow.ActionCancel)
	var result json.RawMessage
	if a == workflow.ActionComplete {
		result = Result
	}
	p.do(fmt.Sprintf("decide %d %s", i, a), func(e Engine) error { return e.Decide(i, a, result) })
}

func (p *play) retry(f int) {
	mode := pick(p.t, "mode", workflow.RetryFailed, workflow.RetryFailed, workflow.RetryFrom, workflow.RetryAll)
	from := pick(p.t, "from", p.some(func(j model.JobState) bool { return j.Workflow == f })...)
	p.do(fmt.Sprintf("retry %d %s %d", f, mode, from), func(e Engine) error { return e.Retry(f, mode, from) })
}

// advance lets something happen that brings the end nearer.
func (p *play) advance() {
	for f, w := range p.state.Workflows {
		if w.UserPaused && w.Undecided == 0 && !w.Status.Terminal() && !p.under(w) {
			p.do(fmt.Sprintf("resume %d", f), func(e Engine) error { return e.Pause(f, false) })
			return
		}
	}
	held := p.some(func(j model.JobState) bool { return j.Status == job.Running })
	runnable := p.some(func(j model.JobState) bool { return j.Runnable })
	opened := p.opened()
	switch undecided := p.some(func(j model.JobState) bool { return j.Decision == workflow.Undecided }); {
	case len(opened) > 0 && chance(p.t, 2, "its time has come"):
		p.elapse(opened[0])
	case len(opened) > 0:
		p.answer(opened[0])
	case len(undecided) > 0:
		p.do(fmt.Sprintf("decide %d accept", undecided[0]), func(e Engine) error { return e.Decide(undecided[0], workflow.ActionAccept, nil) })
	case len(runnable) > 0 && (len(held) == 0 || chance(p.t, 2, "claim first")):
		p.claim(pick(p.t, "claimed", runnable...))
	default:
		p.end()
	}
}
