package workflowfile

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"github.com/hammerwork/hammerwork/pkg/plainjson"
)

// encode writes a value as JSON without insignificant space. Numbers and, in
// JSON files, escapes stay as they are written. ok is false for a value of more
// than limit bytes, and when the file's budget is used up, which only aliases
// can do.
func (d *decoder) encode(n *node, limit int) (raw json.RawMessage, ok bool) {
	if done, seen := d.encoded[n]; seen {
		return done, true
	}
	var out bytes.Buffer
	if n.verbatim {
		ok = json.Compact(&out, []byte(n.scalar)) == nil && out.Len() <= limit
	} else {
		w := &jsonWriter{out: &out, limit: min(limit, d.budget), text: plainjson.NewEncoder(&out)}
		ok = w.value(n)
	}
	if d.budget -= out.Len(); !ok || d.budget < 0 {
		return nil, false
	}
	if n.verbatim { // no alias comes back to it
		return out.Bytes(), true
	}
	if d.encoded == nil {
		d.encoded = make(map[*node]json.RawMessage)
	}
	d.encoded[n] = out.Bytes()
	return out.Bytes(), true
}

// jsonWriter writes a tree that is not deeper than maxDepth, up to a limit.
type jsonWriter struct {
	out   *bytes.Buffer
	limit int
	text  *json.Encoder // writes to out
}

// value reports whether the value fitted.
func (w *jsonWriter) value(n *node) bool {
	switch n.kind {
	case null:
		w.out.WriteString("null")
	case boolean, number:
		w.out.WriteString(n.scalar)
	case text:
		w.string(n.scalar)
	case list:
		w.out.WriteByte('[')
		for i, item := range n.items {
			w.comma(i)
			if !w.value(item) {
				return false
			}
		}
		w.out.WriteByte(']')
	case object:
		w.out.WriteByte('{')
		for i, f := range n.fields {
			w.comma(i)
			w.string(f.name)
			w.out.WriteByte(':')
			if !w.value(f.value) {
				return false
			}
		}
		w.out.WriteByte('}')
	}
	return w.out.Len() <= w.limit
}

func (w *jsonWriter) comma(i int) {
	if i > 0 {
		w.out.WriteByte(',')
	}
}

func (w *jsonWriter) string(s string) {
	if isPlain(s) {
		w.out.WriteByte('"')
		w.out.WriteString(s)
		w.out.WriteByte('"')
		return
	}
	_ = w.text.Encode(s) // a string into a buffer: no error is possible
	w.out.Truncate(w.out.Len() - 1)
}

// isPlain reports whether JSON writes s as it is.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
