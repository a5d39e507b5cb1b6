package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/engine"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// ending is how a job of the fake engine ends.
type ending struct {
	status job.Status
	result string
	err    string
}

// fakeEngine ends jobs as told, in the order of the file; jobs it was told
// nothing about complete. It is used by one session.
type fakeEngine struct {
	cfg       engine.Config
	endings   map[string]ending
	resumed   bool
	stuck     bool          // the workflow only ends when it is cancelled
	deaf      bool          // not even then
	watching  chan struct{} // closed when Watch began
	submitted *workflow.Workflow
	digest    string
	cancelled chan struct{}
	closed    bool

	record store.WorkflowRecord
	jobs   []store.JobRecord
}

func newFakeEngine() *fakeEngine {
	return &fakeEngine{endings: make(map[string]ending), watching: make(chan struct{}), cancelled: make(chan struct{}, 1)}
}

func (e *fakeEngine) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func (e *fakeEngine) Submit(_ context.Context, w *workflow.Workflow, digest string) (job.ID, bool, error) {
	e.submitted, e.digest = w, digest
	start := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	e.record = store.WorkflowRecord{ID: w.ID, Name: w.Name, Status: workflow.Running, FailurePolicy: w.FailurePolicy, Run: 1, CreatedAt: start, StartedAt: start}
	e.record.Tally.Total = len(w.Jobs)
	for _, j := range w.Jobs {
		r := store.JobRecord{ID: j.ID, Workflow: w.ID, Name: j.Name, Queue: j.Queue, Status: job.Pending, Priority: job.Normal, MaxAttempts: 3, CreatedAt: start, ScheduledAt: start}
		for _, d := range j.DependsOn {
			r.DependsOn = append(r.DependsOn, d.Parent)
		}
		e.jobs = append(e.jobs, r)
	}
	return w.ID, e.resumed, nil
}

func (e *fakeEngine) Watch(ctx context.Context, _ job.ID, on func(bus.JobEvent)) (store.WorkflowRecord, error) {
	close(e.watching)
	if e.stuck {
		select {
		case <-e.cancelled:
			if e.deaf {
				<-ctx.Done()
				return store.WorkflowRecord{}, ctx.Err()
			}
			return e.end(on, workflow.Cancelled, func(string) ending { return ending{status: job.Cancelled} }), nil
		case <-ctx.Done():
			return store.WorkflowRecord{}, ctx.Err()
		}
	}
	status := workflow.Completed
	for _, end := range e.endings {
		if end.status.Failure() {
			status = workflow.Failed
		}
	}
	return e.end(on, status, func(name string) ending { return e.endings[name] }), nil
}

func (e *fakeEngine) end(on func(bus.JobEvent), status workflow.Status, how func(string) ending) store.WorkflowRecord {
	for i := range e.jobs {
		j := &e.jobs[i]
		end := how(j.Name)
		if end.status == "" {
			end.status = job.Completed
		}
		if end.status != job.UpstreamFailed && end.status != job.Cancelled {
			on(bus.JobEvent{Job: j.ID, Name: j.Name, Status: job.Running, Attempt: 1})
			j.Attempts, j.StartedAt = 1, e.record.StartedAt
		}
		j.Status, j.Error, j.Result = end.status, end.err, json.RawMessage(end.result)
		j.FinishedAt = e.record.StartedAt.Add(1500 * time.Millisecond)
		*e.record.Tally.Of(end.status)++
		on(bus.JobEvent{Job: j.ID, Name: j.Name, Status: j.Status, Attempt: 1, Error: j.Error})
	}
	e.record.Status, e.record.FinishedAt = status, e.record.StartedAt.Add(2*time.Second)
	return e.record
}

func (e *fakeEngine) Workflow(context.Context, job.ID) (store.WorkflowRecord, error) {
	return e.record, nil
}
func (e *fakeEngine) Jobs(context.Context, job.ID) ([]store.JobRecord, error) { return e.jobs, nil }
func (e *fakeEngine) Cancel(context.Context, job.ID) error                    { e.cancelled <- struct{}{}; return nil }

func (e *fakeEngine) Find(context.Context, store.JobFilter) ([]store.JobRecord, error) {
	return nil, nil
}
func (e *fakeEngine) Answer(context.Context, store.Answer, store.Actor) error { return nil }

func (e *fakeEngine) Close() error { e.closed = true; return nil }

// result is what a call of the command line left.
type result struct {
	code     int
	out, err string
}

// call runs the command line on a fake engine. signals may be nil.
func call(t *testing.T, e *fakeEngine, signals chan os.Signal, args ...string) result {
	t.Helper()
	var out, errOut bytes.Buffer
	a := &app{in: strings.NewReader(""), out: &out, err: &errOut, format: output.FormatTable, signals: signals}
	a.open = func(_ context.Context, cfg engine.Config) (runner, error) { e.cfg = cfg; return e, nil }
	code := a.main(args)
	return result{code, out.String(), errOut.String()}
}

// workflowFile writes a workflow file and returns its path.
func workflowFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "workflow.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const etl = `name: etl
jobs:
  - {name: extract, queue: q}
  - {name: transform, queue: q, depends_on: [extract]}
  - {name: load, queue: q, depends_on: [transform]}
  - {name: report, queue: q, depends_on: [transform]}
`
