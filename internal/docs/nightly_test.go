package docs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow/simulation"
	"github.com/hammerwork/hammerwork/pkg/workflow/workflowfile"
)

func TestTheNightlyImportDoesWhatItsBeginningSays(t *testing.T) {
	const path = "examples/nightly_import.yaml"
	file, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	for set, want := range map[string]string{
		"":                 "fetch completed, load completed, undo skipped, tell completed, unlock completed: completed, the load ended as completed",
		" --set fail=load": "fetch completed, load dead, undo completed, tell completed, unlock completed: completed, the load ended as dead",
		" --set rows=0":    "fetch completed, load skipped, undo skipped, tell completed, unlock completed: completed, the load ended as skipped",
	} {
		if !strings.Contains(string(file), "hammerwork run "+path+set+"  ") {
			t.Errorf("its beginning does not say hammerwork run %s%s", path, set)
		}
		opts := workflowfile.Options{Set: map[string]string{}}
		if key, value, ok := strings.Cut(strings.TrimPrefix(set, " --set "), "="); ok {
			opts.Set[key] = value
		}
		w, err := workflowfile.Parse(path, file, opts)
		if err != nil {
			t.Fatal(err)
		}
		r := simulation.Run(w, simulation.Script{Handle: command, Start: time.Now()})
		var ends []string
		said := ""
		for _, j := range r.Jobs {
			ends = append(ends, fmt.Sprintf("%s %s", j.Name, j.Status))
			if j.Name == "tell" {
				var result struct{ Stdout string }
				if err := json.Unmarshal(j.Result, &result); err != nil {
					t.Fatal(err)
				}
				said = strings.TrimSpace(result.Stdout)
			}
		}
		if got := fmt.Sprintf("%s: %s, %s", strings.Join(ends, ", "), r.Status, said); got != want {
			t.Errorf("with %q\n got  %s\n want %s", set, got, want)
		}
	}
}

// command runs what a payload names, as the built-in handler does.
func command(a simulation.Attempt) (time.Duration, job.Outcome) {
	var p struct{ Command []string }
	if err := json.Unmarshal(a.Payload, &p); err != nil || len(p.Command) == 0 {
		return 0, job.Outcome{Kind: job.KindFailed, Permanent: true, Error: fmt.Sprintf("no command in %s", a.Payload)}
	}
	out, err := exec.Command(p.Command[0], p.Command[1:]...).Output()
	if err != nil {
		return 0, job.Outcome{Kind: job.KindFailed, Error: err.Error()}
	}
	if out = bytes.TrimSpace(out); !json.Valid(out) {
		out, _ = json.Marshal(map[string]string{"stdout": string(out)}) // of a string: no error is possible
	}
	return 0, job.Outcome{Kind: job.KindCompleted, Result: out}
}
