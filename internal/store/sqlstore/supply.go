package sqlstore

import (
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// resolve applies what act tells to the part, with all that follows. What it
// lacks is loaded, and then all of it is told again, to the part as it was:
// mostly it lacks nothing, and of cascades, failures and pauses it asks for all
// at once. live is the part that changes.
func (p *part) resolve(tx Tx, act func(r *workflow.Resolution, live *workflow.Part)) (workflow.Changes, error) {
	for {
		live := p.Part.Clone()
		live.Inputs = p.inputs
		r := workflow.Begin(&live)
		act(r, &live)
		changes, missing := r.Finish()
		if missing.None() {
			p.was = make([]workflow.EdgeState, len(p.Edges))
			for i, e := range p.Edges {
				p.was[i] = e.State
			}
			p.Part = live
			return changes, nil
		}
		if err := p.supply(tx, missing); err != nil {
			return workflow.Changes{}, err
		}
	}
}

// supply loads what a resolution lacked.
func (p *part) supply(tx Tx, m workflow.Missing) error {
	if err := p.loadWorkflows(tx, m.Open, workflow.KnownOpen); err != nil {
		return err
	}
	if err := p.loadWorkflows(tx, m.All, workflow.KnownAll); err != nil {
		return err
	}
	if err := p.loadFinally(tx, m.Finally); err != nil {
		return err
	}
	if err := p.loadDescendants(tx, p.unread(m.Descendants)); err != nil {
		return err
	}
	if err := p.readFittingEdges(tx, p.unread(m.Edges)); err != nil {
		return err
	}
	if err := p.loadNext(tx, m.Next); err != nil {
		return err
	}
	if err := p.lockMissing(tx); err != nil {
		return err
	}
	if err := p.loadAnswers(tx, m.Answers); err != nil {
		return err
	}
	p.addEdges()
	p.forgetInputs()
	return p.loadInputs(tx, m.Inputs)
}

// unread returns those of some nodes whose edges were not read, as ids.
func (p *part) unread(nodes []int) []job.ID {
	var list []job.ID
	for _, i := range nodes {
		if !p.Nodes[i].EdgesKnown {
			list = append(list, p.Nodes[i].ID)
		}
	}
	return sortedIDs(list)
}

// loadDescendants adds all that can be reached from some jobs, with its edges.
// What is reached in one statement is bounded, so it goes on where the edges
// lead until they lead nowhere new.
func (p *part) loadDescendants(tx Tx, reach []job.ID) error {
	for len(reach) > 0 {
		for list := range slices.Chunk(reach, p.pageRows) {
			p.lockReached(tx, "lock_descendants", list, len(list)+p.pageRows)
			if err := tx.Flush(); err != nil {
				return err
			}
		}
		var nodes []int
		for i := range p.reached {
			nodes = append(nodes, i)
		}
		if err := p.readAllEdges(tx, p.unread(nodes), false); err != nil {
			return err
		}
		reach = p.frontier()
	}
	p.addEdges()
	return nil
}

// loadWorkflows adds the jobs of workflows, with their edges, and finds out
// who is held: those that have not ended or wait for a decision, or all.
func (p *part) loadWorkflows(tx Tx, workflows []int, known workflow.Known) error {
	all := known == workflow.KnownAll
	in := make(map[int]bool)
	for _, w := range workflows {
		h := &p.Workflows[w]
		if h.Known >= known {
			continue
		}
		in[w] = true
		for from := 0; from < h.Tally.Total; from += p.pageRows { // their positions are below it
			p.lockReached(tx, "lock_open_jobs", h.ID[:], from, from+p.pageRows, boolInt(all))
		}
		if err := tx.Flush(); err != nil {
			return err
		}
		h.Known, h.FinallyKnown = known, true
	}
	if len(in) == 0 {
		return nil
	}
	if all { // every edge within is read anew, also those that are resolved
		p.Edges = slices.DeleteFunc(p.Edges, func(e workflow.Edge) bool {
			from, to := &p.Nodes[e.Parent], &p.Nodes[e.Child]
			within := from.Workflow == to.Workflow && in[from.Workflow]
			if within {
				delete(p.between, [2]job.ID{from.ID, to.ID})
			}
			return within
		})
	}
	var list []job.ID
	for i := range p.Nodes {
		if n := &p.Nodes[i]; in[n.Workflow] && (all || !n.EdgesKnown && !n.Settles()) {
			list = append(list, n.ID)
			delete(p.later, i)
		}
	}
	if err := p.readAllEdges(tx, sortedIDs(list), all); err != nil {
		return err
	}
	if err := p.lockMissing(tx); err != nil {
		return err
	}
	p.addEdges()
	if all {
		if err := p.loadOutside(tx, sortedIDs(list)); err != nil {
			return err
		}
	}
	return p.takeBack(tx, in)
}

// loadOutside adds the edges into jobs from parents outside their workflow.
// Those are not locked: they say what a job was broken by.
func (p *part) loadOutside(tx Tx, children []job.ID) error {
	for list := range slices.Chunk(children, p.pageRows) {
		tx.QueueQuery("edges_from_outside", func(r Row) error {
			var e edge
			var n workflow.Node
			if err := r.Scan(&e.parent, &e.child, &e.On, &e.Optional, &e.State, &n.Status, &n.Reason, nullID{&n.Cause}); err != nil {
				return err
			}
			if p.between[[2]job.ID{e.parent, e.child}] {
				return nil
			}
			from, known := p.index[e.parent]
			if !known {
				from = p.addGone(e.parent)
				if n.Status != "" {
					p.outside[from] = true
					n.ID, n.Workflow, n.EdgesKnown = e.parent, -1, true
					p.Nodes[from] = n
				}
			}
			e.Parent, e.Child = from, p.index[e.child]
			p.Edges = append(p.Edges, e.Edge)
			return nil
		}, list)
	}
	return tx.Flush()
}

// loadFinally adds the finally jobs of workflows.
func (p *part) loadFinally(tx Tx, workflows []int) error {
	for _, w := range workflows {
		p.lockJobs(tx, "lock_more_jobs", sortedIDs(slices.Clone(p.ends[w].finally)))
		p.Workflows[w].FinallyKnown = true
	}
	return tx.Flush()
}

// takeBack takes the open jobs of workflows from where claims look. What could
// have been claimed and was not there is in a worker's hands, unless the
// workflow is paused.
func (p *part) takeBack(tx Tx, in map[int]bool) error {
	var claimable, parked []job.ID
	for i := range p.Nodes {
		n := &p.Nodes[i]
		if in[n.Workflow] && !n.Status.Terminal() && n.Deps != job.Waiting && !p.asked[i] && n.Gate == "" && n.Parts == "" {
			p.asked[i] = true
			n.Held = true
			claimable = append(claimable, n.ID)
			if s := p.Workflows[n.Workflow].Status; s == workflow.Paused || s == workflow.Pending {
				n.Held = false
				parked = append(parked, n.ID)
			}
		}
	}
	for list := range slices.Chunk(claimable, p.pageRows) {
		for _, statement := range []string{"take_ready", "take_timers"} {
			tx.QueueQuery(statement, func(r Row) error {
				var id job.ID
				err := r.Scan(&id)
				n := &p.Nodes[p.index[id]]
				n.Held, n.Taken = false, true
				return err
			}, list)
		}
	}
	held := heldBy(tx, sortedIDs(parked))
	if err := tx.Flush(); err != nil {
		return err
	}
	for _, h := range *held {
		if i := p.index[h.Fence.Job]; h.Fence.Epoch == p.jobs[i].epoch {
			p.Nodes[i].Held = true
		}
	}
	return nil
}
