package client_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/sdk/client"
	"github.com/hammerwork/hammerwork/sdk/hammerworktest"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

// check ends an example that went wrong.
func check(err error) {
	if err != nil {
		panic(err)
	}
}

// running returns an engine with a worker that returns each job's name as its
// result.
func running(ctx context.Context) *hammerworktest.Engine {
	e, err := hammerworktest.Open(ctx)
	check(err)
	check(e.Work(func(w *worker.Worker) error {
		return worker.HandleAll(w, func(_ context.Context, j *worker.Job) (any, error) { return j.Name, nil })
	}))
	return e
}

// idle returns an engine without a worker: what is enqueued stays.
func idle(ctx context.Context) *hammerworktest.Engine {
	e, err := hammerworktest.Open(ctx)
	check(err)
	return e
}

func ExampleNew() {
	dir, err := os.MkdirTemp("", "example-")
	check(err)
	defer os.RemoveAll(dir)

	ctx := context.Background()
	c, err := client.New(ctx, client.Config{
		DatabaseURL: "sqlite://" + filepath.ToSlash(dir) + "/hammerwork.db", // or postgres://user:password@host:5432/database
		NATSURL:     "",                                                     // nats://127.0.0.1:4222, for hints
	})
	check(err)
	defer c.Close()

	_, err = c.Job(ctx, job.NewID())
	fmt.Println(errors.Is(err, job.ErrNotFound))
	// Output: true
}

func ExampleClient_Enqueue() {
	ctx := context.Background()
	e := running(ctx)
	defer e.Close()

	j := job.New("mail", map[string]string{"to": "a@example.com"}).WithName("welcome")
	_, err := e.Client.Enqueue(ctx, j)
	check(err)

	done, err := e.Client.WaitJob(ctx, j.ID)
	check(err)
	fmt.Println(done.Name, done.Status, string(done.Result))
	// Output: welcome completed "welcome"
}

func ExampleIdempotencyKey() {
	ctx := context.Background()
	e := idle(ctx)
	defer e.Close()

	mail := func(to string) *job.Job { return job.New("mail", map[string]string{"to": to}) }
	first, err := e.Client.Enqueue(ctx, mail("a@example.com"), client.IdempotencyKey("order-7"))
	check(err)
	again, err := e.Client.Enqueue(ctx, mail("a@example.com"), client.IdempotencyKey("order-7"))
	check(err)
	fmt.Println(again.Existing, again.ID == first.ID)

	_, err = e.Client.Enqueue(ctx, mail("b@example.com"), client.IdempotencyKey("order-7"))
	fmt.Println(errors.Is(err, client.ErrKeyReused))
	// Output:
	// true true
	// true
}

func ExampleClient_EnqueueMany() {
	ctx := context.Background()
	e := idle(ctx)
	defer e.Close()

	var jobs []*job.Job
	for i := range 1000 {
		jobs = append(jobs, job.New("resize", map[string]int{"image": i}))
	}
	list, err := e.Client.EnqueueMany(ctx, jobs) // one transaction
	check(err)
	fmt.Println(len(list), list[999].ID == jobs[999].ID)
	// Output: 1000 true
}

func ExampleIdempotencyKeys() {
	ctx := context.Background()
	e := idle(ctx)
	defer e.Close()

	jobs := func() []*job.Job { return []*job.Job{job.New("mail", 1), job.New("mail", 2)} }
	_, err := e.Client.EnqueueMany(ctx, jobs()[:1], client.IdempotencyKeys("row-1"))
	check(err)
	list, err := e.Client.EnqueueMany(ctx, jobs(), client.IdempotencyKeys("row-1", "row-2"))
	check(err)
	fmt.Println(list[0].Existing, list[1].Existing)
	// Output: true false
}

func ExampleClient_EnqueueWorkflow() {
	ctx := context.Background()
	e := running(ctx)
	defer e.Close()

	extract := job.New("etl", map[string]string{"source": "production"}).WithName("extract")
	left := job.New("etl", nil).WithName("left")
	right := job.New("etl", nil).WithName("right")
	load := job.New("etl", nil).WithName("load")
	w := workflow.NewWorkflow("pipeline").Add(extract).Then(left, right).Then(load)

	_, err := e.Client.EnqueueWorkflow(ctx, w)
	check(err)
	done, err := e.Client.WaitWorkflow(ctx, w.ID)
	check(err)
	fmt.Printf("%s: %d of %d jobs, %g%%\n", done.Status, done.Stats.Completed, done.Stats.Total, done.Stats.CompletionPercentage)
	// Output: completed: 4 of 4 jobs, 100%
}

func ExampleClient_EnqueueWorkflow_invalid() {
	ctx := context.Background()
	e := idle(ctx)
	defer e.Close()

	a := job.New("etl", nil).WithName("a").DependsOnNames("b")
	b := job.New("etl", nil).WithName("b").DependsOnNames("a")
	_, err := e.Client.EnqueueWorkflow(ctx, workflow.NewWorkflow("circle").AddParallel(a, b))

	var invalid *workflow.Error
	if errors.As(err, &invalid) {
		for _, f := range invalid.Faults {
			fmt.Println(f.Code, "at", f.Path)
		}
	}
	// Output: cycle at jobs[0].depends_on
}

func ExampleClient_Workflow() {
	ctx := context.Background()
	e := idle(ctx)
	defer e.Close()

	w := workflow.NewWorkflow("pipeline").Add(job.New("etl", nil)).WithPriority(job.High)
	_, err := e.Client.EnqueueWorkflow(ctx, w)
	check(err)

	got, err := e.Client.Workflow(ctx, w.ID)
	check(err)
	fmt.Println(got.Name, got.Status, got.Priority)

	stats, err := e.Client.WorkflowStats(ctx, w.ID)
	check(err)
	fmt.Println(stats.Pending, "of", stats.Total)
	// Output:
	// pipeline running high
	// 1 of 1
}

