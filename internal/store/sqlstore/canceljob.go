package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
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
	p, err := lockWithWorkflows(tx, list, false)
	if err != nil {
		return err
	}
	i, known := p.index[id]
	if !known {
		return job.ErrNotFound
	}
	if status := p.Nodes[i].Status; status.Terminal() {
		return fmt.Errorf("%w: it has ended as %s", job.ErrWrongState, status)
	}
	for _, statement := range []string{"take_ready", "take_timers"} {
		if err := tx.Query(statement, func(Row) error { return nil }, ids(list)); err != nil {
			return err
		}
	}
	held, err := heldBy(tx, list)
	if err != nil {
		return err
	}
	for _, h := range held {
		if h.Fence.Epoch == p.jobs[i].epoch {
			r.Control = append(r.Control, store.Held{Fence: h.Fence, Worker: h.worker})
		}
	}
	switch {
	case len(r.Control) == 0:
		return s.endJobs(tx, p, list, endCancel, r)
	case p.jobs[i].stopping:
		return nil // for the second time
	}
	now, err := tx.Now()
	if err != nil {
		return err
	}
	if _, err := tx.Exec("mark_cancelling", ids(list)); err != nil {
		return err
	}
	r.Timer = true
	_, err = execRows(tx, "insert_timers", []timerRow{{now + microsUp(grace), timerCancel, hexID(id)}})
	return err
}

// lockWithWorkflows locks jobs and their children, their workflows before, and,
// if they are to be ended in their workers' hands, their leases in between.
func lockWithWorkflows(tx Tx, list []job.ID, leases bool) (*part, error) {
	p := newPart()
	workflows, err := workflowsOf(tx, list)
	if err != nil {
		return nil, err
	}
	if err := p.lockWorkflows(tx, workflows); err != nil {
		return nil, err
	}
	if leases {
		held, err := heldBy(tx, list)
		if err != nil {
			return nil, err
		}
		var of []job.ID
		for _, h := range held {
			of = append(of, h.Fence.Lease)
		}
		if _, err := lockLeases(tx, sortedIDs(of)); err != nil {
			return nil, err
		}
	}
	return p, p.lockJobs(tx, "lock_jobs_and_children", list)
}

// fireCancels ends jobs that are still held when the grace of their cancel is
// over. One that was given back has ended by that.
func (s *Store) fireCancels(ctx context.Context, limit int, r *store.Resolution) error {
	var part store.Resolution
	err := s.db.Write(ctx, func(tx Tx) error {
		part = store.Resolution{}
		timers, list, err := due(tx, timerCancel, limit)
		if err != nil || len(timers) == 0 {
			return err
		}
		p, err := lockWithWorkflows(tx, sortedIDs(list), true)
		if err != nil {
			return err
		}
		mine, err := deleteTimers(tx, timers)
		if err != nil {
			return err
		}
		part.Done = len(timers)
		return s.endJobs(tx, p, mine, endCancel, &part)
	})
	merge(r, part)
	return err
}
