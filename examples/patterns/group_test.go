package patterns

import (
	"fmt"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// A chain: each job waits for the one before.
func Example_sequential() {
	extract := job.New("extract", object{"source": "database_table", "query": "SELECT * FROM customers WHERE created_at > ?"})
	transform := job.New("transform", object{"operations": []string{"normalize_phone", "validate_email", "enrich_location"}})
	load := job.New("load", object{"destination": "data_warehouse", "table": "dim_customers"})

	run(workflow.NewWorkflow("etl_pipeline").
		Add(extract).
		Then(transform).
		Then(load).
		WithFailurePolicy(workflow.FailFast))
	fmt.Println(order(load, transform, extract))
	// Output:
	// etl_pipeline completed
	// - extract completed
	// - transform completed
	// - load completed
	// extract → transform → load
}

// Jobs that run at the same time, and one that waits for all of them.
func Example_parallel() {
	var regions []*job.Job
	for _, region := range []string{"us-east", "us-west", "eu-west", "ap-south"} {
		regions = append(regions, job.New("process_region", object{"region": region}))
	}
	summary := job.New("create_summary", object{"output_file": "global_summary.json", "include_all_regions": true})

	run(workflow.NewWorkflow("parallel_processing").
		AddParallel(regions...).
		Then(summary).
		WithFailurePolicy(workflow.ContinueOnFailure))
	// Output:
	// parallel_processing completed
	// - process_region completed
	// - process_region-2 completed
	// - process_region-3 completed
	// - process_region-4 completed
	// - create_summary completed
}

// One job splits, many process, one gathers.
func Example_fanOutFanIn() {
	split := job.New("split_data", object{"input_file": "large_dataset.csv", "chunk_size": 10000})
	var chunks []*job.Job
	for i := range 10 {
		chunks = append(chunks, job.New("process_chunk", object{"chunk_id": i, "algorithm": "ml_classification"}).DependsOnJobs(split))
	}
	aggregate := job.New("aggregate_results", object{"output_format": "final_results.json"}).DependsOnJobs(chunks...)

	w := workflow.NewWorkflow("fan_out_fan_in").Add(split).AddParallel(chunks...).AddParallel(aggregate)
	_, err := queue.EnqueueWorkflow(ctx, w)
	check(err)
	done, err := queue.WaitWorkflow(ctx, w.ID)
	check(err)
	fmt.Println(done.Status, done.Stats.Completed, "of", done.Stats.Total)

	last, err := queue.Job(ctx, aggregate.ID)
	check(err)
	fmt.Println(last.Name, "waited for", len(last.DependsOn))
	// Output:
	// completed 12 of 12
	// aggregate_results waited for 10
}
