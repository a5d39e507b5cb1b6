package store

import (
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// MoveParents returns a job that depends on what an idempotency key made before
// instead of what came with the key now, each parent once. j stays as it is.
func MoveParents(j *job.Job, moved map[job.ID]job.ID) *job.Job {
	if !slices.ContainsFunc(j.DependsOn, func(d job.Dependency) bool { _, ok := moved[d.Parent]; return ok }) {
		return j
	}
	copied := *j
	copied.DependsOn = nil
	seen := make(map[job.ID]bool)
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
