package worker_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

// order is a payload with a field of every kind that can go wrong.
type order struct {
	ID    int8      `json:"id"`
	Due   time.Time `json:"due"`
	Code  word      `json:"code"`
	Lines []struct {
		Amount int `json:"amount"`
	} `json:"lines"`
}

// word decodes itself and shows what it was given when it cannot.
type word string

func (w *word) UnmarshalJSON(raw []byte) error {
	if len(raw) > 4 {
		return fmt.Errorf("too long: %s", raw)
	}
	*w = word(raw)
	return nil
}

func typed(h func(context.Context, *worker.Job, order) (any, error)) func(*worker.Worker) error {
	return func(w *worker.Worker) error { return worker.HandleTyped(w, "q", h, worker.Concurrency(1)) }
}

func payload(text string) func(*bus.Job) {
	return func(j *bus.Job) { j.Payload = bus.Text(text) }
}

func TestATypedHandlerGetsItsPayloadDecodedAndItsResultEncoded(t *testing.T) {
	bubble(t, worker.Config{}, typed(func(_ context.Context, j *worker.Job, o order) (any, error) {
		return map[string]any{"job": j.Name, "id": o.ID, "first": o.Lines[0].Amount, "text": "a<b && c>d"}, nil
	}), func(r *rig) {
		r.deliver(payload(`{"id": 7, "lines": [{"amount": 3}], "new": true}`))
		equal(t, "result", string(r.outcome().Result), `{"first":3,"id":7,"job":"j","text":"a<b && c>d"}`)
	})
}

func TestAPayloadThatDoesNotFitFailsForGoodNamesItsFieldAndIsNotShown(t *testing.T) {
	for text, want := range map[string]string{
		`{"id": "hush"}`:                  "payload: field id: the string does not fit into int8",
		`{"id": 300}`:                     "payload: field id: the number does not fit into int8",
		`{"lines": [{"amount": "hush"}]}`: "payload: field lines.amount: the string does not fit into int",
		`{"id": 1, "due": "hush"}`:        "payload: field due: the value does not fit into worker_test.order",
		`{"id": 1, "code": "hush"}`:       "payload: field code: the value does not fit into worker_test.order",
		`["hush"]`:                        "payload: the array does not fit into worker_test.order",
		`"hush"`:                          "payload: the string does not fit into worker_test.order",
	} {
		t.Run(want, func(t *testing.T) {
			called := false
			bubble(t, worker.Config{}, typed(func(context.Context, *worker.Job, order) (any, error) {
				called = true
				return nil, nil
			}), func(r *rig) {
				r.deliver(payload(text))
				o := r.outcome()
				equal(t, "kind", o.Kind, job.KindFailed)
				equal(t, "permanent", o.Permanent, true)
				equal(t, "error", o.Error, want)
				equal(t, "called", called, false)
			})
		})
	}
}

func TestDecodeShowsNothingOfWhatIsNotJSON(t *testing.T) {
	j := &worker.Job{Payload: json.RawMessage(`{"a": hush}`)}
	err := j.Decode(&order{})
	if err == nil || err.Error() != "payload: not JSON, at byte 7" {
		t.Errorf("error: %v", err)
	}
	if err := j.Decode(order{}); err == nil || !strings.HasPrefix(err.Error(), "payload: ") {
		t.Errorf("error of a value that cannot be decoded into: %v", err)
	}
}

func TestAJobMadeByATestNeedsNoWorker(t *testing.T) {
	j := &worker.Job{Name: "j"}
	j.Log().Info("heard by nobody")
	j.Progress(50, "half")
}
