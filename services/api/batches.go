package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/plainjson"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/workflowfile"
)

// batchRoutes registers what is done with jobs of items. A batch is a job, so
// its id is that of the job; how its items stand is what these add.
func (a *API) batchRoutes(api huma.API, doc *document) {
	enqueue := post("/batches", "enqueue-batch", "Enqueue a batch that belongs to no workflow",
		"A job for each payload, on one queue, and one job that stands for them all. Besides queue and payloads it takes what a job does. "+
			"With an idempotency key that came with the same request before, the answer is 200 and names what that made.",
		wire.CodeUnknownParent, wire.CodeConflict)
	enqueue.body, enqueue.large, enqueue.DefaultStatus = batchBody, true, 201
	createdBefore(&enqueue, api)
	register(a, api, doc, enqueue, a.enqueueBatch)

	found := func(r route) route { r.codes = append(r.codes, wire.CodeNotFound); return r }
	register(a, api, doc, found(get("/batches/{id}", "get-batch", "How a batch stands", "The counts of its items and some that failed. A map is shown, too, and batches of workflows are.")), a.getBatch)
	export := found(get("/batches/{id}/export", "export-batch", "The items of a batch", "In their order, one JSON object a line: payload, outcome, result. With failed=true only those that did not complete."))
	export.Responses["200"] = &huma.Response{Description: "A BatchItem a line.", Content: map[string]*huma.MediaType{ndjson: {Schema: &huma.Schema{Type: "string"}}}}
	register(a, api, doc, export, a.exportBatch)

	retry := found(post("/batches/{id}/retry", "retry-batch", "Run the failed items of a batch again",
		"For one that has ended. Items that completed do not run again. Refused for a batch of a workflow: the hint says which call does it there.", wire.CodeWrongState))
	retry.body = steerBody
	register(a, api, doc, retry, a.retryBatch)
	cancel := found(post("/batches/{id}/cancel", "cancel-batch", "Cancel a batch", "Items that run may end by themselves within the grace, the job at the latest then. Cancelling again changes nothing.", wire.CodeWrongState))
	cancel.body = cancelBody
	register(a, api, doc, cancel, a.cancelBatch)
}

const ndjson = "application/x-ndjson"

type batchAnswer struct{ Body wire.Batch }

func (a *API) enqueueBatch(ctx context.Context, in *enqueueInput) (*createdAnswer, error) {
	c := callOf(ctx)
	data, err := batchJob(c.body)
	c.body = nil
	if err != nil {
		return nil, err
	}
	s, err := workflowfile.ParseJob("body.json", data, workflowfile.Options{})
	if err != nil {
		return nil, invalidBatch(err)
	}
	return a.enqueueSingle(ctx, in, s, "/batches/")
}

const batchExample = `{"queue": "mail", "payloads": [{"to": "a@example.com"}]}`

// batchJob makes of a batch's body that of a job: its items go under batch.
func batchJob(body []byte) ([]byte, error) {
	all, err := objectOf(body)
	switch {
	case err != nil:
		return nil, newProblem(wire.CodeInvalidRequest, "send a batch like "+batchExample, "the body: %v", err)
	case all["payloads"] == nil:
		return nil, badParameter("payloads", "send a batch like "+batchExample, "is missing")
	}
	items := make(map[string]json.RawMessage)
	for _, name := range []string{"payloads", "mode"} {
		if v, there := all[name]; there {
			items[name] = v
			delete(all, name)
		}
	}
	for _, name := range []string{"batch", "map", "workflow", "gate", "payload", "with"} {
		if _, there := all[name]; there {
			return nil, badParameter(name, "a batch is a queue and payloads, like "+batchExample, "is no field of a batch")
		}
	}
	if all["batch"], err = plainjson.Marshal(items); err != nil {
		return nil, newProblem(wire.CodeInvalidRequest, "send a batch like "+batchExample, "the body is not valid JSON")
	}
	return plainjson.Marshal(all)
}

// invalidBatch is the report of a batch, in the words of its body. Its lines
// are not those that were sent.
func invalidBatch(err error) error {
	var p *problem
	if !errors.As(invalidJob(err), &p) {
		return err
	}
	words := strings.NewReplacer("batch.payloads", "payloads", "batch.mode", "mode")
	p.Detail = words.Replace(p.Detail)
	if p.Hint == "" {
		p.Hint = "send a batch like " + batchExample
	}
	for i := range p.Errors {
		e := &p.Errors[i]
		e.Path, e.Message, e.Line = words.Replace(e.Path), words.Replace(e.Message), 0
	}
	return p
}

// batch returns a job of items and the workflow that they are, the zero record
// when they are not made yet.
func (a *API) batch(ctx context.Context, text string) (j store.JobRecord, items store.WorkflowRecord, err error) {
	id, err := idOf(text)
	if err != nil {
		return j, items, err
	}
	if j, err = a.store.Job(ctx, id); err != nil {
		return j, items, err
	}
	if j.Parts == nil || j.Parts.Kind == workflow.PartsWorkflow {
		return j, items, newProblem(wire.CodeNotFound, "hammerwork job show "+id.String()+" shows what it is", "job %s is neither a batch nor a map", j.Name)
	}
	if j.Parts.Workflow == (job.ID{}) {
		return j, items, nil
	}
	items, err = a.store.Workflow(ctx, j.Parts.Workflow)
	return j, items, err
}

