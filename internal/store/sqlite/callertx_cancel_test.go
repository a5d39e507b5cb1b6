package sqlite

import (
	"context"
	"database/sql"
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func TestAnEnqueueThatIsCutOffLeavesTheCallersTransactionAsItWas(t *testing.T) {
	h := newHarness(t, store.Options{})
	db, err := sql.Open("sqlite", h.path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	defer func() { h.first.db.trace = nil }()
	for n := 1; ; n++ {
		ctx, cancel := context.WithCancel(t.Context())
		seen := 0
		h.first.db.trace = func(string) {
			if seen++; seen == n {
				cancel()
			}
		}
		w := workflow.NewWorkflow("w").Add(job.New("q", nil))
		if err := w.Validate(); err != nil {
			t.Fatal(err)
		}
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = h.first.EnqueueWorkflowTx(ctx, tx, w, store.EnqueueOptions{Key: store.Key{Value: "k"}})
		cancel()
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		rows := 0
		if err := db.QueryRowContext(t.Context(), "SELECT (SELECT count(*) FROM workflows) + (SELECT count(*) FROM jobs) + (SELECT count(*) FROM ready) + (SELECT count(*) FROM idempotency_keys)").Scan(&rows); err != nil {
			t.Fatal(err)
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
