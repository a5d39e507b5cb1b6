package api_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/wire"
)

const gates = `{"name": "deploy", "jobs": [
	{"name": "sign-off", "gate": {"type": "approval", "expires_after": "1h"}},
	{"name": "paid", "gate": "signal"},
	{"name": "night", "gate": {"type": "timer", "wait": "1h"}},
	{"name": "later", "gate": "approval", "depends_on": ["sign-off"]},
	{"name": "ship", "queue": "shop", "depends_on": ["sign-off", "paid"]}]}`

func TestAnApprovalIsGivenByItsNameAndTellsWhoGaveIt(t *testing.T) {
	r := start(t, config(), nil)
	id := r.create(gates)
	r.assemble()
	if g := r.job(id, "sign-off").Gate; g == nil || g.Type != "approval" || g.OpenedAt == nil || g.ExpiresAt == nil || g.Answer != nil {
		t.Fatalf("the gate is %+v", g)
	}
	if j := r.job(id, "ship"); j.Gate != nil || j.Parts != nil {
		t.Errorf("a job with work has a gate or parts: %+v", j)
	}
	r.steer(id, "approve", `{"job": "sign-off", "comment": "looks right"}`, with("X-Hammerwork-Actor", "ann"))
	j := r.job(id, "sign-off")
	if j.Status != "completed" || j.Gate.Answer == nil || !j.Gate.Answer.Approved || j.Gate.Answer.Actor != "ann" || j.Gate.Answer.Comment != "looks right" || j.Gate.Answer.At == nil {
		t.Errorf("the job is %s, its gate %+v", j.Status, j.Gate)
	}
	audit := into[wire.List[wire.AuditEntry]](r.get("/api/v1/workflows/"+id+"/audit"), http.StatusOK)
	if len(audit.Items) != 1 || audit.Items[0].Action != "approve" || audit.Items[0].Job != "sign-off" {
		t.Errorf("the audit has %+v", audit.Items)
	}
	p := r.post("/api/v1/workflows/"+id+"/reject", `{"job": "sign-off"}`).problem(http.StatusConflict, wire.CodeWrongState)
	if !strings.Contains(p.Detail, "was approved already by ann at 20") {
		t.Errorf("the second answer is refused with %q", p.Detail)
	}
}

func TestASignalSendsItsPayloadAndWakesWhatWaitsForIt(t *testing.T) {
	r := start(t, config(), nil)
	id := r.create(gates)
	r.assemble()
	r.steer(id, "approve", `{"job": "sign-off"}`)
	heard := r.hears(bus.ReadySubject("shop"))
	r.steer(id, "signal", `{"job": "paid", "payload": {"amount": 12}}`)
	hear(t, heard, bus.ReadySubject("shop"))
	if j := r.job(id, "paid"); j.Status != "completed" || string(j.Result) != `{"amount":12}` && string(j.Result) != `{"amount": 12}` {
		t.Errorf("it is %s, result %s", j.Status, j.Result)
	}
}

func TestGatesWithoutAWorkflowAreAnsweredByTheirIDs(t *testing.T) {
	r := start(t, config(), nil)
	approval, signal := r.enqueue(`{"gate": "approval", "name": "a", "queue": "gate"}`), r.enqueue(`{"gate": "signal", "name": "s", "queue": "gate"}`)
	r.assemble()
	if j := into[wire.Job](r.post("/api/v1/jobs/"+approval+"/reject", `{"comment": "no"}`), http.StatusOK); j.Status != "failed" || j.Reason != "rejected" || j.Error != "no" {
		t.Errorf("the rejected gate is %s %s %q", j.Status, j.Reason, j.Error)
	}
	if j := into[wire.Job](r.post("/api/v1/jobs/"+signal+"/signal", `{"payload": [1]}`), http.StatusOK); j.Status != "completed" || string(j.Result) != "[1]" {
		t.Errorf("the signal is %s %s", j.Status, j.Result)
	}
}

func TestAGateWithinAJobThatIsAWorkflowIsAnsweredByItsPath(t *testing.T) {
	r := start(t, config(), nil)
	id := r.create(`{"name": "w", "jobs": [
		{"name": "a", "workflow": {"jobs": [{"name": "b", "gate": "approval"}, {"name": "c", "workflow": {"jobs": [{"name": "e", "gate": "signal"}]}}]}},
		{"name": "later", "depends_on": ["a"], "workflow": {"jobs": [{"name": "f", "gate": "approval"}]}}]}`)
	for range 3 {
		r.assemble()
	}
	tell := func(verb, name string) *answer {
		return r.post("/api/v1/workflows/"+id+"/"+verb, `{"job": "`+name+`"}`)
	}
	into[wire.WorkflowItem](tell("signal", "a/c/e"), http.StatusOK)
	tell("signal", "a/c/e").problem(http.StatusConflict, wire.CodeWrongState)
	into[wire.WorkflowItem](tell("approve", "a/b"), http.StatusOK)
	tell("approve", "a/b").problem(http.StatusConflict, wire.CodeWrongState)
	tell("approve", "later/f").problem(http.StatusConflict, wire.CodeWrongState) // it has not opened yet
	for _, name := range []string{"a/x", "x/b", "/a/b", "a/b/", "a/b/c"} {
		tell("approve", name).problem(http.StatusNotFound, wire.CodeNotFound)
	}
}

