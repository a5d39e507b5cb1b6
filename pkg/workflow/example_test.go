package workflow_test

import (
	"fmt"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// made prints what the jobs of a valid workflow are, those of parts indented.
func made(w *workflow.Workflow) {
	if err := w.Validate(); err != nil {
		fmt.Println(err)
		return
	}
	for _, j := range w.Jobs {
		fmt.Println(j.Name, "on", j.Queue)
		if p := workflow.PartsOf(j); p != nil && p.Workflow != nil {
			for _, item := range p.Workflow.Jobs {
				fmt.Printf("  %s on %s: %s\n", item.Name, item.Queue, item.Payload)
			}
		}
	}
}

// A batch is one job of many items. Others depend on it as on any job.
func ExampleNewBatch() {
	resize := workflow.NewBatch("images", []any{map[string]string{"file": "a.png"}, map[string]string{"file": "b.png"}}).
		WithName("resize").WithRetry(job.RetryPolicy{MaxAttempts: 5}) // of each item
	workflow.WithBatchMode(resize, workflow.CollectErrors)

	made(workflow.NewWorkflow("gallery").Add(resize).Then(job.New("web", nil).WithName("publish")))
	// Output:
	// resize on images
	//   resize[0] on images: {"file":"a.png"}
	//   resize[1] on images: {"file":"b.png"}
	// publish on web
}

// A map makes an item for each element of a list that a job before it results in.
func ExampleNewMap() {
	regions := job.New("ops", nil).WithName("regions")
	deploy := workflow.NewMap("ops", "deps.regions.result.list", map[string]int{"version": 7}).
		WithName("deploy").DependsOnJobs(regions)
	workflow.WithMaxParallel(deploy, 2)
	workflow.WithTolerate(deploy, 1)

	w := workflow.NewWorkflow("rollout").AddHandlers(regions, deploy)
	fmt.Println(w.Validate())

	// What it makes when the list is known:
	items, err := workflow.PartsOf(deploy).Items(deploy, []byte(`["eu","us"]`), nil)
	fmt.Println(err)
	for _, item := range items.Jobs {
		fmt.Printf("%s: %s\n", item.Name, item.Payload)
	}
	// Output:
	// <nil>
	// <nil>
	// deploy[0]: {"index":0,"item":"eu","version":7}
	// deploy[1]: {"index":1,"item":"us","version":7}
}

// A workflow can be a job of another one.
func ExampleWorkflow_AsJob() {
	report := workflow.NewWorkflow("").
		AddParallel(job.New("reports", nil).WithName("tables"), job.New("reports", nil).WithName("charts")).
		Then(job.New("reports", nil).WithName("print"))

	made(workflow.NewWorkflow("monthly").
		Add(job.New("etl", nil).WithName("extract")).
		Then(report.AsJob("report")).
		Then(job.New("mail", nil).WithName("send").WithInput("pages", "deps.report.result.print.pages")))
	// Output:
	// extract on etl
	// report on workflow
	//   tables on reports: null
	//   charts on reports: null
	//   print on reports: null
	// send on mail
}

// Gates wait for somebody, for something or for a time, and hold no worker.
func Example_gates() {
	made(workflow.NewWorkflow("release").
		Add(job.New("ci", nil).WithName("build")).
		Then(job.NewApproval("approve").WithExpiry(24 * time.Hour)).
		Then(job.New("ops", nil).WithName("deploy")).
		Then(job.NewTimer("settle", 10*time.Minute)).
		Then(job.NewSignal("measured").WithPayloadOnExpiry(time.Hour, map[string]bool{"ok": true})).
		Then(job.New("mail", nil).WithName("announce").WithCondition("deps.measured.result.ok")))
	// Output:
	// build on ci
	// approve on gate
	// deploy on ops
	// settle on gate
	// measured on gate
	// announce on mail
}
