package postgres

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/postgres/pgtest"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// cutOff calls enqueue, with a context that ends before its nth statement, for
// each n until one comes through.
func cutOff(t *testing.T, s *Store, enqueue func(ctx context.Context, w *workflow.Workflow) (finish func(error) error, err error)) {
	defer func() { s.db.trace = nil }()
	for n := 1; ; n++ {
		ctx, cancel := context.WithCancel(t.Context())
		seen := 0
		s.db.trace = func(string) {
			if seen++; seen == n {
				cancel()
			}
		}
		w := workflow.NewWorkflow("w").Add(job.New("q", nil))
		if err := w.Validate(); err != nil {
			t.Fatal(err)
		}
		finish, err := enqueue(ctx, w)
		cancel()
		if finish(err) != nil {
			continue // the connection is gone, and all of it with that
		}
		rows := 0
		if query := s.db.pool.QueryRow(t.Context(), "SELECT (SELECT count(*) FROM workflows) + (SELECT count(*) FROM jobs) + (SELECT count(*) FROM ready) + (SELECT count(*) FROM idempotency_keys)"); query.Scan(&rows) != nil {
			t.Fatal("the tables cannot be counted")
		}
		if err == nil {
			if n < 3 || rows != 4 {
				t.Errorf("%d statements stored %d rows", n-1, rows)
			}
			return
		}
		if rows != 0 {
			t.Fatalf("cut off before statement %d it left %d rows behind", n, rows)
		}
	}
}

var cutOffKey = store.EnqueueOptions{Key: store.Key{Value: "k"}}

func TestAnEnqueueThatIsCutOffLeavesATransactionOfPgxAsItWas(t *testing.T) {
	s := opened(t, pgtest.URL(t))
	raw, err := pgxpool.New(t.Context(), s.db.pool.Config().ConnString())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(raw.Close)
	cutOff(t, s, func(ctx context.Context, w *workflow.Workflow) (func(error) error, error) {
		tx, err := raw.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.EnqueueWorkflowTx(ctx, tx, w, cutOffKey)
		return func(error) error { return tx.Commit(t.Context()) }, err
	})
}

func TestAnEnqueueThatIsCutOffLeavesATransactionOfDatabaseSQLAsItWas(t *testing.T) {
	s := opened(t, pgtest.URL(t))
	raw, err := pgxpool.New(t.Context(), s.db.pool.Config().ConnString())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(raw.Close)
	db := stdlib.OpenDBFromPool(raw)
	t.Cleanup(func() { db.Close() })
	cutOff(t, s, func(ctx context.Context, w *workflow.Workflow) (func(error) error, error) {
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.EnqueueWorkflowSQLTx(ctx, tx, w, cutOffKey)
		return func(error) error { return tx.Commit() }, err
	})
}

func TestAnEnqueueInATransactionOfPgxThatHasEndedTouchesNobodyElses(t *testing.T) {
	s := opened(t, pgtest.URL(t))
	config := s.db.pool.Config()
	config.MaxConns = 1
	raw, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(raw.Close)
	ended, err := raw.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := ended.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	another, err := raw.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	j := job.New("q", nil)
	if err := workflow.ValidateJobs([]*job.Job{j}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.EnqueueJobsTx(t.Context(), ended, []*job.Job{j}, nil); err == nil {
		t.Error("it was enqueued in a transaction that has ended")
	}
	if err := another.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Job(t.Context(), j.ID); err == nil {
		t.Error("the job went into a transaction of somebody else")
	}
}
