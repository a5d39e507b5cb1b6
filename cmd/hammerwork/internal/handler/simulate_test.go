package handler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestSimulateReturnsTheResultOfThePayload(t *testing.T) {
	for _, c := range []struct{ payload, want string }{
		{`{"result": {"rows": 3, "text": "<&>"}}`, `{"rows": 3, "text": "<&>"}`},
		{`{"result": null}`, `null`},
		{`{"source": "production_db"}`, `{}`},
		{`[1, 2]`, `{}`},
		{``, `{}`},
	} {
		got, err := Simulate()(t.Context(), testJob(c.payload))
		wantResult(t, got, err, c.want)
	}
}

func TestSimulateSleepsAsLongAsThePayloadSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		got, err := Simulate()(t.Context(), testJob(`{"sleep_ms": 1500.25}`))
		wantResult(t, got, err, `{}`)
		if d := time.Since(start); d != 1500250*time.Microsecond {
			t.Errorf("slept %s, want 1.50025s", d)
		}
	})
}

func TestSimulateFailsTheFirstAttempts(t *testing.T) {
	j := testJob(`{"fail_times": 2, "result": "at last"}`)
	for j.Attempt = 1; j.Attempt <= 2; j.Attempt++ {
		_, err := Simulate()(t.Context(), j)
		wantError(t, err, false, "simulated failure", "of 2")
	}
	got, err := Simulate()(t.Context(), j)
	wantResult(t, got, err, `"at last"`)
}

func TestSimulateStopsSleepingWhenItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := Simulate()(ctx, testJob(`{"sleep_ms": 3600000}`))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("error %v after %s, want deadline exceeded after 1s", err, time.Since(start))
		}
	})
}

func TestSimulateRefusesWrongTypesForGood(t *testing.T) {
	for payload, want := range map[string]string{
		`{"sleep_ms": "10"}`:                                             "sleep_ms",
		`{"sleep_ms": null}`:                                             "sleep_ms",
		`{"sleep_ms": -1}`:                                               "sleep_ms",
		`{"sleep_ms": 1e300}`:                                            "sleep_ms",
		`{"fail_times": 1.5}`:                                            "fail_times",
		`{"fail_times": -1}`:                                             "fail_times",
		`{"fail_times": []}`:                                             "fail_times",
		`{"spawn": ["a"]}`:                                               `spawn is not an object; write it like {"jobs": [`,
		`{"spawn": null}`:                                                `spawn is not an object; write it like {"jobs": [`,
		`{"spawn": {"jobs": "a"}}`:                                       `spawn.jobs is not a list of jobs; write it like {"jobs": [`,
		`{"spawn": {"jobs": ["a", 1]}}`:                                  `spawn.jobs[1] is not an object; write a name, or an object like`,
		`{"spawn": {"jobs": [{"name": 1}]}}`:                             `spawn.jobs[0].name is not a text`,
		`{"spawn": {"jobs": [{"name": "a", "queue": {}}]}}`:              `spawn.jobs[0].queue is not a text`,
		`{"spawn": {"jobs": [{"name": "a", "depends_on": "b"}]}}`:        `spawn.jobs[0].depends_on is not a list of names; write it like ["a", "b"]`,
		`{"spawn": {"jobs": ["a"], "before": [1]}}`:                      `spawn.before is not a list of names; write it like ["a", "b"]`,
		`{"spawn": {"jobs": ["a"], "befor": ["b"]}}`:                     `spawn.befor is not known; payload.spawn has before, jobs`,
		`{"spawn": {"jobs": [{"name": "a", "nme": 1}]}}`:                 "spawn.jobs[0].nme is not known; payload.spawn.jobs[0] has depends_on, name, payload, queue",
		`{"spawn": {"jobs": [{"name": "a", "depends_on": ["b"]}, "b"]}}`: "spawn lets job",
		`{"spawn": {"jobs": ["a", "a"]}}`:                                "spawn gives each job a name of its own",
	} {
		_, err := Simulate()(t.Context(), testJob(payload))
		wantError(t, err, true, "payload."+want)
	}
	_, err := Simulate()(t.Context(), testJob(`{"sleep_ms": "10", "fail_times": "1"}`))
	wantError(t, err, true, "payload.sleep_ms", "payload.fail_times")
}

func TestSimulateSpawnsWhatThePayloadSays(t *testing.T) {
	s, err := SimulationOf(json.RawMessage(`{"spawn": {"jobs": ["a", {"name": "b", "queue": "other", "payload": {"n": 1}, "depends_on": ["a"]}], "before": ["report"]}}`))
	if err != nil {
		t.Fatal(err)
	}
	list := s.Spawn.Jobs("mine")
	var got []string
	for _, j := range list {
		got = append(got, fmt.Sprint(j.Name, " ", j.Queue, " ", string(j.Payload), " ", len(j.DependsOn), " ", j.Before))
	}
	if want := []string{"a mine {} 0 [report]", `b other {"n": 1} 1 [report]`}; !slices.Equal(got, want) || list[1].DependsOn[0].Parent != list[0].ID {
		t.Errorf("it spawns %q, want %q", got, want)
	}
}
