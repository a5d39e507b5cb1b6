package sqlstore

import (
	"encoding/binary"
	"hash/fnv"
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// partCheckRow is a row of insert_part_checks.
type partCheckRow struct {
	ID  hexID `json:"id"`
	Job hexID `json:"job_id"`
}

// partChecks returns the notes that this transition leaves for CheckParts: of
// jobs whose parts are to begin, to stop, to pause or to go on, and of parts
// that have ended or were resumed.
func (t *transition) partChecks(changes workflow.Changes, now int64) []partCheckRow {
	p := t.part
	var list []job.ID
	note := func(i int) {
		if p.Nodes[i].Parts != "" {
			list = append(list, p.Nodes[i].ID)
		}
	}
	for _, i := range changes.Suspended {
		note(i)
	}
	for _, i := range changes.Stop {
		note(i)
	}
	for _, i := range changes.Ended {
		if _, byParts := t.ended[i]; p.jobs[i].suspended && !byParts {
			note(i)
		}
	}
	moved := map[int]bool{}
	for _, w := range changes.Workflows {
		switch h := &p.Workflows[w]; {
		case h.Status == p.before[w]:
		case !h.Status.Terminal():
			moved[w] = true
			if h.Status == workflow.Running && p.before[w] == workflow.Paused { // although there may be a pause above
				list = append(list, p.parents[w])
			}
		default:
			list = append(list, p.parents[w])
		}
	}
	for i := range p.Nodes {
		if len(moved) > 0 && moved[p.Nodes[i].Workflow] && p.Nodes[i].Status == job.Suspended {
			note(i)
		}
	}
	list = slices.DeleteFunc(list, func(id job.ID) bool { return id == job.ID{} }) // of workflows that are none's
	return newPartChecks(sortedIDs(list), now)
}

// newPartChecks makes notes about jobs. The first are looked at first: their ids
// begin with their time. They end with a hash of the job's id, of which no part
// alone is unique: who makes ids may count in any of it.
func newPartChecks(jobs []job.ID, now int64) []partCheckRow {
	rows := make([]partCheckRow, len(jobs))
	for k, id := range jobs {
		rows[k].Job = hexID(id)
		binary.BigEndian.PutUint64(rows[k].ID[:8], uint64(now))
		h := fnv.New64a()
		h.Write(id[:])
		binary.BigEndian.PutUint64(rows[k].ID[8:], h.Sum64())
	}
	return rows
}
