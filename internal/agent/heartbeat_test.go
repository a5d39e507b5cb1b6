package agent_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/agent"
	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/pkg/job"
)

func TestTheFirstHeartbeatComesWithinTwoSecondsAndThenEveryFive(t *testing.T) {
	r := newRig(t, slots(5))
	r.deliver(r.pulls[0].ID, 100, 10)
	delivered := r.now
	next := func() time.Duration {
		t.Helper()
		for r.beats == nil {
			r.pass(100 * time.Millisecond)
		}
		d := r.now.Sub(delivered)
		r.beaten(fine)
		return d
	}
	equal(t, "first", next(), time.Second)
	equal(t, "second", next(), 6*time.Second)
	equal(t, "third", next(), 11*time.Second)
	r.finish(100, 10)
	r.answer(job.Committed)
	r.pass(time.Minute)
	equal(t, "heartbeats after the verdict", len(r.beats), 0)
}

// A fresh lease stands 5 s: even if a heartbeat that says nothing of it is
// under way and gets lost, its own comes in time.
func TestALeaseThatArrivesDuringAHeartbeatIsAcceptedInTime(t *testing.T) {
	r := newRig(t, slots(5))
	r.deliver(r.pulls[0].ID, 100, 10)
	r.pass(time.Second)
	equal(t, "leases of the heartbeat under way", len(r.beat()), 1)
	r.deliver(r.pulls[0].ID, 101, 11)
	arrived := r.now
	r.pass(time.Second)
	r.loseBeat()
	for r.beats == nil {
		r.pass(10 * time.Millisecond)
	}
	if d := r.now.Sub(arrived); d > 2*time.Second {
		t.Errorf("the heartbeat came after %s", d)
	}
	if got := r.beat(); !slices.Equal(got, []job.ID{number(100), number(101)}) {
		t.Errorf("leases %v", got)
	}
}

func TestAShortLeaseIsProlongedThreeTimesInItsTime(t *testing.T) {
	r := newRig(t, slots(5))
	d := bus.Deliver{Pull: r.pulls[0].ID, Lease: number(100), TTL: 900 * time.Millisecond, Jobs: []bus.Job{{Job: number(10)}}}
	r.hear(bus.DeliverSubject("w"), encode(t, d))
	r.pass(300 * time.Millisecond)
	r.beaten(bus.HeartbeatReply{TTL: 3 * time.Second})
	for range 5 {
		r.pass(time.Second)
		r.beaten(bus.HeartbeatReply{TTL: 3 * time.Second})
	}
}

func TestOneHeartbeatSpeaksForAllLeasesAndOneIsUnderWay(t *testing.T) {
	r := newRig(t, slots(5))
	r.deliver(r.pulls[0].ID, 101, 11)
	r.pass(500 * time.Millisecond)
	r.deliver(r.pulls[0].ID, 100, 10)
	r.pass(10 * time.Second) // beat fails when there are two
	if got := r.beat(); !slices.Equal(got, []job.ID{number(100), number(101)}) {
		t.Errorf("leases %v", got)
	}
}

func TestAHeartbeatWithoutAnAnswerIsRepeatedSoon(t *testing.T) {
	r := newRig(t, slots(5))
	r.deliver(r.pulls[0].ID, 100, 10)
	r.pass(time.Second)
	for range 10 {
		r.loseBeat()
		lost := r.now
		for r.beats == nil {
			r.pass(time.Millisecond)
		}
		if d := r.now.Sub(lost); d < 100*time.Millisecond || d > 400*time.Millisecond {
			t.Errorf("repeated after %s", d)
		}
	}
	equal(t, "handlers stopped", len(r.stops), 0) // they go on: nobody else may have the job
}

func TestAnAnswerThatCannotBeReadIsNone(t *testing.T) {
	r := newRig(t, slots(5))
	r.deliver(r.pulls[0].ID, 100, 10)
	r.pass(time.Second)
	b := r.beats[0]
	r.beats = nil
	r.step(b.Then([]byte("?"), nil))
	r.pass(500 * time.Millisecond)
	equal(t, "heartbeats", len(r.beats), 1)
}

