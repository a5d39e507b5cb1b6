package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/postgres/pgtest"
	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
	"github.com/hammerwork/hammerwork/internal/store/storetest"
)

func TestPostgreSQLKeepsTheContractOfAStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T, o store.Options) storetest.Harness { return newHarness(t, o) })
}

// harness is a database with two handles and a clock that can be moved.
type harness struct {
	t             *testing.T
	url           string
	first, second *Store
	raw           *pgxpool.Pool
	offset        atomic.Int64 // microseconds
	transactions  int          // of InTx so far
	odd           int          // whether the first of them is of database/sql
	before        func(name, sql string, exec func(query string, args ...any))
}

func newHarness(t *testing.T, o store.Options) *harness {
	h := &harness{t: t, url: pgtest.URL(t)}
	for _, s := range []**Store{&h.first, &h.second} {
		var err error
		if *s, err = Open(t.Context(), h.url, o); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { (*s).Close() })
		(*s).db.clock = func(server int64) int64 { return server + h.offset.Load() }
	}
	h.first.Store = sqlstore.New(watched{h.first.db, h}, o)
	var err error
	if h.raw, err = pgxpool.New(t.Context(), h.url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.raw.Close)
	before := h.deadlocks()
	t.Cleanup(func() {
		if n := h.deadlocks() - before; n != 0 {
			t.Errorf("%d deadlocks: locks are not taken in their order", n)
		}
	})
	return h
}

func (h *harness) deadlocks() (n int) {
	if err := h.raw.QueryRow(context.Background(), "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").Scan(&n); err != nil {
		h.t.Error(err)
	}
	return n
}

func (h *harness) Store() store.Store  { return h.first }
func (h *harness) Second() store.Store { return h.second }

func (h *harness) Now() time.Time {
	now, err := h.Query("SELECT clock_timestamp() AS now")
	if err != nil {
		h.t.Fatal(err)
	}
	return now[0]["now"].(time.Time).Add(time.Duration(h.offset.Load()) * time.Microsecond)
}

func (h *harness) Advance(d time.Duration) { h.offset.Add(d.Microseconds()) }

// numbered replaces each ? by $1, $2 and so on.
func numbered(query string) string {
	var b strings.Builder
	n := 0
	for _, part := range strings.SplitAfter(query, "?") {
		if text, cut := strings.CutSuffix(part, "?"); cut {
			n++
			part = fmt.Sprintf("%s$%d", text, n)
		}
		b.WriteString(part)
	}
	return b.String()
}

func (h *harness) Query(query string, args ...any) ([]map[string]any, error) {
	rows, err := h.raw.Query(h.t.Context(), numbered(query), args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToMap)
}

func (h *harness) Exec(query string, args ...any) error {
	_, err := h.raw.Exec(h.t.Context(), numbered(query), args...)
	return err
}

func (h *harness) Before(hook func(name, sql string, exec func(query string, args ...any))) {
	h.before = hook
}

// watched calls the harness before each statement, which runs at once then.
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
	if w.h.before == nil || w.tx.Flush() != nil {
		return
	}
	w.h.before(name, statements[name], func(query string, args ...any) {
		if len(args) > 0 {
			w.h.t.Errorf("%s: arguments are not supported", query)
		}
		if _, err := w.conn.Exec(w.ctx, query).ReadAll(); err != nil {
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
