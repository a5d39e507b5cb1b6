package patterns

import (
	"fmt"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// A workflow with its settings: it is enqueued, looked at and cancelled.
func Example_managing() {
	w := workflow.NewWorkflow("daily_report_generation").
		WithDescription("Generate daily sales and analytics reports").
		WithTimeout(2 * time.Hour).
		WithPriority(job.High).
		Add(job.New("extract_sales_data", nil).WithDelay(hour)).
		Then(job.New("generate_report", nil)).
		Then(job.New("send_report_email", nil))
	_, err := queue.EnqueueWorkflow(ctx, w)
	check(err)

	say := func() {
		record, err := queue.Workflow(ctx, w.ID)
		check(err)
		switch record.Status {
		case workflow.Running:
			fmt.Println("Workflow is executing")
		case workflow.Completed:
			fmt.Println("Workflow completed successfully")
		case workflow.Failed:
			fmt.Println("Workflow failed")
		case workflow.Cancelled:
			fmt.Println("Workflow was cancelled")
		}
	}
	say()
	check(queue.CancelWorkflow(ctx, w.ID))
	say()
	// Output:
	// Workflow is executing
	// Workflow was cancelled
}

// How far a workflow is, in numbers.
func Example_statistics() {
	w := workflow.NewWorkflow("statistics").
		Add(job.New("first", nil)).
		Then(job.New("second", object{"fail": "disk full"}), job.New("third", nil)).
		AddHandlers(job.New("later", nil).WithDelay(hour)).
		WithFailurePolicy(workflow.ContinueOnFailure)
	_, err := queue.EnqueueWorkflow(ctx, w)
	check(err)
	for _, j := range w.Jobs[:3] {
		_, err := queue.WaitJob(ctx, j.ID)
		check(err)
	}

	stats, err := queue.WorkflowStats(ctx, w.ID)
	check(err)
	fmt.Printf("Total jobs: %d\n", stats.Total)
	fmt.Printf("Completed: %d\n", stats.Completed)
	fmt.Printf("Failed: %d\n", stats.Failed)
	fmt.Printf("Pending: %d\n", stats.Pending)
	fmt.Printf("Running: %d\n", stats.Running)
	fmt.Printf("Completion: %.1f%%\n", stats.CompletionPercentage)
	check(queue.CancelWorkflow(ctx, w.ID))
	// Output:
	// Total jobs: 4
	// Completed: 2
	// Failed: 1
	// Pending: 1
	// Running: 0
	// Completion: 75.0%
}

// What runs for long gets a deadline, and says when nothing moves any more.
func Example_health() {
	w := workflow.NewWorkflow("daily_batch_processing").
		WithTimeout(4 * time.Hour).
		WithHealthCheckInterval(15 * time.Minute).
		Add(job.New("extract", nil)).
		Then(job.New("transform", nil)).
		Then(job.New("load", nil))
	enqueued := time.Now()
	_, err := queue.EnqueueWorkflow(ctx, w)
	check(err)
	done, err := queue.WaitWorkflow(ctx, w.ID)
	check(err)
	fmt.Println(done.Status, done.DeadlineAt.Sub(enqueued).Round(time.Hour))
	// Output: completed 4h0m0s
}

// One trace and one correlation id go through all jobs of a workflow.
func Example_tracing() {
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	w := workflow.NewWorkflow("traced_workflow").
		WithTraceID(trace).
		WithCorrelationID("daily-report-001").
		Add(job.New("job1", nil).WithTraceID(trace)).
		Then(job.New("job2", nil)).
		Then(job.New("job3", nil))
	_, err := queue.EnqueueWorkflow(ctx, w)
	check(err)
	_, err = queue.WaitWorkflow(ctx, w.ID)
	check(err)
	jobs, err := queue.WorkflowJobs(ctx, w.ID)
	check(err)
	for _, j := range jobs {
		fmt.Println(j.Name, j.TraceID == trace, j.CorrelationID)
	}
	// Output:
	// job1 true daily-report-001
	// job2 true daily-report-001
	// job3 true daily-report-001
}

// Names say what a job does, for people who read about it later.
func Example_names() {
	run(workflow.NewWorkflow("customer_onboarding_pipeline").
		Add(job.New("onboarding", nil).WithName("validate_customer_data")).
		Then(job.New("onboarding", nil).WithName("create_customer_account")).
		Then(job.New("mail", nil).WithName("send_welcome_email")))
	// Output:
	// customer_onboarding_pipeline completed
	// - validate_customer_data completed
	// - create_customer_account completed
	// - send_welcome_email completed
}

// Jobs as large as a step that makes sense by itself.
func Example_granularity() {
	run(workflow.NewWorkflow("customers").
		Add(job.New("extract_customer_data", nil)).
		Then(job.New("transform_customer_data", nil)).
		Then(job.New("load_customer_data", nil)))
	// Output:
	// customers completed
	// - extract_customer_data completed
	// - transform_customer_data completed
	// - load_customer_data completed
}

// A web of dependencies works too; a chain is easier to follow.
func Example_web() {
	a := job.New("job1", nil)
	b, c := job.New("job2", nil).DependsOnJobs(a), job.New("job3", nil).DependsOnJobs(a)
	d, e, f := job.New("job4", nil).DependsOnJobs(b), job.New("job5", nil).DependsOnJobs(c), job.New("job6", nil).DependsOnJobs(c)
	run(workflow.NewWorkflow("web").AddParallel(a, b, c, d, e, f))
	// Output:
	// web completed
	// - job1 completed
	// - job2 completed
	// - job3 completed
	// - job4 completed
	// - job5 completed
	// - job6 completed
}
