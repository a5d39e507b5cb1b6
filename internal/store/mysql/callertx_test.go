package mysql

import (
	"context"
	"database/sql"
	"errors"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/storetest"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// InTx is a transaction at the isolation level that the server has by default,
// on a connection on which nothing is set.
func (h *harness) InTx(f func(tx storetest.CallerTx) error) error {
	tx, err := h.raw.BeginTx(h.t.Context(), nil)
	if err != nil {
		return err
	}
	if err := f(usersTx{h.t.Context(), h.first, tx}); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// usersTx implements storetest.CallerTx.
type usersTx struct {
	ctx context.Context
	s   *Store
	t   *sql.Tx
}

func (u usersTx) EnqueueJobs(jobs []*job.Job, keys []store.Key) (store.Enqueued, error) {
	return u.s.EnqueueJobsTx(u.ctx, u.t, jobs, keys)
}

func (u usersTx) EnqueueWorkflow(w *workflow.Workflow, o store.EnqueueOptions) (store.Enqueued, error) {
	return u.s.EnqueueWorkflowTx(u.ctx, u.t, w, o)
}

func (u usersTx) Exec(query string, args ...any) error {
	_, err := u.t.ExecContext(u.ctx, here(query), args...)
	return err
}
