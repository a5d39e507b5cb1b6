package workflow

import "github.com/hammerwork/hammerwork/pkg/job"

// ValidateJobs completes and checks jobs that belong to no workflow, as
// Validate does for a workflow's. Names need not be unique and depend on
// nothing; parents are named by id. Such a job may be a gate, a batch or a map; a
// workflow is enqueued itself.
func ValidateJobs(jobs []*job.Job) error {
	w := &Workflow{Name: "jobs", Jobs: jobs}
	for _, j := range jobs {
		placeWorkless(j)
		if j.Name == "" {
			j.Name = nameAfter(j.Queue)
		}
	}
	v := newValidator(w, Limits{})
	v.flat = true
	return v.run()
}
