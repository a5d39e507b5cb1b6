package sqlstore

import (
	"context"
	"fmt"
	"math"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Events implements store.Reader.
func (s *Store) Events(ctx context.Context, id job.ID, after store.EventPlace, limit int) ([]store.EventRecord, error) {
	var list []store.EventRecord
	err := s.db.Read(ctx, func(tx Tx) error {
		list = nil
		var status workflow.Status
		var until int64
		tx.QueueQuery("workflow_status", func(r Row) error { return r.Scan(&status) }, id[:])
		tx.QueueNow(&until)
		if err := tx.Flush(); err != nil {
			return err
		}
		if until -= store.EventSettled.Microseconds(); status.Terminal() {
			until = math.MaxInt64
		}
		return tx.Query("workflow_events", func(r Row) error {
			var e store.EventRecord
			err := r.Scan(nullTime{&e.At}, &e.ID, &e.Kind, nullID{&e.Job}, &e.Name, &e.Status, &e.Reason, &e.Error, &e.Worker, &e.Attempt, &e.Actor, &e.Comment)
			list = append(list, e)
			return err
		}, id[:], micros(after.At), after.ID[:], int(after.Kind), until, min(max(limit, 1), store.MaxPage))
	})
	if err != nil {
		return nil, fmt.Errorf("events of workflow %s: %w", id, err)
	}
	return list, nil
}
