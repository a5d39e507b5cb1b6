package sqlstore

import (
	"maps"
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// passes is what a job that is to wait for more passes on to its parents, as far
// as lift knows it, too.
func (sp *spawning) passes(i int) job.Priority {
	j := &sp.p.jobs[i]
	if j.inherits || sp.own[sp.p.Nodes[i].ID] < j.priority {
		return job.Priority(max(j.passes, j.priority))
	}
	return job.Priority(j.passes)
}

// lift raises what an earlier run spawned, and still waits, to what children pass
// on that depend on it now. What comes before that is lifted by CheckEdges.
func (sp *spawning) lift(children []*job.Job, passes []job.Priority) error {
	lifted := make(map[int]bool)
	for k, c := range children {
		for _, d := range c.DependsOn {
			i, stored := sp.p.index[d.Parent]
			if !stored || i == sp.at || sp.p.Nodes[i].Status.Terminal() {
				continue
			}
			if j := &sp.p.jobs[i]; int(passes[k]) > j.priority {
				j.priority, lifted[i] = int(passes[k]), true
			}
		}
	}
	list, err := sp.p.writeLifts(sp.tx, sp.now, slices.Sorted(maps.Keys(lifted)))
	queueRows(sp.tx, "insert_lift_checks", list, maxLifted)
	sp.checks = sp.checks || len(list) > 0
	return err
}
