package docs

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/graph"
	"github.com/hammerwork/hammerwork/pkg/workflow/simulation"
	"github.com/hammerwork/hammerwork/pkg/workflow/workflowfile"
)

var rewrite = flag.Bool("rewrite", false, "write pictures and outcomes of docs/workflows.md")

// Each file on the page of workflows is followed by its picture, as `workflow
// graph --format mermaid` draws it, and by how its jobs end. A command that is
// followed by text prints that, with the file before it.
func TestThePageOfWorkflowsShowsWhatItsFilesDo(t *testing.T) {
	const path = "docs/workflows.md"
	page := read(t, path)
	shown, played, file := 0, 0, ""
	for i, f := range page.fences {
		switch f.info {
		case "yaml":
			if i+2 >= len(page.fences) || page.fences[i+1].info != "mermaid" || page.fences[i+2].info != "text" {
				t.Fatalf("block %d is not followed by a picture and by what becomes of it", i+1)
			}
			shown++
			picture, ends := performed(t, f.body)
			expect(t, &page.fences[i+1], picture)
			expect(t, &page.fences[i+2], ends)
			file = f.body
		case "sh":
			if i+1 < len(page.fences) && page.fences[i+1].info == "text" {
				played++
				expect(t, &page.fences[i+1], printed(t, file, f.body))
			}
		case "yaml fault":
			_, err := workflowfile.Parse("workflow.yaml", []byte(f.body), workflowfile.Options{})
			expect(t, &page.fences[i+1], reported(err))
		}
	}
	if shown < 10 || played == 0 {
		t.Errorf("only %d files and %d simulations were found", shown, played)
	}
	if *rewrite {
		write(t, filepath.Join(root, path), withFences(t, path, page.fences))
	}
}

// printed returns what a command prints in a folder that has a workflow file.
func printed(t *testing.T, file, command string) string {
	t.Helper()
	work := t.TempDir()
	build(t, filepath.Join(work, "hammerwork"))
	write(t, filepath.Join(work, "workflow.yaml"), file)
	c := exec.Command("sh", "-c", command)
	c.Dir = work
	c.Env = append(os.Environ(), "PATH="+work+string(os.PathListSeparator)+os.Getenv("PATH"))
	out, err := c.Output()
	if err != nil {
		t.Errorf("%s: %v", command, err)
	}
	return string(out)
}

// expect compares a block with what it has to hold, or makes it so.
func expect(t *testing.T, f *fence, want string) {
	t.Helper()
	if *rewrite {
		f.body = want
	}
	if f.body != want {
		t.Errorf("the block is\n%sit should be (go test ./internal/docs -run Page -rewrite)\n%s", f.body, want)
	}
}

// withFences returns a document with other bodies of its blocks.
func withFences(t *testing.T, path string, fences []fence) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	next, inside := 0, false
	for line := range strings.Lines(string(data)) {
		mark := strings.HasPrefix(line, "```")
		if mark && !inside {
			b.WriteString(line + fences[next].body)
			next++
		} else if mark || !inside {
			b.WriteString(line)
		}
		inside = inside != mark
	}
	return b.String()
}

// performed returns the picture of a workflow file, and how its jobs end when
// their payloads say what the built-in handler does.
func performed(t *testing.T, file string) (picture, ends string) {
	t.Helper()
	w, err := workflowfile.Parse("workflow.yaml", []byte(file), workflowfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var drawn, told strings.Builder
	if err := graph.Write(&drawn, graph.FromWorkflow(w), graph.Mermaid); err != nil {
		t.Fatal(err)
	}
	r := simulation.Run(w, simulation.Script{Handle: pretend, Start: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)})
	jobs := nested(r, "")
	width := len("workflow")
	for _, j := range jobs {
		width = max(width, len(j.Name))
	}
	for _, j := range jobs {
		fmt.Fprintf(&told, "%-*s  %s%s\n", width, j.Name, j.Status, because(j))
	}
	fmt.Fprintf(&told, "%-*s  %s\n", width, "workflow", r.Status)
	return drawn.String(), told.String()
}

// nested lists the jobs of a report, below each what it is made of.
func nested(r *simulation.Report, indent string) []simulation.Job {
	var list []simulation.Job
	for _, j := range r.Jobs {
		j.Name = indent + j.Name
		if list = append(list, j); j.Parts != nil {
			list = append(list, nested(j.Parts, indent+"  ")...)
		}
	}
	return list
}

// because says why a job ended as it did, and what was decided.
func because(j simulation.Job) string {
	var parts []string
	if j.Reason != "" {
		parts = append(parts, string(j.Reason))
	}
	if j.Cause != "" && j.Cause != j.Name {
		parts = append(parts, "cause "+j.Cause)
	}
	switch j.Decision {
	case "":
	case workflow.Undecided:
		parts = append(parts, "undecided")
	default:
		parts = append(parts, "decided: "+string(j.Decision))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// pretend is what the built-in handler makes of a payload that names nothing to
// run.
func pretend(a simulation.Attempt) (time.Duration, job.Outcome) {
	var p struct {
		Sleep  float64         `json:"sleep_ms"`
		Fails  int             `json:"fail_times"`
		Result json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(a.Payload, &p); err != nil && len(a.Payload) > 0 {
		panic(errors.Join(errors.New(string(a.Payload)), err))
	}
	took := time.Duration(p.Sleep * float64(time.Millisecond))
	if a.Number <= p.Fails {
		return took, job.Outcome{Kind: job.KindFailed, Error: "it pretends to fail"}
	}
	return took, job.Outcome{Kind: job.KindCompleted, Result: json.RawMessage(cmp.Or(string(p.Result), "{}"))}
}
