package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
	"github.com/hammerwork/hammerwork/internal/store/storetest"
	"github.com/hammerwork/hammerwork/pkg/job"
)

func TestSQLiteKeepsTheContractOfAStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T, o store.Options) storetest.Harness { return newHarness(t, o) })
}

func TestATransactionThatWritesHoldsOffOthersFromItsFirstStatement(t *testing.T) {
	h := newHarness(t, store.Options{})
	first := ""
	h.Before(func(name, _ string, _ func(string, ...any)) {
		if first == "" {
			first = name
			if err := h.lock(t); !busy(err) {
				t.Errorf("another may write while %s runs: %v", name, err)
			}
		}
	})
	if _, err := h.first.Resolve(t.Context(), []job.Outcome{{}}); err != nil {
		t.Fatal(err)
	}
	if first != "lock_workflows_of_jobs" { // it only reads
		t.Fatalf("the first statement is %q", first)
	}
	if err := h.lock(t); err != nil {
		t.Errorf("nobody may write afterwards: %v", err)
	}
}

func TestATransactionThatFindsTheFileBusyRunsAgain(t *testing.T) {
	h := newHarness(t, store.Options{})
	var busyError error
	h.Before(func(string, string, func(string, ...any)) { busyError = h.lock(t) })
	if _, err := h.first.Resolve(t.Context(), []job.Outcome{{}}); err != nil {
		t.Fatal(err)
	}
	other := errors.New("another error")
	for _, c := range []struct {
		errs  []error // of one try after the other; then nil
		tries int
		want  error
	}{
		{nil, 1, nil},
		{[]error{busyError, busyError}, 3, nil},
		{[]error{sqlstore.ErrConflict}, 2, nil},
		{[]error{busyError, other}, 2, other},
		{slices.Repeat([]error{busyError}, 2*conflictTries), conflictTries, busyError},
	} {
		tries := 0
		err := h.first.db.retry(t.Context(), func() error {
			tries++
			if tries <= len(c.errs) {
				return c.errs[tries-1]
			}
			return nil
		})
		if tries != c.tries || !errors.Is(err, c.want) {
			t.Errorf("%d tries and %v, want %d and %v", tries, err, c.tries, c.want)
		}
	}
}

// lock takes the write lock of the file for a moment, as another process does,
// but does not wait for it.
func (h *harness) lock(t *testing.T) error {
	conn, err := h.raw.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(t.Context(), "PRAGMA busy_timeout = 0"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	_, err = conn.ExecContext(t.Context(), "ROLLBACK")
	return err
}

// harness is a database file with two handles and a clock that can be moved.
type harness struct {
	t             *testing.T
	path          string
	first, second *Store
	raw           *sql.DB
	prepared      sync.Map // query → *sql.Stmt: compiling one costs more than running it

	mu     sync.Mutex
	offset time.Duration
	before func(name, sql string, exec func(query string, args ...any)) // set by Before
}

func newHarness(t *testing.T, o store.Options) *harness {
	path := filepath.Join(t.TempDir(), "hammerwork.db")
	file, err := migrated()
	if err == nil {
		err = os.WriteFile(path, file, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	h := &harness{t: t, path: path}
	o.Now = h.Now
	for _, s := range []**Store{&h.first, &h.second} {
		if *s, err = OpenVolatile(t.Context(), path, o); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { (*s).Close() })
	}
	h.first.Store = sqlstore.New(watched{h.first.db, h}, o)
	if h.raw, err = open(path, "deferred", "OFF", 2); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.raw.Close() })
	return h
}

// migrated is a file with the schema and nothing else. Reading the migrations
// takes longer than most tests.
var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "hammerwork-schema-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "hammerwork.db")
	s, err := OpenVolatile(context.Background(), path, store.Options{})
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func (h *harness) Store() store.Store  { return h.first }
func (h *harness) Second() store.Store { return h.second }

func (h *harness) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Now().Add(h.offset)
}

