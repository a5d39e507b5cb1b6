package client_test

import (
	"context"
	"fmt"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func ExampleClient_CriticalPath() {
	ctx := context.Background()
	e := running(ctx)
	defer e.Close()

	w := workflow.NewWorkflow("pipeline").Add(job.New("etl", nil).WithName("extract")).Then(job.New("etl", nil).WithName("load"))
	_, err := e.Client.EnqueueWorkflow(ctx, w)
	check(err)
	_, err = e.Client.WaitWorkflow(ctx, w.ID)
	check(err)

	p, err := e.Client.CriticalPath(ctx, w.ID)
	check(err)
	for _, j := range p.Path {
		fmt.Println(j.Name, j.Status, "slack", j.Slack)
	}
	// Output:
	// extract completed slack 0s
	// load completed slack 0s
}

func ExampleClient_Remaining() {
	ctx := context.Background()
	e := idle(ctx)
	defer e.Close()

	w := workflow.NewWorkflow("pipeline").Add(job.New("etl", nil))
	_, err := e.Client.EnqueueWorkflow(ctx, w)
	check(err)

	left, err := e.Client.Remaining(ctx, w.ID)
	check(err)
	if left.Runs == 0 {
		fmt.Println("no past runs")
	}
	// Output: no past runs
}

func ExampleClient_Events() {
	ctx := context.Background()
	e := running(ctx)
	defer e.Close()

	w := workflow.NewWorkflow("single").Add(job.New("etl", nil).WithName("extract"))
	_, err := e.Client.EnqueueWorkflow(ctx, w)
	check(err)
	_, err = e.Client.WaitWorkflow(ctx, w.ID)
	check(err)

	for event, err := range e.Client.Events(ctx, w.ID) {
		check(err)
		if event.Name != "" {
			fmt.Println(event.Type, event.Name, event.Status)
		}
	}
	// Output:
	// job_started extract running
	// job_ended extract completed
}
