package wire_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/plainjson"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

func id(n byte) job.ID { return job.ID{0: 1, 6: 0x70, 8: 0x80, 15: n} }

var (
	berlin = time.FixedZone("CEST", 2*60*60)
	start  = time.Date(2026, 5, 4, 12, 30, 0, 123456000, berlin)
)

// failedPipeline is a workflow with a job in each kind of state that shows
// differently.
func failedPipeline() (store.WorkflowRecord, []store.JobRecord) {
	w := store.WorkflowRecord{
		ID: id(1), Name: "data_pipeline", Status: workflow.Running, FailurePolicy: workflow.ContinueOnFailure,
		Run: 1, TraceID: "0af7651916cd43dd8448eb211c80319c", CorrelationID: "order-7",
		Tally:   workflow.Tally{Total: 6, Completed: 1, Dead: 1, UpstreamFailed: 1},
		Running: 1, Retrying: 1,
		CreatedAt: start, StartedAt: start.Add(time.Second),
	}
	common := store.JobRecord{Workflow: w.ID, WorkflowName: w.Name, CorrelationID: w.CorrelationID, CreatedAt: start, Queue: "etl_queue", Priority: job.Normal, OwnPriority: job.Normal, MaxAttempts: 3, TraceID: w.TraceID, ScheduledAt: start}
	with := func(n byte, name string, set func(*store.JobRecord)) store.JobRecord {
		j := common
		j.ID, j.Name, j.DependencyStatus, j.Status = id(n), name, job.NoDependencies, job.Pending
		set(&j)
		return j
	}
	return w, []store.JobRecord{
		with(2, "extract", func(j *store.JobRecord) {
			j.Status, j.Attempts, j.Priority, j.OwnPriority = job.Completed, 1, job.High, job.High
			j.StartedAt, j.FinishedAt = start.Add(time.Second), start.Add(2*time.Second)
			j.Result = json.RawMessage(`{"rows": 12345678901234567890, "note": "<b>\u0000 &"}`)
		}),
		with(3, "transform", func(j *store.JobRecord) {
			j.Status, j.Reason, j.Attempts, j.DependencyStatus = job.Dead, job.ReasonExhausted, 3, job.Satisfied
			j.DependsOn, j.Error = []job.ID{id(2)}, "exit status 3"
			j.StartedAt, j.FinishedAt = start.Add(2*time.Second), start.Add(3*time.Second)
		}),
		with(4, "load", func(j *store.JobRecord) {
			j.Status, j.Reason, j.Cause, j.DependencyStatus = job.UpstreamFailed, job.ReasonUpstream, id(3), job.Unsatisfiable
			j.DependsOn, j.FinishedAt = []job.ID{id(3), id(99)}, start.Add(3*time.Second)
		}),
		with(5, "audit", func(j *store.JobRecord) {
			j.Status, j.Attempts, j.StartedAt = job.Running, 1, start.Add(3*time.Second)
			j.Worker, j.Progress = "w1", &store.Progress{Job: j.ID, Percent: 12.5, Message: "page 1 of 8"}
		}),
		with(6, "mail", func(j *store.JobRecord) { j.Status, j.Attempts, j.Error = job.Retrying, 1, "timeout" }),
		with(7, "later", func(*store.JobRecord) {}),
	}
}

func TestTheJSONOfAWorkflowStaysAsItIs(t *testing.T) {
	got := encode(t, wire.FromRecords(failedPipeline()))
	const golden = "testdata/workflow.json"
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

func TestTheMainCountsAddUpToAllJobs(t *testing.T) {
	s := wire.FromRecords(failedPipeline()).Stats
	sum := s.Completed + s.Failed + s.Pending + s.Running + s.Skipped + s.Cancelled + s.UpstreamFailed
	if sum != s.TotalJobs {
		t.Errorf("the counts of %+v add up to %d", s, sum)
	}
}

func TestAWorkflowWithoutJobsHasAnEmptyList(t *testing.T) {
	got := encode(t, wire.FromRecords(store.WorkflowRecord{}, nil))
	if !bytes.Contains(got, []byte(`"jobs": []`)) {
		t.Errorf("no empty list of jobs in\n%s", got)
	}
}

func TestThePercentageIsOneHundredOnlyWhenAllHaveEnded(t *testing.T) {
	for _, c := range []struct {
		ended, total int
		want         float64
	}{{0, 0, 0}, {0, 3, 0}, {1, 3, 33.3}, {2, 3, 66.7}, {3, 3, 100}, {99_999, 100_000, 99.9}} {
		if got := wire.Percentage(c.ended, c.total); got != c.want {
			t.Errorf("%d of %d is %v; want %v", c.ended, c.total, got, c.want)
		}
	}
}

func TestAJobShownAloneHasItsPayloadAndAttempts(t *testing.T) {
	got := encode(t, wire.JobFromRecord(store.JobRecord{
		ID: id(2), Name: "mail", Status: job.Dead, Payload: json.RawMessage(`{"to":"a@b"}`), Attempts: 1,
		History: []store.AttemptRecord{{Attempt: 1, Outcome: job.KindFailed, Error: "refused", Worker: "w1", StartedAt: start, FinishedAt: start.Add(time.Second)}},
	}, nil))
	for _, want := range []string{`"payload": {`, `"outcome": "failed"`, `"started_at": "2026-05-04T10:30:00.123456Z"`} {
		if !bytes.Contains(got, []byte(want)) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := plainjson.NewEncoder(&b)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
