package workflow

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// alone returns a workflow of one job.
func alone(j *job.Job) *Workflow {
	if j.Name == "" {
		j.Name = "a"
	}
	return NewWorkflow("w").Add(j)
}

// gated returns a workflow of one gate.
func gated(g job.Gate) *Workflow { return alone(&job.Job{Gate: &g}) }

func TestEveryFaultOfAJobWithoutWorkHasItsPlaceAndAHint(t *testing.T) {
	approval := func(change func(j *job.Job)) *Workflow {
		j := job.NewApproval("a")
		change(j)
		return alone(j)
	}
	batch := func(change func(j *job.Job, p *Parts)) *Workflow {
		j := NewBatch("q", []any{1, 2})
		change(j, PartsOf(j))
		return alone(j)
	}
	mapped := func(change func(j *job.Job, p *Parts)) *Workflow {
		j := NewMap("q", "payload.list", map[string]any{"list": []int{1}})
		change(j, PartsOf(j))
		return alone(j)
	}
	sub := func(change func(j *job.Job, p *Parts)) *Workflow {
		j := NewWorkflow("").Add(named("x")).AsJob("a")
		change(j, PartsOf(j))
		return alone(j)
	}
	deep := NewWorkflow("w8").Add(named("x"))
	for i := range 8 {
		deep = NewWorkflow(fmt.Sprintf("w%d", 7-i)).Add(deep.AsJob("a"))
	}
	twice := NewWorkflow("x").Add(named("x"))
	outer, inner := named("outer"), named("inner")
	inner.DependsOnIDs(outer.ID)
	across := NewWorkflow("w").Add(outer).Add(NewWorkflow("").Add(inner).AsJob("sub"))
	shared, needed := named("shared"), named("needed")
	for _, c := range []struct {
		what string
		w    *Workflow
		path string
		says string
		hint string
	}{
		{"a gate of no type", gated(job.Gate{}), "jobs[0].gate.type", "approval, signal, timer", "gate: approval"},
		{"a misspelt type", gated(job.Gate{Type: "aproval"}), "jobs[0].gate.type", `"aproval"`, `did you mean "approval"?`},
		{"a timer without a time", gated(job.Gate{Type: job.GateTimer}), "jobs[0].gate", "waits for nothing", "wait: 10m"},
		{"a timer with two times", gated(job.Gate{Type: job.GateTimer, Wait: 1, Until: time.Now()}), "jobs[0].gate", "wait and until", "one of them"},
		{"a negative wait", gated(job.Gate{Type: job.GateTimer, Wait: -1}), "jobs[0].gate.wait", "negative", ""},
		{"a time that nobody sees", gated(job.Gate{Type: job.GateTimer, Until: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}), "jobs[0].gate.until", "years", ""},
		{"a timer that expires", gated(job.Gate{Type: job.GateTimer, Wait: 1, ExpiresAfter: 1}), "jobs[0].gate.expires_after", "does not expire", "wait"},
		{"a timer with a default", gated(job.Gate{Type: job.GateTimer, Wait: 1, ApproveOnExpiry: true}), "jobs[0].gate.default", "no default", "leave it out"},
		{"an approval that waits", gated(job.Gate{Type: job.GateApproval, Wait: 1}), "jobs[0].gate.wait", "only a timer", "timer"},
		{"a signal until", gated(job.Gate{Type: job.GateSignal, Until: time.Now()}), "jobs[0].gate.until", "only a timer", "timer"},
		{"a negative expiry", gated(job.Gate{Type: job.GateSignal, ExpiresAfter: -1}), "jobs[0].gate.expires_after", "negative", ""},
		{"a default that never comes", gated(job.Gate{Type: job.GateApproval, ApproveOnExpiry: true}), "jobs[0].gate.default", "never comes", "expires_after"},
		{"a payload that never comes", gated(job.Gate{Type: job.GateSignal, DefaultPayload: json.RawMessage("1")}), "jobs[0].gate.default", "never comes", "expires_after"},
		{"a signal that is approved", gated(job.Gate{Type: job.GateSignal, ApproveOnExpiry: true, ExpiresAfter: 1}), "jobs[0].gate.default", "only an approval", "payload"},
		{"an approval with a payload", gated(job.Gate{Type: job.GateApproval, DefaultPayload: json.RawMessage("1"), ExpiresAfter: 1}), "jobs[0].gate.default", "only a signal", "approve or reject"},
		{"a default that is not JSON", gated(job.Gate{Type: job.GateSignal, DefaultPayload: json.RawMessage("{"), ExpiresAfter: 1}), "jobs[0].gate.default", "not valid JSON", ""},
		{"a large default", gated(job.Gate{Type: job.GateSignal, DefaultPayload: json.RawMessage(`"` + strings.Repeat("x", job.MaxResult) + `"`), ExpiresAfter: 1}), "jobs[0].gate.default", "at most", "outside"},
		{"a gate on a queue", approval(func(j *job.Job) { j.Queue = "q" }), "jobs[0].queue", "no queue", "leave it out"},
		{"a gate with a payload", approval(func(j *job.Job) { j.Payload = json.RawMessage("1") }), "jobs[0].payload", "no payload", "leave it out"},
		{"a gate with inputs", approval(func(j *job.Job) { j.WithInput("x", "1") }), "jobs[0].with", "no with", "leave it out"},
		{"a gate with retries", approval(func(j *job.Job) { j.WithRetry(job.RetryPolicy{}) }), "jobs[0].retry", "no retry", "retry of the workflow"},
		{"a gate with a timeout", approval(func(j *job.Job) { j.WithTimeout(1) }), "jobs[0].timeout", "no timeout", "expires_after"},
		{"a gate with a priority", approval(func(j *job.Job) { j.WithPriority(job.High) }), "jobs[0].priority", "no priority", "leave it out"},
		{"a gate with a delay", approval(func(j *job.Job) { j.WithDelay(1) }), "jobs[0].delay", "delayed", "type: timer"},
		{"a gate at a time", approval(func(j *job.Job) { j.WithScheduledAt(time.Now()) }), "jobs[0].scheduled_at", "wait for a time", "type: timer"},
		{"a gate with a cron", approval(func(j *job.Job) { j.WithCron("@daily") }), "jobs[0].cron", "wait for a tick", "depends on"},
		{"a gate that is a batch", approval(func(j *job.Job) { j.Parts = NewBatch("q", []any{1}).Parts }), "jobs[0]", "two of these", "two jobs"},
		{"a gate that is a barrier", approval(func(j *job.Job) { j.DependsOnIDs(job.NewID()).Barrier = true }), "jobs[0]", "two of these", "two jobs"},

		{"made of what nobody knows", alone(&job.Job{Queue: "q", Parts: (*Parts)(nil)}), "jobs[0]", "nobody knows", "NewBatch"},
		{"parts of no kind", batch(func(_ *job.Job, p *Parts) { p.Kind = "pile" }), "jobs[0]", "batch, map, workflow", ""},
		{"a batch of nothing", alone(NewBatch("q", nil)), "jobs[0].batch.payloads", "no items", "at least one"},
		{"a batch without a queue", alone(NewBatch("", []any{1})), "jobs[0].queue", "no queue", "handler"},
		{"an unknown mode", batch(func(_ *job.Job, p *Parts) { p.Mode = "fail_fst" }), "jobs[0].batch.mode", "continue_on_error, collect_errors, fail_fast", `did you mean "fail_fast"?`},
		{"an item that JSON cannot hold", alone(NewBatch("q", []any{1, func() {}})), "jobs[0].batch.payloads[1]", "cannot be encoded", ""},
		{"a large item", alone(NewBatch("q", []any{strings.Repeat("x", job.MaxPayload)})), "jobs[0].batch.payloads[0]", "at most", "outside"},
		{"an item that waits", batch(func(_ *job.Job, p *Parts) { p.Workflow.Jobs[1].DependsOnJobs(p.Workflow.Jobs[0]) }), "jobs[0].batch.payloads[1]", "waits for nothing", "job of a workflow"},
		{"an item twice", batch(func(_ *job.Job, p *Parts) { p.Workflow.Jobs[1] = p.Workflow.Jobs[0] }), "jobs[0].batch.payloads[1]", "same id", "once"},
		{"a batch with a payload", batch(func(j *job.Job, _ *Parts) { j.Payload = json.RawMessage("1") }), "jobs[0].payload", "nobody reads", "made of"},
		{"a batch with inputs", batch(func(j *job.Job, _ *Parts) { j.WithInput("x", "1") }), "jobs[0].with", "nobody reads", "map"},
		{"a batch over a list", batch(func(_ *job.Job, p *Parts) { p.Over = "[1]" }), "jobs[0].batch", "only a map", "NewMap"},
		{"a delayed batch", batch(func(j *job.Job, _ *Parts) { j.WithDelay(1) }), "jobs[0].delay", "delayed", "type: timer"},
		{"a batch with a long name", batch(func(j *job.Job, _ *Parts) { j.Name = strings.Repeat("x", 195) }), "jobs[0].name", "named after it", ""},
		{"a map over nothing", mapped(func(_ *job.Job, p *Parts) { p.Over = " " }), "jobs[0].map.over", "over nothing", "over: deps"},
		{"a map over what is no list", mapped(func(_ *job.Job, p *Parts) { p.Over = "1 + 1" }), "jobs[0].map.over", "not a list", "name a list"},
		{"a map over an unknown parent", mapped(func(_ *job.Job, p *Parts) { p.Over = "deps.x.result" }), "jobs[0].map.over", "does not depend", "depends_on"},
		{"a map over what is no expression", mapped(func(_ *job.Job, p *Parts) { p.Over = "1 +" }), "jobs[0].map.over", "map over", ""},
		{"a negative bound", mapped(func(_ *job.Job, p *Parts) { p.MaxParallel = -1 }), "jobs[0].map.max_parallel", "negative", "leave it out"},
		{"a negative tolerance", mapped(func(_ *job.Job, p *Parts) { p.Tolerate = -2 }), "jobs[0].map.tolerate", "negative", "-1"},
		{"a map with a mode", mapped(func(_ *job.Job, p *Parts) { p.Mode = CollectErrors }), "jobs[0].map.mode", "only a batch", "leave it out"},
		{"a map with items", mapped(func(_ *job.Job, p *Parts) { p.Workflow = NewWorkflow("x") }), "jobs[0].map", "are made", "leave it out"},
		{"a map of a payload without room", mapped(func(j *job.Job, _ *Parts) { j.Payload = json.RawMessage("[1]") }), "jobs[0].payload", "item and index", "object"},
		{"a workflow that is none", sub(func(_ *job.Job, p *Parts) { p.Workflow = nil }), "jobs[0].workflow", "there is none", "jobs: [...]"},
		{"a workflow without jobs", sub(func(_ *job.Job, p *Parts) { p.Workflow.Jobs = nil }), "jobs[0].workflow.jobs", "no jobs", "at least one"},
		{"a fault within a workflow", sub(func(_ *job.Job, p *Parts) { p.Workflow.Jobs[0].Queue = "" }), "jobs[0].workflow.jobs[0].queue", "no queue", "handler"},
		{"a fault of the header of one", sub(func(_ *job.Job, p *Parts) { p.Workflow.FailurePolicy = "never" }), "jobs[0].workflow.failure_policy", "fail_fast", ""},
		{"a workflow by a schedule", sub(func(_ *job.Job, p *Parts) { p.Workflow.Schedule = &Schedule{Cron: "@daily"} }), "jobs[0].workflow.schedule", "not by a schedule", "whole workflow"},
		{"a workflow on a queue", sub(func(j *job.Job, _ *Parts) { j.Queue = "q" }), "jobs[0].queue", "no queue", "leave it out"},
		{"a workflow with a timeout of attempts", sub(func(j *job.Job, _ *Parts) { j.Timeout = 1 }), "jobs[0].timeout", "no attempts", "deadline"},
		{"too many levels", deep, "jobs[0].workflow.jobs[0].workflow.jobs[0].workflow.jobs[0].workflow.jobs[0].workflow.jobs[0].workflow.jobs[0].workflow.jobs[0].workflow", "more than 8", "of its own"},
		{"a workflow that is two jobs", NewWorkflow("w").AddParallel(twice.AsJob("a"), twice.AsJob("b")), "jobs[1].workflow", "used already", "for each job"},
		{"a dependency across the levels", across, "jobs[1].workflow.jobs[0].depends_on[0]", "not of its own workflow", "made of the other"},
		{"a dependency on an inner job", NewWorkflow("w").AddParallel(NewWorkflow("").Add(needed).AsJob("a"), named("b").DependsOnIDs(needed.ID)), "jobs[1].depends_on[0]", "not of its own workflow", "made of the other"},
		{"a job of two levels", NewWorkflow("w").AddParallel(shared, NewWorkflow("").Add(shared).AsJob("a")), "jobs[1].workflow.jobs[0]", "same id", "once"},
	} {
		faults := faultsOf(t, c.w)
		i := slices.IndexFunc(faults, func(f Fault) bool { return f.Path == c.path && strings.Contains(f.Message, c.says) })
		switch {
		case i < 0:
			t.Errorf("%s: no fault at %s says %q: %+v", c.what, c.path, c.says, faults)
		case !strings.Contains(faults[i].Hint, c.hint):
			t.Errorf("%s: the hint %q does not say %q", c.what, faults[i].Hint, c.hint)
		case len(faults) > 1:
			t.Errorf("%s: there are %d faults: %+v", c.what, len(faults), faults)
		}
	}
}

