package job

import (
	"slices"
	"testing"
	"time"
)

func TestWhatKeepsAJobFromBeingClaimed(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	free := Prospect{Status: Pending, Dependencies: NoDependencies, Due: now, Now: now}
	with := func(change func(p *Prospect)) Prospect { p := free; change(&p); return p }
	for _, c := range []struct {
		what string
		p    Prospect
		want []Bar
	}{
		{"nothing", free, nil},
		{"nothing, after its parents", with(func(p *Prospect) { p.Dependencies = Satisfied }), nil},
		{"nothing, after its back-off", with(func(p *Prospect) { p.Status, p.Due = Retrying, now.Add(-time.Second) }), nil},
		{"its end", with(func(p *Prospect) { p.Status, p.QueuePaused = Completed, true }), []Bar{BarEnded}},
		{"a worker", with(func(p *Prospect) { p.Status, p.QueuePaused = Running, true }), []Bar{BarHeld}},
		{"its parts", with(func(p *Prospect) { p.Status = Suspended }), []Bar{BarSuspended}},
		{"parents", with(func(p *Prospect) { p.Dependencies = Waiting }), []Bar{BarParents}},
		{"parents that failed", with(func(p *Prospect) { p.Dependencies = Unsatisfiable }), []Bar{BarParents}},
		{"its time", with(func(p *Prospect) { p.Due = now.Add(time.Microsecond) }), []Bar{BarTime}},
		{"everything", Prospect{Status: Retrying, Dependencies: Waiting, Due: now.Add(1), Now: now, WorkflowStops: true, QueuePaused: true}, []Bar{BarParents, BarTime, BarWorkflow, BarQueue}},
	} {
		if got := c.p.Bars(); !slices.Equal(got, c.want) || Claimable(c.p) != (len(c.want) == 0) {
			t.Errorf("%s: %v, claimable %t", c.what, got, Claimable(c.p))
		}
	}
}
