package workflow

import "github.com/hammerwork/hammerwork/pkg/job"

// Tolerated tells, for each of the jobs, whether its failure does not fail the
// workflow: it has AllowFailure, or there are edges from it to other jobs of
// the workflow and none of them needs it, as each is optional or enters an any
// or quorum join. The workflow is valid.
func (w *Workflow) Tolerated() []bool {
	at := make(map[job.ID]int, len(w.Jobs))
	for i, j := range w.Jobs {
		at[j.ID] = i
	}
	parent, needed := make([]bool, len(w.Jobs)), make([]bool, len(w.Jobs))
	for _, j := range w.Jobs {
		some := j.Join.Rule == job.JoinAny || j.Join.Rule == job.JoinQuorum
		for _, d := range j.DependsOn {
			if i, inside := at[d.Parent]; inside {
				parent[i] = true
				needed[i] = needed[i] || !some && !d.Optional
			}
		}
	}
	tolerated := make([]bool, len(w.Jobs))
	for i, j := range w.Jobs {
		tolerated[i] = j.AllowFailure || parent[i] && !needed[i]
	}
	return tolerated
}
