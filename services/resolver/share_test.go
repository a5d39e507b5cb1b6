package resolver_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/services/resolver"
)

// shareTTL is how long a resolver may be silent.
const shareTTL = 3 * time.Second

// newSharingRig returns a rig of a resolver that is not alone and owns what
// share says.
func newSharingRig(t tester, own ...int) *rig {
	t.Helper()
	r := newRig(t, func(c *resolver.Config) { c.Alone, c.Name = false, "r1" })
	r.share = func(string) ([]int, error) { return own, nil }
	r.leave = func(string) error { return nil }
	r.finish("share partitions")
	return r
}

// hears returns the partitions that the machine has subscribed to.
func (r *rig) hears() string {
	var list []string
	for subject := range r.heard {
		list = append(list, strings.TrimSuffix(strings.TrimPrefix(subject, "hw.v1.completed."), ".*"))
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

// renew moves the clock on until the machine asks for its share again, and
// returns how long that took.
func (r *rig) renew() time.Duration {
	r.t.Helper()
	began := r.now
	for range 100 {
		if r.running("share partitions") > 0 {
			return r.now.Sub(began)
		}
		r.pass()
	}
	r.t.Fatalf("it does not ask for its share")
	return 0
}

// pass moves the clock on to what the machine wants to be woken for.
func (r *rig) pass() {
	r.t.Helper()
	if r.running("check edges") > 0 {
		r.finish("check edges")
	}
	if at := r.m.Wake(); at.After(r.now) {
		r.now = at
	}
	r.step(service.Tick{})
}

func TestAResolverAsksForItsShareAtOnceAndAboutEverySecond(t *testing.T) {
	r := newRig(t, func(c *resolver.Config) { c.Alone, c.Name = false, "r1" })
	equal(t, "asking at the start", r.running("share partitions"), 1)
	var asked []string
	r.share = func(name string) ([]int, error) { asked = append(asked, name); return []int{1}, nil }
	r.finish("share partitions")
	for range 10 {
		if wait := r.renew(); wait < 800*time.Millisecond || wait > 1200*time.Millisecond {
			t.Errorf("it asks again after %s", wait)
		}
		r.finish("share partitions")
	}
	equal(t, "asked", fmt.Sprint(slices.Compact(asked)), "[r1]")
}

func TestAResolverHearsWhatItOwnsAsThatChanges(t *testing.T) {
	r := newSharingRig(t, 3, 5)
	equal(t, "hears", r.hears(), "3 5")
	r.renew()
	r.share = func(string) ([]int, error) { return []int{5, 7, 9}, nil }
	r.finish("share partitions")
	equal(t, "hears then", r.hears(), "5 7 9")
	equal(t, "owned", testutil.ToFloat64(r.metrics.Partitions), 3)
	equal(t, "taken", testutil.ToFloat64(r.metrics.Takeovers), 4)
}

// Somebody else may own them by then.
func TestAResolverThatCannotRenewItsShareLetsGoOfItInTime(t *testing.T) {
	r := newSharingRig(t, 3, 5)
	began := r.now
	r.share = func(string) ([]int, error) { return nil, errStore }
	for r.hears() != "" {
		if r.now.Sub(began) > shareTTL {
			t.Fatalf("after %s it still hears %s", r.now.Sub(began), r.hears())
		}
		if r.running("share partitions") > 0 {
			r.finish("share partitions")
		}
		r.pass()
	}
	equal(t, "let go after", r.now.Sub(began), shareTTL)
	r.share = func(string) ([]int, error) { return []int{5}, nil }
	if r.running("share partitions") == 0 {
		r.renew()
	}
	r.finish("share partitions")
	equal(t, "hears when it is back", r.hears(), "5")
}

func TestAResolverWhoseQuestionIsNotAnsweredLetsGoOfItsShareInTime(t *testing.T) {
	r := newSharingRig(t, 3, 5)
	began := r.now
	r.renew()
	asked := r.now
	for r.hears() != "" {
		r.pass()
	}
	equal(t, "let go after", r.now.Sub(began), shareTTL)
	r.now = asked.Add(shareTTL)
	r.finish("share partitions")
	equal(t, "hears after an answer whose time is over", r.hears(), "")
}

// The time of a share runs from the question: when it was answered, the database
// may have counted for as long.
func TestTheTimeOfAShareBeginsWithTheQuestion(t *testing.T) {
	r := newSharingRig(t, 1)
	r.renew()
	asked := r.now
	r.now = r.now.Add(1500 * time.Millisecond)
	r.finish("share partitions")
	r.share = func(string) ([]int, error) { return nil, errStore }
	for r.hears() != "" {
		if r.running("share partitions") > 0 {
			r.finish("share partitions")
		}
		r.pass()
	}
	equal(t, "let go after", r.now.Sub(asked), shareTTL)
}

func TestAResolverThatStopsLeavesItsPartitions(t *testing.T) {
	r := newSharingRig(t, 1, 2)
	var gone string
	r.leave = func(name string) error { gone = name; return nil }
	r.step(service.Stop{})
	equal(t, "idle before it has left", r.m.Idle(), false)
	r.finish("leave partitions")
	equal(t, "left", gone, "r1")
	equal(t, "idle", r.m.Idle(), true)
	equal(t, "owned", testutil.ToFloat64(r.metrics.Partitions), 0)
	r.step(service.Tick{})
	equal(t, "calls", len(r.calls), 0)
}

func TestAResolverThatStopsWhileItSharesLeavesWhatItGot(t *testing.T) {
	r := newSharingRig(t, 1)
	r.renew()
	r.step(service.Stop{})
	equal(t, "leaving meanwhile", r.running("leave partitions"), 0)
	r.finish("share partitions")
	equal(t, "leaving", r.running("leave partitions"), 1)
	r.leave = func(string) error { return errStore }
	r.finish("leave partitions")
	equal(t, "idle although it could not leave", r.m.Idle(), true)
}

// A database that does not answer must not keep a resolver from ending.
func TestCallsAboutSharesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSharingRig(t, 1)
		r.block = true
		r.renew()
		for _, name := range []string{"share partitions", "leave partitions"} {
			began := time.Now()
			r.finish(name)
			equal(t, name+" takes", time.Since(began), shareTTL)
			r.step(service.Stop{})
		}
	})
}

