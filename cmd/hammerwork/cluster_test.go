package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/rigtest"
	"github.com/hammerwork/hammerwork/internal/wire"
)

// dev starts `hammerwork dev` on free ports and returns its URL.
func dev(t *testing.T, args ...string) (server string, p *rigtest.Process) {
	t.Helper()
	p = rigtest.Hammerwork(t, append([]string{"dev", "--listen", "127.0.0.1:0", "--nats-listen", "127.0.0.1:0", "--log-level", "warn"}, args...)...)
	return p.Says(`^ready (http://\S+)$`)[1], p
}

// workers starts workers that serve every queue of a server.
func workers(t *testing.T, n int, args ...string) []*rigtest.Process {
	t.Helper()
	list := make([]*rigtest.Process, n)
	for i := range list {
		list[i] = rigtest.Hammerwork(t, append([]string{"worker", "--all-queues", "--handler", "simulate", "--name", fmt.Sprintf("w%d", i+1)}, args...)...)
	}
	return list
}

// file writes a workflow file and returns its path.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "workflow.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// shape writes a workflow of layers: each job sleeps and waits for some jobs of
// the layer before, the last one for all of its layer.
func shape(name string, sleep time.Duration, widths ...int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "name: %s\njobs:\n", name)
	before := 0
	for layer, width := range widths {
		for i := range width {
			var parents []string
			switch {
			case layer == 0:
			case width == 1:
				for k := range before {
					parents = append(parents, fmt.Sprintf("j%d.%d", layer-1, k))
				}
			default:
				for _, k := range []int{i % before, (i + 1) % before} {
					if p := fmt.Sprintf("j%d.%d", layer-1, k); len(parents) == 0 || parents[0] != p {
						parents = append(parents, p)
					}
				}
			}
			fmt.Fprintf(&b, "  - {name: j%d.%d, queue: q%d, depends_on: [%s], payload: {sleep_ms: %d, result: {layer: %d}}}\n",
				layer, i, layer%3, strings.Join(parents, ", "), sleep.Milliseconds(), layer)
		}
		before = width
	}
	return b.String()
}

// create enqueues a workflow file and returns the workflow's id.
func create(t *testing.T, server, path string) string {
	t.Helper()
	out, _ := call(t, 0, "workflow", "create", "--file", path, "--server", server, "-o", "json")
	var created wire.Created
	decode(t, out, &created)
	return created.ID
}

// wait waits until a workflow has completed and returns it.
func wait(t *testing.T, server, id string) wire.Workflow {
	t.Helper()
	call(t, 0, "workflow", "wait", id, "--server", server, "--timeout", (patience - 10*time.Second).String())
	return show(t, server, id)
}

func show(t *testing.T, server, id string) wire.Workflow {
	t.Helper()
	out, _ := call(t, 0, "workflow", "show", id, "--server", server, "-o", "json")
	var w wire.Workflow
	decode(t, out, &w)
	return w
}

func decode(t *testing.T, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
}

// checkOrder checks a completed workflow: every job completed in its first
// attempt and started after its parents had ended.
func checkOrder(t *testing.T, w wire.Workflow, jobs int) {
	t.Helper()
	if w.Status != "completed" || len(w.Jobs) != jobs || w.Stats.Completed != jobs {
		t.Fatalf("%s is %s with %d jobs, %d completed; want %d", w.Name, w.Status, len(w.Jobs), w.Stats.Completed, jobs)
	}
	byName := make(map[string]wire.Job, jobs)
	for _, j := range w.Jobs {
		byName[j.Name] = j
	}
	for _, j := range w.Jobs {
		if j.Status != "completed" || j.Attempt != 1 {
			t.Errorf("%s is %s after %d attempts", j.Name, j.Status, j.Attempt)
		}
		for _, name := range j.DependsOn {
			if p := byName[name]; p.FinishedAt == nil || j.StartedAt == nil || j.StartedAt.Before(*p.FinishedAt) {
				t.Errorf("%s started at %v, its parent %s ended at %v", j.Name, j.StartedAt, name, p.FinishedAt)
			}
		}
	}
}

// running waits until a job of a workflow runs. It asks the API itself, which
// is faster than starting a command.
func running(t *testing.T, server, id string) {
	t.Helper()
	rigtest.Until(t, "a job of "+id+" runs", func() bool {
		resp, err := http.Get(server + "/api/v1/workflows/" + id + "/stats")
		if err != nil {
			t.Fatal(err)
		}
		var stats wire.Stats
		err = json.NewDecoder(resp.Body).Decode(&stats)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if stats.Running == 0 && stats.Completed == stats.TotalJobs {
			t.Fatalf("no job was seen to run: %+v", stats)
		}
		return stats.Running > 0
	})
}
