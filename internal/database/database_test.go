package database

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/mysql/mysqltest"
	"github.com/hammerwork/hammerwork/internal/store/postgres/pgtest"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// urls names an empty database of each kind.
var urls = map[Kind]func(t *testing.T) string{
	SQLite:   func(t *testing.T) string { return "sqlite://" + filepath.Join(t.TempDir(), "x.db") },
	Postgres: func(t *testing.T) string { return pgtest.Empty(t) },
	MySQL:    func(t *testing.T) string { return mysqltest.Empty(t) },
}

func TestAURLNamesItsKindAndABadOneIsRefusedWithoutItsPassword(t *testing.T) {
	for url, want := range map[string]Kind{
		"postgres://u:p@h:5432/d": Postgres, "postgresql://h/d": Postgres, "postgres:///d?host=/run/postgresql": Postgres,
		"postgres://a:1,b:2/d": Postgres, "sqlite:///tmp/x.db": SQLite,
		"mysql://u:p@h:3306/d": MySQL, "mysql://u@/d?socket=/run/mysqld/mysqld.sock": MySQL,
	} {
		if kind, err := KindOf(url); kind != want || err != nil {
			t.Errorf("%s is %q, %v", url, kind, err)
		}
	}
	for _, url := range []string{
		"", "x.db", "sqlite://x.db", "mongo://u:secret@h/d", "mysql://u:secret@h", "mysql://u:secret@h:port/d", "mysql://u:secret@/d", "mysql://u:secret@h/d?colour=red", "mysql://u:secret@h/d?pool_max_conns=0", "postgres://u:secret@h:port/d", "postgres://u:secret@h/d?sslmode=never", "://u:secret@h",
		"mysql://u:secret%@h/d", "mysql://u:1#secret@h/d", "mysql://u:p@secret/x@h/d", "mysql://u:1/secret@h/d", "mysql://u:secret@h/d?socket=", "mysql://u:secret@h/d?socket=run/s",
		"postgres://u:p@x/secret#%?@h/d", "postgres://u:p@secret/x@h/d", "postgres://u:1/secret@h/d", "postgres://u:p@x/y?secret@h/d", "postgres://h/d?password=secret%", "postgres://h/d?password=secret&sslmode=secret",
	} {
		s, err := Open(t.Context(), url, store.Options{})
		if !errors.Is(err, ErrURL) || strings.Contains(err.Error(), "secret") || s != nil {
			t.Errorf("%q: %v", url, err)
		}
		m, err := Migrations(t.Context(), url)
		if !errors.Is(err, ErrURL) || strings.Contains(err.Error(), "secret") || m != nil {
			t.Errorf("migrations of %q: %v", url, err)
		}
	}
}

func TestEveryKindOfDatabaseGoesUpAndDownStepByStep(t *testing.T) {
	for kind, url := range urls {
		t.Run(string(kind), func(t *testing.T) {
			m, err := Migrations(t.Context(), url(t))
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			status := func() (applied int, all []store.Migration) {
				t.Helper()
				all, err := m.Status(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for i, s := range all {
					if !s.AppliedAt.IsZero() {
						applied++
					}
					if time.Since(s.AppliedAt) > time.Hour && !s.AppliedAt.IsZero() {
						t.Errorf("%s was applied at %s", s.Name, s.AppliedAt)
					}
					if s.Version != int64(i+1) {
						t.Errorf("migration %d is %+v", i+1, s)
					}
				}
				return applied, all
			}
			if n, all := status(); n != 0 || len(all) < 2 || all[0].Name != "00001_workflows" {
				t.Fatalf("at first %d of %+v are applied", n, all)
			}
			if _, err := m.Down(t.Context()); !errors.Is(err, store.ErrNoMigration) {
				t.Errorf("down from nothing: %v", err)
			}
			done, err := m.Up(t.Context())
			n, all := status()
			if err != nil || len(done) != len(all) || n != len(all) {
				t.Fatalf("up did %+v, %v; then %d are applied", done, err, n)
			}
			if done, err := m.Up(t.Context()); err != nil || len(done) != 0 {
				t.Errorf("up for the second time did %+v, %v", done, err)
			}
			for left := len(all) - 1; left >= 0; left-- {
				back, err := m.Down(t.Context())
				if n, _ := status(); err != nil || back.Version != int64(left+1) || n != left {
					t.Fatalf("down did %+v, %v; then %d are applied", back, err, n)
				}
			}
			if done, err := m.Up(t.Context()); err != nil || len(done) != len(all) {
				t.Errorf("up again did %+v, %v", done, err)
			}
		})
	}
}

func TestMigrationsAtTheSameTimeTakeTurns(t *testing.T) {
	for kind, url := range urls {
		t.Run(string(kind), func(t *testing.T) {
			address := url(t)
			type result struct {
				done []store.Migration
				err  error
			}
			results := make(chan result)
			for range 4 {
				go func() {
					m, err := Migrations(t.Context(), address)
					if err != nil {
						results <- result{nil, err}
						return
					}
					defer m.Close()
					done, err := m.Up(t.Context())
					results <- result{done, err}
				}()
			}
			applied := 0
			for range 4 {
				r := <-results
				if r.err != nil {
					t.Error(r.err)
				}
				applied += len(r.done)
			}
			m, err := Migrations(t.Context(), address)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			if all, err := m.Status(t.Context()); err != nil || applied != len(all) {
				t.Errorf("%d were applied, of %d, %v", applied, len(all), err)
			}
		})
	}
}

func TestAStoreIsOpenedByItsURL(t *testing.T) {
	for kind, url := range map[Kind]func(t *testing.T) string{
		SQLite:   urls[SQLite],
		Postgres: func(t *testing.T) string { return pgtest.URL(t) },
		MySQL:    func(t *testing.T) string { return mysqltest.URL(t) },
	} {
		t.Run(string(kind), func(t *testing.T) {
			s, err := Open(t.Context(), url(t), store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if err := s.Ready(t.Context()); err != nil {
				t.Error(err)
			}
			j := job.New("q", 1)
			if _, err := s.EnqueueJobs(t.Context(), []*job.Job{j}, nil); err != nil {
				t.Error(err)
			}
			if rec, err := s.Job(t.Context(), j.ID); err != nil || rec.Queue != "q" {
				t.Errorf("%+v, %v", rec, err)
			}
		})
	}
}