func TestEveryJobOfALostLeaseIsStoppedAndItsOutcomeDropped(t *testing.T) {
	r := newRig(t, slots(5))
	r.deliver(r.pulls[0].ID, 100, 10, 11)
	r.deliver(r.pulls[0].ID, 101, 12)
	r.pass(time.Second)
	r.beaten(bus.HeartbeatReply{TTL: fine.TTL, Lost: []job.ID{number(100), number(999)}})
	want := []agent.Stop{{Key: key(100, 10), Cause: agent.ErrLost}, {Key: key(100, 11), Cause: agent.ErrLost}}
	if !slices.Equal(r.stops, want) {
		t.Errorf("stops %v, want %v", r.stops, want)
	}
	r.finish(100, 10)
	r.finish(100, 11)
	equal(t, "reports of it", len(r.asks), 0)
	r.pass(5 * time.Second)
	if got := r.beat(); !slices.Equal(got, []job.ID{number(101)}) {
		t.Errorf("leases of the next heartbeat %v", got)
	}
	r.finish(101, 12)
	equal(t, "reports of the other lease", len(r.asks), 1)
}

func TestARevokedJobIsStoppedAndTheRestOfItsLeaseGoesOn(t *testing.T) {
	r := newRig(t, slots(5))
	r.deliver(r.pulls[0].ID, 100, 10, 11)
	r.pass(time.Second)
	r.beaten(bus.HeartbeatReply{TTL: fine.TTL, Revoked: []bus.LeaseJob{{Lease: number(100), Job: number(10)}, {Lease: number(7), Job: number(7)}}})
	if len(r.stops) != 1 || r.stops[0].Key != key(100, 10) || !errors.Is(r.stops[0].Cause, agent.ErrLost) {
		t.Errorf("stops %v", r.stops)
	}
	r.finish(100, 10)
	equal(t, "reports of the revoked job", len(r.asks), 0)
	r.finish(100, 11)
	equal(t, "outcomes of the other", r.report().Outcomes[0].Job, number(11))
}

func TestAnOutcomeOnItsWayIsKeptWhenItsLeaseIsLost(t *testing.T) {
	r := newRig(t, slots(5))
	r.deliver(r.pulls[0].ID, 100, 10)
	r.finish(100, 10)
	r.pass(time.Second)
	r.beaten(bus.HeartbeatReply{Lost: []job.ID{number(100)}})
	equal(t, "stops", len(r.stops), 0)
	r.loseReport()
	r.pass(time.Second)
	r.answer(job.Stale) // the store knows
	if !r.m.Idle() {
		t.Error("not idle")
	}
}

func TestACancelledJobIsStoppedAndItsOutcomeCounts(t *testing.T) {
	cancelled := []bus.LeaseJob{{Lease: number(100), Job: number(10)}, {Lease: number(100), Job: number(77)}}
	ways := map[string]func(*rig){
		"by a control message": func(r *rig) {
			r.hear(bus.ControlSubject("w"), encode(r.t, bus.Control{Cancelled: cancelled}))
		},
		"by a heartbeat's answer": func(r *rig) {
			r.pass(time.Second)
			r.beaten(bus.HeartbeatReply{TTL: fine.TTL, Cancelled: cancelled})
		},
	}
	for name, cancel := range ways {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, slots(5))
			r.deliver(r.pulls[0].ID, 100, 10, 11)
			cancel(r)
			if want := []agent.Stop{{Key: key(100, 10), Cause: agent.ErrCancelled}}; !slices.Equal(r.stops, want) {
				t.Errorf("stops %v, want %v", r.stops, want)
			}
			r.finish(100, 10)
			equal(t, "kind", r.report().Outcomes[0].Kind, job.KindCompleted)
			r.stops = nil
			r.hear(bus.ControlSubject("w"), encode(t, bus.Control{Cancelled: cancelled}))
			equal(t, "stops of a job that has ended", len(r.stops), 0)
		})
	}
}
