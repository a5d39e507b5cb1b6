package api

import (
	"crypto/sha256"
	"encoding/json"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// maxKey bounds an idempotency key, in bytes.
const maxKey = store.MaxKey

// canonicalWorkflow is what of a request makes it the same request: all that
// the body says, however it is written, and no id that is made for it.
type canonicalWorkflow struct {
	Name, Description   string
	Metadata            json.RawMessage
	FailurePolicy       workflow.FailurePolicy
	Priority            *job.Priority
	Retry               *job.RetryPolicy
	Timeout             time.Duration
	HealthCheckInterval time.Duration
	TraceID             string
	CorrelationID       string
	Jobs                []canonicalJob
}

type canonicalJob struct {
	Name, Queue   string
	Payload       json.RawMessage
	DependsOn     []job.Dependency
	Join          job.Join
	Priority      *job.Priority
	Retry         *job.RetryPolicy
	Timeout       time.Duration
	Deadline      time.Duration
	Delay         time.Duration
	ScheduledAt   time.Time
	TraceID       string
	CorrelationID string
}

func canonical(j *job.Job) canonicalJob {
	return canonicalJob{
		Name: j.Name, Queue: j.Queue, Payload: j.Payload, DependsOn: j.DependsOn, Join: j.Join, Priority: j.Priority,
		Retry: j.Retry, Timeout: j.Timeout, Deadline: j.Deadline, Delay: j.Delay, ScheduledAt: j.ScheduledAt.UTC(),
		TraceID: j.TraceID, CorrelationID: j.CorrelationID,
	}
}

// workflowKey makes the key of a workflow, before what the headers add to it:
// a repeated request has another traceparent.
func workflowKey(value string, w *workflow.Workflow) (store.Key, error) {
	c := canonicalWorkflow{
		Name: w.Name, Description: w.Description, Metadata: w.Metadata, FailurePolicy: w.FailurePolicy, Priority: w.Priority,
		Retry: w.Retry, Timeout: w.Timeout, HealthCheckInterval: w.HealthCheckInterval, TraceID: w.TraceID,
		CorrelationID: w.CorrelationID, Jobs: make([]canonicalJob, len(w.Jobs)),
	}
	for i, j := range w.Jobs {
		c.Jobs[i] = canonical(j)
	}
	return keyOf(value, c)
}

// keyOf makes the key of a request; an empty value is none.
func keyOf(value string, request any) (store.Key, error) {
	if value == "" {
		return store.Key{}, nil
	}
	if len(value) > maxKey || !isLine(value) {
		return store.Key{}, badParameter("idempotency_key", "a random UUID is a good one", "is not one line of at most 200 characters")
	}
	h := sha256.New()
	if err := json.NewEncoder(h).Encode(request); err != nil {
		return store.Key{}, err
	}
	return store.Key{Value: value, Hash: [32]byte(h.Sum(nil))}, nil
}
