package workflowfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// faultsOf parses a file that must be wrong and returns its report, a line a
// fault.
func faultsOf(t *testing.T, filename, text string) []string {
	t.Helper()
	w, err := Parse(filename, []byte(text), Options{})
	var report *workflow.Error
	if !errors.As(err, &report) || w != nil || len(report.Faults) == 0 || report.File != filename {
		t.Fatalf("got %v, %v for\n%s", w, err, text)
	}
	return strings.Split(report.Error(), "\n")
}

func parsed(t *testing.T, filename, text string) *workflow.Workflow {
	t.Helper()
	w, err := Parse(filename, []byte(text), Options{})
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return w
}

// payloadOf returns the payload of the only job of a YAML file.
func payloadOf(t *testing.T, yaml string) string {
	t.Helper()
	w := parsed(t, "w.yaml", "name: w\njobs:\n  - name: a\n    queue: q\n    payload: "+strings.ReplaceAll(yaml, "\n", "\n      ")+"\n")
	return string(w.Jobs[0].Payload)
}

func TestEveryFieldOfAFileIsRead(t *testing.T) {
	w := parsed(t, "w.yaml", `
$schema: https://example.com/workflow.json
name: data_pipeline
description: |
  Two
  lines
metadata: {owner: data, level: 3}
failure_policy: continue_on_failure
priority: high
timeout: 2h
health_check_interval: 5m
schedule: {cron: "0 2 * * *", timezone: Europe/Berlin, catch_up: {all: 7}, overlap: skip}
retry: {strategy: exponential, initial_delay: 30s, max_delay: 5m, multiplier: 2, max_attempts: 5, jitter: equal}
trace_id: 0123456789abcdef0123456789abcdef
correlation_id: order 7
jobs:
  - name: extract
    queue: etl_queue
    payload: {source: production_db}
  - name: transform
    queue: etl_queue
    depends_on: [extract]
    join: all_success
    priority: critical
    timeout: 10m
    deadline: 1h30m
    delay: 1.5s
    scheduled_at: 2030-01-31T08:00:00+01:00
    retry: {strategy: linear, increment: 10s, max_attempts: 1}
    trace_id: ffffffffffffffffffffffffffffffff
    correlation_id: mine
  - name: load
    queue: etl_queue
    depends_on:
      - {job: transform, on: success, optional: false}
      - extract
    join: {quorum: 2}
    condition: deps.transform.result.rows > 0
    unmet: pass
    with: {rows: deps.transform.result.rows, day: "'today'"}
  - name: undo
    queue: etl_queue
    depends_on: [{job: load, on: failure}, {job: extract, on: done, optional: true}]
    join: none_failed_min_one_success
    allow_failure: true
    catch: true
  - {name: sweep, queue: etl_queue, finally: true}
`)
	j := w.Jobs[1]
	got := fmt.Sprintf("%s|%q|%s|%s|%s|%s|%s|%+v|%+v|%s|%s",
		w.Name, w.Description, w.Metadata, w.FailurePolicy, w.Priority, w.Timeout, w.HealthCheckInterval, *w.Schedule, *w.Retry, w.TraceID, w.CorrelationID)
	want := `data_pipeline|"Two\nlines\n"|{"owner":"data","level":3}|continue_on_failure|high|2h0m0s|5m0s|` +
		`{Cron:0 2 * * * Timezone:Europe/Berlin CatchUp:all CatchUpMax:7 Overlap:skip}|` +
		`{Strategy:exponential MaxAttempts:5 InitialDelay:30s Increment:0s Multiplier:2 MaxDelay:5m0s Jitter:equal}|` +
		`0123456789abcdef0123456789abcdef|order 7`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	got = fmt.Sprintf("%s|%s|%s|%s|%s|%s|%s|%s|%s|%+v|%s|%s",
		j.Name, j.Queue, j.Payload, j.Join.Rule, j.Priority, j.Timeout, j.Deadline, j.Delay, j.ScheduledAt.Format(time.RFC3339), *j.Retry, j.TraceID, j.CorrelationID)
	want = `transform|etl_queue|null|all|critical|10m0s|1h30m0s|1.5s|2030-01-31T08:00:00+01:00|` +
		`{Strategy:linear MaxAttempts:1 InitialDelay:0s Increment:10s Multiplier:0 MaxDelay:0s Jitter:}|ffffffffffffffffffffffffffffffff|mine`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	deps := w.Jobs[2].DependsOn
	if len(deps) != 2 || deps[0].Parent != j.ID || deps[1].Name != "extract" || deps[0].On != job.OnSuccess {
		t.Errorf("the dependencies are %+v", deps)
	}
	load, undo, sweep := w.Jobs[2], w.Jobs[3], w.Jobs[4]
	got = fmt.Sprint(load.Join, load.Condition, load.Unmet, load.With, load.AllowFailure, load.Catch, load.Finally)
	want = `{quorum 2}` + `deps.transform.result.rows > 0pass` + `map[day:'today' rows:deps.transform.result.rows] false false false`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if deps := undo.DependsOn; undo.Join.Rule != job.JoinMerge || !undo.AllowFailure || !undo.Catch || deps[0].On != job.OnFailure || deps[1].On != job.OnDone || !deps[1].Optional || !sweep.Finally {
		t.Errorf("got %+v and %+v", undo, sweep)
	}
}

