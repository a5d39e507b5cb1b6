package api_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/services/api"
)

// faulty is a real store one of whose methods goes wrong.
type faulty struct {
	api.Store
	queues func() error
	ready  error
}

func (f *faulty) Queues(ctx context.Context) ([]store.QueueRecord, error) {
	if err := f.queues(); err != nil {
		return nil, err
	}
	return f.Store.Queues(ctx)
}

func (f *faulty) Ready(ctx context.Context) error {
	if f.ready != nil {
		return f.ready
	}
	return f.Store.Ready(ctx)
}

func TestADatabaseThatIsAwayIsUnavailable(t *testing.T) {
	r := start(t, config(), nil)
	if err := r.store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, a := range []*answer{
		r.get("/api/v1/workflows"), r.get("/api/v1/queues"), r.post("/api/v1/jobs", `{"queue": "q", "payload": "s3cret"}`), r.post("/api/v1/workflows", pipeline),
		r.post("/api/v1/queues/q/pause", ""),
	} {
		p := a.problem(http.StatusServiceUnavailable, wire.CodeUnavailable)
		if a.header.Get("Retry-After") == "" || strings.Contains(p.Detail, "sql") {
			t.Errorf("%s: Retry-After %q, %+v", a.what, a.header.Get("Retry-After"), p)
		}
	}
	if a := r.get("/api/v1/info"); a.status != http.StatusOK {
		t.Errorf("info: %d", a.status)
	}
	if log := r.log.String(); !strings.Contains(log, "database is closed") || strings.Contains(log, "s3cret") {
		t.Errorf("the log is\n%s", log)
	}
}

func TestADatabaseWithAnotherSchemaIsSaidToHaveIt(t *testing.T) {
	for _, c := range []struct {
		ready, err error
		code       wire.Code
	}{
		{nil, fmt.Errorf("list: %w", store.ErrOlderSchema), wire.CodeSchemaTooOld},
		{fmt.Errorf("ready: %w", store.ErrOlderSchema), errors.New("no such table: queues"), wire.CodeSchemaTooOld},
		{fmt.Errorf("ready: %w", store.ErrNewerSchema), errors.New("no such table: queues"), wire.CodeUnavailable},
		{nil, sql.ErrConnDone, wire.CodeUnavailable},
	} {
		r := start(t, config(), func(s api.Store) api.Store {
			return &faulty{Store: s, queues: func() error { return c.err }, ready: c.ready}
		})
		a := r.get("/api/v1/queues")
		if p := a.problem(http.StatusServiceUnavailable, c.code); strings.Contains(p.Detail, "table") || a.header.Get("Retry-After") == "" {
			t.Errorf("got %+v", p)
		}
	}
}

func TestAStoreThatDoesNotAnswerInTimeIsUnavailable(t *testing.T) {
	cfg := config()
	cfg.RequestTimeout = 1
	r := start(t, cfg, nil)
	if p := r.get("/api/v1/queues").problem(http.StatusServiceUnavailable, wire.CodeUnavailable); !strings.Contains(p.Detail, "in time") {
		t.Errorf("got %+v", p)
	}
}

func TestAPanicIsAnsweredWithoutItsDetails(t *testing.T) {
	for _, v := range []any{errors.New("index out of range"), "s3cret"} {
		r := start(t, config(), func(s api.Store) api.Store {
			return &faulty{Store: s, queues: func() error { panic(v) }}
		})
		p := r.get("/api/v1/queues").problem(http.StatusInternalServerError, wire.CodeInternal)
		if text := fmt.Sprint(p); strings.Contains(text, "index") || strings.Contains(text, "s3cret") || strings.Contains(text, "goroutine") {
			t.Errorf("got %+v", p)
		}
		if log := r.log.String(); !strings.Contains(log, "request panicked") || strings.Contains(log, "s3cret") {
			t.Errorf("the log is\n%s", log)
		}
		if a := r.get("/api/v1/info"); a.status != http.StatusOK {
			t.Errorf("then: %d", a.status)
		}
	}
}

