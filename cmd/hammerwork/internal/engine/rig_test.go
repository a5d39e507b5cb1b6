package engine

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/serve"
	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

// patience is how long a test waits for what must come.
const patience = 4 * time.Minute

// lasting is for tests that need every lease to hold, on a busy machine, too.
var lasting = store.Options{AcceptTTL: 20 * time.Second, LeaseTTL: time.Minute}

// open opens an engine with a handler. The test's end closes it.
func open(t *testing.T, cfg Config) *Engine {
	t.Helper()
	cfg.Log, cfg.Registry = slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	if cfg.Concurrency == 0 {
		cfg.Concurrency = 8
	}
	if cfg.Workers == 0 {
		cfg.Workers = 1
	}
	if cfg.Services == nil {
		cfg.Services, cfg.Settings = []string{"scheduler", "resolver", "dispatcher"}, serve.DefaultConfig()
	}
	e, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return e
}

// start runs e until the function it returns is called, or the test ends.
func start(t *testing.T, e *Engine) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// submit hands in a workflow of jobs.
func submit(t *testing.T, e *Engine, jobs ...*job.Job) job.ID {
	t.Helper()
	w := workflow.NewWorkflow("test").AddParallel(jobs...).WithFailurePolicy(workflow.ContinueOnFailure)
	if err := w.Validate(); err != nil {
		t.Fatal(err)
	}
	id, resumed, err := e.Submit(t.Context(), w, "")
	if err != nil || resumed {
		t.Fatalf("submit: resumed %v, %v", resumed, err)
	}
	return id
}

// finish waits until a workflow has ended and returns it, its jobs by name and
// the events of them.
func finish(t *testing.T, e *Engine, id job.ID) (store.WorkflowRecord, map[string]store.JobRecord, []bus.JobEvent) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var events []bus.JobEvent
	rec, err := e.Watch(ctx, id, func(event bus.JobEvent) { events = append(events, event) })
	if err != nil {
		t.Fatalf("watch: %v", err)
	}
	list, err := e.Jobs(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	jobs := map[string]store.JobRecord{}
	for _, j := range list {
		jobs[j.Name] = j
	}
	return rec, jobs, events
}

// run starts an engine with a handler and runs jobs on it to their end.
func run(t *testing.T, cfg Config, jobs ...*job.Job) (store.WorkflowRecord, map[string]store.JobRecord, []bus.JobEvent) {
	t.Helper()
	e := open(t, cfg)
	start(t, e)
	return finish(t, e, submit(t, e, jobs...))
}

// task returns a job that is tried once.
func task(name string, parents ...*job.Job) *job.Job {
	return job.New("q", name).WithName(name).DependsOnJobs(parents...).WithRetry(job.RetryPolicy{MaxAttempts: 1})
}

// soon ends d from now, or with the context.
func soon(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// witness is a handler that sees every start and end, in one order.
type witness struct {
	takes   func(name string) time.Duration
	parents map[string][]string

	mu     sync.Mutex
	starts map[string]int
	ended  map[string]bool
	most   int // handlers at once
	now    int
	faults []string
}

func watchOver(jobs []*job.Job, takes func(string) time.Duration) *witness {
	w := &witness{takes: takes, parents: map[string][]string{}, starts: map[string]int{}, ended: map[string]bool{}}
	names := map[job.ID]string{}
	for _, j := range jobs {
		names[j.ID] = j.Name
		for _, d := range j.DependsOn {
			w.parents[j.Name] = append(w.parents[j.Name], names[d.Parent])
		}
	}
	return w
}

func (w *witness) handle(ctx context.Context, j *worker.Job) (any, error) {
	w.begin(j.Name)
	defer w.end(j.Name)
	var got []string
	for p, err := range j.ParentResults(ctx) {
		if err != nil {
			return nil, err
		}
		got = append(got, p.Name)
	}
	if want := slices.Sorted(slices.Values(w.parents[j.Name])); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
		w.fault("%s got the results of %v, its parents are %v", j.Name, got, want)
	}
	return j.Name, soon(ctx, w.takes(j.Name))
}

func (w *witness) begin(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.starts[name]++
	w.now++
	w.most = max(w.most, w.now)
	for _, p := range w.parents[name] {
		if !w.ended[p] {
			w.faults = append(w.faults, fmt.Sprintf("%s started before %s had ended", name, p))
		}
	}
}

func (w *witness) end(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended[name] = true
	w.now--
}

func (w *witness) fault(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, fmt.Sprintf(format, args...))
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
