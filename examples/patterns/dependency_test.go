package patterns

import (
	"fmt"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Jobs that are enqueued one by one run in the order of their dependencies.
func Example_dependencies() {
	process := job.New("data_processing", object{"input_file": "raw_data.csv"})
	transform := job.New("data_transformation", object{"format": "parquet"}).DependsOnJobs(process)
	export := job.New("data_export", object{"destination": "s3://bucket/processed/"}).DependsOnJobs(transform)

	for _, j := range []*job.Job{process, transform, export} {
		_, err := queue.Enqueue(ctx, j)
		check(err)
	}

	fmt.Println(order(process, transform, export))
	// Output: data_processing → data_transformation → data_export
}

// A job says how it stands towards its parents.
func Example_dependencyStatus() {
	failing := job.New("import", object{"fail": "no such file"})
	waiting := job.New("never", nil).DependsOnJobs(failing)
	single := job.New("single", nil)
	child := job.New("child", nil).DependsOnJobs(single)

	held := job.New("held", nil).WithDelay(hour)
	patient := job.New("patient", nil).DependsOnJobs(held)
	_, err := queue.EnqueueMany(ctx, []*job.Job{failing, waiting, single, child, held, patient})
	check(err)
	for _, j := range []*job.Job{waiting, child} {
		_, err := queue.WaitJob(ctx, j.ID)
		check(err)
	}

	for _, j := range []*job.Job{single, patient, child, waiting} {
		record, err := queue.Job(ctx, j.ID)
		check(err)
		fmt.Println(record.Name, record.DependencyStatus)
	}
	// Output:
	// single none
	// patient waiting
	// child satisfied
	// never failed
}

// A job may depend on several others: it waits for all of them.
func Example_multipleDependencies() {
	data := job.New("fetch_data", object{"source": "api"})
	config := job.New("load_config", object{"env": "prod"})
	auth := job.New("authenticate", object{"service": "external"})
	process := job.New("process_with_deps", object{"operation": "complex_processing"}).
		DependsOnJobs(data, config, auth)

	run(workflow.NewWorkflow("several_parents").AddParallel(data, config, auth, process))
	// Output:
	// several_parents completed
	// - fetch_data completed
	// - load_config completed
	// - authenticate completed
	// - process_with_deps completed
}

// A condition asks what a parent returned; the path that it rules out is
// skipped.
func Example_conditions() {
	validate := job.New("validate_input", object{
		"input_file": "data.csv", "validation_rules": "strict", "result": object{"validation_status": "valid"},
	})
	valid := job.New("process_valid_data", object{"algorithm": "standard_processing"}).
		DependsOnJobs(validate).WithCondition("validation_status == 'valid'")
	invalid := job.New("handle_invalid_data", object{"action": "quarantine_and_notify"}).
		DependsOnJobs(validate).WithCondition("validation_status == 'invalid'")

	run(workflow.NewWorkflow("two_paths").AddParallel(validate, valid, invalid))
	// Output:
	// two_paths completed
	// - validate_input completed
	// - process_valid_data completed
	// - handle_invalid_data skipped
}

// Dependencies come before priorities: a critical job waits for its parent, of
// whatever priority that is.
func Example_prioritiesAndDependencies() {
	low := job.New("prepare", nil).WithPriority(job.Low)
	high := job.New("publish", nil).WithPriority(job.High).DependsOnJobs(low)
	_, err := queue.EnqueueMany(ctx, []*job.Job{low, high})
	check(err)

	fmt.Println(order(high, low))
	// Output: prepare → publish
}
