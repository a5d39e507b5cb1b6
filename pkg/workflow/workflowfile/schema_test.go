package workflowfile

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// noLoader refuses every reference out of the schema.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, errors.New("the schema refers to " + url)
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(noLoader{})
	c.AssertFormat()
	if err := c.AddResource("workflow.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("workflow.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// valueOf reads a YAML text as the schema sees it.
func valueOf(t *testing.T, text []byte) any {
	t.Helper()
	root, _, err := read("w.yaml", text, DefaultMaxBytes)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	raw, ok := (&decoder{budget: DefaultMaxBytes}).encode(root, DefaultMaxBytes)
	if !ok {
		t.Fatalf("no JSON of\n%s", text)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTheExamplesFitTheSchema(t *testing.T) {
	s := compiled(t)
	files, err := filepath.Glob("../../../examples/*.[jy]*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(valueOf(t, text)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// ofJob and ofWorkflow make a whole file of one field.
func ofJob(field string) string {
	return "name: w\njobs: [{name: a, queue: q, " + field + "}]\n"
}

func ofWorkflow(field string) string {
	return "name: w\n" + field + "\njobs: [{name: a, queue: q}]\n"
}

func TestSchemaAndParseAgreeOnWhatIsRight(t *testing.T) {
	s := compiled(t)
	var files []string
	for _, field := range []string{
		"payload: null", "payload: [1, {a: b}]", "payload: text", "depends_on: []", "join: all", "join: all_success", "priority: background",
		"timeout: 1h30m", "timeout: 0", "timeout: 0s", "timeout: +5s", "timeout: .5s", "timeout: 1.s", "timeout: 3µs", "deadline: 1ms", "delay: 10s",
		`scheduled_at: "2030-01-31T08:00:00Z"`, `scheduled_at: "2030-01-31T08:00:00.5+01:00"`, "retry: {}", "retry: {max_attempts: 1000}",
		"retry: {strategy: fixed, initial_delay: 1s, increment: 0.5s, multiplier: 1.5, max_delay: 1h, jitter: none}",
		"trace_id: 0123456789abcdef0123456789abcdef", "trace_id: ''", "correlation_id: ''", "correlation_id: ünïcode",
		"condition: 'true'", "condition: 'true', unmet: pass", "with: {}", "with: {a: '1', a b: now}", "allow_failure: true", "finally: false", "catch: false",
		"cron: 0 8 * * *", "cron: '@hourly'",
	} {
		files = append(files, ofJob(field))
	}
	for _, field := range []string{
		"description: ''", "description: \"a\\nb\"", "metadata: {}", "metadata: {a: {b: [1]}}", "failure_policy: fail_fast", "running: drain", "running: cancel",
		"failure_policy: manual", "failure_policy: manual\ndecision_timeout: 1h", "failure_policy: manual\ndecision_timeout: 1h\ndecision_default: accept", "priority: critical", "timeout: 24h",
		"health_check_interval: 1m", `schedule: {cron: "@daily"}`, `schedule: {cron: "0 2 * * *", timezone: UTC, catch_up: none, overlap: queue}`,
		`schedule: {cron: "@daily", catch_up: all}`, `schedule: {cron: "@daily", catch_up: {all: 1000}}`,
		"$schema: x", "correlation_id: a b",
	} {
		files = append(files, ofWorkflow(field))
	}
	for _, field := range []string{
		"gate: approval", "gate: signal", "gate: {type: approval}", "gate: {type: approval, expires_after: 24h, default: reject}", "gate: {type: approval, expires_after: 24h, default: approve}",
		"gate: {type: signal, expires_after: 1h, default: {a: [1, null]}}", "gate: {type: signal, expires_after: 1h, default: null}", "gate: {type: timer, wait: 10m}",
		"gate: {type: timer, until: '2026-01-01T00:00:00Z'}", "queue: q, batch: {payloads: [1, null, {a: b}]}", "queue: q, batch: {payloads: [1], mode: collect_errors}",
		"queue: q, map: {over: 'payload.list', max_parallel: 4, tolerate: -1}, payload: {list: [1]}", "workflow: {jobs: [{name: x, queue: q}]}",
		"workflow: {name: sub, failure_policy: manual, decision_timeout: 1h, jobs: [{name: x, queue: q}, {name: y, gate: approval, depends_on: [x]}]}",
	} {
		files = append(files, "name: w\njobs: [{name: a, "+field+"}]\n")
	}
	files = append(files,
		"name: w\njobs: [{name: a, queue: q}, {name: b.c-d_1, queue: q, depends_on: [a]}, {name: c, queue: q, depends_on: [{job: a}, {job: b.c-d_1, on: success, optional: false}]}]",
		"name: w\njobs: [{name: a, queue: q}, {name: b, queue: q, depends_on: [{job: a, on: failure, optional: true}], join: {quorum: 1}, catch: true}, {name: c, queue: q, finally: true}]")
	for _, text := range files {
		if err := s.Validate(valueOf(t, []byte(text))); err != nil {
			t.Errorf("the schema refuses\n%s%v", text, err)
		}
		if _, err := Parse("w.yaml", []byte(text), Options{}); err != nil {
			t.Errorf("Parse refuses\n%s%v", text, err)
		}
	}
}

func TestSchemaAndParseAgreeOnWhatIsWrong(t *testing.T) {
	s := compiled(t)
	files := []string{
		"[]", "text", "{}", "name: w", "jobs: [{name: a, queue: q}]", "name: ''\njobs: [{name: a, queue: q}]", "name: 3\njobs: [{name: a, queue: q}]",
		"name: w\njobs: []", "name: w\njobs: {}", "name: w\njobs: [a]", "name: w\njobs: [{queue: q}]", "name: w\njobs: [{name: a}]", "name: w\njobs: [null]",
		"name: w\njobs: [{name: '', queue: q}]", "name: w\njobs: [{name: a b, queue: q}]", "name: w\njobs: [{name: a, queue: ''}]", "name: w\njobs: [{name: a, queue: 3}]",
		"name: w\njobs: [{name: a, queue: null}]", "name: \"a\\tb\"\njobs: [{name: a, queue: q}]", "name: w\njobs: [{name: a, queue: \"\\0\"}]",
	}
	for _, field := range []string{
		"depends_on: a", "depends_on: [1]", "depends_on: [{}]", "depends_on: [{job: a, on: never}]", "depends_on: [{job: a, optional: 1}]", "depends_on: [{job: a, x: 1}]",
		"depends_on: null", "join: some", "join: {}", "join: {quorum: 0}", "join: {quorum: 1.5}", "join: {quorum: a}", "join: 3", "priority: 2", "priority: urgent",
		"timeout: 10", "timeout: soon", "timeout: 5 s", "timeout: 5", "timeout: []", "timeout: -5s", "timeout: ''", "deadline: 1d", "delay: true",
		"scheduled_at: tomorrow", "scheduled_at: 12", "scheduled_at: '2030-02-31T08:00:00Z'", "scheduled_at: '2030-01-31'",
		"retry: 3", "retry: {max_attempts: 0}", "retry: {max_attempts: 1001}", "retry: {max_attempts: 2.5}", "retry: {max_attempts: '3'}", "retry: {strategy: square}",
		"retry: {initial_delay: 0s}", "retry: {initial_delay: 0}", "retry: {increment: 5}", "retry: {multiplier: 0.5}", "retry: {multiplier: x}", "retry: {jitter: some}", "retry: {x: 1}",
		"trace_id: abc", "trace_id: '00000000000000000000000000000000'", "trace_id: 12", "correlation_id: \"a\\nb\"",
		"condition: 1", "condition: ''", "unmet: pass", "unmet: some, condition: 'true'", "with: []", "with: {a: 1}", "with: {a: ''}", "with: {'': '1'}",
		"allow_failure: 1", "finally: maybe", "catch: 'true'", "before: [a]", "nonsense: 1",
		"batch: {}", "batch: {payloads: []}", "batch: {payloads: 1}", "batch: {payloads: [1], mode: some}", "batch: {payloads: [1], x: 1}", "batch: [1]",
		"map: {}", "map: {over: 1}", "map: {over: ''}", "map: {over: payload, max_parallel: -1}", "map: {over: payload, tolerate: -2}", "map: {over: payload, tolerate: 1.5}",
		"cron: 5", "cron: ''",
	} {
		files = append(files, ofJob(field))
	}
	for _, field := range []string{
		"description: 3", "description: \"\\0\"", "metadata: []", "metadata: text", "failure_policy: never", "failure_policy: 1", "priority: 9", "timeout: 10",
		"schedule: daily", "schedule: {}", "schedule: {cron: ''}", "schedule: {cron: 5}", "schedule: {cron: '@daily', catch_up: some}", "schedule: {cron: '@daily', overlap: maybe}",
		"schedule: {cron: '@daily', x: 1}", "schedule: {cron: '@daily', catch_up: {}}", "schedule: {cron: '@daily', catch_up: {all: 1001}}", "retry: []", "health_check_interval: 1", "trace_id: X", "$schema: 3", "start_at: x", "running: stop", "failure_policy: manual\ndecision_timeout: 5",
		"failure_policy: manual\ndecision_timeout: 1h\ndecision_default: retry", "failure_policy: manual\ndecision_default: skip", "inherit: true", "nonsense: 1",
	} {
		files = append(files, ofWorkflow(field))
	}
	for _, field := range []string{
		"gate: never", "gate: 1", "gate: {}", "gate: timer", "gate: {type: timer}", "gate: {type: timer, wait: 1s, until: '2030-01-31T08:00:00Z'}", "gate: {type: timer, wait: soon}",
		"gate: {type: timer, wait: 1s, expires_after: 1s}", "gate: {type: approval, wait: 1s}", "gate: {type: approval, default: approve}", "gate: {type: approval, expires_after: 1h, default: yes}",
		"gate: {type: signal, default: 1}", "gate: {type: signal, x: 1}", "gate: null", "payload: 1",
		"workflow: {}", "workflow: {jobs: []}", "workflow: [a]", "workflow: {jobs: [{name: x}]}", "workflow: {jobs: [{name: x, queue: q}], schedule: {cron: '@daily'}}",
		"workflow: {jobs: [{name: x, queue: q}], failure_policy: never}", "workflow: {jobs: [{name: x, queue: q}], x: 1}",
	} {
		files = append(files, "name: w\njobs: [{name: a, "+field+"}]\n")
	}
	for _, text := range files {
		if s.Validate(valueOf(t, []byte(text))) == nil {
			t.Errorf("the schema takes\n%s", text)
		}
		if _, err := Parse("w.yaml", []byte(text), Options{}); err == nil {
			t.Errorf("Parse takes\n%s", text)
		}
	}
}

func TestTheSchemaKnowsTheFieldsThatAreRead(t *testing.T) {
	s := compiled(t)
	ofJobs := s.Properties["jobs"].Items2020.Ref
	for _, part := range []struct {
		words  vocabulary
		schema *jsonschema.Schema
	}{
		{workflowWords, s},
		{jobWords, ofJobs},
		{retryWords, s.Properties["retry"].Ref},
		{scheduleWords, s.Properties["schedule"].Ref},
		{gateWords, ofJobs.Properties["gate"].Ref.AnyOf[1]},
		{batchWords, ofJobs.Properties["batch"].Ref},
		{mapWords, ofJobs.Properties["map"].Ref},
	} {
		var names []string
		for name := range part.schema.Properties {
			names = append(names, name)
		}
		slices.Sort(names)
		known := slices.Sorted(slices.Values(part.words.known))
		if !slices.Equal(names, known) {
			t.Errorf("%s: the schema has %q, the reader %q", part.words.of, names, known)
		}
	}
}

func TestTheSchemaIsACopyForEveryCaller(t *testing.T) {
	Schema()[0] = 'x'
	if Schema()[0] != '{' {
		t.Error("a caller has changed the schema")
	}
}
