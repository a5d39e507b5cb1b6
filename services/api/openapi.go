package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/workflowfile"
)

// document is the OpenAPI document that huma makes of the handlers, and what
// it cannot know: bodies that are read by package workflowfile, and which
// codes an error has.
type document struct {
	api    *huma.OpenAPI
	bodies map[string]route // by path
	open   []string         // paths that need no token
}

func newDocument(api *huma.OpenAPI) *document {
	return &document{api: api, bodies: make(map[string]route)}
}

// The schemas of bodies.
const (
	workflowBody = "WorkflowFile"
	jobBody      = "JobRequest"
	cancelBody   = "CancelRequest"

	steerBody          = "SteerRequest"
	cancelWorkflowBody = "CancelWorkflowRequest"
	retryBody          = "RetryRequest"
	retryJobBody       = "RetryJobRequest"
	decideBody         = "DecideRequest"
	prioritiesBody     = "PrioritiesRequest"
	answerBody         = "AnswerRequest"
	signalBody         = "SignalRequest"
	batchBody          = "BatchRequest"
	backfillBody       = "BackfillRequest"
	triggerBody        = "TriggerRequest"
)

// describe adds the errors of a route, a response a status.
func (d *document) describe(r *route) {
	codes := append(slices.Clone(everyCode), r.codes...)
	if r.open {
		d.open = append(d.open, r.Path)
	} else {
		codes = append(codes, wire.CodeUnauthorized)
	}
	if r.body != "" {
		d.bodies[r.Path] = *r
		codes = append(codes, wire.CodeTooLarge)
	}
	byStatus := map[int][]string{415: {string(wire.CodeInvalidRequest)}}
	if r.body != "" {
		byStatus[400], byStatus[408] = byStatus[415], byStatus[415]
	}
	for _, c := range codes {
		if s := statuses[c]; !slices.Contains(byStatus[s], string(c)) {
			byStatus[s] = append(byStatus[s], string(c))
		}
	}
	problems := d.api.Components.Schemas.Schema(reflect.TypeFor[wire.Problem](), true, "")
	for status, names := range byStatus {
		response := &huma.Response{
			Description: "Code " + strings.Join(names, " or ") + ".",
			Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: problems}},
		}
		header := func(name, description string) {
			response.Headers = map[string]*huma.Param{name: {Description: description, Schema: &huma.Schema{Type: "string"}}}
		}
		switch status {
		case 401:
			header("WWW-Authenticate", "How to authenticate.")
		case 429, 503:
			header("Retry-After", "Seconds to wait.")
		}
		r.Responses[strconv.Itoa(status)] = response
	}
}

// json writes the document.
func (d *document) json() ([]byte, error) {
	for _, unused := range []string{"ErrorModel", "ErrorDetail"} {
		delete(d.api.Components.Schemas.Map(), unused)
	}
	data, err := json.Marshal(d.api)
	if err != nil {
		return nil, fmt.Errorf("openapi document: %w", err)
	}
	var doc map[string]any
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("openapi document: %w", err)
	}
	components := object(doc, "components")
	components["securitySchemes"] = map[string]any{"token": map[string]any{"type": "http", "scheme": "bearer"}}
	doc["security"] = []any{map[string]any{"token": []any{}}}
	for _, path := range d.open {
		object(doc, "paths", path, "get")["security"] = []any{}
	}
	schemas := object(components, "schemas")
	if err := addBodies(schemas); err != nil {
		return nil, err
	}
	object(schemas, "Problem", "properties", "code")["enum"] = codeNames()
	for _, n := range []struct{ schema, field, of, description string }{
		{"Job", "progress", "Progress", "What the handler of a running job said last; null: nothing."},
		{"Gate", "answer", "GateAnswer", "How it was answered; null: not yet."},
	} {
		object(schemas, n.schema, "properties")[n.field] = map[string]any{
			"anyOf": []any{map[string]any{"$ref": "#/components/schemas/" + n.of}, map[string]any{"type": "null"}}, "description": n.description,
		}
	}
	noNullLists(doc)
	for path, r := range d.bodies {
		content := map[string]any{"schema": map[string]any{"$ref": "#/components/schemas/" + r.body}}
		body := map[string]any{"application/json": content}
		if r.yaml {
			body["application/yaml"] = content
		}
		required := slices.Contains([]string{workflowBody, jobBody, decideBody, prioritiesBody, batchBody, backfillBody, "Workflow" + answerBody, "Workflow" + signalBody}, r.body)
		object(doc, "paths", path, strings.ToLower(r.Method))["requestBody"] = map[string]any{"content": body, "required": required}
	}
	return json.MarshalIndent(doc, "", "  ")
}

