package patterns

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/sdk/client"
)

// A circle is found before anything is stored, with its path.
func Example_cycle() {
	a := job.New("queue", nil).WithName("job_a")
	b := job.New("queue", nil).WithName("job_b").DependsOnJobs(a)
	c := job.New("queue", nil).WithName("job_c").DependsOnJobs(b)
	a.DependsOnJobs(c)

	err := workflow.NewWorkflow("test").AddParallel(a, b, c).Validate()
	fmt.Println("Validation error:", err)
	var cycle workflow.CycleError
	fmt.Println(errors.As(err, &cycle), cycle.Path)
	// Output:
	// Validation error: jobs[0].depends_on: the jobs wait for each other: job_b → job_c → job_a → job_b
	// true [job_b job_c job_a job_b]
}

// A parent that does not exist is found when the workflow is enqueued, if it is
// meant by its id, and before if by its name.
func Example_missingDependency() {
	fmt.Println(workflow.NewWorkflow("test_workflow").
		AddParallel(job.New("first", nil), job.New("second", nil).DependsOnNames("third")).
		Validate())

	unknown := job.NewID()
	_, err := queue.EnqueueWorkflow(ctx, workflow.NewWorkflow("test_workflow").
		AddParallel(job.New("first", nil), job.New("second", nil).DependsOnIDs(unknown)))
	fmt.Println(errors.Is(err, client.ErrUnknownParent), strings.Contains(err.Error(), unknown.String()))
	// Output:
	// jobs[1].depends_on[0]: job "second" depends on "third", which does not exist
	// true true
}