func TestWhatBelongsToOnePolicyIsRead(t *testing.T) {
	w := parsed(t, "w.yaml", "name: w\nrunning: cancel\njobs: [{name: a, queue: q}]")
	if w.Running != workflow.CancelRunning {
		t.Errorf("running is %q", w.Running)
	}
	w = parsed(t, "w.json", `{"name": "w", "failure_policy": "manual", "decision_timeout": "1h", "decision_default": "skip", "jobs": [{"name": "a", "queue": "q"}]}`)
	if w.FailurePolicy != workflow.Manual || w.DecisionTimeout != time.Hour || w.DecisionDefault != workflow.ActionSkip {
		t.Errorf("got %+v", w)
	}
}

// The example of the workflow page that this project began with, and its
// conditions.
func TestTheSeedsExampleLoads(t *testing.T) {
	w := parsed(t, "workflow.json", `{
  "name": "data_pipeline",
  "description": "Daily data processing pipeline",
  "failure_policy": "continue_on_failure",
  "jobs": [
    {
      "name": "extract",
      "queue": "etl_queue",
      "payload": {"source": "production_db"},
      "depends_on": []
    },
    {
      "name": "transform",
      "queue": "etl_queue", 
      "payload": {"rules": "business_logic.json"},
      "depends_on": ["extract"],
      "condition": "validation_status == 'valid'"
    },
    {
      "name": "load",
      "queue": "etl_queue",
      "payload": {"destination": "data_warehouse"},
      "depends_on": ["transform"],
      "condition": "validation_status == 'invalid'"
    }
  ]
}`)
	if len(w.Jobs) != 3 || w.Jobs[1].Condition != "validation_status == 'valid'" || w.Jobs[2].DependsOn[0].Name != "transform" {
		t.Errorf("got %+v", w)
	}
}

func TestFaultsOfExpressionsHaveTheirPlaceAndAHint(t *testing.T) {
	const head = "name: w\njobs:\n  - {name: extract, queue: q}\n  - {name: other, queue: q}\n"
	for field, want := range map[string]string{
		"condition: rows > 0":                          `5:66: condition: rows could be a field of any parent's result, and the job has 2 parents`,
		"condition: deps.extrat.result.rows > 0":       `5:66: condition: the job does not depend on "extrat"`,
		`condition: "true && deps.x.status == 'dead'"`: `5:66: condition, character 9: the job does not depend on "x"`,
		`condition: "now ==\n now ("`:                  `5:66: condition, line 2, character`,
		`condition: "1 + 1"`:                           `5:66: condition: the condition is`,
		"condition: ''":                                `5:66: jobs[2].condition is empty`,
		"condition: true":                              `5:66: jobs[2].condition is a boolean, not a text`,
		"with: {n: deps.extrat.result}":                `5:65: with "n": the job does not depend on "extrat"`,
		"with: {n: 3}":                                 `5:65: jobs[2].with.n is a number, not a text`,
		"with: {n: ' '}":                               `5:65: jobs[2].with.n is empty`,
		"with: [n]":                                    `5:61: jobs[2].with is a list, not an object`,
		"unmet: pass":                                  `5:62: unmet says what a condition that says no makes of the job, and it has none`,
		"catch: true":                                  `5:62: job "c" is to catch failures, and none lets it run`,
		"catch: yes":                                   `5:62: jobs[2].catch is a text, not a boolean`,
		"priority: 5":                                  `5:65: jobs[2].priority 5 is not one of background, low, normal, high, critical`,
		"join: true":                                   `5:61: jobs[2].join true is not one of all, merge, any, done`,
		"finally: true":                                `5:37: job "c" is finally and has dependencies`,
		"join: {quorum: 3}":                            `5:62: quorum 3 is not between 1 and its 2 dependencies`,
		"join: {quorum: 0}":                            `5:70: jobs[2].join.quorum 0 is not between 1 and 2147483647`,
		"join: quorum":                                 `5:61: jobs[2].join "quorum" is not one of all, merge, any, done`,
	} {
		text := head + "  - {name: c, queue: q, depends_on: [extract, other], " + field + "}\n"
		got := faultsOf(t, "w.yaml", text)
		if len(got) != 1 || !strings.HasPrefix(got[0], "w.yaml:"+want) {
			t.Errorf("%s\n got  %s\n want %s", field, strings.Join(got, "\n      "), want)
		}
	}
}

