package remote

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/hammerwork/hammerwork/internal/wire"
)

// Info asks what the server is.
func (c *Client) Info(ctx context.Context) (info wire.Info, err error) {
	return info, c.call(ctx, get(nil, "/info"), &info)
}

// NewWorkflow is a workflow to create.
type NewWorkflow struct {
	File           []byte
	JSON           bool     // the file is JSON, not YAML
	Set            []string // key=value, into the metadata
	IdempotencyKey string
}

// CreateWorkflow enqueues a workflow file as it is.
func (c *Client) CreateWorkflow(ctx context.Context, w NewWorkflow) (created wire.Created, err error) {
	r := request{method: http.MethodPost, path: "/workflows", query: url.Values{"set": w.Set}, header: http.Header{}, body: w.File, limit: maxAnswer}
	kind := "application/yaml"
	if w.JSON {
		kind = "application/json"
	}
	r.header.Set("Content-Type", kind)
	if w.IdempotencyKey != "" {
		r.header.Set("Idempotency-Key", w.IdempotencyKey)
		r.keyed = true
	}
	return created, c.call(ctx, r, &created)
}

// Page is where a page of a list begins and how long it may be.
type Page struct {
	Cursor string // empty: the first page
	Limit  int    // zero: the server's default
}

func (p Page) add(q url.Values) {
	set(q, "cursor", p.Cursor)
	if p.Limit > 0 {
		q.Set("limit", strconv.Itoa(p.Limit))
	}
}

// WorkflowFilter chooses workflows; an empty field chooses all.
type WorkflowFilter struct {
	Status, Name string
	Parent       string // of a job: those that it is made of
	Parts        bool   // also those that jobs are made of
	Since        time.Time
}

// Workflows returns a page of workflows, newest first.
func (c *Client) Workflows(ctx context.Context, f WorkflowFilter, p Page) (list wire.List[wire.WorkflowItem], err error) {
	q := url.Values{}
	set(q, "status", f.Status)
	set(q, "name", f.Name)
	set(q, "parent", f.Parent)
	if f.Parts {
		q.Set("all", "true")
	}
	set(q, "since", moment(f.Since))
	p.add(q)
	return list, c.call(ctx, get(q, "/workflows"), &list)
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// WorkflowETA is Workflow with how long it may still take.
func (c *Client) WorkflowETA(ctx context.Context, id string) (w wire.Workflow, err error) {
	r := get(url.Values{"eta": {"true"}}, "/workflows/%s", id)
	r.limit = maxWorkflow
	return w, c.call(ctx, r, &w)
}

// Workflow returns a workflow with its jobs.
func (c *Client) Workflow(ctx context.Context, id string) (w wire.Workflow, err error) {
	r := get(nil, "/workflows/%s", id)
	r.limit = maxWorkflow
	return w, c.call(ctx, r, &w)
}

// WorkflowItem returns a workflow without its jobs.
func (c *Client) WorkflowItem(ctx context.Context, id string) (w wire.WorkflowItem, err error) {
	return w, c.call(ctx, get(url.Values{"jobs": {"false"}}, "/workflows/%s", id), &w)
}

// WorkflowItemETA is WorkflowItem with how long it may still take.
func (c *Client) WorkflowItemETA(ctx context.Context, id string) (w wire.WorkflowItem, err error) {
	return w, c.call(ctx, get(url.Values{"jobs": {"false"}, "eta": {"true"}}, "/workflows/%s", id), &w)
}

// WorkflowStats counts the jobs of a workflow.
func (c *Client) WorkflowStats(ctx context.Context, id string) (s wire.Stats, err error) {
	return s, c.call(ctx, get(nil, "/workflows/%s/stats", id), &s)
}

// WorkflowGraph draws a workflow.
func (c *Client) WorkflowGraph(ctx context.Context, id, format string, to io.Writer) error {
	r := get(url.Values{"format": {format}}, "/workflows/%s/graph", id)
	r.limit = maxGraph
	return c.copyText(ctx, r, to)
}

// DeleteWorkflow deletes a workflow that has ended.
func (c *Client) DeleteWorkflow(ctx context.Context, id string) error {
	answer, err := c.send(ctx, request{method: http.MethodDelete, path: pathOf("/workflows/%s", []any{id})})
	if err != nil {
		return err
	}
	return answer.Body.Close()
}
