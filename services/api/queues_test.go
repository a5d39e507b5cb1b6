package api_test

import (
	"maps"
	"net/http"
	"testing"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
)

func TestAPausedQueueGivesNothingUntilItIsResumed(t *testing.T) {
	r := start(t, config(), nil)
	r.enqueue(`{"queue": "db/main", "name": "load"}`)
	q := into[wire.Queue](r.post("/api/v1/queues/db%2Fmain/pause", ""), http.StatusOK)
	if q.Name != "db/main" || !q.Paused || q.PausedAt == nil || q.Ready != 1 {
		t.Errorf("got %+v", q)
	}
	if jobs := r.claim(1); len(jobs) != 0 {
		t.Errorf("a paused queue gave %v", jobs)
	}
	again := into[wire.Queue](r.post("/api/v1/queues/db%2Fmain/pause", ""), http.StatusOK)
	if !again.PausedAt.Equal(*q.PausedAt) {
		t.Errorf("paused again at %s; want %s", again.PausedAt, q.PausedAt)
	}
	heard := r.hears("hw.v1.ready.>")
	if q := into[wire.Queue](r.post("/api/v1/queues/db%2Fmain/resume", ""), http.StatusOK); q.Paused || q.PausedAt != nil {
		t.Errorf("got %+v", q)
	}
	hear(t, heard, bus.ReadySubject("db/main"))
	if jobs := r.claim(1); len(jobs) != 1 {
		t.Errorf("a resumed queue gave %v", jobs)
	}
}

func TestAQueueThatHasNothingMayBePausedAndResumed(t *testing.T) {
	r := start(t, config(), nil)
	for path, name := range map[string]string{"new": "new", "a%20b%25%3F%23": "a b%?#", "%C3%BC": "ü", "%2E%2E": "..", "pause": "pause"} {
		if q := into[wire.Queue](r.post("/api/v1/queues/"+path+"/pause", ""), http.StatusOK); q.Name != name || !q.Paused {
			t.Errorf("%s: got %+v", path, q)
		}
		if q := into[wire.Queue](r.post("/api/v1/queues/"+path+"/resume", ""), http.StatusOK); q.Name != name || q.Paused {
			t.Errorf("%s: got %+v", path, q)
		}
		if q := into[wire.Queue](r.post("/api/v1/queues/"+path+"/resume", ""), http.StatusOK); q.Name != name || q.Paused {
			t.Errorf("%s: got %+v", path, q)
		}
	}
	for _, path := range []string{"a%00b", "a%0Ab", "%FF", "%7F"} {
		r.post("/api/v1/queues/"+path+"/pause", "").problem(http.StatusUnprocessableEntity, wire.CodeInvalidRequest)
		r.post("/api/v1/queues/"+path+"/resume", "").problem(http.StatusUnprocessableEntity, wire.CodeInvalidRequest)
	}
}

func TestQueuesAndWorkersAreListed(t *testing.T) {
	r := start(t, config(), nil)
	if l := into[wire.List[wire.Queue]](r.get("/api/v1/queues"), http.StatusOK); l.Items == nil || len(l.Items) != 0 {
		t.Errorf("got %+v", l)
	}
	if l := into[wire.List[wire.Worker]](r.get("/api/v1/workers"), http.StatusOK); l.Items == nil || len(l.Items) != 0 {
		t.Errorf("got %+v", l)
	}
	r.create(pipeline)
	if err := r.store.SeeWorkers(t.Context(), []store.WorkerSeen{{Name: "w1", Queues: []string{"etl"}, Slots: 4}}); err != nil {
		t.Fatal(err)
	}
	r.claim(1)
	queues := into[wire.List[wire.Queue]](r.get("/api/v1/queues"), http.StatusOK)
	if len(queues.Items) != 1 || queues.Items[0].Name != "etl" || queues.Items[0].Running != 1 || queues.Items[0].Workers != 1 {
		t.Errorf("got %+v", queues)
	}
	workers := into[wire.List[wire.Worker]](r.get("/api/v1/workers"), http.StatusOK)
	if len(workers.Items) != 1 || workers.Items[0].Name != "w1" || workers.Items[0].Slots != 4 || workers.Items[0].Running != 1 || workers.Items[0].LastSeenAt == nil {
		t.Errorf("got %+v", workers)
	}
}

func TestThePrioritiesOfAQueueAreWeightedAndStrictAgain(t *testing.T) {
	r := start(t, config(), nil)
	q := into[wire.Queue](r.get("/api/v1/queues/db%2Fmain"), http.StatusOK)
	if q.Name != "db/main" || len(q.Weights) != 0 {
		t.Errorf("a queue that nobody has seen is %+v", q)
	}
	q = into[wire.Queue](r.put("/api/v1/queues/db%2Fmain/priorities", `{"weights": {"critical": 16, "high": 8, "normal": 4, "low": 2}}`), http.StatusOK)
	want := map[string]int{"critical": 16, "high": 8, "normal": 4, "low": 2, "background": 1}
	if !maps.Equal(q.Weights, want) {
		t.Errorf("weights are %v", q.Weights)
	}
	if q := into[wire.Queue](r.get("/api/v1/queues/db%2Fmain"), http.StatusOK); !maps.Equal(q.Weights, want) {
		t.Errorf("weights are %v", q.Weights)
	}
	for _, body := range []string{`{"weights": {"urgent": 1}}`, `{"weights": {"high": 0}}`, `{"weights": [1]}`, `{}`, ``, `{"strict": true}`, `{"weights": {"high": 1.5}}`} {
		r.put("/api/v1/queues/db%2Fmain/priorities", body).problem(http.StatusUnprocessableEntity, wire.CodeInvalidRequest)
	}
	if q := into[wire.Queue](r.put("/api/v1/queues/db%2Fmain/priorities", `{"weights": null}`), http.StatusOK); len(q.Weights) != 0 {
		t.Errorf("weights are %v", q.Weights)
	}
}