func TestValidateCompletesWhatJobsAreMadeOf(t *testing.T) {
	retry, high := job.RetryPolicy{MaxAttempts: 7}, job.High
	gate := &job.Job{Gate: &job.Gate{Type: job.GateTimer, Wait: time.Minute}}
	batch := WithBatchMode(NewBatch("resize", []any{1, 2}), BatchFailFast).WithName("batch").WithTimeout(time.Minute).WithRetry(retry)
	innermost := NewWorkflow("").Add(job.New("x", nil))
	sub := NewWorkflow("").Add(innermost.AsJob("deeper")).AsJob("sub")
	own := NewWorkflow("own").WithRetry(job.RetryPolicy{MaxAttempts: 2}).WithTraceID(strings.Repeat("2", 32)).Add(job.New("x", nil)).AsJob("own")
	w := NewWorkflow("w").AddParallel(gate, batch, sub, own).WithPriority(high).WithTraceID(strings.Repeat("1", 32)).WithCorrelationID("c")
	for range 2 { // a second time changes nothing
		if err := w.Validate(); err != nil {
			t.Fatal(err)
		}
	}
	if gate.Queue != job.GateQueue || gate.Name != "gate" || sub.Queue != WorkflowQueue {
		t.Errorf("gate %q on %q, workflow on %q", gate.Name, gate.Queue, sub.Queue)
	}
	items := PartsOf(batch).Workflow
	if items.Name != "w/batch" || items.FailurePolicy != FailFast || items.Running != CancelRunning || items.Retry.MaxAttempts != 7 || *items.Priority != high {
		t.Errorf("items: %+v", items)
	}
	if j := items.Jobs[1]; j.Name != "batch[1]" || j.Queue != "resize" || j.Timeout != time.Minute || j.ID == (job.ID{}) {
		t.Errorf("an item: %+v", j)
	}
	if innermost.Name != "w/sub/deeper" || *innermost.Priority != high || innermost.TraceID != w.TraceID || innermost.CorrelationID != "c" {
		t.Errorf("the innermost workflow: %+v", innermost)
	}
	if o := PartsOf(own).Workflow; o.Name != "own" || o.Retry.MaxAttempts != 2 || o.TraceID != strings.Repeat("2", 32) {
		t.Errorf("what a workflow says itself holds: %+v", o)
	}
	plain := NewBatch("q", []any{1})
	if err := alone(plain).Validate(); err != nil || PartsOf(plain).Mode != ContinueOnError || PartsOf(plain).Workflow.FailurePolicy != ContinueOnFailure {
		t.Errorf("a batch without a mode: %v, %+v", err, PartsOf(plain))
	}
}