func TestTheExamplesLoad(t *testing.T) {
	files, err := filepath.Glob("../../../examples/*.[jy]*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(file, data, Options{}); err != nil {
			t.Error(err)
		}
	}
}

func TestHintsNameWhatWasMeant(t *testing.T) {
	for field, want := range map[string]string{
		"priority: 3":        `did you mean "high"?`,
		`priority: "0"`:      `did you mean "background"?`,
		"priority: medium":   `did you mean "normal"?`,
		"finally: yes":       "write true or false",
		`cron: "0 24 * * *"`: "write 0, which comes after 23",
	} {
		_, err := Parse("w.yaml", []byte("name: w\njobs:\n  - {name: a, queue: q, "+field+"}\n"), Options{})
		var invalid *workflow.Error
		if !errors.As(err, &invalid) || invalid.Hint() != want {
			t.Errorf("%s: %v\n got %+v\nwant %s", field, err, invalid, want)
		}
	}
}

func TestAllFaultsOfAFileComeInOneReportInItsOrder(t *testing.T) {
	got := faultsOf(t, "w.yaml", `name: pipeline
failure_polcy: fail_fast
priority: hihg
schedule: {cron: "61 * * * *", timezone: Europe/Nowhere}
retry: {max_delay: 1s, initial_delay: 5s, max_attempts: 2.5}
jobs:
  - name: extract
    queue: q
    queue: r
  - name: transform
    depends_on: [extrct, {job: extract, on: failur}]
    condition: "rows >"
    timeout: 10
  - nmae: load
    queue: "q\0"
    depends_on: transform
  - name: c
    queue: q
    depends_on: [d]
  - name: d
    queue: q
    depends_on: [c]
  - 17
`)
	want := []string{
		`w.yaml:2:1: a workflow has no field "failure_polcy"`,
		`w.yaml:3:11: priority "hihg" is not one of background, low, normal, high, critical`,
		`w.yaml:4:18: cron expression "61 * * * *" is not valid: minute "61" is not one of 0-59`,
		`w.yaml:4:42: time zone "Europe/Nowhere" is not known`,
		`w.yaml:5:20: retry max_delay: 1s is below initial_delay 5s`,
		`w.yaml:5:57: retry.max_attempts 2.5 is not a whole number`,
		`w.yaml:9:5: the field "queue" is there twice`,
		`w.yaml:10:5: the job has no queue`,
		`w.yaml:11:18: job "transform" depends on "extrct", which does not exist`,
		`w.yaml:11:45: jobs[1].depends_on[1].on "failur" is not one of success, failure, done`,
		`w.yaml:12:16: condition, character 7: the expression ends too early`,
		`w.yaml:13:14: jobs[1].timeout is a number, not a duration`,
		`w.yaml:14:5: a job has no field "nmae"`,
		`w.yaml:15:12: queue name "q\x00" contains a control character`,
		`w.yaml:16:17: jobs[2].depends_on is a text, not a list`,
		`w.yaml:19:17: the jobs wait for each other: d → c → d`,
		`w.yaml:23:5: jobs[5] is a number, not an object`,
	}
	compareLines(t, got, want)
}

func compareLines(t *testing.T, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		g, w := "nothing", "nothing"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Errorf("line %d\n got  %s\n want %s", i+1, g, w)
		}
	}
}

