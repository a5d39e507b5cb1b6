package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/hammerwork/hammerwork/internal/store"
)

// PauseQueue implements store.Operator. A claim reads pauses in the statement
// that reads the queue's head.
func (s *Store) PauseQueue(ctx context.Context, name string) error {
	err := s.db.Write(ctx, func(tx Tx) error {
		now, err := tx.Now()
		if err != nil {
			return err
		}
		_, err = tx.Exec("pause_queue", name, now)
		return err
	})
	if err != nil {
		return fmt.Errorf("pause queue %s: %w", name, err)
	}
	return nil
}

// ResumeQueue implements store.Operator.
func (s *Store) ResumeQueue(ctx context.Context, name string) (store.Resolution, error) {
	err := s.db.Write(ctx, func(tx Tx) error {
		_, err := tx.Exec("resume_queue", name)
		return err
	})
	if err != nil {
		return store.Resolution{}, fmt.Errorf("resume queue %s: %w", name, err)
	}
	return store.Resolution{Queues: []string{name}}, nil
}

// Queues implements store.Lister.
func (s *Store) Queues(ctx context.Context) ([]store.QueueRecord, error) {
	var list []store.QueueRecord
	err := s.db.Read(ctx, func(tx Tx) error {
		queues := make(map[string]*store.QueueRecord)
		if err := readQueues(tx, queues); err != nil {
			return err
		}
		workers, err := readWorkers(tx, store.WorkerSilent)
		if err != nil {
			return err
		}
		addServed(queues, workers)
		list = nil
		for _, q := range queues {
			list = append(list, *q)
		}
		slices.SortFunc(list, func(a, b store.QueueRecord) int { return cmp.Compare(a.Name, b.Name) })
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("queues: %w", err)
	}
	return list, nil
}

// readQueues adds the queues that have ready or held jobs, are paused or have
// weights.
func readQueues(tx Tx, queues map[string]*store.QueueRecord) error {
	if err := tx.Query("queues_ready", func(r Row) error {
		var q store.QueueRecord
		err := r.Scan(&q.Name, &q.Ready)
		queues[q.Name] = &q
		return err
	}, store.MaxCounted); err != nil {
		return err
	}
	if err := tx.Query("queues_held", func(r Row) error {
		var name string
		var n int
		err := r.Scan(&name, &n)
		queueOf(queues, name).Running = n
		return err
	}); err != nil {
		return err
	}
	return tx.Query("queues_set", func(r Row) error {
		var set store.QueueRecord
		err := r.Scan(&set.Name, nullTime{&set.PausedAt}, weightsScan{&set.Weights})
		q := queueOf(queues, set.Name)
		q.PausedAt, q.Weights = set.PausedAt, set.Weights
		return err
	})
}

// addServed adds the queues that workers serve by name, and counts who serves
// each.
func addServed(queues map[string]*store.QueueRecord, workers []store.WorkerRecord) {
	everything := 0
	for _, w := range workers {
		switch {
		case w.Draining:
			continue
		case w.Queues == nil:
			everything++
		}
		for _, name := range w.Queues {
			queueOf(queues, name).Workers++
		}
	}
	for _, q := range queues {
		q.Workers += everything
	}
}

func queueOf(queues map[string]*store.QueueRecord, name string) *store.QueueRecord {
	q := queues[name]
	if q == nil {
		q = &store.QueueRecord{Name: name}
		queues[name] = q
	}
	return q
}
