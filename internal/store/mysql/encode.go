package mysql

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// encode encodes the arguments of a statement. A list becomes one JSON text of
// ASCII only, whatever character set a connection has: of ids, sorted and each
// once, as 32 hex digits, or of objects. Ids by themselves are hex digits, too.
func encode(args []any) ([]any, error) {
	values := make([]any, len(args))
	for i, arg := range args {
		v, err := value(arg)
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	return values, nil
}

func value(arg any) (any, error) {
	switch arg := arg.(type) {
	case string, int, int64:
		return arg, nil
	case []byte: // of an id
		return hex.EncodeToString(arg), nil
	case []job.ID:
		return ids(arg), nil
	}
	if v := reflect.ValueOf(arg); v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct {
		return rows(v)
	}
	return nil, fmt.Errorf("a parameter of type %T has no encoding", arg)
}

func ids(list []job.ID) string {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b job.ID) int { return bytes.Compare(a[:], b[:]) })
	list = slices.Compact(list)
	b := make([]byte, 0, len(list)*35+2)
	b = append(b, '[')
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendID(b, list[i][:])
	}
	return string(append(b, ']'))
}

func appendID(b, id []byte) []byte {
	b = append(b, '"')
	b = hex.AppendEncode(b, id)
	return append(b, '"')
}

// rows encodes structs as a JSON array of objects.
func rows(list reflect.Value) (string, error) {
	columns, err := columnsOf(list.Type().Elem())
	if err != nil {
		return "", err
	}
	b := []byte{'['}
	for i := range list.Len() {
		if i > 0 {
			b = append(b, ',')
		}
		for k, c := range columns {
			b = append(b, c.key...)
			if b, err = c.put(b, list.Index(i).Field(c.field)); err != nil {
				return "", fmt.Errorf("%s: %w", columns[k].key, err)
			}
		}
		b = append(b, '}')
	}
	return string(append(b, ']')), nil
}

// column is a field of a struct and how it is encoded.
type column struct {
	key   string // what comes before its value
	field int
	put   func(b []byte, field reflect.Value) ([]byte, error)
}

var known sync.Map // reflect.Type → []column

// columnsOf returns the columns of a struct: its exported fields, named by
// their JSON. A string tagged sql:"bytes" is written in base64.
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
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		c := column{key: `,"` + name + `":`, field: i}
		if len(list) == 0 {
			c.key = "{" + c.key[1:]
		}
		text := f.Tag.Get("sql") == "bytes"
		switch {
		case f.Type.Kind() == reflect.Array && f.Type.Len() == 16:
			c.put = putID
		case f.Type.Kind() == reflect.Int || f.Type.Kind() == reflect.Int64:
			c.put = putInt
		case f.Type.Kind() == reflect.Bool:
			c.put = putBool
		case f.Type.Kind() == reflect.String && text:
			c.put = putBytes
		case f.Type.Kind() == reflect.String:
			c.put = putText
		case f.Type.Implements(jsonMarshaler):
			c.put = putMarshaled
		case f.Type == reflect.TypeFor[*string]() && text:
			c.put = orNull(putBytes)
		case f.Type == reflect.TypeFor[*int]() || f.Type == reflect.TypeFor[*int64]():
			c.put = orNull(putInt)
		default:
			return nil, fmt.Errorf("%s.%s of type %s has no encoding", t, f.Name, f.Type)
		}
		list = append(list, c)
	}
	known.Store(t, list)
	return list, nil
}

var jsonMarshaler = reflect.TypeFor[json.Marshaler]()

func putID(b []byte, v reflect.Value) ([]byte, error) {
	if v.IsZero() {
		return append(b, "null"...), nil
	}
	return appendID(b, v.Slice(0, 16).Bytes()), nil // a slice's elements can be addressed
}

func putBool(b []byte, v reflect.Value) ([]byte, error) {
	if v.Bool() {
		return append(b, '1'), nil
	}
	return append(b, '0'), nil
}

func putInt(b []byte, v reflect.Value) ([]byte, error) { return strconv.AppendInt(b, v.Int(), 10), nil }

func putText(b []byte, v reflect.Value) ([]byte, error) { return appendText(b, v.String()), nil }

func putBytes(b []byte, v reflect.Value) ([]byte, error) {
	b = append(b, '"')
	b = base64.StdEncoding.AppendEncode(b, []byte(v.String()))
	return append(b, '"'), nil
}

// putMarshaled writes the JSON of a value as a text.
func putMarshaled(b []byte, v reflect.Value) ([]byte, error) {
	text, err := v.Interface().(json.Marshaler).MarshalJSON()
	return appendText(b, string(text)), err
}

// orNull is put for a pointer that may be nil.
func orNull(put func([]byte, reflect.Value) ([]byte, error)) func([]byte, reflect.Value) ([]byte, error) {
	return func(b []byte, v reflect.Value) ([]byte, error) {
		if v.IsNil() {
			return append(b, "null"...), nil
		}
		return put(b, v.Elem())
	}
}

const hexDigits = "0123456789abcdef"

// appendText appends a JSON string of ASCII. What is no UTF-8 becomes U+FFFD.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r >= ' ' && r < utf8.RuneSelf:
			b = append(b, byte(r))
		case r > 0xffff:
			r -= 0x10000
			b = appendUnit(appendUnit(b, 0xd800+r>>10), 0xdc00+r&0x3ff)
		default:
			b = appendUnit(b, r)
		}
	}
	return append(b, '"')
}

func appendUnit(b []byte, u rune) []byte {
	return append(b, '\\', 'u', hexDigits[u>>12&15], hexDigits[u>>8&15], hexDigits[u>>4&15], hexDigits[u&15])
}
