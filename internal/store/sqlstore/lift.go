package sqlstore

import (
	"maps"
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// liftRow is a row of lift_jobs.
type liftRow struct {
	ID       hexID `json:"id"`
	Priority int   `json:"priority"`
}

// maxLifted bounds how many edges into jobs that a transaction lifted are
// checked in turn.
const maxLifted = 1000

// lift raises the parents of checked edges that are less urgent than what a
// child passes on, and returns them. A child passes on what its enqueue said,
// and its priority if it inherits or was lifted itself. Edges into what was
// lifted are to be checked in turn: so it goes up through workflows that were
// enqueued before, a generation at a time.
func (p *part) lift(tx Tx, now int64) ([]job.ID, error) {
	above := make(map[int][]int) // child → parents that it may lift
	for _, e := range p.Edges {
		parent := &p.Nodes[e.Parent]
		if passes := max(p.jobs[e.Child].priority, p.jobs[e.Child].passes); !parent.Gone && !parent.Status.Terminal() && !p.Nodes[e.Child].Status.Terminal() && passes > p.jobs[e.Parent].priority {
			above[e.Child] = append(above[e.Child], e.Parent)
		}
	}
	if len(above) == 0 {
		return nil, nil
	}
	var children []job.ID
	for child := range above {
		children = append(children, p.Nodes[child].ID)
	}
	own := make(map[job.ID]int)
	for page := range slices.Chunk(sortedIDs(children), pageRows) {
		tx.QueueQuery("own_priorities", func(row Row) error {
			var id job.ID
			var priority int
			err := row.Scan(&id, &priority)
			own[id] = priority
			return err
		}, page)
	}
	if err := tx.Flush(); err != nil {
		return nil, err
	}
	lifted := make(map[int]bool)
	for child, parents := range above {
		j := &p.jobs[child]
		passes := j.passes
		if own, known := own[p.Nodes[child].ID]; j.inherits || known && own < j.priority {
			passes = max(passes, j.priority)
		}
		for _, parent := range parents {
			if passes > p.jobs[parent].priority {
				p.jobs[parent].priority, lifted[parent] = passes, true
			}
		}
	}
	return p.writeLifts(tx, now, slices.Sorted(maps.Keys(lifted)))
}

// writeLifts stores the priorities of jobs that were lifted, and moves those
// that can be claimed to their new places.
func (p *part) writeLifts(tx Tx, now int64, lifted []int) ([]job.ID, error) {
	if len(lifted) == 0 {
		return nil, nil
	}
	rows := make([]liftRow, len(lifted))
	list := make([]job.ID, len(lifted))
	for k, i := range lifted {
		rows[k] = liftRow{hexID(p.Nodes[i].ID), p.jobs[i].priority}
		list[k] = p.Nodes[i].ID
	}
	list = sortedIDs(list)
	var moved []job.ID
	tx.QueueQuery("take_ready", scanIDs(&moved), list)
	if err := tx.Flush(); err != nil {
		return nil, err
	}
	queueGuarded(tx, "lift_jobs", rows)
	queueRows(tx, "make_ready", sortedIDs(moved), now)
	return list, nil
}
