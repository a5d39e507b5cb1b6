package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// killed is a run of hammerwork in a folder of its own, whose commands note in
// a file when they start and end.
type killed struct {
	t    *testing.T
	dir  string
	jobs []string
}

// layers writes a workflow of three layers of four jobs; each job waits for the
// whole layer before.
func layers(t *testing.T) *killed {
	k := &killed{t: t, dir: t.TempDir()}
	var text strings.Builder
	text.WriteString("name: layers\njobs:\n")
	var before []string
	for layer := range 3 {
		var names []string
		for i := range 4 {
			name := fmt.Sprintf("job-%d-%d", layer, i)
			names = append(names, name)
			fmt.Fprintf(&text, "  - {name: %s, queue: q, depends_on: [%s], retry: {max_attempts: 20}, payload: {command: [sh, -c, %q]}}\n",
				name, strings.Join(before, ", "), fmt.Sprintf("echo start %s >> %s/log; sleep 0.3; echo end %s >> %s/log", name, k.dir, name, k.dir))
		}
		k.jobs, before = append(k.jobs, names...), names
	}
	if err := os.WriteFile(filepath.Join(k.dir, "layers.yaml"), []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return k
}

func (k *killed) command() *exec.Cmd {
	c := exec.Command("hammerwork", "run", "layers.yaml", "--data-dir", "data", "--concurrency", "2")
	c.Dir = k.dir
	return c
}

// untilCompleted runs the command until it has told that a number of jobs
// completed, kills it at once and returns those it told of.
func (k *killed) untilCompleted(n int) []string {
	k.t.Helper()
	c := k.command()
	told, err := c.StderrPipe()
	if err != nil {
		k.t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		k.t.Fatal(err)
	}
	var completed []string
	lines := bufio.NewScanner(told)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if i := len(words); i >= 3 && words[1] == "✓" {
			if completed = append(completed, words[2]); len(completed) == n {
				if err := c.Process.Kill(); err != nil { // SIGKILL
					k.t.Fatal(err)
				}
			}
		}
	}
	if err := c.Wait(); err == nil || len(completed) < n {
		k.t.Fatalf("the run ended by itself: %v, %v completed", err, completed)
	}
	return completed
}

// log returns how often each job started, and which started before a job of the
// layer before had ended.
func (k *killed) log() (starts map[string]int, faults []string) {
	k.t.Helper()
	text, err := os.ReadFile(filepath.Join(k.dir, "log"))
	if err != nil {
		k.t.Fatal(err)
	}
	starts = map[string]int{}
	ended := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		word, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		if word == "end" {
			ended[name] = true
			continue
		}
		starts[name]++
		var layer, i int
		if _, err := fmt.Sscanf(name, "job-%d-%d", &layer, &i); err != nil {
			k.t.Fatalf("%q: %v", line, err)
		}
		for i := range 4 {
			if parent := fmt.Sprintf("job-%d-%d", layer-1, i); layer > 0 && !ended[parent] {
				faults = append(faults, name+" started before "+parent+" had ended")
			}
		}
	}
	return starts, faults
}

func TestARunThatWasKilledGoesOnAndNothingThatCompletedRunsAgain(t *testing.T) {
	k := layers(t)
	done := map[string]int{} // starts of a job that is told to have completed
	const kills = 3
	for range kills {
		names := k.untilCompleted(2)
		starts, _ := k.log()
		for _, name := range names {
			if done[name] > 0 {
				t.Errorf("%s completed twice", name)
			}
			done[name] = starts[name]
		}
	}
	c := k.command()
	var out, told bytes.Buffer
	c.Stdout, c.Stderr = &out, &told
	if err := c.Run(); err != nil {
		t.Fatalf("the last run: %v\n%s%s", err, &told, &out)
	}
	if !strings.Contains(told.String(), "going on with the unfinished run in data: ") {
		t.Errorf("the last run told:\n%s", &told)
	}
	if !strings.Contains(out.String(), "✓ layers completed") {
		t.Errorf("the last run printed:\n%s", &out)
	}

	starts, faults := k.log()
	for _, fault := range faults {
		t.Error(fault)
	}
	again := 0
	for _, name := range k.jobs {
		if starts[name] == 0 || done[name] > 0 && starts[name] != done[name] {
			t.Errorf("%s started %d times, %d of them before it completed", name, starts[name], done[name])
		}
		again += starts[name] - 1
	}
	// A kill meets two jobs that run, and at most two whose end nobody has
	// recorded yet.
	if again > 4*kills {
		t.Errorf("%d jobs started again", again)
	}
}
