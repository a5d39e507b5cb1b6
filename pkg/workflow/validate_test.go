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

// faultsOf validates w and returns its faults.
func faultsOf(t *testing.T, w *Workflow) []Fault {
	t.Helper()
	err := w.Validate()
	if err == nil {
		return nil
	}
	var report *Error
	if !errors.As(err, &report) {
		t.Fatalf("%v is not an *Error", err)
	}
	return report.Faults
}

func TestEveryFaultHasItsCodeAndItsPlace(t *testing.T) {
	one := func(change func(j *job.Job)) *Workflow {
		j := named("a")
		change(j)
		return NewWorkflow("w").Add(j)
	}
	twin := named("a")
	tests := []struct {
		what string
		w    *Workflow
		code Code
		path string
		says string
	}{
		{"no jobs", NewWorkflow("w"), CodeInvalid, "jobs", "no jobs"},
		{"no name", NewWorkflow("").Add(named("a")), CodeInvalid, "name", "empty"},
		{"a name of two lines", NewWorkflow("a\nb").Add(named("a")), CodeInvalid, "name", "control character"},
		{"a name that is too long", NewWorkflow(strings.Repeat("ü", 201)).Add(named("a")), CodeInvalid, "name", "201 characters"},
		{"a name that is no text", NewWorkflow("\xff").Add(named("a")), CodeInvalid, "name", "UTF-8"},
		{"U+0000 in the description", NewWorkflow("w").WithDescription("\x00").Add(named("a")), CodeInvalid, "description", "U+0000"},
		{"a long description", NewWorkflow("w").WithDescription(strings.Repeat("x", job.MaxMetadata+1)).Add(named("a")), CodeTooLarge, "description", "at most"},
		{"metadata that is no object", NewWorkflow("w").WithMetadata([]int{1}).Add(named("a")), CodeInvalid, "metadata", "not a JSON object"},
		{"metadata that JSON cannot hold", NewWorkflow("w").WithMetadata(func() {}).Add(named("a")), CodeInvalid, "metadata", "cannot be encoded"},
		{"metadata with U+0000", NewWorkflow("w").WithMetadata(map[string]any{"a": []any{map[string]any{"b\x00": 1}}}).Add(named("a")), CodeInvalid, "metadata", "U+0000"},
		{"large metadata", NewWorkflow("w").WithMetadata(map[string]string{"a": strings.Repeat("x", job.MaxMetadata)}).Add(named("a")), CodeTooLarge, "metadata", "at most"},
		{"an unknown policy", NewWorkflow("w").WithFailurePolicy("never").Add(named("a")), CodeInvalid, "failure_policy", "fail_fast"},
		{"an unknown way to stop", NewWorkflow("w").WithRunning("kill").Add(named("a")), CodeInvalid, "running", "drain, cancel"},
		{"a way to stop where nothing stops", NewWorkflow("w").WithFailurePolicy(ContinueOnFailure).WithRunning(DrainRunning).Add(named("a")), CodeInvalid, "running", "continue_on_failure"},
		{"a timeout of decisions that nobody makes", NewWorkflow("w").WithDecisionTimeout(1, "").Add(named("a")), CodeInvalid, "decision_timeout", "fail_fast"},
		{"a default of decisions that nobody makes", NewWorkflow("w").WithDecisionTimeout(0, ActionSkip).Add(named("a")), CodeInvalid, "decision_default", "fail_fast"},
		{"a negative timeout of decisions", NewWorkflow("w").WithFailurePolicy(Manual).WithDecisionTimeout(-1, "").Add(named("a")), CodeInvalid, "decision_timeout", "negative"},
		{"a default that never comes", NewWorkflow("w").WithFailurePolicy(Manual).WithDecisionTimeout(0, ActionSkip).Add(named("a")), CodeInvalid, "decision_default", "without a timeout"},
		{"a default without its result", NewWorkflow("w").WithFailurePolicy(Manual).WithDecisionTimeout(1, ActionComplete).Add(named("a")), CodeInvalid, "decision_default", "needs a result"},
		{"a default without an end", NewWorkflow("w").WithFailurePolicy(Manual).WithDecisionTimeout(1, ActionRetry).Add(named("a")), CodeInvalid, "decision_default", "for ever"},
		{"an unknown default", NewWorkflow("w").WithFailurePolicy(Manual).WithDecisionTimeout(1, Undecided).Add(named("a")), CodeInvalid, "decision_default", "accept, skip, cancel"},
		{"a priority out of range", NewWorkflow("w").WithPriority(9).Add(named("a")), CodeInvalid, "priority", "not between"},
		{"a bad retry policy", NewWorkflow("w").WithRetry(job.RetryPolicy{MaxAttempts: -1}).Add(named("a")), CodeInvalid, "retry.max_attempts", "not between"},
		{"a negative timeout", NewWorkflow("w").WithTimeout(-1).Add(named("a")), CodeInvalid, "timeout", "negative"},
		{"a negative interval", NewWorkflow("w").WithHealthCheckInterval(-1).Add(named("a")), CodeInvalid, "health_check_interval", "negative"},
		{"an interval that says nothing", NewWorkflow("w").WithHealthCheckInterval(time.Millisecond).Add(named("a")), CodeInvalid, "health_check_interval", "below 1s"},
		{"a bad trace id", NewWorkflow("w").WithTraceID("xyz").Add(named("a")), CodeInvalid, "trace_id", "not valid"},
		{"a trace id of zeros", NewWorkflow("w").WithTraceID(strings.Repeat("0", 32)).Add(named("a")), CodeInvalid, "trace_id", "not valid"},
		{"a bad job name", NewWorkflow("w").Add(named("a b")), CodeInvalid, "jobs[0].name", "not allowed"},
		{"U+0000 in a job name", NewWorkflow("w").Add(named("a\x00")), CodeInvalid, "jobs[0].name", `"a\x00"`},
		{"a name twice", NewWorkflow("w").AddParallel(named("a"), named("a")), CodeDuplicateName, "jobs[1].name", "already taken by jobs[0]"},
		{"a job twice", NewWorkflow("w").AddParallel(twin, twin), CodeDuplicateName, "jobs[1]", "same id as jobs[0]"},
		{"no queue", one(func(j *job.Job) { j.Queue = "" }), CodeInvalid, "jobs[0].queue", "no queue"},
		{"a queue with a control character", one(func(j *job.Job) { j.Queue = "a\x1b" }), CodeInvalid, "jobs[0].queue", "control character"},
		{"a payload that is not JSON", one(func(j *job.Job) { j.Payload = json.RawMessage("{") }), CodeInvalid, "jobs[0].payload", "not valid JSON"},
		{"a payload that is not UTF-8", one(func(j *job.Job) { j.Payload = json.RawMessage("\"\xff\"") }), CodeInvalid, "jobs[0].payload", "not valid JSON"},
		{"a payload that cannot be encoded", NewWorkflow("w").Add(job.New("q", func() {})), CodeInvalid, "jobs[0].payload", "cannot be encoded"},
		{"a large payload", NewWorkflow("w").Add(job.New("q", strings.Repeat("x", job.MaxPayload))), CodeTooLarge, "jobs[0].payload", "at most 262144"},
		{"a job's priority", one(func(j *job.Job) { j.WithPriority(-1) }), CodeInvalid, "jobs[0].priority", "not between"},
		{"a job's retry policy", one(func(j *job.Job) { j.WithRetry(job.RetryPolicy{Jitter: "much"}) }), CodeInvalid, "jobs[0].retry.jitter", "much"},
		{"a job's timeout", one(func(j *job.Job) { j.WithTimeout(-1) }), CodeInvalid, "jobs[0].timeout", "negative"},
		{"a job's deadline", one(func(j *job.Job) { j.WithDeadline(-1) }), CodeInvalid, "jobs[0].deadline", "negative"},
		{"a job's delay", one(func(j *job.Job) { j.WithDelay(-1) }), CodeInvalid, "jobs[0].delay", "negative"},
		{"a job's time", one(func(j *job.Job) { j.WithScheduledAt(time.Date(9999, 12, 31, 23, 0, 0, 0, time.UTC)) }), CodeInvalid, "jobs[0].scheduled_at", "between the years 1 and 9998"},
		{"a job's trace id", one(func(j *job.Job) { j.WithTraceID("1") }), CodeInvalid, "jobs[0].trace_id", "not valid"},
		{"a job's correlation id", one(func(j *job.Job) { j.WithCorrelationID("\n") }), CodeInvalid, "jobs[0].correlation_id", "control"},
		{"an unknown join", one(func(j *job.Job) { j.Join.Rule = "most" }), CodeInvalid, "jobs[0].join", "not one of"},
		{"a quorum without parents", one(func(j *job.Job) { j.WithQuorum(2) }), CodeInvalid, "jobs[0].join", "a quorum of 2 and no dependencies"},
		{"a quorum over its parents", NewWorkflow("w").AddParallel(named("a"), named("b").DependsOnNames("a").WithQuorum(2)), CodeInvalid, "jobs[1].join", "quorum 2"},
		{"a quorum of none", NewWorkflow("w").AddParallel(named("a"), named("b").DependsOnNames("a").WithQuorum(0)), CodeInvalid, "jobs[1].join", "quorum 0"},
		{"a quorum of another join", one(func(j *job.Job) { j.Join = job.Join{Rule: job.JoinAny, Quorum: 2} }), CodeInvalid, "jobs[0].join", "the join any has a quorum of 2"},
		{"an unknown unmet", one(func(j *job.Job) { j.WithCondition("true").WithUnmet("stop") }), CodeInvalid, "jobs[0].unmet", "skip, pass, fail"},
		{"unmet without a condition", one(func(j *job.Job) { j.WithUnmet(job.UnmetPass) }), CodeInvalid, "jobs[0].unmet", "it has none"},
		{"inputs of a payload that has no fields", one(func(j *job.Job) { j.WithInput("n", "1").Payload = []byte("[1]") }), CodeInvalid, "jobs[0].with", "not an object"},
		{"an input without a name", one(func(j *job.Job) { j.WithInput("", "1") }), CodeInvalid, "jobs[0].with", "empty"},
		{"too many inputs", one(func(j *job.Job) {
			for i := range maxInputs + 1 {
				j.WithInput(fmt.Sprint(i), "1")
			}
		}), CodeTooLarge, "jobs[0].with", "at most 100"},
		{"a finally job that waits", NewWorkflow("w").AddParallel(named("a"), named("b")).AddHandlers(named("c").DependsOnNames("a").AsFinally()), CodeInvalid, "jobs[2].depends_on", "is finally and has dependencies"},
		{"a finally job that is waited for", NewWorkflow("w").AddParallel(named("a").AsFinally(), named("b").DependsOnNames("a")), CodeInvalid, "jobs[1].depends_on[0]", "which is finally"},
		{"a finally job that catches", NewWorkflow("w").Add(named("a")).AddHandlers(named("b").AsFinally().AsCatch()), CodeInvalid, "jobs[1].catch", "too late"},
		{"only finally jobs", NewWorkflow("w").AddHandlers(named("a").AsFinally()), CodeInvalid, "jobs", "only finally jobs"},
		{"a catch without a parent", one(func(j *job.Job) { j.AsCatch() }), CodeInvalid, "jobs[0].catch", "none lets it run"},
		{"a catch after a success", NewWorkflow("w").AddParallel(named("a"), named("b").DependsOnNames("a").AsCatch()), CodeInvalid, "jobs[1].catch", "none lets it run"},
		{"a catch of a failure outside", one(func(j *job.Job) {
			j.AsCatch().DependsOnEdges(job.Dependency{Parent: job.NewID(), On: job.OnFailure})
		}), CodeInvalid, "jobs[0].catch", "none lets it run"},
		{"an unknown parent", one(func(j *job.Job) { j.DependsOnNames("b") }), CodeUnknownParent, "jobs[0].depends_on[0]", `"b"`},
		{"a job that depends on itself", one(func(j *job.Job) { j.DependsOnJobs(j) }), CodeCycle, "jobs[0].depends_on[0]", "itself"},
		{"a parent twice", NewWorkflow("w").AddParallel(named("a"), named("b").DependsOnNames("a", "a")), CodeInvalid, "jobs[1].depends_on[1]", "twice"},
		{"an unknown on", NewWorkflow("w").AddParallel(named("a"), &job.Job{Name: "b", Queue: "q", DependsOn: []job.Dependency{{Name: "a", On: "never"}}}), CodeInvalid, "jobs[1].depends_on[0].on", "never"},
		{"a cycle", NewWorkflow("w").AddParallel(named("a").DependsOnNames("b"), named("b").DependsOnNames("a")), CodeCycle, "jobs[0].depends_on", "b → a → b"},
	}
	for _, tt := range tests {
		faults := faultsOf(t, tt.w)
		found := slices.ContainsFunc(faults, func(f Fault) bool {
			return f.Code == tt.code && f.Path == tt.path && strings.Contains(f.Message, tt.says)
		})
		if !found {
			t.Errorf("%s: no fault %s at %s that says %q among %+v", tt.what, tt.code, tt.path, tt.says, faults)
		}
	}
}

