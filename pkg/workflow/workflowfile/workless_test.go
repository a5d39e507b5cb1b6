package workflowfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

const workless = `
name: w
jobs:
  - {name: ok, gate: approval}
  - {name: soon, gate: {type: approval, expires_after: 24h, default: approve}}
  - {name: not, gate: {type: approval, expires_after: 24h, default: reject}}
  - {name: paid, gate: {type: signal, expires_after: 1h, default: {amount: 0}}}
  - {name: pause, gate: {type: timer, wait: 10m}}
  - {name: year, gate: {type: timer, until: 2026-01-01T00:00:00Z}}
  - {name: resize, queue: images, batch: {payloads: [{n: 1}, text, null], mode: collect_errors}, timeout: 1m}
  - {name: regions, queue: q}
  - name: load
    queue: etl
    depends_on: [regions]
    payload: {table: t}
    map: {over: deps.regions.result.list, max_parallel: 4, tolerate: 1}
  - name: report
    depends_on: [load]
    workflow:
      failure_policy: continue_on_failure
      jobs:
        - {name: draw, queue: q}
        - {name: publish, depends_on: [draw], workflow: {name: own, jobs: [{name: send, queue: q}]}}
`

// told describes the jobs without work of a workflow.
func told(w *workflow.Workflow) string {
	var b strings.Builder
	for _, j := range w.Jobs {
		if g := j.Gate; g != nil {
			fmt.Fprintf(&b, "%s: %s %s %s %s %t %s\n", j.Name, g.Type, g.Wait, g.Until.Format(time.RFC3339), g.ExpiresAfter, g.ApproveOnExpiry, g.DefaultPayload)
		}
		p := workflow.PartsOf(j)
		if p == nil {
			continue
		}
		fmt.Fprintf(&b, "%s: %s %s %q %d %d\n", j.Name, p.Kind, p.Mode, p.Over, p.MaxParallel, p.Tolerate)
		if p.Workflow != nil {
			for _, item := range p.Workflow.Jobs {
				fmt.Fprintf(&b, " %s %s %s %s in %s, %s\n", item.Name, item.Queue, item.Payload, item.Timeout, p.Workflow.Name, p.Workflow.FailurePolicy)
			}
			b.WriteString(told(p.Workflow))
		}
	}
	return b.String()
}

func TestJobsWithoutWorkAreReadAndAreTheSameAsJSON(t *testing.T) {
	const want = `ok: approval 0s 0001-01-01T00:00:00Z 0s false 
soon: approval 0s 0001-01-01T00:00:00Z 24h0m0s true 
not: approval 0s 0001-01-01T00:00:00Z 24h0m0s false 
paid: signal 0s 0001-01-01T00:00:00Z 1h0m0s false {"amount":0}
pause: timer 10m0s 0001-01-01T00:00:00Z 0s false 
year: timer 0s 2026-01-01T00:00:00Z 0s false 
resize: batch collect_errors "" 0 0
 resize[0] images {"n":1} 1m0s in w/resize, continue_on_failure
 resize[1] images "text" 1m0s in w/resize, continue_on_failure
 resize[2] images null 1m0s in w/resize, continue_on_failure
load: map  "deps.regions.result.list" 4 1
report: workflow  "" 0 0
 draw q null 0s in w/report, continue_on_failure
 publish workflow null 0s in w/report, continue_on_failure
publish: workflow  "" 0 0
 send q null 0s in own, fail_fast
`
	if got := told(parsed(t, "w.yaml", workless)); got != want {
		t.Errorf("YAML:\n%s", got)
	}
	data, err := ToJSON("w.yaml", []byte(workless))
	if err != nil || !json.Valid(data) {
		t.Fatalf("%v\n%s", err, data)
	}
	if got := told(parsed(t, "w.json", string(data))); got != want {
		t.Errorf("JSON:\n%s", got)
	}
	if err := compiled(t).Validate(valueOf(t, []byte(workless))); err != nil {
		t.Errorf("the schema: %v", err)
	}
}

