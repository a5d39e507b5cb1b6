package handler

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

func TestAJobWithoutWorkflowAndPayloadHasEmptyTextAndNull(t *testing.T) {
	b, err := jobJSON(&worker.Job{Name: "n", Queue: "q", Attempt: 1, MaxAttempts: 1, Priority: job.Normal})
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual([]any{got["workflow_id"], got["payload"], got["priority"]}, []any{"", nil, "normal"}) {
		t.Errorf("got %s", b)
	}
}
