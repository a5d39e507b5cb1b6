package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
)

const nightly = `
name: nightly
schedule: {cron: "0 2 * * *", timezone: Europe/Berlin, catch_up: {all: 5}, overlap: skip}
jobs:
- {name: extract, queue: etl}
`

func asYAML(r *http.Request) { r.Header.Set("Content-Type", "application/yaml") }

func (r *rig) schedule(path, file string) wire.Schedule {
	r.t.Helper()
	return into[wire.Schedule](r.post("/api/v1/schedules"+path, file, asYAML), http.StatusCreated)
}

func TestAScheduleIsCreatedReadChangedAndDeleted(t *testing.T) {
	r := start(t, config(), nil)
	s := r.schedule("", nightly)
	if s.Name != "nightly" || s.Cron != "0 2 * * *" || s.Timezone != "Europe/Berlin" || s.CatchUp != "all" || s.CatchUpMax != 5 || s.Overlap != "skip" ||
		!s.Enabled || s.NextAt == nil || s.LastAt != nil || !strings.Contains(string(s.Definition), `"queue":"etl"`) {
		t.Errorf("created %+v, %s", s, s.Definition)
	}
	const one = "/api/v1/schedules/nightly"
	if got := into[wire.Schedule](r.get(one), http.StatusOK); got.ID != s.ID || string(got.Definition) != string(s.Definition) {
		t.Errorf("got %+v", got)
	}
	if got := into[wire.Schedule](r.post(one+"/disable", ""), http.StatusOK); got.Enabled || got.NextAt != nil {
		t.Errorf("disabled %+v", got)
	}
	if got := into[wire.Schedule](r.post(one+"/enable", ""), http.StatusOK); !got.Enabled || got.NextAt == nil {
		t.Errorf("enabled %+v", got)
	}
	changed := strings.ReplaceAll(nightly, "0 2 * * *", "0 3 * * *")
	if got := into[wire.Schedule](r.do(http.MethodPut, one, changed, asYAML), http.StatusOK); got.Cron != "0 3 * * *" || got.ID != s.ID {
		t.Errorf("changed %+v", got)
	}
	if a := r.do(http.MethodDelete, one, ""); a.status != http.StatusNoContent {
		t.Errorf("deleted: %d", a.status)
	}
	r.get(one).problem(http.StatusNotFound, wire.CodeNotFound)
}

func TestSchedulesAreListedByNameInPages(t *testing.T) {
	r := start(t, config(), nil)
	for _, name := range []string{"b/c", "a", "d e"} {
		s := r.schedule("?disabled=true&name="+url.QueryEscape(name), nightly)
		if s.Name != name || s.Enabled || s.NextAt != nil {
			t.Errorf("created %+v", s)
		}
		if got := into[wire.Schedule](r.get("/api/v1/schedules/"+url.PathEscape(name)), http.StatusOK); got.Name != name {
			t.Errorf("got %+v", got)
		}
	}
	first := into[wire.List[wire.Schedule]](r.get("/api/v1/schedules?limit=2"), http.StatusOK)
	second := into[wire.List[wire.Schedule]](r.get("/api/v1/schedules?limit=2&cursor="+first.NextCursor), http.StatusOK)
	if len(first.Items) != 2 || first.Items[0].Name != "a" || first.Items[1].Name != "b/c" || len(second.Items) != 1 || second.Items[0].Name != "d e" || second.NextCursor != "" {
		t.Errorf("got %+v, then %+v", first, second)
	}
	r.get("/api/v1/schedules?cursor=x").problem(http.StatusUnprocessableEntity, wire.CodeInvalidRequest)
}

func TestWhatIsNoScheduleIsRefused(t *testing.T) {
	r := start(t, config(), nil)
	r.schedule("", nightly)
	for _, c := range []struct {
		path, body string
		status     int
		code       wire.Code
		detail     string
	}{
		{"", "name: w\njobs: [{name: a, queue: q}]", 422, wire.CodeInvalidWorkflow, "has no schedule"},
		{"", strings.ReplaceAll(nightly, "0 2", "61 2"), 422, wire.CodeInvalidWorkflow, "is not valid"},
		{"", nightly, 409, wire.CodeConflict, "stored already"},
		{"?name=a%0Ab", nightly, 422, wire.CodeInvalidRequest, "name has a control character"},
		{"?name=" + strings.Repeat("n", 201), nightly, 422, wire.CodeInvalidRequest, "name has 201 characters; at most 200 are allowed"},
	} {
		p := r.post("/api/v1/schedules"+c.path, c.body, asYAML).problem(c.status, c.code)
		if !strings.Contains(p.Detail, c.detail) || p.Hint == "" {
			t.Errorf("got %+v", p)
		}
	}
	p := r.post("/api/v1/workflows", nightly, asYAML).problem(422, wire.CodeInvalidWorkflow)
	if !strings.Contains(p.Hint, "hammerwork cron create") || p.Errors[0].Line != 3 {
		t.Errorf("a workflow that is a schedule: %+v", p)
	}
	for _, call := range []string{"enable", "disable", "trigger"} {
		r.post("/api/v1/schedules/none/"+call, "").problem(404, wire.CodeNotFound)
	}
	for _, path := range []string{"", "/next", "/ticks"} {
		r.get("/api/v1/schedules/none"+path).problem(404, wire.CodeNotFound)
	}
}