func TestMoreRequestsThanItServesAreToldToWait(t *testing.T) {
	cfg := config()
	cfg.MaxConcurrent = 1
	r := start(t, cfg, nil)
	u := r.upload("/api/v1/jobs")
	u.write(`{"queue": "q",`)
	a := r.busy()
	a.problem(http.StatusTooManyRequests, wire.CodeRateLimited)
	if a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	u.write(` "payload": 1}`)
	into[wire.Created](u.finish(), http.StatusCreated)
	if a := r.get("/api/v1/info"); a.status != http.StatusOK {
		t.Errorf("afterwards: %d", a.status)
	}
}

func TestMoreBytesThanAllRequestsMayHoldAreToldToWait(t *testing.T) {
	cfg := config()
	cfg.MaxUploadBytes, cfg.MaxWorkflowBytes = 1<<20, 1<<20
	r := start(t, cfg, nil)
	u := r.upload("/api/v1/workflows")
	u.write(strings.Repeat(" ", 900_000))
	large := `{"queue": "q", "payload": "` + strings.Repeat("x", 250_000) + `"}` + strings.Repeat(" ", 600_000)
	for r.counted("upload_bytes") < 900_000 {
		runtime.Gosched()
	}
	r.post("/api/v1/jobs", large).problem(http.StatusTooManyRequests, wire.CodeRateLimited)
	u.write(`{"name": "w", "jobs": [{"name": "a", "queue": "q"}]}`)
	into[wire.Created](u.finish(), http.StatusCreated)
	into[wire.Created](r.post("/api/v1/jobs", large), http.StatusCreated)
}

func TestAParameterThatIsWrongIsNamed(t *testing.T) {
	r := start(t, config(), nil)
	id := r.create(pipeline)
	cursor := into[wire.List[wire.Job]](r.get("/api/v1/jobs?limit=1"), http.StatusOK).NextCursor
	for path, name := range map[string]string{
		"/api/v1/jobs?limit=0": "limit", "/api/v1/jobs?limit=501": "limit", "/api/v1/jobs?limit=ten": "limit", "/api/v1/jobs?limit=99999999999999999999": "limit",
		"/api/v1/jobs?status=done": "status", "/api/v1/jobs?dependency_status=x": "dependency_status", "/api/v1/jobs?priority=5": "priority",
		"/api/v1/jobs?workflow_id=x": "workflow_id", "/api/v1/jobs?since=yesterday": "since", "/api/v1/jobs?since=-5m": "since",
		"/api/v1/jobs?cursor=x": "cursor", "/api/v1/jobs?cursor=" + cursor + "A": "cursor", "/api/v1/workflows?cursor=" + cursor: "cursor",
		"/api/v1/workflows/" + id + "/jobs?cursor=" + cursor: "cursor", "/api/v1/jobs?cursor=" + strings.Repeat("A", 5000): "cursor",
		"/api/v1/jobs?queues=q": "queues", "/api/v1/queues?x=1": "x", "/api/v1/info?x": "x", "/api/v1/jobs?status=dead&status=failed": "status",
		"/api/v1/jobs?status=waiting&dependency_status=none": "dependency_status",
		"/api/v1/workflows/" + id + "?jobs=maybe":            "jobs", "/api/v1/workflows?status=dead": "status",
		"/api/v1/jobs/" + id + "?include=payload": "include",
	} {
		p := r.get(path).problem(http.StatusUnprocessableEntity, wire.CodeInvalidRequest)
		if len(p.Errors) != 1 || p.Errors[0].Path != name || !strings.Contains(p.Detail, name) {
			t.Errorf("%s: got %+v", path, p)
		}
	}
	for _, query := range []string{"queue=%zz", "queue=%ff", "queue=a%00b", "a;b"} {
		r.get("/api/v1/jobs?"+query).problem(http.StatusUnprocessableEntity, wire.CodeInvalidRequest)
	}
	for _, set := range []string{"set=x", "set==y", "set=a=1&set=a=2", "set=a=%00"} {
		r.post("/api/v1/workflows?"+set, pipeline).problem(http.StatusUnprocessableEntity, wire.CodeInvalidRequest)
	}
	for _, body := range []string{`{"grace": 10}`, `{"grace": "soon"}`, `{"grace": "-1s"}`, `{"grace": "25h"}`, `{"grace": "1s", "grace": "2s"}`, `{"grac": "1s"}`, `[]`, `{`, `{}{}`, `"10s"`, `{"grace": "1s"`} {
		p := r.post("/api/v1/workflows/"+id+"/cancel", body).problem(http.StatusUnprocessableEntity, wire.CodeInvalidRequest)
		if len(p.Detail) > 200 {
			t.Errorf("%s: got %+v", body, p)
		}
	}
	if w := into[wire.WorkflowItem](r.post("/api/v1/workflows/"+id+"/cancel", `{}`), http.StatusOK); w.Status != "cancelled" {
		t.Errorf("got %+v", w)
	}
}

