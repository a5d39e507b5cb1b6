package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/workflow/workflowfile"
)

// prefix is the path of everything but the schema.
const prefix = "/api/v1"

// route is what a route has besides what its handler's types say.
type route struct {
	huma.Operation
	open  bool        // needs no token
	body  string      // schema of the body it reads; empty: none
	yaml  bool        // the body may be YAML
	large bool        // the body may be as large as a workflow
	codes []wire.Code // its own errors; every route has those of everyCode
}

// get, post and put begin a route.
func get(path, id, summary, description string) route {
	return newRoute(http.MethodGet, path, id, summary, description)
}

func post(path, id, summary, description string, codes ...wire.Code) route {
	r := newRoute(http.MethodPost, path, id, summary, description)
	r.codes = codes
	return r
}

func put(path, id, summary, description string, codes ...wire.Code) route {
	r := newRoute(http.MethodPut, path, id, summary, description)
	r.codes = codes
	return r
}

// remove begins a route that answers 204.
func remove(path, id, summary, description string, codes ...wire.Code) route {
	r := newRoute(http.MethodDelete, path, id, summary, description)
	r.codes, r.DefaultStatus = codes, http.StatusNoContent
	return r
}

func newRoute(method, path, id, summary, description string) route {
	tag, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return route{Operation: huma.Operation{
		Method: method, Path: prefix + path, OperationID: id, Summary: summary, Description: description,
		Tags: []string{tag}, Responses: map[string]*huma.Response{},
	}}
}

// everyCode are the codes that any route may answer with.
var everyCode = []wire.Code{
	wire.CodeInvalidRequest, wire.CodeForbidden, wire.CodeRateLimited, wire.CodeInternal,
	wire.CodeUnavailable, wire.CodeSchemaTooOld,
}

// routes registers everything that is served.
func (a *API) routes() error {
	config := huma.DefaultConfig("Hammerwork", "v1")
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil
	config.RejectUnknownQueryParameters = true
	config.AllowAdditionalPropertiesByDefault = true
	config.Transformers = []huma.Transformer{asProblem}
	config.Info.Description = "Enqueue jobs and workflows, see what became of them, operate queues. " +
		"Every error is a problem document (RFC 9457) with a code for programs and a hint for people."
	api := humago.New(a.mux, config)
	doc := newDocument(api.OpenAPI())
	a.workflowRoutes(api, doc)
	a.steerRoutes(api, doc)
	a.gateRoutes(api, doc)
	a.jobRoutes(api, doc)
	a.batchRoutes(api, doc)
	a.queueRoutes(api, doc)
	a.scheduleRoutes(api, doc)
	a.infoRoutes(api, doc)
	var err error
	a.document, err = doc.json()
	return err
}

// register adds a route. Before its handler runs the body is read and the time
// for the store's work begins.
func register[I, O any](a *API, api huma.API, doc *document, r route, handle func(context.Context, *I) (*O, error)) {
	if r.open {
		a.open = append(a.open, r.Method+" "+r.Path)
	}
	doc.describe(&r)
	r.Middlewares = append(r.Middlewares, onceEach)
	limit, timeout := a.cfg.MaxBodyBytes, a.cfg.RequestTimeout
	if r.large {
		limit, timeout = a.cfg.MaxWorkflowBytes, a.cfg.EnqueueTimeout
	}
	huma.Register(api, r.Operation, func(ctx context.Context, in *I) (*O, error) {
		out, err := func() (*O, error) {
			if r.body != "" {
				if err := a.read(ctx, limit, r.yaml); err != nil {
					return nil, err
				}
			}
			work, cancel := context.WithTimeout(ctx, timeout)
			defer cancel()
			return handle(work, in)
		}()
		if err != nil {
			return nil, a.problemOf(ctx, err)
		}
		return out, nil
	})
}

// onceEach refuses a parameter that is there several times and means one
// value: no answer would be right.
func onceEach(ctx huma.Context, next func(huma.Context)) {
	u := ctx.URL()
	for name, values := range u.Query() {
		i := slices.IndexFunc(ctx.Operation().Parameters, func(p *huma.Param) bool { return p.In == "query" && p.Name == name })
		if len(values) > 1 && i >= 0 && (ctx.Operation().Parameters[i].Explode == nil || !*ctx.Operation().Parameters[i].Explode) {
			_, w := humago.Unwrap(ctx)
			badParameter(name, "give it once", "is there %d times", len(values)).write(w)
			return
		}
	}
	next(ctx)
}

// asProblem makes a problem of an error of huma's own, which tells what is
// wrong with parameters. Their values are not repeated.
func asProblem(ctx huma.Context, _ string, v any) (any, error) {
	e, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	code := wire.CodeInvalidRequest
	if e.Status >= http.StatusInternalServerError {
		code = wire.CodeInternal
	}
	p := newStatusProblem(e.Status, code, "", "the request is not valid")
	var names []string
	for _, parameter := range ctx.Operation().Parameters {
		if parameter.In == "query" {
			names = append(names, parameter.Name)
		}
	}
	for _, detail := range e.Errors {
		_, name, _ := strings.Cut(detail.Location, ".")
		message := name + ": " + detail.Message
		if detail.Message == "unknown query parameter" {
			message = "there is no parameter " + strconv.Quote(name)
			p.Hint = "it takes no parameters"
			if len(names) > 0 {
				p.Hint = "it takes " + list(names)
			}
		}
		p.Errors = append(p.Errors, wire.ProblemItem{Path: name, Message: message})
	}
	if len(p.Errors) > 0 {
		p.Detail = p.Errors[0].Message
	}
	if p.Hint == "" {
		p.Hint = "GET /api/v1/openapi.json describes every parameter"
	}
	return p, nil
}

// infoRoutes registers what tells about the server itself.
func (a *API) infoRoutes(api huma.API, doc *document) {
	info := get("/info", "get-info", "What this server is", "Needs no token.")
	info.open = true
	register(a, api, doc, info, a.getInfo)

	openapi := get("/openapi.json", "get-openapi", "This document", "OpenAPI 3.1. Needs no token.")
	openapi.open, openapi.Tags = true, []string{"info"}
	openapi.Responses["200"] = jsonResponse("The document.")
	register(a, api, doc, openapi, func(context.Context, *struct{}) (*raw, error) {
		return &raw{ContentType: "application/json", Body: a.document}, nil
	})

	schema := get("", "get-workflow-schema", "The JSON Schema of a workflow file", "For editors and validators. Needs no token.")
	schema.Path, schema.open, schema.Tags = "/schema/workflow.json", true, []string{"info"}
	schema.Responses["200"] = &huma.Response{Description: "The schema, of draft 2020-12.", Content: map[string]*huma.MediaType{"application/schema+json": {Schema: &huma.Schema{Type: "object"}}}}
	register(a, api, doc, schema, func(context.Context, *struct{}) (*raw, error) {
		return &raw{ContentType: "application/schema+json", Body: workflowfile.Schema()}, nil
	})
}

// raw is an answer that is bytes already.
type raw struct {
	ContentType string `header:"Content-Type" hidden:"true"`
	Body        []byte
}

func jsonResponse(description string) *huma.Response {
	return &huma.Response{Description: description, Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Type: "object"}}}}
}
