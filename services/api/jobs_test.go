package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
)

func mustID(t testing.TB, text string) job.ID {
	t.Helper()
	id, err := job.ParseID(text)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestAJobIsEnqueuedAndSeen(t *testing.T) {
	r := start(t, config(), nil)
	heard := r.hears("hw.v1.ready.>")
	a := r.post("/api/v1/jobs", `{"queue": "mail", "name": "hello", "payload": {"n": 12345678901234567890, "u": "\u0000"}, "priority": "high",
		"timeout": "30s", "retry": {"max_attempts": 5}, "correlation_id": "order-7"}`)
	made := into[wire.Created](a, http.StatusCreated)
	if a.header.Get("Location") != "/api/v1/jobs/"+made.ID || made.Name != "hello" {
		t.Errorf("created %+v at %s", made, a.header.Get("Location"))
	}
	hear(t, heard, bus.ReadySubject("mail"))
	claimed := r.claim(1)
	if _, err := r.store.Resolve(t.Context(), []job.Outcome{{Fence: claimed[0].Fence, Kind: job.KindFailed, Error: "refused"}}); err != nil {
		t.Fatal(err)
	}
	j := into[wire.Job](r.get("/api/v1/jobs/"+made.ID), http.StatusOK)
	if j.ID != made.ID || j.Name != "hello" || j.Queue != "mail" || j.Status != "retrying" || j.Priority != "high" || j.MaxAttempts != 5 || j.CorrelationID != "order-7" ||
		string(j.Payload) != `{"n":12345678901234567890,"u":"\u0000"}` || len(j.Attempts) != 1 || j.Attempts[0].Error != "refused" || j.Dependencies != nil {
		t.Errorf("got %+v", j)
	}
}

func TestAJobMayWaitForOthersAndForItsTime(t *testing.T) {
	r := start(t, config(), nil)
	checks := r.hears(bus.CheckEdges)
	timers := r.hears(bus.Timers)
	parent := r.enqueue(`{"queue": "q", "name": "first"}`)
	child := r.enqueue(`{"queue": "q", "depends_on": ["` + parent + `"]}`)
	hear(t, checks, bus.CheckEdges)
	later := r.enqueue(`{"queue": "q", "delay": "1h"}`)
	hear(t, timers, bus.Timers)
	if j := into[wire.Job](r.get("/api/v1/jobs/"+later), http.StatusOK); time.Until(*j.ScheduledAt) < 59*time.Minute {
		t.Errorf("got %+v", j)
	}
	j := into[wire.Job](r.get("/api/v1/jobs/"+child+"?include=dependencies"), http.StatusOK)
	if j.DependencyStatus != "waiting" || fmt.Sprint(j.DependsOn) != "["+parent+"]" || j.Dependencies == nil || len(j.Dependencies.Parents) != 1 || j.Dependencies.Parents[0].Name != "first" {
		t.Errorf("got %+v", j)
	}
	d := into[wire.Dependencies](r.get("/api/v1/jobs/"+parent+"/dependencies"), http.StatusOK)
	if len(d.Parents) != 0 || d.Parents == nil || len(d.Children) != 1 || d.Children[0].ID != child || d.Children[0].State != "unresolved" {
		t.Errorf("got %+v", d)
	}
	unknown := job.NewID().String()
	r.post("/api/v1/jobs", `{"queue": "q", "depends_on": ["`+unknown+`"]}`).problem(http.StatusUnprocessableEntity, wire.CodeUnknownParent)
}

func TestAJobThatDoesNotRunIsExplained(t *testing.T) {
	r := start(t, config(), nil)
	parent := r.enqueue(`{"queue": "q", "name": "first"}`)
	child := r.enqueue(`{"queue": "q", "depends_on": ["` + parent + `"]}`)
	if _, err := r.store.CheckEdges(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	e := into[wire.Explanation](r.get("/api/v1/jobs/"+child+"/explain"), http.StatusOK)
	if e.ID != child || e.Claimable || e.At == nil || len(e.Reasons) != 2 || e.Reasons[0].Code != "waits_for_parents" || e.Reasons[0].Hint != "hammerwork job explain "+parent ||
		len(e.Reasons[0].Parents) != 1 || e.Reasons[0].Parents[0].ID != parent || e.Reasons[0].Parents[0].Name != "first" || e.Reasons[1].Code != "no_worker" {
		t.Errorf("the child: %+v", e)
	}
	r.post("/api/v1/queues/q/pause", "")
	e = into[wire.Explanation](r.get("/api/v1/jobs/"+parent+"/explain"), http.StatusOK)
	if e.Claimable || e.Reasons[0].Code != "queue_paused" {
		t.Errorf("the parent, paused: %+v", e)
	}
	r.post("/api/v1/queues/q/resume", "")
	if e = into[wire.Explanation](r.get("/api/v1/jobs/"+parent+"/explain"), http.StatusOK); !e.Claimable {
		t.Errorf("the parent, resumed: %+v", e)
	}
	r.claim(1)
	e = into[wire.Explanation](r.get("/api/v1/jobs/"+parent+"/explain"), http.StatusOK)
	if e.Claimable || len(e.Reasons) != 1 || e.Reasons[0].Code != "unaccepted" || e.Reasons[0].Until == nil {
		t.Errorf("the parent, claimed: %+v", e)
	}
	r.get("/api/v1/jobs/"+job.NewID().String()+"/explain").problem(http.StatusNotFound, wire.CodeNotFound)
}

func TestAJobOfAWorkflowNamesItsParents(t *testing.T) {
	r := start(t, config(), nil)
	id := r.create(pipeline)
	w := into[wire.Workflow](r.get("/api/v1/workflows/"+id), http.StatusOK)
	j := into[wire.Job](r.get("/api/v1/jobs/"+w.Jobs[1].ID), http.StatusOK)
	if fmt.Sprint(j.DependsOn) != "[extract]" || j.WorkflowID != id {
		t.Errorf("got %+v", j)
	}
}

func TestAKeyWithOtherParentsIsAnotherRequest(t *testing.T) {
	r := start(t, config(), nil)
	child := func() string {
		return `{"queue": "mail", "idempotency_key": "k", "depends_on": ["` + r.enqueue(`{"queue": "q"}`) + `"]}`
	}
	r.enqueue(child())
	r.post("/api/v1/jobs", child()).problem(http.StatusConflict, wire.CodeConflict)
}

func TestARepeatedEnqueueWithAKeyIsAnsweredWithTheFirst(t *testing.T) {
	r := start(t, config(), nil)
	const body = `{"queue": "mail", "payload": {"to": "a"}, "idempotency_key": "k"}`
	id := r.enqueue(body)
	if made := into[wire.Created](r.post("/api/v1/jobs", body), http.StatusOK); made.ID != id || !made.Existing {
		t.Errorf("got %+v", made)
	}
	inHeader := r.post("/api/v1/jobs", `{"payload":{"to":"a"},"queue":"mail"}`, with("Idempotency-Key", "k"))
	if made := into[wire.Created](inHeader, http.StatusOK); made.ID != id {
		t.Errorf("got %+v", made)
	}
	r.post("/api/v1/jobs", `{"queue": "mail", "payload": {"to": "b"}, "idempotency_key": "k"}`).problem(http.StatusConflict, wire.CodeConflict)
	if other := r.enqueue(`{"queue": "other", "payload": {"to": "a"}, "idempotency_key": "k"}`); other == id {
		t.Error("keys of two queues are one")
	}
	r.post("/api/v1/jobs", body, with("Idempotency-Key", "other")).problem(http.StatusUnprocessableEntity, wire.CodeInvalidRequest)
	r.post("/api/v1/jobs", `{"queue": "q", "idempotency_key": "a\u0000"}`).problem(http.StatusUnprocessableEntity, wire.CodeInvalidRequest)
	r.post("/api/v1/jobs", `{"queue": "q"}`, with("Idempotency-Key", "")).problem(http.StatusUnprocessableEntity, wire.CodeInvalidRequest)
	r.post("/api/v1/workflows", pipeline, func(q *http.Request) { q.Header["Idempotency-Key"] = []string{"a", "b"} }).
		problem(http.StatusUnprocessableEntity, wire.CodeInvalidRequest)
	r.post("/api/v1/jobs", `{"queue": "q"}`, with("Idempotency-Key", strings.Repeat("x", 256))).problem(http.StatusUnprocessableEntity, wire.CodeInvalidRequest)
}

func TestJobsAreListedByWhatIsAskedFor(t *testing.T) {
	r := start(t, config(), nil)
	id := r.create(pipeline)
	r.enqueue(`{"queue": "mail", "priority": "low"}`)
	r.enqueue(`{"queue": "mail"}`)
	r.claim(1)
	for query, n := range map[string]int{
		"": 5, "queue=mail": 2, "queue=db%2Fmain": 1, "queue=none": 0, "status=running": 1, "status=pending": 4, "status=waiting": 2,
		"status=pending&dependency_status=waiting": 2, "dependency_status=none": 3, "priority=low": 1, "priority=normal": 3,
		"workflow_id=" + id: 3, "workflow_id=" + job.NewID().String(): 0, "since=5m": 5, "since=2100-01-01T00:00:00%2B02:00": 0,
		"status=waiting&queue=etl&workflow_id=" + id: 1, "status=waiting&dependency_status=waiting": 2,
	} {
		l := into[wire.List[wire.Job]](r.get("/api/v1/jobs?"+query), http.StatusOK)
		if len(l.Items) != n || l.NextCursor != "" {
			t.Errorf("%s: %d jobs, next %q; want %d", query, len(l.Items), l.NextCursor, n)
		}
		for _, j := range l.Items {
			if len(j.Payload) > 0 {
				t.Errorf("%s: a payload is in the list", query)
			}
		}
	}
	var got []string
	cursor := ""
	for {
		l := into[wire.List[wire.Job]](r.get("/api/v1/jobs?limit=2&cursor="+cursor), http.StatusOK)
		for _, j := range l.Items {
			got = append(got, j.Name)
		}
		if cursor = l.NextCursor; cursor == "" {
			break
		}
	}
	if fmt.Sprint(got) != "[mail mail load transform extract]" {
		t.Errorf("got %v", got)
	}
}

func TestAJobIsCancelled(t *testing.T) {
	r := start(t, config(), nil)
	id := r.enqueue(`{"queue": "q"}`)
	held := r.enqueue(`{"queue": "held", "priority": "critical"}`)
	r.claim(1)
	if j := into[wire.Job](r.post("/api/v1/jobs/"+id+"/cancel", ""), http.StatusOK); j.Status != "cancelled" || j.Reason != "user" {
		t.Errorf("got %+v", j)
	}
	r.post("/api/v1/jobs/"+id+"/cancel", "").problem(http.StatusConflict, wire.CodeWrongState)
	heard := r.hears("hw.v1.control.>")
	if j := into[wire.Job](r.post("/api/v1/jobs/"+held+"/cancel", `{"grace": "1m"}`), http.StatusOK); j.Status != "running" {
		t.Errorf("got %+v", j)
	}
	hear(t, heard, bus.ControlSubject("w1"))
}

func TestWhatIsWrongWithAJobIsSaid(t *testing.T) {
	r := start(t, config(), nil)
	for body, says := range map[string]string{
		`{}`:                                   "no queue",
		`{"queue": "q", "prio": "high"}`:       "no field",
		`{"queue": "q", "condition": "x > 1"}`: "not known here",
		`{"queue": "q", "depends_on": ["extract"]}`: "not the id of a job",
		`{"queue": "q", "queue": "p"}`:              "twice",
		`{"queue": "q"}{}`:                          "not valid JSON",
		`{"queue": "a\u0000b"}`:                     "control character",
		`[]`:                                        "not an object",
		` `:                                         "empty",
	} {
		if p := r.post("/api/v1/jobs", body).problem(http.StatusUnprocessableEntity, wire.CodeInvalidRequest); !strings.Contains(p.Detail, says) {
			t.Errorf("%s: got %+v", body, p)
		}
	}
	r.post("/api/v1/jobs", `{"queue": "q", "payload": "`+strings.Repeat("x", 300_000)+`"}`).problem(http.StatusRequestEntityTooLarge, wire.CodeTooLarge)
	r.post("/api/v1/jobs", `{"queue": "q", "payload": "`+strings.Repeat("x", 2_000_000)+`"}`).problem(http.StatusRequestEntityTooLarge, wire.CodeTooLarge)
}

func TestTheIdsOfARequestGoToWhatItEnqueues(t *testing.T) {
	r := start(t, config(), nil)
	const trace = "0af7651916cd43dd8448eb211c80319c"
	changes := []change{with("Traceparent", "00-"+trace+"-b7ad6b7169203331-01"), with("X-Correlation-Id", "order-7")}
	a := r.post("/api/v1/workflows", pipeline, changes...)
	if a.header.Get("Traceparent") != "00-"+trace+"-b7ad6b7169203331-01" || a.header.Get("X-Correlation-Id") != "order-7" {
		t.Errorf("answered with %v", a.header)
	}
	id := into[wire.Created](a, http.StatusCreated).ID
	w := into[wire.Workflow](r.get("/api/v1/workflows/"+id), http.StatusOK)
	if w.TraceID != trace || w.CorrelationID != "order-7" {
		t.Errorf("got %+v", w)
	}
	own := into[wire.Created](r.post("/api/v1/jobs", `{"queue": "q", "trace_id": "1af7651916cd43dd8448eb211c80319c", "correlation_id": "mine"}`, changes...), http.StatusCreated)
	j := into[wire.Job](r.get("/api/v1/jobs/"+own.ID), http.StatusOK)
	if j.TraceID != "1af7651916cd43dd8448eb211c80319c" || j.CorrelationID != "mine" {
		t.Errorf("got %+v", j)
	}
	broken := into[wire.Created](r.post("/api/v1/jobs", `{"queue": "q"}`, with("Traceparent", "nonsense")), http.StatusCreated)
	if j := into[wire.Job](r.get("/api/v1/jobs/"+broken.ID), http.StatusOK); len(j.TraceID) != 32 {
		t.Errorf("got %+v", j)
	}
	r.post("/api/v1/jobs", `{"queue": "q"}`, with("X-Correlation-Id", strings.Repeat("x", 201))).problem(http.StatusUnprocessableEntity, wire.CodeInvalidRequest)
}

func TestPayloadsAreKeptByteForByte(t *testing.T) {
	r := start(t, config(), nil)
	const payload = `{"a":1.50,"b":1e400,"u":"\ud83d\ude00\u0000<&>","z":null}`
	id := r.enqueue(`{"queue": "q", "payload": ` + payload + `}`)
	var j struct{ Payload json.RawMessage }
	if err := json.Unmarshal(r.get("/api/v1/jobs/"+id).body, &j); err != nil || string(j.Payload) != payload {
		t.Errorf("got %s, %v", j.Payload, err)
	}
}
