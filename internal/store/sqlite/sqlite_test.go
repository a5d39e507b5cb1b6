package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
	"github.com/hammerwork/hammerwork/internal/store/storetest"
)

func TestSQLiteKeepsTheContractOfAStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T, o store.Options) storetest.Harness { return newHarness(t, o) })
}

// harness is a database file with two handles and a clock that can be moved.
type harness struct {
	t             *testing.T
	first, second *Store
	raw           *sql.DB

	mu     sync.Mutex
	offset time.Duration
	before func(name, sql string, exec func(query string, args ...any)) // set by Before
}

func newHarness(t *testing.T, o store.Options) *harness {
	h := &harness{t: t}
	o.Now = h.Now
	path := filepath.Join(t.TempDir(), "hammerwork.db")
	for _, s := range []**Store{&h.first, &h.second} {
		var err error
		if *s, err = OpenVolatile(t.Context(), path, o); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { (*s).Close() })
	}
	h.first.Store = sqlstore.New(watched{h.first.db, h}, o)
	var err error
	if h.raw, err = open(path, "deferred", "FULL", 2); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.raw.Close() })
	return h
}

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
	rows, err := h.raw.QueryContext(h.t.Context(), query, args...)
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

func (w watchedTx) Exec(name string, args ...any) (int64, error) {
	w.see(name)
	return w.tx.Exec(name, args...)
}

func (w watchedTx) Query(name string, scan func(sqlstore.Row) error, args ...any) error {
	w.see(name)
	return w.tx.Query(name, scan, args...)
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
