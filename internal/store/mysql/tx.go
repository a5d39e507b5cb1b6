package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
)

// clock is the statement that reads the server's clock as it runs, in any time
// zone.
const clock = "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6))"

// tx implements sqlstore.Tx on a connection.
type tx struct {
	ctx  context.Context
	d    *database
	conn interface {
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	}
	later []step // what changes rows that are locked, on its way with whatever comes next
	queue []step
	sent  bool // something
	steps int  // how far the next lock_descendants goes
	err   error
}

// step is a statement on its way.
type step struct {
	name  string
	sql   string
	args  []any
	scan  func(sqlstore.Row) error // of what answers with rows
	after func()                   // may queue more, once the answer is read
	want  int                      // how many rows it must change, or anyNumber
	n     *int64                   // gets how many rows it changed; nil: nobody asks
	quiet bool                     // a repetition within one statement of the store
}

const anyNumber = -1

// counted says whether somebody asks how many rows a step changed.
func (s step) counted() bool { return s.n != nil || s.want != anyNumber }

// changed asks how many rows the statement before it changed.
const changed = "SELECT ROW_COUNT()"

const (
	// maxList bounds the text of a list; a longer one goes in parts.
	maxList = 2 << 20
	// maxTrip bounds what is sent at once. Escaping doubles it at most.
	maxTrip = minPacket/2 - maxList - 1<<20
)

func (t *tx) add(s step) {
	if t.err == nil {
		if !s.quiet {
			t.d.tracing(s.sql)
		}
		t.queue = append(t.queue, s)
	}
}

// named completes a step with the text of a statement and its arguments. A list
// that is too long is cut in two, for a statement each.
func (t *tx) named(name string, s step, args []any) {
	if t.err != nil {
		return
	}
	text, ok := statements[name]
	if !ok {
		t.err = ownError{fmt.Errorf("no statement is named %s", name)}
		return
	}
	values, err := encode(args)
	if err == nil && s.scan == nil && len(args) > 0 {
		if list := reflect.ValueOf(args[0]); list.Kind() == reflect.Slice && list.Len() > 1 && len(values[0].(string)) > maxList {
			half := list.Len() / 2
			for _, part := range []reflect.Value{list.Slice(0, half), list.Slice(half, list.Len())} {
				if s.want != anyNumber {
					s.want = part.Len()
				}
				t.named(name, s, append([]any{part.Interface()}, args[1:]...))
			}
			return
		}
	}
	s.name, s.sql = name, text.sql
	if err == nil {
		s.args, err = text.values(values)
	}
	if err != nil {
		t.err = ownError{fmt.Errorf("%s: %w", name, err)}
		return
	}
	t.add(s)
}

// QueueQuery implements sqlstore.Tx.
func (t *tx) QueueQuery(name string, scan func(sqlstore.Row) error, args ...any) {
	if several, ok := composed[name]; ok {
		several(t, name, scan, args)
		return
	}
	t.named(name, step{scan: scan, want: anyNumber}, args)
}

// QueueExec implements sqlstore.Tx.
func (t *tx) QueueExec(name string, args ...any) {
	if several, ok := composed[name]; ok {
		several(t, name, nil, args)
		return
	}
	t.named(name, step{want: anyNumber}, args)
}

// QueueGuarded implements sqlstore.Tx.
func (t *tx) QueueGuarded(name string, n int, args ...any) {
	t.named(name, step{want: n}, args)
}

// QueueNow implements sqlstore.Tx: the server's clock.
func (t *tx) QueueNow(now *int64) {
	t.add(step{name: "clock", sql: clock, want: anyNumber, scan: func(r sqlstore.Row) error {
		err := r.Scan(now)
		if t.d.clock != nil {
			*now = t.d.clock(*now)
		}
		return err
	}})
}

// Query implements sqlstore.Tx.
func (t *tx) Query(name string, scan func(sqlstore.Row) error, args ...any) error {
	t.QueueQuery(name, scan, args...)
	return t.Flush()
}

// Exec implements sqlstore.Tx.
func (t *tx) Exec(name string, args ...any) (int64, error) {
	var n int64
	t.named(name, step{want: anyNumber, n: &n}, args)
	err := t.Flush()
	return n, err
}

// Now implements sqlstore.Tx.
func (t *tx) Now() (now int64, err error) {
	t.QueueNow(&now)
	err = t.Flush()
	return now, err
}

// unfinished says whether anything that is queued has to be looked at before a
// commit.
func (t *tx) unfinished() bool {
	looked := func(s step) bool { return s.counted() || s.after != nil }
	return slices.ContainsFunc(t.later, looked) || slices.ContainsFunc(t.queue, looked)
}

// Flush implements sqlstore.Tx: one round trip, unless there is too much for
// one, or one asks for more.
func (t *tx) Flush() error {
	for t.err == nil && len(t.queue) > 0 {
		steps := append(t.later, t.queue...)
		t.later, t.queue = nil, nil
		for len(steps) > 0 && t.err == nil {
			n := fitting(steps)
			t.err = t.run(steps[:n])
			steps = steps[n:]
		}
	}
	return t.err
}

// fitting returns how many of the steps can be sent at once.
func fitting(steps []step) int {
	size := 0
	for i, s := range steps {
		size += len(s.sql)
		for _, a := range s.args {
			if text, ok := a.(string); ok {
				size += len(text)
			}
		}
		if size > maxTrip && i > 0 {
			return i
		}
	}
	return len(steps)
}

// run sends statements together and reads their answers. After an error the
// server leaves out the rest of them.
func (t *tx) run(steps []step) error {
	t.d.trips.Add(1)
	t.sent = true
	var text strings.Builder
	var args []any
	var asked []step // whose answers have rows
	for i, s := range steps {
		if i > 0 {
			text.WriteString(";\n")
		}
		text.WriteString(s.sql)
		args = append(args, s.args...)
		if s.counted() {
			text.WriteString(";\n" + changed)
			s.scan = t.count(s)
		}
		if s.scan != nil {
			asked = append(asked, s)
		}
	}
	rows, err := t.conn.QueryContext(t.ctx, text.String(), args...)
	if err != nil {
		return fmt.Errorf("%s: %w", names(steps), err)
	}
	defer rows.Close()
	for i, s := range asked {
		if i > 0 && !rows.NextResultSet() {
			if err := rows.Err(); err != nil {
				return fmt.Errorf("%s: %w", names(steps), err)
			}
			return fmt.Errorf("%s: there is no answer", s.name)
		}
		for rows.Next() {
			if err := s.scan(rows); err != nil {
				return ownError{fmt.Errorf("%s: %w", s.name, err)}
			}
		}
		if err := rows.Err(); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	// What comes after the last answer may have failed, too.
	for rows.NextResultSet() {
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("%s: %w", names(steps), err)
	}
	for _, s := range steps {
		if s.after != nil {
			s.after()
		}
	}
	return nil
}

// count reads how many rows a step changed.
func (t *tx) count(s step) func(sqlstore.Row) error {
	return func(r sqlstore.Row) error {
		var n int64
		if err := r.Scan(&n); err != nil {
			return err
		}
		if s.n != nil {
			*s.n += n
		}
		if s.want != anyNumber && n != int64(s.want) {
			return fmt.Errorf("%w: %d, not %d", sqlstore.ErrGuard, n, s.want)
		}
		return nil
	}
}

// names tells which statements were sent together.
func names(steps []step) string {
	list := make([]string, len(steps))
	for i, s := range steps {
		list[i] = s.name
	}
	return strings.Join(list, ", ")
}
