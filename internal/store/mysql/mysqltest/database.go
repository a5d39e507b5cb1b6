//go:build unix

package mysqltest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/migrations"
)

// Env names a server of the user's.
const Env = "HAMMERWORK_TEST_MYSQL_URL"

// URL returns the URL of an empty database that has the schema, which the test
// must not change. Making one takes longer than most tests; the next test gets
// this one, emptied.
func URL(t testing.TB) string {
	t.Helper()
	s, ctx := serverOf(t)
	name := s.used()
	if name == "" {
		name = s.create(ctx, t)
		s.fill(ctx, t, name)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := s.empty(ctx, name); err != nil {
			t.Errorf("empty the test's database: %v", err)
		}
	})
	return s.url(name)
}

// Fresh returns the URL of a new database that has the schema and nothing of
// any other test. It is dropped when the test has ended.
func Fresh(t testing.TB) string {
	t.Helper()
	s, ctx := serverOf(t)
	name := s.create(ctx, t)
	s.fill(ctx, t, name)
	s.dropLater(t, name)
	return s.url(name)
}

// Empty returns the URL of a new database without a schema.
func Empty(t testing.TB) string {
	t.Helper()
	s, ctx := serverOf(t)
	name := s.create(ctx, t)
	s.dropLater(t, name)
	return s.url(name)
}

// Raw opens the database at a URL as a user's program does, with nothing set
// that a store needs.
func Raw(t testing.TB, rawURL string) *sql.DB {
	t.Helper()
	db, err := open(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// server is the server that this process uses.
type server struct {
	base  *url.URL
	admin *sql.DB

	mu   sync.Mutex
	idle []string // databases that the next test may have
}

var theServer = sync.OnceValues(func() (*server, error) {
	raw := os.Getenv(Env)
	if raw == "" {
		var err error
		if raw, err = kind.Attach(); err != nil {
			return nil, err
		}
	}
	base, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read as a URL", Env)
	}
	admin, err := open(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Env, err)
	}
	admin.SetMaxOpenConns(4)
	return &server{base: base, admin: admin}, nil
})

func serverOf(t testing.TB) (*server, context.Context) {
	t.Helper()
	s, err := theServer()
	if err != nil {
		t.Fatalf("a server for tests: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	return s, ctx
}

// url names a database of it. Pools of tests are small: many run at once.
func (s *server) url(name string) string {
	u := *s.base
	u.Path = "/" + name
	q := u.Query()
	if q.Get("pool_max_conns") == "" {
		q.Set("pool_max_conns", "4")
	}
	u.RawQuery = q.Encode()
	return u.String()
}

func (s *server) create(ctx context.Context, t testing.TB) string {
	t.Helper()
	name := "hwtest_" + strings.ToLower(rand.Text())
	if _, err := s.admin.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		t.Fatalf("create a database for the test: %v", err)
	}
	return name
}

func (s *server) dropLater(t testing.TB, name string) {
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := s.disconnect(ctx, name); err != nil {
			t.Errorf("end who uses the test's database: %v", err)
		}
		if _, err := s.admin.ExecContext(ctx, "DROP DATABASE "+name); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
}

// fill gives a database the schema, as the migrations have it.
func (s *server) fill(ctx context.Context, t testing.TB, name string) {
	t.Helper()
	db, err := open(s.url(name))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	files, err := fs.Glob(migrations.MySQL(), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	statements := []string{`CREATE TABLE hammerwork_migrations (id SERIAL PRIMARY KEY, version_id BIGINT NOT NULL,
		is_applied BOOLEAN NOT NULL, tstamp TIMESTAMP DEFAULT NOW())`, "INSERT INTO hammerwork_migrations (version_id, is_applied) VALUES (0, true)"}
	for _, file := range files {
		text, err := fs.ReadFile(migrations.MySQL(), file)
		if err != nil {
			t.Fatal(err)
		}
		up, _, _ := strings.Cut(string(text), "-- +goose Down")
		number, _, _ := strings.Cut(file, "_")
		statements = append(statements, up, fmt.Sprintf("INSERT INTO hammerwork_migrations (version_id, is_applied) VALUES (%s, true)", number))
	}
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			t.Fatalf("the schema for tests: %v", err)
		}
	}
}

// used returns a database that a test had before, or "".
func (s *server) used() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.idle) == 0 {
		return ""
	}
	name := s.idle[len(s.idle)-1]
	s.idle = s.idle[:len(s.idle)-1]
	return name
}

// disconnect ends who still uses a database.
func (s *server) disconnect(ctx context.Context, name string) error {
	rows, err := s.admin.QueryContext(ctx, "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = ?", name)
	if err != nil {
		return err
	}
	defer rows.Close()
	var list []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return err
		}
		list = append(list, id)
	}
	for _, id := range list {
		_, _ = s.admin.ExecContext(ctx, fmt.Sprintf("KILL %d", id)) // it may have gone by itself
	}
	return rows.Err()
}

// empty ends who still uses a database, and makes it as it was.
func (s *server) empty(ctx context.Context, name string) error {
	if err := s.disconnect(ctx, name); err != nil {
		return err
	}
	rows, err := s.admin.QueryContext(ctx, `SELECT TABLE_NAME FROM information_schema.TABLES
		WHERE TABLE_SCHEMA = ? AND TABLE_TYPE = 'BASE TABLE' AND TABLE_NAME LIKE 'hw\_%'`, name)
	if err != nil {
		return err
	}
	defer rows.Close()
	var tables []string
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			return err
		}
		tables = append(tables, table)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, table := range tables {
		// Few rows are deleted faster than a table is made anew.
		if _, err := s.admin.ExecContext(ctx, "DELETE FROM "+name+"."+table); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = append(s.idle, name)
	return nil
}