func TestAnAnswerThatAGateDoesNotTakeSaysWhy(t *testing.T) {
	r := start(t, config(), nil)
	id := r.create(gates)
	r.assemble()
	for body, want := range map[string]string{
		"approve paid":    "job paid is a signal",
		"signal sign-off": "job sign-off is an approval",
		"approve night":   "job night is a timer",
		"approve later":   "job later has not opened yet",
		"approve ship":    "job ship is no gate",
		"approve sign-of": `no job "sign-of"`,
		"approve ":        "job is missing",
	} {
		verb, name, _ := strings.Cut(body, " ")
		a := r.post("/api/v1/workflows/"+id+"/"+verb, `{"job": "`+name+`"}`)
		status, code := http.StatusConflict, wire.CodeWrongState
		switch name {
		case "sign-of":
			status, code = http.StatusNotFound, wire.CodeNotFound
		case "":
			status, code = http.StatusUnprocessableEntity, wire.CodeInvalidRequest
		}
		p := a.problem(status, code)
		if !strings.Contains(p.Detail, want) {
			t.Errorf("%s: %q; want %q", body, p.Detail, want)
		}
		if name == "" && !strings.Contains(p.Hint, "sign-off (approval)") {
			t.Errorf("the hint names no open gate: %q", p.Hint)
		}
	}
	r.post("/api/v1/workflows/0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70/approve", `{"job": "a"}`).problem(http.StatusNotFound, wire.CodeNotFound)
	r.post("/api/v1/jobs/0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70/approve", "").problem(http.StatusNotFound, wire.CodeNotFound)
}

// batch enqueues a batch and returns its id.
func (r *rig) batch(body string) string {
	r.t.Helper()
	id := into[wire.Created](r.post("/api/v1/batches", body), http.StatusCreated).ID
	r.assemble()
	return id
}

// assemble does what resolvers do for gates and jobs of parts.
func (r *rig) assemble() {
	r.t.Helper()
	_, edges := r.store.CheckEdges(r.t.Context(), 1000)
	_, parts := r.store.CheckParts(r.t.Context(), 1000)
	if err := errors.Join(edges, parts); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) batchOf(id string) wire.Batch {
	r.t.Helper()
	return into[wire.Batch](r.get("/api/v1/batches/"+id), http.StatusOK)
}

func (r *rig) exported(path string) (items []wire.BatchItem) {
	r.t.Helper()
	a := r.get(path)
	if a.status != http.StatusOK || a.header.Get("Content-Type") != "application/x-ndjson" {
		r.t.Fatalf("%s: %d %s", path, a.status, a.header.Get("Content-Type"))
	}
	for line := range strings.Lines(string(a.body)) {
		var item wire.BatchItem
		if err := json.Unmarshal([]byte(line), &item); err != nil {
			r.t.Fatalf("%s: %v in %s", path, err, line)
		}
		items = append(items, item)
	}
	return items
}

func TestABatchIsShownExportedAndItsFailedItemsRunAgain(t *testing.T) {
	r := start(t, config(), nil)
	id := r.batch(`{"queue": "mail", "name": "news", "payloads": [{"n": 0}, {"n": 1}, {"n": 2}], "retry": {"max_attempts": 1}}`)
	b := r.batchOf(id)
	if b.ID != id || b.Status != "suspended" || b.Kind != "batch" || b.Mode != "continue_on_error" || b.Stats.TotalJobs != 3 || b.ItemsID == "" || len(b.Failures) != 0 {
		t.Errorf("the batch is %+v", b)
	}
	r.post("/api/v1/batches/"+id+"/retry", "").problem(http.StatusConflict, wire.CodeWrongState)
	r.finish("news[1]")
	r.assemble()
	b = r.batchOf(id)
	if b.Status != "completed" || b.Stats.Completed != 2 || b.Stats.Failed != 1 || len(b.Failures) != 1 || b.Failures[0].Index != 1 || b.Failures[0].Error != "broken" {
		t.Errorf("the batch is %+v", b)
	}
	items := r.exported("/api/v1/batches/" + id + "/export")
	if len(items) != 3 || items[2].Index != 2 || items[2].Name != "news[2]" || items[1].Status != "failed" || items[1].Error != "broken" || !strings.Contains(string(items[0].Payload), "0") || !strings.Contains(string(items[0].Result), "3") {
		t.Errorf("exported %+v", items)
	}
	if failed := r.exported("/api/v1/batches/" + id + "/export?failed=true"); len(failed) != 1 || failed[0].Index != 1 {
		t.Errorf("exported of what failed: %+v", failed)
	}
	if b := into[wire.Batch](r.post("/api/v1/batches/"+id+"/retry", `{"comment": "again"}`), http.StatusOK); b.Status != "suspended" || b.Run != 2 {
		t.Errorf("after the retry it is %s, run %d", b.Status, b.Run)
	}
	r.assemble()
	claimed := r.claim(10)
	if len(claimed) != 1 || claimed[0].Name != "news[1]" {
		t.Errorf("claimed after the retry: %+v", claimed)
	}
}

