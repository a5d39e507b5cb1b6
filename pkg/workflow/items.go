package workflow

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/plainjson"
)

// What one map makes at most.
const (
	MaxItems      = 100_000
	MaxItemsBytes = 256 << 20 // of payloads
)

// Items returns the workflow that a map of job j makes for the list that it is
// over: a job for each element, whose payload is j's with the inputs that were
// worked out, if any, and the fields item and index. The caller bounds how many
// run at once, see Part.InTurns. An error is for good.
func (p *Parts) Items(j *job.Job, list, with json.RawMessage) (*Workflow, error) {
	var elements []json.RawMessage
	if err := json.Unmarshal(list, &elements); err != nil {
		return nil, err
	}
	if len(elements) > MaxItems {
		return nil, fmt.Errorf("the list has %d elements; at most %d are allowed", len(elements), MaxItems)
	}
	if size := len(list) + len(elements)*(len(j.Payload)+len(with)); size > MaxItemsBytes {
		return nil, fmt.Errorf("the payloads of its %d items have %d bytes; at most %d are allowed; keep large data outside and pass its place", len(elements), size, MaxItemsBytes)
	}
	common := map[string]json.RawMessage{}
	for _, object := range []json.RawMessage{j.Payload, with} {
		if len(object) == 0 {
			continue
		}
		if err := json.Unmarshal(object, &common); err != nil {
			return nil, errors.Join(errors.New("the payload of a map is not an object"), err)
		}
	}
	w := &Workflow{
		ID: job.NewID(), Name: j.Name, Metadata: json.RawMessage("{}"), FailurePolicy: FailFast,
		TraceID: j.TraceID, CorrelationID: j.CorrelationID,
	}
	for i, element := range elements {
		fields := make(map[string]json.RawMessage, len(common)+2)
		for name, value := range common {
			fields[name] = value
		}
		fields["item"] = element
		fields["index"], _ = json.Marshal(i) // a number: no error is possible
		payload, err := plainjson.Marshal(fields)
		if err != nil {
			return nil, err
		}
		w.Jobs = append(w.Jobs, &job.Job{
			ID: job.NewID(), Name: ItemName(j.Name, i), Queue: j.Queue, Payload: payload, Priority: j.Priority, Retry: j.Retry, Timeout: j.Timeout,
		})
	}
	return w, nil
}

// InTurns lets so many jobs of a part, which holds one workflow of jobs without
// edges, run at once, 0 being all, and bears so many failures, -1 being any
// number. Start each job then.
func (p *Part) InTurns(maxParallel, tolerate int) {
	p.Workflows[0].MaxParallel, p.Workflows[0].Tolerate = maxParallel, tolerate
	for i := range p.Nodes {
		if maxParallel > 0 {
			p.Nodes[i].Deps = job.Waiting
		}
	}
}

// BatchResult is the result of a batch.
type BatchResult struct {
	Total     int         `json:"total"`
	Completed int         `json:"completed"`
	Failed    int         `json:"failed"` // or cancelled
	Errors    []ItemError `json:"errors"` // of the first of those
}

// ItemError says why an item of a batch did not complete.
type ItemError struct {
	Index int    `json:"index"`
	Name  string `json:"name"`
	Error string `json:"error"`
}
