package api_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/workflow/workflowfile"
)

const golden = "../../docs/openapi.json"

// openapi reads the document as the API serves it.
func openapi(t *testing.T) (data []byte, doc map[string]any) {
	t.Helper()
	r := start(t, config(), nil)
	a := r.get("/api/v1/openapi.json")
	doc = into[map[string]any](a, http.StatusOK)
	return a.body, doc
}

func in(v any, path ...string) any {
	for _, name := range path {
		object, _ := v.(map[string]any)
		v = object[name]
	}
	return v
}

func keys(v any) []string {
	object, _ := v.(map[string]any)
	return slices.Sorted(maps.Keys(object))
}

func TestTheOpenAPIDocumentIsTheCommittedOne(t *testing.T) {
	got, _ := openapi(t)
	got = append(got, '\n')
	if *rewrite {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("go test ./services/api -rewrite writes docs/openapi.json anew (-want +got):\n%s", diff)
	}
}

func TestTheOpenAPIDocumentNamesEveryRouteWithItsErrors(t *testing.T) {
	_, doc := openapi(t)
	if in(doc, "openapi") != "3.1.0" || in(doc, "info", "title") == "" || in(doc, "info", "version") == "" {
		t.Errorf("got %v %v", in(doc, "openapi"), in(doc, "info"))
	}
	always := []string{"403", "415", "422", "429", "500", "503"}
	for route, more := range map[string]string{
		"get /api/v1/info": "200", "get /api/v1/openapi.json": "200", "get /schema/workflow.json": "200",
		"post /api/v1/workflows": "200 201 400 401 408 409 413", "get /api/v1/workflows": "200 401",
		"get /api/v1/workflows/{id}": "200 401 404", "get /api/v1/workflows/{id}/stats": "200 401 404",
		"get /api/v1/workflows/{id}/jobs": "200 401 404", "get /api/v1/workflows/{id}/graph": "200 401 404 413", "get /api/v1/workflows/{id}/critical-path": "200 401 404 413", "get /api/v1/workflows/{id}/outline": "200 401 404 413", "get /api/v1/workflows/{id}/export": "200 401 404 409 413", "get /api/v1/workflows/{id}/events": "200 401 404",
		"post /api/v1/workflows/{id}/cancel": "200 400 401 404 408 409 413", "post /api/v1/workflows/{id}/pause": "200 400 401 404 408 409 413",
		"post /api/v1/workflows/{id}/resume": "200 400 401 404 408 409 413", "post /api/v1/workflows/{id}/retry": "200 400 401 404 408 409 413",
		"post /api/v1/workflows/{id}/decide": "200 400 401 404 408 409 413",
		"get /api/v1/workflows/{id}/audit":   "200 401 404", "get /api/v1/workflows/{id}/causes": "200 401 404",
		"delete /api/v1/workflows/{id}": "204 401 404 409",
		"get /api/v1/jobs":              "200 401", "post /api/v1/jobs": "200 201 400 401 408 409 413",
		"get /api/v1/jobs/{id}": "200 401 404", "get /api/v1/jobs/{id}/dependencies": "200 401 404", "get /api/v1/jobs/{id}/explain": "200 401 404",
		"get /api/v1/jobs/{id}/spawned": "200 401 404",
		"post /api/v1/jobs/{id}/cancel": "200 400 401 404 408 409 413", "post /api/v1/jobs/{id}/retry": "200 400 401 404 408 409 413",
		"post /api/v1/workflows/{id}/approve": "200 400 401 404 408 409 413", "post /api/v1/workflows/{id}/reject": "200 400 401 404 408 409 413",
		"post /api/v1/workflows/{id}/signal": "200 400 401 404 408 409 413", "post /api/v1/jobs/{id}/approve": "200 400 401 404 408 409 413",
		"post /api/v1/jobs/{id}/reject": "200 400 401 404 408 409 413", "post /api/v1/jobs/{id}/signal": "200 400 401 404 408 409 413",
		"post /api/v1/batches": "200 201 400 401 408 409 413", "get /api/v1/batches/{id}": "200 401 404", "get /api/v1/batches/{id}/export": "200 401 404",
		"post /api/v1/batches/{id}/retry": "200 400 401 404 408 409 413", "post /api/v1/batches/{id}/cancel": "200 400 401 404 408 409 413",
		"get /api/v1/queues": "200 401", "post /api/v1/queues/{name}/pause": "200 401", "post /api/v1/queues/{name}/resume": "200 401",
		"get /api/v1/queues/{name}": "200 401", "put /api/v1/queues/{name}/priorities": "200 400 401 408 413",
		"get /api/v1/workers":   "200 401",
		"get /api/v1/schedules": "200 401", "post /api/v1/schedules": "201 400 401 408 409 413",
		"get /api/v1/schedules/{name}": "200 401 404", "put /api/v1/schedules/{name}": "200 400 401 404 408 413",
		"delete /api/v1/schedules/{name}": "204 401 404", "post /api/v1/schedules/{name}/enable": "200 401 404",
		"post /api/v1/schedules/{name}/disable": "200 401 404", "get /api/v1/schedules/{name}/next": "200 401 404",
		"get /api/v1/schedules/{name}/ticks": "200 401 404", "post /api/v1/schedules/{name}/trigger": "202 400 401 404 408 409 413",
		"post /api/v1/schedules/{name}/backfill": "200 400 401 404 408 413",
	} {
		method, path, _ := strings.Cut(route, " ")
		operation := in(doc, "paths", path, method)
		want := slices.Sorted(slices.Values(append(strings.Fields(more), always...)))
		if got := keys(in(operation, "responses")); !slices.Equal(got, want) {
			t.Errorf("%s answers %v; want %v", route, got, want)
		}
		for status, response := range in(operation, "responses").(map[string]any) {
			content := in(response, "content")
			if status >= "400" && in(content, "application/problem+json", "schema", "$ref") != "#/components/schemas/Problem" || in(response, "description") == "" {
				t.Errorf("%s: %s is %v", route, status, response)
			}
		}
		for _, field := range []string{"operationId", "summary"} {
			if text, _ := in(operation, field).(string); text == "" {
				t.Errorf("%s has no %s", route, field)
			}
		}
		if open := strings.Contains("get /api/v1/info get /api/v1/openapi.json get /schema/workflow.json", route); open != (in(operation, "security") != nil) {
			t.Errorf("%s: security is %v", route, in(operation, "security"))
		}
		if method == "post" && strings.HasSuffix(path, "s") && !strings.HasSuffix(path, "/batches") && !slices.Equal(keys(in(operation, "requestBody", "content")), []string{"application/json", "application/yaml"}) {
			t.Errorf("%s reads %v", route, in(operation, "requestBody"))
		}
		delete(in(doc, "paths", path).(map[string]any), method)
		if len(keys(in(doc, "paths", path))) == 0 {
			delete(in(doc, "paths").(map[string]any), path)
		}
	}
	if rest := keys(in(doc, "paths")); len(rest) > 0 {
		t.Errorf("the document has %v too", rest)
	}
}

