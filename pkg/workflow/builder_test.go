package workflow

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
)

func named(name string) *job.Job { return job.New("queue", nil).WithName(name) }

// parentsOf validates w and returns "child: parent parent" for every job.
func parentsOf(t *testing.T, w *Workflow) []string {
	t.Helper()
	if err := w.Validate(); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, j := range w.Jobs {
		var names []string
		for _, d := range j.DependsOn {
			names = append(names, d.Name)
		}
		lines = append(lines, strings.TrimSpace(j.Name+": "+strings.Join(names, " ")))
	}
	return lines
}

func TestEveryJobOfAStageDependsOnEveryJobOfTheStageBefore(t *testing.T) {
	tests := []struct {
		what string
		w    *Workflow
		want []string
	}{
		{"a chain", NewWorkflow("w").Add(named("a")).Then(named("b")).Then(named("c")), []string{"a:", "b: a", "c: b"}},
		{"stage on stage", NewWorkflow("w").AddParallel(named("a"), named("b")).Then(named("c"), named("d")), []string{"a:", "b:", "c: a b", "d: a b"}},
		{"not on all prior jobs", NewWorkflow("w").Add(named("a")).Then(named("b")).Then(named("c"), named("d")).Then(named("e")), []string{"a:", "b: a", "c: b", "d: b", "e: c d"}},
		{"add after then joins the stage", NewWorkflow("w").Add(named("a")).Then(named("b")).Add(named("c")).Then(named("d")), []string{"a:", "b: a", "c: a", "d: b c"}},
		{"then on nothing is the first stage", NewWorkflow("w").Then(named("a")).Then(named("b")), []string{"a:", "b: a"}},
		{"an empty then closes the stage", NewWorkflow("w").Add(named("a")).Then().Add(named("b")), []string{"a:", "b: a"}},
		{"two empty thens are one", NewWorkflow("w").Add(named("a")).Then().Then().Add(named("b")), []string{"a:", "b: a"}},
		{"handlers stand beside the stages", NewWorkflow("w").Add(named("a")).AddHandlers(named("h").DependsOnNames("a")).Then(named("b")), []string{"a:", "h: a", "b: a"}},
		{"finally jobs belong to no stage", NewWorkflow("w").Add(named("a")).Then(named("b"), named("z").AsFinally()).Then(named("c")), []string{"a:", "b: a", "z:", "c: b"}},
		{"in addition to its own", NewWorkflow("w").AddParallel(named("x"), named("y")).Then(named("a")).Then(named("b").DependsOnNames("x")), []string{"x:", "y:", "a: x y", "b: x a"}},
	}
	for _, tt := range tests {
		if got := parentsOf(t, tt.w); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.what, got, tt.want)
		}
	}
}

func TestAParentThatAJobNamesItselfIsNotAddedTwiceByItsStage(t *testing.T) {
	split, total := named("split"), named("total")
	chunks := []*job.Job{named("one").DependsOnJobs(split), named("two").DependsOnJobs(split)}
	total.DependsOnJobs(chunks[0]).DependsOnNames("two")
	w := NewWorkflow("fan").Add(split).AddParallel(chunks...).Then(total)
	want := []string{"split:", "one: split", "two: split", "total: one two split"}
	if got := parentsOf(t, w); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTheSettersOfAWorkflowSetItsFields(t *testing.T) {
	w := NewWorkflow("w").WithDescription("text").WithMetadata(map[string]string{"a": "b<c&d>e"}).WithFailurePolicy(ContinueOnFailure).
		WithPriority(job.High).WithRetry(job.RetryPolicy{MaxAttempts: 7}).WithTimeout(time.Hour).
		WithHealthCheckInterval(time.Minute).WithTraceID(strings.Repeat("ab", 16)).WithCorrelationID("c").Add(named("a"))
	if err := w.Validate(); err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintln(w.Description, string(w.Metadata), w.FailurePolicy, *w.Priority, w.Retry.MaxAttempts, w.Timeout, w.HealthCheckInterval, w.TraceID, w.CorrelationID)
	want := fmt.Sprintln("text", `{"a":"b<c&d>e"}`, "continue_on_failure", "high", 7, "1h0m0s", "1m0s", strings.Repeat("ab", 16), "c")
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTheSettersOfPoliciesSetTheirFields(t *testing.T) {
	w := NewWorkflow("w").WithRunning(CancelRunning).WithDecisionTimeout(time.Hour, ActionSkip)
	if w.Running != CancelRunning || w.DecisionTimeout != time.Hour || w.DecisionDefault != ActionSkip {
		t.Errorf("got %+v", w)
	}
}

func ExampleWorkflow_AddHandlers() {
	load := job.New("load", nil)
	w := NewWorkflow("nightly").
		Add(job.New("extract", nil)).
		Then(load).
		AddHandlers(
			job.New("restore", nil).DependsOnFailure(load).AsCatch(),
			job.New("sweep", nil).AsFinally(),
		)
	if err := w.Validate(); err != nil {
		fmt.Println(err)
		return
	}
	for _, j := range w.Jobs {
		fmt.Println(j.Name, j.DependsOn != nil, j.Catch, j.Finally)
	}
	// Output:
	// extract false false false
	// load true false false
	// restore true true false
	// sweep false false true
}

func ExampleNewWorkflow() {
	extract := job.New("extract", map[string]any{"source": "database_table"})
	transform := job.New("transform", map[string]any{"operations": []string{"normalize_phone"}})
	load := job.New("load", map[string]any{"table": "dim_customers"})

	w := NewWorkflow("etl_pipeline").
		Add(extract).
		Then(transform).
		Then(load).
		WithFailurePolicy(FailFast)
	if err := w.Validate(); err != nil {
		fmt.Println(err)
		return
	}
	for _, j := range w.Jobs {
		for _, d := range j.DependsOn {
			fmt.Println(j.Name, "waits for", d.Name)
		}
	}
	// Output:
	// transform waits for extract
	// load waits for transform
}

func ExampleWorkflow_Add() {
	w := NewWorkflow("report").
		Add(job.New("extract_sales", nil)).
		Add(job.New("extract_costs", nil)).
		Then(job.New("report", nil))
	if err := w.Validate(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(w.Jobs), "jobs; the last waits for", len(w.Jobs[2].DependsOn))
	// Output: 3 jobs; the last waits for 2
}

func ExampleWorkflow_AddParallel() {
	var regions []*job.Job
	for _, region := range []string{"us-east", "us-west", "eu-west", "ap-south"} {
		regions = append(regions, job.New("process_region", map[string]string{"region": region}))
	}
	w := NewWorkflow("parallel_processing").
		AddParallel(regions...).
		Then(job.New("create_summary", nil)).
		WithFailurePolicy(ContinueOnFailure)
	if err := w.Validate(); err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range w.Jobs[4].DependsOn {
		fmt.Println(d.Name)
	}
	// Output:
	// process_region
	// process_region-2
	// process_region-3
	// process_region-4
}

func ExampleWorkflow_Then() {
	w := NewWorkflow("fan").
		Add(job.New("split", nil)).
		Then(job.New("left", nil), job.New("right", nil)).
		Then(job.New("merge", nil))
	if err := w.Validate(); err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range w.Jobs[3].DependsOn {
		fmt.Println("merge waits for", d.Name)
	}
	// Output:
	// merge waits for left
	// merge waits for right
}
