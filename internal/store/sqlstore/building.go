package sqlstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// building is what workflows.hidden says of a workflow that is being enqueued
// in several transactions.
const building = "building"

// enqueueChunks enqueues a large workflow in transactions of bounded size. The
// first stores the hidden workflow, the last shows it: until then nobody sees
// it, and nothing that others see leads into it. All ids are known before, so
// whoever repeats it goes on where it stopped; what nobody goes on with is
// deleted by retention. Its time is that of the first transaction.
func (s *Store) enqueueChunks(ctx context.Context, w *workflow.Workflow, o store.EnqueueOptions, chunk int) (done store.Enqueued, err error) {
	e := newEnqueuer(nil, w, w.Jobs)
	if err = s.db.Write(ctx, func(tx Tx) error {
		done, err = e.build(tx, o)
		return err
	}); err != nil || len(done.Existing) > 0 {
		return done, err
	}
	for _, f := range e.family() {
		if err := s.addChunks(ctx, f, chunk); err != nil {
			return store.Enqueued{}, err
		}
	}
	err = s.db.Write(ctx, func(tx Tx) error {
		done, err = e.reveal(tx, o)
		return err
	})
	return done, err
}

// addChunks stores the jobs of a hidden workflow.
func (s *Store) addChunks(ctx context.Context, e *enqueuer, chunk int) error {
	for from := 0; from < len(e.jobs); from += chunk {
		if err := s.db.Write(ctx, func(tx Tx) error { return e.add(tx, from, min(from+chunk, len(e.jobs))) }); err != nil {
			return err
		}
	}
	return nil
}

// build stores the hidden workflow, with those that its jobs are made of, unless it is there. Existing is set if its
// key made another one.
func (e *enqueuer) build(tx Tx, o store.EnqueueOptions) (store.Enqueued, error) {
	e.in(tx)
	k := &keyring{tx: tx}
	k.add(scopeWorkflow, o.Key, e.w.ID)
	if err := k.peek(); err != nil {
		return store.Enqueued{}, err
	}
	if k.existing[0] {
		return store.Enqueued{IDs: k.ids, Existing: k.existing}, nil
	}
	var hidden *string
	var began int64
	tx.QueueQuery("workflow_exists", func(r Row) error { return r.Scan(&hidden, &began) }, e.w.ID[:])
	if err := e.look(false); err != nil {
		return store.Enqueued{}, err
	}
	switch {
	case hidden == nil:
		for _, f := range e.family() {
			digest := ""
			if f == e {
				digest = o.Digest
			}
			if err := f.workflow(digest, building); err != nil {
				return store.Enqueued{}, err
			}
		}
	case *hidden == building:
		e.at(began)
	default:
		return store.Enqueued{}, store.ErrExists
	}
	return store.Enqueued{}, nil
}

// errGone says that a workflow that was being enqueued was deleted, or shown by
// somebody who repeated its enqueue at the same time.
var errGone = errors.New("it is not being enqueued any more; enqueue it again")

// lock locks the hidden workflow. With count set it returns how many jobs of it
// are stored.
func (e *enqueuer) lock(count bool) (jobs int, err error) {
	found := false
	err = e.tx.Query("lock_building", func(r Row) error { found = true; return r.Scan(&jobs) }, e.w.ID[:], boolInt(count))
	if err == nil && !found {
		err = errGone
	}
	return jobs, err
}

// add stores a chunk of the jobs, unless it is there.
func (e *enqueuer) add(tx Tx, from, to int) error {
	e.tx = tx
	if _, err := e.lock(false); err != nil {
		return err
	}
	list := make([]job.ID, 0, to-from)
	for _, j := range e.jobs[from:to] {
		list = append(list, j.ID)
	}
	stored := e.existing("jobs_existing", list)
	if err := tx.Flush(); err != nil {
		return err
	}
	for ; from < to; from++ { // in runs of those that are not there
		end := from
		for end < to && !stored[e.jobs[end].ID] {
			end++
		}
		if end > from {
			if err := e.store(from, end); err != nil {
				return err
			}
			from = end
		}
	}
	return nil
}

// reveal makes everybody see the workflow, and it starts.
func (e *enqueuer) reveal(tx Tx, o store.EnqueueOptions) (store.Enqueued, error) {
	e.in(tx)
	k := &keyring{tx: tx}
	k.add(scopeWorkflow, o.Key, e.w.ID)
	if err := k.turn(); err != nil {
		return store.Enqueued{}, err
	}
	if k.existing[0] { // somebody was quicker
		return store.Enqueued{IDs: k.ids, Existing: k.existing}, nil
	}
	began := e.now
	for _, f := range e.family() {
		if err := f.show(); err != nil {
			return store.Enqueued{}, err
		}
	}
	if err := e.look(false); err != nil { // parents may be gone by now
		return store.Enqueued{}, err
	}
	e.at(began)
	done, err := e.start()
	done.IDs, done.Existing = k.ids, k.existing
	return done, err
}

// show makes everybody see the hidden workflow, all of whose jobs must be there.
func (e *enqueuer) show() error {
	stored, err := e.lock(true)
	if err != nil {
		return err
	}
	if stored != len(e.jobs) {
		return fmt.Errorf("%d of its %d jobs are stored; were their ids used before?", stored, len(e.jobs))
	}
	e.tx.QueueGuarded("reveal_workflow", 1, e.w.ID[:])
	return nil
}
