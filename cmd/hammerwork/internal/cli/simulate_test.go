package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/workflow/simulation"
)

// finish is what a run and its simulation must have in common.
type finish struct {
	Status, Dependency, Reason, Cause string
	Attempts                          int
	Result                            string
}

// called runs a command of the command line and reads its JSON.
func called(t *testing.T, into any, args ...string) {
	t.Helper()
	var out, said bytes.Buffer
	if code := Main(append(args, "-o", "json"), strings.NewReader(""), &out, &said); code != exitDone && code != exitFailed {
		t.Fatalf("%v ended with %d: %s", args, code, said.String())
	}
	if err := json.Unmarshal(out.Bytes(), into); err != nil {
		t.Fatalf("%v: %v\n%s%s", args, err, out.String(), said.String())
	}
}

func TestASimulationEndsAsTheRunDoes(t *testing.T) {
	for name, file := range map[string]string{
		"retries": `{name: w, failure_policy: continue_on_failure, retry: {max_attempts: 2, initial_delay: 1ms}, jobs: [
			{name: a, queue: q, payload: {fail_times: 1, result: {n: 1}}},
			{name: b, queue: q, payload: {fail_times: 9}},
			{name: c, queue: q, depends_on: [a]},
			{name: d, queue: q, depends_on: [b]},
			{name: e, queue: q, depends_on: [d, c]}]}`,
		"fail fast": `{name: w, retry: {max_attempts: 1}, jobs: [
			{name: bad, queue: q, payload: {sleep_ms: 50, fail_times: 1}},
			{name: slow, queue: q, payload: {sleep_ms: 300}},
			{name: next, queue: q, depends_on: [slow]},
			{name: after, queue: q, depends_on: [bad]}]}`,
		"bad payload": `{name: w, jobs: [{name: a, queue: q, payload: {sleep_ms: soon}}]}`,
		"timeout":     `{name: w, jobs: [{name: a, queue: q, timeout: 50ms, retry: {max_attempts: 1}, payload: {sleep_ms: 60000}}]}`,
		"joins": `{name: w, failure_policy: continue_on_failure, retry: {max_attempts: 1}, jobs: [
			{name: good, queue: q},
			{name: bad, queue: q, payload: {fail_times: 1}},
			{name: any, queue: q, join: any, depends_on: [good, bad]},
			{name: done, queue: q, join: done, depends_on: [good, bad]},
			{name: two, queue: q, join: {quorum: 2}, depends_on: [good, bad]},
			{name: without, queue: q, depends_on: [good, {job: bad, optional: true}]},
			{name: alert, queue: q, depends_on: [{job: bad, on: failure}]},
			{name: quiet, queue: q, depends_on: [{job: good, on: failure}]},
			{name: merge, queue: q, join: merge, depends_on: [alert, quiet]},
			{name: last, queue: q, finally: true}]}`,
		"handlers": `{name: w, retry: {max_attempts: 1}, jobs: [
			{name: bad, queue: q, payload: {fail_times: 1}},
			{name: alert, queue: q, catch: true, depends_on: [{job: bad, on: failure}]},
			{name: after, queue: q, depends_on: [bad]}]}`,
		"conditions": `{name: w, failure_policy: continue_on_failure, jobs: [
			{name: a, queue: q, payload: {result: {rows: 7}}},
			{name: many, queue: q, depends_on: [a], condition: rows > 5},
			{name: few, queue: q, depends_on: [a], condition: rows < 5},
			{name: broken, queue: q, depends_on: [a], condition: lines > 5},
			{name: passes, queue: q, depends_on: [a], condition: "false", unmet: pass},
			{name: sees, queue: q, depends_on: [passes]},
			{name: fails, queue: q, depends_on: [a], condition: "false", unmet: fail, allow_failure: true}]}`,
		"inputs": `{name: w, jobs: [
			{name: a, queue: q, payload: {result: {rows: 7}}},
			{name: b, queue: q, depends_on: [a], with: {result: "{'doubled': deps.a.result.rows * 2}"}}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "w.yaml")
			if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
				t.Fatal(err)
			}
			var ran wire.Workflow
			called(t, &ran, "run", path)
			var would simulation.Report
			called(t, &would, "simulate", path)

			want, got := map[string]finish{}, map[string]finish{}
			names := map[string]string{"": ""}
			for _, j := range ran.Jobs {
				names[j.ID] = j.Name
			}
			for _, j := range ran.Jobs {
				want[j.Name] = finish{j.Status, j.DependencyStatus, j.Reason, names[j.CauseJobID], j.Attempt, compact(t, j.Result)}
			}
			for _, j := range would.Jobs {
				got[j.Name] = finish{string(j.Status), string(j.Dependency), string(j.Reason), j.Cause, j.Attempts, compact(t, j.Result)}
			}
			if diff := cmp.Diff(want, got); diff != "" || string(would.Status) != ran.Status {
				t.Errorf("the run is %s, its simulation %s (-run +simulation):\n%s", ran.Status, would.Status, diff)
			}
		})
	}
}

func compact(t *testing.T, raw json.RawMessage) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
