package api

import (
	"github.com/hammerwork/hammerwork/internal/request"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// maxKey bounds an idempotency key, in bytes.
const maxKey = store.MaxKey

// workflowKey makes the key of a workflow; an empty value is none. The Go
// client makes the same.
func workflowKey(value string, w *workflow.Workflow) (store.Key, error) {
	if value == "" {
		return store.Key{}, nil
	}
	return store.Key{Value: value, Hash: request.HashWorkflow(w)}, checkKey(value)
}

// jobKey makes the key of a job, as workflowKey.
func jobKey(value string, j *job.Job) (store.Key, error) {
	if value == "" {
		return store.Key{}, nil
	}
	return store.Key{Value: value, Hash: request.HashJobs([]*job.Job{j})[0]}, checkKey(value)
}

func checkKey(value string) error {
	if len(value) > maxKey || !isLine(value) {
		return badParameter("idempotency_key", "a random UUID is a good one", "is not one line of at most 200 characters")
	}
	return nil
}