func TestTheNextTicksOfAScheduleAreTold(t *testing.T) {
	r := start(t, config(), nil)
	r.schedule("", nightly)
	got := into[wire.Times](r.get("/api/v1/schedules/nightly/next?n=2&after=2026-03-28T12:00:00Z"), http.StatusOK)
	if fmt.Sprint(got.Items) != "[2026-03-29 01:00:00 +0000 UTC 2026-03-30 00:00:00 +0000 UTC]" {
		t.Errorf("got %v", got.Items)
	}
	if got := into[wire.Times](r.get("/api/v1/schedules/nightly/next"), http.StatusOK); len(got.Items) != 10 {
		t.Errorf("got %v", got.Items)
	}
	r.get("/api/v1/schedules/nightly/next?after=x").problem(422, wire.CodeInvalidRequest)
}

func TestATriggerWithItsIDMakesOneInstance(t *testing.T) {
	r := start(t, config(), nil)
	r.schedule("", strings.ReplaceAll(nightly, "skip", "allow"))
	id := job.NewID().String()
	again := func() wire.Tick {
		return into[wire.Tick](r.post("/api/v1/schedules/nightly/trigger", `{"id":"`+id+`"}`), http.StatusAccepted)
	}
	first := again()
	if second := again(); first.WorkflowID != id || !second.At.Equal(first.At) || second.WorkflowID != id {
		t.Errorf("triggered %+v, and with the same id %+v", first, second)
	}
	other := r.post("/api/v1/workflows", `{"name":"w","jobs":[{"name":"a","queue":"q"}]}`)
	r.post("/api/v1/schedules/nightly/trigger", `{"id":"`+into[wire.Created](other, http.StatusCreated).ID+`"}`).problem(409, wire.CodeConflict)
	r.post("/api/v1/schedules/nightly/trigger", `{"id":"x"}`).problem(422, wire.CodeInvalidRequest)
	list := into[wire.List[wire.Tick]](r.get("/api/v1/schedules/nightly/ticks"), http.StatusOK)
	if len(list.Items) != 1 {
		t.Errorf("ticks %+v", list.Items)
	}
}

func TestAScheduleIsTriggeredAndBackfilled(t *testing.T) {
	r := start(t, config(), nil)
	r.schedule("", strings.ReplaceAll(nightly, "skip", "allow"))
	tick := into[wire.Tick](r.post("/api/v1/schedules/nightly/trigger", ""), http.StatusAccepted)
	if tick.Cause != "trigger" || tick.State != "due" || tick.WorkflowID == "" {
		t.Errorf("triggered %+v", tick)
	}
	fill := func(dry bool) wire.List[wire.Tick] {
		body := fmt.Sprintf(`{"from":"2025-03-29T00:00:00Z","to":"2025-03-31T00:00:00Z","dry_run":%v}`, dry)
		return into[wire.List[wire.Tick]](r.post("/api/v1/schedules/nightly/backfill", body), http.StatusOK)
	}
	if got := fill(true).Items; len(got) != 3 || !got[1].At.Equal(time.Date(2025, 3, 30, 1, 0, 0, 0, time.UTC)) {
		t.Errorf("preview %+v", got)
	}
	if len(fill(false).Items) != 3 || len(fill(false).Items) != 0 {
		t.Error("a backfill makes other ticks than its preview says, or makes them twice")
	}
	if _, _, err := r.store.RunTicks(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	w := into[wire.Workflow](r.get("/api/v1/workflows/"+tick.WorkflowID), http.StatusOK)
	if w.Schedule != "nightly" || w.ScheduledFor == nil || !w.ScheduledFor.Equal(tick.At) {
		t.Errorf("the instance is %+v", w)
	}
	ticks := into[wire.List[wire.Tick]](r.get("/api/v1/schedules/nightly/ticks?limit=3"), http.StatusOK)
	rest := into[wire.List[wire.Tick]](r.get("/api/v1/schedules/nightly/ticks?cursor="+url.QueryEscape(ticks.NextCursor)), http.StatusOK)
	if len(ticks.Items) != 3 || ticks.Items[0].WorkflowID != tick.WorkflowID || ticks.Items[0].State != "started" || len(rest.Items) != 1 {
		t.Errorf("ticks %+v, then %+v", ticks, rest)
	}
	for _, body := range []string{
		"", "{}", `{"from":"2025-03-28T00:00:00Z"}`, `{"from":"x","to":"2025-03-28T00:00:00Z"}`, `{"from":"2025-03-28T00:00:00Z","to":"2025-03-27T00:00:00Z"}`,
		`{"from":"2025-03-28T00:00:00Z","to":"2999-03-27T00:00:00Z"}`, `{"from":"2025-03-28T00:00:00Z","to":"2025-03-29T00:00:00Z","dry_run":1}`,
	} {
		r.post("/api/v1/schedules/nightly/backfill", body).problem(422, wire.CodeInvalidRequest)
	}
	r.post("/api/v1/schedules/nightly/backfill", `{"from":"2016-03-28T00:00:00Z","to":"2025-03-29T00:00:00Z"}`).problem(413, wire.CodeTooLarge)
}
