package mysql

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/mysql/mysqltest"
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

// The caller's transaction sees the state of its first read, in which a key is
// not stored that somebody has stored since.
func TestAKeyThatACallersTransactionCannotSeeIsFoundAllTheSame(t *testing.T) {
	h := newHarness(t, store.Options{})
	first, second := job.New("q", nil), job.New("q", nil)
	keys := []store.Key{{Value: "k"}}
	err := h.InTx(func(tx storetest.CallerTx) error {
		if err := tx.Exec("DELETE FROM queues WHERE name = 'nothing'"); err != nil {
			return err
		}
		rows, err := tx.(usersTx).t.Query("SELECT COUNT(*) FROM hw_idempotency_keys")
		if err == nil {
			err = rows.Close()
		}
		if err != nil {
			return err
		}
		if _, err := h.first.EnqueueJobs(t.Context(), []*job.Job{first}, keys); err != nil {
			return err
		}
		done, err := tx.EnqueueJobs([]*job.Job{second}, keys)
		if err == nil && (!done.Existing[0] || done.IDs[0] != first.ID) {
			t.Errorf("enqueued is %+v", done)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.first.Job(t.Context(), second.ID); !errors.Is(err, job.ErrNotFound) {
		t.Errorf("the second job: %v", err)
	}
}

func TestACallerMayBeInAnotherDatabaseOfTheServer(t *testing.T) {
	h := newHarness(t, store.Options{})
	elsewhere := mysqltest.Raw(t, mysqltest.Empty(t))
	for set, wanted := range map[string]bool{
		"SET NAMES utf8mb4": true, "SET SESSION sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES'": true, "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE": true,
		"SET SESSION time_zone = '+11:00'": true, "SET NAMES latin1": false,
	} {
		conn, err := elsewhere.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.ExecContext(t.Context(), set); err != nil {
			t.Fatal(err)
		}
		tx, err := conn.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		j := job.New("größe \\ \"q\"", []byte(`{"a": "\u00fc \" \\ ü"}`)).WithName("Ä")
		_, err = h.first.EnqueueJobsTx(t.Context(), tx, []*job.Job{j}, nil)
		if wanted != (err == nil) || err != nil && !strings.Contains(err.Error(), "utf8mb4") {
			t.Errorf("%s: %v", set, err)
		}
		if err := tx.Commit(); err != nil {
			t.Error(err)
		}
		if got, err := h.first.Job(t.Context(), j.ID); wanted && (err != nil || got.Queue != j.Queue || got.Name != j.Name || string(got.Payload) != string(j.Payload)) {
			t.Errorf("%s: %+v, %v", set, got, err)
		}
		conn.Close()
		elsewhere.SetMaxIdleConns(0)
	}
}
