package model

import (
	"cmp"
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Spawn completes a job, whose handler adds jobs to its workflow: after it and
// each other, and before others that have not begun. The edges into these are the last.
func (w *World) Spawn(o Outcome) error {
	n := w.jobs[o.Job]
	return w.when(n.Status == job.Running && n.mayAdd(o.Spawned), func() {
		w.grow(n, o.Spawned)
		w.endAttempt(n, o)
		w.conclude()
	})
}

// mayAdd reports whether nothing forbids what a job's handler adds.
func (n *node) mayAdd(list []job.Spawned) bool {
	if n.Finally || n.flow.items {
		return false
	}
	for _, s := range list {
		p := n.flow.named(s.Name)
		if p != nil && p.spawner != n {
			return false
		}
		for _, name := range s.Before {
			too := slices.ContainsFunc(list, func(other job.Spawned) bool { return other.Name == name })
			b := n.flow.named(name)
			if p.bound() && (b == nil || b == n || too || !p.leads(b) && (b.Finally || b.begun() || b.precedes(n))) {
				return false
			}
		}
	}
	return true
}

// named returns a job of a workflow. Jobs without one have no names.
func (f *flow) named(name string) *node {
	if i := slices.IndexFunc(f.jobs, func(n *node) bool { return n.Name == name }); i >= 0 && f.number >= 0 {
		return f.jobs[i]
	}
	return nil
}

// bound reports whether a spawned job, nil being a new one, still waits for its
// spawner: else what an earlier run spawned stays as it is.
func (n *node) bound() bool { return n == nil || n.open() && n.Deps == job.Waiting }

// leads reports whether there is an edge to another job.
func (n *node) leads(b *node) bool {
	return n != nil && slices.ContainsFunc(n.out, func(e *edge) bool { return e.child == b })
}

// begun reports whether it is too late for a job to wait for anything.
func (n *node) begun() bool {
	return n.Status != job.Pending && n.Status != job.Cancelled && n.Status != job.Skipped && n.Status != job.UpstreamFailed
}

// precedes reports whether a job comes before another, or what that one spawned.
func (n *node) precedes(other *node) bool {
	return slices.ContainsFunc(n.out, func(e *edge) bool { return e.child == other || e.child.spawner == other || e.child.precedes(other) })
}

// grow adds what the handler of a job adds.
func (w *World) grow(n *node, list []job.Spawned) {
	same, spec := map[job.ID]job.ID{}, &workflow.Workflow{} // same: what an earlier run spawned
	for _, s := range list {
		if p := n.flow.named(s.Name); p != nil {
			same[s.ID] = p.ID
		}
	}
	for _, s := range list {
		if same[s.ID] != (job.ID{}) {
			continue
		}
		j := *s.Job
		j.DependsOn = slices.Clone(j.DependsOn)
		for k, d := range j.DependsOn {
			j.DependsOn[k].Parent = cmp.Or(same[d.Parent], d.Parent)
		}
		spec.Jobs = append(spec.Jobs, &j)
	}
	for _, added := range w.add(n.flow, spec) {
		added.spawner = n
	}
	for _, s := range list {
		for _, name := range s.Before {
			p, b := n.flow.named(s.Name), n.flow.named(name)
			if same[s.ID] != (job.ID{}) && (!p.bound() || p.leads(b)) {
				continue
			}
			w.connect(job.Dependency{Parent: p.ID, On: job.OnSuccess}, b, true)
			switch {
			case b.open():
				b.Deps = job.Waiting
			case b.Deps == job.NoDependencies:
				b.Deps = job.Satisfied
			}
		}
	}
}

// order returns the jobs of a workflow, parents before their children.
func (f *flow) order() (list []*node) {
	done := map[*node]bool{}
	for len(list) < len(f.jobs) {
		for _, n := range f.jobs {
			waits := func(e *edge) bool { return e.parent.flow == f && !done[e.parent] }
			if !done[n] && !slices.ContainsFunc(n.in, waits) {
				done[n], list = true, append(list, n)
			}
		}
	}
	return list
}
