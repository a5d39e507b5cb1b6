package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/wire"
)

func TestAWorkflowIsCreatedRunAndSeen(t *testing.T) {
	r := start(t, config(), nil)
	heard := r.hears("hw.v1.ready.>")
	a := r.post("/api/v1/workflows?set=day=monday&set=x=a%3Db", pipeline)
	made := into[wire.Created](a, http.StatusCreated)
	if a.header.Get("Location") != "/api/v1/workflows/"+made.ID || made.Name != "pipeline" || made.Existing {
		t.Errorf("created %+v at %s", made, a.header.Get("Location"))
	}
	hear(t, heard, bus.ReadySubject("etl"))
	r.finish()
	w := into[wire.Workflow](r.get(a.header.Get("Location")), http.StatusOK)
	if w.ID != made.ID || w.Status != "running" || w.Stats.TotalJobs != 3 || w.Stats.Completed != 1 || len(w.Jobs) != 3 {
		t.Errorf("got %+v", w)
	}
	load := w.Jobs[2]
	if load.Name != "load" || load.Queue != "db/main" || load.Priority != "high" || fmt.Sprint(load.DependsOn) != "[transform]" || load.DependencyStatus != "waiting" {
		t.Errorf("got %+v", load)
	}
	if string(w.Jobs[0].Result) != `{"rows":3}` || len(w.Jobs[0].Payload) > 0 {
		t.Errorf("got %+v", w.Jobs[0])
	}
	rec, err := r.store.Workflow(t.Context(), mustID(t, made.ID))
	if err != nil || string(rec.Metadata) != `{"day":"monday","x":"a=b"}` {
		t.Errorf("metadata %s, %v", rec.Metadata, err)
	}
	without := into[wire.Workflow](r.get("/api/v1/workflows/"+made.ID+"?jobs=false"), http.StatusOK)
	if without.Jobs == nil || len(without.Jobs) != 0 || without.Stats != w.Stats {
		t.Errorf("got %+v", without)
	}
	if s := into[wire.Stats](r.get("/api/v1/workflows/"+made.ID+"/stats"), http.StatusOK); s != w.Stats || s.CompletionPercentage != 33.3 {
		t.Errorf("got %+v", s)
	}
}

func TestAWorkflowMayBeYAML(t *testing.T) {
	r := start(t, config(), nil)
	for _, kind := range []string{"application/yaml", "application/x-yaml", "text/yaml", "application/yaml; charset=UTF-8"} {
		id := r.create("name: y\njobs:\n- {name: a, queue: q}\n", with("Content-Type", kind))
		if w := into[wire.Workflow](r.get("/api/v1/workflows/"+id), http.StatusOK); w.Name != "y" || len(w.Jobs) != 1 {
			t.Errorf("%s: got %+v", kind, w)
		}
	}
}

