package sqlstore

import (
	"context"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// Bounds of what one transaction deletes.
const (
	purgeEdges = 5_000
	purgeBytes = 32 << 20 // of payloads and results
)

// purgeJobs deletes old jobs that belong to no workflow. How old they are is
// asked again once they are locked, and then, in a later statement, whether a
// job that has not ended depends on them: CheckEdges locks a parent, too. Those
// that are made of what still runs stay.
func purgeJobs(ctx context.Context, p *purge) (bool, error) {
	looked, next := 0, p.place
	var old []job.ID
	err := p.s.db.Read(ctx, func(tx Tx) error {
		looked, old, next = 0, nil, p.place
		now, err := tx.Now()
		if err != nil {
			return err
		}
		youngest := p.youngest(now)
		if youngest == 0 {
			return nil
		}
		return tx.Query("old_jobs", func(r Row) error {
			var status job.Status
			var finishedAt int64
			err := r.Scan(&next.ID, &next.At, &status, &finishedAt)
			looked++
			if expired(p.keep, status, finishedAt, now) {
				old = append(old, next.ID)
			}
			return err
		}, youngest, p.place.At, p.place.ID[:], p.limit)
	})
	if err != nil {
		return false, err
	}
	all := true
	if len(old) > 0 {
		if all, err = p.deleteOld(ctx, sortedIDs(old)); err != nil {
			return false, err
		}
	}
	if all { // else these are looked at again
		p.place = next
	}
	return all && looked < p.limit, nil
}

// youngest returns the time before which a job was made that may be old enough
// to be deleted, whatever its status is; 0 when none may.
func (p *purge) youngest(now int64) int64 {
	var last int64
	for _, s := range job.TerminalStatuses {
		if keep := p.keep.Of(s); keep > 0 {
			last = max(last, now-microsUp(keep))
		}
	}
	return last
}

// deleteOld deletes those of some jobs without a workflow that are old and not
// needed, and reports whether it took all of these.
func (p *purge) deleteOld(ctx context.Context, list []job.ID) (all bool, err error) {
	deleted := 0
	err = p.s.db.Write(ctx, func(tx Tx) error {
		deleted, all = 0, true
		var now, bytes int64
		tx.QueueNow(&now)
		f := newFamily(nil)
		if err := f.find(tx, "made_of_jobs", list); err != nil {
			return err
		}
		if err := f.lock(tx); err != nil { // before the jobs
			return err
		}
		var old []job.ID
		tx.QueueQuery("lock_jobs_to_purge", func(r Row) error {
			var id job.ID
			var status job.Status
			var finishedAt, size int64
			if err := r.Scan(&id, &status, &finishedAt, &size); err != nil || !expired(p.keep, status, finishedAt, now) {
				return err
			}
			if all = all && (bytes == 0 || bytes+size <= purgeBytes); all {
				old, bytes = append(old, id), bytes+size
			}
			return nil
		}, list)
		if err := tx.Flush(); err != nil || len(old) == 0 {
			return err
		}
		needed := make(map[job.ID]bool)
		if err := tx.Query("needed_jobs", func(r Row) error {
			var id job.ID
			err := r.Scan(&id)
			needed[id] = true
			return err
		}, old); err != nil {
			return err
		}
		free := old[:0]
		for _, id := range old {
			if !needed[id] {
				free = append(free, id)
			}
		}
		free, err := f.over(tx, free)
		if err != nil {
			return err
		}
		f.hide(tx, free)
		done, err := deleteJobs(tx, free)
		if done {
			deleted = len(free)
		}
		all = all && done
		return err
	})
	if err == nil {
		p.done.Jobs += deleted
	}
	return all, err
}

// deleteJobs queues the deletion of jobs and all there is of them. If they have
// more edges than one transaction takes, it deletes only of those, and done is
// false. The jobs or their workflows are locked.
//
// An edge goes with its child: it must tell CheckEdges of a child that was
// enqueued meanwhile, and waits for one of these jobs.
func deleteJobs(tx Tx, list []job.ID) (done bool, err error) {
	if len(list) == 0 {
		return true, nil
	}
	var edges []edgeRow
	if err := tx.Query("edges_into_jobs", func(r Row) error {
		var parent, child job.ID
		err := r.Scan(&parent, &child)
		edges = append(edges, edgeRow{Parent: hexID(parent), Child: hexID(child)})
		return err
	}, list, purgeEdges); err != nil {
		return false, err
	}
	queueRows(tx, "delete_edges", edges)
	queueRows(tx, "delete_edge_checks", edges)
	if len(edges) >= purgeEdges {
		return false, nil
	}
	for _, statement := range []string{"take_ready", "take_timers"} {
		tx.QueueQuery(statement, func(Row) error { return nil }, list)
	}
	for _, statement := range []string{"delete_deadlines", "delete_start_checks", "delete_gate_timers", "delete_suspensions", "delete_attempts", "delete_evaluations", "delete_job_runs", "delete_spawned", "delete_audit", "delete_job_states", "delete_jobs"} {
		tx.QueueExec(statement, list)
	}
	return true, nil
}
