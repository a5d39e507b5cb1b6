package workflowfile_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/workflowfile"
)

func TestAYAMLFileAsJSONIsTheSameWorkflow(t *testing.T) {
	const text = `
name: "a \"b\" é"
metadata: {<<: {x: "1"}, y: no}
jobs:
  - &a
    name: a
    queue: q
    payload: {n: 0x10, big: 12345678901234567890, text: "<&>\u2028", off: off, nothing: ~}
  - <<: *a
    name: b
    depends_on: [a]
    payload: |
      lines
      of text
`
	data, err := workflowfile.ToJSON("w.yaml", []byte(text))
	if err != nil || !json.Valid(data) {
		t.Fatalf("%v\n%s", err, data)
	}
	yaml, err := workflowfile.Parse("w.yaml", []byte(text), workflowfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := workflowfile.Parse("w.json", data, workflowfile.Options{})
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	if yaml.Name != asJSON.Name || string(yaml.Metadata) != string(asJSON.Metadata) || len(yaml.Jobs) != 2 || len(asJSON.Jobs) != 2 {
		t.Fatalf("another workflow: %s", data)
	}
	for i, j := range yaml.Jobs {
		if other := asJSON.Jobs[i]; j.Name != other.Name || j.Queue != other.Queue || string(j.Payload) != string(other.Payload) {
			t.Errorf("%+v became %+v", j, other)
		}
	}
}

func TestAFaultOfAYAMLFileThatBecomesJSONHasItsLine(t *testing.T) {
	_, err := workflowfile.ToJSON("w.yaml", []byte("name: w\njobs:\n  - name: a\n    queue: q\n    quue: p\n"))
	var report *workflow.Error
	if !errors.As(err, &report) || len(report.Faults) != 1 || report.Faults[0].Line != 5 {
		t.Errorf("%v", err)
	}
}

func TestAliasesThatMakeTooMuchJSONAreRefused(t *testing.T) {
	text := "name: w\nmetadata: {a: &a " + strings.Repeat("x", 1<<16) + "}\njobs:\n  - name: j\n    queue: q\n    depends_on: [" +
		strings.TrimSuffix(strings.Repeat("*a, ", 2000), ", ") + "]\n"
	if data, err := workflowfile.ToJSON("w.yaml", []byte(text)); err == nil {
		t.Errorf("%d bytes", len(data))
	}
}
