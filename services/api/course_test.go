package api_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/wire"
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
