package store

import (
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// WithParents returns a job like j that depends on the moved parents, each once:
// moved says which job stands for which. It is j itself if it depends on none.
func WithParents(j *job.Job, moved map[job.ID]job.ID) *job.Job {
	if !slices.ContainsFunc(j.DependsOn, func(d job.Dependency) bool { _, ok := moved[d.Parent]; return ok }) {
		return j
	}
	copied := *j
	copied.DependsOn = nil
	seen := map[job.ID]bool{}
	for _, d := range j.DependsOn {
		if to, ok := moved[d.Parent]; ok {
			d.Parent = to
		}
		if !seen[d.Parent] {
			seen[d.Parent] = true
			copied.DependsOn = append(copied.DependsOn, d)
		}
	}
	return &copied
}