// What needs a hint has one: the message alone does not say what to do.
func TestFaultsOfPoliciesAndRolesSayWhatToDo(t *testing.T) {
	a := func() *Workflow { return NewWorkflow("w").Add(named("a")) }
	for _, w := range []*Workflow{
		a().WithFailurePolicy(Manual).WithRunning(CancelRunning), a().WithDecisionTimeout(1, ""), a().WithDecisionTimeout(0, ActionCancel),
		a().WithFailurePolicy(Manual).WithDecisionTimeout(1, ActionComplete), a().WithFailurePolicy(Manual).WithDecisionTimeout(1, ActionRetry),
		NewWorkflow("w").Add(named("a").AsCatch()), NewWorkflow("w").Add(named("a").AsFinally()),
		a().AddHandlers(named("b").DependsOnNames("a").AsFinally()), a().AddHandlers(named("b").AsFinally().AsCatch()),
	} {
		if faults := faultsOf(t, w); len(faults) != 1 || faults[0].Hint == "" {
			t.Errorf("got %+v", faults)
		}
	}
}

func TestWhatTheSemanticsHaveIsValid(t *testing.T) {
	a, b, c := named("a"), named("b"), named("c")
	for what, w := range map[string]*Workflow{
		"a catch of a failure": NewWorkflow("w").Add(a).AddHandlers(named("h").DependsOnFailure(a).AsCatch()),
		"a catch of any end":   NewWorkflow("w").Add(a).AddHandlers(named("h").DependsOnDone(a).AsCatch().WithAllowFailure()),
		"finally":              NewWorkflow("w").Add(a).AddHandlers(named("z").AsFinally().WithCondition("true").WithInput("x", "1")),
		"every join": NewWorkflow("w").AddParallel(a, b, c, named("d").WithJoin(job.JoinAny).DependsOnJobs(a, b), named("e").WithQuorum(2).DependsOnJobs(a, b),
			named("f").WithJoin(job.JoinMerge).DependsOnJobs(a, b), named("g").WithJoin(job.JoinDone).DependsOnEdges(job.Dependency{Name: "c", On: job.OnFailure, Optional: true})),
		"a cancel of what runs":    NewWorkflow("w").Add(a).WithRunning(CancelRunning),
		"decisions":                NewWorkflow("w").Add(a).WithFailurePolicy(Manual),
		"decisions with an end":    NewWorkflow("w").Add(a).WithFailurePolicy(Manual).WithDecisionTimeout(time.Hour, ""),
		"decisions with a default": NewWorkflow("w").Add(a).WithFailurePolicy(Manual).WithDecisionTimeout(time.Hour, ActionAccept),
	} {
		if faults := faultsOf(t, w); faults != nil {
			t.Errorf("%s: %+v", what, faults)
		}
	}
}