func TestAFaultWithinAnotherWorkflowHasItsLine(t *testing.T) {
	got := faultsOf(t, "w.yaml", `name: w
jobs:
  - name: sub
    workflow:
      jobs:
        - {name: a, queue: q, depends_on: [b]}
        - name: items
          queue: q
          batch:
            payloads:
              - 1
              - "`+strings.Repeat("x", job.MaxPayload)+`"
        - name: deeper
          workflow:
            jobs: [{name: c}]
`)
	want := []string{`w.yaml:6:44: job "a" depends on "b", which does not exist`, "w.yaml:12:17: ", `w.yaml:15:21: the job has no queue`}
	for i, line := range got {
		if len(got) != len(want) || !strings.HasPrefix(line, want[i]) {
			t.Fatalf("got %q", got)
		}
	}
}

func TestTheItemsOfABatchOfAJSONFileStayAsTheyAreWritten(t *testing.T) {
	s, err := ParseJob("b.json", []byte(`{"queue":"q","batch":{"payloads":["\u0000",1.50,{"b":1,"a":"\ud83d\ude00"}]}}`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, item := range workflow.PartsOf(s.Job).Workflow.Jobs {
		got = append(got, string(item.Payload))
	}
	if all := strings.Join(got, " "); all != `"\u0000" 1.50 {"b":1,"a":"\ud83d\ude00"}` || s.Name != "q" {
		t.Errorf("%s: %s", s.Name, all)
	}
}

func TestEachFaultOfAGateAndOfCatchUpIsReportedOnce(t *testing.T) {
	for text, want := range map[string]string{
		`{type: timer, wait: soon}`:                              `"soon" is not a duration`,
		`{type: timer, until: soon}`:                             `"soon" is not a time of RFC 3339`,
		`{type: timer, until: 5}`:                                `jobs[0].gate.until is a number, not a time`,
		`{type: timer, wait: -5m}`:                               `wait -5m0s is negative`,
		`{type: approval, expires_after: x, default: approve}`:   `"x" is not a duration`,
		`{type: approval, expires_after: x, default: reject}`:    `"x" is not a duration`,
		`{type: signal, expires_after: [1h], default: {a: 1}}`:   `jobs[0].gate.expires_after is a list, not a duration`,
		`{type: timer, wait: soon, until: 2030-01-31T08:00:00Z}`: `the timer has wait and until; "soon" is not a duration`,
	} {
		file := "name: w\njobs:\n- {name: g, gate: " + text + "}\n- {name: a, queue: q}\n"
		if got := reported(file); got != want {
			t.Errorf("%s: got %s", text, got)
		}
	}
	for text, want := range map[string]string{
		`{all: x}`: `schedule.catch_up.all is a text, not a number`, `{all: 0}`: `schedule.catch_up.all 0 is not between 1 and 1000`,
		`{all: 1.5}`: `schedule.catch_up.all 1.5 is not a whole number`, `{all: null}`: `schedule.catch_up.all is null, not a number`,
		`{all: -3}`: `schedule.catch_up.all -3 is not between 1 and 1000`, `{}`: `catch_up is empty`, `{al: 5}`: `catch_up has no field "al"`,
	} {
		file := "name: w\nschedule: {cron: '@daily', catch_up: " + text + "}\njobs:\n- {name: a, queue: q}\n"
		if got := reported(file); got != want {
			t.Errorf("%s: got %s", text, got)
		}
	}
}

// reported returns the messages about a file.
func reported(file string) string {
	_, err := Parse("w.yaml", []byte(file), Options{})
	var report *workflow.Error
	if !errors.As(err, &report) {
		return fmt.Sprint(err)
	}
	var list []string
	for _, f := range report.Faults {
		list = append(list, f.Message)
	}
	return strings.Join(list, "; ")
}
