package dispatcher_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/services/dispatcher"
)

func TestAnOfferStandsBeforeItsClaimLooks(t *testing.T) {
	r := newRig(t)
	asked := r.record(0)
	r.pull("p1", "w", 3)
	equal(t, "claims under way", r.running("claim"), 1)
	r.finish("claim")
	want := []store.Grant{{Lease: number(1), Worker: "w", Limit: 3}}
	if !reflect.DeepEqual((*asked)[0], want) {
		t.Errorf("asked for %+v, want %+v", (*asked)[0], want)
	}
	// A job that becomes ready now finds the offer.
	r.hint()
	equal(t, "claims under way after the hint", r.running("claim"), 1)
}

func TestEachOfferOfAPullBecomesAGrantForItsQueues(t *testing.T) {
	r := newRig(t)
	asked := r.record(0)
	r.receive(bus.PullSubject("w"), "", []byte(`{"v":1,"body":{"id":"p1","worker":"w","ttl":4000000000,"offers":[
		{"queues":["a"],"slots":2},{"queues":["b","c"],"slots":1},{"slots":0},{"queues":[],"slots":4}]}}`))
	r.finish("claim")
	want := []store.Grant{
		{Lease: number(1), Worker: "w", Queues: []string{"a"}, Limit: 2},
		{Lease: number(2), Worker: "w", Queues: []string{"b", "c"}, Limit: 1},
		{Lease: number(3), Worker: "w", Limit: 4}, // no queue named: every queue
	}
	if !reflect.DeepEqual((*asked)[0], want) {
		t.Errorf("asked for %+v, want %+v", (*asked)[0], want)
	}
}

func TestWhatArrivesDuringAClaimForcesAnother(t *testing.T) {
	arrivals := map[string]func(*rig){
		"a hint":    func(r *rig) { r.hint() },
		"an offer":  func(r *rig) { r.pull("p2", "v", 1) },
		"two hints": func(r *rig) { r.hint(); r.hint() },
	}
	for name, arrive := range arrivals {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.pull("p1", "w", 3)
			arrive(r)
			equal(t, "claims under way", r.running("claim"), 1)
			r.finish("claim")
			equal(t, "claims under way after the first", r.running("claim"), 1)
			r.finish("claim")
			equal(t, "claims under way after the second", r.running("claim"), 0)
		})
	}
}

func TestAHintWithoutAnOfferClaimsNothing(t *testing.T) {
	r := newRig(t)
	r.hint()
	r.step(service.Tick{})
	equal(t, "claims", r.running("claim"), 0)
	equal(t, "wake", r.m.Wake(), time.Time{})
}

func TestAUsedUpOfferIsNotClaimedForAgain(t *testing.T) {
	r := newRig(t)
	asked := r.record(2)
	r.pull("p1", "w", 5)
	r.finish("claim") // 2 of 5
	r.hint()
	r.finish("claim") // 4 of 5
	r.hint()
	r.finish("claim") // 5 of 5: it was full, yet nothing is left to ask for
	equal(t, "claims under way", r.running("claim"), 0)
	r.hint()
	equal(t, "claims under way after a hint", r.running("claim"), 0)
	var limits []int
	for _, grants := range *asked {
		limits = append(limits, grants[0].Limit)
	}
	if want := []int{5, 3, 1}; !reflect.DeepEqual(limits, want) {
		t.Errorf("limits %v, want %v", limits, want)
	}
}

func TestAFullGrantIsClaimedForAgainAtOnce(t *testing.T) {
	r := newRig(t)
	asked := r.record(1000)
	r.pull("p1", "w", 450)
	r.finish("claim")
	r.finish("claim")
	r.finish("claim")
	equal(t, "claims under way", r.running("claim"), 0)
	equal(t, "limit of the last", (*asked)[2][0].Limit, 50)
}

func TestTheLeasesOfOneGrantFillItTogether(t *testing.T) {
	r := newRig(t)
	r.claim = func(grants []store.Grant, _ bool) ([]store.Lease, error) {
		first := r.lease(grants[0], 1)
		second := r.lease(grants[0], 1)
		second.ID = number(99)
		return []store.Lease{first, second}, nil
	}
	r.pullOffers("p1", "w", bus.Offer{Slots: 2}, bus.Offer{Queues: []string{"a"}, Slots: 1})
	r.finish("claim")
	messages := decoded[bus.Deliver](t, r.take(), bus.DeliverSubject("w"))
	equal(t, "messages", len(messages), 2)
	equal(t, "second lease", messages[1].Lease, number(99))
	equal(t, "claims under way after a full grant", r.running("claim"), 1)
	asked := r.record(0)
	r.finish("claim")
	if grants := (*asked)[0]; len(grants) != 1 || grants[0].Limit != 1 {
		t.Errorf("asked for %+v, want the second offer alone", grants)
	}
}

