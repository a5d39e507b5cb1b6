package api_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/hammerwork/hammerwork/internal/wire"
)

func TestTheEventsOfAWorkflowComeInPagesThatCanBeResumed(t *testing.T) {
	r := start(t, config(), nil)
	id := r.create(forked)
	for range 3 {
		r.finish()
	}
	path := "/api/v1/workflows/" + id + "/events"
	all := into[wire.List[wire.Event]](r.get(path), http.StatusOK)
	if n := len(all.Items); n != 10 || all.NextCursor != "" {
		t.Fatalf("%d events, then %q", n, all.NextCursor)
	}
	first, last := all.Items[0], all.Items[9]
	if first.Type != "workflow_created" || first.JobID != "" || last.Type != "workflow_ended" && all.Items[8].Type != "workflow_ended" {
		t.Errorf("got %+v … %+v", first, last)
	}
	if e := all.Items[1]; e.Type != "job_started" || e.Job != "a" || e.Attempt != 1 || e.Worker == "" || e.Status != "running" {
		t.Errorf("got %+v", e)
	}
	var paged []wire.Event
	for cursor := ""; ; {
		page := into[wire.List[wire.Event]](r.get(path+"?limit=3&cursor="+cursor), http.StatusOK)
		paged = append(paged, page.Items...)
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	same := func(a, b wire.Event) bool { return a.ID == b.ID && a.Type == b.Type && a.Job == b.Job }
	if !slices.EqualFunc(paged, all.Items, same) {
		t.Errorf("in pages it is %+v", paged)
	}
	if rest := into[wire.List[wire.Event]](r.get(path+"?cursor="+last.ID), http.StatusOK); len(rest.Items) != 0 {
		t.Errorf("after the last one comes %+v", rest.Items)
	}
	for _, cursor := range []string{"x", "ZQ", last.ID + "A", last.ID[:len(last.ID)-2]} {
		r.get(path+"?cursor="+cursor).problem(http.StatusUnprocessableEntity, wire.CodeInvalidRequest)
	}
	r.get("/api/v1/workflows/0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70/events").problem(http.StatusNotFound, wire.CodeNotFound)
}
