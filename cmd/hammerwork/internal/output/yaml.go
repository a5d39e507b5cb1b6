package output

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"

	"github.com/hammerwork/hammerwork/pkg/plainjson"
)

// toYAML rewrites one JSON value as YAML, in block style and with the keys in
// their order. Numbers stay as written. Texts that YAML could take for
// something else keep JSON's quotes, which YAML reads alike.
func toYAML(in []byte) ([]byte, error) {
	y := yamlWriter{dec: json.NewDecoder(bytes.NewReader(in))}
	y.dec.UseNumber()
	if err := y.value(0, "", false); err != nil {
		return nil, err
	}
	return bytes.TrimPrefix(y.out.Bytes(), []byte("\n")), nil
}

type yamlWriter struct {
	dec *json.Decoder
	out bytes.Buffer
}

// value writes the next value after "key:" or, when it is an item, "-". lead is
// what separates it from them when it fits on the line.
func (y *yamlWriter) value(depth int, lead string, item bool) error {
	token, err := y.dec.Token()
	if err != nil {
		return err
	}
	switch t := token.(type) {
	case json.Delim:
		return y.collection(depth, lead, t == '{', item)
	case string:
		y.out.WriteString(lead + scalar(t) + "\n")
	case json.Number:
		y.out.WriteString(lead + t.String() + "\n")
	case bool:
		if t {
			y.out.WriteString(lead + "true\n")
		} else {
			y.out.WriteString(lead + "false\n")
		}
	default:
		y.out.WriteString(lead + "null\n")
	}
	return nil
}

// collection writes a list or a map. A map that is an item begins on its line.
func (y *yamlWriter) collection(depth int, lead string, isMap, item bool) error {
	if !y.dec.More() {
		empty := "[]\n"
		if isMap {
			empty = "{}\n"
		}
		y.out.WriteString(lead + empty)
		_, err := y.dec.Token()
		return err
	}
	indent := strings.Repeat("  ", depth)
	before := "\n" + indent
	if isMap && item {
		before = lead
	}
	for y.dec.More() {
		y.out.WriteString(before)
		before = indent
		if isMap {
			key, err := y.dec.Token()
			if err != nil {
				return err
			}
			y.out.WriteString(scalar(key.(string)) + ":")
		} else {
			y.out.WriteString("-")
		}
		if err := y.value(depth+1, " ", !isMap); err != nil {
			return err
		}
	}
	_, err := y.dec.Token()
	return err
}

var (
	plainText    = regexp.MustCompile(`^[A-Za-z_/][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*$`)
	reservedText = regexp.MustCompile(`(?i)^(y|n|yes|no|on|off|true|false|null)$`)
)

// scalar writes a text, quoted unless it is plainly a text.
func scalar(s string) string {
	if plainText.MatchString(s) && !reservedText.MatchString(s) {
		return s
	}
	quoted, _ := plainjson.Marshal(s) // a string always encodes
	return string(quoted)
}