func TestAClaimAsksForEveryOfferSoThatIdleWorkersCannotStarveBusyQueues(t *testing.T) {
	r := newRig(t)
	asked := r.record(0)
	r.pull("p0", "w0", 1)
	for i := range 40 {
		r.pull("p", fmt.Sprintf("w%d", i+1), 200)
	}
	r.finish("claim")
	r.hint()
	r.finish("claim")
	r.finish("claim")
	equal(t, "grants for those that came during the first claim", len((*asked)[1]), 40)
	equal(t, "grants after the hint", len((*asked)[2]), 41)
}

func TestExpiredOffersAreNotClaimedFor(t *testing.T) {
	r := newRig(t)
	r.pull("p1", "w", 3)
	r.finish("claim")
	r.now = r.now.Add(3500*time.Millisecond - time.Millisecond)
	r.hint()
	equal(t, "claims before the expiry", r.running("claim"), 1)
	r.finish("claim")
	r.now = r.now.Add(time.Millisecond)
	r.hint()
	equal(t, "claims after the expiry", r.running("claim"), 0)
	equal(t, "wake", r.m.Wake(), time.Time{})
}

func TestAnOfferStandsAMinuteAtMost(t *testing.T) {
	r := newRig(t)
	r.receive(bus.PullSubject("w"), "", encode(t, bus.Pull{ID: "p", Worker: "w", Offers: []bus.Offer{{Slots: 1}}, TTL: 24 * time.Hour}))
	r.finish("claim")
	r.now = r.now.Add(time.Minute)
	r.hint()
	equal(t, "claims", r.running("claim"), 0)
}

func TestACopyOfAPullAddsNothing(t *testing.T) {
	r := newRig(t)
	asked := r.record(0)
	r.pull("p1", "w", 3)
	r.pull("p1", "w", 3)
	r.hint()
	r.finish("claim")
	r.finish("claim")
	equal(t, "grants", len((*asked)[1]), 1)
}

func TestAClaimOfUnknownOutcomeIsRepeatedWithTheSameLeases(t *testing.T) {
	r := newRig(t)
	type claim struct {
		grants []store.Grant
		repeat bool
	}
	var claims []claim
	r.claim = func(grants []store.Grant, repeat bool) ([]store.Lease, error) {
		claims = append(claims, claim{grants, repeat})
		if len(claims) < 3 {
			return nil, errStore
		}
		return []store.Lease{r.lease(grants[0], 2)}, nil
	}
	r.pull("p1", "w", 3)
	began := r.now
	r.finish("claim")
	equal(t, "claims under way", r.running("claim"), 0)
	if r.m.Idle() {
		t.Error("idle while a claim is to be repeated")
	}
	r.step(service.Tick{}) // too early
	equal(t, "claims under way before the back-off is over", r.running("claim"), 0)
	r.wake()
	r.finish("claim")
	r.wake()
	if waited := r.now.Sub(began); waited < 100*time.Millisecond || waited > 400*time.Millisecond {
		t.Errorf("the third try came after %s", waited)
	}
	r.pull("p2", "v", 1) // meanwhile: not in the repeated claim
	r.finish("claim")
	for i, c := range claims {
		equal(t, "repeat", c.repeat, i > 0)
		if !reflect.DeepEqual(c.grants, claims[0].grants) {
			t.Errorf("try %d asked for %+v, the first for %+v", i+1, c.grants, claims[0].grants)
		}
	}
	equal(t, "jobs delivered", len(decoded[bus.Deliver](t, r.take(), bus.DeliverSubject("w"))[0].Jobs), 2)
	equal(t, "claims under way for the second offer", r.running("claim"), 1)
	equal(t, "errors counted", testutil.ToFloat64(r.metrics.ClaimErrors), 2)
}

func TestAClaimOfUnknownOutcomeIsGivenUpWhenItsLeasesHaveExpired(t *testing.T) {
	r := newRig(t)
	began := r.now
	var last []store.Grant
	r.claim = func(grants []store.Grant, repeat bool) ([]store.Lease, error) {
		if repeat && r.now.Sub(began) > 5*time.Second {
			t.Errorf("repeated %s after the first try", r.now.Sub(began))
		}
		last = grants
		return nil, errStore
	}
	r.receive(bus.PullSubject("w"), "", encode(t, bus.Pull{ID: "p", Worker: "w", Offers: []bus.Offer{{Slots: 1}}, TTL: time.Minute}))
	for range 100 {
		if r.running("claim") > 0 {
			r.finish("claim")
		}
		if last[0].Lease != number(1) {
			break
		}
		r.wake()
	}
	equal(t, "lease of the claim after it", last[0].Lease, number(2))
}

