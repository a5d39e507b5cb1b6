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
			{name: slow, queue: q, payload: {sleep_ms: 1500}},
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
		"timers": `{name: w, jobs: [
			{name: a, queue: q},
			{name: wait, gate: {type: timer, wait: 30ms}, depends_on: [a]},
			{name: since, gate: {type: timer, until: "2020-01-01T00:00:00Z"}},
			{name: none, gate: {type: signal, expires_after: 20ms, default: {n: 7}}},
			{name: b, queue: q, depends_on: [wait, since, none], condition: deps.none.result.n == 7}]}`,
		"expiry": `{name: w, failure_policy: continue_on_failure, jobs: [
			{name: gone, gate: {type: signal, expires_after: 20ms}},
			{name: after, queue: q, depends_on: [gone]},
			{name: alert, queue: q, depends_on: [{job: gone, on: failure}]}]}`,
		"batches": `{name: w, failure_policy: continue_on_failure, retry: {max_attempts: 1}, jobs: [
			{name: goes_on, queue: q, batch: {payloads: [{n: 1}, {fail_times: 1}]}},
			{name: collects, queue: q, batch: {mode: collect_errors, payloads: [{n: 1}, {fail_times: 1}]}},
			{name: stops, queue: q, batch: {mode: fail_fast, payloads: [{sleep_ms: 60000}, {fail_times: 1}]}},
			{name: sees, queue: q, depends_on: [goes_on], condition: deps.goes_on.result.failed == 1},
			{name: not, queue: q, depends_on: [collects]}]}`,
		"maps": `{name: w, failure_policy: continue_on_failure, retry: {max_attempts: 1}, jobs: [
			{name: list, queue: q, payload: {result: {all: [1, "two", {three: 3}], none: [], bad: 7}}},
			{name: each, queue: q, depends_on: [list], payload: {result: {ok: true}}, map: {over: deps.list.result.all, max_parallel: 1}},
			{name: none, queue: q, depends_on: [list], map: {over: deps.list.result.none}},
			{name: bad, queue: q, depends_on: [list], map: {over: deps.list.result.bad}},
			{name: some, queue: q, depends_on: [list], payload: {fail_times: 1}, map: {over: deps.list.result.all, tolerate: -1}},
			{name: fails, queue: q, depends_on: [list], payload: {fail_times: 1}, map: {over: deps.list.result.all, max_parallel: 1, tolerate: 1}},
			{name: sees, queue: q, depends_on: [each, none], condition: size(deps.each.result) == 3 && size(deps.none.result) == 0}]}`,
		"workflows": `{name: w, failure_policy: continue_on_failure, retry: {max_attempts: 1}, jobs: [
			{name: good, workflow: {jobs: [{name: a, queue: q}, {name: b, queue: q, depends_on: [a], payload: {result: {n: 1}}}, {name: c, queue: q}]}},
			{name: bad, workflow: {jobs: [{name: a, queue: q, payload: {fail_times: 1}}, {name: b, queue: q, depends_on: [a]}]}},
			{name: late, workflow: {timeout: 50ms, jobs: [{name: a, queue: q, payload: {sleep_ms: 60000}}]}},
			{name: deep, workflow: {jobs: [{name: x, workflow: {jobs: [{name: y, queue: q, batch: {payloads: [{}, {}]}}]}}]}},
			{name: after, queue: q, depends_on: [good, deep], condition: deps.good.result.b.n == 1 && deps.deep.result.x.y.completed == 2},
			{name: alert, queue: q, depends_on: [{job: bad, on: failure}]}]}`,
		"spawned": `{name: w, failure_policy: continue_on_failure, retry: {max_attempts: 1}, jobs: [
			{name: split, queue: q, payload: {fail_times: 1, spawn: {jobs: [a, {name: b, depends_on: [a], payload: {result: 7}}], before: [report]}}, retry: {max_attempts: 2, initial_delay: 1ms}},
			{name: report, queue: q, depends_on: [split], condition: "deps.split.result == {}"},
			{name: bad, queue: q, payload: {spawn: {jobs: [{name: x, payload: {fail_times: 1}}, y], before: [late, gone]}}},
			{name: late, queue: q, depends_on: [bad, {job: never, on: failure}]},
			{name: never, queue: q, payload: {sleep_ms: 20}},
			{name: off, queue: q, payload: {fail_times: 1}, allow_failure: true},
			{name: gone, queue: q, depends_on: [bad, off], condition: "true"},
			{name: clash, queue: q, payload: {spawn: {jobs: [split]}}},
			{name: last, queue: q, finally: true, payload: {spawn: {jobs: [z]}}},
			{name: tree, queue: q, payload: {spawn: {jobs: [{name: tree.1, payload: {spawn: {jobs: [tree.1.1], before: [top]}}}]}}},
			{name: wait, queue: q, depends_on: [tree], payload: {sleep_ms: 1500}},
			{name: top, queue: q, depends_on: [tree, wait]}]}`,
		"spawned while it fails": `{name: w, retry: {max_attempts: 1}, jobs: [
			{name: split, queue: q, payload: {sleep_ms: 1500, spawn: {jobs: [a, {name: b, depends_on: [a]}], before: [report, twin]}}},
			{name: report, queue: q, depends_on: [split]},
			{name: bad, queue: q, payload: {fail_times: 1}},
			{name: twin, queue: q, depends_on: [split, bad]}]}`,
		"spawned before a bare name": `{name: w, jobs: [
			{name: split, queue: q, payload: {result: {n: 1}, spawn: {jobs: [{name: a, payload: {result: {n: 2}}}, {name: b, payload: {spawn: {jobs: [c], before: [report]}}}], before: [report]}}},
			{name: report, queue: q, depends_on: [split], condition: "n == 1 && counts.completed == 4"}]}`,
		"spawned before what comes before": `{name: w, failure_policy: continue_on_failure, retry: {max_attempts: 1}, jobs: [
			{name: a, queue: q},
			{name: slow, queue: q, delay: 3s},
			{name: between, queue: q, join: any, depends_on: [a, slow]},
			{name: split, queue: q, depends_on: [between], payload: {spawn: {jobs: [part], before: [slow]}}},
			{name: self, queue: q, payload: {spawn: {jobs: [more], before: [self]}}},
			{name: ended, queue: q, depends_on: [a], payload: {spawn: {jobs: [late], before: [a]}}}]}`,
		"spawned within": `{name: w, jobs: [
			{name: sub, workflow: {jobs: [{name: a, queue: q, payload: {spawn: {jobs: [b]}}}]}},
			{name: after, queue: q, depends_on: [sub], condition: "has(deps.sub.result.b)"}]}`,
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

