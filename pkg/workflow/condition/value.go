package condition

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/plainjson"
)

// encode writes a value of CEL as JSON.
func encode(v ref.Val) (json.RawMessage, error) {
	w := &writer{limit: job.MaxPayload}
	w.value(v)
	if w.err != nil {
		return nil, w.err
	}
	return w.out, nil
}

// writer writes JSON that is the same for the same value. It stops at the
// first error.
type writer struct {
	out   []byte
	limit int // of bytes; -1 is none
	depth int
	err   error
}

func (w *writer) fail(hint, format string, args ...any) {
	if w.err == nil {
		w.err = failure(hint, format, args...)
	}
}

func (w *writer) value(v any) {
	w.depth++
	defer func() { w.depth-- }()
	switch v := v.(type) {
	case nil, types.Null:
		w.text("null")
	case bool:
		w.text(strconv.FormatBool(v))
	case types.Bool:
		w.text(strconv.FormatBool(bool(v)))
	case int64:
		w.text(strconv.FormatInt(v, 10))
	case types.Int:
		w.text(strconv.FormatInt(int64(v), 10))
	case types.Uint:
		w.text(strconv.FormatUint(uint64(v), 10))
	case float64:
		w.double(v)
	case types.Double:
		w.double(float64(v))
	case string:
		w.string(v)
	case types.String:
		w.string(string(v))
	case types.Bytes:
		w.string(base64.StdEncoding.EncodeToString(v))
	case types.Timestamp:
		w.string(v.UTC().Format(time.RFC3339Nano))
	case types.Duration:
		w.string(strconv.FormatFloat(v.Seconds(), 'f', -1, 64) + "s")
	case []any:
		w.list(len(v), func(i int) any { return v[i] })
	case map[string]any:
		w.object(v)
	case *types.Optional:
		if !v.HasValue() {
			w.text("null")
			return
		}
		w.value(v.GetValue())
	case traits.Mapper:
		w.mapper(v)
	case traits.Lister:
		w.list(int(v.Size().(types.Int)), func(i int) any { return v.Get(types.Int(i)) })
	case ref.Val:
		w.fail("JSON has texts, numbers, true, false, null, lists and objects", "%s can't be written as JSON", describe(v))
	default:
		w.fail("", "a %T can't be written as JSON", v)
	}
}

func (w *writer) text(s string) {
	if w.err != nil {
		return
	}
	if w.limit >= 0 && len(w.out)+len(s) > w.limit || w.depth > maxDepth+10 {
		w.fail("keep large data outside and pass its place", "the value has over %d bytes as JSON", w.limit)
		return
	}
	w.out = append(w.out, s...)
}

func (w *writer) double(f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		w.fail("", "%v can't be written as JSON", f)
		return
	}
	s := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	w.text(s)
}

func (w *writer) string(s string) {
	if w.limit >= 0 && len(s) > w.limit {
		w.text(s) // is too long
		return
	}
	text, err := plainjson.Marshal(s)
	if err != nil {
		w.fail("", "%v", err)
		return
	}
	w.text(string(text))
}

func (w *writer) list(size int, item func(int) any) {
	w.text("[")
	for i := 0; i < size && w.err == nil; i++ {
		if i > 0 {
			w.text(",")
		}
		w.value(item(i))
	}
	w.text("]")
}

func (w *writer) mapper(m traits.Mapper) {
	values := map[string]any{}
	for it := m.Iterator(); it.HasNext() == types.True; {
		key := it.Next()
		var name string
		switch k := key.(type) {
		case types.String:
			name = string(k)
		case types.Int, types.Uint, types.Bool:
			name = fmt.Sprint(k.Value())
		default:
			w.fail("use texts as keys", "%s can't be a key in JSON", describe(key))
			return
		}
		if _, twice := values[name]; twice {
			w.fail("use texts as keys", "the key %s is there twice", quote(name))
			return
		}
		values[name] = m.Get(key)
	}
	w.object(values)
}

func (w *writer) object(values map[string]any) {
	w.text("{")
	for i, key := range slices.Sorted(maps.Keys(values)) {
		if w.err != nil {
			return
		}
		if i > 0 {
			w.text(",")
		}
		w.string(key)
		w.text(":")
		w.value(values[key])
	}
	w.text("}")
}