// codeNames lists every code.
func codeNames() []any {
	var names []any
	for _, c := range slices.Sorted(maps.Keys(statuses)) {
		names = append(names, string(c))
	}
	return names
}

// addBodies adds the schemas of bodies: the JSON Schema of a workflow file, the
// part of it that is a job, and small ones.
func addBodies(schemas map[string]any) error {
	text := strings.NewReplacer(`"#/$defs/`, `"#/components/schemas/WorkflowFile_`, `"#/properties/`, `"#/components/schemas/WorkflowFile/properties/`).
		Replace(string(workflowfile.Schema()))
	var file map[string]any
	if err := json.Unmarshal([]byte(text), &file); err != nil {
		return fmt.Errorf("schema of workflow files: %w", err)
	}
	for name, part := range object(file, "$defs") {
		schemas[workflowBody+"_"+name] = part
	}
	for _, key := range []string{"$defs", "$schema", "$id"} {
		delete(file, key)
	}
	schemas[workflowBody] = file

	properties := maps.Clone(object(schemas, workflowBody+"_job", "properties"))
	ids := map[string]any{"type": "string", "format": "uuid"}
	properties["depends_on"] = map[string]any{"type": "array", "items": ids, "description": "The ids of the jobs this one waits for."}
	properties["idempotency_key"] = map[string]any{
		"type": "string", "maxLength": maxKey, "description": "Enqueues once, however often it is sent. Unique within the queue. As the header Idempotency-Key.",
	}
	name := maps.Clone(object(properties, "name"))
	name["description"] = "Made of the queue's name when it is left out."
	properties["name"] = name
	schemas[jobBody] = map[string]any{"type": "object", "required": []any{"queue"}, "additionalProperties": false, "properties": properties}
	schemas[batchBody] = batchSchema(properties, object(schemas, workflowBody+"_batch", "properties"))
	schemas[cancelBody] = map[string]any{"type": "object", "additionalProperties": false, "properties": map[string]any{"grace": graceSchema}}
	addSteering(schemas)
	weights := make(map[string]any)
	for p := job.Background; p <= job.Critical; p++ {
		weights[p.String()] = map[string]any{"type": "integer", "minimum": 1, "maximum": job.MaxWeight}
	}
	schemas[prioritiesBody] = map[string]any{
		"type": "object", "required": []any{"weights"}, "additionalProperties": false,
		"properties": map[string]any{"weights": map[string]any{
			"type": []any{"object", "null"}, "additionalProperties": false, "properties": weights,
			"description": "A priority that is not there has the weight 1; null or {}: strict.",
		}},
	}
	return nil
}

var graceSchema = map[string]any{"$ref": "#/components/schemas/WorkflowFile_duration", "description": "How long what runs may go on."}

