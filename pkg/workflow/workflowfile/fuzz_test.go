package workflowfile

import (
	"encoding/json"
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"name: w\njobs:\n  - name: a\n    queue: q\n    payload: {a: [1, 2.50, \"\\0\", ~, true]}\n  - {name: b, queue: q, depends_on: [a, {job: a}]}\n",
		`{"name":"w","jobs":[{"name":"a","queue":"q","payload":{"n":123456789012345678901234567890,"u":"\u0000"}}]}`,
		"name: w\nretry: {max_attempts: 3, initial_delay: 1s}\nschedule: {cron: '@daily', timezone: UTC}\njobs: [&a {name: a, queue: q}, {<<: *a, name: b}]\n",
		"name: w\nfailure_policy: manual\ndecision_timeout: 1h\ndecision_default: skip\njobs:\n  - {name: a, queue: q, allow_failure: true}\n" +
			"  - {name: b, queue: q, depends_on: [{job: a, on: done, optional: true}], join: {quorum: 1}, catch: true, condition: a.b > 1, unmet: pass, with: {x: a}}\n  - {name: c, queue: q, finally: true}\n",
		"name: w\njobs:\n  - {name: a, gate: {type: signal, expires_after: 1h, default: [1]}}\n  - {name: b, queue: q, batch: {payloads: [1, {x: y}], mode: fail_fast}}\n" +
			"  - {name: c, queue: q, map: {over: deps.a.result, max_parallel: 2}, depends_on: [a]}\n  - {name: d, workflow: {jobs: [{name: e, gate: approval}, {name: f, workflow: {jobs: [{name: g, queue: q}]}}]}}\n",
		`{"name":"w","jobs":[{"name":"a","queue":"q","batch":{"payloads":["\u0000",1e999]}},{"name":"t","gate":{"type":"timer","wait":"1s"}}]}`,
		"? [a]\n: b\n", "&a [*a]", "a: !!str 1\n---\nb: |\n  x\n", "- - - ? : -", "{a: 0x1F, b: .inf, c: 0123}", "%YAML 1.2\n---\n\"\\ud800\"",
	} {
		f.Add("w.yaml", []byte(text))
		f.Add("w.json", []byte(text))
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		w, err := Parse(name, data, Options{MaxBytes: 1 << 20})
		if err != nil {
			var report *workflow.Error
			if !errors.As(err, &report) || len(report.Faults) == 0 || w != nil {
				t.Fatalf("%T: %v", err, err)
			}
			for _, fault := range report.Faults {
				if fault.Message == "" || fault.Code == "" || fault.Line < 0 || fault.Column < 0 {
					t.Errorf("the fault %+v is incomplete", fault)
				}
			}
			return
		}
		if err := w.Validate(); err != nil {
			t.Fatalf("a parsed workflow is not valid: %v", err)
		}
		for _, j := range w.Jobs {
			if !json.Valid(j.Payload) || !utf8.Valid(j.Payload) {
				t.Errorf("the payload %q is not JSON", j.Payload)
			}
		}
	})
}
