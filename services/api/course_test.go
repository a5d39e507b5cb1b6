package api_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/workflow/compare"
	"github.com/hammerwork/hammerwork/pkg/workflow/workflowfile"
)

// forked has a long way over b and a short one over c.
const forked = `{"name": "forked", "jobs": [{"name": "a", "queue": "q"}, {"name": "b", "queue": "q", "depends_on": ["a"]},
	{"name": "c", "queue": "q", "depends_on": ["a"]}, {"name": "d", "queue": "q", "depends_on": ["b", "c"]}]}`

func TestTheCriticalPathOfAWorkflowIsMeasuredAtItsEnd(t *testing.T) {
	r := start(t, config(), nil)
	id := r.create(forked)
	before := into[wire.CriticalPath](r.get("/api/v1/workflows/"+id+"/critical-path"), http.StatusOK)
	if !before.Estimated || before.Runs != 0 || len(before.Path) != 3 || len(before.Jobs) != 4 {
		t.Errorf("got %+v", before)
	}
	for range 3 {
		r.finish()
	}
	p := into[wire.CriticalPath](r.get("/api/v1/workflows/"+id+"/critical-path"), http.StatusOK)
	if p.Estimated || p.Status != "completed" || len(p.Path) != 3 || p.Path[0] != "a" || p.Path[2] != "d" {
		t.Errorf("got %+v", p)
	}
	w := into[wire.Workflow](r.get("/api/v1/workflows/"+id), http.StatusOK)
	if took, err := time.ParseDuration(p.Took); err != nil || took <= 0 || p.EndAt.After(*w.FinishedAt) {
		t.Errorf("took %s, until %s; the workflow ended at %s", p.Took, p.EndAt, w.FinishedAt)
	}
	for _, j := range p.Jobs {
		if j.Critical != slices.Contains(p.Path, j.Name) || j.Critical && j.Slack != "0s" || j.Estimated {
			t.Errorf("got %+v", j)
		}
	}
	again := r.create(forked)
	if e := into[wire.CriticalPath](r.get("/api/v1/workflows/"+again+"/critical-path"), http.StatusOK); e.Runs != 1 || !e.Estimated {
		t.Errorf("got %+v", e)
	}
}

func TestHowLongAWorkflowMayTakeIsKnownFromEarlierRuns(t *testing.T) {
	r := start(t, config(), nil)
	id := r.create(forked)
	eta := func(id string) *wire.ETA {
		return into[wire.Workflow](r.get("/api/v1/workflows/"+id+"?jobs=false&eta=true"), http.StatusOK).ETA
	}
	if e := eta(id); e == nil || e.Runs != 0 || e.P50 != "" {
		t.Errorf("without past runs: %+v", e)
	}
	for range 3 {
		r.finish()
	}
	if e := eta(id); e == nil || e.Runs != 0 {
		t.Errorf("after its end: %+v", e)
	}
	if e := eta(r.create(forked)); e == nil || e.Runs != 1 || e.Over == (e.P50 != "") {
		t.Errorf("with a past run: %+v", e)
	}
	if w := into[wire.Workflow](r.get("/api/v1/workflows/"+id), http.StatusOK); w.ETA != nil {
		t.Errorf("nobody asked: %+v", w.ETA)
	}
}

func TestTheOutlineOfAStoredWorkflowIsThatOfItsFile(t *testing.T) {
	r := start(t, config(), nil)
	const file = `{"name": "outlined", "failure_policy": "manual", "decision_timeout": "1h", "decision_default": "skip", "priority": "low", "timeout": "2h",
		"metadata": {"day": 1}, "description": "d", "retry": {"max_attempts": 5},
		"jobs": [{"name": "b", "queue": "q", "depends_on": [{"job": "a", "on": "done", "optional": true}, "c"], "join": {"quorum": 1}, "timeout": "1m", "deadline": "1h"},
		{"name": "a", "queue": "q", "payload": {"x": [1, 2]}, "priority": "high", "inherit": true, "allow_failure": true},
		{"name": "c", "queue": "q2", "depends_on": ["a"], "condition": "deps.a.attempts > 0", "unmet": "pass", "with": {"y": "1 + 1"}, "retry": {"strategy": "fixed", "initial_delay": "2s"}},
		{"name": "ok", "gate": "approval", "depends_on": ["a"]}, {"name": "each", "queue": "q", "depends_on": ["c"], "map": {"over": "[1, 2]", "max_parallel": 1, "tolerate": 1}},
		{"name": "many", "queue": "q", "batch": {"payloads": [1, 2], "mode": "collect_errors"}, "priority": "high", "timeout": "9s"},
		{"name": "told", "gate": {"type": "signal", "expires_after": "1h", "default": {"x": 1}}}, {"name": "till", "gate": {"type": "timer", "until": "2030-01-01T00:00:00+01:00"}},
		{"name": "sub", "workflow": {"failure_policy": "continue_on_failure", "timeout": "1h", "jobs": [{"name": "y", "queue": "q", "depends_on": ["x"]}, {"name": "x", "workflow": {"jobs": [{"name": "z", "queue": "q", "payload": 7}]}}]}}, {"name": "last", "queue": "q", "finally": true}]}`
	w, err := workflowfile.Parse("body.json", []byte(file), workflowfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	stored := into[compare.Outline](r.get("/api/v1/workflows/"+r.create(file)+"/outline"), http.StatusOK)
	if d := compare.Compare(compare.OutlineOf(w), stored); !d.Same() {
		t.Errorf("they differ: %+v", d)
	}
	if z := stored.Jobs[slices.IndexFunc(stored.Jobs, func(j compare.JobOutline) bool { return j.Name == "sub/x/z" })]; z.Fields["payload"] != "7" {
		t.Errorf("got %+v", z)
	}
	if stored.Outcome == nil || stored.Outcome.Status != "running" || stored.Jobs[0].Outcome.Status != "pending" {
		t.Errorf("got %+v", stored)
	}
}
