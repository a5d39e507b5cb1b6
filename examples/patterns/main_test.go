package patterns

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/sdk/client"
	"github.com/hammerwork/hammerwork/sdk/hammerworktest"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

// What the examples share: an engine in this process, with a worker that serves
// every queue.
var (
	ctx   = context.Background()
	queue *client.Client
	data  string // URL of the engine's database
)

func TestMain(m *testing.M) {
	e, err := hammerworktest.Open(ctx)
	check(err)
	queue, data = e.Client, e.DatabaseURL
	check(e.Work(func(w *worker.Worker) error { return worker.HandleAll(w, handle) }))
	code := m.Run()
	check(e.Close())
	os.Exit(code)
}

// check ends an example that went wrong.
func check(err error) {
	if err != nil {
		panic(err)
	}
}

// object is a JSON object.
type object = map[string]any

// handle is the work of every job: it returns what its payload says under
// "result", and fails when that says "fail".
func handle(_ context.Context, j *worker.Job) (any, error) {
	var payload struct {
		Fail   string          `json:"fail"`
		Result json.RawMessage `json:"result"`
	}
	if err := j.Decode(&payload); err != nil {
		return nil, err
	}
	if payload.Fail != "" {
		return nil, worker.Permanent(errors.New(payload.Fail))
	}
	return payload.Result, nil
}

// run enqueues a workflow, waits for its end and says how its jobs ended, in the
// order of its definition.
func run(w *workflow.Workflow) {
	_, err := queue.EnqueueWorkflow(ctx, w)
	check(err)
	done, err := queue.WaitWorkflow(ctx, w.ID)
	check(err)
	fmt.Println(done.Name, done.Status)
	jobs, err := queue.WorkflowJobs(ctx, w.ID)
	check(err)
	for _, j := range jobs {
		fmt.Println("-", j.Name, j.Status)
	}
}

// order says in which order jobs started that have ended.
func order(jobs ...*job.Job) string {
	list := make([]client.JobRecord, len(jobs))
	for i, j := range jobs {
		var err error
		list[i], err = queue.WaitJob(ctx, j.ID)
		check(err)
	}
	slices.SortStableFunc(list, func(a, b client.JobRecord) int { return a.StartedAt.Compare(b.StartedAt) })
	names := make([]string, len(list))
	for i, j := range list {
		names[i] = j.Name
	}
	return strings.Join(names, " → ")
}