func TestTheLimitsAreThoseOfAllLevelsTogether(t *testing.T) {
	build := func() *Workflow {
		inner := NewWorkflow("").Add(named("a")).Then(named("b"))
		return NewWorkflow("w").Add(inner.AsJob("sub")).Then(NewBatch("q", []any{1, 2, 3}).WithName("batch"))
	}
	if err := build().ValidateLimits(Limits{Jobs: 7, Edges: 2}); err != nil {
		t.Fatal(err)
	}
	for _, limits := range []Limits{{Jobs: 6}, {Edges: 1}} {
		err := build().ValidateLimits(limits)
		if err == nil || !strings.Contains(err.Error(), "that its jobs are made of") {
			t.Errorf("%+v: %v", limits, err)
		}
	}
	self := NewWorkflow("w")
	self.Add(self.AsJob("me"))
	if err := self.Validate(); err == nil || !strings.Contains(err.Error(), "used already") {
		t.Errorf("a workflow within itself: %v", err)
	}
}

func TestAJobWithoutAWorkflowMayBeAGateABatchOrAMap(t *testing.T) {
	parent := job.NewID()
	over := fmt.Sprintf("deps[%q].result", parent)
	jobs := []*job.Job{job.NewApproval("ok"), NewBatch("q", []any{1}), NewMap("q", over, nil).DependsOnIDs(parent), {Gate: &job.Gate{Type: job.GateSignal}}}
	if err := ValidateJobs(jobs); err != nil {
		t.Fatal(err)
	}
	if jobs[1].Name != "q" || PartsOf(jobs[1]).Workflow.Jobs[0].Name != "q[0]" || jobs[3].Name != "gate" {
		t.Errorf("names: %q, %q, %q", jobs[1].Name, PartsOf(jobs[1]).Workflow.Jobs[0].Name, jobs[3].Name)
	}
	err := ValidateJobs([]*job.Job{NewWorkflow("x").Add(named("a")).AsJob("sub")})
	if err == nil || !strings.Contains(err.Error(), "can't be a workflow") {
		t.Errorf("a workflow: %v", err)
	}
}

