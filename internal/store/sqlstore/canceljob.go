package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// CancelJob implements store.Operator. The job is locked, then a later
// statement takes back its ready row or timer; without either it may be in a
// worker's hands, which a still later statement sees.
func (s *Store) CancelJob(ctx context.Context, id job.ID, grace time.Duration) (store.Resolution, error) {
	var r store.Resolution
	err := s.db.Write(ctx, func(tx Tx) error {
		r = store.Resolution{}
		return s.cancelJob(tx, id, grace, &r)
	})
	if err != nil {
		return store.Resolution{}, fmt.Errorf("cancel job %s: %w", id, err)
	}
	return r, nil
}

func (s *Store) cancelJob(tx Tx, id job.ID, grace time.Duration, r *store.Resolution) error {
	list := []job.ID{id}
	p, leases := s.lockForEnd(tx, list)
	if err := tx.Flush(); err != nil {
		return err
	}
	i, known := p.index[id]
	if !known || p.header(i) == nil && p.jobs[i].workflow != (job.ID{}) { // or its workflow is hidden
		return job.ErrNotFound
	}
	if status := p.Nodes[i].Status; status.Terminal() {
		return fmt.Errorf("%w: it has ended as %s", job.ErrWrongState, status)
	}
	if h := p.header(i); h != nil && h.Status == workflow.Pending {
		return errPending
	}
	for _, statement := range []string{"take_ready", "take_timers"} {
		tx.QueueQuery(statement, func(Row) error { return nil }, list)
	}
	held := heldBy(tx, list)
	var now int64
	tx.QueueNow(&now)
	if err := tx.Flush(); err != nil {
		return err
	}
	for _, h := range *held {
		if h.Fence.Epoch == p.jobs[i].epoch {
			r.Control = append(r.Control, store.Held{Fence: h.Fence, Worker: h.worker})
		}
	}
	switch {
	case len(r.Control) == 0 && !p.Nodes[i].Held:
		return s.endJobs(tx, p, leases, list, endCancel, r)
	case p.jobs[i].stopping:
		return nil // for the second time
	}
	tx.QueueExec("mark_cancelling", list)
	if p.Nodes[i].Held { // its parts run, and CheckParts tells them to stop
		tx.QueueExec("insert_part_checks", newPartChecks(list, now))
		r.Checks = true
	}
	r.Timer = true
	tx.QueueExec("insert_timers", []timerRow{{now + microsUp(grace), timerCancel, hexID(id)}})
	return nil
}

// lockForEnd queues the locks of jobs that are to be ended from outside: their
// workflows, the leases that list them, then they and their children.
func (s *Store) lockForEnd(tx Tx, list []job.ID) (*part, map[job.ID]*leaseRow) {
	p := s.newPart()
	p.lockWorkflows(tx, "lock_workflows_of_jobs", list)
	leases := lockLeases(tx, "lock_leases_of_jobs", list)
	p.lockWithChildren(tx, list)
	return p, leases
}
