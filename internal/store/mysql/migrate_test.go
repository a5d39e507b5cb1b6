package mysql

import (
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/mysql/mysqltest"
)

// The server commits a change of a table at once: who is killed before the
// version is noted does it again.
func TestEveryMigrationMayBeRunAgain(t *testing.T) {
	url := mysqltest.Empty(t)
	m, err := OpenMigrator(url)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	all, err := m.Up(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	raw := mysqltest.Raw(t, url)
	if _, err := raw.ExecContext(t.Context(), "DELETE FROM hammerwork_migrations WHERE version_id > 0"); err != nil {
		t.Fatal(err)
	}
	if again, err := m.Up(t.Context()); err != nil || len(again) != len(all) {
		t.Errorf("%d of %d were run again, %v", len(again), len(all), err)
	}
	for range all {
		step, err := m.Down(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		// As if it had been killed before the version went.
		if _, err := raw.ExecContext(t.Context(), "INSERT INTO hammerwork_migrations (version_id, is_applied) VALUES (?, true)", step.Version); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Down(t.Context()); err != nil {
			t.Errorf("%s is taken back again: %v", step.Name, err)
			return
		}
	}
}

func TestAnApplicationMayShareItsDatabaseAndKeepItsTables(t *testing.T) {
	url := mysqltest.Empty(t)
	raw := mysqltest.Raw(t, url)
	for _, q := range []string{"CREATE TABLE jobs (mine INT)", "CREATE TABLE goose_db_version (version_id BIGINT, is_applied BOOLEAN)"} {
		if _, err := raw.ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	m, err := OpenMigrator(url)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := opened(t, url, store.Options{})
	if err := s.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := raw.ExecContext(t.Context(), "INSERT INTO jobs (mine) VALUES (1)"); err != nil {
		t.Error(err)
	}
}
