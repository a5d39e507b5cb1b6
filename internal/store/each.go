package store

import (
	"context"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// EachJob calls f for the jobs of a workflow, in the order of its definition,
// page by page.
func EachJob(ctx context.Context, r interface {
	WorkflowJobs(ctx context.Context, id job.ID, from, limit int) ([]JobRecord, int, error)
}, id job.ID, f func(JobRecord) error,
) error {
	for from := 0; ; {
		page, next, err := r.WorkflowJobs(ctx, id, from, MaxPage)
		if err != nil {
			return err
		}
		for _, j := range page {
			if err := f(j); err != nil {
				return err
			}
		}
		if next == 0 {
			return nil
		}
		from = next
	}
}