func TestOtherToolsNamesOfJoinsBecomeOurs(t *testing.T) {
	a := named("a")
	w := NewWorkflow("w").AddParallel(a, named("b").DependsOnJobs(a).WithJoin("one_success"), named("c").DependsOnJobs(a).WithJoin("none_failed_min_one_success"))
	if err := w.Validate(); err != nil {
		t.Fatal(err)
	}
	if w.Jobs[1].Join.Rule != job.JoinAny || w.Jobs[2].Join.Rule != job.JoinMerge || w.Jobs[0].Join.Rule != "" {
		t.Errorf("the joins are %q, %q and %q", w.Jobs[0].Join.Rule, w.Jobs[1].Join.Rule, w.Jobs[2].Join.Rule)
	}
}

func TestLooseJobsHaveConditionsAndJoinsButNoRoles(t *testing.T) {
	a := job.New("q", nil)
	free := job.New("q", nil).DependsOnFailure(a).WithJoin(job.JoinAny).WithCondition("true").WithUnmet(job.UnmetFail).WithAllowFailure()
	if err := ValidateJobs([]*job.Job{a, free}); err != nil {
		t.Errorf("got %v", err)
	}
	for path, j := range map[string]*job.Job{
		"jobs[1].finally": job.New("q", nil).AsFinally(),
		"jobs[1].catch":   job.New("q", nil).DependsOnFailure(a).AsCatch(),
	} {
		var report *Error
		if err := ValidateJobs([]*job.Job{a, j}); !errors.As(err, &report) || len(report.Faults) != 1 || report.Faults[0].Path != path || report.Hint() != "put the jobs into a workflow" {
			t.Errorf("%s: got %+v", path, report)
		}
	}
}

