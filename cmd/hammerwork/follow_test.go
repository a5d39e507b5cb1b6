package main

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/hammerwork/hammerwork/internal/rigtest"
)

const slowPair = "name: slow\njobs:\n  - {name: a, queue: q, payload: {sleep_ms: 9000}}\n  - {name: b, queue: q, depends_on: [a]}\n"

func TestAServerThatRestartsDoesNotEndAWait(t *testing.T) {
	t.Parallel()
	data, listen := t.TempDir(), rigtest.FreeAddress(t)
	server, engine := dev(t, "--data-dir", data, "--listen", listen, "--workers", "1")
	id := create(t, server, file(t, slowPair))
	waiting := rigtest.Hammerwork(t, "workflow", "wait", id, "--server", server)
	watching := rigtest.Hammerwork(t, "workflow", "status", id, "--watch", "--server", server)
	waiting.Says("note: waiting for workflow slow: 0 of 2 jobs have ended")
	watching.Says("▸ a started")
	engine.Kill()
	waiting.Says("note: the server does not answer; trying again")
	watching.Says("! the server does not answer; trying again")
	dev(t, "--data-dir", data, "--listen", listen, "--workers", "1")
	waiting.Says("note: the server answers again")
	for _, p := range []*rigtest.Process{waiting, watching} {
		p.Says("✓ slow completed in ")
		if code := p.Exit(); code != 0 {
			t.Errorf("%s: exit code %d", p.Name, code)
		}
	}
}

func TestAnInterruptEndsTheWatchingAndNotTheWorkflow(t *testing.T) {
	t.Parallel()
	server, _ := dev(t, "--workers", "1")
	id := create(t, server, file(t, slowPair))
	watching := rigtest.Hammerwork(t, "workflow", "status", id, "--watch", "--server", server)
	watching.Says("▸ a started")
	watching.Signal(syscall.SIGINT)
	watching.Says("– slow goes on")
	watching.Says("hint: the workflow goes on; hammerwork workflow cancel " + id + " cancels it")
	if code := watching.Exit(); code != 1 {
		t.Errorf("exit code %d", code)
	}
	if w := wait(t, server, id); w.Status != "completed" {
		t.Errorf("the workflow is %s", w.Status)
	}
}

func TestAListOfAnyLengthIsWholeAndItsReaderMayGoAway(t *testing.T) {
	t.Parallel()
	server, _ := dev(t)
	var text strings.Builder
	text.WriteString("name: many\njobs:\n")
	for i := range 1203 {
		fmt.Fprintf(&text, "  - {name: j%04d, queue: q}\n", i)
	}
	create(t, server, file(t, text.String()))
	out, _ := call(t, 0, "job", "list", "--all", "--server", server)
	names := regexp.MustCompile(`j\d{4}`).FindAllString(out, -1)
	if len(names) != 1203 || names[0] != "j1202" || names[1202] != "j0000" || strings.Count(out, "STATUS") != 1 {
		t.Errorf("%d jobs, from %s to %s", len(names), names[0], names[len(names)-1])
	}
	out, _ = call(t, 0, "job", "list", "--limit", "777", "--server", server)
	if n := strings.Count(out, "\n"); n != 778 {
		t.Errorf("%d lines", n)
	}
	c := exec.Command("sh", "-c", `{ hammerwork job list --all --server "$0" 2>told; echo "exit code $?" >>told; } | true; cat told`, server)
	c.Dir = t.TempDir()
	if got, err := c.Output(); err != nil || string(got) != "exit code 0\n" {
		t.Errorf("%v, it told:\n%s", err, got)
	}
}
