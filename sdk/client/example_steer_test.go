package client_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/sdk/client"
	"github.com/hammerwork/hammerwork/sdk/hammerworktest"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

// broken returns an engine whose worker fails jobs without a payload.
func broken(ctx context.Context) *hammerworktest.Engine {
	e, err := hammerworktest.Open(ctx)
	check(err)
	check(e.Work(func(w *worker.Worker) error {
		return worker.HandleAll(w, func(_ context.Context, j *worker.Job) (any, error) {
			if string(j.Payload) == "null" {
				return nil, worker.Permanent(errors.New("no day"))
			}
			return j.Name, nil
		})
	}))
	return e
}

func ExampleClient_RetryWorkflow() {
	ctx := context.Background()
	e := broken(ctx)
	defer e.Close()

	w := workflow.NewWorkflow("pipeline").
		Add(job.New("etl", nil).WithName("extract")).
		Then(job.New("etl", "rules").WithName("transform"))
	_, err := e.Client.EnqueueWorkflow(ctx, w)
	check(err)
	got, err := e.Client.WaitWorkflow(ctx, w.ID)
	check(err)
	causes, err := e.Client.Causes(ctx, w.ID, 10)
	check(err)
	for _, c := range causes {
		fmt.Printf("%s: %d job could not run because of %s: %s\n", got.Status, c.Count, c.Name, c.Error)
	}

	repaired := client.Retry{Payloads: map[string]any{"extract": "monday"}}
	plan, err := e.Client.PlanRetry(ctx, w.ID, repaired)
	check(err)
	for _, j := range plan.Jobs {
		fmt.Println("would run again:", j.Name, j.Status)
	}
	_, err = e.Client.RetryWorkflow(ctx, w.ID, repaired, client.By("ann"), client.Because("the day was missing"))
	check(err)
	got, err = e.Client.WaitWorkflow(ctx, w.ID)
	check(err)
	fmt.Println(got.Status, "in run", got.Run)
	// Output:
	// failed: 1 job could not run because of extract: no day
	// would run again: extract failed
	// would run again: transform upstream_failed
	// completed in run 2
}

func ExampleClient_RetryJob() {
	ctx := context.Background()
	e := broken(ctx)
	defer e.Close()

	j := job.New("etl", nil).WithName("extract")
	_, err := e.Client.Enqueue(ctx, j)
	check(err)
	got, err := e.Client.WaitJob(ctx, j.ID)
	check(err)
	fmt.Println(got.Status, got.Error)

	check(e.Client.RetryJob(ctx, j.ID, "monday", client.By("ann"), client.Because("the day was missing")))
	got, err = e.Client.WaitJob(ctx, j.ID)
	check(err)
	fmt.Println(got.Status, "in run", got.Run)
	// Output:
	// failed no day
	// completed in run 2
}

func ExampleClient_Decide() {
	ctx := context.Background()
	e := broken(ctx)
	defer e.Close()

	w := workflow.NewWorkflow("pipeline").
		Add(job.New("etl", nil).WithName("extract")).
		Then(job.New("etl", "rules").WithName("transform"))
	w.FailurePolicy = workflow.Manual
	_, err := e.Client.EnqueueWorkflow(ctx, w)
	check(err)
	_, err = e.Client.WaitJob(ctx, w.Jobs[0].ID)
	check(err)

	// Somebody loads the rows by hand, and says so.
	check(e.Client.Decide(ctx, w.ID, client.Decision{
		Job: "extract", Action: workflow.ActionComplete, Result: map[string]int{"rows": 3},
	}))
	got, err := e.Client.WaitWorkflow(ctx, w.ID)
	check(err)
	fmt.Println(got.Status, got.Stats.Completed, "completed", got.Stats.Failed, "failed")
	// Output:
	// completed 1 completed 1 failed
}

func ExampleClient_PauseWorkflow() {
	ctx := context.Background()
	e := idle(ctx)
	defer e.Close()

	w := workflow.NewWorkflow("pipeline").Add(job.New("etl", nil))
	_, err := e.Client.EnqueueWorkflow(ctx, w)
	check(err)
	check(e.Client.PauseWorkflow(ctx, w.ID, client.By("ann"), client.Because("maintenance")))
	got, err := e.Client.Workflow(ctx, w.ID)
	check(err)
	fmt.Println(got.Status)
	check(e.Client.ResumeWorkflow(ctx, w.ID))
	got, err = e.Client.Workflow(ctx, w.ID)
	check(err)
	fmt.Println(got.Status)
	// Output:
	// paused
	// running
}

func ExampleClient_Audit() {
	ctx := context.Background()
	e := idle(ctx)
	defer e.Close()

	w := workflow.NewWorkflow("pipeline").Add(job.New("etl", nil))
	_, err := e.Client.EnqueueWorkflow(ctx, w)
	check(err)
	check(e.Client.PauseWorkflow(ctx, w.ID, client.By("ann"), client.Because("maintenance")))
	check(e.Client.CancelWorkflow(ctx, w.ID, client.By("bob")))
	for entry, err := range e.Client.Audit(ctx, w.ID) {
		check(err)
		fmt.Println(entry.Actor, entry.Action, entry.Comment)
	}
	// Output:
	// ann pause maintenance
	// bob cancel
}
