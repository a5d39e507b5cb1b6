package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/workflowfile"
)

// load returns the workflow beside this program.
func load(t *testing.T) *workflow.Workflow {
	t.Helper()
	b, err := os.ReadFile("../workflow.yaml")
	if err != nil {
		t.Fatal(err)
	}
	w, err := workflowfile.Parse("workflow.yaml", b, workflowfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// argsOf returns what a job hands this program, nil for another program.
func argsOf(t *testing.T, j *job.Job) []string {
	t.Helper()
	var payload struct{ Command []string }
	if err := json.Unmarshal(j.Payload, &payload); err != nil || len(payload.Command) < 2 {
		t.Fatalf("payload of %s: %s, %v", j.Name, j.Payload, err)
	}
	if payload.Command[0] != "bin/stdlib-report" {
		return nil
	}
	return payload.Command[1:]
}

func TestTheWorkflowAnalysesEveryGroup(t *testing.T) {
	left := map[string]bool{}
	for name := range roots {
		left[name] = true
	}
	for _, j := range load(t).Jobs {
		if args := argsOf(t, j); args != nil && args[0] == "analyse" {
			if !left[args[1]] || j.Name != "analyse-"+args[1] {
				t.Errorf("job %s analyses group %q", j.Name, args[1])
			}
			delete(left, args[1])
		}
	}
	if len(left) > 0 {
		t.Errorf("no job analyses %v", left)
	}
}

func TestTheWorkflowMakesAReport(t *testing.T) {
	w, plan := load(t), fixturePlan(t)
	t.Chdir(t.TempDir())
	if err := os.Mkdir("bin", 0o755); err != nil {
		t.Fatal(err)
	}
	results := map[string]json.RawMessage{}
	text := ""
	for _, j := range w.Jobs { // the file lists parents before children
		parents := Parents{}
		for _, d := range j.DependsOn {
			if _, ok := results[d.Name]; !ok {
				t.Fatalf("%s stands before %s", j.Name, d.Name)
			}
			p := parents[d.Name]
			p.Status, p.Result = "completed", results[d.Name]
			parents[d.Name] = p
		}
		file := filepath.Join(t.TempDir(), "parents.json")
		b, err := json.Marshal(parents)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		switch args := argsOf(t, j); {
		case args == nil:
			out.WriteString("null")
		case args[0] == "split":
			if err := json.NewEncoder(&out).Encode(plan); err != nil {
				t.Fatal(err)
			}
		default:
			if err := run(args, file, &out); err != nil {
				t.Fatalf("%s: %v", j.Name, err)
			}
		}
		results[j.Name], text = json.RawMessage(out.String()), out.String()
	}
	for _, want := range []string{
		"# The Go standard library in numbers\n\ngo1.99, measured in " + plan.Source,
		"- **74 lines** of Go in **7 packages** (5 of them public), 9.5 % of it generated, and 13 lines of tests.",
		"| **Everything** |        7 |    74 |",
		"| `unsafe`       |           2 |",
		"> newcomer → net/http → errors → internal/cpu → unsafe\n",
		"| `net/http.Server.Serve` |    13 | net/http/server.go:12 |",
		"**67 %** of 9 exported names have a comment",
		"**3 tests**, 1 benchmarks",
		"| `goto` statements                        |      1 |        1 |                    |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	if saved, err := os.ReadFile("bin/stdlib-report.md"); err != nil || string(saved) != text {
		t.Errorf("the saved report differs: %v", err)
	}
	if t.Failed() {
		t.Log("\n" + text)
	}
}

func TestWrongArgumentsAreAnsweredWithTheUsage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "parents.json")
	if err := os.WriteFile(file, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{nil, {"fly"}, {"analyse"}, {"split", "x"}, {"area", "a", "b"}} {
		if err := run(args, file, nil); err == nil || !strings.HasPrefix(err.Error(), "usage:") {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestAMissingParentIsNamed(t *testing.T) {
	_, err := report(Parents{})
	if err == nil || !strings.Contains(err.Error(), "does not depend on split") {
		t.Errorf("error is %v", err)
	}
	if err := run([]string{"docs"}, "", nil); err == nil || !strings.Contains(err.Error(), "HAMMERWORK_PARENTS_FILE") {
		t.Errorf("error is %v", err)
	}
}
