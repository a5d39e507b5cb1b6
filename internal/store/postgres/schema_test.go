package postgres

import (
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/postgres/pgtest"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func TestTheTablesMayHaveASchemaBesideThoseOfACallerWhoseTransactionKeepsItsOwn(t *testing.T) {
	address := pgtest.Empty(t)
	raw, err := pgxpool.New(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(raw.Close)
	if _, err := raw.Exec(t.Context(), `CREATE SCHEMA "it's"; CREATE TABLE jobs (mine int)`); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", `"it's"`)
	u.RawQuery = q.Encode()
	m, err := OpenMigrator(t.Context(), u.String())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := opened(t, u.String())

	var list []*job.Job
	for range 3 {
		j := job.New("q", nil)
		if err := workflow.ValidateJobs([]*job.Job{j}); err != nil {
			t.Fatal(err)
		}
		list = append(list, j)
	}
	const mine = "INSERT INTO jobs (mine) VALUES (1)"
	err = pgx.BeginFunc(t.Context(), raw, func(tx pgx.Tx) error {
		if _, err := s.EnqueueJobsTx(t.Context(), tx, list[:1], []store.Key{{Value: "k"}}); err != nil {
			return err
		}
		if _, err := s.EnqueueJobsTx(t.Context(), tx, list[1:2], []store.Key{{Value: "k", Hash: [32]byte{1}}}); err == nil {
			t.Error("a key was used twice")
		}
		_, err := tx.Exec(t.Context(), mine)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	db := stdlib.OpenDBFromPool(raw)
	defer db.Close()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.EnqueueJobsSQLTx(t.Context(), tx, list[2:], nil); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), mine); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	for _, j := range []*job.Job{list[0], list[2]} {
		if _, err := s.Job(t.Context(), j.ID); err != nil {
			t.Error(err)
		}
	}
}

// An application with tables of our names, and with goose, shares its database.
func TestAnApplicationMayHaveTablesOfOurNamesAndAGooseOfItsOwn(t *testing.T) {
	u, err := url.Parse(pgtest.Empty(t))
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", "public") // not the schema of the user's name
	u.RawQuery = q.Encode()
	raw, err := pgxpool.New(t.Context(), u.String())
	q.Del("search_path")
	u.RawQuery = q.Encode()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(raw.Close)
	if _, err := raw.Exec(t.Context(), `CREATE TABLE jobs (mine int); CREATE TABLE goose_db_version (version_id bigint, is_applied boolean);
		INSERT INTO goose_db_version VALUES (1, true), (2, true), (20260101000000, true)`); err != nil {
		t.Fatal(err)
	}
	m, err := OpenMigrator(t.Context(), u.String())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if done, err := m.Up(t.Context()); err != nil || len(done) == 0 {
		t.Fatalf("applied %v, %v", done, err)
	}
	s := opened(t, u.String())
	if err := s.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	j := job.New("q", nil)
	if err := workflow.ValidateJobs([]*job.Job{j}); err != nil {
		t.Fatal(err)
	}
	err = pgx.BeginFunc(t.Context(), raw, func(tx pgx.Tx) error {
		if _, err := s.EnqueueJobsTx(t.Context(), tx, []*job.Job{j}, nil); err != nil {
			return err
		}
		_, err := tx.Exec(t.Context(), "INSERT INTO jobs (mine) VALUES (1)")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var mine, ours int
	if err := raw.QueryRow(t.Context(), "SELECT (SELECT count(*) FROM jobs), (SELECT count(*) FROM hammerwork_jobs)").Scan(&mine, &ours); err != nil {
		t.Fatal(err)
	}
	if mine != 1 || ours != 1 {
		t.Errorf("%d rows of the application, %d of ours", mine, ours)
	}
}