func TestAllFaultsComeInOneReport(t *testing.T) {
	w := NewWorkflow("").AddParallel(
		named("a").DependsOnNames("c"), named("a"), named("b").DependsOnNames("transfrom"), named("c").DependsOnNames("a"), named("transform"))
	w.Jobs[4].Queue = ""
	report := &Error{}
	if !errors.As(w.Validate(), &report) {
		t.Fatal("it is valid")
	}
	want := []Code{CodeInvalid, CodeDuplicateName, CodeUnknownParent, CodeInvalid, CodeCycle}
	var got []Code
	for _, f := range report.Faults {
		got = append(got, f.Code)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v\n%v", got, want, report)
	}
	if hint := report.Faults[2].Hint; hint != `did you mean "transform"?` {
		t.Errorf("the hint is %q", hint)
	}
	if report.Code() != CodeInvalid || report.Hint() == "" {
		t.Errorf("code %q, hint %q", report.Code(), report.Hint())
	}
}

func TestACycleIsReportedWithItsPath(t *testing.T) {
	w := NewWorkflow("w").AddParallel(
		named("start"), named("a").DependsOnNames("start", "c"), named("b").DependsOnNames("a"), named("c").DependsOnNames("b"), named("end").DependsOnNames("c"))
	var cycle CycleError
	if err := w.Validate(); !errors.As(err, &cycle) {
		t.Fatalf("got %v", err)
	}
	if len(cycle.Path) != 4 || cycle.Path[0] != cycle.Path[3] {
		t.Fatalf("the path is %v", cycle.Path)
	}
	for i, name := range cycle.Path[:3] {
		next := cycle.Path[i+1]
		if want := map[string]string{"a": "b", "b": "c", "c": "a"}[name]; next != want {
			t.Errorf("%v does not run the way the work would", cycle.Path)
		}
	}
}

