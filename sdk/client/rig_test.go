package client_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hammerwork/hammerwork/internal/store/mysql/mysqltest"
	"github.com/hammerwork/hammerwork/internal/store/postgres/pgtest"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/sdk/client"
	"github.com/hammerwork/hammerwork/sdk/hammerworktest"
)

// The servers of pgtest and mysqltest stay for the tests of other packages, and
// with each of them a pool.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/jackc/pgx/v5/pgxpool.(*Pool).backgroundHealthCheck"),
		goleak.IgnoreAnyFunction("database/sql.(*DB).connectionOpener"), goleak.IgnoreAnyFunction("github.com/go-sql-driver/mysql.(*mysqlConn).startWatcher.func1"))
}

var quiet = slog.New(slog.DiscardHandler)

// databases make an empty database of each kind and return its URL.
var databases = map[string]func(t *testing.T) string{
	"sqlite":   func(t *testing.T) string { return sqliteURL(filepath.Join(t.TempDir(), "hammerwork.db")) },
	"postgres": func(t *testing.T) string { return pgtest.URL(t) },
	"mysql":    func(t *testing.T) string { return mysqltest.URL(t) },
}

func sqliteURL(path string) string { return "sqlite://" + filepath.ToSlash(path) }

// onEach runs a test on every kind of database.
func onEach(t *testing.T, test func(t *testing.T, url string)) {
	for kind, make := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			test(t, make(t))
		})
	}
}

// open opens a client without NATS until the test has ended.
func open(t *testing.T, url string) *client.Client {
	t.Helper()
	c, err := client.New(t.Context(), client.Config{DatabaseURL: url, Logger: quiet, PollInterval: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return c
}

// engine runs everything on a database.
func engine(t *testing.T, url string) *hammerworktest.Engine {
	t.Helper()
	return hammerworktest.Start(t, hammerworktest.OnDatabase(url))
}

// within bounds what a test waits for.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// names returns the names of all jobs, newest first.
func names(t *testing.T, c *client.Client, f client.JobFilter) []string {
	t.Helper()
	var list []string
	for j, err := range c.Jobs(t.Context(), f) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, j.Name)
	}
	return list
}

// one returns a job of queue q.
func one(name string) *job.Job { return job.New("q", map[string]int{"n": 1}).WithName(name) }

// chain returns a workflow of jobs that wait for each other.
func chain(names ...string) *workflow.Workflow {
	w := workflow.NewWorkflow("chain")
	for _, n := range names {
		w.Then(one(n))
	}
	return w
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
