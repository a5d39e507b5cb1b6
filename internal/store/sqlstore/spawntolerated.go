package sqlstore

import (
	"encoding/json"
	"fmt"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// tolerate notes whether failures of stored jobs are tolerated that have edges
// to children now which they did not have: Workflow.Tolerated for these. It asks only
// where an edge may change it.
func (sp *spawning) tolerate(children []*job.Job) error {
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
	var rows []rulesRow
	err := sp.tx.Query("rules_and_followed", func(r Row) error {
		var id job.ID
		var text string
		var followed bool
		if err := r.Scan(&id, &text, &followed); err != nil {
			return err
		}
		if !needed[id] && followed {
			return nil // all that followed before does without it, or not
		}
		var rules jobRules
		if text != "" {
			if err := json.Unmarshal([]byte(text), &rules); err != nil {
				return fmt.Errorf("rules of job %s: %w", id, err)
			}
		}
		rules.Tolerated = !needed[id]
		sp.p.Nodes[sp.p.index[id]].Tolerated = rules.Tolerated
		text, err := rulesText(rules)
		rows = append(rows, rulesRow{ID: hexID(id), Rules: text})
		return err
	}, sortedIDs(list))
	queueRows(sp.tx, "set_rules", rows)
	return err
}
