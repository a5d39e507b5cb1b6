package postgres

import (
	"encoding"
	"encoding/binary"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// param is a parameter in PostgreSQL's binary format. A nil value is null.
type param struct {
	oid   uint32
	value []byte
}

// encode encodes the arguments of a statement. A list of ids becomes a uuid[],
// a list of structs an array for each field, in the order of the fields.
func encode(args []any) ([]param, error) {
	params := make([]param, 0, len(args)+16)
	for _, arg := range args {
		v := reflect.ValueOf(arg)
		switch {
		case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct:
			columns, err := columnsOf(v.Type().Elem())
			if err != nil {
				return nil, err
			}
			for _, c := range columns {
				p, err := c.array(v)
				if err != nil {
					return nil, fmt.Errorf("column %s: %w", c.name, err)
				}
				params = append(params, p)
			}
		default:
			p, err := scalar(arg)
			if err != nil {
				return nil, err
			}
			params = append(params, p)
		}
	}
	return params, nil
}

func scalar(arg any) (param, error) {
	switch arg := arg.(type) {
	case string:
		return param{pgtype.TextOID, []byte(storable(arg))}, nil
	case int:
		return param{pgtype.Int4OID, binary.BigEndian.AppendUint32(nil, uint32(arg))}, nil
	case int64:
		return param{pgtype.Int8OID, binary.BigEndian.AppendUint64(nil, uint64(arg))}, nil
	case []byte: // of an id
		return param{pgtype.UUIDOID, arg}, nil
	case []job.ID:
		b := header(pgtype.UUIDOID, len(arg), len(arg)*20)
		for i := range arg {
			b = append(binary.BigEndian.AppendUint32(b, 16), arg[i][:]...)
		}
		return param{pgtype.UUIDArrayOID, b}, nil
	}
	return param{}, fmt.Errorf("a parameter of type %T has no encoding", arg)
}

// header begins an array of one dimension.
func header(element uint32, n, bytes int) []byte {
	b := make([]byte, 0, 20+bytes)
	if n == 0 {
		b = binary.BigEndian.AppendUint32(b, 0)
	} else {
		b = binary.BigEndian.AppendUint32(b, 1)
	}
	b = binary.BigEndian.AppendUint32(b, 1) // there may be nulls
	b = binary.BigEndian.AppendUint32(b, element)
	if n > 0 {
		b = binary.BigEndian.AppendUint32(b, uint32(n))
		b = binary.BigEndian.AppendUint32(b, 1)
	}
	return b
}

// column is a field of a struct and how it is encoded.
type column struct {
	name    string
	field   int
	element uint32 // type of the field
	oid     uint32 // of its array
	// put appends the length and the bytes of a field, a length of -1 for null.
	put func(b []byte, field reflect.Value) ([]byte, error)
}

func (c column) array(rows reflect.Value) (param, error) {
	b := header(c.element, rows.Len(), rows.Len()*16)
	var err error
	for i := range rows.Len() {
		if b, err = c.put(b, rows.Index(i).Field(c.field)); err != nil {
			return param{}, err
		}
	}
	return param{c.oid, b}, nil
}

var known sync.Map // reflect.Type → []column

// columnsOf returns the columns of a struct: its exported fields, named by
// their JSON. A string tagged sql:"bytes" is a bytea.
func columnsOf(t reflect.Type) ([]column, error) {
	if c, ok := known.Load(t); ok {
		return c.([]column), nil
	}
	var list []column
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		c := column{field: i}
		c.name, _, _ = strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Type.Kind() == reflect.Array && f.Type.Len() == 16:
			c.element, c.oid, c.put = pgtype.UUIDOID, pgtype.UUIDArrayOID, putID
		case f.Type.Kind() == reflect.Int:
			c.element, c.oid, c.put = pgtype.Int4OID, pgtype.Int4ArrayOID, putInt
		case f.Type.Kind() == reflect.Bool:
			c.element, c.oid, c.put = pgtype.BoolOID, pgtype.BoolArrayOID, putBool
		case f.Type.Kind() == reflect.Int64:
			c.element, c.oid, c.put = pgtype.Int8OID, pgtype.Int8ArrayOID, putInt64
		case f.Type.Kind() == reflect.String && f.Tag.Get("sql") == "bytes":
			c.element, c.oid, c.put = pgtype.ByteaOID, pgtype.ByteaArrayOID, putBytes
		case f.Type.Kind() == reflect.String:
			c.element, c.oid, c.put = pgtype.TextOID, pgtype.TextArrayOID, putText
		case f.Type.Implements(textMarshaler):
			c.element, c.oid, c.put = pgtype.TextOID, pgtype.TextArrayOID, putMarshaled
		case f.Type == reflect.TypeFor[*string]() && f.Tag.Get("sql") == "bytes":
			c.element, c.oid, c.put = pgtype.ByteaOID, pgtype.ByteaArrayOID, orNull(putBytes)
		case f.Type == reflect.TypeFor[*int]():
			c.element, c.oid, c.put = pgtype.Int4OID, pgtype.Int4ArrayOID, orNull(putInt)
		case f.Type == reflect.TypeFor[*int64]():
			c.element, c.oid, c.put = pgtype.Int8OID, pgtype.Int8ArrayOID, orNull(putInt64)
		default:
			return nil, fmt.Errorf("%s.%s of type %s has no encoding", t, f.Name, f.Type)
		}
		list = append(list, c)
	}
	known.Store(t, list)
	return list, nil
}

var textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()

var null = []byte{0xff, 0xff, 0xff, 0xff}

func putID(b []byte, v reflect.Value) ([]byte, error) {
	if v.IsZero() {
		return append(b, null...), nil
	}
	b = binary.BigEndian.AppendUint32(b, 16)
	if v.CanAddr() {
		return append(b, v.Slice(0, 16).Bytes()...), nil
	}
	for i := range 16 {
		b = append(b, byte(v.Index(i).Uint()))
	}
	return b, nil
}

func putInt(b []byte, v reflect.Value) ([]byte, error) {
	b = binary.BigEndian.AppendUint32(b, 4)
	return binary.BigEndian.AppendUint32(b, uint32(v.Int())), nil
}

func putBool(b []byte, v reflect.Value) ([]byte, error) {
	b = binary.BigEndian.AppendUint32(b, 1)
	if v.Bool() {
		return append(b, 1), nil
	}
	return append(b, 0), nil
}

func putInt64(b []byte, v reflect.Value) ([]byte, error) {
	b = binary.BigEndian.AppendUint32(b, 8)
	return binary.BigEndian.AppendUint64(b, uint64(v.Int())), nil
}

func putText(b []byte, v reflect.Value) ([]byte, error) {
	s := storable(v.String())
	b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...), nil
}

func putBytes(b []byte, v reflect.Value) ([]byte, error) {
	s := v.String()
	b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...), nil
}

func putMarshaled(b []byte, v reflect.Value) ([]byte, error) {
	text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
	b = binary.BigEndian.AppendUint32(b, uint32(len(text)))
	return append(b, text...), err
}

// orNull is put for a pointer that may be nil.
func orNull(put func([]byte, reflect.Value) ([]byte, error)) func([]byte, reflect.Value) ([]byte, error) {
	return func(b []byte, v reflect.Value) ([]byte, error) {
		if v.IsNil() {
			return append(b, null...), nil
		}
		return put(b, v.Elem())
	}
}

// storable is a text as PostgreSQL can keep it: valid UTF-8 without U+0000.
func storable(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\uFFFD")
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return s
}
