package sqlstore

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// newRules collects rules of jobs that are written anew.
type newRules []rulesRow

// add changes rules that were read.
func (n *newRules) add(id job.ID, text string, change func(*jobRules)) error {
	var rules jobRules
	if text != "" {
		if err := json.Unmarshal([]byte(text), &rules); err != nil {
			return fmt.Errorf("rules of job %s: %w", id, err)
		}
	}
	change(&rules)
	text, err := rulesText(rules)
	*n = append(*n, rulesRow{ID: hexID(id), Rules: text})
	return err
}

// tolerate notes whether failures of stored jobs are tolerated that have edges
// to children now which they did not have: Workflow.Tolerated for these. It asks only
// where an edge may change it.
func (sp *spawning) tolerate(children []*job.Job, rows *newRules) error {
	needed := make(map[job.ID]bool) // stored parent → a new edge needs it
	for _, c := range children {
		for _, d := range c.DependsOn {
			if _, stored := sp.p.index[d.Parent]; stored {
				needed[d.Parent] = needed[d.Parent] || workflow.Needs(c, d)
			}
		}
	}
	var list []job.ID
	for id, needs := range needed {
		if n := &sp.p.Nodes[sp.p.index[id]]; !n.AllowFailure && n.Tolerated == needs {
			list = append(list, id)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return sp.tx.Query("rules_and_followed", func(r Row) error {
		var id job.ID
		var text string
		var followed bool
		if err := r.Scan(&id, &text, &followed); err != nil {
			return err
		}
		if !needed[id] && followed {
			return nil // all that followed before does without it, or not
		}
		sp.p.Nodes[sp.p.index[id]].Tolerated = !needed[id]
		return rows.add(id, text, func(r *jobRules) { r.Tolerated = !needed[id] })
	}, sortedIDs(list))
}

// keepOnly notes which parent a job had that is to have more than one: bare names
// in what is evaluated for it mean fields of that one's result.
func (sp *spawning) keepOnly(targets []int, rows *newRules) error {
	var list []job.ID
	for _, i := range targets {
		if sp.p.Nodes[i].Evaluates() && sp.p.jobs[i].only == nil {
			list = append(list, sp.p.Nodes[i].ID)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return sp.tx.Query("rules_with_one_parent", func(r Row) error {
		var id job.ID
		var text, parent string
		if err := r.Scan(&id, &text, &parent); err != nil {
			return err
		}
		var parents []job.ID
		if err := json.Unmarshal([]byte(parent), &parents); err != nil {
			return fmt.Errorf("parents of job %s: %w", id, err)
		}
		return rows.add(id, text, func(r *jobRules) { r.Only = &parents[0] })
	}, sortedIDs(list))
}

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
