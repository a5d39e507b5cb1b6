package sqlite

import (
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
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