func TestTheSameFaultsHaveTheirPlacesInJSON(t *testing.T) {
	got := faultsOf(t, "w.json", `{"name": "pipeline", "jobs": [
  {"name": "ä", "queue": "q"},
	{"name": "b", "queue": "q", "dependsOn": ["c"], "queue": "r"},
  {"name": "c", "queue": 7, "payload": {"a": 1, "a": 2}, "retry": {"max_attempts": 0, "initial_delay": "0s"}}
]}`)
	compareLines(t, got, []string{
		`w.json:2:12: job name "ä" is not allowed`,
		`w.json:3:30: a job has no field "dependsOn"`,
		`w.json:3:50: the field "queue" is there twice`,
		`w.json:4:26: jobs[2].queue is a number, not a text`,
		`w.json:4:49: the field "a" is there twice`,
		`w.json:4:84: jobs[2].retry.max_attempts 0 is not between 1 and 1000`,
		`w.json:4:104: jobs[2].retry.initial_delay is zero`,
	})
}

func TestFaultsCarryAHint(t *testing.T) {
	for text, hint := range map[string]string{
		"nam: w\njobs: [{name: a, queue: q}]":                                                   `did you mean "name"?`,
		"name: w\njobs: [{name: a, queue: q, needs: []}]":                                       `did you mean "depends_on"?`,
		"name: w\njobs: [{name: a, queue: q, zzzzzz: 1}]":                                       "a job has name, queue, payload",
		"name: w\njobs: [{name: a, queue: q, before: [b]}]":                                     "this release does not run it",
		"name: w\njobs: [{name: a, queue: q, map: {}}]":                                         "name a list",
		"name: w\njobs: [{name: a, gate: aproval}]":                                             `did you mean "approval"?`,
		"name: w\njobs: [{name: a, gate: {typ: signal}}]":                                       `did you mean "type"?`,
		"name: w\njobs: [{name: a, gate: {wait: 1s}}]":                                          "write gate: approval",
		"name: w\njobs: [{name: a, gate: timer}]":                                               "write wait: 10m",
		"name: w\njobs: [{name: a, gate: {type: approval, default: reject}}]":                   "expires_after",
		"name: w\njobs: [{name: a, queue: q, batch: {items: [1]}}]":                             `did you mean "payloads"?`,
		"name: w\njobs: [{name: a, queue: q, batch: {payloads: [1]}, map: {over: payload}}]":    "make two jobs of it",
		"name: w\njobs: [{name: a, workflow: {jobs: [{name: b, queue: q, needs: []}]}}]":        `did you mean "depends_on"?`,
		"name: w\njobs: [{name: 12, queue: q}]":                                                 `put it in quotes: "12"`,
		"name: w\njobs: [{name: a, queue: q, depends_on: b}, {name: b, queue: q}]":              "write it as a list: [b]",
		"name: w\njobs: [{name: a, queue: q, timeout: 5}]":                                      "write it like 30s",
		"name: w\njobs: [{name: a, queue: q, join: al}]":                                        "quorum",
		"name: w\njobs: [{name: extract, queue: q}, {name: b, queue: q, depends_on: [extrat]}]": `did you mean "extract"?`,
		"name: w\njobs: [{name: a, queue: }]":                                                   "give it a value or leave it out",
		"name: w\nfailure_policy: fail-fast\njobs: [{name: a, queue: q}]":                       `did you mean "fail_fast"?`,
		"name: w\njobs: []": "add at least one job",
		"name: w":           "add at least one job",
		"[1]":               "write an object here",
	} {
		_, err := Parse("w.yaml", []byte(text), Options{})
		var report *workflow.Error
		if !errors.As(err, &report) || len(report.Faults) != 1 || !strings.Contains(report.Hint(), hint) {
			t.Errorf("%s\ngot %v with hint %q, want one fault with %q", text, err, report.Hint(), hint)
		}
	}
}

func TestWordsThatTheEngineDoesNotRunYetAreNeverIgnored(t *testing.T) {
	for _, words := range []vocabulary{workflowWords, jobWords} {
		for _, word := range words.later {
			text := fmt.Sprintf("name: w\n%s: 1\njobs: [{name: a, queue: q}]", word)
			if words.of == "a job" {
				text = fmt.Sprintf("name: w\njobs: [{name: a, queue: q, %s: 1}]", word)
			}
			got := faultsOf(t, "w.yaml", text)
			if len(got) != 1 || !strings.HasSuffix(got[0], word+" is not available yet") {
				t.Errorf("%s: %s in %s", word, got, words.of)
			}
		}
	}
}

