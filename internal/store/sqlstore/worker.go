package sqlstore

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
)

// forgetWorkers is how long a worker is remembered.
const forgetWorkers = 24 * time.Hour

// workerRow is a row of see_workers.
type workerRow struct {
	Name     string `json:"name"`
	Queues   string `json:"queues"`
	Slots    int    `json:"slots"`
	Draining int    `json:"draining"`
}

// SeeWorkers implements store.Registrar.
func (s *Store) SeeWorkers(ctx context.Context, seen []store.WorkerSeen) error {
	list, err := workerRows(seen)
	if err != nil || len(list) == 0 {
		return err
	}
	err = s.db.Write(ctx, func(tx Tx) error {
		now, err := tx.Now()
		if err != nil {
			return err
		}
		tx.QueueExec("see_workers", list, now, now-store.WorkerAway.Microseconds())
		tx.QueueExec("forget_workers", now-forgetWorkers.Microseconds())
		return nil
	})
	if err != nil {
		return fmt.Errorf("see %d workers: %w", len(seen), err)
	}
	return nil
}

// workerRows sorts workers by name; of one that is there twice the last counts.
func workerRows(seen []store.WorkerSeen) ([]workerRow, error) {
	byName := make(map[string]store.WorkerSeen, len(seen))
	for _, w := range seen {
		byName[w.Name] = w
	}
	list := make([]workerRow, 0, len(byName))
	for _, w := range byName {
		queues, err := json.Marshal(w.Queues)
		if err != nil {
			return nil, fmt.Errorf("queues of worker %s: %w", w.Name, err)
		}
		list = append(list, workerRow{Name: w.Name, Queues: string(queues), Slots: w.Slots, Draining: boolInt(w.Draining)})
	}
	slices.SortFunc(list, func(a, b workerRow) int { return cmp.Compare(a.Name, b.Name) })
	return list, nil
}

// Workers implements store.Lister.
func (s *Store) Workers(ctx context.Context) ([]store.WorkerRecord, error) {
	var list []store.WorkerRecord
	err := s.db.Read(ctx, func(tx Tx) error {
		running := make(map[string]int)
		if err := tx.Query("workers_held", func(r Row) error {
			var name string
			var n int
			err := r.Scan(&name, &n)
			running[name] = n
			return err
		}); err != nil {
			return err
		}
		var err error
		list, err = readWorkers(tx, store.WorkerAway)
		for i := range list {
			list[i].Running = running[list[i].Name]
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("workers: %w", err)
	}
	return list, nil
}

// readWorkers returns the workers seen within a time, without what they run.
func readWorkers(tx Tx, within time.Duration) ([]store.WorkerRecord, error) {
	now, err := tx.Now()
	if err != nil {
		return nil, err
	}
	var list []store.WorkerRecord
	err = tx.Query("workers_seen", func(r Row) error {
		var w store.WorkerRecord
		var queues []byte
		if err := r.Scan(&w.Name, &queues, &w.Slots, &w.Draining, nullTime{&w.FirstSeenAt}, nullTime{&w.LastSeenAt}); err != nil {
			return err
		}
		err := json.Unmarshal(queues, &w.Queues)
		list = append(list, w)
		return err
	}, now-within.Microseconds())
	return list, err
}
