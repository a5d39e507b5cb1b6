package postgres

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"fmt"
	"reflect"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// row implements sqlstore.Row on values in PostgreSQL's binary format, of the
// few types that the schema has.
type row struct {
	fields []pgconn.FieldDescription
	values [][]byte
}

// Scan implements sqlstore.Row.
func (r row) Scan(dest ...any) error {
	if len(dest) != len(r.values) {
		return fmt.Errorf("%d columns for %d variables", len(r.values), len(dest))
	}
	for i, d := range dest {
		if err := scanValue(d, r.fields[i].DataTypeOID, r.values[i]); err != nil {
			return fmt.Errorf("column %d: %w", i+1, err)
		}
	}
	return nil
}

func scanValue(dest any, oid uint32, v []byte) error {
	switch d := dest.(type) {
	case **string:
		*d = nil
		if v != nil {
			s := string(v)
			*d = &s
		}
		return nil
	case **int64:
		*d = nil
		if v != nil {
			n := integer(v)
			*d = &n
		}
		return nil
	case *[]byte:
		*d = bytes.Clone(v)
		return nil
	case *job.ID:
		if len(v) != len(d) {
			return fmt.Errorf("%d bytes are no id", len(v))
		}
		copy(d[:], v)
		return nil
	case sql.Scanner:
		return d.Scan(plain(oid, v))
	}
	if v == nil {
		return fmt.Errorf("null for %T", dest)
	}
	switch d := dest.(type) {
	case *string:
		*d = string(v)
	case *int64:
		*d = integer(v)
	case *int:
		*d = int(integer(v))
	case *bool:
		*d = integer(v) != 0
	default:
		return scanNamed(dest, v)
	}
	return nil
}

// scanNamed scans into named types of strings and integers.
func scanNamed(dest any, v []byte) error {
	d := reflect.ValueOf(dest).Elem()
	switch d.Kind() {
	case reflect.String:
		d.SetString(string(v))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		d.SetInt(integer(v))
	default:
		return fmt.Errorf("%T has no decoding", dest)
	}
	return nil
}

// plain is a value as database/sql hands it to a Scanner.
func plain(oid uint32, v []byte) any {
	switch {
	case v == nil:
		return nil
	case oid == pgtype.UUIDOID || oid == pgtype.ByteaOID:
		return bytes.Clone(v)
	case oid == pgtype.Int8OID || oid == pgtype.Int4OID:
		return integer(v)
	}
	return string(v)
}

// integer reads a bool, an integer or a bigint.
func integer(v []byte) int64 {
	switch len(v) {
	case 1:
		return int64(v[0])
	case 4:
		return int64(int32(binary.BigEndian.Uint32(v)))
	case 8:
		return int64(binary.BigEndian.Uint64(v))
	}
	panic(fmt.Sprintf("postgres: an integer of %d bytes", len(v)))
}
