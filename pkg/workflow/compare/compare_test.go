package compare_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/compare"
	"github.com/hammerwork/hammerwork/pkg/workflow/workflowfile"
)

// pipeline is a workflow whose parts the tests change.
func pipeline() (w *workflow.Workflow, extract, load *job.Job) {
	extract = job.New("etl", json.RawMessage(`{"rows": 3}`)).WithName("extract")
	load = job.New("db", nil).WithName("load").DependsOnJobs(extract)
	w = workflow.NewWorkflow("daily")
	w.Jobs = []*job.Job{extract, load}
	return w, extract, load
}

func outline(t *testing.T, w *workflow.Workflow) compare.Outline {
	t.Helper()
	if err := w.Validate(); err != nil {
		t.Fatal(err)
	}
	return compare.OutlineOf(w)
}

func TestWorkflowsThatAreDefinedAlikeDoNotDiffer(t *testing.T) {
	a, _, _ := pipeline()
	b, extract, load := pipeline()
	extract.Payload = json.RawMessage("{\n \"rows\": 3 }")
	extract.WithPriority(job.Normal).WithRetry(job.RetryPolicy{})
	load.WithJoin(job.JoinAll)
	b.FailurePolicy = workflow.FailFast
	if d := compare.Compare(outline(t, a), outline(t, b)); !d.Same() {
		t.Errorf("got %+v", d)
	}
}

func TestWhatWasSpawnedIsNotInTheDefinition(t *testing.T) {
	w, _, load := pipeline()
	file := outline(t, w)
	job := func(name string, spawned bool, parents ...string) compare.JobOutline {
		j := compare.JobOutline{Name: name, Spawned: spawned, Fields: map[string]string{"queue": "q"}, DependsOn: map[string]string{}}
		for _, p := range parents {
			j.DependsOn[p] = "success"
		}
		return j
	}
	stored := compare.Outline{Name: file.Name, Fields: file.Fields, Outcome: &compare.Outcome{Status: "completed"}}
	file.Jobs = []compare.JobOutline{job("split", false), job(load.Name, false, "split"), job("sub", false), job("sub/part", false), job("sub/end", false, "part")}
	stored.Jobs = []compare.JobOutline{
		job("split", false), job("part", true), job("part/item", true), job(load.Name, false, "split", "part"), job("sub", false), job("sub/part", false), job("sub/end", false, "part"),
	}
	if d := compare.Compare(stored, file); !d.Same() {
		t.Errorf("got %+v", d)
	}
	if d := compare.Compare(file, stored); !d.Same() {
		t.Errorf("the other way round: got %+v", d)
	}
	if _, kept := stored.Jobs[3].DependsOn["part"]; !kept {
		t.Error("an outline was changed")
	}
	other := stored
	other.Jobs = slices.DeleteFunc(slices.Clone(stored.Jobs), func(j compare.JobOutline) bool { return j.Name == "part/item" })
	if d := compare.Compare(stored, other); !slices.Equal(d.Removed, []string{"part/item"}) {
		t.Errorf("of two that were run: got %+v", d)
	}
}