// nextPoll returns after how long the machine polls, and lets it.
func (r *rig) nextPoll() time.Duration {
	r.t.Helper()
	before := r.now
	r.wake()
	r.finish("claim")
	return r.now.Sub(before)
}

func TestPollsComeLaterWhileTheyFindNothingAndReturnWithWork(t *testing.T) {
	near := func(got, want time.Duration) bool { return got >= want*8/10 && got <= want*12/10 }
	r := newRig(t)
	found := 0
	r.claim = func(grants []store.Grant, _ bool) ([]store.Lease, error) {
		if found == 0 {
			return nil, nil
		}
		found--
		return []store.Lease{r.lease(grants[0], 1)}, nil
	}
	r.receive(bus.PullSubject("w"), "", encode(t, bus.Pull{ID: "p", Worker: "w", Offers: []bus.Offer{{Slots: 100}}, TTL: time.Minute}))
	r.finish("claim")
	for i, want := range []time.Duration{2 * time.Second, 4 * time.Second, 5 * time.Second, 5 * time.Second} {
		if got := r.nextPoll(); !near(got, want) {
			t.Errorf("poll %d came after %s, want about %s", i+1, got, want)
		}
	}
	found = 1
	r.nextPoll()
	if got := r.nextPoll(); !near(got, time.Second) {
		t.Errorf("after a poll that found a job the next came after %s, want about 1s", got)
	}
	r.nextPoll()
	r.nextPoll()
	r.hint()
	r.finish("claim")
	if got := r.nextPoll(); !near(got, 2*time.Second) {
		t.Errorf("after a hint that found nothing the next poll came after %s, want about 2s", got)
	}
}

func TestAStopDeliversWhatIsBeingClaimedAndBeginsNothing(t *testing.T) {
	r := newRig(t)
	r.record(2)
	r.pull("p1", "w", 3)
	r.hint()
	r.step(service.Stop{})
	if r.m.Idle() {
		t.Error("idle while a claim is under way")
	}
	r.pull("p2", "v", 3)
	r.finish("claim")
	equal(t, "jobs delivered", len(decoded[bus.Deliver](t, r.take(), bus.DeliverSubject("w"))[0].Jobs), 2)
	equal(t, "claims under way", r.running("claim"), 0)
	if !r.m.Idle() {
		t.Error("not idle after the claim")
	}
	r.hint()
	r.step(service.Tick{})
	equal(t, "claims under way after another hint", r.running("claim"), 0)
	equal(t, "wake", r.m.Wake(), time.Time{})
}

func TestMessagesThatCannotBeRightAreRefusedAndCounted(t *testing.T) {
	offer := []bus.Offer{{Slots: 1}}
	cases := []struct {
		name, subject string
		data          []byte
	}{
		{"a pull in another worker's name", bus.PullSubject("mallory"), encode(t, bus.Pull{ID: "p", Worker: "w", Offers: offer, TTL: time.Second})},
		{"a heartbeat in another worker's name", bus.HeartbeatSubject("mallory"), encode(t, bus.Heartbeat{Worker: "w"})},
		{"a pull that offers nothing", bus.PullSubject("w"), encode(t, bus.Pull{ID: "p", Worker: "w", TTL: time.Second})},
		{"a pull that offers fewer slots than none", bus.PullSubject("w"), encode(t, bus.Pull{ID: "p", Worker: "w", Offers: []bus.Offer{{Slots: -1}}, TTL: time.Second})},
		{"no JSON", bus.PullSubject("w"), []byte("pull")},
		{"an unknown version", bus.FetchSubject("w"), []byte(`{"v":2,"id":"x","body":{}}`)},
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

func TestABadConfigurationNamesEveryFault(t *testing.T) {
	_, err := dispatcher.NewMachine(dispatcher.Config{PollIntervalIdle: -1, LeaseTTL: time.Second}, nil, maxPayload, service.NewSource(), nil, nil, nil)
	if err == nil {
		t.Fatal("no error")
	}
	if lines := strings.Count(err.Error(), "\n") + 1; lines != 5 {
		t.Errorf("%d faults, want 5:\n%v", lines, err)
	}
}