func TestPayloadsOfYAMLBecomeJSON(t *testing.T) {
	for yaml, want := range map[string]string{
		`{a: 1, b: [x, 'y', "z"]}`:        `{"a":1,"b":["x","y","z"]}`,
		`123456789012345678901234567890`:  `123456789012345678901234567890`,
		`1.10`:                            `1.10`,
		`-0.5e-10`:                        `-0.5e-10`,
		`0.1234567890123456789012345`:     `0.1234567890123456789012345`,
		`+12`:                             `12`,
		`.5`:                              `0.5`,
		`1.`:                              `1`,
		`-.5`:                             `-0.5`,
		`0x1F`:                            `31`,
		`0o17`:                            `15`,
		`0xFFFFFFFFFFFFFFFFFFFF`:          `1208925819614629174706175`,
		`"0123"`:                          `"0123"`,
		`2024-01-02`:                      `"2024-01-02"`,
		`12:30:45`:                        `"12:30:45"`,
		`yes`:                             `"yes"`,
		`off`:                             `"off"`,
		`True`:                            `true`,
		`~`:                               `null`,
		``:                                `null`,
		`"\0\x01\u00e4\U0001F600"`:        `"\u0000\u0001ä😀"`,
		`"<&>"`:                           `"<&>"`,
		`{1: a, true: b, 2.5: c}`:         `{"1":"a","true":"b","2.5":"c"}`,
		"|\n  two\n  lines\n":             `"two\nlines\n"`,
		`!!str 12`:                        `"12"`,
		`!!str true`:                      `"true"`,
		`!!int 12`:                        `12`,
		`[&x {a: 1}, *x, {<<: *x, b: 2}]`: `[{"a":1},{"a":1},{"b":2,"a":1}]`,
		`[&x {a: 1}, &y {b: 2, a: 3}, {<<: [*x, *y], a: 0}]`: `[{"a":1},{"b":2,"a":3},{"a":0,"b":2}]`,
	} {
		if got := payloadOf(t, yaml); got != want {
			t.Errorf("%q: got %s, want %s", yaml, got, want)
		}
	}
}

func TestPayloadsOfJSONKeepTheirBytes(t *testing.T) {
	for _, payload := range []string{
		`{"n":123456789012345678901234567890,"f":1.10,"e":1E+2,"u":"\u0000\u00e4\/<&>\ud83d\ude00","z":-0}`, `"\ud800"`, `null`, `[]`, `1e400`,
	} {
		w := parsed(t, "w.json", `{"name": "w", "jobs": [{"name": "a", "queue": "q", "payload":   `+payload+`  }]}`)
		if got := string(w.Jobs[0].Payload); got != payload {
			t.Errorf("got %s, want %s", got, payload)
		}
	}
	w := parsed(t, "w.json", "{\"name\": \"w\", \"jobs\": [{\"name\": \"a\", \"queue\": \"q\", \"payload\": {\n\t\"a\" : 1\n}}]}")
	if got := string(w.Jobs[0].Payload); got != `{"a":1}` {
		t.Errorf("the indentation of the file is part of the payload %s", got)
	}
}

func TestJSONIsReadAsJSONWhateverTheFileIsCalled(t *testing.T) {
	text := "\n" + `{"name":"w","jobs":[{"name":"a","queue":"q","payload":"\/"}]}`
	for _, name := range []string{"w.json", "w.JSON", "-", "w.yaml"} {
		if got := string(parsed(t, name, text).Jobs[0].Payload); got != `"\/"` {
			t.Errorf("%s: the payload is %s", name, got)
		}
	}
	if got := faultsOf(t, "w.json", `{name: w}`); len(got) != 1 || !strings.HasPrefix(got[0], "w.json:1:2: the file is not valid JSON") {
		t.Errorf("YAML in a JSON file: %s", got)
	}
}

func TestSetFillsTheMetadata(t *testing.T) {
	text := "name: w\nmetadata: {env: dev, n: 123456789012345678901}\njobs: [{name: a, queue: q}]"
	w, err := Parse("w.yaml", []byte(text), Options{Set: map[string]string{"env": "prod", "who": `"me"`}})
	if err != nil || string(w.Metadata) != `{"env":"prod","n":123456789012345678901,"who":"\"me\""}` {
		t.Errorf("got %s, %v", w.Metadata, err)
	}
	w, err = Parse("w.yaml", []byte("name: w\njobs: [{name: a, queue: q}]"), Options{Set: map[string]string{"a": "b<c&d>e"}})
	if err != nil || string(w.Metadata) != `{"a":"b<c&d>e"}` {
		t.Errorf("got %s, %v", w.Metadata, err)
	}
	for _, bad := range []map[string]string{{"a": "\x00"}, {"a": "\xff"}, {"a": strings.Repeat("x", job.MaxMetadata)}} {
		if _, err := Parse("w.yaml", []byte(text), Options{Set: bad}); err == nil {
			t.Errorf("%.20v passes", bad)
		}
	}
}