func (a *API) getBatch(ctx context.Context, in *Identified) (*batchAnswer, error) {
	j, items, err := a.batch(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	failed, err := a.failedItems(ctx, items)
	if err != nil {
		return nil, err
	}
	return &batchAnswer{wire.BatchFromRecord(j, items, failed)}, nil
}

// failedItems returns some items that did not complete.
func (a *API) failedItems(ctx context.Context, items store.WorkflowRecord) (list []store.JobRecord, err error) {
	t := items.Tally
	for _, kind := range []struct {
		status job.Status
		n      int
	}{{job.Dead, t.Dead}, {job.Failed, t.Failed}, {job.TimedOut, t.TimedOut}, {job.Cancelled, t.Cancelled}} {
		if want := wire.MaxBatchFailures - len(list); kind.n > 0 && want > 0 {
			page, _, err := fill(want, job.ID{}, func(after job.ID, limit int) ([]store.JobRecord, job.ID, error) {
				return a.store.Jobs(ctx, store.JobFilter{Workflow: items.ID, Status: kind.status, After: after, Limit: limit})
			})
			if err != nil {
				return nil, err
			}
			list = append(list, page...)
		}
	}
	return list, nil
}

type exportBatchInput struct {
	Identified
	Failed bool `query:"failed" doc:"Only items that ended and did not complete."`
}

func (a *API) exportBatch(ctx context.Context, in *exportBatchInput) (*huma.StreamResponse, error) {
	_, items, err := a.batch(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return a.stream(ndjson, func(ctx context.Context, to io.Writer) error { return a.writeItems(ctx, to, items.ID, in.Failed) }), nil
}

// writeItems writes items in their order, and holds one page of them at a time.
func (a *API) writeItems(ctx context.Context, to io.Writer, items job.ID, failed bool) error {
	if items == (job.ID{}) {
		return nil
	}
	encoder := plainjson.NewEncoder(to)
	for from := 0; ; {
		page, next, err := a.itemsFrom(ctx, items, from)
		if err != nil {
			return err
		}
		for _, j := range page {
			if failed && (j.Status == job.Completed || !j.Status.Terminal()) {
				continue
			}
			if err := encoder.Encode(wire.BatchItemFromRecord(j)); err != nil {
				return err
			}
		}
		if next == 0 {
			return nil
		}
		from = next
	}
}

// exportPage is how many items an export holds at a time: their payloads and
// results may be large.
const exportPage = 100

func (a *API) itemsFrom(ctx context.Context, items job.ID, from int) ([]store.JobRecord, int, error) {
	ctx, cancel := context.WithTimeout(ctx, a.cfg.RequestTimeout)
	defer cancel()
	return a.store.WorkflowJobs(ctx, items, from, exportPage)
}

func (a *API) retryBatch(ctx context.Context, in *Acting) (*batchAnswer, error) {
	by, err := a.by(ctx, in, `{"comment": "why"}`, nil)
	if err != nil {
		return nil, err
	}
	j, _, err := a.batch(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	changed, err := a.store.RetryJob(ctx, j.ID, nil, by)
	switch {
	case errors.Is(err, job.ErrWrongState):
		return nil, a.batchRetryRefusal(ctx, j, err)
	case err != nil:
		return nil, err
	}
	a.announce(changed)
	return a.getBatch(ctx, &in.Identified)
}

// batchRetryRefusal says why the items of a batch do not run again.
func (a *API) batchRetryRefusal(ctx context.Context, j store.JobRecord, refused error) error {
	show := "hammerwork batch status " + j.ID.String() + " shows how it stands"
	switch none := j.Parts.Tally.Completed == j.Parts.Tally.Total; {
	case !j.Status.Terminal():
		return newProblem(wire.CodeWrongState, show, "the batch has not ended: it is %s", j.Status)
	case j.Status == job.Completed && none:
		return newProblem(wire.CodeWrongState, show, "none of its items failed")
	}
	return a.jobRetryRefusal(ctx, j.ID, refused)
}

func (a *API) cancelBatch(ctx context.Context, in *Identified) (*batchAnswer, error) {
	j, _, err := a.batch(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	grace, err := a.grace(ctx)
	if err != nil {
		return nil, err
	}
	changed, err := a.store.CancelJob(ctx, j.ID, grace)
	switch {
	case errors.Is(err, job.ErrWrongState):
		return nil, newProblem(wire.CodeWrongState, "hammerwork batch status "+j.ID.String()+" shows how", "the batch has ended already: it is %s", j.Status)
	case err != nil:
		return nil, err
	}
	a.announce(changed)
	return a.getBatch(ctx, in)
}
