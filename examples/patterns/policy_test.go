package patterns

import (
	"fmt"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/sdk/client"
)

const hour = time.Hour

// fail_fast, the default: a failure stops the workflow.
func Example_failFast() {
	run(workflow.NewWorkflow("critical_pipeline").
		Add(job.New("job1", object{"fail": "disk full"})).
		Then(job.New("job2", nil)).
		Then(job.New("job3", nil)).
		WithFailurePolicy(workflow.FailFast))
	// Output:
	// critical_pipeline failed
	// - job1 failed
	// - job2 upstream_failed
	// - job3 upstream_failed
}

// continue_on_failure: what does not need the failed job goes on.
func Example_continueOnFailure() {
	run(workflow.NewWorkflow("resilient_pipeline").
		AddParallel(job.New("job_a", object{"fail": "disk full"}), job.New("job_b", nil), job.New("job_c", nil)).
		Then(job.New("final", nil)).
		WithFailurePolicy(workflow.ContinueOnFailure))
	// Output:
	// resilient_pipeline failed
	// - job_a failed
	// - job_b completed
	// - job_c completed
	// - final upstream_failed
}

// manual: the workflow pauses until somebody decides.
func Example_manual() {
	critical := job.New("critical", object{"fail": "odd input"})
	w := workflow.NewWorkflow("manual_review_pipeline").
		Add(critical).
		Then(job.New("dependent", nil)).
		WithFailurePolicy(workflow.Manual)
	_, err := queue.EnqueueWorkflow(ctx, w)
	check(err)

	_, err = queue.WaitJob(ctx, critical.ID)
	check(err)
	paused, err := queue.Workflow(ctx, w.ID)
	check(err)
	fmt.Println(paused.Status, "with", paused.Undecided, "failure to decide about")

	err = queue.Decide(ctx, w.ID, client.Decision{Job: "critical", Action: workflow.ActionRetry, Payload: object{"input": "mended"}},
		client.By("operator"), client.Because("input repaired"))
	check(err)
	done, err := queue.WaitWorkflow(ctx, w.ID)
	check(err)
	fmt.Println(done.Status)
	// Output:
	// paused with 1 failure to decide about
	// completed
}

// Failures of what may fail don't stop the rest, and attempts back off.
func Example_gracefulFailure() {
	run(workflow.NewWorkflow("data_processing").
		Add(job.New("critical", nil)).
		Then(job.New("optional", object{"fail": "not today"}).WithAllowFailure()).
		WithFailurePolicy(workflow.ContinueOnFailure).
		WithRetry(job.RetryPolicy{
			Strategy:     job.Exponential,
			InitialDelay: job.Duration(30 * time.Second),
			MaxDelay:     job.Duration(5 * time.Minute),
			Multiplier:   2,
		}))
	// Output:
	// data_processing completed
	// - critical completed
	// - optional failed
}
