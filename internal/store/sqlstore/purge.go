package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// forgetResolvers is how long a resolver is remembered after it was given up.
const forgetResolvers = time.Hour

// purge is one step of a pass.
type purge struct {
	s     *Store
	keep  store.Retention
	place store.Place // where to look; a stage that is not over moves it on
	limit int
	done  store.Purged
}

// purgeStages are what a pass consists of, in order. Each takes one step and
// says whether it is over.
var purgeStages = []func(context.Context, *purge) (over bool, err error){
	purgeBuilds,
	purgeWorkflows(workflow.Completed),
	purgeWorkflows(workflow.Failed),
	purgeWorkflows(workflow.Cancelled),
	purgeJobs,
	purgeKeys,
	purgeTicks,
	purgeRest,
}

// Purge implements store.Keeper. Each stage reads what is old before it locks
// anything.
func (s *Store) Purge(ctx context.Context, r store.Retention, from store.Place, limit int) (store.Purged, store.Place, error) {
	if from.Stage == 0 {
		from.Stage = 1 // stages count from 1
	}
	p := &purge{s: s, keep: r, place: from, limit: limit}
	over, err := purgeStages[from.Stage-1](ctx, p)
	if err == nil && !over {
		return p.done, p.place, nil
	}
	var next store.Place
	if from.Stage < len(purgeStages) {
		next.Stage = from.Stage + 1
	}
	if err != nil {
		err = fmt.Errorf("purge: %w", err)
	}
	return p.done, next, err
}

// expired reports whether what ended with a status is not kept any more.
func expired(r store.Retention, s job.Status, finishedAt, now int64) bool {
	keep := r.Of(s)
	return s.Terminal() && keep > 0 && finishedAt <= now-microsUp(keep)
}

// purgeRest deletes the rows of what came and went: small tables, for which
// nothing has to be looked up.
func purgeRest(ctx context.Context, p *purge) (bool, error) {
	return true, p.s.db.Write(ctx, func(tx Tx) error {
		now, err := tx.Now()
		if err != nil {
			return err
		}
		tx.QueueExec("forget_workers", now-forgetWorkers.Microseconds())
		tx.QueueExec("forget_resolvers", now-forgetResolvers.Microseconds())
		tx.QueueExec("forget_queues")
		return nil
	})
}

// keyID is a row of delete_keys.
type keyID struct {
	Scope string `json:"scope"`
	Key   string `json:"key"`
	ID    hexID  `json:"id"`
}

// purgeKeys deletes old idempotency keys whose workflow or job is not stored
// any more.
func purgeKeys(ctx context.Context, p *purge) (bool, error) {
	if p.keep.Keys == 0 {
		return true, nil
	}
	looked := 0
	var gone []keyID
	next := p.place
	err := p.s.db.Read(ctx, func(tx Tx) error {
		looked, gone, next = 0, nil, p.place
		now, err := tx.Now()
		if err != nil {
			return err
		}
		return tx.Query("old_keys", func(r Row) error {
			var k keyID
			var id job.ID
			var stored bool
			err := r.Scan(&k.Scope, &k.Key, &id, &next.At, &stored)
			k.ID, next.ID = hexID(id), id
			looked++
			if !stored {
				gone = append(gone, k)
			}
			return err
		}, now-microsUp(p.keep.Keys), p.place.At, p.place.ID[:], p.limit)
	})
	if err != nil {
		return false, err
	}
	if len(gone) > 0 {
		var n int64
		if err := p.s.db.Write(ctx, func(tx Tx) (err error) {
			n, err = tx.Exec("delete_keys", gone)
			return err
		}); err != nil {
			return false, err
		}
		p.done.Keys += int(n)
	}
	p.place = next
	return looked < p.limit, nil
}