func TestTheItemsOfAMapHaveWhatTheyShareAndTheirOwn(t *testing.T) {
	j := NewMap("q", "deps.a.result", map[string]any{"bucket": "b", "item": "mine"}).WithName("m").WithTimeout(time.Second)
	w, err := PartsOf(j).Items(j, json.RawMessage(`["x",{"y":1}]`), json.RawMessage(`{"n":2}`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, item := range w.Jobs {
		got = append(got, fmt.Sprintf("%s %s %s %s", item.Name, item.Queue, item.Timeout, item.Payload))
	}
	want := []string{`m[0] q 1s {"bucket":"b","index":0,"item":"x","n":2}`, `m[1] q 1s {"bucket":"b","index":1,"item":{"y":1},"n":2}`}
	if !slices.Equal(got, want) {
		t.Errorf("items: %q", got)
	}
	if w.FailurePolicy != FailFast || w.Name != "m" {
		t.Errorf("their workflow: %+v", w)
	}
	j.Payload = json.RawMessage(`{"html":"<b>\u003c</b> &"}`)
	if w, err = PartsOf(j).Items(j, json.RawMessage(`["<&>"]`), nil); err != nil {
		t.Fatal(err)
	}
	if got, want := string(w.Jobs[0].Payload), `{"html":"<b>\u003c</b> &","index":0,"item":"<&>"}`; got != want {
		t.Errorf("a payload with what HTML wants escaped is %s, want %s", got, want)
	}
	for _, bad := range []string{"{", `{"x":1}`} {
		if _, err := PartsOf(j).Items(j, json.RawMessage(bad), nil); err == nil {
			t.Errorf("%s is a list", bad)
		}
	}
	j.Payload = json.RawMessage("[]")
	if _, err := PartsOf(j).Items(j, json.RawMessage("[1]"), nil); err == nil {
		t.Error("a payload that is a list has room for fields")
	}
}

func TestABatchOfTooManyItemsIsRefusedAsABatch(t *testing.T) {
	batch := func(n int) *job.Job { return NewBatch("q", make([]any, n)).WithName("many") }
	told := func(err error) string {
		var report *Error
		if !errors.As(err, &report) {
			return fmt.Sprint(err)
		}
		return fmt.Sprintf("%s %s: %s (%s)", report.Code(), report.Faults[0].Path, report.Faults[0].Message, report.Faults[0].Hint)
	}
	flat := func(jobs ...*job.Job) error {
		v := newValidator(&Workflow{Name: "jobs", Jobs: jobs}, Limits{Jobs: 5})
		v.flat = true
		return v.run()
	}
	whole := func(jobs ...*job.Job) error {
		return (&Workflow{Name: "w", Jobs: jobs}).ValidateLimits(Limits{Jobs: 5})
	}
	for what, c := range map[string]struct {
		err  error
		want string
	}{
		"a batch that fits":             {flat(batch(5)), "<nil>"},
		"a batch":                       {flat(batch(6)), "too_large jobs[0].batch.payloads: the batch has 6 items; at most 5 are allowed (split it into several batches)"},
		"two batches":                   {flat(batch(3), batch(3)), "too_large jobs: there are 6 jobs, with the items of batches; at most 5 are allowed (enqueue them in parts)"},
		"a batch of a workflow":         {whole(batch(6)), "too_large jobs[0].batch.payloads: the batch has 6 items; at most 5 are allowed (split it into several batches)"},
		"a workflow with a large batch": {whole(batch(5)), "too_large jobs: the workflow has 6 jobs, with those that its jobs are made of; at most 5 are allowed (split it into several workflows)"},
	} {
		if got := told(c.err); got != c.want {
			t.Errorf("%s: got %s", what, got)
		}
	}
}
