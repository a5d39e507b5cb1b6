package sqlstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// SpawnersOf implements store.Reader.
func (s *Store) SpawnersOf(ctx context.Context, jobs []job.ID) (map[job.ID]job.ID, error) {
	ids := make(map[job.ID]job.ID)
	err := s.db.Read(ctx, func(tx Tx) error {
		found, err := spawners(tx, jobs)
		for id, by := range found {
			ids[id] = by.ID
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("spawners of %d jobs: %w", len(jobs), err)
	}
	return ids, nil
}

// spawners finds who spawned jobs, as far as they were spawned.
func spawners(tx Tx, list []job.ID) (map[job.ID]store.Spawner, error) {
	found := make(map[job.ID]store.Spawner)
	for page := range slices.Chunk(list, pageRows) {
		tx.QueueQuery("spawners_of", func(r Row) error {
			var id job.ID
			var by store.Spawner
			err := r.Scan(&id, &by.ID, &by.Name)
			found[id] = by
			return err
		}, page)
	}
	return found, tx.Flush()
}

// Spawned implements store.Reader.
func (s *Store) Spawned(ctx context.Context, spawner, after job.ID, limit int) ([]job.ID, error) {
	var list []job.ID
	err := s.db.Read(ctx, func(tx Tx) error {
		list = nil
		return tx.Query("spawned_page", scanIDs(&list), spawner[:], after[:], min(limit, store.MaxPage))
	})
	if err != nil {
		return nil, fmt.Errorf("spawned by job %s: %w", spawner, err)
	}
	return list, nil
}
