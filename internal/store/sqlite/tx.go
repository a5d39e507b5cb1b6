package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"reflect"

	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/plainjson"
)

// tx implements sqlstore.Tx. There is no way to the database that queueing
// could save: statements run at once.
type tx struct {
	ctx context.Context
	d   *database
	p   *pool // with its prepared statements; nil in a caller's transaction
	t   *sql.Tx
	err error // the first; nothing runs after it

	unprepared []string // statements that ran and are not prepared yet
}

// prepared returns a statement if it is prepared, or nil.
func (t *tx) prepared(name string) *sql.Stmt {
	if t.p == nil {
		return nil
	}
	s, known := t.p.prepared.Load(name)
	if !known {
		t.unprepared = append(t.unprepared, name)
		return nil
	}
	return t.t.StmtContext(t.ctx, s.(*sql.Stmt))
}

// parameters returns the text of a statement and its encoded parameters.
func (t *tx) parameters(name string, args []any) (string, []any, error) {
	text, ok := statements[name]
	if !ok {
		return "", nil, fmt.Errorf("no statement is named %s", name)
	}
	t.d.tracing(text)
	params := make([]any, len(args))
	for i, arg := range args {
		params[i] = arg
		if v := reflect.ValueOf(arg); v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8 {
			text, err := rows(arg)
			if err != nil {
				return "", nil, err
			}
			params[i] = text
		}
	}
	return text, params, nil
}

// rows encodes a bulk parameter as one JSON text. Ids are 32 hex digits, texts
// keep their bytes.
func rows(list any) (string, error) {
	if list, ok := list.([]job.ID); ok {
		return ids(list), nil
	}
	var b bytes.Buffer
	err := plainjson.NewEncoder(&b).Encode(list)
	return b.String(), err
}

func ids(list []job.ID) string {
	b := make([]byte, 0, len(list)*35+2)
	b = append(b, '[')
	for i, id := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = hex.AppendEncode(b, id[:])
		b = append(b, '"')
	}
	return string(append(b, ']'))
}

func (t *tx) exec(name string, args []any) (int64, error) {
	text, params, err := t.parameters(name, args)
	if err != nil {
		return 0, err
	}
	var result sql.Result
	if s := t.prepared(name); s != nil {
		result, err = s.ExecContext(t.ctx, params...)
	} else {
		result, err = t.t.ExecContext(t.ctx, text, params...)
	}
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (t *tx) query(name string, scan func(sqlstore.Row) error, args []any) error {
	text, params, err := t.parameters(name, args)
	if err != nil {
		return err
	}
	var rows *sql.Rows
	if s := t.prepared(name); s != nil {
		rows, err = s.QueryContext(t.ctx, params...)
	} else {
		rows, err = t.t.QueryContext(t.ctx, text, params...)
	}
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (t *tx) failed(name string, err error) {
	if err != nil {
		t.err = fmt.Errorf("%s: %w", name, err)
	}
}

// QueueQuery implements sqlstore.Tx.
func (t *tx) QueueQuery(name string, scan func(sqlstore.Row) error, args ...any) {
	if t.err == nil {
		t.failed(name, t.query(name, scan, args))
	}
}

// QueueExec implements sqlstore.Tx.
func (t *tx) QueueExec(name string, args ...any) {
	if t.err == nil {
		_, err := t.exec(name, args)
		t.failed(name, err)
	}
}

// QueueGuarded implements sqlstore.Tx.
func (t *tx) QueueGuarded(name string, n int, args ...any) {
	if t.err != nil {
		return
	}
	changed, err := t.exec(name, args)
	if err == nil && changed != int64(n) {
		err = sqlstore.ErrGuard
	}
	t.failed(name, err)
}

// QueueNow implements sqlstore.Tx: the clock of the process that writes.
func (t *tx) QueueNow(now *int64) { *now = t.d.now().UnixMicro() }

// Flush implements sqlstore.Tx.
func (t *tx) Flush() error { return t.err }

// Query implements sqlstore.Tx.
func (t *tx) Query(name string, scan func(sqlstore.Row) error, args ...any) error {
	t.QueueQuery(name, scan, args...)
	return t.err
}

// Exec implements sqlstore.Tx.
func (t *tx) Exec(name string, args ...any) (int64, error) {
	if t.err != nil {
		return 0, t.err
	}
	changed, err := t.exec(name, args)
	t.failed(name, err)
	return changed, t.err
}

// Now implements sqlstore.Tx.
func (t *tx) Now() (int64, error) { return t.d.now().UnixMicro(), t.err }