func TestEveryDifferenceIsNamed(t *testing.T) {
	a, _, _ := pipeline()
	b, extract, load := pipeline()
	b.Name = "nightly"
	b.FailurePolicy, b.Timeout = workflow.ContinueOnFailure, 2*time.Hour
	extract.WithRetry(job.RetryPolicy{MaxAttempts: 7}).WithTimeout(time.Minute)
	load.WithInput("day", "metadata.day")
	extract.Payload = json.RawMessage(`"` + strings.Repeat("x", 2000) + `"`)
	check := job.New("etl", nil).WithName("check").DependsOnJobs(extract)
	load.DependsOn = []job.Dependency{{Parent: check.ID, On: job.OnDone, Optional: true}}
	load.WithInherit().WithPriority(job.High)
	b.Jobs = append(b.Jobs, check)
	d := compare.Compare(outline(t, a), outline(t, b))
	var got []string
	for _, c := range d.Fields {
		got = append(got, fmt.Sprintf("%s %s %s", c.Field, c.From, c.To))
	}
	for _, j := range d.Changed {
		for _, c := range append(j.Fields, j.DependsOn...) {
			got = append(got, fmt.Sprintf("%s.%s %.20s %.18s", j.Name, c.Field, c.From, c.To))
		}
	}
	want := []string{
		"name daily nightly", "failure_policy  continue_on_failure", "timeout  2h0m0s",
		`extract.payload {"rows":3} 2002 bytes, sha256`, `extract.retry  {"strategy":"expon`, "extract.timeout  1m0s",
		"load.inherit  true", "load.priority  high", "load.with.day  metadata.day", "load.check  done optional", "load.extract success ",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if fmt.Sprint(d.Added, d.Removed) != "[check] []" {
		t.Errorf("added %v, removed %v", d.Added, d.Removed)
	}
}

func TestWhatBecameOfJobsIsComparedWhenBothWereRun(t *testing.T) {
	a, _, _ := pipeline()
	b, _, _ := pipeline()
	x, y := outline(t, a), outline(t, b)
	x.Outcome, x.Jobs[0].Outcome = &compare.Outcome{Status: "completed"}, &compare.Outcome{Status: "completed", Took: "1s"}
	if d := compare.Compare(x, y); d.Outcome != nil || len(d.Outcomes) != 0 {
		t.Errorf("got %+v", d)
	}
	y.Outcome, y.Jobs[0].Outcome = &compare.Outcome{Status: "failed"}, &compare.Outcome{Status: "dead", Took: "2s"}
	d := compare.Compare(x, y)
	if d.Outcome.To.Status != "failed" || len(d.Outcomes) != 1 || d.Outcomes[0].From.Took != "1s" || d.Outcomes[0].To.Status != "dead" {
		t.Errorf("got %+v", d)
	}
}

func TestADifferenceTurnedAroundIsTheOtherWay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		side := func() compare.Outline {
			var o compare.Outline
			for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d"}), rapid.ID).Draw(t, "jobs") {
				fields := rapid.MapOf(rapid.SampledFrom([]string{"x", "y"}), rapid.SampledFrom([]string{"1", "2"}))
				o.Jobs = append(o.Jobs, compare.JobOutline{Name: name, Fields: fields.Draw(t, "fields"), DependsOn: fields.Draw(t, "edges")})
			}
			return o
		}
		a, b := side(), side()
		d, back := compare.Compare(a, b), compare.Compare(b, a)
		if fmt.Sprint(d.Added, d.Removed) != fmt.Sprint(back.Removed, back.Added) || len(d.Changed) != len(back.Changed) {
			t.Fatalf("%+v and %+v", d, back)
		}
		if !compare.Compare(a, a).Same() {
			t.Fatalf("%+v differs from itself", a)
		}
	})
}

func TestWhatJobsAreMadeOfIsComparedByItsPath(t *testing.T) {
	outline := func(policy, payload, item string) compare.Outline {
		t.Helper()
		file := `{"name": "w", "jobs": [{"name": "many", "queue": "q", "batch": {"payloads": [1, ` + item + `]}}, {"name": "sub", "workflow": {"failure_policy": "` + policy + `",
			"jobs": [{"name": "a", "queue": "q", "payload": ` + payload + `}, {"name": "deep", "workflow": {"jobs": [{"name": "b", "queue": "q", "payload": ` + payload + `}]}}]}}]}`
		w, err := workflowfile.Parse("w.json", []byte(file), workflowfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return compare.OutlineOf(w)
	}
	a := outline("fail_fast", "1", "2")
	if d := compare.Compare(a, outline("fail_fast", "1", "2")); !d.Same() {
		t.Errorf("got %+v", d)
	}
	d := compare.Compare(a, outline("manual", "2", "3, 4"))
	var got []string
	for _, j := range d.Changed {
		got = append(got, j.Name+" "+j.Fields[0].Field)
	}
	want := []string{"many/many[1] payload", "sub workflow.failure_policy", "sub/a payload", "sub/deep/b payload"}
	if !slices.Equal(got, want) || !slices.Equal(d.Added, []string{"many/many[2]"}) || len(d.Fields)+len(d.Removed) > 0 {
		t.Errorf("got %v, %+v", got, d)
	}
}
