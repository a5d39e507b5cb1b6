package workflowfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// jsonReader reads a JSON file. Payloads keep what encoding/json would change:
// each node knows its bytes.
type jsonReader struct {
	data   []byte
	decode *json.Decoder
	cursor cursor
	end    int // of the last token
	values int
	names  fieldNames
	known  map[string]string
}

// maxKnownNames bounds the names that are held once.
const maxKnownNames = 100

func newJSONReader(data []byte) *jsonReader {
	r := &jsonReader{data: data, decode: json.NewDecoder(bytes.NewReader(data)), cursor: cursor{data: data, at: position{1, 1}}, known: make(map[string]string)}
	r.decode.UseNumber()
	return r
}

func readJSON(data []byte) (*node, []workflow.Fault, error) {
	r := newJSONReader(data)
	if err := json.Unmarshal(data, new(json.RawMessage)); err != nil {
		return nil, nil, r.syntax(err)
	}
	root, err := r.value(0, false, false)
	return root, r.names.duplicates, err
}

// syntax places an error of encoding/json. Its offset is the end of what it
// read.
func (r *jsonReader) syntax(err error) error {
	var s *json.SyntaxError
	if !errors.As(err, &s) {
		return err
	}
	hint := "look at quotes, commas and brackets there and just before"
	if strings.HasSuffix(s.Error(), "after top-level value") {
		hint = "a file holds one workflow"
	}
	return syntax(positionOf(r.data, max(0, min(int(s.Offset)-1, len(r.data)))), hint, "the file is not valid JSON: %v", err)
}

// token returns the next token and where it starts.
func (r *jsonReader) token() (json.Token, int, error) {
	start := r.end
	for start < len(r.data) && strings.IndexByte(" \t\r\n,:", r.data[start]) >= 0 {
		start++
	}
	token, err := r.decode.Token()
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, start, err
	}
	r.end = int(r.decode.InputOffset())
	return token, start, nil
}

// value reads the next value. With verbatim it keeps what is written and
// nothing of what that contains; with each it does so for each item of a list.
func (r *jsonReader) value(depth int, verbatim, each bool) (*node, error) {
	token, start, err := r.token()
	if err != nil {
		return nil, err
	}
	n := &node{at: r.cursor.to(start)}
	if r.values++; r.values > maxValues {
		return nil, tooLarge(n.at, "the file has more than %d values", maxValues)
	}
	if depth > maxDepth {
		return nil, tooLarge(n.at, "the file has more than %d levels", maxDepth)
	}
	switch t := token.(type) {
	case bool:
		n.kind, n.scalar = boolean, strconv.FormatBool(t)
	case json.Number:
		n.kind, n.scalar = number, t.String()
	case string:
		n.kind, n.scalar = text, t
	case json.Delim:
		if t == '[' {
			err = r.list(n, depth, each)
		} else {
			err = r.object(n, depth)
		}
		if err != nil {
			return nil, err
		}
	}
	if verbatim {
		n.scalar, n.items, n.fields, n.verbatim = string(r.data[start:r.end]), nil, nil, true
	}
	return n, nil
}

// name returns one copy of a name that many objects have.
func (r *jsonReader) name(s string) string {
	if known, ok := r.known[s]; ok {
		return known
	}
	if len(r.known) < maxKnownNames {
		r.known[s] = s
	}
	return s
}

func (r *jsonReader) list(n *node, depth int, verbatim bool) error {
	n.kind = list
	for r.decode.More() {
		item, err := r.value(depth+1, verbatim, false)
		if err != nil {
			return err
		}
		n.items = append(n.items, item)
	}
	_, _, err := r.token()
	return err
}

func (r *jsonReader) object(n *node, depth int) error {
	n.kind = object
	var names nameSet
	for r.decode.More() {
		token, start, err := r.token()
		if err != nil {
			return err
		}
		name, at := r.name(token.(string)), r.cursor.to(start)
		value, err := r.value(depth+1, name == "payload" || name == "metadata", name == "payloads")
		if err != nil {
			return err
		}
		if r.names.isNew(&names, n.fields, name, at) {
			n.fields = append(n.fields, field{name, at, value})
		}
	}
	_, _, err := r.token()
	return err
}
