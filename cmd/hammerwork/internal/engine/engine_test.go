package engine

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/serve"
	"github.com/hammerwork/hammerwork/internal/rigtest"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

func TestMain(m *testing.M) {
	rigtest.Waiting()
	goleak.VerifyTestMain(m)
}

func TestAJobThatTakesThreeLeasesRunsOnce(t *testing.T) {
	t.Parallel()
	const lease = 3 * time.Second
	var starts atomic.Int32
	handler := func(ctx context.Context, _ *worker.Job) (any, error) {
		starts.Add(1)
		return nil, soon(ctx, 3*lease)
	}
	e := open(t, Config{Handler: handler, Store: store.Options{LeaseTTL: lease}})
	start(t, e)
	long := task("long")
	_, jobs, _ := finish(t, e, submit(t, e, long))
	equal(t, "starts", starts.Load(), 1)
	equal(t, "status", jobs["long"].Status, job.Completed)
	rec, err := e.store.Job(t.Context(), long.ID)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "attempts that did not complete", len(rec.History), 0)
	equal(t, "epoch", rec.Epoch, 0)
}

func TestADataFolderServesOneEngine(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "b")
	cfg := Config{DataDir: dir, Handler: noHandler, Concurrency: 1, Log: slog.New(slog.DiscardHandler)}
	cfg.Registry = prometheus.NewRegistry()
	first, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Registry = prometheus.NewRegistry()
	if _, err := Open(t.Context(), cfg); !errors.Is(err, serve.ErrInUse) || err.Error() != filepath.Join(dir, "hammerwork.db")+": another process uses the data" {
		t.Errorf("error of the second: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	cfg.Registry = prometheus.NewRegistry()
	again, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatalf("after the first has closed: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

func TestTemporaryDataIsRemovedUnlessItIsToBeKept(t *testing.T) {
	for _, keep := range []bool{false, true} {
		t.Setenv("TMPDIR", t.TempDir())
		cfg := Config{Keep: keep, Handler: noHandler, Concurrency: 1, Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry()}
		e, err := Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		left, err := os.ReadDir(os.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "folders left", len(left) == 1, keep)
	}
}

func TestAnEngineThatCannotOpenLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "hammerwork.db"), 0o700); err != nil {
		t.Fatal(err)
	}
	cfg := Config{DataDir: dir, Handler: noHandler, Concurrency: 1, Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry()}
	for range 2 { // the second would find the lock of the first
		if _, err := Open(t.Context(), cfg); err == nil || errors.Is(err, serve.ErrInUse) {
			t.Fatalf("error: %v", err)
		}
	}
}

// chain returns jobs of which each waits for the one before.
func chain(names ...string) []*job.Job {
	var jobs []*job.Job
	for _, name := range names {
		jobs = append(jobs, task(name))
		if n := len(jobs); n > 1 {
			jobs[n-1].DependsOnJobs(jobs[n-2])
		}
	}
	return jobs
}

func TestAStoppedRunGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var mu sync.Mutex
	starts := map[string]int{}
	second := make(chan struct{})
	handler := func(ctx context.Context, j *worker.Job) (any, error) {
		mu.Lock()
		starts[j.Name]++
		mu.Unlock()
		if j.Name != "b" {
			return nil, soon(ctx, 20*time.Millisecond)
		}
		close(second)
		return nil, soon(ctx, time.Second) // the stop comes meanwhile
	}
	w := workflow.NewWorkflow("test").AddParallel(chain("a", "b", "c", "d")...)
	if err := w.Validate(); err != nil {
		t.Fatal(err)
	}
	e := open(t, Config{DataDir: dir, Handler: handler})
	stop := start(t, e)
	if _, _, err := e.Submit(t.Context(), w, "digest"); err != nil {
		t.Fatal(err)
	}
	<-second
	stop()
	rec, err := e.Workflow(t.Context(), w.ID)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "completed when it stopped", rec.Tally.Completed, 2) // b was drained
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}

	e = open(t, Config{DataDir: dir, Handler: handler})
	start(t, e)
	again := workflow.NewWorkflow("test").AddParallel(chain("a", "b", "c", "d")...)
	if err := again.Validate(); err != nil {
		t.Fatal(err)
	}
	id, resumed, err := e.Submit(t.Context(), again, "digest")
	if err != nil || !resumed || id != w.ID {
		t.Fatalf("submitted again: id %s, resumed %v, %v; want %s", id, resumed, err, w.ID)
	}
	rec, _, events := finish(t, e, id)
	equal(t, "status", rec.Status, workflow.Completed)
	told := map[string]job.Status{}
	for _, event := range events {
		told[event.Name] = event.Status
	}
	for _, name := range []string{"a", "b", "c", "d"} {
		equal(t, "starts of "+name, starts[name], 1)
		equal(t, "last event of "+name, told[name], job.Completed)
	}
	if _, resumed, err := e.Submit(t.Context(), again, "digest"); err != nil || resumed {
		t.Errorf("a run that has ended went on: %v, %v", resumed, err)
	}
}

func TestAWatchTellsEachJobsStartAndEnd(t *testing.T) {
	t.Parallel()
	handler := func(_ context.Context, j *worker.Job) (any, error) {
		if j.Name == "b" {
			return nil, worker.Permanent(errors.New("no"))
		}
		return nil, nil
	}
	rec, _, events := run(t, Config{Handler: handler}, chain("a", "b", "c")...)
	equal(t, "status", rec.Status, workflow.Failed)
	last := map[string]job.Status{}
	terminal := 0
	for _, e := range events {
		if last[e.Name].Terminal() {
			t.Errorf("%s is %s after it was %s", e.Name, e.Status, last[e.Name])
		}
		last[e.Name] = e.Status
		if e.Status.Terminal() {
			terminal++
		}
		if e.Name == "b" && e.Status == job.Failed {
			equal(t, "error told", e.Error, "no")
		}
	}
	equal(t, "ends told", terminal, 3)
	for name, want := range map[string]job.Status{"a": job.Completed, "b": job.Failed, "c": job.UpstreamFailed} {
		equal(t, name, last[name], want)
	}
}

func TestAWatchEndsWithItsContext(t *testing.T) {
	t.Parallel()
	e := open(t, Config{Handler: noHandler}) // not running: nothing ends
	id := submit(t, e, task("a"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Watch(ctx, id, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error: %v", err)
	}
}
