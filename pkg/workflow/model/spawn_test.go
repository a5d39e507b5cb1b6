package model_test

import (
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/model"
)

// Spawn implements modeltest.Spawner: what is spawned is stored, then the outcome
// is resolved.
func (d *decider) Spawn(o model.Outcome) error {
	if !d.held[o.Job] || !d.maySpawn(o) {
		return job.ErrWrongState
	}
	w := d.p.Nodes[o.Job].Workflow
	same := map[job.ID]int{} // job of an earlier run
	spec := &workflow.Workflow{}
	for _, s := range o.Spawned {
		if p := d.named(w, s.Name); p >= 0 {
			same[s.ID] = p
			continue
		}
		j := *s.Job
		j.DependsOn = slices.Clone(j.DependsOn)
		for k, dep := range j.DependsOn {
			if p, known := same[dep.Parent]; known {
				j.DependsOn[k].Parent = d.p.Nodes[p].ID
			}
		}
		spec.Jobs = append(spec.Jobs, &j)
	}
	first := len(d.p.Nodes)
	d.addJobs(spec, w)
	for i := first; i < len(d.p.Nodes); i++ {
		d.spawners = append(d.spawners, [2]int{o.Job, i})
	}
	for _, s := range o.Spawned {
		p, known := same[s.ID]
		if !known {
			p = d.place(s.ID)
		}
		for _, name := range s.Before {
			if b := d.named(w, name); !known || d.bound(p) && !d.leads(p, b) {
				d.putBefore(p, b)
			}
		}
	}
	d.tolerate(w)
	return d.End([]model.Outcome{o})
}

// putBefore lets a job wait for one that was spawned.
func (d *decider) putBefore(p, b int) {
	d.p.Edges = append(d.p.Edges, workflow.Edge{Parent: p, Child: b, On: job.OnSuccess, State: workflow.EdgeUnresolved})
	j := *d.specs[b]
	if d.only == nil {
		d.only = map[int]string{}
	}
	if len(j.DependsOn) == 1 && d.only[b] == "" {
		d.only[b] = j.DependsOn[0].Name
	}
	j.DependsOn = append(slices.Clone(j.DependsOn), job.Dependency{Parent: d.p.Nodes[p].ID, On: job.OnSuccess})
	d.specs[b] = &j
	n := &d.p.Nodes[b]
	n.Counts.Unresolved++
	switch {
	case !n.Status.Terminal():
		n.Deps, d.ready[b] = job.Waiting, false
	case n.Deps == job.NoDependencies:
		n.Deps = job.Satisfied
	}
}

// tolerate works out anew whose failures are tolerated: jobs have more edges.
func (d *decider) tolerate(w int) {
	var list []int
	spec := &workflow.Workflow{}
	for i, n := range d.p.Nodes {
		if n.Workflow == w && w >= 0 {
			list, spec.Jobs = append(list, i), append(spec.Jobs, d.specs[i])
		}
	}
	for k, yes := range spec.Tolerated() {
		if n := &d.p.Nodes[list[k]]; !n.Status.Terminal() {
			n.Tolerated = yes
		}
	}
}

func (d *decider) maySpawn(o model.Outcome) bool {
	i := o.Job
	w := d.p.Nodes[i].Workflow
	if d.p.Nodes[i].Finally {
		return false
	}
	if as := d.parts.parent(max(w, 0)); w >= 0 && as > 0 && d.p.Nodes[as-1].Parts != workflow.PartsWorkflow {
		return false
	}
	names := map[string]bool{}
	for _, s := range o.Spawned {
		names[s.Name] = true
	}
	for _, s := range o.Spawned {
		p := d.named(w, s.Name)
		if p >= 0 && !slices.Contains(d.spawners, [2]int{i, p}) {
			return false
		}
		for _, name := range s.Before {
			b := d.named(w, name)
			switch {
			case p >= 0 && !d.bound(p):
			case b < 0 || b == i || names[name]:
				return false
			case p >= 0 && d.leads(p, b):
			case d.p.Nodes[b].Finally || d.begun(b) || d.precedes(b, i):
				return false
			}
		}
	}
	return true
}

// named is the number of a job of a workflow; below 0: there is none.
func (d *decider) named(w int, name string) int {
	return slices.IndexFunc(d.specs, func(j *job.Job) bool {
		return w >= 0 && j.Name == name && d.p.Nodes[d.place(j.ID)].Workflow == w
	})
}

// bound reports whether p, of an earlier run, waits for its spawner.
func (d *decider) bound(p int) bool {
	return !d.p.Nodes[p].Status.Terminal() && d.p.Nodes[p].Deps == job.Waiting
}

func (d *decider) leads(p, b int) bool {
	return slices.ContainsFunc(d.p.Edges, func(e workflow.Edge) bool { return e.Parent == p && e.Child == b })
}

func (d *decider) begun(b int) bool {
	switch d.shown(b) {
	case job.Pending, job.Cancelled, job.Skipped, job.UpstreamFailed:
		return false
	}
	return true
}

// precedes reports whether b comes before i, or before what i spawned.
func (d *decider) precedes(b, i int) bool {
	return slices.ContainsFunc(d.p.Edges, func(e workflow.Edge) bool {
		same := e.Parent == b && d.p.Nodes[e.Child].Workflow == d.p.Nodes[b].Workflow
		return same && (e.Child == i || slices.Contains(d.spawners, [2]int{i, e.Child}) || d.precedes(e.Child, i))
	})
}
