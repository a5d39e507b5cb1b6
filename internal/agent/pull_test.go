package agent_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/agent"
	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/pkg/job"
)

func TestAllFreeSlotsAreOfferedAtOnceForTheirQueues(t *testing.T) {
	r := newRig(t, agent.Pool{Queue: "a", Slots: 3}, slots(2))
	p := r.pulls[0]
	want := []bus.Offer{{Queues: []string{"a"}, Slots: 3}, {Slots: 2}}
	if !reflect.DeepEqual(p.Offers, want) {
		t.Errorf("offers %v, want %v", p.Offers, want)
	}
	equal(t, "worker", p.Worker, "w")
	r.pass(p.TTL - time.Nanosecond)
	equal(t, "offers while it stands", len(r.pulls), 1)
}

// The first offers may meet nobody: the dispatcher starts later, or elsewhere.
func TestOffersStandLongerUpToFourSeconds(t *testing.T) {
	r := newRig(t, slots(3))
	r.pass(time.Minute)
	for i, want := range []time.Duration{1, 2, 4, 4, 4} {
		equal(t, fmt.Sprintf("time that offer %d stands", i), r.pulls[i].TTL, want*time.Second)
	}
}

func TestAnOfferThatExpiredIsRepeated(t *testing.T) {
	r := newRig(t, slots(3))
	r.deliver(r.pulls[0].ID, 100, 10)
	r.pass(r.pulls[0].TTL)
	equal(t, "offers", len(r.pulls), 2)
	equal(t, "slots of the second", r.pulls[1].Offers[0].Slots, 2)
	if r.pulls[0].ID == r.pulls[1].ID {
		t.Error("both have one id")
	}
}

func TestSlotsThatFreeUpTogetherAreOfferedTogether(t *testing.T) {
	r := newRig(t, slots(3))
	r.pass(10 * time.Millisecond)
	r.deliver(r.pulls[0].ID, 100, 10, 11, 12)
	r.finish(100, 10)
	equal(t, "offers after the first", len(r.pulls), 2)
	r.finish(100, 11)
	r.finish(100, 12)
	equal(t, "offers within the pause", len(r.pulls), 2)
	r.pass(2 * time.Millisecond)
	equal(t, "offers after it", len(r.pulls), 3)
	equal(t, "slots", r.pulls[2].Offers[0].Slots, 2)
}

// After its offer has expired the slots are on offer again, and a job that comes
// late takes one of those; after that its lease has expired too.
func TestALateDeliveryTakesASlotOfALaterOfferUnlessItsLeaseMustHaveExpired(t *testing.T) {
	for _, c := range []struct {
		after   time.Duration
		started string
	}{
		{time.Second - time.Millisecond, "10"},
		{time.Second, "10"},
		{6*time.Second - time.Millisecond, "10"},
		{6 * time.Second, ""},
		{time.Hour, ""},
	} {
		r := newRig(t, slots(3))
		pull := r.pulls[0].ID
		r.pass(c.after)
		r.deliver(pull, 100, 10)
		equal(t, "started after "+c.after.String(), r.started(), c.started)
		equal(t, "reports after "+c.after.String(), len(r.asks), 0)
	}
}

func TestADeliveryForAnUnknownPullIsDropped(t *testing.T) {
	r := newRig(t, slots(3)) // of a worker that had this name before
	r.deliver("other", 100, 10)
	equal(t, "started", r.started(), "")
	r.pass(10 * time.Second)
	equal(t, "heartbeats", len(r.beats), 0)
}

func TestAJobWithoutASlotIsGivenBack(t *testing.T) {
	r := newRig(t, slots(1))
	r.deliver(r.pulls[0].ID, 100, 10)
	r.deliver(r.pulls[0].ID, 101, 11)
	equal(t, "started", r.started(), "10")
	o := r.report().Outcomes[0]
	equal(t, "job", o.Job, number(11))
	equal(t, "kind", o.Kind, job.KindGivenBack)
	equal(t, "epoch", o.Epoch, 3)
}

func TestAJobOfAQueueThatNoPoolServesIsGivenBack(t *testing.T) {
	r := newRig(t, agent.Pool{Queue: "other", Slots: 5})
	r.deliver(r.pulls[0].ID, 100, 10)
	equal(t, "started", r.started(), "")
	equal(t, "kind", r.report().Outcomes[0].Kind, job.KindGivenBack)
}

func TestAJobRunsInAPoolThatServesItsQueue(t *testing.T) {
	r := newRig(t, agent.Pool{Queue: "other", Slots: 1}, agent.Pool{Queue: "q", Slots: 1}, slots(1))
	r.deliver(r.pulls[0].ID, 100, 10, 11, 12)
	var pools []int
	for _, s := range r.starts {
		pools = append(pools, s.Pool)
	}
	if want := []int{1, 2}; !reflect.DeepEqual(pools, want) {
		t.Errorf("pools %v, want %v", pools, want)
	}
	equal(t, "given back", r.report().Outcomes[0].Job, number(12))
}

func TestASlotOfAHandlerThatHasNotReturnedIsNotOffered(t *testing.T) {
	r := newRig(t, slots(1))
	r.deliver(r.pulls[0].ID, 100, 10)
	o := job.Outcome{Fence: job.Fence{Job: number(10), Epoch: 3, Lease: number(100)}, Kind: job.KindTimedOut}
	r.step(agent.Finished{Key: key(100, 10), Outcome: o})
	r.answer(job.Committed)
	r.pass(time.Minute)
	equal(t, "offers", len(r.pulls), 1)
	if r.m.Idle() {
		t.Error("idle while the handler runs")
	}
	r.step(agent.Returned{Pool: 0})
	equal(t, "offers after it returned", len(r.pulls), 2)
	if !r.m.Idle() {
		t.Error("not idle")
	}
}

func TestNothingIsAskedForWhileTooManyOutcomesHaveNoVerdict(t *testing.T) {
	r := newRig(t, slots(1000))
	for unconfirmed := 0; unconfirmed < 10_000; {
		p := r.pulls[len(r.pulls)-1]
		n := min(p.Offers[0].Slots, 10_000-unconfirmed)
		lease := 1<<20 + unconfirmed
		var jobs []int
		for range n {
			unconfirmed++
			jobs = append(jobs, unconfirmed)
		}
		r.deliver(p.ID, lease, jobs...)
		for _, j := range jobs {
			r.finish(lease, j)
		}
		r.pass(5 * time.Second) // what is free is on offer again
	}
	before := len(r.pulls)
	r.pass(10 * time.Second)
	equal(t, "offers", len(r.pulls)-before, 0)
	r.answer(job.Committed)
	equal(t, "offers after the first verdicts", len(r.pulls)-before, 1)
}

func TestMessagesThatCannotBeRightChangeNothing(t *testing.T) {
	r := newRig(t, slots(1))
	for _, subject := range []string{bus.DeliverSubject("w"), bus.ControlSubject("w"), "elsewhere"} {
		r.hear(subject, []byte("nonsense"))
		r.hear(subject, []byte(`{"v":2,"body":{}}`))
	}
	equal(t, "started", r.started(), "")
	if !r.m.Idle() {
		t.Error("not idle")
	}
	r.step(service.Tick{})
}
