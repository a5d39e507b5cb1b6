package modeltest

import (
	"fmt"
	"strings"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow/model"
)

// spawn lets the handler of a job that completes add others to its workflow:
// mostly under names of its own, which it uses again when it runs again.
func (p *play) spawn(i int) {
	o := model.Outcome{Job: i, Outcome: job.Outcome{Kind: job.KindCompleted, Result: Result}}
	spawner, flow := p.model.Job(i), p.state.Jobs[i].Workflow
	var names []string // of the workflow
	for _, k := range p.some(func(j model.JobState) bool { return flow >= 0 && j.Workflow == flow }) {
		names = append(names, p.model.Job(k).Name)
	}
	for k := range between(p.t, 1, 3, "spawned") {
		s := job.Spawned{Job: drawJob(p.t, fmt.Sprintf("s%d_%d", i, k), nil, nil, flow < 0, false, p.workless)}
		if len(names) > 0 && chance(p.t, 12, "name of another") {
			s.WithName(pick(p.t, "name", names...))
		}
		if p.workless && chance(p.t, 4, "gate") {
			s.Gate, s.Retry, s.Queue = drawGate(p.t), nil, ""
		}
		s.DependsOn = []job.Dependency{{Parent: spawner.ID, Name: spawner.Name, On: job.OnSuccess}}
		for _, other := range o.Spawned {
			if chance(p.t, 3, "after") {
				s.DependsOn = append(s.DependsOn, job.Dependency{Parent: other.ID, On: job.OnSuccess})
			}
		}
		if len(s.DependsOn) == 1 && chance(p.t, 8, "bare name") {
			s.Condition = "ok"
		}
		if len(names) > 0 && chance(p.t, 2, "before") {
			s.Before = []string{pick(p.t, "before", names...)}
		}
		o.Spawned = append(o.Spawned, s)
	}
	p.do("spawn "+tellSpawned(o), func(e Engine) error { return e.(Spawner).Spawn(o) })
}

func tellSpawned(o model.Outcome) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d", o.Job)
	for _, s := range o.Spawned {
		attempts := 0 // it is a gate
		if s.Retry != nil {
			attempts = s.Retry.MaxAttempts
		}
		fmt.Fprintf(&b, "\n  job %s attempts %d condition %q after %d before %v", s.Name, attempts, s.Condition, len(s.DependsOn), s.Before)
	}
	return b.String()
}
