package workflow

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
)

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

// scheduled returns a valid workflow with a schedule and its timetable.
func scheduled(t *testing.T, s Schedule) (*Workflow, *Timetable) {
	t.Helper()
	w := NewWorkflow("w").Add(named("a")).WithSchedule(s)
	return w, timetable(t, w)
}

func timetable(t *testing.T, w *Workflow) *Timetable {
	t.Helper()
	if err := w.Validate(); err != nil {
		t.Fatal(err)
	}
	table, err := w.Timetable()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// times writes times of a day.
func times(list []time.Time) string {
	var texts []string
	for _, t := range list {
		texts = append(texts, t.UTC().Format("15:04:05"))
	}
	return strings.Join(texts, " ")
}

func TestWhatBecomesOfTicksThatAreLate(t *testing.T) {
	for _, c := range []struct {
		what         string
		s            Schedule
		next, now    string
		made, missed string
		following    string
	}{
		{"on time", Schedule{Cron: "0 * * * *"}, "10:00:00", "10:00:00", "10:00:00", "", "11:00:00"},
		{"a scheduler that starts anew misses none", Schedule{Cron: "*/20 * * * * *"}, "10:00:00", "10:01:00", "10:00:00 10:00:20 10:00:40 10:01:00", "", "10:01:20"},
		{"none", Schedule{Cron: "0 * * * *"}, "10:00:00", "12:30:00", "", "10:00:00 11:00:00 12:00:00", "13:00:00"},
		{"none, and one on time", Schedule{Cron: "0 * * * *"}, "10:00:00", "12:00:59", "12:00:00", "10:00:00 11:00:00", "13:00:00"},
		{"latest", Schedule{Cron: "0 * * * *", CatchUp: CatchUpLatest}, "10:00:00", "12:30:00", "12:00:00", "10:00:00 11:00:00", "13:00:00"},
		{"latest, and one on time", Schedule{Cron: "0 * * * *", CatchUp: CatchUpLatest}, "10:00:00", "12:00:59", "12:00:00", "10:00:00 11:00:00", "13:00:00"},
		{"all", Schedule{Cron: "0 * * * *", CatchUp: CatchUpAll}, "10:00:00", "12:30:00", "10:00:00 11:00:00 12:00:00", "", "13:00:00"},
		{"all of two", Schedule{Cron: "0 * * * *", CatchUp: CatchUpAll, CatchUpMax: 2}, "10:00:00", "12:30:00", "11:00:00 12:00:00", "10:00:00", "13:00:00"},
	} {
		_, table := scheduled(t, c.s)
		made, missed, following := table.Due(at("2026-05-04T"+c.next+"Z"), at("2026-05-04T"+c.now+"Z"))
		if times(made) != c.made || times(missed) != c.missed || times([]time.Time{following}) != c.following {
			t.Errorf("%s: made %s, missed %s, then %s", c.what, times(made), times(missed), times([]time.Time{following}))
		}
	}
}

func TestALongOutageTellsOfTheNewestMissedTicksOnly(t *testing.T) {
	_, table := scheduled(t, Schedule{Cron: "* * * * * *", CatchUp: CatchUpAll, CatchUpMax: 5})
	now := at("2026-05-04T10:00:00Z")
	made, missed, following := table.Due(now.AddDate(-1, 0, 0), now)
	if len(made) != 5+61 || len(missed) != MaxMissed || !following.Equal(now.Add(time.Second)) {
		t.Errorf("%d made, %d missed, then %s", len(made), len(missed), following)
	}
	if !made[0].Equal(now.Add(-TickGrace-5*time.Second)) || !missed[0].Equal(made[0].Add(-MaxMissed*time.Second)) {
		t.Errorf("made from %s, missed from %s", made[0], missed[0])
	}
}

func TestAnInstanceKnowsItsTick(t *testing.T) {
	w, table := scheduled(t, Schedule{Cron: "@daily", Timezone: "Europe/Berlin"})
	w.Metadata = json.RawMessage(`{"schedule":"mine","text":"a<b","x":1.50}`)
	id, tick := job.NewID(), at("2026-05-04T00:00:00+02:00")
	if err := table.Instance(w, id, "nightly", tick); err != nil {
		t.Fatal(err)
	}
	if w.ID != id || w.IsSchedule() || w.Scheduled.Schedule != "nightly" || !w.Scheduled.For.Equal(tick) ||
		w.CorrelationID != "nightly@2026-05-03T22:00:00Z" || string(w.Metadata) != `{"schedule":"mine","scheduled_for":"2026-05-03T22:00:00Z","text":"a<b","x":1.50}` {
		t.Errorf("got %+v, metadata %s", w, w.Metadata)
	}
	if err := w.Validate(); err != nil {
		t.Error(err)
	}
}

func TestWorkflowsWithinAnInstanceHaveItsCorrelationID(t *testing.T) {
	inner := NewWorkflow("inner").Add(named("x"))
	w := NewWorkflow("w").Add(named("a")).Add(inner.AsJob("b")).WithSchedule(Schedule{Cron: "@daily"})
	if err := timetable(t, w).Instance(w, job.NewID(), "nightly", at("2026-05-04T00:00:00Z")); err != nil {
		t.Fatal(err)
	}
	if inner.CorrelationID != "nightly@2026-05-04T00:00:00Z" {
		t.Errorf("got %q", inner.CorrelationID)
	}
}

func TestALongNameOfAScheduleIsCutInTheCorrelationID(t *testing.T) {
	w, table := scheduled(t, Schedule{Cron: "@daily"})
	if err := table.Instance(w, job.NewID(), strings.Repeat("ü", job.MaxName), at("2026-05-04T00:00:00Z")); err != nil {
		t.Fatal(err)
	}
	if err := w.Validate(); err != nil || !strings.HasSuffix(w.CorrelationID, "ü@2026-05-04T00:00:00Z") {
		t.Error(w.CorrelationID, err)
	}
}

func TestAnInstanceThatIsMadeTwiceHasTheSameIDs(t *testing.T) {
	id, tick := job.NewID(), at("2026-05-04T00:00:00Z")
	ids := func() (list []job.ID) {
		inner := NewWorkflow("inner").Add(named("x"))
		first := job.New("q", nil).WithName("first")
		w := NewWorkflow("w").AddHandlers(first, inner.AsJob("within").DependsOnJobs(first), NewBatch("q", []any{1, 2}).WithName("batch"))
		w.Schedule = &Schedule{Cron: "@daily"}
		if err := timetable(t, w).Instance(w, id, "s", tick); err != nil {
			t.Fatal(err)
		}
		if err := w.Validate(); err != nil {
			t.Fatal(err)
		}
		if w.Jobs[1].DependsOn[0].Parent != w.Jobs[0].ID {
			t.Error("a job depends on one that is not there")
		}
		for _, j := range w.Jobs {
			list = append(list, j.ID)
			if p := PartsOf(j); p != nil {
				list = append(list, p.Workflow.ID)
				for _, part := range p.Workflow.Jobs {
					list = append(list, part.ID)
				}
			}
		}
		return list
	}
	first := ids()
	if again := ids(); !slices.Equal(first, again) {
		t.Errorf("first %v, then %v", first, again)
	}
	slices.SortFunc(first, func(a, b job.ID) int { return bytes.Compare(a[:], b[:]) })
	if n := len(slices.Compact(first)); n != 8 {
		t.Errorf("%d ids, want 8", n)
	}
}

func TestJobsWithCronsOfTheirOwnMakeASchedule(t *testing.T) {
	extract := job.New("etl", nil).WithName("extract").WithCron("0 2 * * *")
	report := job.New("report", nil).WithName("report").WithCron("0 8 * * *").DependsOnJobs(extract)
	other := job.New("etl", nil).WithName("other").WithCron("30 3 * * *")
	w := NewWorkflow("w").AddHandlers(report, other, extract)
	w.Schedule = &Schedule{Timezone: "Europe/Berlin"}
	table := timetable(t, w)
	if table.Cron != "0 2 * * *" || !w.IsSchedule() {
		t.Fatalf("instances begin at %s", table.Cron)
	}
	if err := table.Instance(w, job.NewID(), "w", at("2026-03-29T03:00:00+02:00")); err != nil {
		t.Fatal(err)
	}
	for j, want := range map[*job.Job]string{extract: "2026-03-29T03:00:00+02:00", other: "2026-03-29T03:30:00+02:00", report: "2026-03-29T08:00:00+02:00"} {
		if !j.ScheduledAt.Equal(at(want)) || j.Cron != "" {
			t.Errorf("%s can be claimed from %s", j.Name, j.ScheduledAt)
		}
	}
}

func TestJobsOfAnInstanceThatSomebodyAsksForWaitForNoCron(t *testing.T) {
	extract := job.New("etl", nil).WithName("extract").WithCron("0 2 * * *")
	w := NewWorkflow("w").AddHandlers(extract, job.New("etl", nil).WithName("report").WithCron("0 8 * * *").DependsOnJobs(extract))
	if err := timetable(t, w).AtOnce().Instance(w, job.NewID(), "w", at("2026-03-29T15:00:00Z")); err != nil {
		t.Fatal(err)
	}
	for _, j := range w.Jobs {
		if !j.ScheduledAt.IsZero() || j.Cron != "" {
			t.Errorf("%s waits for %q, or for %s", j.Name, j.Cron, j.ScheduledAt)
		}
	}
}

func TestAWorkflowWithoutACronIsNoSchedule(t *testing.T) {
	if _, err := NewWorkflow("w").Add(named("a")).Timetable(); !errors.Is(err, ErrNoSchedule) {
		t.Error(err)
	}
}

func TestACronOfAJobComesTrueInEveryInstance(t *testing.T) {
	for _, c := range []struct {
		what, schedule, root, child string
		path, message               string
	}{
		{"daily and daily", "", "0 2 * * *", "0 8 * * *", "", ""},
		{"the same", "0 2 * * *", "", "0 2 * * *", "", ""},
		{"weekly after daily", "", "0 2 * * *", "0 8 * * 1", "jobs[1].cron", `cron "0 8 * * 1" of job "child" does not come true between the instances of Tue 2024-01-02 02:00:00 UTC and Wed 2024-01-03 02:00:00 UTC`},
		{"not on weekends", "@daily", "", "0 8 * * MON-FRI", "jobs[1].cron", "does not come true"},
		{"nothing leads", "", "", "0 8 * * *", "schedule", "nothing says when an instance begins"},
		{"no expression", "", "0 2 * * *", "8 o'clock", "jobs[1].cron", "is not valid"},
	} {
		root := named("root").WithCron(c.root)
		child := named("child").WithCron(c.child).DependsOnJobs(root)
		w := NewWorkflow("w").AddHandlers(root, child)
		if c.schedule != "" {
			w.Schedule = &Schedule{Cron: c.schedule}
		}
		faults := faultsOf(t, w)
		switch {
		case c.path == "":
			if len(faults) != 0 {
				t.Errorf("%s: %+v", c.what, faults)
			}
		case len(faults) != 1 || faults[0].Path != c.path || !strings.Contains(faults[0].Message, c.message) || faults[0].Hint == "":
			t.Errorf("%s: %+v", c.what, faults)
		}
	}
	if err := ValidateJobs([]*job.Job{named("a").WithCron("@daily")}); err == nil || !strings.Contains(err.Error(), "has no cron") {
		t.Errorf("a job alone: %v", err)
	}
}
