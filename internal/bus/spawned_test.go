package bus

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hammerwork/hammerwork/pkg/job"
)

func TestEveryFieldOfASpawnedJobArrives(t *testing.T) {
	parent := job.NewID()
	high := job.High
	j := &job.Job{
		ID: job.NewID(), Name: "part", Queue: "q", Payload: json.RawMessage("{\"a\": \"\\u0000\"}"),
		DependsOn: []job.Dependency{{Parent: parent, On: job.OnSuccess, Optional: true}}, Join: job.Join{Rule: job.JoinQuorum, Quorum: 1},
		Priority: &high, Retry: &job.RetryPolicy{MaxAttempts: 4}, Timeout: time.Second, Deadline: time.Minute, ScheduledAt: time.Unix(1, 0).UTC(),
		Delay: time.Hour, TraceID: "4bf92f3577b34da6a3ce929d0e0e4736", CorrelationID: "c", Condition: "true", Unmet: job.UnmetPass,
		With: map[string]string{"a": "1"}, AllowFailure: true, Inherit: true, Gate: &job.Gate{Type: job.GateTimer, Wait: time.Second},
	}
	// What a spawned job can't have.
	never := []string{"Barrier", "Parts", "Finally", "Catch", "Cron", "err"}
	for i, v := 0, reflect.ValueOf(*j); i < v.NumField(); i++ {
		name := v.Type().Field(i).Name
		if v.Field(i).IsZero() != contains(never, name) {
			t.Errorf("the field %s is not tried, or travels by now", name)
		}
	}
	data, err := json.Marshal(Outcome{Spawned: SpawnedOf([]job.Spawned{{Job: j, Before: []string{"report"}}})})
	if err != nil {
		t.Fatal(err)
	}
	var o Outcome
	if err := json.Unmarshal(data, &o); err != nil {
		t.Fatal(err)
	}
	got := SpawnedJobs(o.Spawned)[0]
	if diff := cmp.Diff(got.Job, j, cmpopts.IgnoreUnexported(job.Job{})); diff != "" || got.Before[0] != "report" {
		t.Errorf("%s, before %v", diff, got.Before)
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
