package scheduler_test

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/services/scheduler"
)

// reaping returns a rig that counts the calls that end leases.
func reaping(t *testing.T) (r *rig, ended *int) {
	r = newRig(t)
	r.step(service.Tick{})
	r.finish(leases)
	ended = new(int)
	r.expire = func(int) (store.Resolution, error) {
		*ended++
		return store.Resolution{}, nil
	}
	return r, ended
}

// The dispatchers may have lost the database, and this scheduler not.
func TestMostLeasesExpiringAtOnceAreLeftAloneForAnotherLeaseOnce(t *testing.T) {
	hold := scheduler.DefaultConfig().ReapHold
	r, ended := reaping(t)
	r.overdue = store.Overdue{Leases: 10, Workers: 2, Standing: 9}
	r.next(leases)
	r.finish(leases)
	equal(t, "ended at once", *ended, 0)
	equal(t, "noted", testutil.ToFloat64(r.metrics.Spared), 1)
	if wait := r.next(leases); wait < hold || wait > hold+time.Second {
		t.Errorf("it looks again after %s, want the hold, %s", wait, hold)
	}
	r.finish(leases)
	equal(t, "ended when the hold is over and they are still silent", *ended, 1)
	for range 5 {
		if wait := r.next(leases); wait > time.Second {
			t.Errorf("the next look comes after %s", wait)
		}
		r.finish(leases)
	}
	equal(t, "ended then", *ended, 6)
	equal(t, "noted in all", testutil.ToFloat64(r.metrics.Spared), 1)
}

func TestLeasesThatWereProlongedInTheHoldAreNotEndedAndTheNextMassIsHeldAgain(t *testing.T) {
	r, _ := reaping(t)
	for n := 1.0; n <= 3; n++ {
		r.overdue = store.Overdue{Leases: 500, Workers: 70}
		r.next(leases)
		r.finish(leases)
		equal(t, "noted", testutil.ToFloat64(r.metrics.Spared), n)
		r.overdue = store.Overdue{}
		r.next(leases)
		r.finish(leases)
	}
}

func TestAFewSilentWorkersAreNoMass(t *testing.T) {
	for what, o := range map[string]store.Overdue{
		"all leases of a small system": {Leases: 9, Workers: 9},
		"all leases of one worker":     {Leases: 1000, Workers: 1},
		"half of the leases":           {Leases: 50, Workers: 5, Standing: 50},
	} {
		r, ended := reaping(t)
		r.overdue = o
		r.next(leases)
		r.finish(leases)
		if *ended != 1 {
			t.Errorf("%s are held up", what)
		}
	}
}

func TestWithoutAHoldNothingIsHeldUp(t *testing.T) {
	cfg := scheduler.DefaultConfig()
	cfg.ReapHold = 0
	r := newRigWith(t, cfg)
	r.overdue = store.Overdue{Leases: 500, Workers: 70}
	ended := false
	r.expire = func(int) (store.Resolution, error) { ended = true; return store.Resolution{}, nil }
	r.step(service.Tick{})
	r.finish(leases)
	equal(t, "ended", ended, true)
}

// Timers that cannot be fired tell that the outage is not over.
func TestTheHoldOfAMassBeginsAnewWhileTheDatabaseIsAway(t *testing.T) {
	hold := scheduler.DefaultConfig().ReapHold
	r, _ := reaping(t)
	r.overdue = store.Overdue{Leases: 500, Workers: 70}
	r.next(leases)
	r.finish(leases)
	r.fire = func(int) (store.Resolution, time.Duration, error) { return store.Resolution{}, 0, errStore }
	r.next(timers)
	r.now = r.now.Add(hold - time.Second)
	r.finish(timers)
	r.fire = func(int) (store.Resolution, time.Duration, error) { return store.Resolution{}, never, nil }
	if wait := r.next(leases); wait < hold {
		t.Errorf("it reaps %s after a failure, want %s at least", wait, hold)
	}
}

func TestALookThatFailsEndsNothing(t *testing.T) {
	r, ended := reaping(t)
	r.looked = errStore
	r.next(leases)
	r.finish(leases)
	equal(t, "ended", *ended, 0)
	equal(t, "errors", testutil.ToFloat64(r.metrics.Errors), 1)
}
