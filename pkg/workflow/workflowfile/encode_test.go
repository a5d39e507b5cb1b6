package workflowfile

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// everything is a file with every field that files have.
const everything = `name: everything
description: "Two\nlines"
metadata: {owner: data}
failure_policy: manual
decision_timeout: 1h0m0.5s
decision_default: skip
priority: high
timeout: 2h
schedule: {cron: "0 2 * * *", timezone: Europe/Berlin, catch_up: {all: 7}, overlap: skip}
retry: {strategy: linear, initial_delay: 1s, increment: 2s, max_delay: 1m, max_attempts: 4, jitter: none}
health_check_interval: 1m
trace_id: 0123456789abcdef0123456789abcdef
correlation_id: order 7
jobs:
- {name: a, queue: q, payload: {n: 1.50, s: "<"}, priority: low, timeout: 1s, deadline: 1h, delay: 2s, cron: 0 8 * * *, trace_id: 0123456789abcdef0123456789abcdef, correlation_id: c}
- {name: b, queue: q, scheduled_at: "2030-01-31T08:00:00.5+01:00", retry: {strategy: exponential, initial_delay: 1s, multiplier: 2, max_attempts: 2}, allow_failure: true}
- {name: c, queue: q, depends_on: [a, {job: b, on: done, optional: true}], join: merge, condition: deps.a.result.n > 1, unmet: pass, with: {x: deps.a.result}}
- {name: d, queue: q, depends_on: [{job: a, on: failure}, {job: b, on: failure}], join: {quorum: 1}, catch: true}
- {name: e, queue: q, finally: true}
- {name: f, gate: {type: approval, expires_after: 1h, default: approve}, depends_on: [a]}
- {name: g, gate: {type: signal, expires_after: 1h, default: {n: 1.50}}, depends_on: [a]}
- {name: h, gate: {type: timer, wait: 90s}, depends_on: [a]}
- {name: i, gate: {type: timer, until: "2030-01-31T08:00:00.5+01:00"}, depends_on: [a]}
- {name: k, queue: q, batch: {payloads: [1, {n: 1.50}], mode: collect_errors}, priority: low, depends_on: [a]}
- {name: l, queue: q, payload: {n: 1}, map: {over: deps.a.result, max_parallel: 3, tolerate: -1}, depends_on: [a]}
- {name: m, workflow: {name: inner, failure_policy: fail_fast, running: cancel, jobs: [{name: x, queue: q}, {name: y, workflow: {jobs: [{name: z, queue: q}]}, depends_on: [x]}]}, depends_on: [{job: a, on: done}]}
- {name: n, queue: q, inherit: true, depends_on: [a]}
`

func TestAWorkflowThatIsWrittenIsReadAsTheSame(t *testing.T) {
	w, err := Parse("w.yaml", []byte(everything), Options{})
	if err != nil {
		t.Fatal(err)
	}
	data, err := Encode(w)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse("w.json", data, Options{})
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	if got, want := plain(t, again), plain(t, w); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if err := compiled(t).Validate(valueOf(t, data)); err != nil {
		t.Errorf("the schema refuses what was written: %v", err)
	}
	for _, words := range []vocabulary{workflowWords, jobWords, scheduleWords, gateWords, batchWords, mapWords} {
		for _, word := range words.known {
			if word != "$schema" && word != "running" && !strings.Contains(string(data), `"`+word+`":`) {
				t.Errorf("%s of %s is not written", word, words.of)
			}
		}
	}
}

// plain writes all fields of a workflow but ids.
func plain(t *testing.T, w *workflow.Workflow) string {
	t.Helper()
	c := *w
	c.ID = job.ID{}
	c.Jobs = nil
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range w.Jobs {
		j := *j
		j.ID, j.ScheduledAt = job.ID{}, j.ScheduledAt.UTC()
		j.DependsOn = append([]job.Dependency(nil), j.DependsOn...)
		for i := range j.DependsOn {
			j.DependsOn[i].Parent = job.ID{}
		}
		if parts := workflow.PartsOf(&j); parts != nil {
			p := *parts
			if p.Workflow != nil {
				data = append(data, plain(t, p.Workflow)...)
				p.Workflow = nil
			}
			j.Parts = &p
		}
		if j.Gate != nil {
			g := *j.Gate
			g.Until = g.Until.UTC()
			j.Gate = &g
		}
		text, err := json.Marshal(j)
		if err != nil {
			t.Fatal(err)
		}
		data = append(data, text...)
	}
	return string(data)
}

func TestWhatFilesHaveNoWordsForIsNotWritten(t *testing.T) {
	for _, j := range []*job.Job{
		job.New("q", nil).WithName("a").DependsOnIDs(job.NewID()),
	} {
		w := workflow.NewWorkflow("w").Add(j)
		if err := w.Validate(); err != nil {
			t.Fatal(err)
		}
		if _, err := Encode(w); !errors.Is(err, ErrNotInFiles) {
			t.Errorf("got %v", err)
		}
	}
}

func TestABatchBuiltInGoIsWrittenWithWhatItsItemsHaveInCommon(t *testing.T) {
	build := func(change func(i int, item *job.Job)) *workflow.Workflow {
		b := workflow.NewBatch("mail", []any{1, map[string]int{"n": 2}}).WithName("send")
		for i, item := range workflow.PartsOf(b).Workflow.Jobs {
			change(i, item)
		}
		w := workflow.NewWorkflow("w").Add(b)
		if err := w.Validate(); err != nil {
			t.Fatal(err)
		}
		return w
	}
	w := build(func(_ int, item *job.Job) {
		item.Queue = "sms"
		item.WithPriority(job.High).WithTimeout(time.Minute).WithRetry(job.RetryPolicy{MaxAttempts: 7})
	})
	data, err := Encode(w)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse("w.json", data, Options{})
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	items := workflow.PartsOf(again.Jobs[0]).Workflow
	for i, item := range items.Jobs {
		if item.Queue != "sms" || *items.Priority != job.High || item.Timeout != time.Minute || items.Retry.MaxAttempts != 7 {
			t.Errorf("item %d is %+v of %+v", i, item, items)
		}
	}
	for what, change := range map[string]func(item *job.Job){
		"another queue":    func(item *job.Job) { item.Queue = "sms" },
		"another priority": func(item *job.Job) { item.WithPriority(job.Low) },
		"another policy":   func(item *job.Job) { item.WithRetry(job.RetryPolicy{MaxAttempts: 7}) },
		"another timeout":  func(item *job.Job) { item.WithTimeout(time.Second) },
		"a delay":          func(item *job.Job) { item.WithDelay(time.Second) },
		"a deadline":       func(item *job.Job) { item.WithDeadline(time.Second) },
		"a correlation id": func(item *job.Job) { item.WithCorrelationID("c") },
	} {
		w := build(func(i int, item *job.Job) {
			if i == 1 {
				change(item)
			}
		})
		if _, err := Encode(w); !errors.Is(err, ErrNotInFiles) || !strings.Contains(err.Error(), "item 1 of batch send") {
			t.Errorf("%s: %v", what, err)
		}
	}
}
