// Package plainjson encodes JSON in which <, > and & stay as they are: what is
// stored, sent and shown is no HTML, and payloads and results keep their texts.
package plainjson

import (
	"bytes"
	"encoding/json"
	"io"
)

// NewEncoder is json.NewEncoder without escapes for HTML.
func NewEncoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}

// Marshal is json.Marshal without escapes for HTML.
func Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	if err := NewEncoder(&b).Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