func TestALongCycleIsCutInTheMiddle(t *testing.T) {
	names := make([]string, 1000)
	for i := range names {
		names[i] = fmt.Sprintf("job-%d", i)
	}
	text := CycleError{Path: append(names, names[0])}.Error()
	if !strings.Contains(text, "job-0 →") || !strings.HasSuffix(text, "job-999 → job-0") || len(text) > 400 {
		t.Errorf("got %s", text)
	}
	if !strings.Contains(text, "… 982 more …") {
		t.Errorf("the count of the rest is wrong in %s", text)
	}
}

func TestAJobNamedAfterALongQueueHasNoFaultOfItsOwn(t *testing.T) {
	j := job.New(strings.Repeat("q", job.MaxName+1), nil)
	var report *Error
	if err := ValidateJobs([]*job.Job{j}); !errors.As(err, &report) || len(report.Faults) != 1 || report.Faults[0].Path != "jobs[0].queue" {
		t.Errorf("got %v", err)
	}
}

func TestAVeryLongChainIsValidated(t *testing.T) {
	w := NewWorkflow("chain")
	w.Jobs = append(w.Jobs, named("job-0"))
	for i := 1; i < 100_000; i++ {
		w.Jobs = append(w.Jobs, named(fmt.Sprintf("job-%d", i)).DependsOnNames(fmt.Sprintf("job-%d", i-1)))
	}
	if err := w.Validate(); err != nil {
		t.Fatal(err)
	}
	w.Jobs[0].DependsOnNames("job-99999")
	var cycle CycleError
	if err := w.Validate(); !errors.As(err, &cycle) || len(cycle.Path) != 100_001 {
		t.Fatalf("the cycle has %d jobs", len(cycle.Path))
	}
}

