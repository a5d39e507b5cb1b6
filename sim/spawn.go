package sim

import (
	"encoding/json"
	"fmt"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// spawns lets the handlers of some jobs of a workflow, or of none, spawn others:
// sometimes before a job that waits for the spawner, which may have begun by then.
func (l *workload) spawns(jobs []*job.Job, alone bool) {
	w := l.w
	for i, j := range jobs {
		if j.Finally || j.Barrier || j.Gate != nil || j.Parts != nil || w.rng.Float64() >= 0.08 {
			continue
		}
		var before []string
		for _, later := range jobs[i+1:] {
			for _, d := range later.DependsOn {
				if d.Parent == j.ID && !alone && w.rng.Float64() < 0.5 {
					before = append(before, later.Name)
				}
			}
		}
		p := l.plans[j.ID]
		for n := range 1 + w.rng.IntN(3) {
			s := l.job(fmt.Sprintf("%s.s%d", j.Name, n))
			s.Deadline = 0
			l.born[s.ID] = l.plans[s.ID] // if it ever is
			delete(l.plans, s.ID)
			if n > 0 && w.rng.Float64() < 0.3 {
				s.DependsOnIDs(p.spawns[n-1].ID)
			}
			p.spawns = append(p.spawns, job.Spawned{Job: s, Before: before})
		}
		l.plans[j.ID] = p
	}
}

// spawned is what an attempt spawns, under the same ids as the others, with a
// payload of its own. Every other attempt leaves the last one out, and spawns
// before nothing: what runs again may do otherwise than at first.
func (p plan) spawned(attempt int, lease job.ID) []job.Spawned {
	var list []job.Spawned
	for _, s := range p.spawns {
		own := *s.Job
		own.Payload = json.RawMessage(fmt.Sprintf(`{"by":%q}`, lease))
		s.Job = &own
		if attempt%2 == 0 {
			s.Before = nil
		}
		list = append(list, s)
	}
	if attempt%2 == 0 && len(list) > 1 {
		list = list[:len(list)-1]
	}
	return list
}
