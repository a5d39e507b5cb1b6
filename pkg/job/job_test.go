package job

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAPayloadIsKeptByteForByteWhenItIsJSONAlready(t *testing.T) {
	raw := json.RawMessage(`{"n": 123456789012345678901234567890, "s": "\u0000"}`)
	if j := New("q", raw); string(j.Payload) != string(raw) || j.Err() != nil {
		t.Errorf("got %s, %v", j.Payload, j.Err())
	}
}

func TestAPayloadThatCannotBeEncodedIsReported(t *testing.T) {
	if err := New("q", make(chan int)).Err(); err == nil || !strings.HasPrefix(err.Error(), "payload: ") {
		t.Errorf("got %v", err)
	}
}

func TestTheSettersOfAJobSetItsFields(t *testing.T) {
	parent, at := New("p", nil), time.Unix(5, 0)
	j := New("q", 1).WithName("n").DependsOnJobs(parent).DependsOnIDs(parent.ID).DependsOnNames("x").WithPriority(High).
		WithRetry(RetryPolicy{MaxAttempts: 2}).WithTimeout(1).WithDeadline(2).WithDelay(3).WithScheduledAt(at).
		WithTraceID("t").WithCorrelationID("c")
	want := []Dependency{{Parent: parent.ID}, {Parent: parent.ID}, {Name: "x"}}
	if !slices.Equal(j.DependsOn, want) || j.Name != "n" || *j.Priority != High || j.Retry.MaxAttempts != 2 ||
		j.Timeout != 1 || j.Deadline != 2 || j.Delay != 3 || !j.ScheduledAt.Equal(at) || j.TraceID != "t" || j.CorrelationID != "c" {
		t.Errorf("got %+v", j)
	}
}

func TestIDsOfJobsAreOrderedByCreation(t *testing.T) {
	before := NewID()
	for range 1000 {
		next := NewID()
		if next.String() <= before.String() {
			t.Fatalf("%s came after %s", next, before)
		}
		before = next
	}
	if got, err := ParseID(before.String()); err != nil || got != before {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestAJoinIsReadAsItIsWritten(t *testing.T) {
	for _, j := range []Join{{Rule: JoinAll}, {Rule: JoinMerge}, {Rule: JoinAny}, {Rule: JoinDone}, {Rule: JoinQuorum, Quorum: 2}} {
		raw, err := json.Marshal(j)
		if err != nil {
			t.Fatal(err)
		}
		var back Join
		if err := json.Unmarshal(raw, &back); err != nil || back != j {
			t.Errorf("%s became %+v, %v", raw, back, err)
		}
	}
	if raw, _ := json.Marshal(Join{}); string(raw) != `"all"` {
		t.Errorf("the zero join is %s", raw)
	}
	for _, wrong := range []string{`{}`, `3`, `{"quorum":"2"}`, `[]`} {
		if err := json.Unmarshal([]byte(wrong), new(Join)); err == nil {
			t.Errorf("%s is read as a join", wrong)
		}
	}
}

func TestADurationIsATextLikeGoWritesIt(t *testing.T) {
	var d Duration
	if err := json.Unmarshal([]byte(`"1m30s"`), &d); err != nil || d != Duration(90*time.Second) {
		t.Errorf("got %s, %v", d, err)
	}
	if raw, _ := json.Marshal(d); string(raw) != `"1m30s"` {
		t.Errorf("written as %s", raw)
	}
	for _, wrong := range []string{`90`, `"90"`, `"soon"`, `null`} {
		if err := json.Unmarshal([]byte(wrong), new(Duration)); err == nil {
			t.Errorf("%s is read as a duration", wrong)
		}
	}
}

func TestPrioritiesHaveNamesAndAnOrder(t *testing.T) {
	names := []string{"background", "low", "normal", "high", "critical"}
	for i, name := range names {
		p, err := ParsePriority(name)
		if err != nil || int(p) != i || p.String() != name {
			t.Errorf("%s is %d, %v", name, p, err)
		}
		text, err := p.MarshalText()
		var back Priority
		if err != nil || back.UnmarshalText(text) != nil || back != p {
			t.Errorf("%s became %s", name, back)
		}
	}
	if _, err := ParsePriority("urgent"); err == nil || Priority(7).Valid() || Priority(7).String() != "priority(7)" {
		t.Error("an unknown priority passes")
	}
	if _, err := Priority(-1).MarshalText(); err == nil {
		t.Error("a priority out of range is written")
	}
}

func TestStatusesAreTerminalOrNot(t *testing.T) {
	failures := []Status{Failed, Dead, TimedOut, UpstreamFailed}
	for _, s := range []Status{Pending, Running, Retrying, Suspended, Completed, Failed, Dead, TimedOut, Cancelled, Skipped, UpstreamFailed} {
		if !s.Valid() || s.Terminal() != slices.Contains(TerminalStatuses, s) || s.Failure() != slices.Contains(failures, s) {
			t.Errorf("%s: valid %v, terminal %v, failure %v", s, s.Valid(), s.Terminal(), s.Failure())
		}
	}
	if Status("waiting").Valid() {
		t.Error("waiting is a filter, not a status")
	}
}
