package postgres

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/storetest"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// InTx is a transaction of pgx or, for every other call, of database/sql.
func (h *harness) InTx(f func(tx storetest.CallerTx) error) error {
	h.transactions++
	if h.transactions%2 == h.odd {
		return h.inSQLTx(f)
	}
	tx, err := h.raw.Begin(h.t.Context())
	if err != nil {
		return err
	}
	if err := f(pgxTx{h.t.Context(), h.first, tx}); err != nil {
		return errors.Join(err, tx.Rollback(h.t.Context()))
	}
	return tx.Commit(h.t.Context())
}

func (h *harness) inSQLTx(f func(tx storetest.CallerTx) error) error {
	db := stdlib.OpenDBFromPool(h.raw)
	defer db.Close()
	tx, err := db.BeginTx(h.t.Context(), nil)
	if err != nil {
		return err
	}
	if err := f(usersTx{h.t.Context(), h.first, tx}); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// pgxTx implements storetest.CallerTx.
type pgxTx struct {
	ctx context.Context
	s   *Store
	t   pgx.Tx
}

func (u pgxTx) EnqueueJobs(jobs []*job.Job, keys []store.Key) (store.Enqueued, error) {
	return u.s.EnqueueJobsTx(u.ctx, u.t, jobs, keys)
}

func (u pgxTx) EnqueueWorkflow(w *workflow.Workflow, o store.EnqueueOptions) (store.Enqueued, error) {
	return u.s.EnqueueWorkflowTx(u.ctx, u.t, w, o)
}

func (u pgxTx) Exec(query string, args ...any) error {
	_, err := u.t.Exec(u.ctx, numbered(query), args...)
	return err
}

// usersTx implements storetest.CallerTx.
type usersTx struct {
	ctx context.Context
	s   *Store
	t   *sql.Tx
}

func (u usersTx) EnqueueJobs(jobs []*job.Job, keys []store.Key) (store.Enqueued, error) {
	return u.s.EnqueueJobsSQLTx(u.ctx, u.t, jobs, keys)
}

func (u usersTx) EnqueueWorkflow(w *workflow.Workflow, o store.EnqueueOptions) (store.Enqueued, error) {
	return u.s.EnqueueWorkflowSQLTx(u.ctx, u.t, w, o)
}

func (u usersTx) Exec(query string, args ...any) error {
	_, err := u.t.ExecContext(u.ctx, numbered(query), args...)
	return err
}

func TestOnlyTheCallersOfATransactionDifferBetweenPgxAndDatabaseSQL(t *testing.T) {
	storetest.RunCallerTx(t, func(t *testing.T, o store.Options) storetest.Harness {
		h := newHarness(t, o)
		h.odd = 1
		return h
	})
}
