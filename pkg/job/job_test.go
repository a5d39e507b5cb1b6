package job

import (
	"encoding/json"
	"maps"
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

func TestTheSettersOfWhatAJobWaitsForSetItsFields(t *testing.T) {
	a, b := New("p", nil), New("p", nil)
	j := New("q", nil).DependsOnJobs(a).DependsOnFailure(a, b).DependsOnDone(b).DependsOnEdges(Dependency{Name: "x", On: OnDone, Optional: true})
	want := []Dependency{{Parent: a.ID}, {Parent: a.ID, On: OnFailure}, {Parent: b.ID, On: OnFailure}, {Parent: b.ID, On: OnDone}, {Name: "x", On: OnDone, Optional: true}}
	if !slices.Equal(j.DependsOn, want) {
		t.Errorf("the dependencies are %+v", j.DependsOn)
	}
	j.WithCondition("rows > 0").WithUnmet(UnmetPass).WithInput("n", "rows").WithInput("m", "1").WithAllowFailure().AsCatch().WithJoin(JoinAny)
	if j.Condition != "rows > 0" || j.Unmet != UnmetPass || !maps.Equal(j.With, map[string]string{"n": "rows", "m": "1"}) || !j.AllowFailure || !j.Catch || j.Finally || j.Join != (Join{Rule: JoinAny}) {
		t.Errorf("got %+v", j)
	}
	if j.WithQuorum(2).AsFinally(); j.Join != (Join{Rule: JoinQuorum, Quorum: 2}) || !j.Finally {
		t.Errorf("got %+v", j)
	}
}

func TestJoinsHaveOneNameOfOurs(t *testing.T) {
	for name, want := range map[JoinRule]JoinRule{
		"": JoinAll, "all": JoinAll, "merge": JoinMerge, "any": JoinAny, "quorum": JoinQuorum, "done": JoinDone,
		"all_success": JoinAll, "one_success": JoinAny, "none_failed_min_one_success": JoinMerge, "all_done": JoinDone, "most": "most",
	} {
		if got := name.Canonical(); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
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
