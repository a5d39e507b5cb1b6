package workflowfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func TestEveryFieldOfASingleJobIsRead(t *testing.T) {
	parent := job.NewID()
	s, err := ParseJob("job.json", fmt.Appendf(nil, `{"queue": "mail", "name": "hello", "payload": {"to": "a@b", "n": 12345678901234567890},
		"depends_on": [%q], "priority": "high", "timeout": "30s", "deadline": "1h", "delay": "5m", "scheduled_at": "2030-01-31T08:00:00Z",
		"retry": {"max_attempts": 7}, "trace_id": "0123456789abcdef0123456789abcdef", "correlation_id": "order 7", "idempotency_key": "k1"}`, parent), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s.ID == (job.ID{}) || s.Name != "hello" || s.Queue != "mail" || string(s.Payload) != `{"to":"a@b","n":12345678901234567890}` ||
		len(s.DependsOn) != 1 || s.DependsOn[0].Parent != parent || *s.Priority != job.High || s.Timeout != 30*time.Second ||
		s.Deadline != time.Hour || s.Delay != 5*time.Minute || s.ScheduledAt.Year() != 2030 || s.Retry.MaxAttempts != 7 ||
		s.TraceID != "0123456789abcdef0123456789abcdef" || s.CorrelationID != "order 7" || s.IdempotencyKey != "k1" {
		t.Errorf("read %+v", s.Job)
	}
}

func TestASingleJobKnowsItsParentsByTheirIDs(t *testing.T) {
	const a, b = "0190b1c2-0000-7000-8000-000000000001", "0190b1c2-0000-7000-8000-000000000002"
	s, err := ParseJob("job.json", []byte(`{"queue": "q", "depends_on": ["`+a+`", {"job": "`+b+`", "on": "failure", "optional": true}], "join": "any",
		"condition": "deps[\"`+a+`\"].result.rows > 0", "with": {"n": "deps[\"`+b+`\"].status"}, "allow_failure": true}`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s.Condition == "" || len(s.With) != 1 || !s.AllowFailure || s.DependsOn[1].On != job.OnFailure || s.Join.Rule != job.JoinAny {
		t.Errorf("read %+v", s.Job)
	}
}

func TestASingleJobNeedsOnlyAQueue(t *testing.T) {
	s, err := ParseJob("job.yaml", []byte("queue: mail box"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s.Name != "mail-box" || string(s.Payload) != "null" {
		t.Errorf("read %+v", s.Job)
	}
}

func TestEveryFaultOfASingleJobHasItsPlace(t *testing.T) {
	const other = "0190b1c2-0000-7000-8000-000000000001"
	for _, tt := range []struct{ text, path, says string }{
		{"{}", "queue", "no queue"},
		{`{"queue": ""}`, "queue", "no queue"},
		{`{"queue": "a\u0000"}`, "queue", "control character"},
		{`{"queue": "q", "queue": "p"}`, "", "twice"},
		{`{"queue": "q", "payload": {"a": 1, "a": 2}}`, "", "twice"},
		{`{"queue": "q"} {"queue": "q"}`, "", "after top-level value"},
		{`{"queue": "q", "prioritty": "high"}`, "prioritty", "no field"},
		{`{"queue": "q", "cron": "x"}`, "cron", "a job without a workflow has no cron"},
		{`{"queue": "q", "map": "x"}`, "map", "not an object"},
		{`{"queue": "q", "batch": {"payloads": []}}`, "batch.payloads", "no items"},
		{`{"queue": "q", "batch": {"payloads": [1, "` + strings.Repeat("x", job.MaxPayload) + `"]}}`, "batch.payloads[1]", "bytes"},
		{`{"gate": "aproval"}`, "gate", "approval, signal, timer"},
		{`{"workflow": {"jobs": [{"name": "a", "queue": "q"}]}}`, "workflow", "can't be a workflow"},
		{`{"queue": "q", "condition": "x"}`, "condition", "x is not known here"},
		{`{"queue": "q", "finally": true}`, "finally", "without a workflow"},
		{`{"queue": "q", "idempotency_key": 3}`, "idempotency_key", "a number"},
		{`{"queue": "q", "idempotency_key": ""}`, "idempotency_key", "empty"},
		{`{"queue": "q", "depends_on": ["extract"]}`, "depends_on[0]", "not the id of a job"},
		{`{"queue": "q", "depends_on": ["{` + other + `}"]}`, "depends_on[0]", "not the id of a job"},
		{`{"queue": "q", "depends_on": ["` + other + `", "` + other + `"]}`, "depends_on[1]", "twice"},
		{`{"queue": "q", "depends_on": [{"job": "` + other + `", "on": "failure"}], "catch": true}`, "catch", "without a workflow"},
		{`{"queue": "q", "depends_on": ["` + other + `"], "condition": "deps.other.status == 'dead'"}`, "condition", "does not depend on"},
		{`{"queue": "q", "depends_on": [3]}`, "depends_on[0]", "a number"},
		{`{"queue": "q", "payload": "` + strings.Repeat("x", job.MaxPayload) + `"}`, "payload", "bytes"},
		{`[]`, "", "not an object"},
		{"\xff", "", "UTF-8"},
	} {
		_, err := ParseJob("job.json", []byte(tt.text), Options{})
		var report *workflow.Error
		if !errors.As(err, &report) || len(report.Faults) != 1 {
			t.Errorf("%.80q: got %v", tt.text, err)
			continue
		}
		if f := report.Faults[0]; f.Path != tt.path || !strings.Contains(f.Message, tt.says) || f.Line != 1 {
			t.Errorf("%.80q: got %+v", tt.text, f)
		}
	}
}

func FuzzParseJob(f *testing.F) {
	for _, text := range []string{
		`{"queue":"q","payload":{"n":1e999,"u":"\ud800"},"depends_on":["0190b1c2-0000-7000-8000-000000000001"]}`,
		"queue: q\npayload: &a [*a]\n", "queue: q\ndepends_on: [{job: x}]\nretry: {max_attempts: 3}\n", `{"queue":"q","idempotency_key":"\u0000"}`,
	} {
		f.Add("j.yaml", []byte(text))
		f.Add("j.json", []byte(text))
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		s, err := ParseJob(name, data, Options{MaxBytes: 1 << 20})
		if err != nil {
			var report *workflow.Error
			if !errors.As(err, &report) || len(report.Faults) == 0 || s.Job != nil {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		if err := workflow.ValidateJobs([]*job.Job{s.Job}); err != nil {
			t.Fatalf("a parsed job is not valid: %v", err)
		}
		if !json.Valid(s.Payload) || !utf8.Valid(s.Payload) {
			t.Errorf("the payload %q is not JSON", s.Payload)
		}
	})
}
