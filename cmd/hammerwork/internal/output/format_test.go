package output_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
)

type example struct {
	Zulu  string          `json:"zulu"`
	Alpha json.RawMessage `json:"alpha"`
	Empty []string        `json:"empty"`
}

var value = example{
	Zulu:  "<a> & 'b': yes",
	Alpha: json.RawMessage(`{"id":12345678901234567890,"on":"no","text":"a\nb","zero":"\u0000"}`),
	Empty: []string{},
}

func TestJSONIsIndentedAndNotEscapedForHTML(t *testing.T) {
	var b bytes.Buffer
	if err := output.Write(&b, output.FormatJSON, value); err != nil {
		t.Fatal(err)
	}
	const want = `{
  "zulu": "<a> & 'b': yes",
  "alpha": {
    "id": 12345678901234567890,
    "on": "no",
    "text": "a\nb",
    "zero": "\u0000"
  },
  "empty": []
}
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

func TestYAMLKeepsOrderTextsAndLargeNumbers(t *testing.T) {
	var b bytes.Buffer
	if err := output.Write(&b, output.FormatYAML, value); err != nil {
		t.Fatal(err)
	}
	const want = `zulu: "<a> & 'b': yes"
alpha:
  id: 12345678901234567890
  "on": "no"
  text: "a\nb"
  zero: "\u0000"
empty: []
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

func TestYAMLReadsBackAsTheSameValue(t *testing.T) {
	for _, in := range []string{
		`null`, `"x"`, `[]`, `{}`, `[[1,[2,{}]],{"a":{"b":[{"c":1,"d":[]}]}},"- x"]`,
		`{"":"", "a: b":"# no", "1":"1", "~":"~", "é":"日本 \u2028", "t":"2026-01-01", "e":"1e3", "m":"a: b", "=":"=", "w":" a "}`,
		`[true,false,null,1.5e-3,-0]`, `"two\nlines\n"`,
	} {
		var want, got any
		if err := json.Unmarshal([]byte(in), &want); err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := output.Write(&b, output.FormatYAML, json.RawMessage(in)); err != nil {
			t.Fatal(err)
		}
		back, err := yaml.YAMLToJSON(b.Bytes())
		if err != nil {
			t.Errorf("%s became YAML that cannot be read: %v\n%s", in, err, b.String())
			continue
		}
		if err := json.Unmarshal(back, &got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s became\n%swhich reads back as %s", in, b.String(), back)
		}
	}
}
