package sqlstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// beatRow is a row of extend_leases.
type beatRow struct {
	ID       hexID  `json:"id"`
	Worker   string `json:"worker"`
	Progress string `json:"progress"`
}

// maxExtended bounds the leases that a transaction extends: it looks at each of
// their jobs, and who reports how those end waits for it.
const maxExtended = 100

// Extend implements store.Claimer.
func (s *Store) Extend(ctx context.Context, beats []store.Beat) ([]store.Beaten, error) {
	answers := make([]store.Beaten, 0, len(beats))
	for page := range slices.Chunk(beats, maxExtended) {
		some, err := s.extend(ctx, page)
		if err != nil {
			return nil, fmt.Errorf("extend %d leases: %w", len(beats), err)
		}
		answers = append(answers, some...)
	}
	return answers, nil
}

// extend extends leases in one transaction.
func (s *Store) extend(ctx context.Context, beats []store.Beat) ([]store.Beaten, error) {
	answers := make([]store.Beaten, len(beats))
	err := s.db.Write(ctx, func(tx Tx) error {
		list := make([]job.ID, len(beats))
		rows := make([]beatRow, len(beats))
		for i, b := range beats {
			list[i] = b.Lease
			rows[i] = beatRow{ID: hexID(b.Lease), Worker: b.Worker}
			answers[i] = store.Beaten{Lease: b.Lease, Lost: true}
		}
		leases := lockLeases(tx, "lock_leases", sortedIDs(list))
		var now int64
		tx.QueueNow(&now)
		if err := tx.Flush(); err != nil {
			return err
		}
		var alive []job.ID
		for i, b := range beats {
			if l := leases[b.Lease]; l != nil && l.worker == b.Worker {
				answers[i].Lost = false
				alive = append(alive, b.Lease)
			}
		}
		if len(alive) == 0 {
			return nil
		}
		if err := noteProgress(beats, leases, rows); err != nil {
			return err
		}
		tx.QueueExec("extend_leases", rows, now+s.opts.LeaseTTL.Microseconds())
		byLease := make(map[job.ID]*store.Beaten, len(answers))
		for i := range answers {
			byLease[answers[i].Lease] = &answers[i]
		}
		tx.QueueQuery("lease_jobs_to_stop", func(r Row) error {
			var lease, id job.ID
			var revoked bool
			if err := r.Scan(&lease, &id, &revoked); err != nil {
				return err
			}
			if b := byLease[lease]; revoked {
				b.Revoked = append(b.Revoked, id)
			} else {
				b.Cancelled = append(b.Cancelled, id)
			}
			return nil
		}, alive)
		return nil
	})
	return answers, err
}

// leaseRow is a lease as locked.
type leaseRow struct {
	id        job.ID
	worker    string
	claimedAt int64
	expiresAt int64
	accepted  bool
	epochs    map[job.ID]int64
	progress  string // JSON, see progressNote; empty: none
}

// lockLeases queues a statement that locks and reads leases in the order of
// their ids: lock_leases of a list of them, lock_leases_of_jobs of those that
// list jobs, lock_leases_of_workflows of those that list jobs of workflows.
func lockLeases(tx Tx, statement string, list []job.ID) map[job.ID]*leaseRow {
	leases := make(map[job.ID]*leaseRow, len(list))
	tx.QueueQuery(statement, func(r Row) error {
		l := &leaseRow{}
		var listed leaseJobs
		if err := r.Scan(&l.id, &l.worker, &l.claimedAt, &l.expiresAt, &l.accepted, &listed, &l.progress); err != nil {
			return err
		}
		l.epochs = make(map[job.ID]int64, len(listed))
		for _, j := range listed {
			l.epochs[j.id] = j.epoch
		}
		leases[l.id] = l
		return nil
	}, list)
	return leases
}
