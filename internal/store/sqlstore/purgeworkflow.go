package sqlstore

import (
	"context"
	"fmt"
	"math"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Bounds of what is looked at when workflows are hidden.
const (
	hideJobs   = 20_000 // jobs of workflows in a transaction, unless it is one workflow
	lookJobs   = 2_000  // jobs in a statement
	lookChecks = 20_000 // edges that wait for CheckEdges; if there are more, it comes first
)

// oldWorkflow is a workflow that may be deleted.
type oldWorkflow struct {
	id         job.ID
	status     workflow.Status
	hidden     string
	createdAt  int64
	finishedAt int64 // 0: it has not ended
	total      int
	dependedOn bool
	parent     job.ID // the job that is made of it; zero: none
}

// jobRange is a row of needed_workflows: the jobs of a workflow at positions
// from From on, before To.
type jobRange struct {
	Workflow hexID `json:"id"`
	From     int   `json:"from"`
	To       int   `json:"to"`
}

// purgeBuilds hides workflows whose enqueue died.
func purgeBuilds(ctx context.Context, p *purge) (bool, error) {
	return p.workflows(ctx, func(w oldWorkflow, now int64) bool {
		return w.hidden == building && w.createdAt <= now-microsUp(store.BuildAway)
	}, func(tx Tx, now int64, scan func(Row) error) error {
		return tx.Query("old_builds", scan, now-microsUp(store.BuildAway), p.place.At, p.place.ID[:], p.limit)
	})
}

// purgeWorkflows hides old workflows of a status.
func purgeWorkflows(status workflow.Status) func(context.Context, *purge) (bool, error) {
	return func(ctx context.Context, p *purge) (bool, error) {
		keep := p.keep.Of(job.Status(status))
		return p.workflows(ctx, func(w oldWorkflow, now int64) bool {
			return w.hidden == "" && w.status == status && expired(p.keep, job.Status(status), w.finishedAt, now)
		}, func(tx Tx, now int64, scan func(Row) error) error {
			if keep == 0 {
				return nil
			}
			return tx.Query("old_workflows", scan, string(status), now-microsUp(keep), p.place.At, p.place.ID[:], p.limit)
		})
	}
}

// workflows deletes of the workflows that are hidden, as long as there are any;
// then it hides more: those that read finds and that are old under lock, too.
func (p *purge) workflows(ctx context.Context, old func(w oldWorkflow, now int64) bool, read func(tx Tx, now int64, scan func(Row) error) error) (bool, error) {
	if begun, err := p.finish(ctx); err != nil || begun {
		return false, err
	}
	var list []job.ID
	looked, next := 0, p.place
	err := p.s.db.Read(ctx, func(tx Tx) error {
		list, looked, next = nil, 0, p.place
		now, err := tx.Now()
		if err != nil {
			return err
		}
		jobs := 0
		return read(tx, now, func(r Row) error {
			var id job.ID
			var at int64
			var total int
			if err := r.Scan(&id, &at, &total); err != nil {
				return err
			}
			looked++
			if jobs += total; len(list) == 0 || jobs <= hideJobs {
				list, next.At, next.ID = append(list, id), at, id
			}
			return nil
		})
	})
	if err != nil || len(list) == 0 {
		return err == nil, err
	}
	hidden := 0
	err = p.s.db.Write(ctx, func(tx Tx) (err error) {
		hidden, _, err = hide(tx, sortedIDs(list), old)
		return err
	})
	if err != nil {
		return false, err
	}
	p.place = next
	return hidden == 0 && looked == len(list) && looked < p.limit, nil
}

// hide locks workflows with all that they are made of, and hides those that are
// old, of which all has ended and that no job outside needs. CheckEdges locks the
// workflow of a parent, too: it is seen, or sees it.
func hide(tx Tx, list []job.ID, old func(w oldWorkflow, now int64) bool) (hidden int, f *family, err error) {
	now, err := tx.Now()
	if err != nil {
		return 0, nil, err
	}
	f = newFamily(list)
	if err := f.find(tx, "made_of_workflows", list); err != nil {
		return 0, nil, err
	}
	if err := f.lock(tx); err != nil {
		return 0, nil, err
	}
	var free []job.ID
	for _, id := range list {
		w, found := f.locked[id]
		switch {
		case !found || !old(w, now):
		case w.finishedAt > now:
			return 0, nil, ErrConflict // since then it may be made of more
		default:
			free = append(free, id)
		}
	}
	if free, err = f.over(tx, free); err != nil {
		return 0, nil, err
	}
	f.hide(tx, free)
	return len(free), f, tx.Flush()
}

// neededWorkflows returns those of some locked workflows that have a job on
// which an open one of another depends, unless both are of one root. Each edge
// from outside has been looked at by CheckEdges, which says so in the parent's
// workflow, or waits for that.
func neededWorkflows(tx Tx, list []oldWorkflow, root map[job.ID]job.ID) (map[job.ID]bool, error) {
	needed := make(map[job.ID]bool)
	checks := 0
	if err := tx.Query("workflows_to_check", func(r Row) error {
		var id job.ID
		err := r.Scan(nullID{&id})
		needed[id] = true
		checks++
		return err
	}, lookChecks); err != nil {
		return nil, err
	}
	for _, ranges := range lookedRanges(list) {
		if err := tx.Query("needed_workflows", func(r Row) error {
			var id, by job.ID
			err := r.Scan(&id, nullID{&by})
			if from, inside := root[by]; !inside || from != root[id] {
				needed[id] = true
			}
			return err
		}, ranges); err != nil {
			return nil, err
		}
	}
	if checks == lookChecks {
		for _, w := range list {
			needed[w.id] = true
		}
	}
	return needed, nil
}

// lookedRanges are the jobs of the workflows that may be depended on, as much
// as a statement takes at a time.
func lookedRanges(list []oldWorkflow) [][]jobRange {
	var all [][]jobRange
	room := 0
	for _, w := range list {
		if !w.dependedOn || w.hidden == building {
			continue // nobody could depend on what is being built
		}
		for from := 0; from == 0 || from < w.total; from += lookJobs {
			to := from + lookJobs
			if to >= w.total {
				to = math.MaxInt32
			}
			n := min(lookJobs, w.total-from)
			if room < n {
				all, room = append(all, nil), lookJobs
			}
			room -= n
			last := len(all) - 1
			all[last] = append(all[last], jobRange{hexID(w.id), from, to})
		}
	}
	return all
}

// finish deletes jobs of hidden workflows, and the workflows that have none
// left; it reports whether there were any. Those that another deletes of at
// this time are left to it.
func (p *purge) finish(ctx context.Context) (begun bool, err error) {
	var list []job.ID
	err = p.s.db.Read(ctx, func(tx Tx) error {
		list = nil
		return tx.Query("purging_workflows", scanIDs(&list), p.limit)
	})
	if err != nil || len(list) == 0 {
		return false, err
	}
	var done store.Purged
	err = p.s.db.Write(ctx, func(tx Tx) error {
		done, begun = store.Purged{}, false
		var mine, jobs []job.ID
		if err := tx.Query("lock_purging_workflows", scanIDs(&mine), sortedIDs(list)); err != nil || len(mine) == 0 {
			return err
		}
		begun = true
		bytes := int64(0)
		if err := tx.Query("jobs_of_workflows", func(r Row) error {
			var id job.ID
			var size int64
			err := r.Scan(&id, &size)
			if bytes == 0 || bytes+size <= purgeBytes {
				jobs, bytes = append(jobs, id), bytes+size
			}
			return err
		}, mine, p.limit); err != nil {
			return err
		}
		all, err := deleteJobs(tx, jobs)
		if err != nil || !all {
			return err
		}
		tx.QueueExec("delete_workflow_timers", mine)
		tx.QueueExec("delete_audit", mine)
		n, err := tx.Exec("delete_workflows", mine)
		done = store.Purged{Workflows: int(n), Jobs: len(jobs)}
		return err
	})
	if err == nil {
		p.done.Workflows += done.Workflows
		p.done.Jobs += done.Jobs
	}
	return begun, err
}

// scanIDs appends the one column of a row to list.
func scanIDs(list *[]job.ID) func(Row) error {
	return func(r Row) error {
		var id job.ID
		err := r.Scan(&id)
		*list = append(*list, id)
		return err
	}
}

// DeleteWorkflow implements store.Keeper.
func (s *Store) DeleteWorkflow(ctx context.Context, id job.ID) error {
	err := s.db.Write(ctx, func(tx Tx) error {
		refused := job.ErrNotFound
		hidden, f, err := hide(tx, []job.ID{id}, func(w oldWorkflow, _ int64) bool {
			switch {
			case w.hidden != "":
			case w.parent != (job.ID{}):
				refused = fmt.Errorf("%w: a job is made of it; it is deleted with that", job.ErrWrongState)
			case !w.status.Terminal():
				refused = fmt.Errorf("%w: it is %s", job.ErrWrongState, w.status)
			default:
				refused = store.ErrNeeded
				return true
			}
			return false
		})
		switch {
		case err != nil || hidden > 0:
			return err
		case f.runs[id]:
			return store.ErrPartsRun
		}
		return refused
	})
	if err != nil {
		return fmt.Errorf("delete workflow %s: %w", id, err)
	}
	return nil
}
