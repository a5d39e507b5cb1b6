package workflow

import "github.com/hammerwork/hammerwork/pkg/job"

// NewPart returns all there is of a workflow that has passed Validate, as it
// stands at its enqueue. Node i is w.Jobs[i]; parents outside the workflow
// follow, as jobs without one. Edges are in the order of the jobs and of their
// dependencies. Start each node that is Waiting for nothing, so that its
// condition is asked, or that it is suspended.
func NewPart(w *Workflow) *Part {
	p := &Part{
		Workflows: []Header{{
			ID: w.ID, Status: Running, Policy: w.FailurePolicy, CancelRunning: w.Running == CancelRunning,
			Tally: Tally{Total: len(w.Jobs)},
		}},
		Nodes:  make([]Node, len(w.Jobs)),
		Inputs: map[int]*Inputs{},
	}
	h := &p.Workflows[0]
	index := make(map[job.ID]int, len(w.Jobs))
	for i, j := range w.Jobs {
		index[j.ID] = i
	}
	tolerated := w.Tolerated()
	for i, j := range w.Jobs {
		n := Node{
			ID: j.ID, Status: job.Pending, Deps: job.NoDependencies, Join: j.Join, Barrier: j.Barrier,
			Gate: gateType(j), AllowFailure: j.AllowFailure, Tolerated: tolerated[i], Finally: j.Finally, Catch: j.Catch,
			Condition: j.Condition, Unmet: j.Unmet, With: j.With, Counts: Counts{Unresolved: len(j.DependsOn)},
		}
		if parts := PartsOf(j); parts != nil {
			n.Parts, n.Over = parts.Kind, parts.Over
		}
		if len(j.DependsOn) > 0 || n.Finally || n.starts() {
			n.Deps = job.Waiting
		}
		if n.Finally {
			h.Finally++
		}
		h.Catches = h.Catches || n.Catch
		p.Nodes[i] = n
		if n.Evaluates() {
			p.Inputs[i] = &Inputs{Payload: j.Payload, Metadata: w.Metadata}
		}
		for _, d := range j.DependsOn {
			parent, inside := index[d.Parent]
			if !inside {
				parent = len(p.Nodes)
				index[d.Parent] = parent
				p.Nodes = append(p.Nodes, Node{ID: d.Parent, Workflow: -1, Status: job.Pending, Deps: job.NoDependencies})
			}
			h.Handlers = h.Handlers || d.On == job.OnFailure || d.On == job.OnDone
			p.Edges = append(p.Edges, Edge{Parent: parent, Child: i, On: d.On, Optional: d.Optional, State: EdgeUnresolved})
			if in := p.Inputs[i]; in != nil {
				name := d.Name
				if parent >= len(w.Jobs) {
					name = d.Parent.String()
				}
				in.Parents = append(in.Parents, ParentInput{Name: name, Node: parent, Status: job.Pending})
			}
		}
	}
	p.Complete()
	return p
}

func gateType(j *job.Job) job.GateType {
	if j.Gate == nil {
		return ""
	}
	return j.Gate.Type
}