func TestEveryReferenceInTheOpenAPIDocumentLeadsSomewhere(t *testing.T) {
	data, doc := openapi(t)
	used := map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, part := range v {
				if ref, ok := part.(string); ok && name == "$ref" {
					used[ref] = true
				}
				walk(part)
			}
		case []any:
			for _, part := range v {
				walk(part)
			}
		}
	}
	walk(doc)
	for ref := range used {
		place, ok := strings.CutPrefix(ref, "#/components/schemas/")
		if !ok || in(doc, append([]string{"components", "schemas"}, strings.Split(place, "/")...)...) == nil {
			t.Errorf("%s leads nowhere", ref)
		}
	}
	for _, name := range keys(in(doc, "components", "schemas")) {
		if !used["#/components/schemas/"+name] {
			t.Errorf("nothing uses the schema %s", name)
		}
	}
	if bytes.Contains(data, []byte("ErrorModel")) {
		t.Error("the document has huma's own error")
	}
}

// schemaOf compiles a schema of the document.
func schemaOf(t *testing.T, data []byte, name string) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource("openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("openapi.json#/components/schemas/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhatIsAnsweredFitsTheOpenAPIDocument(t *testing.T) {
	r := start(t, config(), nil)
	data := r.get("/api/v1/openapi.json").body
	id := r.create(pipeline)
	r.finish("extract")
	r.post("/api/v1/workflows/"+id+"/retry", `{"comment": "again"}`)
	r.finish("extract")
	w := into[wire.Workflow](r.get("/api/v1/workflows/"+id), http.StatusOK)
	waits, b := r.create(gates), r.batch(`{"queue": "etl", "payloads": [1]}`)
	r.assemble()
	r.steer(waits, "approve", `{"job": "sign-off"}`)
	gated := into[wire.Workflow](r.get("/api/v1/workflows/"+waits), http.StatusOK)
	if err := r.store.PauseQueue(t.Context(), "etl"); err != nil {
		t.Fatal(err)
	}
	for path, schema := range map[string]string{
		"/api/v1/info": "Info", "/api/v1/workflows": "ListWorkflowItem", "/api/v1/workflows/" + id: "Workflow",
		"/api/v1/workflows/" + id + "/stats": "Stats", "/api/v1/workflows/" + id + "/jobs": "ListJob", "/api/v1/jobs": "ListJob",
		"/api/v1/jobs/" + w.Jobs[1].ID + "?include=dependencies": "Job", "/api/v1/jobs/" + w.Jobs[1].ID + "/dependencies": "Dependencies",
		"/api/v1/workflows/" + waits: "Workflow", "/api/v1/jobs/" + gated.Jobs[0].ID: "Job", "/api/v1/batches/" + b: "Batch", "/api/v1/jobs/" + b: "Job",
		"/api/v1/jobs/" + w.Jobs[0].ID: "Job", "/api/v1/workflows/" + id + "/audit": "ListAuditEntry", "/api/v1/workflows/" + id + "/causes": "ListCause",
		"/api/v1/queues": "ListQueue", "/api/v1/workers": "ListWorker", "/api/v1/jobs/nobody": "Problem", "/api/v1/jobs?limit=0": "Problem",
	} {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(r.get(path).body))
		if err != nil {
			t.Fatal(err)
		}
		if err := schemaOf(t, data, schema).Validate(v); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	for schema, bodies := range map[string][]string{
		"WorkflowFile":  {pipeline},
		"JobRequest":    {`{"queue": "q"}`, `{"queue": "q", "name": "n", "depends_on": ["0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70"], "idempotency_key": "k", "retry": {"max_attempts": 3}}`},
		"CancelRequest": {`{}`, `{"grace": "10s"}`},

		"CancelWorkflowRequest": {`{}`, `{"grace": "10s", "comment": "why", "actor": "ann"}`},
		"RetryJobRequest":       {`{}`, `{"payload": null, "comment": "why"}`},
		"SteerRequest":          {`{}`, `{"comment": "why", "actor": "ann"}`},
		"RetryRequest":          {`{}`, `{"mode": "from", "from": "extract", "payloads": {"extract": null}, "dry_run": true}`},
		"AnswerRequest":         {`{}`, `{"comment": "why"}`},
		"SignalRequest":         {`{}`, `{"payload": {"a": 1}}`},
		"WorkflowAnswerRequest": {`{"job": "sign-off", "comment": "why"}`},
		"WorkflowSignalRequest": {`{"job": "paid", "payload": {"a": 1}}`},
		"BatchRequest":          {`{"queue": "q", "payloads": [1, {}], "mode": "fail_fast", "name": "b", "idempotency_key": "k"}`},
		"DecideRequest":         {`{"job": "extract", "action": "complete", "result": [1]}`},
	} {
		for _, body := range bodies {
			v, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if err := schemaOf(t, data, schema).Validate(v); err != nil {
				t.Errorf("%s: %v", body, err)
			}
		}
		if schemaOf(t, data, schema).Validate(map[string]any{"nonsense": true}) == nil {
			t.Errorf("%s takes anything", schema)
		}
	}
}

func TestTheSchemaOfWorkflowFilesIsServed(t *testing.T) {
	r := start(t, config(), nil)
	a := r.get("/schema/workflow.json")
	if a.status != http.StatusOK || a.header.Get("Content-Type") != "application/schema+json" || !bytes.Equal(a.body, workflowfile.Schema()) || !json.Valid(a.body) {
		t.Errorf("%d %s\n%s", a.status, a.header.Get("Content-Type"), a.body)
	}
}
