package postgres

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"reflect"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// copyRows is from how many rows on an insert goes by COPY.
const copyRows = 1000

// bulk is an insert that can go by COPY: the columns are the fields of its
// rows, then one for each further argument of the statement.
type bulk struct {
	sql  string
	into string
	more []string
}

var copies = map[string]bulk{
	"insert_jobs":       {sql: "COPY jobs FROM STDIN", into: "jobs", more: []string{"created_at"}},
	"insert_job_states": {sql: "COPY job_state FROM STDIN", into: "job_state"},
}

// rowsOf is how many rows a bulk parameter has; 0 if it is none.
func rowsOf(arg any) int {
	v := reflect.ValueOf(arg)
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8 {
		return v.Len()
	}
	return 0
}

// run copies the rows in args[0], each with the further arguments.
func (b bulk) run(ctx context.Context, conn *pgconn.PgConn, args []any) error {
	rows := reflect.ValueOf(args[0])
	columns, err := columnsOf(rows.Type().Elem())
	if err != nil {
		return err
	}
	names := make([]string, 0, len(columns)+len(b.more))
	for _, c := range columns {
		names = append(names, `"`+c.name+`"`)
	}
	names = append(names, b.more...)
	more, err := encode(args[1:])
	if err != nil {
		return err
	}
	text := append([]byte("PGCOPY\n\xff\r\n\x00"), 0, 0, 0, 0, 0, 0, 0, 0)
	for i := range rows.Len() {
		text = binary.BigEndian.AppendUint16(text, uint16(len(names)))
		for _, c := range columns {
			if text, err = c.put(text, rows.Index(i).Field(c.field)); err != nil {
				return err
			}
		}
		for _, m := range more {
			text = append(binary.BigEndian.AppendUint32(text, uint32(len(m.value))), m.value...)
		}
	}
	text = append(text, 0xff, 0xff)
	query := fmt.Sprintf("COPY %s (%s) FROM STDIN BINARY", b.into, strings.Join(names, ", "))
	tag, err := conn.CopyFrom(ctx, bytes.NewReader(text), query)
	if err == nil && tag.RowsAffected() != int64(rows.Len()) {
		err = fmt.Errorf("%d rows of %d arrived", tag.RowsAffected(), rows.Len())
	}
	if err != nil {
		return fmt.Errorf("copy into %s: %w", b.into, err)
	}
	return nil
}
