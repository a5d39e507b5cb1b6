package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/storetest"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// InTx opens the file anew for each transaction, as a program does that knows
// nothing of this package: no pragma, no registered function is used.
func (h *harness) InTx(f func(tx storetest.CallerTx) error) error {
	db, err := sql.Open("sqlite", h.path)
	if err != nil {
		return err
	}
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
	_, err := u.t.ExecContext(u.ctx, query, args...)
	return err
}

func TestAnEnqueueInACallersTransactionHoldsOffOthersFromItsFirstStatement(t *testing.T) {
	h := newHarness(t, store.Options{})
	statements := 0
	h.first.db.trace = func(sql string) {
		statements++
		if err := h.lock(t); !busy(err) {
			t.Errorf("another may write while %s runs: %v", sql, err)
		}
	}
	if err := h.InTx(func(tx storetest.CallerTx) error {
		_, err := tx.EnqueueJobs([]*job.Job{job.New("q", json.RawMessage("1"))}, nil)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if statements == 0 {
		t.Error("no statement was seen")
	}
}