func TestAResolverThatIsAloneHearsEverythingAndSharesNothing(t *testing.T) {
	r := newRig(t)
	for range 10 {
		r.pass()
	}
	equal(t, "asking for a share", r.running("share partitions"), 0)
	r.step(service.Stop{})
	equal(t, "leaving", r.running("leave partitions"), 0)
	cfg := resolver.DefaultConfig()
	cfg.Alone = true
	equal(t, "hears", resolver.Subscriptions(cfg)[0].Subject, bus.AllCompleted)
	cfg.Alone = false
	equal(t, "hears when it is not alone", resolver.Subscriptions(cfg)[0].Subject, bus.AnyCompleted)
}

// Reports of two partitions that nobody owns come on one subject; one must not
// be taken for the other, nor for another than the same sent to the owner.
func TestReportsOfAWorkerOnTheSubjectOfAllAreToldApartByTheirPartition(t *testing.T) {
	r := newSharingRig(t, 1)
	r.report("busy", 1) // the others wait for it
	send := func(subject, reply string, partition, n int) {
		body := bus.Completed{Worker: "w", Partition: partition, Outcomes: []bus.Outcome{
			{Fence: job.Fence{Job: number(n), Epoch: 1, Lease: number(1)}, Kind: job.KindCompleted, Result: bus.Text("null")},
		}}
		r.receive(subject, reply, encode(t, body))
	}
	send(bus.AnyCompletedSubject("w"), "seven", 7, 7)
	send(bus.AnyCompletedSubject("w"), "eight", 8, 8)
	send(bus.CompletedSubject(8, "w"), "eight again", 8, 8)
	r.finish("resolve")
	r.finish("resolve")
	answers := r.verdicts()
	for reply, want := range map[string]bool{"busy": true, "seven": true, "eight": false, "eight again": true} {
		equal(t, reply+" is answered", answers[reply] != nil, want)
	}
}
