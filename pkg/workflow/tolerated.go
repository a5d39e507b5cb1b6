package workflow

import "github.com/hammerwork/hammerwork/pkg/job"

// Needs reports whether a job can't do without what a dependency of it asks for:
// it is not optional, and enters no any or quorum join.
func Needs(j *job.Job, d job.Dependency) bool {
	return !d.Optional && j.Join.Rule != job.JoinAny && j.Join.Rule != job.JoinQuorum
}

// Tolerated says, for each of w's jobs, whether its failure does not fail the
// workflow: it has AllowFailure, or jobs of the workflow depend on it and every
// such dependency is optional or enters an any or quorum join.
func (w *Workflow) Tolerated() []bool {
	at := make(map[job.ID]int, len(w.Jobs))
	for i, j := range w.Jobs {
		at[j.ID] = i
	}
	followed, needed := make([]bool, len(w.Jobs)), make([]bool, len(w.Jobs))
	for _, j := range w.Jobs {
		for _, d := range j.DependsOn {
			i, inside := at[d.Parent]
			if !inside {
				continue
			}
			followed[i] = true
			needed[i] = needed[i] || Needs(j, d)
		}
	}
	tolerated := make([]bool, len(w.Jobs))
	for i, j := range w.Jobs {
		tolerated[i] = j.AllowFailure || followed[i] && !needed[i]
	}
	return tolerated
}