func ExampleClient_WorkflowJobs() {
	ctx := context.Background()
	e := running(ctx)
	defer e.Close()

	w := workflow.NewWorkflow("pipeline").Add(job.New("etl", nil).WithName("extract")).Then(job.New("etl", nil).WithName("load"))
	_, err := e.Client.EnqueueWorkflow(ctx, w)
	check(err)
	_, err = e.Client.WaitWorkflow(ctx, w.ID)
	check(err)

	jobs, err := e.Client.WorkflowJobs(ctx, w.ID)
	check(err)
	for _, j := range jobs {
		fmt.Println(j.Name, j.Status, string(j.Result))
	}
	// Output:
	// extract completed "extract"
	// load completed "load"
}

func ExampleClient_Workflows() {
	ctx := context.Background()
	e := idle(ctx)
	defer e.Close()
	for _, name := range []string{"first", "second", "third"} {
		_, err := e.Client.EnqueueWorkflow(ctx, workflow.NewWorkflow(name).Add(job.New("etl", nil)))
		check(err)
	}

	for w, err := range e.Client.Workflows(ctx, client.WorkflowFilter{Status: workflow.Running}) {
		check(err)
		fmt.Println(w.Name)
	}
	// Output:
	// third
	// second
	// first
}

func ExampleClient_Jobs() {
	ctx := context.Background()
	e := idle(ctx)
	defer e.Close()
	for i := range 5 {
		_, err := e.Client.Enqueue(ctx, job.New("etl", nil).WithName(fmt.Sprint("job-", i)))
		check(err)
	}

	f := client.JobFilter{Queue: "etl"}
	for {
		var page []string
		for j, err := range e.Client.Jobs(ctx, f) { // two at a time
			check(err)
			page = append(page, j.Name)
			f.After = j.ID
			if len(page) == 2 {
				break
			}
		}
		fmt.Println(page)
		if len(page) < 2 {
			break
		}
	}
	// Output:
	// [job-4 job-3]
	// [job-2 job-1]
	// [job-0]
}

func ExampleClient_CancelWorkflow() {
	ctx := context.Background()
	e := idle(ctx)
	defer e.Close()

	w := workflow.NewWorkflow("pipeline").Add(job.New("etl", nil))
	_, err := e.Client.EnqueueWorkflow(ctx, w)
	check(err)
	check(e.Client.CancelWorkflow(ctx, w.ID))

	got, err := e.Client.WaitWorkflow(ctx, w.ID)
	check(err)
	fmt.Println(got.Status, got.Stats.Cancelled)
	fmt.Println(errors.Is(e.Client.CancelWorkflow(ctx, w.ID), job.ErrWrongState))
	// Output:
	// cancelled 1
	// true
}

func ExampleClient_CancelJob() {
	ctx := context.Background()
	e := idle(ctx)
	defer e.Close()

	j := job.New("mail", nil).WithDelay(time.Hour)
	_, err := e.Client.Enqueue(ctx, j)
	check(err)
	check(e.Client.CancelJob(ctx, j.ID))

	got, err := e.Client.Job(ctx, j.ID)
	check(err)
	fmt.Println(got.Status, got.Reason)
	// Output: cancelled user
}

func ExampleClient_SetQueueWeights() {
	ctx := context.Background()
	e := running(ctx)
	defer e.Close()

	weights, err := job.ParseWeights("critical=16,high=8,normal=4,low=2")
	check(err)
	check(e.Client.SetQueueWeights(ctx, "mail", weights))

	queues, err := e.Client.Queues(ctx)
	check(err)
	for _, q := range queues {
		if q.Name == "mail" {
			fmt.Println(q.Weights)
		}
	}
	// Output: critical=16,high=8,normal=4,low=2,background=1
}

func ExampleClient_PauseQueue() {
	ctx := context.Background()
	e := running(ctx)
	defer e.Close()

	check(e.Client.PauseQueue(ctx, "mail"))
	j := job.New("mail", nil)
	_, err := e.Client.Enqueue(ctx, j)
	check(err)

	queues, err := e.Client.Queues(ctx)
	check(err)
	for _, q := range queues {
		fmt.Println(q.Name, "paused:", !q.PausedAt.IsZero(), "ready:", q.Ready)
	}

	check(e.Client.ResumeQueue(ctx, "mail"))
	done, err := e.Client.WaitJob(ctx, j.ID)
	check(err)
	fmt.Println(done.Status)
	// Output:
	// mail paused: true ready: 1
	// completed
}

func ExampleClient_Spawned() {
	ctx := context.Background()
	e := idle(ctx)
	defer e.Close()
	check(e.Work(func(w *worker.Worker) error {
		return worker.HandleAll(w, func(_ context.Context, j *worker.Job) (any, error) {
			if j.Name == "scan" {
				return nil, j.Spawn(job.New("import", nil).WithName("import-a.csv"))
			}
			return nil, nil
		})
	}))

	scan := job.New("scan", nil)
	_, err := e.Client.Enqueue(ctx, scan)
	check(err)
	_, err = e.Client.WaitJob(ctx, scan.ID)
	check(err)
	for j, err := range e.Client.Spawned(ctx, scan.ID) {
		check(err)
		fmt.Println(j.Name, "of", scan.Name)
	}
	// Output: import-a.csv of scan
}
