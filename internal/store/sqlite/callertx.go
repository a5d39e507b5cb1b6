package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// EnqueueJobsTx is EnqueueJobs in the caller's transaction, which may be on a
// connection of its own to the same file: it happens when that commits. An
// error leaves the transaction as it was. Nothing is announced; services find
// the jobs when they look next.
//
// Best the enqueue is the transaction's first statement or it began as
// IMMEDIATE: SQLite refuses to write (SQLITE_BUSY) when somebody else has
// written since the transaction first read.
func (s *Store) EnqueueJobsTx(ctx context.Context, caller *sql.Tx, jobs []*job.Job, keys []store.Key) (store.Enqueued, error) {
	return s.within(ctx, caller, func(t sqlstore.Tx) (store.Enqueued, error) { return sqlstore.EnqueueJobs(t, jobs, keys) })
}

// EnqueueWorkflowTx is EnqueueWorkflow in the caller's transaction, as
// EnqueueJobsTx.
func (s *Store) EnqueueWorkflowTx(ctx context.Context, caller *sql.Tx, w *workflow.Workflow, o store.EnqueueOptions) (store.Enqueued, error) {
	return s.within(ctx, caller, func(t sqlstore.Tx) (store.Enqueued, error) { return sqlstore.EnqueueWorkflow(t, w, o) })
}

// within runs f in a caller's transaction, all of it or nothing.
func (s *Store) within(ctx context.Context, caller *sql.Tx, f func(sqlstore.Tx) (store.Enqueued, error)) (store.Enqueued, error) {
	// Takes the write lock before anything is read: from then on nobody else
	// can have written.
	if _, err := caller.ExecContext(ctx, statements["lock_file"]); err != nil {
		return store.Enqueued{}, fmt.Errorf("lock the file: %w", err)
	}
	if _, err := caller.ExecContext(ctx, "SAVEPOINT hammerwork_enqueue"); err != nil {
		return store.Enqueued{}, fmt.Errorf("set a savepoint: %w", err)
	}
	t := &tx{ctx: ctx, d: s.db, t: caller}
	done, err := f(t)
	if err == nil {
		err = t.Flush()
	}
	// Also when ctx has ended: the caller's transaction may go on without it.
	last := context.WithoutCancel(ctx)
	if err != nil {
		_, undone := caller.ExecContext(last, "ROLLBACK TO hammerwork_enqueue")
		err = errors.Join(err, undone)
	}
	if _, released := caller.ExecContext(last, "RELEASE hammerwork_enqueue"); released != nil {
		err = errors.Join(err, fmt.Errorf("release the savepoint: %w", released))
	}
	if err != nil {
		return store.Enqueued{}, err
	}
	return done, nil
}
