//go:build unix

package pgtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/hammerwork/hammerwork/migrations"
)

// Env names a server of the user's.
const Env = "HAMMERWORK_TEST_POSTGRES_URL"

// URL returns the URL of an empty database that has the schema, which the test
// must not change. Making one takes longer than most tests; on the shared server
// the next test gets this one, emptied.
func URL(t testing.TB) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s := serverOf(t)
	if !s.shared {
		return create(t, template)
	}
	name := s.used()
	if name == "" {
		name = s.create(ctx, t, template)
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
	return create(t, template)
}

// Empty returns the URL of a new database without a schema.
func Empty(t testing.TB) string {
	t.Helper()
	return create(t, func(context.Context, *server) (string, error) { return "template0", nil })
}

func create(t testing.TB, from func(context.Context, *server) (string, error)) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	s := serverOf(t)
	name := s.create(ctx, t, from)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if _, err := s.admin.Exec(ctx, fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", name)); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	return s.url(name)
}

// server is the server that this process uses.
type server struct {
	base   *url.URL
	admin  *pgxpool.Pool
	shared bool // our own

	mu   sync.Mutex
	idle []string // databases that the next test may have
}

func serverOf(t testing.TB) *server {
	t.Helper()
	s, err := theServer()
	if err != nil {
		t.Fatalf("a server for tests: %v", err)
	}
	return s
}

func (s *server) create(ctx context.Context, t testing.TB, from func(context.Context, *server) (string, error)) string {
	t.Helper()
	source, err := from(ctx, s)
	if err != nil {
		t.Fatalf("the schema for tests: %v", err)
	}
	name := "hwtest_" + strings.ToLower(rand.Text())
	if _, err := s.admin.Exec(ctx, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, source)); err != nil {
		t.Fatalf("create a database for the test: %v", err)
	}
	return name
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

// empty ends who still uses a database, and makes it as it was.
func (s *server) empty(ctx context.Context, name string) error {
	if _, err := s.admin.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name); err != nil {
		return err
	}
	config := s.admin.Config().ConnConfig.Copy()
	config.Database = name
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, `DO $$ BEGIN
		EXECUTE (SELECT 'TRUNCATE ' || string_agg(format('hammerwork.%I', tablename), ', ') FROM pg_tables
			WHERE schemaname = 'hammerwork' AND tablename <> 'hammerwork_migrations');
	END $$`); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = append(s.idle, name)
	return nil
}

// url names a database of it. Pools of tests are small: many run at once.
func (s *server) url(name string) string {
	u := *s.base
	u.Path = "/" + name
	q := u.Query()
	if q.Get("pool_max_conns") == "" {
		q.Set("pool_max_conns", "4")
	}
	q.Set("search_path", "hammerwork,public") // connections of tests look where the store does
	u.RawQuery = q.Encode()
	return u.String()
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
	config, err := pgxpool.ParseConfig(raw)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read as a database URL", Env)
	}
	config.MaxConns = 4
	admin, err := pgxpool.NewWithConfig(context.Background(), config)
	return &server{base: base, admin: admin, shared: os.Getenv(Env) == ""}, err
})

var templates sync.Mutex

// template returns the name of a database with the schema, and makes it first
// if need be. Its name says which migrations it has.
func template(ctx context.Context, s *server) (string, error) {
	templates.Lock()
	defer templates.Unlock()
	digest, err := migrationsDigest()
	if err != nil {
		return "", err
	}
	name := "hwtemplate_" + digest
	conn, err := s.admin.Acquire(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Release()
	const lock = 4711_2026
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", lock); err != nil {
		return "", err
	}
	defer conn.Exec(ctx, "SELECT pg_advisory_unlock($1)", lock)
	var exists bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&exists); err != nil || exists {
		return name, err
	}
	unfinished := name + "_unfinished"
	for _, statement := range []string{"DROP DATABASE IF EXISTS " + unfinished, "CREATE DATABASE " + unfinished + " TEMPLATE template0"} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return "", err
		}
	}
	if err := migrate(ctx, s.url(unfinished)); err != nil {
		return "", err
	}
	_, err = conn.Exec(ctx, fmt.Sprintf("ALTER DATABASE %s RENAME TO %s", unfinished, name))
	return name, err
}

func migrationsDigest() (string, error) {
	files := migrations.Postgres()
	h := sha256.New()
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, path)
		fmt.Fprintf(h, "%s %d %s", path, len(text), text)
		return err
	})
	return hex.EncodeToString(h.Sum(nil)[:8]), err
}

func migrate(ctx context.Context, rawURL string) error {
	pool, err := pgxpool.New(ctx, rawURL)
	if err != nil {
		return err
	}
	defer pool.Close()
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close()
	if _, err := pool.Exec(ctx, "CREATE SCHEMA hammerwork"); err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, migrations.Postgres(), goose.WithTableName("hammerwork_migrations"))
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}
