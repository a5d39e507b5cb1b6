package resolver_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"pgregory.net/rapid"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/services/resolver"
)

func TestAnswersGoOutBeforeHintsAndEvents(t *testing.T) {
	r := newRig(t)
	r.resolve = func(o []job.Outcome) (store.Resolution, error) {
		res := committed(o)
		res.Queues = []string{"a", "b"}
		res.Jobs = []store.JobEvent{{Job: number(10), Status: job.Completed}}
		res.Workflows = []store.WorkflowEvent{{Workflow: number(9), Status: workflow.Completed}}
		res.Control = []store.Held{{Fence: job.Fence{Job: number(11), Lease: number(12)}, Worker: "v"}}
		res.Checks, res.Timer = true, true
		return res, nil
	}
	r.report("reply", 10)
	r.finish("resolve")
	var got []string
	for _, p := range r.sent {
		got = append(got, p.Subject)
	}
	want := []string{
		"reply", bus.ReadySubject("a"), bus.ReadySubject("b"), bus.CheckEdges, bus.Timers, bus.ControlSubject("v"),
		bus.EventSubject("job"), bus.EventSubject("workflow"),
	}
	if !slices.Equal(got, want) {
		t.Errorf("sent %v, want %v", got, want)
	}
}

func TestMessagesThatCannotBeRightAreRefusedAndCounted(t *testing.T) {
	outcomes := []bus.Outcome{{Kind: job.KindCompleted}}
	cases := []struct {
		name, subject string
		data          []byte
	}{
		{"a report in another worker's name", bus.CompletedSubject(1, "mallory"), encode(t, bus.Completed{Worker: "w", Outcomes: outcomes})},
		{"a worker whose name ends like the subject's", bus.CompletedSubject(1, "w"), encode(t, bus.Completed{Worker: "xw", Outcomes: outcomes})},
		{"no JSON", bus.CompletedSubject(1, "w"), []byte("done")},
		{"an unknown version", bus.CompletedSubject(1, "w"), []byte(`{"v":2,"id":"x","body":{}}`)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.receive(c.subject, "reply", c.data)
			equal(t, "calls", len(r.calls), 0)
			equal(t, "messages", len(r.sent), 0)
			equal(t, "refused", testutil.ToFloat64(r.metrics.Refused), 1)
		})
	}
}

func TestEdgesAreCheckedAtIntervalsAndOnAHint(t *testing.T) {
	r := newRig(t)
	checked := 0
	r.check = func(int) (store.Resolution, error) { checked++; return store.Resolution{}, errStore } // an error changes nothing
	for range 5 {
		before := r.now
		r.now = r.m.Wake()
		if d := r.now.Sub(before); d < 800*time.Millisecond || d > 1200*time.Millisecond {
			t.Errorf("the next look is after %s, want about 1s", d)
		}
		r.step(service.Tick{})
		r.finish("check edges")
	}
	r.receive(bus.CheckEdges, "", encode(t, bus.Ready{}))
	r.finish("check edges")
	equal(t, "looks", checked, 6)
}

func TestAFullLookForEdgesIsFollowedByAnotherAtOnce(t *testing.T) {
	r := newRig(t, func(c *resolver.Config) { c.Batch = 10 })
	left := 25
	r.check = func(limit int) (store.Resolution, error) {
		n := min(left, limit)
		left -= n
		return store.Resolution{Done: n, Queues: []string{"q"}}, nil
	}
	r.receive(bus.CheckEdges, "", nil)
	for r.running("check edges") > 0 {
		r.finish("check edges")
	}
	equal(t, "edges left", left, 0)
	equal(t, "hints", len(r.sent), 3)
}

func TestALookForEdgesThatFailsHoldsUpNoParts(t *testing.T) {
	r := newRig(t, func(c *resolver.Config) { c.Batch = 10 })
	left := 25
	r.check = func(int) (store.Resolution, error) { return store.Resolution{}, errStore }
	r.parts = func(limit int) (store.Resolution, error) {
		n := min(left, limit)
		left -= n
		return store.Resolution{Done: n, Queues: []string{"q"}}, nil
	}
	r.receive(bus.CheckEdges, "", nil)
	for r.running("check edges") > 0 {
		r.finish("check edges")
	}
	equal(t, "parts left", left, 0)
	equal(t, "hints", len(r.sent), 3)
}

func TestPartsThatWereLookedAtBeforeAnErrorAreAnnounced(t *testing.T) {
	r := newRig(t)
	r.parts = func(int) (store.Resolution, error) { return store.Resolution{Done: 1, Queues: []string{"q"}}, errStore }
	r.receive(bus.CheckEdges, "", nil)
	r.finish("check edges")
	equal(t, "hints", len(r.sent), 1)
}

