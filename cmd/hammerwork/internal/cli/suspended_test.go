package cli

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// nestedLook reads a workflow "top" with a gate and a workflow "inner", in which a timer
// waits and a job runs; its lists have the newest first.
func nestedLook(_ context.Context, of string, status job.Status, _ int) ([]wire.Job, error) {
	opened := time.Unix(0, 0)
	switch of + " " + string(status) {
	case "top suspended":
		return []wire.Job{
			{ID: "2", Name: "report", Status: "suspended", Parts: &wire.Parts{Kind: "workflow", WorkflowID: "inner", Status: "running", Stats: wire.Stats{TotalJobs: 4, Completed: 1, Pending: 3}}},
			{ID: "1", Name: "sign-off", WorkflowID: "top", Status: "suspended", Gate: &wire.Gate{Type: "approval", OpenedAt: &opened}},
		}, nil
	case "inner suspended":
		return []wire.Job{{ID: "3", Name: "pause", Status: "suspended", Gate: &wire.Gate{Type: "timer"}}}, nil
	case "inner running":
		return []wire.Job{{ID: "4", Name: "draw", Status: "running"}}, nil
	}
	return nil, nil
}

func TestWhatWaitsIsShownInTheOrderOfTheDefinitionWithWhatIsWithin(t *testing.T) {
	list, err := waits(t.Context(), nestedLook, "top")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range shown(list, time.Unix(3, 0), func(s suspended) string { return answerCommand(s.Job) }) {
		got = append(got, w.Name+": "+w.Text+" | "+w.Command)
	}
	want := []string{
		"sign-off: approval, open for 3.0s | hammerwork workflow approve top --job sign-off",
		"report: workflow, 1 of 4 jobs: draw | ",
		"  pause: timer | ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestOnlyGatesAreOpenWhenNothingElseOfAWorkflowMoves(t *testing.T) {
	gate := suspended{Job: wire.Job{Status: "suspended", Gate: &wire.Gate{Type: "signal"}}}
	timer := suspended{Job: wire.Job{Status: "suspended", Gate: &wire.Gate{Type: "timer"}}}
	idle := suspended{Job: wire.Job{Status: "suspended", Parts: &wire.Parts{}}}
	busy := suspended{Job: idle.Job, running: []string{"a"}}
	for _, c := range []struct {
		running int
		list    []suspended
		want    bool
	}{
		{0, []suspended{gate}, true},
		{0, []suspended{idle, gate}, true},
		{1, []suspended{gate}, false},
		{0, []suspended{gate, timer}, false},
		{0, []suspended{busy, gate}, false},
		{0, []suspended{idle}, false},
		{0, nil, false},
	} {
		w := wire.WorkflowItem{Status: "running", Stats: wire.Stats{Running: c.running}}
		if got := onlyGates(w, c.list); got != c.want {
			t.Errorf("%d running, %d wait: %v", c.running, len(c.list), got)
		}
	}
}

func TestAMapOverAnEmptyListHasNoItemsOnceItHasEnded(t *testing.T) {
	for status, want := range map[job.Status]string{
		job.Pending:   "map, its items are not made yet",
		job.Completed: "map, no items",
		job.Failed:    "map, no items",
		job.Cancelled: "map, no items",
	} {
		if got := partsText(status, wire.Parts{Kind: "map"}); got != want {
			t.Errorf("%s: %q, not %q", status, got, want)
		}
	}
}
