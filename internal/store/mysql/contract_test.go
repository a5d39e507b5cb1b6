package mysql

import (
	"context"
	"database/sql"
	"errors"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/mysql/mysqltest"
	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
	"github.com/hammerwork/hammerwork/internal/store/storetest"
)

func TestMySQLKeepsTheContractOfAStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T, o store.Options) storetest.Harness { return newHarness(t, o) })
}

// harness is a database with two handles and a clock that can be moved.
type harness struct {
	t             *testing.T
	first, second *Store
	raw           *sql.DB
	offset        atomic.Int64 // microseconds
	before        func(name, sql string, exec func(query string, args ...any))
}

func newHarness(t *testing.T, o store.Options) *harness {
	url := mysqltest.URL(t)
	h := &harness{t: t, raw: mysqltest.Raw(t, url)}
	for _, s := range []**Store{&h.first, &h.second} {
		*s = opened(t, url, o)
		(*s).db.clock = func(server int64) int64 { return server + h.offset.Load() }
	}
	h.first.Store = sqlstore.New(watched{h.first.db, h}, o)
	t.Cleanup(func() {
		if n := h.first.db.deadlocks.Load() + h.second.db.deadlocks.Load(); n != 0 {
			t.Errorf("%d deadlocks: locks are not taken in their order", n)
		}
	})
	return h
}

func opened(t *testing.T, url string, o store.Options) *Store {
	t.Helper()
	s, err := Open(url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func (h *harness) Store() store.Store  { return h.first }
func (h *harness) Second() store.Store { return h.second }

func (h *harness) Now() time.Time {
	var now int64
	if err := h.raw.QueryRowContext(h.t.Context(), clock).Scan(&now); err != nil {
		h.t.Fatal(err)
	}
	return time.UnixMicro(now + h.offset.Load()).UTC()
}

func (h *harness) Advance(d time.Duration) { h.offset.Add(d.Microseconds()) }

var tableNames = regexp.MustCompile(`(?i)\b(FROM|JOIN|UPDATE|INTO|TABLE) (workflows|jobs|job_state|ready|timers|leases|attempts|edges|edge_check|queues|idempotency_keys|workers|resolvers|partitions|evaluations|job_runs|audit|spawned|suspensions|part_check|schedules|ticks)\b`)

// here is a statement of the suite as this database has it, whose NOW() is
// that of the last full second.
func here(query string) string {
	return strings.NewReplacer(`"`, "`", "NOW()", "NOW(6)").Replace(tableNames.ReplaceAllString(query, "$1 hw_$2"))
}

// there is a statement of ours as the suite expects it.
func there(query string) string {
	return strings.NewReplacer("hw_", "", "STRAIGHT_JOIN", "JOIN").Replace(query)
}

func (h *harness) Query(query string, args ...any) ([]map[string]any, error) {
	rows, err := h.raw.QueryContext(h.t.Context(), here(query), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var all []map[string]any
	for rows.Next() {
		values, into := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		row := make(map[string]any)
		for i, name := range names {
			row[strings.ToLower(name)] = values[i]
			if text, ok := values[i].([]byte); ok && strings.Contains(query, "information_schema") {
				row[strings.ToLower(name)] = strings.TrimPrefix(string(text), "hw_")
			}
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

func (h *harness) Exec(query string, args ...any) error {
	_, err := h.raw.ExecContext(h.t.Context(), here(query), args...)
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
	w.h.before(name, there(statements[name].sql), func(query string, args ...any) {
		if len(args) > 0 {
			w.h.t.Errorf("%s: arguments are not supported", query)
		}
		rows, err := w.conn.QueryContext(w.ctx, here(query))
		if err != nil {
			w.h.t.Errorf("%s: %v", query, err)
			return
		}
		rows.Close()
	})
}

func (h *harness) Statements(f func()) []string {
	var mu sync.Mutex
	var list []string
	h.first.db.trace = func(sql string) {
		mu.Lock()
		defer mu.Unlock()
		list = append(list, there(sql))
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
