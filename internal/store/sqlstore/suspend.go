package sqlstore

import (
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// suspendRow is a row of suspend_jobs and open_suspensions.
type suspendRow struct {
	ID        hexID  `json:"id"`
	Epoch     int64  `json:"epoch"`
	ExpiresAt *int64 `json:"expires_at"`
}

// listRow is a row of keep_lists.
type listRow struct {
	ID   hexID  `json:"id"`
	List string `json:"list" sql:"bytes"`
}

// size is how many bytes the row has that are not bounded by its columns.
func (r *listRow) size() int { return len(r.List) }

// lists makes the rows of maps whose lists were worked out.
func (t *transition) lists(evaluated []int) []listRow {
	var rows []listRow
	for _, i := range evaluated {
		if list := t.part.inputs[i].Evidence.Over; len(list) > 0 && !t.part.Nodes[i].Status.Terminal() {
			rows = append(rows, listRow{hexID(t.part.Nodes[i].ID), string(list)})
		}
	}
	return rows
}

// suspend queues what lets nodes wait for what is no worker, and returns the
// timers of gates that do not wait for good.
func (t *transition) suspend(tx Tx, nodes []int, now int64) []timerRow {
	var timers []timerRow
	rows := make([]suspendRow, len(nodes))
	for k, i := range nodes {
		j := &t.part.jobs[i]
		rows[k] = suspendRow{ID: hexID(t.part.Nodes[i].ID), Epoch: j.epoch}
		if j.gate != nil {
			if at := j.gate.expires(now); at != nil {
				rows[k].ExpiresAt = at
				timers = append(timers, timerRow{*at, timerGate, rows[k].ID})
			}
		}
	}
	queueGuarded(tx, "suspend_jobs", rows, now)
	queueRows(tx, "open_suspensions", rows, now)
	return timers
}

// forget queues the deletion of what jobs that begin anew waited for, and of how
// it was answered.
func (t *transition) forget(tx Tx, nodes []int) {
	var list []job.ID
	for _, i := range nodes {
		if n := &t.part.Nodes[i]; n.Gate != "" || n.Parts != "" {
			list = append(list, n.ID)
		}
	}
	queueRows(tx, "delete_gate_timers", list)
	queueRows(tx, "delete_suspensions", list)
}

// loadAnswers reads what signals were sent before they open, if anything.
func (p *part) loadAnswers(tx Tx, signals []int) error {
	list := make([]job.ID, len(signals))
	for k, i := range signals {
		list[k] = p.Nodes[i].ID
		p.Nodes[i].AnswerKnown = true
	}
	for page := range slices.Chunk(sortedIDs(list), p.pageRows) {
		tx.QueueQuery("suspensions_of_jobs", func(r Row) error {
			s, err := scanSuspension(r)
			if i, known := p.index[s.job]; known && s.answer != nil {
				p.Nodes[i].Answer = s.answer.Payload
			}
			return err
		}, page)
	}
	return tx.Flush()
}