func TestARepeatedCreateWithAKeyIsAnsweredWithTheFirst(t *testing.T) {
	r := start(t, config(), nil)
	key := with("Idempotency-Key", "order-7")
	id := r.create(pipeline, key)
	again := r.post("/api/v1/workflows", pipeline, key, with("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
	if made := into[wire.Created](again, http.StatusOK); made.ID != id || !made.Existing || again.header.Get("Location") != "/api/v1/workflows/"+id {
		t.Errorf("got %+v", made)
	}
	yaml := "# the same\nname: pipeline\nfailure_policy: continue_on_failure\njobs:\n- {queue: etl, name: extract, payload: {secret: s3cret}}\n" +
		"- {name: transform, queue: etl, depends_on: [extract]}\n- {name: load, queue: db/main, depends_on: [transform], priority: high}\n"
	if made := into[wire.Created](r.post("/api/v1/workflows", yaml, key, with("Content-Type", "text/yaml")), http.StatusOK); made.ID != id {
		t.Errorf("got %+v", made)
	}
	for what, a := range map[string]*answer{
		"another payload":  r.post("/api/v1/workflows", strings.Replace(pipeline, "s3cret", "other", 1), key),
		"another set":      r.post("/api/v1/workflows?set=a=b", pipeline, key),
		"another priority": r.post("/api/v1/workflows", strings.Replace(pipeline, "high", "low", 1), key),
	} {
		if p := a.problem(http.StatusConflict, wire.CodeConflict); p.Code != wire.CodeConflict {
			t.Errorf("%s: got %+v", what, p)
		}
	}
	if other := r.create(pipeline, with("Idempotency-Key", "order-8")); other == id {
		t.Error("another key made nothing")
	}
	if l := into[wire.List[wire.WorkflowItem]](r.get("/api/v1/workflows"), http.StatusOK); len(l.Items) != 2 {
		t.Errorf("%d workflows are stored; want 2", len(l.Items))
	}
}

func TestWhatIsWrongWithAWorkflowIsSaidWithItsLine(t *testing.T) {
	r := start(t, config(), nil)
	yaml := with("Content-Type", "application/yaml")
	for _, c := range []struct {
		body string
		code wire.Code
		line int
		path string
		says string
	}{
		{"name: w\njobs:\n- {name: a, queue: q, depends_on: [b]}\n- {name: b, queue: q, depends_on: [a]}\n", wire.CodeCycle, 3, "jobs[0].depends_on", "wait for each other"},
		{"name: w\njobs:\n- {name: a, queue: q}\n- {name: b, queue: q, depends_on: [aa]}\n", wire.CodeUnknownParent, 4, "jobs[1].depends_on[0]", "does not exist"},
		{"name: w\njobs:\n- {name: a, queue: q}\n- {name: a, queue: q}\n", wire.CodeDuplicateName, 4, "jobs[1].name", "already taken"},
		{"name: w\njobs:\n- {name: a, queu: q}\n", wire.CodeInvalidWorkflow, 3, "jobs[0].queu", "no field"},
		{"name: w\njobs:\n- {name: a, queue: q, condition: x}\n", wire.CodeInvalidWorkflow, 3, "jobs[0].condition", "not known here"},
		{"name: w\ndecision_default: skip\njobs:\n- {name: a, queue: q}\n", wire.CodeInvalidWorkflow, 2, "decision_default", "nobody decides"},
		{"name: w\nschedule: {cron: \"@daily\"}\njobs:\n- {name: a, queue: q}\n", wire.CodeInvalidWorkflow, 2, "schedule", "was to run once"},
	} {
		status := http.StatusUnprocessableEntity
		p := r.post("/api/v1/workflows", c.body, yaml).problem(status, c.code)
		if len(p.Errors) == 0 || p.Errors[0].Line != c.line || p.Errors[0].Path != c.path || !strings.Contains(p.Detail, c.says) {
			t.Errorf("%s: got %+v", c.body, p)
		}
	}
	large := `{"name": "w", "jobs": [{"name": "a", "queue": "q", "payload": "` + strings.Repeat("x", 300_000) + `"}]}`
	r.post("/api/v1/workflows", large).problem(http.StatusRequestEntityTooLarge, wire.CodeTooLarge)
	if l := into[wire.List[wire.WorkflowItem]](r.get("/api/v1/workflows"), http.StatusOK); len(l.Items) != 0 {
		t.Errorf("%d workflows are stored; want none", len(l.Items))
	}
}

func TestEveryFaultOfAWorkflowIsReportedAtOnce(t *testing.T) {
	r := start(t, config(), nil)
	p := r.post("/api/v1/workflows", `{"name": "", "jobs": [{"name": "a b", "queue": "q"}, {"name": "c", "prio": 3, "queue": "q"}]}`).
		problem(http.StatusUnprocessableEntity, wire.CodeInvalidWorkflow)
	if len(p.Errors) != 3 || !strings.HasPrefix(p.Detail, "3 faults") {
		t.Errorf("got %+v", p)
	}
}

func TestWorkflowsAreListedNewestFirstInPages(t *testing.T) {
	r := start(t, config(), nil)
	var want []string
	for i := range 7 {
		id := r.create(fmt.Sprintf(`{"name": "w%d", "jobs": [{"name": "a", "queue": "q"}]}`, i%2))
		want = append([]string{id}, want...)
	}
	var got []string
	cursor, pages := "", 0
	for {
		l := into[wire.List[wire.WorkflowItem]](r.get("/api/v1/workflows?limit=3&cursor="+cursor), http.StatusOK)
		for _, w := range l.Items {
			got = append(got, w.ID)
		}
		pages++
		if cursor = l.NextCursor; cursor == "" {
			break
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) || pages != 3 {
		t.Errorf("%d pages with %v; want %v", pages, got, want)
	}
	for query, n := range map[string]int{
		"name=w0": 4, "name=w2": 0, "status=running": 7, "status=completed": 0, "since=1h": 7, "since=2000-01-01T00:00:00Z": 7,
		"since=2100-01-01T00:00:00Z": 0, "status=running&name=w1&since=1h": 3,
	} {
		if l := into[wire.List[wire.WorkflowItem]](r.get("/api/v1/workflows?"+query), http.StatusOK); len(l.Items) != n {
			t.Errorf("%s: %d workflows; want %d", query, len(l.Items), n)
		}
	}
}

func TestTheJobsOfAWorkflowComeInTheOrderOfItsDefinition(t *testing.T) {
	r := start(t, config(), nil)
	var jobs []string
	for i := range 5 {
		jobs = append(jobs, fmt.Sprintf(`{"name": "j%d", "queue": "q", "depends_on": [%s]}`, 9-i, map[bool]string{true: `"j9"`}[i > 0]))
	}
	id := r.create(`{"name": "w", "jobs": [` + strings.Join(jobs, ",") + `]}`)
	var got []string
	cursor := ""
	for {
		l := into[wire.List[wire.Job]](r.get("/api/v1/workflows/"+id+"/jobs?limit=2&cursor="+cursor), http.StatusOK)
		for _, j := range l.Items {
			got = append(got, j.Name+fmt.Sprint(j.DependsOn))
		}
		if cursor = l.NextCursor; cursor == "" {
			break
		}
	}
	if fmt.Sprint(got) != "[j9[] j8[j9] j7[j9] j6[j9] j5[j9]]" {
		t.Errorf("got %v", got)
	}
}

func TestAGraphIsDrawnWithWhereItsJobsStand(t *testing.T) {
	r := start(t, config(), nil)
	outside := r.enqueue(`{"queue": "q"}`)
	_ = outside
	id := r.create(pipeline)
	r.finish("extract")
	for format, want := range map[string][]string{
		"":        {"application/json", `"status": "failed"`, `"state": "broken"`, `"status": "upstream_failed"`},
		"json":    {"application/json", `"from": "extract"`},
		"dot":     {"text/vnd.graphviz; charset=utf-8", `tooltip="failed"`, `color="#d1242f"`},
		"mermaid": {"text/vnd.mermaid; charset=utf-8", ":::failed"},
		"svg":     {"image/svg+xml", `class="node failed"`, `class="edge broken"`},
		"text":    {"text/plain; charset=utf-8", "✗"},
	} {
		path := "/api/v1/workflows/" + id + "/graph"
		if format != "" {
			path += "?format=" + format
		}
		a := r.get(path)
		if a.status != http.StatusOK || a.header.Get("Content-Type") != want[0] {
			t.Errorf("%s: %d %s", format, a.status, a.header.Get("Content-Type"))
		}
		for _, part := range want[1:] {
			if !strings.Contains(string(a.body), part) {
				t.Errorf("%s: no %s in\n%s", format, part, a.body)
			}
		}
	}
	p := r.get("/api/v1/workflows/"+id+"/graph?format=png").problem(http.StatusUnprocessableEntity, wire.CodeInvalidRequest)
	if !strings.Contains(p.Detail, "svg") {
		t.Errorf("got %+v", p)
	}
}

func TestAGraphShowsWhatTheFileSaidOfItsJobs(t *testing.T) {
	r := start(t, config(), nil)
	id := r.create(`{"name": "w", "jobs": [
		{"name": "a", "queue": "q"}, {"name": "b", "queue": "q", "allow_failure": true},
		{"name": "c", "queue": "q", "depends_on": ["b", {"job": "a", "on": "done", "optional": true}], "join": {"quorum": 1}, "condition": "deps.a.result.n > 1"},
		{"name": "d", "queue": "q", "depends_on": [{"job": "a", "on": "failure"}], "catch": true},
		{"name": "e", "queue": "q", "finally": true}]}`)
	want := "w  5 jobs, 3 dependencies\n" +
		"1  · a  q  pending\n" +
		"   · b  q  pending  [may fail]\n" +
		"2  · c  q  pending  ← a (done, optional), b  [join: quorum 1; if deps.a.result.n > 1]\n" +
		"   · d  q  pending  ← a (failure)  [catch]\n" +
		"3  · e  q  pending  [finally]\n"
	if a := r.get("/api/v1/workflows/" + id + "/graph?format=text"); string(a.body) != want {
		t.Errorf("got\n%swant\n%s", a.body, want)
	}
}

func TestAGraphShowsGatesAndWhatJobsAreMadeOf(t *testing.T) {
	r := start(t, config(), nil)
	id := r.create(`{"name": "w", "jobs": [
		{"name": "a", "queue": "q"}, {"name": "ok", "gate": "approval"}, {"name": "paid", "gate": "signal", "depends_on": ["a"]},
		{"name": "items", "queue": "q", "batch": {"payloads": [1, 2]}, "depends_on": ["a"]},
		{"name": "each", "queue": "q", "map": {"over": "deps.a.result.list", "max_parallel": 3}, "depends_on": ["a"]},
		{"name": "sub", "depends_on": ["a"], "workflow": {"jobs": [{"name": "x", "queue": "q"}]}}]}`)
	want := "w  6 jobs, 4 dependencies\n" +
		"1  · a      q  pending\n" +
		"   · ok        pending  [approval]\n" +
		"2  · paid      pending  ← a  [signal]\n" +
		"   · items  q  pending  ← a  [batch of 2 items]\n" +
		"   · each   q  pending  ← a  [map over deps.a.result.list, 3 at once]\n" +
		"   · sub       pending  ← a  [workflow of 1 job]\n"
	if a := r.get("/api/v1/workflows/" + id + "/graph?format=text"); string(a.body) != want {
		t.Errorf("got\n%swant\n%s", a.body, want)
	}
}

func TestACancelledWorkflowEndsAndIsNotCancelledTwice(t *testing.T) {
	r := start(t, config(), nil)
	id := r.create(pipeline)
	r.claim(1)
	heard := r.hears("hw.v1.control.>")
	cancel := "/api/v1/workflows/" + id + "/cancel"
	if w := into[wire.WorkflowItem](r.post(cancel, `{"grace": "0s"}`), http.StatusOK); w.Status != "cancelling" || w.Stats.Cancelled != 2 {
		t.Errorf("got %+v", w)
	}
	hear(t, heard, bus.ControlSubject("w1"))
	if w := into[wire.WorkflowItem](r.post(cancel, ""), http.StatusOK); w.Status != "cancelling" {
		t.Errorf("got %+v", w)
	}
	if _, _, err := r.store.FireTimers(t.Context(), 100); err != nil {
		t.Fatal(err)
	}
	if w := into[wire.Workflow](r.get("/api/v1/workflows/"+id), http.StatusOK); w.Status != "cancelled" {
		t.Errorf("got %+v", w)
	}
	r.post(cancel, "").problem(http.StatusConflict, wire.CodeWrongState)
}

func TestAWorkflowIsDeletedOnceItHasEnded(t *testing.T) {
	r := start(t, config(), nil)
	id := r.create(pipeline)
	path := "/api/v1/workflows/" + id
	if p := r.do(http.MethodDelete, path, "").problem(http.StatusConflict, wire.CodeWrongState); p.Hint != "cancel it first" {
		t.Errorf("hint %q", p.Hint)
	}
	r.post(path+"/cancel", "")
	if a := r.do(http.MethodDelete, path, ""); a.status != http.StatusNoContent {
		t.Errorf("%d", a.status)
	}
	r.do(http.MethodDelete, path, "").problem(http.StatusNotFound, wire.CodeNotFound)
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	r := start(t, config(), nil)
	const nobody = "0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70"
	for _, id := range []string{nobody, "nonsense", "{" + nobody + "}", strings.ReplaceAll(nobody, "-", "")} {
		for _, path := range []string{"", "/stats", "/jobs", "/graph"} {
			r.get("/api/v1/workflows/"+id+path).problem(http.StatusNotFound, wire.CodeNotFound)
		}
		r.post("/api/v1/workflows/"+id+"/cancel", "").problem(http.StatusNotFound, wire.CodeNotFound)
		r.do(http.MethodDelete, "/api/v1/workflows/"+id, "").problem(http.StatusNotFound, wire.CodeNotFound)
		r.get("/api/v1/jobs/"+id).problem(http.StatusNotFound, wire.CodeNotFound)
		r.get("/api/v1/jobs/"+id+"?include=dependencies").problem(http.StatusNotFound, wire.CodeNotFound)
		r.get("/api/v1/jobs/"+id+"/dependencies").problem(http.StatusNotFound, wire.CodeNotFound)
		r.post("/api/v1/jobs/"+id+"/cancel", "").problem(http.StatusNotFound, wire.CodeNotFound)
	}
}
