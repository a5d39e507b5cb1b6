package sqlstore

import (
	"maps"
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// family is what is to be deleted, workflows or jobs, with the workflows that
// these are made of: they go together.
type family struct {
	root   map[job.ID]job.ID // of workflows: for what they go
	locked map[job.ID]oldWorkflow
	runs   map[job.ID]bool // roots that are made of what still runs
}

// newFamily returns one of workflows.
func newFamily(workflows []job.ID) *family {
	f := &family{root: make(map[job.ID]job.ID), locked: make(map[job.ID]oldWorkflow), runs: make(map[job.ID]bool)}
	for _, id := range workflows {
		f.root[id] = id
	}
	return f
}

// find looks, without a lock, for what a list is made of, by the statement that
// knows that of it, and for what that is made of. What has ended by then is
// never made of more.
func (f *family) find(tx Tx, statement string, list []job.ID) error {
	for len(list) > 0 {
		var more []job.ID
		if err := tx.Query(statement, func(r Row) error {
			var of, id job.ID
			err := r.Scan(&of, &id)
			if _, known := f.root[id]; !known {
				root, below := f.root[of]
				if !below {
					root = of
				}
				f.root[id] = root
				more = append(more, id)
			}
			return err
		}, sortedIDs(list)); err != nil {
			return err
		}
		statement, list = "made_of_workflows", more
	}
	return nil
}

// lock locks all its workflows by id, like everybody who locks several.
func (f *family) lock(tx Tx) error {
	list := slices.SortedFunc(maps.Keys(f.root), compareIDs)
	if len(list) == 0 {
		return nil
	}
	return tx.Query("lock_workflows_to_purge", func(r Row) error {
		var w oldWorkflow
		err := r.Scan(&w.id, &w.status, &w.hidden, &w.createdAt, &w.finishedAt, &w.total, &w.dependedOn, nullID{&w.parent})
		f.locked[w.id] = w
		return err
	}, list)
}

// over returns those of some roots that are made of nothing that still runs, and
// of which no open job elsewhere needs anything.
func (f *family) over(tx Tx, roots []job.ID) ([]job.ID, error) {
	for id, root := range f.root {
		w, found := f.locked[id]
		if found && id != root && !w.status.Terminal() && w.status != workflow.Pending { // what never began never will
			f.runs[root] = true
		}
	}
	roots = slices.DeleteFunc(slices.Clone(roots), func(id job.ID) bool { return f.runs[id] })
	list := f.of(roots)
	if len(list) == 0 {
		return roots, nil
	}
	needed, err := neededWorkflows(tx, list, f.root)
	if err != nil {
		return nil, err
	}
	kept := make(map[job.ID]bool)
	for id := range needed {
		if root, known := f.root[id]; known {
			kept[root] = true
		}
	}
	return slices.DeleteFunc(roots, func(id job.ID) bool { return kept[id] }), nil
}

// of returns the locked workflows of some roots.
func (f *family) of(roots []job.ID) []oldWorkflow {
	among := make(map[job.ID]bool, len(roots))
	for _, id := range roots {
		among[id] = true
	}
	var list []oldWorkflow
	for _, id := range slices.SortedFunc(maps.Keys(f.locked), compareIDs) {
		if among[f.root[id]] {
			list = append(list, f.locked[id])
		}
	}
	return list
}

// hide queues what hides the workflows of some roots: they are deleted step by
// step, and nobody sees them any more.
func (f *family) hide(tx Tx, roots []job.ID) {
	var list []job.ID
	for _, w := range f.of(roots) {
		if w.hidden != "purging" {
			list = append(list, w.id)
		}
	}
	queueGuarded(tx, "hide_workflows", list)
}
