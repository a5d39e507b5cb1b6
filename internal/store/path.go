package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// NoJobAt says where a path leads nowhere. It is job.ErrNotFound.
type NoJobAt struct {
	Path     string // as it was given
	Within   string // how far it leads, with a slash at its end; empty: nowhere
	Name     string // what is not there
	Workflow job.ID // in which Name is no job; zero: the job at Within is no workflow
}

func (e *NoJobAt) Error() string { return fmt.Sprintf("job %q: %s", e.Path, job.ErrNotFound) }
func (e *NoJobAt) Unwrap() error { return job.ErrNotFound }

// JobAt returns the id of a job of a workflow by its name, or by its path through
// jobs that are workflows: sub/name. Where there is none the error is a NoJobAt,
// also when there is no such workflow. It costs a round trip, and two for each
// slash.
func JobAt(ctx context.Context, r interface {
	JobIDs(ctx context.Context, id job.ID, names []string) (map[string]job.ID, error)
	Job(ctx context.Context, id job.ID) (JobRecord, error)
}, id job.ID, path string,
) (job.ID, error) {
	within := ""
	for rest := path; ; {
		name, deep, deeper := strings.Cut(rest, "/")
		rest = deep
		ids, err := r.JobIDs(ctx, id, []string{name})
		if err != nil {
			return job.ID{}, err
		}
		found, known := ids[name]
		switch {
		case !known:
			return job.ID{}, &NoJobAt{Path: path, Within: within, Name: name, Workflow: id}
		case !deeper:
			return found, nil
		}
		j, err := r.Job(ctx, found)
		if err != nil {
			return job.ID{}, err
		}
		within += name + "/"
		if j.Parts == nil || j.Parts.Kind != workflow.PartsWorkflow || j.Parts.Workflow == (job.ID{}) {
			return job.ID{}, &NoJobAt{Path: path, Within: within, Name: rest}
		}
		id = j.Parts.Workflow
	}
}
