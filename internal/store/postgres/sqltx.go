package postgres

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
)

// sqlTx implements sqlstore.Tx on a transaction of database/sql, which can send
// one statement at a time only: they run at once.
type sqlTx struct {
	ctx    context.Context
	d      *database
	caller *sql.Tx
	types  *pgtype.Map
	err    error // the first; nothing runs after it
}

func (s *Store) onSQL(ctx context.Context, caller *sql.Tx) callerTx {
	return &sqlTx{ctx: ctx, d: s.db, caller: caller, types: pgtype.NewMap()}
}

func (t *sqlTx) run1(ctx context.Context, query string) error {
	_, err := t.caller.ExecContext(ctx, query)
	return err
}

// values encodes arguments as the driver takes them.
func (t *sqlTx) values(args []any) ([]any, error) {
	params, err := encode(args)
	values := make([]any, len(params))
	for i, p := range params {
		if p.value == nil {
			continue
		}
		known, ok := t.types.TypeForOID(p.oid)
		if !ok {
			return nil, fmt.Errorf("the type %d is unknown", p.oid)
		}
		v, err := known.Codec.DecodeValue(t.types, p.oid, pgtype.BinaryFormatCode, p.value)
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	return values, err
}

func (t *sqlTx) do(name, text string, run func(text string, values []any) error, args []any) {
	if t.err != nil {
		return
	}
	values, err := t.values(args)
	if err == nil {
		t.d.tracing(text)
		err = run(text, values)
	}
	if err != nil {
		t.err = fmt.Errorf("%s: %w", name, err)
	}
}

func (t *sqlTx) query(scan func(sqlstore.Row) error) func(string, []any) error {
	return func(text string, values []any) error {
		rows, err := t.caller.QueryContext(t.ctx, text, values...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := scan(rows); err != nil {
				return ownError{err}
			}
		}
		return rows.Err()
	}
}

func (t *sqlTx) exec(changed *int64) func(string, []any) error {
	return func(text string, values []any) error {
		result, err := t.caller.ExecContext(t.ctx, text, values...)
		if err == nil {
			*changed, err = result.RowsAffected()
		}
		return err
	}
}

// QueueQuery implements sqlstore.Tx.
func (t *sqlTx) QueueQuery(name string, scan func(sqlstore.Row) error, args ...any) {
	t.do(name, statements[name], t.query(scan), args)
}

// QueueExec implements sqlstore.Tx.
func (t *sqlTx) QueueExec(name string, args ...any) {
	t.do(name, statements[name], t.exec(new(int64)), args)
}

// QueueGuarded implements sqlstore.Tx.
func (t *sqlTx) QueueGuarded(name string, n int, args ...any) {
	t.do(name, statements[name], t.exec(new(int64)), append(args, n))
}

// QueueNow implements sqlstore.Tx.
func (t *sqlTx) QueueNow(now *int64) {
	t.do("clock", clock, t.query(func(r sqlstore.Row) error {
		err := r.Scan(now)
		if t.d.clock != nil {
			*now = t.d.clock(*now)
		}
		return err
	}), nil)
}

// Flush implements sqlstore.Tx.
func (t *sqlTx) Flush() error { return t.err }

// Query implements sqlstore.Tx.
func (t *sqlTx) Query(name string, scan func(sqlstore.Row) error, args ...any) error {
	t.QueueQuery(name, scan, args...)
	return t.err
}

// Exec implements sqlstore.Tx.
func (t *sqlTx) Exec(name string, args ...any) (changed int64, err error) {
	t.do(name, statements[name], t.exec(&changed), args)
	return changed, t.err
}

// Now implements sqlstore.Tx.
func (t *sqlTx) Now() (now int64, err error) {
	t.QueueNow(&now)
	return now, t.err
}
