package simulation_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/simulation"
)

func when(j *job.Job, condition string) *job.Job { j.Condition = condition; return j }

func TestConditionsReadTheResultsOfTheScript(t *testing.T) {
	w := of(t, workflow.ContinueOnFailure, on("extract"), when(on("load", "extract"), "rows > 0"), when(on("empty", "extract"), "rows == 0"), on("report", "empty"))
	r := simulation.Run(w, simulation.Script{Handle: acted(map[string]play{"extract": {result: `{"rows": 3}`}})})
	happens(t, r, `
		0s extract completed #1
		0s empty skipped condition_false
		0s report skipped branch
		0s load completed #1
		0s completed`)
	if load, empty := find(t, r, "load"), find(t, r, "empty"); load.Condition == nil || !*load.Condition || empty.Condition == nil || *empty.Condition {
		t.Errorf("load: %+v, empty: %+v", load, empty)
	}
	r = simulation.Run(w, simulation.Script{Handle: acted(map[string]play{"extract": {result: `{}`}})})
	if load := find(t, r, "load"); load.Status != job.Failed || load.Reason != job.ReasonConditionError || !strings.Contains(load.Error, "rows") {
		t.Errorf("load: %+v", load)
	}
}

func TestConditionsReadHowParentsEndedBefore(t *testing.T) {
	w := of(t, workflow.ContinueOnFailure, on("a").WithRetry(noJitter(2, time.Second)), on("b"),
		when(on("c", "*a", "*b"), `deps.a.attempts == 2 && deps.a.result.n == 1 && deps.b.status == "dead" && counts.completed == 1 && counts.dead == 1`))
	r := simulation.Run(w, simulation.Script{Handle: acted(map[string]play{"a": {fails: 1, result: `{"n": 1}`}, "b": {fails: -1, took: time.Minute}})})
	if c := find(t, r, "c"); c.Status != job.Completed || c.WaitedFor != "b" {
		t.Errorf("c: %+v", c)
	}
}

func TestAConditionWithoutParentsIsAskedAtTheStart(t *testing.T) {
	w := workflow.NewWorkflow("w")
	w.Metadata = json.RawMessage(`{"day": "monday"}`)
	w.Jobs = []*job.Job{when(on("a"), `metadata.day == "monday"`), when(on("b"), `metadata.day == "sunday"`)}
	happens(t, simulation.Run(valid(t, w), simulation.Script{Handle: acted(nil)}), `
		0s b skipped condition_false
		0s a completed #1
		0s completed`)
}

func TestConditionsAskForTheTimeOfTheSimulation(t *testing.T) {
	start := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	w := of(t, "", on("a"), when(on("b", "a"), `now >= timestamp("2030-01-01T01:00:00Z")`))
	for took, want := range map[time.Duration]job.Status{time.Minute: job.Skipped, time.Hour: job.Completed} {
		r := simulation.Run(w, simulation.Script{Handle: acted(map[string]play{"a": {took: took}}), Start: start})
		if b := find(t, r, "b"); b.Status != want {
			t.Errorf("after %s: %+v", took, b)
		}
	}
}

func TestInputsAreFieldsOfThePayload(t *testing.T) {
	b := on("b", "a")
	b.Payload, b.With = json.RawMessage(`{"own": 1}`), map[string]string{"n": "deps.a.result.n + 1"}
	var got string
	r := simulation.Run(of(t, "", on("a"), b), simulation.Script{Handle: func(a simulation.Attempt) (time.Duration, job.Outcome) {
		if a.Job.Name == "b" {
			got = string(a.Payload)
		}
		return 0, job.Outcome{Kind: job.KindCompleted, Result: json.RawMessage(`{"n": 41}`)}
	}})
	if got != `{"n":42,"own":1}` {
		t.Errorf("%s: b got %s", r.Status, got)
	}
}