// addSteering adds the schemas of bodies that do something to a workflow.
func addSteering(schemas map[string]any) {
	text := func(limit int, description string) map[string]any {
		return map[string]any{"type": "string", "maxLength": limit, "description": description}
	}
	words := func(description string, words ...any) map[string]any {
		return map[string]any{"type": "string", "enum": words, "description": description}
	}
	body := func(properties map[string]any, required ...any) map[string]any {
		properties["comment"] = text(job.MaxError, "Why, for the audit.")
		properties["actor"] = text(job.MaxName, "Who asks for it, for the audit. As the header X-Hammerwork-Actor.")
		schema := map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
		if len(required) > 0 {
			schema["required"] = required
		}
		return schema
	}
	schemas[steerBody] = body(map[string]any{})
	schemas[cancelWorkflowBody] = body(map[string]any{"grace": graceSchema})
	schemas[retryBody] = body(map[string]any{
		"mode":     words("failed: what failed and what could not run because of it. from: one job and what depends on it. Default failed, or from when that is given.", "failed", "from", "all"),
		"from":     text(job.MaxName, "With mode from: the name of the job to begin with."),
		"payloads": map[string]any{"type": "object", "additionalProperties": true, "description": "New payloads of jobs that run again, by their names."},
		"dry_run":  map[string]any{"type": "boolean", "description": "Only say what would run again."},
	})
	schemas[triggerBody] = map[string]any{
		"type": "object", "additionalProperties": false,
		"properties": map[string]any{
			"id": map[string]any{"type": "string", "format": "uuid", "description": "Of the instance, a UUID of version 7. It makes no other while its tick waits, or as long as the instance is stored; where none is (the tick was skipped or failed, the instance is deleted), for an hour after the tick, or until 500 later ones came. Left out, each call makes one."},
		},
	}
	schemas[backfillBody] = map[string]any{
		"type": "object", "additionalProperties": false, "required": []any{"from", "to"},
		"properties": map[string]any{
			"from":    map[string]any{"type": "string", "format": "date-time", "description": "The first tick, or before it."},
			"to":      map[string]any{"type": "string", "format": "date-time", "description": "The last tick, or after it; not ahead."},
			"dry_run": map[string]any{"type": "boolean", "description": "Only say which instances would be made."},
		},
	}
	schemas[retryJobBody] = body(map[string]any{"payload": map[string]any{"description": "Instead of the payload it had."}})
	named := func(properties map[string]any) map[string]any {
		properties["job"] = text(workflow.MaxDepth*(job.MaxName+1), "The name of the gate, or its path through jobs that are workflows: sub/name.")
		return body(properties, "job")
	}
	payload := map[string]any{"description": "What becomes the result of the gate. Default null."}
	schemas[answerBody], schemas["Workflow"+answerBody] = body(map[string]any{}), named(map[string]any{})
	schemas[signalBody], schemas["Workflow"+signalBody] = body(map[string]any{"payload": payload}), named(map[string]any{"payload": payload})
	schemas[decideBody] = body(map[string]any{
		"job":     text(job.MaxName, "The name of the job whose failure waits."),
		"action":  words("retry: it runs again. skip: what depends on it sees a completion without a result. complete: with the result given. accept: it sees the failure. cancel: the workflow is cancelled.", "retry", "skip", "complete", "accept", "cancel"),
		"payload": map[string]any{"description": "With retry: instead of the payload it had."},
		"result":  map[string]any{"description": "With complete: its result. Default null."},
	}, "job", "action")
}

// batchSchema makes the schema of a batch of that of a job and that of its
// items.
func batchSchema(job, items map[string]any) map[string]any {
	properties := maps.Clone(job)
	for _, name := range []string{"payload", "with", "gate", "batch", "map", "workflow"} {
		delete(properties, name)
	}
	maps.Copy(properties, items)
	return map[string]any{"type": "object", "required": []any{"queue", "payloads"}, "additionalProperties": false, "properties": properties}
}

// noNullLists corrects what huma says of every list: an empty one is never
// null here.
func noNullLists(v any) {
	switch v := v.(type) {
	case map[string]any:
		if types, ok := v["type"].([]any); ok && slices.Contains(types, any("array")) {
			v["type"] = "array"
		}
		for _, part := range v {
			noNullLists(part)
		}
	case []any:
		for _, part := range v {
			noNullLists(part)
		}
	}
}

// object returns an object within an object, by the names on the way.
func object(in map[string]any, path ...string) map[string]any {
	for _, name := range path {
		in, _ = in[name].(map[string]any)
	}
	return in
}
