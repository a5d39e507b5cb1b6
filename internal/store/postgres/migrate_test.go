package postgres

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/hammerwork/hammerwork/internal/store/postgres/pgtest"
)

func TestAMigrationThatWaitsForATransactionKeepsNobodyElseWaitingForLong(t *testing.T) {
	address := pgtest.Fresh(t)
	m, err := OpenMigrator(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for down := ""; down != "00015_jobs_barrier"; { // which changes a table that is in use
		step, err := m.Down(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		down = step.Name
	}
	raw, err := pgxpool.New(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	long, err := raw.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const look = "SELECT count(*) FROM jobs"
	if _, err := long.Exec(t.Context(), look); err != nil {
		t.Fatal(err)
	}
	migrated := make(chan error, 1)
	go func() {
		_, err := m.Up(t.Context())
		migrated <- err
	}()
	for waiting := 0; waiting == 0; {
		if err := raw.QueryRow(t.Context(), "SELECT count(*) FROM pg_locks WHERE relation = 'jobs'::regclass AND NOT granted").Scan(&waiting); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-migrated:
			t.Fatalf("it did not wait: %v", err)
		default:
		}
	}
	other, err := raw.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Release()
	if _, err := other.Exec(t.Context(), "SET statement_timeout = '10s'"); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Exec(t.Context(), look); err != nil {
		t.Errorf("behind the migration: %v", err)
	}
	if err := long.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-migrated; err != nil {
		t.Errorf("the migration in the end: %v", err)
	}
}
