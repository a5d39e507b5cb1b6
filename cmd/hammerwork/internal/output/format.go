package output

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/hammerwork/hammerwork/pkg/plainjson"
)

// Format is what -o chooses.
type Format string

// The formats. Table is the default.
const (
	FormatTable Format = "table"
	FormatJSON  Format = "json"
	FormatYAML  Format = "yaml"
)

// Formats lists the names of all formats.
var Formats = []string{string(FormatTable), string(FormatJSON), string(FormatYAML)}

// String returns the name.
func (f *Format) String() string { return string(*f) }

// Set reads a name.
func (f *Format) Set(s string) error {
	switch v := Format(s); v {
	case FormatTable, FormatJSON, FormatYAML:
		*f = v
		return nil
	}
	return fmt.Errorf("it is one of %s", strings.Join(Formats, ", "))
}

// Type names the flag's value in help.
func (f *Format) Type() string { return "format" }

// Write writes v as JSON or YAML, keys in the order of v's fields. It is for
// FormatJSON and FormatYAML.
func Write(w io.Writer, f Format, v any) error {
	var b bytes.Buffer
	enc := plainjson.NewEncoder(&b)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	out := b.Bytes()
	if f == FormatYAML {
		var err error
		if out, err = toYAML(out); err != nil {
			return fmt.Errorf("encode as YAML: %w", err)
		}
	}
	_, err := w.Write(out)
	return err
}
