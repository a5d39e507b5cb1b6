package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// EnqueueJobsTx is EnqueueJobs in the caller's transaction: it happens when
// that commits. An error leaves the transaction as it was. Nothing is
// announced; services find the jobs when they look next.
//
// The same ids or keys at the same time in another transaction are waited for,
// and are an error of the database if that commits.
func (s *Store) EnqueueJobsTx(ctx context.Context, caller pgx.Tx, jobs []*job.Job, keys []store.Key) (store.Enqueued, error) {
	return s.within(ctx, s.onPgx(ctx, caller), func(t sqlstore.Tx) (store.Enqueued, error) { return sqlstore.EnqueueJobs(t, jobs, keys) })
}

// EnqueueWorkflowTx is EnqueueWorkflow in the caller's transaction, as
// EnqueueJobsTx.
func (s *Store) EnqueueWorkflowTx(ctx context.Context, caller pgx.Tx, w *workflow.Workflow, o store.EnqueueOptions) (store.Enqueued, error) {
	return s.within(ctx, s.onPgx(ctx, caller), func(t sqlstore.Tx) (store.Enqueued, error) { return sqlstore.EnqueueWorkflow(t, w, o) })
}

// EnqueueJobsSQLTx is EnqueueJobsTx for a transaction of database/sql with
// pgx's driver (github.com/jackc/pgx/v5/stdlib).
func (s *Store) EnqueueJobsSQLTx(ctx context.Context, caller *sql.Tx, jobs []*job.Job, keys []store.Key) (store.Enqueued, error) {
	return s.within(ctx, s.onSQL(ctx, caller), func(t sqlstore.Tx) (store.Enqueued, error) { return sqlstore.EnqueueJobs(t, jobs, keys) })
}

// EnqueueWorkflowSQLTx is EnqueueWorkflowTx for a transaction of database/sql
// with pgx's driver.
func (s *Store) EnqueueWorkflowSQLTx(ctx context.Context, caller *sql.Tx, w *workflow.Workflow, o store.EnqueueOptions) (store.Enqueued, error) {
	return s.within(ctx, s.onSQL(ctx, caller), func(t sqlstore.Tx) (store.Enqueued, error) { return sqlstore.EnqueueWorkflow(t, w, o) })
}

// callerTx is a transaction that is not ours.
type callerTx interface {
	sqlstore.Tx
	run1(ctx context.Context, query string) error // runs a statement that has no name, also after an error
}

// savepointTimeout bounds what undoes a cancelled enqueue.
const savepointTimeout = 5 * time.Second

// within runs f in a caller's transaction, all of it or nothing.
func (s *Store) within(ctx context.Context, t callerTx, f func(sqlstore.Tx) (store.Enqueued, error)) (store.Enqueued, error) {
	if err := t.run1(ctx, "SAVEPOINT hammerwork_enqueue"); err != nil {
		return store.Enqueued{}, fmt.Errorf("set a savepoint: %w", s.db.translate(ctx, err))
	}
	done, err := s.inOwnSchema(ctx, t, f)
	// Also when ctx has ended: the caller's transaction may go on without it.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), savepointTimeout)
	defer cancel()
	if err != nil {
		err = errors.Join(s.explainCaller(ctx, t, err), t.run1(last, "ROLLBACK TO SAVEPOINT hammerwork_enqueue"))
	}
	if released := t.run1(last, "RELEASE SAVEPOINT hammerwork_enqueue"); released != nil {
		err = errors.Join(err, fmt.Errorf("release the savepoint: %w", released))
	}
	if err != nil {
		return store.Enqueued{}, err
	}
	return done, nil
}

// inOwnSchema runs f where the store's tables are, and puts the caller's
// search_path back.
func (s *Store) inOwnSchema(ctx context.Context, t callerTx, f func(sqlstore.Tx) (store.Enqueued, error)) (done store.Enqueued, err error) {
	ours := "'" + strings.ReplaceAll(s.db.searchPath, "'", "''") + "'"
	if err := t.run1(ctx, "SELECT set_config('hammerwork.callers_path', current_setting('search_path'), true)"); err != nil {
		return done, err
	}
	if err := t.run1(ctx, "SELECT set_config('search_path', "+ours+", true)"); err != nil {
		return done, err
	}
	if done, err = f(t); err == nil {
		err = t.Flush()
	}
	if err == nil {
		err = t.run1(ctx, "SELECT set_config('search_path', current_setting('hammerwork.callers_path'), true)")
	}
	return done, err
}

// explainCaller translates what came from the server.
func (s *Store) explainCaller(ctx context.Context, t callerTx, err error) error {
	if failed := t.Flush(); failed == nil || !errors.Is(err, failed) {
		return err // f's own
	}
	return s.db.translate(ctx, err)
}

// ofPgx is a caller's transaction: nothing is prepared on its connection, and
// its settings stay.
type ofPgx struct {
	*tx
	caller pgx.Tx
}

func (s *Store) onPgx(ctx context.Context, caller pgx.Tx) callerTx {
	return ofPgx{&tx{ctx: ctx, d: s.db, conn: caller.Conn().PgConn(), custom: true}, caller}
}

// run1 goes by the transaction: when that has ended, its connection may be
// somebody else's.
func (t ofPgx) run1(ctx context.Context, query string) error {
	_, err := t.caller.Exec(ctx, query)
	return err
}