func TestGatesAndWhatJobsAreMadeOfAreSimulated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.yaml")
	file := `{name: w, jobs: [
		{name: ok, gate: approval},
		{name: paid, gate: signal, depends_on: [ok]},
		{name: list, queue: q},
		{name: each, queue: q, depends_on: [list, paid], map: {over: deps.list.result, tolerate: 1}, retry: {max_attempts: 1}},
		{name: sub, depends_on: [each], workflow: {jobs: [{name: inner, queue: q}, {name: really, gate: approval, depends_on: [inner]}]}}]}`
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	all := []string{"--signal", `paid={"n": 1}`, "--result", "list=[1,2]"}
	for _, c := range []struct {
		what string
		args []string
		code int
		says []string
	}{
		{"nobody sends a signal", []string{"--result", "list=[1,2]"}, exitFailed, []string{"would wait for the answer to paid", "--signal 'paid={}'"}},
		{"everything goes well", all, exitDone, []string{"each[1]", "sub/inner", "would complete"}},
		{"one item fails", append(all, "--fail", "each[1]"), exitDone, []string{"✗ dead", "would complete"}},
		{"every item fails", append(all, "--fail", "each"), exitFailed, []string{"2 of 2 failed", "would fail"}},
		{"an inner job fails", append(all, "--permanent", "sub/inner"), exitFailed, []string{"sub/inner", "2 of 2 failed", "because of sub/inner"}},
		{"a rejection", append(all, "--reject", "ok"), exitFailed, []string{"rejected", "would fail"}},
		{"one approval of two", append(all, "--approve", "ok"), exitFailed, []string{"would wait for the answer to sub/really"}},
		{"a misspelt inner job", append(all, "--fail", "sub/iner"), exitUsage, []string{`did you mean "sub/inner"?`}},
		{"approved and rejected", append(all, "--approve", "ok", "--reject", "ok"), exitUsage, []string{"approved and rejected"}},
		{"what is no gate", append(all, "--approve", "list"), exitUsage, []string{"does not wait for an approval"}},
		{"a signal to an approval", append(all, "--signal", "ok=1"), exitUsage, []string{"does not wait for a signal"}},
		{"a signal that is no JSON", append(all, "--signal", "paid=yes"), exitUsage, []string{"not valid JSON"}},
	} {
		var out, said bytes.Buffer
		code := Main(append([]string{"simulate", path}, c.args...), strings.NewReader(""), &out, &said)
		text := out.String() + said.String()
		for _, word := range c.says {
			if code != c.code || !strings.Contains(text, word) {
				t.Errorf("%s: it ends with %d and does not say %q:\n%s", c.what, code, word, text)
			}
		}
	}
}