func TestAFileMayStandInAnyEncodingOfLinesButOnlyInUTF8(t *testing.T) {
	text := "name: w\njobs:\n  - name: a\n    queue: q\n"
	for _, good := range []string{"\xef\xbb\xbf" + text, strings.ReplaceAll(text, "\n", "\r\n"), "# before\n---\n" + text + "...\n", "%YAML 1.2\n---\n" + text} {
		if w := parsed(t, "w.yaml", good); w.Jobs[0].Queue != "q" {
			t.Errorf("%q: the queue is %q", good, w.Jobs[0].Queue)
		}
	}
	parsed(t, "w.json", "\xef\xbb\xbf"+`{"name":"w","jobs":[{"name":"a","queue":"q"}]}`)
}

func TestFilesThatAreNoWorkflowHaveOneClearFault(t *testing.T) {
	tests := []struct{ file, text, want string }{
		{"w.yaml", "", "1:1: the file is empty"},
		{"w.json", "  \n", "1:1: the file is empty"},
		{"w.yaml", "\xef\xbb\xbf", "1:1: the file is empty"},
		{"w.yaml", "# only a comment\n", "1:1: the file is empty"},
		{"w.yaml", "---\n", "1:1: the file is empty"},
		{"w.yaml", "just text", "1:1: the file is a text, not an object"},
		{"w.yaml", "name: a\n---\nname: b\n", "2:1: the file has several documents"},
		{"w.json", `{"name":"a"} {"name":"b"}`, "1:14: the file is not valid JSON: invalid character '{' after top-level value"},
		{"w.json", "{\n \"name\": }", "2:10: the file is not valid JSON: invalid character '}' looking for beginning of value"},
		{"w.json", `{"name": "a`, "1:11: the file is not valid JSON: unexpected end of JSON input"},
		{"w.yaml", "name: a\xff\n", "1:8: the file is not valid UTF-8"},
		{"w.yaml", "name: a\n\x00\n", "2:1: the file contains U+0000"},
		{"w.yaml", "\xff\xfen\x00", "1:1: the file is UTF-16"},
		{"w.yaml", "name: [a\n", "1:7: the file is not valid YAML: sequence end token ']' not found"},
		{"w.yaml", "jobs: *x\n", "1:7: the alias *x has no anchor before it"},
		{"w.yaml", "jobs: &x [*x]\n", "1:11: the alias *x has no anchor before it"},
		{"w.yaml", "name: !!binary aGk=\n", `1:7: the tag "!!binary" does not fit a text`},
		{"w.yaml", "name: 0123\n", `1:7: the number "0123" has leading zeros`},
		{"w.yaml", "name: .inf\n", "1:7: JSON has no number .inf"},
		{"w.yaml", "<<: 3\n", "1:5: a merge key takes objects, not a number"},
		{"w.yaml", "? [a]\n: b\n", "2:1: the file is not valid YAML: found an invalid key for this map"},
	}
	for _, tt := range tests {
		got := faultsOf(t, tt.file, tt.text)
		if len(got) != 1 || got[0] != tt.file+":"+tt.want {
			t.Errorf("%q\n got  %s\n want %s:%s", tt.text, strings.Join(got, "\n      "), tt.file, tt.want)
		}
	}
}

func TestAReportOfVeryManyFaultsIsCut(t *testing.T) {
	var b strings.Builder
	b.WriteString("name: w\njobs:\n")
	for i := range 500 {
		fmt.Fprintf(&b, "  - {name: j%d, queue: q, zzzzz: 1}\n", i)
	}
	got := faultsOf(t, "w.yaml", b.String())
	if len(got) != maxFaults+1 || got[maxFaults] != "w.yaml: and 400 more faults" {
		t.Errorf("%d lines, the last %q", len(got), got[len(got)-1])
	}
}

func TestCyclesCanBeAskedFor(t *testing.T) {
	_, err := Parse("w.yaml", []byte("name: w\njobs: [{name: a, queue: q, depends_on: [b]}, {name: b, queue: q, depends_on: [a]}]"), Options{})
	var cycle workflow.CycleError
	if !errors.As(err, &cycle) || len(cycle.Path) != 3 {
		t.Errorf("got %v", err)
	}
}