func TestWhatNothingServesIsSaid(t *testing.T) {
	r := start(t, config(), nil)
	for _, path := range []string{"/", "/api", "/api/v1", "/api/v1/", "/api/v2/jobs", "/api/v1/jobs/", "/api/v1/job", "/docs", "/openapi.json", "/api/v1//jobs", "/api/v1/x/../jobs", "/api/v1/queues/../pause", "/schemas/Job.json", "/api/v1/openapi.yaml"} {
		r.get(path).problem(http.StatusNotFound, wire.CodeNotFound)
	}
	for route, allow := range map[string]string{
		"DELETE /api/v1/jobs": "GET, POST", "PUT /api/v1/workflows/x": "GET, DELETE", "GET /api/v1/queues/q/pause": "POST", "POST /api/v1/info": "GET", "PATCH /schema/workflow.json": "GET",
	} {
		method, path, _ := strings.Cut(route, " ")
		a := r.do(method, path, "")
		a.problem(http.StatusMethodNotAllowed, wire.CodeInvalidRequest)
		if a.header.Get("Allow") != allow {
			t.Errorf("%s: Allow is %q", route, a.header.Get("Allow"))
		}
	}
}

// The codes that no request can have for an answer yet.
var notYet = []wire.Code{wire.CodePaused}

func TestEveryCodeHasATest(t *testing.T) {
	_, doc := openapi(t)
	var all []wire.Code
	for _, name := range in(doc, "components", "schemas", "Problem", "properties", "code", "enum").([]any) {
		all = append(all, wire.Code(name.(string)))
	}
	got := map[wire.Code]bool{}
	r := start(t, config(), nil)
	key := with("Idempotency-Key", "k")
	id := r.create(pipeline, key)
	r.post("/api/v1/workflows/"+id+"/cancel", "")
	for _, a := range []*answer{
		r.post("/api/v1/workflows", "{}"),
		r.post("/api/v1/workflows", `{"name": "w", "jobs": [{"name": "a", "queue": "q", "depends_on": ["a"]}]}`),
		r.post("/api/v1/workflows", `{"name": "w", "jobs": [{"name": "a", "queue": "q", "depends_on": ["b"]}]}`),
		r.post("/api/v1/workflows", `{"name": "w", "jobs": [{"name": "a", "queue": "q"}, {"name": "a", "queue": "q"}]}`),
		r.post("/api/v1/jobs", strings.Repeat(" ", 2<<20)),
		r.get("/api/v1/jobs/x"),
		r.post("/api/v1/workflows", strings.Replace(pipeline, "high", "low", 1), key),
		r.post("/api/v1/workflows/"+id+"/cancel", ""),
		r.get("/api/v1/jobs", host("evil.example")),
		r.get("/api/v1/jobs?x=y"),
	} {
		got[a.problem(a.status, codeIn(t, a)).Code] = true
	}
	// These have tests of their own, above and in guard_test.go.
	for _, code := range []wire.Code{wire.CodeUnauthorized, wire.CodeRateLimited, wire.CodeUnavailable, wire.CodeSchemaTooOld, wire.CodeInternal} {
		got[code] = true
	}
	for _, code := range all {
		if !got[code] && !slices.Contains(notYet, code) {
			t.Errorf("nothing answered %s", code)
		}
	}
	if len(all) != len(got)+len(notYet) {
		t.Errorf("the document has %v, the answers %v", all, slices.Sorted(maps.Keys(got)))
	}
}

func codeIn(t *testing.T, a *answer) wire.Code {
	t.Helper()
	var p wire.Problem
	if err := json.Unmarshal(a.body, &p); err != nil {
		t.Fatalf("%s: %v", a.what, err)
	}
	return p.Code
}
