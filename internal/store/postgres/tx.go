package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
)

// clock is the statement that reads the server's clock, not the beginning of
// its transaction.
const clock = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"

// tx implements sqlstore.Tx on a connection.
type tx struct {
	ctx      context.Context
	d        *database
	conn     *pgconn.PgConn
	prepared map[string]bool // statements that the connection knows by name; nil: it is not ours
	queue    []step
	custom   bool // the rest of the transaction is planned for its parameters
	err      error
}

// step is a statement on its way.
type step struct {
	name   string
	sql    string
	params []param
	scan   func(sqlstore.Row) error
	tag    *pgconn.CommandTag // nil: nobody asks
}

// Plans are made once and kept, without a look at parameters: with a row or a
// few that is as good, and saves the planning. A kept plan expects ten rows and
// may compare each with all of them, which takes seconds when they are
// thousands. A transaction about more than these is planned for what it is.
const generic = 16

const customPlans = "SET LOCAL plan_cache_mode = force_custom_plan"

func (t *tx) add(s step, args []any) {
	if t.err != nil {
		return
	}
	t.d.tracing(s.sql)
	var err error
	if s.params, err = encode(args); err != nil {
		t.err = ownError{fmt.Errorf("%s: %w", s.name, err)}
		return
	}
	if !t.custom && len(args) > 0 && rowsOf(args[0]) > generic {
		t.custom = true
		t.queue = append(t.queue, step{name: "plan_for_parameters", sql: customPlans})
	}
	t.queue = append(t.queue, s)
}

func (t *tx) named(name string, s step, args []any) {
	text, ok := statements[name]
	if !ok && t.err == nil {
		t.err = ownError{fmt.Errorf("no statement is named %s", name)}
	}
	s.name, s.sql = name, text
	t.add(s, args)
}

// QueueQuery implements sqlstore.Tx.
func (t *tx) QueueQuery(name string, scan func(sqlstore.Row) error, args ...any) {
	t.named(name, step{scan: scan}, args)
}

// QueueExec implements sqlstore.Tx. Large inserts go by COPY.
func (t *tx) QueueExec(name string, args ...any) {
	if c, ok := copies[name]; ok && t.err == nil && rowsOf(args[0]) >= copyRows {
		if t.Flush() == nil {
			t.d.tracing(c.sql)
			t.err = c.run(t.ctx, t.conn, args)
		}
		return
	}
	t.named(name, step{}, args)
}

// QueueGuarded implements sqlstore.Tx. The statement's last parameter is n.
func (t *tx) QueueGuarded(name string, n int, args ...any) {
	t.named(name, step{}, append(args, n))
}

// QueueNow implements sqlstore.Tx: the server's clock.
func (t *tx) QueueNow(now *int64) {
	t.add(step{name: "clock", sql: clock, scan: func(r sqlstore.Row) error {
		err := r.Scan(now)
		if t.d.clock != nil {
			*now = t.d.clock(*now)
		}
		return err
	}}, nil)
}

// Flush implements sqlstore.Tx: one round trip.
func (t *tx) Flush() error {
	if t.err == nil && len(t.queue) > 0 {
		steps := t.queue
		t.queue = nil
		t.err = t.run(steps)
	}
	return t.err
}

// Query implements sqlstore.Tx.
func (t *tx) Query(name string, scan func(sqlstore.Row) error, args ...any) error {
	t.QueueQuery(name, scan, args...)
	return t.Flush()
}

// Exec implements sqlstore.Tx.
func (t *tx) Exec(name string, args ...any) (int64, error) {
	var tag pgconn.CommandTag
	t.named(name, step{tag: &tag}, args)
	err := t.Flush()
	return tag.RowsAffected(), err
}

// Now implements sqlstore.Tx.
func (t *tx) Now() (now int64, err error) {
	t.QueueNow(&now)
	err = t.Flush()
	return now, err
}

var inBinary = []int16{pgtype.BinaryFormatCode}

// run sends statements together and reads their answers. After an error the
// server leaves out the rest of them.
func (t *tx) run(steps []step) error {
	t.d.trips.Add(1)
	p := t.conn.StartPipeline(t.ctx)
	preparing := make([]bool, len(steps))
	sent := map[string]bool{}
	for i, s := range steps {
		values := make([][]byte, len(s.params))
		for k, q := range s.params {
			values[k] = q.value
		}
		if t.prepared == nil {
			oids := make([]uint32, len(s.params))
			for k, q := range s.params {
				oids[k] = q.oid
			}
			p.SendQueryParams(s.sql, values, oids, inBinary, inBinary)
			continue
		}
		if !t.prepared[s.name] && !sent[s.name] {
			preparing[i], sent[s.name] = true, true
			p.SendPrepare(s.name, s.sql, nil)
		}
		p.SendQueryPrepared(s.name, values, inBinary, inBinary)
	}
	err := p.Sync()
	var own error // the first that this side has to say
	for i := 0; i < len(steps) && err == nil; i++ {
		if preparing[i] {
			if _, err = p.GetResults(); err != nil {
				err = fmt.Errorf("%s: %w", steps[i].name, err)
				break
			}
			t.prepared[steps[i].name] = true
		}
		// What the server did after a row that could not be read has happened all
		// the same, so that it is read on.
		err = t.read(p, steps[i])
		if err != nil {
			err = fmt.Errorf("%s: %w", steps[i].name, err)
		}
		if errors.As(err, new(ownError)) {
			own, err = cmp.Or(own, err), nil
		}
	}
	if closed := p.Close(); err == nil {
		err = closed
	}
	return cmp.Or(own, err)
}

// read reads the answer to one statement.
func (t *tx) read(p *pgconn.Pipeline, s step) error {
	results, err := p.GetResults()
	if err != nil {
		return err
	}
	r, ok := results.(*pgconn.ResultReader)
	if !ok {
		return fmt.Errorf("the answer is a %T", results)
	}
	var failed error
	for r.NextRow() {
		if s.scan != nil && failed == nil {
			if err := s.scan(row{r.FieldDescriptions(), r.Values()}); err != nil {
				failed = ownError{err}
			}
		}
	}
	tag, err := r.Close()
	if s.tag != nil {
		*s.tag = tag
	}
	if err != nil {
		return err
	}
	return failed
}