func (h *harness) Advance(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.offset += d
}

func (h *harness) Query(query string, args ...any) ([]map[string]any, error) {
	statement, known := h.prepared.Load(query)
	if !known {
		prepared, err := h.raw.PrepareContext(h.t.Context(), query)
		if err != nil {
			return nil, err
		}
		statement, _ = h.prepared.LoadOrStore(query, prepared)
	}
	rows, err := statement.(*sql.Stmt).QueryContext(h.t.Context(), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var all []map[string]any
	for rows.Next() {
		values := make([]any, len(columns))
		targets := make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		row := make(map[string]any, len(columns))
		for i, c := range columns {
			row[strings.ToLower(c)] = values[i]
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

func (h *harness) Exec(query string, args ...any) error {
	_, err := h.raw.ExecContext(h.t.Context(), query, args...)
	return err
}

func (h *harness) Before(hook func(name, sql string, exec func(query string, args ...any))) {
	h.before = hook
}

// watched calls the harness before each statement.
type watched struct {
	*database
	h *harness
}

func (w watched) Write(ctx context.Context, f func(sqlstore.Tx) error) error {
	return w.database.Write(ctx, func(t sqlstore.Tx) error { return f(watchedTx{t.(*tx), w.h}) })
}

func (w watched) Read(ctx context.Context, f func(sqlstore.Tx) error) error {
	return w.database.Read(ctx, func(t sqlstore.Tx) error { return f(watchedTx{t.(*tx), w.h}) })
}

type watchedTx struct {
	*tx
	h *harness
}

func (w watchedTx) QueueQuery(name string, scan func(sqlstore.Row) error, args ...any) {
	w.see(name)
	w.tx.QueueQuery(name, scan, args...)
}

func (w watchedTx) QueueExec(name string, args ...any) {
	w.see(name)
	w.tx.QueueExec(name, args...)
}

func (w watchedTx) QueueGuarded(name string, n int, args ...any) {
	w.see(name)
	w.tx.QueueGuarded(name, n, args...)
}

func (w watchedTx) Query(name string, scan func(sqlstore.Row) error, args ...any) error {
	w.see(name)
	return w.tx.Query(name, scan, args...)
}

func (w watchedTx) Exec(name string, args ...any) (int64, error) {
	w.see(name)
	return w.tx.Exec(name, args...)
}

func (w watchedTx) see(name string) {
	if w.h.before == nil {
		return
	}
	w.h.before(name, statements[name], func(query string, args ...any) {
		if _, err := w.t.ExecContext(w.ctx, query, args...); err != nil {
			w.h.t.Errorf("%s: %v", query, err)
		}
	})
}

func (h *harness) Statements(f func()) []string {
	var mu sync.Mutex
	var list []string
	h.first.db.trace = func(sql string) {
		mu.Lock()
		defer mu.Unlock()
		list = append(list, sql)
	}
	defer func() { h.first.db.trace = nil }()
	f()
	return list
}

var errBroken = errors.New("the connection broke during the commit")

func (h *harness) BreakCommit(mode storetest.BreakMode) {
	if mode == storetest.CommitWorks {
		h.first.db.breakCommit = nil
		return
	}
	h.first.db.breakCommit = func(commit func() error) error {
		h.first.db.breakCommit = nil
		if mode == storetest.CommitHappened {
			if err := commit(); err != nil {
				return err
			}
		}
		return errBroken
	}
}

func TestTheViewOfJobsIsReadBySQLiteOfOldToo(t *testing.T) {
	h := newHarness(t, store.Options{})
	rows, err := h.Query("SELECT sql FROM sqlite_schema WHERE name = 'hammerwork_jobs'")
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d views, %v", len(rows), err)
	}
	if text, _ := rows[0]["sql"].(string); text == "" || strings.Contains(text, "unhex(") {
		t.Errorf("the view calls unhex(), which SQLite has since 3.41:\n%v", rows[0])
	}
}
