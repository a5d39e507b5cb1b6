package wire_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func TestTheJSONOfListsStaysAsItIs(t *testing.T) {
	w, jobs := failedPipeline()
	jobs[0].Result = nil // a list leaves it out
	unknown := jobs[3]
	unknown.Progress = &store.Progress{Job: unknown.ID, Percent: -1, Message: "going"}
	got := encode(t, map[string]any{
		"workflow":       wire.ItemFromRecord(w),
		"jobs":           []wire.Job{wire.JobItemFromRecord(jobs[0], nil), wire.JobItemFromRecord(jobs[1], nil), wire.JobItemFromRecord(unknown, nil)},
		"queue":          wire.QueueFromRecord(store.QueueRecord{Name: "ant", Ready: 3, Running: 2, Workers: 1}),
		"paused queue":   wire.QueueFromRecord(store.QueueRecord{Name: "bee", PausedAt: start}),
		"worker":         wire.WorkerFromRecord(store.WorkerRecord{WorkerSeen: store.WorkerSeen{Name: "w1", Queues: []string{"ant"}, Slots: 4, Draining: true}, Running: 2, FirstSeenAt: start, LastSeenAt: start.Add(time.Second)}),
		"worker for all": wire.WorkerFromRecord(store.WorkerRecord{WorkerSeen: store.WorkerSeen{Name: "w2", Slots: 1}}),
		"dependencies": wire.DependenciesFromRecord(store.Dependencies{
			Parents: []store.DependencyRecord{{Job: id(2), Workflow: w.ID, Name: "extract", Queue: "etl_queue", Status: job.Completed, On: job.OnSuccess, State: workflow.EdgeActive}},
			More:    true,
		}),
		"no dependencies": wire.DependenciesFromRecord(store.Dependencies{}),
	})
	const golden = "testdata/list.json"
	if *rewrite {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("the JSON changed, and scripts rely on it (-want +got):\n%s", diff)
	}
}

func TestAJobInAListHasNeitherPayloadNorAttempts(t *testing.T) {
	got, err := json.Marshal(wire.JobItemFromRecord(store.JobRecord{
		ID: id(2), Payload: json.RawMessage(`{"to":"a@b"}`), History: []store.AttemptRecord{{Attempt: 1}},
	}, nil))
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(got, &keys); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"payload", "attempts"} {
		if _, there := keys[key]; there {
			t.Errorf("%s is in %s", key, got)
		}
	}
}
