package sqlstore

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// keepOnly notes which parent a job had that is to have more than one: bare names
// in what is evaluated for it mean fields of that one's result.
func (sp *spawning) keepOnly(targets []int) error {
	var list []job.ID
	for _, i := range targets {
		if sp.p.Nodes[i].Evaluates() && sp.p.jobs[i].only == nil {
			list = append(list, sp.p.Nodes[i].ID)
		}
	}
	if len(list) == 0 {
		return nil
	}
	var rows []rulesRow
	err := sp.tx.Query("rules_with_one_parent", func(r Row) error {
		var id job.ID
		var text, parent string
		if err := r.Scan(&id, &text, &parent); err != nil {
			return err
		}
		var rules jobRules
		var parents []job.ID
		if err := errors.Join(json.Unmarshal([]byte(text), &rules), json.Unmarshal([]byte(parent), &parents)); err != nil {
			return fmt.Errorf("rules and parents of job %s: %w", id, err)
		}
		rules.Only = &parents[0]
		text, err := rulesText(rules)
		rows = append(rows, rulesRow{ID: hexID(id), Rules: text})
		return err
	}, sortedIDs(list))
	queueRows(sp.tx, "set_rules", rows)
	return err
}