func TestManyMisspeltParentsCostLittle(t *testing.T) {
	w := NewWorkflow("w")
	for i := range 3000 {
		w.Jobs = append(w.Jobs, named(fmt.Sprintf("job-%s-%d", strings.Repeat("x", 150), i)))
	}
	bad := named("bad")
	for i := range 100_000 {
		bad.DependsOnNames(fmt.Sprintf("jub-%s-%d", strings.Repeat("x", 150), i))
	}
	w.Jobs = append(w.Jobs, bad)
	v := newValidator(w, Limits{})
	var report *Error
	if !errors.As(v.run(), &report) {
		t.Fatal("it is valid")
	}
	if most := 2 * maxEffort; v.effort > most {
		t.Errorf("it compared %d bytes; at most %d", v.effort, most)
	}
	faults := report.Faults
	if len(faults) != maxFaults+1 || faults[maxFaults].Message != "and 99900 more faults" {
		t.Errorf("%d faults, the last %q", len(faults), faults[len(faults)-1].Message)
	}
}

func TestLimitsAreCheckedBeforeTheWork(t *testing.T) {
	w := NewWorkflow("w").AddParallel(named("a"), named("b"), named("c")).Then(named("d"), named("e"))
	for _, limits := range []Limits{{Jobs: 4}, {Edges: 5}} {
		var report *Error
		if err := w.ValidateLimits(limits); !errors.As(err, &report) || report.Code() != CodeTooLarge {
			t.Errorf("limits %+v: got %v", limits, err)
		}
	}
	if err := w.ValidateLimits(Limits{Jobs: 5, Edges: 6}); err != nil {
		t.Error(err)
	}
}

func TestValidateCompletesAWorkflow(t *testing.T) {
	w := &Workflow{Name: "w", Jobs: []*job.Job{{Queue: "re size"}, {Queue: "re size"}, {Queue: "re size", Name: "re-size-2"}}}
	w.Jobs[0].DependsOnNames("re-size-2")
	for range 2 { // it may be called again
		if err := w.Validate(); err != nil {
			t.Fatal(err)
		}
	}
	if w.ID == (job.ID{}) || w.FailurePolicy != FailFast || string(w.Metadata) != "{}" {
		t.Errorf("got %+v", w)
	}
	if w.Jobs[0].Name != "re-size" || w.Jobs[1].Name != "re-size-3" || string(w.Jobs[0].Payload) != "null" {
		t.Errorf("the jobs are called %s, %s", w.Jobs[0].Name, w.Jobs[1].Name)
	}
	if d := w.Jobs[0].DependsOn[0]; d.Parent != w.Jobs[2].ID || d.On != job.OnSuccess {
		t.Errorf("the dependency is %+v", d)
	}
}

