package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/rigtest"
	"github.com/hammerwork/hammerwork/internal/wire"
)

func TestTwoWorkersFindDevAndRunWorkflowsInOrder(t *testing.T) {
	t.Parallel()
	server, _ := dev(t)
	for _, w := range workers(t, 2, "--server", server) {
		w.Says("connected")
	}
	big := create(t, server, file(t, shape("mosaic", time.Millisecond, 48, 198, 3, 48, 3, 1)))
	small := create(t, server, file(t, shape("chain", 10*time.Millisecond, 1, 1, 1, 1, 1)))
	checkOrder(t, wait(t, server, big), 301)
	checkOrder(t, wait(t, server, small), 5)
}

func TestDevThatWasKilledGoesOnWithTheSameData(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	server, engine := dev(t, "--data-dir", data, "--workers", "1", "--concurrency", "4")
	id := create(t, server, file(t, shape("killed", 200*time.Millisecond, 10, 10, 10, 10, 10, 1)))
	running(t, server, id)
	engine.Kill()
	server, _ = dev(t, "--data-dir", data, "--workers", "1", "--concurrency", "4")
	w := wait(t, server, id)
	if w.Status != "completed" || w.Stats.Completed != 51 {
		t.Errorf("%s, %d completed", w.Status, w.Stats.Completed)
	}
	again := 0
	for _, j := range w.Jobs {
		again += j.Attempt - 1
	}
	if again > 4 {
		t.Errorf("%d jobs ran again, but only 4 were running", again)
	}
}

// Workers of their own outlive the engine: what they run counts, once.
func TestWorkersOutliveDevAndNothingRunsAgain(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	natsPort := rigtest.FreeAddress(t)
	server, engine := dev(t, "--data-dir", data, "--nats-listen", natsPort)
	list := workers(t, 2, "--nats-url", "nats://"+natsPort)
	for _, w := range list {
		w.Says("connected")
	}
	id := create(t, server, file(t, shape("outlived", 500*time.Millisecond, 20, 20, 20, 1)))
	running(t, server, id)
	engine.Kill()
	server, _ = dev(t, "--data-dir", data, "--nats-listen", natsPort)
	checkOrder(t, wait(t, server, id), 61)
}

// Another port is another address; workers that asked the API ask again.
func TestWorkersFollowNATSToAnotherPort(t *testing.T) {
	t.Parallel()
	data, listen := t.TempDir(), rigtest.FreeAddress(t)
	server, engine := dev(t, "--data-dir", data, "--listen", listen)
	for _, w := range workers(t, 2, "--server", server) {
		w.Says("connected")
	}
	id := create(t, server, file(t, shape("moved", 500*time.Millisecond, 20, 20, 20, 1)))
	running(t, server, id)
	engine.Kill()
	server, _ = dev(t, "--data-dir", data, "--listen", listen)
	checkOrder(t, wait(t, server, id), 61)
}

func TestASecondDevOnTheSameDataIsRefused(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	dev(t, "--data-dir", data)
	_, stderr := call(t, 4, "dev", "--data-dir", data, "--listen", "127.0.0.1:0")
	if !strings.Contains(stderr, "another process uses the data") || !strings.Contains(stderr, "hint: ") {
		t.Errorf("it said:\n%s", stderr)
	}
	// Nor does anybody change its schema.
	_, stderr = call(t, 4, "migrate", "down", "--database-url", "sqlite://"+data+"/hammerwork.db")
	if !strings.Contains(stderr, "another process uses the data") {
		t.Errorf("migrate said:\n%s", stderr)
	}
}

func TestATakenPortIsExplained(t *testing.T) {
	t.Parallel()
	server, _ := dev(t)
	address := strings.TrimPrefix(server, "http://")
	for _, args := range [][]string{
		{"dev", "--listen", address},
		{"dev", "--listen", "127.0.0.1:0", "--nats-listen", address},
		{"dev", "--listen", "127.0.0.1:0", "--health-listen", address},
	} {
		_, stderr := call(t, 4, args...)
		if !strings.Contains(stderr, "the port is taken") || !strings.Contains(stderr, "hint: another process listens there") {
			t.Errorf("%v said:\n%s", args, stderr)
		}
	}
}

func TestDevStopsOnSIGTERMAndLetsRunningJobsEnd(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	server, engine := dev(t, "--data-dir", data, "--workers", "1")
	id := create(t, server, file(t, "name: slow\njobs:\n  - {name: a, queue: q, payload: {sleep_ms: 3000}}\n  - {name: b, queue: q, depends_on: [a], payload: {}}\n"))
	running(t, server, id)
	if code := engine.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	server, _ = dev(t, "--data-dir", data, "--workers", "1")
	checkOrder(t, wait(t, server, id), 2)
}

func TestDevTellsOfItsHealth(t *testing.T) {
	t.Parallel()
	address := rigtest.FreeAddress(t)
	dev(t, "--health-listen", address)
	for _, path := range []string{"/livez", "/readyz", "/metrics"} {
		resp, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
}

// Any name of a queue finds its way through a URL.
func TestQueuesOfAnyNameArePausedAndResumed(t *testing.T) {
	t.Parallel()
	server, _ := dev(t)
	for _, name := range []string{".", "..", "a/b", "a b", "ä%2F", "?x=1", "#", "-"} {
		call(t, 0, "queue", "pause", "--server", server, "--", name)
		out, _ := call(t, 0, "queue", "resume", "--server", server, "-o", "json", "--", name)
		var q wire.Queue
		decode(t, out, &q)
		if q.Name != name || q.Paused {
			t.Errorf("%q was resumed as %+v", name, q)
		}
	}
}
