package hammerworktest_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/hammerwork/hammerwork/sdk/hammerworktest"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

// The server of pgtest stays for the tests of other packages, and with it one
// pool.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, // but for the connections to the servers for tests
		goleak.IgnoreAnyFunction("github.com/jackc/pgx/v5/pgxpool.(*Pool).backgroundHealthCheck"),
		goleak.IgnoreAnyFunction("database/sql.(*DB).connectionOpener"),
		goleak.IgnoreAnyFunction("github.com/go-sql-driver/mysql.(*mysqlConn).startWatcher.func1"))
}

// shortTest is a test that an example runs.
type shortTest struct {
	testing.TB
	cleanups []func()
}

func (t *shortTest) Helper()          {}
func (t *shortTest) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }

func (t *shortTest) end() {
	for _, f := range slices.Backward(t.cleanups) {
		f()
	}
}

func TestAnEngineLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	e, err := hammerworktest.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Work(func(w *worker.Worker) error {
		return worker.HandleAll(w, func(context.Context, *worker.Job) (any, error) { return nil, nil })
	}); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil { // TestMain sees goroutines
		t.Error(err)
	}
	left, err := os.ReadDir(os.TempDir())
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestAnEngineThatCannotOpenLeavesNothing(t *testing.T) {
	url := "sqlite://" + filepath.ToSlash(filepath.Join(t.TempDir(), "absent", "x.db"))
	if _, err := hammerworktest.Open(t.Context(), hammerworktest.OnDatabase(url)); err == nil {
		t.Error("it has opened")
	}
	if _, err := hammerworktest.Open(t.Context(), hammerworktest.OnDatabase("x://")); err == nil {
		t.Error("it has opened")
	}
}

func TestAHandlerThatCannotBeRegisteredIsSaidAtOnce(t *testing.T) {
	e := hammerworktest.Start(t)
	err := e.Work(func(w *worker.Worker) error { return worker.Handle(w, "", nil) })
	if err == nil || !strings.HasPrefix(err.Error(), "the queue's name is empty") {
		t.Errorf("error: %v", err)
	}
}