func TestWhatIsSpawnedIsSimulated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.yaml")
	file := `{name: w, jobs: [
		{name: split, queue: q},
		{name: report, queue: q, depends_on: [split]},
		{name: sub, depends_on: [split], workflow: {jobs: [{name: in, queue: q}, {name: out, queue: q, depends_on: [in]}]}}]}`
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what string
		args []string
		code int
		says []string
	}{
		{"two jobs", []string{"--spawn", "split=a,b:report", "--duration", "b=5m"}, exitDone, []string{"+ spawned", "by split", "spawned by split", "5m00s"}},
		{"one of them fails", []string{"--spawn", "split=a,b:report", "--fail", "b"}, exitFailed, []string{"would fail", "because of b"}},
		{"what is spawned spawns", []string{"--spawn", "split=a:report", "--spawn", "a=b:report"}, exitDone, []string{"by a"}},
		{"within a workflow", []string{"--spawn", "sub/in=a:out"}, exitDone, []string{"sub/a", "by sub/in"}},
		{"a name that is taken", []string{"--spawn", "split=report"}, exitFailed, []string{`the workflow has a job "report" already`}},
		{"before what comes before it", []string{"--spawn", "report=a:split"}, exitFailed, []string{`job "a" is spawned before "split", which comes before it`}},
		{"before what it does not have", []string{"--spawn", "split=a:repor"}, exitUsage, []string{`did you mean "report"?`}},
		{"by what it does not have", []string{"--spawn", "splt=a"}, exitUsage, []string{`did you mean "split"?`}},
		{"nothing", []string{"--spawn", "split="}, exitUsage, []string{"--spawn split=part-1"}},
		{"no names", []string{"--spawn", "split=a b"}, exitUsage, []string{"are names"}},
		{"twice", []string{"--spawn", "split=a", "--spawn", "split=b"}, exitUsage, []string{"said twice"}},
	} {
		var out, said bytes.Buffer
		code := Main(append([]string{"simulate", path}, c.args...), strings.NewReader(""), &out, &said)
		text := out.String() + said.String()
		for _, word := range c.says {
			if code != c.code || !strings.Contains(text, word) {
				t.Errorf("%s: it ends with %d and does not say %q:\n%s", c.what, code, word, text)
			}
		}
	}
}
