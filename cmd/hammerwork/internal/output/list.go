package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// List writes a list as JSON or YAML, item by item, as {"items": […],
// "next_cursor": "…"} would be written at once.
type List struct {
	w      io.Writer
	format Format
	count  int
}

// NewList begins a list. It writes nothing before the first item or the end.
func NewList(w io.Writer, f Format) *List { return &List{w: w, format: f} }

// Item writes the next item.
func (l *List) Item(v any) error {
	var b bytes.Buffer
	if err := Write(&b, l.format, map[string][]any{"items": {v}}); err != nil {
		return err
	}
	// What stands around the one item is written once.
	head, tail := "{\n  \"items\": [\n", "\n  ]\n}\n"
	between := ",\n"
	if l.format == FormatYAML {
		head, tail, between = "items:\n", "", ""
	}
	text := bytes.TrimSuffix(bytes.TrimPrefix(b.Bytes(), []byte(head)), []byte(tail))
	if l.count == 0 {
		between = head
	}
	l.count++
	_, err := io.WriteString(l.w, between+string(text))
	return err
}

// End ends the list.
func (l *List) End(nextCursor string) error {
	if l.count == 0 {
		return Write(l.w, l.format, struct {
			Items      []any  `json:"items"`
			NextCursor string `json:"next_cursor"`
		}{[]any{}, nextCursor})
	}
	if l.format == FormatYAML {
		return Write(l.w, l.format, map[string]string{"next_cursor": nextCursor})
	}
	cursor, err := json.Marshal(nextCursor)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(l.w, "\n  ],\n  \"next_cursor\": %s\n}\n", cursor)
	return err
}