func TestAHintDuringALookForEdgesLeadsToAnother(t *testing.T) {
	r := newRig(t)
	r.receive(bus.CheckEdges, "", nil)
	r.receive(bus.CheckEdges, "", nil)
	r.receive(bus.CheckEdges, "", nil)
	equal(t, "looks under way", r.running("check edges"), 1)
	r.finish("check edges")
	equal(t, "looks under way after the first", r.running("check edges"), 1)
	r.finish("check edges")
	equal(t, "looks under way after the second", r.running("check edges"), 0)
}

func TestAStopBeginsNoLookForEdges(t *testing.T) {
	r := newRig(t)
	r.receive(bus.CheckEdges, "", nil)
	r.receive(bus.CheckEdges, "", nil)
	r.step(service.Stop{})
	if r.m.Idle() {
		t.Error("idle during a look")
	}
	r.finish("check edges")
	r.receive(bus.CheckEdges, "", nil)
	r.now = r.now.Add(time.Hour)
	r.step(service.Tick{})
	equal(t, "looks under way", r.running("check edges"), 0)
	if !r.m.Idle() {
		t.Error("not idle")
	}
}

func TestABadConfigurationNamesEveryFault(t *testing.T) {
	_, err := resolver.NewMachine(resolver.Config{Queue: -1}, nil, service.NewSource(), nil, nil)
	if err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("want 4 faults, got:\n%v", err)
	}
}

// Whatever arrives, fails and stops: one transaction runs at a time, every
// report is answered once with as many verdicts as it has outcomes, and the
// machine never asks for ticks that lead nowhere.
func TestEveryReportIsAnsweredOnceAndTheMachineNeverSpins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRig(t, func(c *resolver.Config) { c.Batch, c.Queue = rapid.IntRange(1, 6).Draw(t, "batch"), 20 })
		poison := map[job.ID]bool{}
		down := false
		r.resolve = func(o []job.Outcome) (store.Resolution, error) {
			if down || slices.ContainsFunc(o, func(o job.Outcome) bool { return poison[o.Job] }) {
				return store.Resolution{}, errStore
			}
			return committed(o), nil
		}
		owed := map[string]int{} // verdicts by reply
		reports, jobs := 0, 0
		settle := func() {
			if r.running("resolve") > 1 || r.running("check edges") > 1 {
				t.Fatalf("%d calls under way", len(r.calls))
			}
			for reply, verdicts := range r.verdicts() {
				if n, open := owed[reply]; !open || n != len(verdicts) {
					t.Fatalf("%s has %d verdicts, want %d", reply, len(verdicts), n)
				}
				delete(owed, reply)
			}
			if at := r.m.Wake(); !at.IsZero() && !at.After(r.now) {
				if r.step(service.Tick{}) == 0 && !r.m.Wake().IsZero() && !r.m.Wake().After(r.now) {
					t.Fatalf("a tick at %s led nowhere", r.now)
				}
			}
			if r.m.Idle() != (len(owed) == 0 && len(r.calls) == 0) {
				t.Fatalf("idle is %v with %d reports owed and %d calls", r.m.Idle(), len(owed), len(r.calls))
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"report": func(t *rapid.T) {
				var list []int
				for range rapid.IntRange(0, 8).Draw(t, "outcomes") {
					jobs++
					list = append(list, jobs)
					if rapid.IntRange(0, 9).Draw(t, "poison") == 0 {
						poison[number(jobs)] = true
					}
				}
				reports++
				reply := fmt.Sprintf("reply-%d", reports)
				owed[reply] = len(list)
				r.report(reply, list...)
			},
			"return": func(t *rapid.T) {
				if len(r.calls) > 0 {
					r.finish(r.calls[rapid.IntRange(0, len(r.calls)-1).Draw(t, "call")].Name)
				}
			},
			"hint": func(*rapid.T) { r.receive(bus.CheckEdges, "", nil) },
			"pass": func(t *rapid.T) {
				r.now = r.now.Add(time.Duration(rapid.IntRange(1, 500).Draw(t, "ms")) * time.Millisecond)
			},
			"break": func(*rapid.T) { down = !down },
			"":      func(*rapid.T) { settle() },
		})
		// However it stands, it comes to rest.
		r.step(service.Stop{})
		for range 5000 {
			if settle(); r.m.Idle() {
				return
			}
			if len(r.calls) > 0 {
				r.finish(r.calls[0].Name)
			} else if at := r.m.Wake(); at.After(r.now) {
				r.now = at
				r.step(service.Tick{})
			}
		}
		t.Fatalf("%d reports are not answered", len(owed))
	})
}
