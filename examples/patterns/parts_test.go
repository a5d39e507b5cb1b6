package patterns

import (
	"fmt"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// A batch is one job with many items: what depends on it waits for all of them.
func Example_batch() {
	batch := workflow.NewBatch("process_batch", []any{object{"n": 1}, object{"n": 2}, object{"n": 3, "fail": "odd"}})
	summary := job.New("summarize", nil).DependsOnJobs(batch)

	run(workflow.NewWorkflow("batch_workflow").Add(batch).Then(summary))
	record, err := queue.Job(ctx, batch.ID)
	check(err)
	fmt.Println(string(record.Result))
	// Output:
	// batch_workflow completed
	// - process_batch completed
	// - summarize completed
	// {"total":3,"completed":2,"failed":1,"errors":[{"index":2,"name":"process_batch[2]","error":"odd"}]}
}

// A map makes an item for each element of a list that another job found out.
func Example_map() {
	find := job.New("find_regions", object{"result": object{"regions": []string{"us-east", "eu-west"}}})
	each := workflow.WithMaxParallel(workflow.NewMap("process_region", "deps.find_regions.result.regions", object{"result": "done"}), 2).
		WithName("regions").DependsOnJobs(find)
	summary := job.New("create_summary", nil).WithInput("results", "deps.regions.result").DependsOnJobs(each)

	run(workflow.NewWorkflow("map_workflow").AddParallel(find, each, summary))
	record, err := queue.Job(ctx, each.ID)
	check(err)
	fmt.Println(string(record.Result))
	// Output:
	// map_workflow completed
	// - find_regions completed
	// - regions completed
	// - create_summary completed
	// ["done","done"]
}

// A workflow may be a job of another one.
func Example_subWorkflow() {
	inner := workflow.NewWorkflow("load").Add(job.New("copy", nil)).Then(job.New("index", object{"result": 7}))
	load := inner.AsJob("load")
	run(workflow.NewWorkflow("outer").Add(job.New("prepare", nil)).Then(load).Then(job.New("tell", nil)))
	record, err := queue.Job(ctx, load.ID)
	check(err)
	fmt.Println(string(record.Result))
	// Output:
	// outer completed
	// - prepare completed
	// - load completed
	// - tell completed
	// {"index":7}
}
