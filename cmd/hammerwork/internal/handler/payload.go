package handler

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/plainjson"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

// fieldsOf returns the fields of a payload that is an object, and nil for any
// other payload. Unlike a struct's, its names are matched in their exact case.
func fieldsOf(payload json.RawMessage) map[string]json.RawMessage {
	var fields map[string]json.RawMessage
	if json.Unmarshal(payload, &fields) != nil {
		return nil
	}
	return fields
}

// commandOf returns payload.command: at least the program, then its arguments.
func commandOf(payload json.RawMessage) ([]string, error) {
	const hint = `write the program and its arguments as a list of strings, like ["echo", "hello"]`
	raw, ok := fieldsOf(payload)["command"]
	if !ok {
		return nil, fmt.Errorf("payload.command is missing; %s", hint)
	}
	var argv []*string
	if err := json.Unmarshal(raw, &argv); err != nil {
		return nil, fmt.Errorf("payload.command is not a list of strings; %s (no shell splits it)", hint)
	}
	if len(argv) == 0 || argv[0] == nil || *argv[0] == "" {
		return nil, fmt.Errorf("payload.command names no program; %s", hint)
	}
	command := make([]string, len(argv))
	for i, arg := range argv {
		if arg == nil {
			return nil, fmt.Errorf("payload.command[%d] is null; %s", i, hint)
		}
		if strings.ContainsRune(*arg, 0) {
			return nil, fmt.Errorf("payload.command[%d] contains U+0000, which no program can be given", i)
		}
		command[i] = *arg
	}
	return command, nil
}

// jobJSON returns the job as exec gives it on stdin and http posts it, with a
// newline at the end. A job without a workflow has an empty workflow_id.
func jobJSON(j *worker.Job) ([]byte, error) {
	payload := j.Payload
	if len(payload) == 0 {
		payload = json.RawMessage("null")
	}
	return encode(struct {
		ID            job.ID          `json:"id"`
		Name          string          `json:"name"`
		Queue         string          `json:"queue"`
		WorkflowID    string          `json:"workflow_id"`
		WorkflowName  string          `json:"workflow_name"`
		Attempt       int             `json:"attempt"`
		MaxAttempts   int             `json:"max_attempts"`
		Payload       json.RawMessage `json:"payload"`
		Priority      job.Priority    `json:"priority"`
		TraceID       string          `json:"trace_id"`
		CorrelationID string          `json:"correlation_id"`
	}{
		j.ID(), j.Name, j.Queue, workflowID(j), j.WorkflowName, j.Attempt, j.MaxAttempts,
		payload, j.Priority, j.TraceID, j.CorrelationID,
	})
}

// workflowID returns the text of the workflow's id, empty when there is none.
func workflowID(j *worker.Job) string {
	if j.WorkflowID == (job.ID{}) {
		return ""
	}
	return j.WorkflowID.String()
}

// encode is plainjson.Marshal that ends with a newline.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	err := plainjson.NewEncoder(&b).Encode(v)
	return b.Bytes(), err
}