func TestAParentOutsideOfTheWorkflowIsKept(t *testing.T) {
	outside := job.NewID()
	w := NewWorkflow("w").Add(named("a").DependsOnIDs(outside))
	if err := w.Validate(); err != nil {
		t.Fatal(err)
	}
	if w.Jobs[0].DependsOn[0].Parent != outside {
		t.Error("the parent is gone")
	}
}

func TestLooseJobsMayShareANameAndDependById(t *testing.T) {
	a := job.New("q", nil)
	jobs := []*job.Job{a, job.New("q", nil).DependsOnJobs(a), job.New("q", nil).WithName("q")}
	if err := ValidateJobs(jobs); err != nil {
		t.Fatal(err)
	}
	jobs[0].DependsOnJobs(jobs[1])
	var cycle CycleError
	if err := ValidateJobs(jobs); !errors.As(err, &cycle) {
		t.Errorf("got %v", err)
	}
}

func TestAReportNamesThePlaceOfEveryFault(t *testing.T) {
	e := &Error{File: "w.yaml", Faults: []Fault{
		{Line: 3, Column: 7, Message: "one"}, {Line: 4, Message: "two"}, {Message: "three", Path: "jobs"},
	}}
	if got := e.Error(); got != "w.yaml:3:7: one\nw.yaml:4: two\nw.yaml: three" {
		t.Errorf("got %q", got)
	}
	e.File = ""
	if got := e.Error(); got != "one\ntwo\njobs: three" {
		t.Errorf("got %q", got)
	}
	if (&Error{}).Code() != CodeInvalid || (&Error{}).Hint() != "" {
		t.Error("an empty report has a code or a hint")
	}
}

func TestASchedule(t *testing.T) {
	for _, s := range []Schedule{
		{Cron: "0 2 * * *"},
		{Cron: "*/10 0 2 * * MON-FRI"},
		{Cron: "@daily"},
		{Cron: "@every 90m"},
		{Cron: "0 2 * * *", Timezone: "Europe/Berlin", CatchUp: CatchUpAll, Overlap: OverlapCancelPrevious},
		{Cron: "0 0 29 2 *"},
	} {
		w := NewWorkflow("w").Add(named("a"))
		w.Schedule = &s
		if faults := faultsOf(t, w); faults != nil {
			t.Errorf("%+v: %+v", s, faults)
		}
	}
	for path, s := range map[string]Schedule{
		"schedule.cron":     {},
		"schedule.timezone": {Cron: "@daily", Timezone: "Europe/Nowhere"},
		"schedule.catch_up": {Cron: "@daily", CatchUp: "some"},
		"schedule.overlap":  {Cron: "@daily", Overlap: "maybe"},
	} {
		w := NewWorkflow("w").Add(named("a"))
		w.Schedule = &s
		if faults := faultsOf(t, w); len(faults) != 1 || faults[0].Path != path {
			t.Errorf("%+v: %+v", s, faults)
		}
	}
	for _, expression := range []string{"* * *", "61 * * * *", "0 0 31 2 *", "@fortnightly", "TZ=", "CRON_TZ=Europe/Berlin 0 2 * * *", "1 2 3 4 5 6 7", "\x00"} {
		w := NewWorkflow("w").Add(named("a"))
		w.Schedule = &Schedule{Cron: expression}
		if faults := faultsOf(t, w); len(faults) != 1 || faults[0].Path != "schedule.cron" {
			t.Errorf("%q: %+v", expression, faults)
		}
	}
	w := NewWorkflow("w").Add(named("a"))
	w.Schedule = &Schedule{Cron: "@daily", Timezone: "Local"}
	if faults := faultsOf(t, w); len(faults) != 1 {
		t.Errorf("the zone Local: %+v", faults)
	}
}
