package sqlstore

import (
	"fmt"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// upNext is how far the jobs of a workflow that run in turns were looked for:
// none before the position next waits for its turn.
type upNext struct {
	next   int
	after  int         // the position after the last that was loaded
	loaded map[int]int // node → position
}

// loadNext adds the jobs of workflows that come next in their turn, about as
// many as may be let run.
func (p *part) loadNext(tx Tx, workflows []int) error {
	for _, w := range workflows {
		h, t := &p.Workflows[w], &p.upNext[w]
		if t.loaded == nil {
			t.loaded, t.after = map[int]int{}, t.next
		}
		room := h.MaxParallel - h.InFlight
		for _, n := range p.Nodes {
			if n.Workflow == w {
				room++ // it may make room, or has taken it
			}
		}
		room = min(max(room, 1), p.pageRows)
		var list []job.ID
		var places []int
		if err := tx.Query("next_jobs", func(r Row) error {
			var id job.ID
			var position int
			err := r.Scan(&id, &position)
			list, places = append(list, id), append(places, position)
			return err
		}, h.ID[:], t.after, room); err != nil {
			return err
		}
		if len(list) == 0 {
			return fmt.Errorf("workflow %s has room for another job, and none waits", h.ID)
		}
		p.lockJobs(tx, "lock_more_jobs", sortedIDs(append([]job.ID(nil), list...)))
		if err := tx.Flush(); err != nil {
			return err
		}
		for k, id := range list {
			if i, known := p.index[id]; known {
				t.loaded[i] = places[k]
			}
		}
		t.after = places[len(places)-1] + 1
		h.NextKnown = list[len(list)-1]
	}
	return nil
}

// nextTurn returns the position before which no job of workflow w waits for its
// turn after a resolution.
func (p *part) nextTurn(w int) int {
	t := &p.upNext[w]
	if p.Workflows[w].MaxParallel == 0 {
		return 0
	}
	for i := range p.Nodes {
		if p.Nodes[i].Workflow == w && p.jobs[i].reset {
			return 0
		}
	}
	next := t.next
	if t.loaded != nil {
		next = t.after
	}
	for i, position := range t.loaded {
		if n := &p.Nodes[i]; n.Deps == job.Waiting && !n.Status.Terminal() {
			next = min(next, position)
		}
	}
	return next
}