func TestPayloadsOfABatchKeepWhatHTMLWantsEscaped(t *testing.T) {
	r := start(t, config(), nil)
	items := r.exported("/api/v1/batches/" + r.batch(`{"queue": "mail", "payloads": ["<b>&</b>", "\u003c"]}`) + "/export")
	if len(items) != 2 || string(items[0].Payload) != `"<b>&</b>"` || string(items[1].Payload) != `"\u003c"` {
		t.Errorf("exported %+v", items)
	}
}

func TestABatchIsCancelledWithItsItems(t *testing.T) {
	r := start(t, config(), nil)
	id := r.batch(`{"queue": "mail", "payloads": [1, 2]}`)
	if b := into[wire.Batch](r.post("/api/v1/batches/"+id+"/cancel", ""), http.StatusOK); b.ID != id {
		t.Errorf("the batch is %+v", b)
	}
	r.assemble()
	r.assemble()
	if b := r.batchOf(id); b.Status != "cancelled" || b.Stats.Cancelled != 2 {
		t.Errorf("the batch is %s, %+v", b.Status, b.Stats)
	}
	r.post("/api/v1/batches/"+id+"/cancel", "").problem(http.StatusConflict, wire.CodeWrongState)
}

func TestABatchWithAKeyIsStoredOnce(t *testing.T) {
	r := start(t, config(), nil)
	const body = `{"queue": "mail", "payloads": [1, 2], "idempotency_key": "k"}`
	id := r.batch(body)
	if again := into[wire.Created](r.post("/api/v1/batches", body), http.StatusOK); again.ID != id || !again.Existing {
		t.Errorf("again made %+v", again)
	}
	r.post("/api/v1/batches", `{"queue": "mail", "payloads": [1, 3], "idempotency_key": "k"}`).problem(http.StatusConflict, wire.CodeConflict)
}

func TestABatchThatIsNoneIsRefusedInItsOwnWords(t *testing.T) {
	r := start(t, config(), nil)
	for body, want := range map[string]string{
		`{"queue": "mail"}`:                 "payloads is missing",
		`[]`:                                "not a JSON object",
		`{"queue": "mail", "payloads": []}`: "no items",
		`{"queue": "mail", "payloads": 3}`:  "payloads",
		`{"queue": "mail", "payloads": [1], "payload": 2}`:       "payload is no field of a batch",
		`{"queue": "mail", "payloads": [1], "gate": "approval"}`: "gate is no field of a batch",
		`{"payloads": [1]}`: "queue",
		`{"queue": "mail", "payloads": [1], "mode": "fail_slowly"}`:   "mode",
		`{"queue": "mail", "payloads": [1], "nonsense": "fail_slow"}`: "nonsense",
	} {
		p := r.post("/api/v1/batches", body).problem(http.StatusUnprocessableEntity, wire.CodeInvalidRequest)
		if !strings.Contains(p.Detail, want) || strings.Contains(p.Detail, "batch.") || slices.ContainsFunc(p.Errors, func(e wire.ProblemItem) bool { return strings.HasPrefix(e.Path, "batch.") || e.Line > 0 }) {
			t.Errorf("%s: %q, %+v", body, p.Detail, p.Errors)
		}
	}
	r.get("/api/v1/batches/"+r.enqueue(`{"queue": "q"}`)).problem(http.StatusNotFound, wire.CodeNotFound)
}

func TestListsOfWorkflowsLeaveOutWhatJobsAreMadeOfUnlessAsked(t *testing.T) {
	r := start(t, config(), nil)
	id := r.create(`{"name": "outer", "jobs": [{"name": "inner", "workflow": {"jobs": [{"name": "a", "queue": "q"}]}}]}`)
	r.assemble()
	names := func(query string) string {
		var list []string
		for _, w := range into[wire.List[wire.WorkflowItem]](r.get("/api/v1/workflows"+query), http.StatusOK).Items {
			list = append(list, w.Name)
		}
		slices.Sort(list)
		return strings.Join(list, " ")
	}
	inner := r.job(id, "inner")
	if got := names(""); got != "outer" {
		t.Errorf("the list has %s", got)
	}
	if got := names("?all=true"); got != "outer outer/inner" {
		t.Errorf("the list of all has %s", got)
	}
	if got := names("?parent=" + inner.ID); got != "outer/inner" {
		t.Errorf("the list of the job's has %s", got)
	}
	r.get("/api/v1/workflows?parent=me").problem(http.StatusUnprocessableEntity, wire.CodeInvalidRequest)
	if p := inner.Parts; p == nil || p.Kind != "workflow" || p.Stats.TotalJobs != 1 || p.Status != "running" {
		t.Fatalf("its parts are %+v", p)
	}
	if w := r.workflow(inner.Parts.WorkflowID); w.ParentJobID != inner.ID || w.ParentWorkflowID != id {
		t.Errorf("its parents are %s and %s", w.ParentJobID, w.ParentWorkflowID)
	}
}
