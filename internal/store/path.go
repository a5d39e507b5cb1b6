package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// JobAt returns the id of a job of a workflow by its name, or by its path through
// jobs that are workflows: sub/name. It is job.ErrNotFound when there is none. It
// costs a round trip, and two for each slash.
func JobAt(ctx context.Context, r interface {
	JobIDs(ctx context.Context, id job.ID, names []string) (map[string]job.ID, error)
	Job(ctx context.Context, id job.ID) (JobRecord, error)
}, id job.ID, path string,
) (job.ID, error) {
	name, rest, deeper := strings.Cut(path, "/")
	ids, err := r.JobIDs(ctx, id, []string{name})
	if err != nil {
		return job.ID{}, err
	}
	found, known := ids[name]
	if !deeper && known {
		return found, nil
	}
	if known {
		j, err := r.Job(ctx, found)
		if err != nil {
			return job.ID{}, err
		}
		if p := j.Parts; p != nil && p.Kind == workflow.PartsWorkflow && p.Workflow != (job.ID{}) {
			return JobAt(ctx, r, p.Workflow, rest)
		}
	}
	return job.ID{}, fmt.Errorf("job %q of workflow %s: %w", path, id, job.ErrNotFound)
}
