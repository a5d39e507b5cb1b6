package modeltest

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/model"
)

// Run plays cases of random workflows on the model and on what open opens, for
// each case anew, and compares them after everything that happens.
func Run(t *testing.T, open func() Engine, cases int) {
	t.Helper()
	if err := flag.Set("rapid.checks", strconv.Itoa(cases)); err != nil {
		t.Fatal(err)
	}
	done := Counts{}
	rapid.Check(t, func(rt *rapid.T) {
		p := &play{t: rt, engine: open(), done: done}
		p.todo = drawGroups(rt)
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
	todo   []group
	state  model.State // of the model
	done   Counts
	told   []string
}

// run lets things happen at random, then brings everything to its end.
func (p *play) run() {
	p.enqueue()
	for range rapid.IntRange(0, 40).Draw(p.t, "steps") {
		p.step()
	}
	for len(p.todo) > 0 {
		p.enqueue()
	}
	for steps := 0; !p.ended(); steps++ {
		if steps > 200 {
			p.t.Fatalf("it does not come to its end:\n%s\n%+v", strings.Join(p.told, "\n"), p.state)
		}
		p.advance()
	}
	p.done["case"]++
}

func (p *play) ended() bool {
	for _, j := range p.state.Jobs {
		if !j.Status.Terminal() {
			return false
		}
	}
	for _, w := range p.state.Workflows {
		if !w.Status.Terminal() {
			return false
		}
	}
	return true
}

// do lets something happen on both sides and compares them.
func (p *play) do(what string, f func(e Engine) error) {
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
		p.fail("model -, engine +\n%s", cmp.Diff(p.state, state))
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
		switch {
		case j.Status.Terminal() && j.Deps == job.Waiting, j.Runnable && (j.Status.Terminal() || j.Deps == job.Waiting):
			p.fail("job %d is %s and %s", i, j.Status, j.Deps)
		case j.Status == job.UpstreamFailed && j.Cause < 0:
			p.fail("job %d is upstream_failed without a cause", i)
		}
	}
	for f, w := range p.state.Workflows {
		if w.Status.Terminal() && (open[f] > 0 || w.Undecided > 0) || w.Tally.Ended()+open[f] != w.Tally.Total {
			p.fail("workflow %d is %s with %d open jobs, %+v", f, w.Status, open[f], w.Tally)
		}
	}
}

func (p *play) enqueue() {
	g := p.todo[0]
	p.todo = p.todo[1:]
	text := "enqueue loose jobs"
	if g.spec != nil {
		text = fmt.Sprintf("enqueue %+v", *g.spec)
	}
	for k, s := range g.jobs {
		text += fmt.Sprintf("\n  %d: %+v", len(p.state.Jobs)+k, s)
	}
	p.do(text, func(e Engine) error { return e.Enqueue(g.spec, g.jobs) })
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

// one draws one of a list; mostly, so that refusals are seen too, else any of n.
func (p *play) one(what string, list []int, n int) int {
	if len(list) == 0 || chance(p.t, 20, "any "+what) {
		return rapid.IntRange(0, n-1).Draw(p.t, what)
	}
	return pick(p.t, what, list...)
}

// step lets one thing happen.
func (p *play) step() {
	jobs, flows := len(p.state.Jobs), len(p.state.Workflows)
	kind := rapid.IntRange(0, 99).Draw(p.t, "kind")
	if flows == 0 && kind >= 74 {
		kind %= 70
	}
	open := func(j model.JobState) bool { return !j.Status.Terminal() && j.Status != job.Running }
	switch {
	case kind < 30:
		p.claim()
	case kind < 60:
		p.end()
	case kind < 63:
		i := p.one("cancelled job", p.some(open), jobs)
		p.do(fmt.Sprintf("cancelJob %d", i), func(e Engine) error { return e.CancelJob(i) })
	case kind < 66:
		i := p.one("expired job", p.some(open), jobs)
		p.do(fmt.Sprintf("expireJob %d", i), func(e Engine) error { return e.ExpireJob(i) })
	case kind < 70:
		if len(p.todo) > 0 {
			p.enqueue()
		}
	case kind < 82:
		p.decide()
	case kind < 85:
		f := rapid.IntRange(0, flows-1).Draw(p.t, "workflow")
		reason := pick(p.t, "reason", job.ReasonUser, job.ReasonDeadline)
		p.do(fmt.Sprintf("cancel %d %s", f, reason), func(e Engine) error { return e.Cancel(f, reason) })
	case kind < 87:
		f := rapid.IntRange(0, flows-1).Draw(p.t, "workflow")
		p.do(fmt.Sprintf("graceOver %d", f), func(e Engine) error { return e.GraceOver(f) })
	case kind < 90:
		f := rapid.IntRange(0, flows-1).Draw(p.t, "workflow")
		p.do(fmt.Sprintf("pause %d", f), func(e Engine) error { return e.Pause(f) })
	case kind < 93:
		f := rapid.IntRange(0, flows-1).Draw(p.t, "workflow")
		p.do(fmt.Sprintf("resume %d", f), func(e Engine) error { return e.Resume(f) })
	default:
		p.retry()
	}
}

func (p *play) claim() {
	i := p.one("claimed job", p.some(func(j model.JobState) bool { return j.Runnable }), len(p.state.Jobs))
	p.do(fmt.Sprintf("claim %d", i), func(e Engine) error { return e.Claim(i) })
}

func (p *play) end() {
	held := p.some(func(j model.JobState) bool { return j.Status == job.Running })
	var batch []model.Outcome
	for range rapid.IntRange(1, 3).Draw(p.t, "batch") {
		o := model.Outcome{Job: p.one("ended job", held, len(p.state.Jobs))}
		o.Kind = pick(p.t, "outcome", job.KindCompleted, job.KindCompleted, job.KindFailed, job.KindFailed, job.KindFailed, job.KindTimedOut, job.KindLeaseLost, job.KindGivenBack)
		o.Permanent = o.Kind == job.KindFailed && chance(p.t, 2, "permanent")
		batch = append(batch, o)
	}
	p.do(fmt.Sprintf("end %+v", batch), func(e Engine) error { return e.End(batch) })
}

func (p *play) decide() {
	undecided := p.some(func(j model.JobState) bool { return j.Decision == workflow.Undecided })
	if len(undecided) == 0 && !chance(p.t, 10, "decide nothing") {
		p.claim()
		return
	}
	i := p.one("decided job", undecided, len(p.state.Jobs))
	a := pick(p.t, "action", workflow.ActionSkip, workflow.ActionComplete, workflow.ActionAccept, workflow.ActionRetry, workflow.ActionRetry, workflow.ActionCancel)
	var result json.RawMessage
	if a == workflow.ActionComplete {
		result = model.Result
	}
	p.do(fmt.Sprintf("decide %d %s", i, a), func(e Engine) error { return e.Decide(i, a, result) })
}

func (p *play) retry() {
	var over []int
	for f, w := range p.state.Workflows {
		if w.Status.Terminal() || w.Status == workflow.Paused {
			over = append(over, f)
		}
	}
	if len(over) == 0 && !chance(p.t, 10, "retry nothing") {
		p.claim()
		return
	}
	f := p.one("retried workflow", over, len(p.state.Workflows))
	mode := pick(p.t, "mode", workflow.RetryFailed, workflow.RetryFailed, workflow.RetryFrom, workflow.RetryAll)
	from := pick(p.t, "from", p.some(func(j model.JobState) bool { return j.Workflow == f })...)
	p.do(fmt.Sprintf("retry %d %s %d", f, mode, from), func(e Engine) error { return e.Retry(f, mode, from) })
}

// advance lets something happen that brings the end nearer.
func (p *play) advance() {
	for f, w := range p.state.Workflows {
		if w.UserPaused && w.Undecided == 0 && !w.Status.Terminal() {
			p.do(fmt.Sprintf("resume %d", f), func(e Engine) error { return e.Resume(f) })
			return
		}
	}
	held := p.some(func(j model.JobState) bool { return j.Status == job.Running })
	runnable := p.some(func(j model.JobState) bool { return j.Runnable })
	switch undecided := p.some(func(j model.JobState) bool { return j.Decision == workflow.Undecided }); {
	case len(undecided) > 0:
		p.do(fmt.Sprintf("decide %d accept", undecided[0]), func(e Engine) error { return e.Decide(undecided[0], workflow.ActionAccept, nil) })
	case len(runnable) > 0 && (len(held) == 0 || chance(p.t, 2, "claim first")):
		p.claim()
	default:
		p.end()
	}
}
