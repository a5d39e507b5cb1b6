package sqlstore

import (
	"context"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// lookForStall looks whether something moved in a workflow within its health
// check interval: a job of it ended, or was claimed. It looks again when that
// could be over: whole intervals after what moved last, so that of two timers
// of a workflow one is left.
func (s *Store) lookForStall(ctx context.Context, id job.ID, fired timerRow) (store.Resolution, error) {
	var r store.Resolution
	err := s.db.Write(ctx, func(tx Tx) error {
		r = store.Resolution{}
		p, err := s.lockWorkflow(tx, id)
		if err != nil {
			return err
		}
		if p.Workflows[0].Status.Terminal() {
			return job.ErrWrongState
		}
		var now, interval, moved int64
		var claimed *int64
		var name string
		tx.QueueNow(&now)
		tx.QueueQuery("workflow_moved", func(r Row) error { return r.Scan(&name, &interval, &moved) }, id[:])
		tx.QueueQuery("newest_claim", func(r Row) error { return r.Scan(&claimed) }, id[:])
		if mine, err := takeFired(tx, fired); err != nil || !mine {
			return err
		}
		if claimed != nil {
			moved = max(moved, *claimed)
		}
		next := moved + interval
		if next <= now {
			r.Stalled = append(r.Stalled, store.StallEvent{
				Workflow: id, Name: name, Still: time.Duration(now-moved) * time.Microsecond,
			})
			next += (now - next + interval) / interval * interval // the first after now
		}
		r.Timer = true
		queueRows(tx, "insert_timers", []timerRow{{next, timerStall, hexID(id)}})
		return nil
	})
	return r, err
}
