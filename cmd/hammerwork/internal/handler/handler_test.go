package handler

import (
	"encoding/json"
	"errors"
	"iter"
	"reflect"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

// testJob returns the first attempt of a job with this payload.
func testJob(payload string) *worker.Job {
	return &worker.Job{
		Fence:         job.Fence{Job: job.NewID(), Epoch: 1, Lease: job.NewID()},
		WorkflowID:    job.NewID(),
		WorkflowName:  "nightly",
		Name:          "extract",
		Queue:         "etl",
		Payload:       json.RawMessage(payload),
		Attempt:       1,
		MaxAttempts:   3,
		Priority:      job.High,
		TraceID:       "4bf92f3577b34da6a3ce929d0e0e4736",
		TraceParent:   "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		CorrelationID: "order-17",
	}
}

// wantJobJSON returns what a handler tells the outside about j.
func wantJobJSON(j *worker.Job) map[string]any {
	var payload any
	if err := json.Unmarshal(j.Payload, &payload); err != nil {
		panic(err)
	}
	return map[string]any{
		"id": j.ID().String(), "name": "extract", "queue": "etl", "workflow_id": j.WorkflowID.String(), "workflow_name": "nightly",
		"attempt": 1.0, "max_attempts": 3.0, "payload": payload, "priority": "high",
		"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "correlation_id": "order-17",
	}
}

// parents returns a sequence as Job.ParentResults does.
func parents(list ...worker.Parent) iter.Seq2[worker.Parent, error] {
	return func(yield func(worker.Parent, error) bool) {
		for _, p := range list {
			if !yield(p, nil) {
				return
			}
		}
	}
}

// wantResult fails the test unless a handler returned this JSON.
func wantResult(t *testing.T, got any, err error, want string) {
	t.Helper()
	if err != nil {
		t.Fatalf("error: %v", err)
	}
	b, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var g, w any
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(g, w) {
		t.Errorf("result is %.300s, want %.300s", b, want)
	}
}

// wantError fails the test unless err has all of these texts and is permanent
// or not, as asked.
func wantError(t *testing.T, err error, permanent bool, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %q does not say %q", err, text)
		}
	}
	if isPermanent(err) != permanent {
		t.Errorf("error %q: permanent is %t, want %t", err, !permanent, permanent)
	}
}

// isPermanent reports whether err has a worker.Permanent in its chain, whose
// type is not exported.
func isPermanent(err error) bool { return hasType(err, worker.Permanent(errors.New("any"))) }

// isRetryAfter is isPermanent for worker.RetryAfter.
func isRetryAfter(err error) bool { return hasType(err, worker.RetryAfter(errors.New("any"), 1)) }

func hasType(err, like error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		if reflect.TypeOf(err) == reflect.TypeOf(like) {
			return true
		}
	}
	return false
}
