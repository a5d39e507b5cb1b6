package scheduler_test

import (
	"errors"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/services/scheduler"
)

// After an outage heartbeats are late too: what looks expired is mostly alive.
func TestTheReaperWaitsAfterAGap(t *testing.T) {
	hold := scheduler.DefaultConfig().ReapHold
	r := newRig(t)
	r.step(service.Tick{})
	r.finish(leases)
	r.now = r.now.Add(time.Hour)
	r.step(service.Tick{})
	equal(t, "reaping right after the gap", r.running(leases), false)
	r.now = r.now.Add(hold - time.Millisecond)
	r.step(service.Tick{})
	equal(t, "reaping before the hold is over", r.running(leases), false)
	r.now = r.now.Add(time.Millisecond)
	r.step(service.Tick{})
	equal(t, "reaping when the hold is over", r.running(leases), true)
}

// A look that failed saw no lease: heartbeats failed like it.
func TestTheReaperWaitsAfterAnOutageHoweverOftenItHasLooked(t *testing.T) {
	hold := scheduler.DefaultConfig().ReapHold
	r := newRig(t)
	r.step(service.Tick{})
	r.finish(leases)
	r.expire = func(int) (store.Resolution, error) { return store.Resolution{}, errStore }
	for began := r.now; r.now.Sub(began) < 2*hold; {
		r.next(leases)
		r.finish(leases)
	}
	if wait := r.next(leases); wait < hold {
		t.Errorf("it reaps %s after a look that failed, want %s at least", wait, hold)
	}
}

// Workers may have outlived the engine that ran before.
func TestTheReaperWaitsAtItsStartWhereItIsAskedTo(t *testing.T) {
	cfg := scheduler.DefaultConfig()
	cfg.HoldAtStart = true
	r := newRigWith(t, cfg)
	r.step(service.Tick{})
	equal(t, "reaping at the start", r.running(leases), false)
	equal(t, "looking for timers at the start", r.running(timers), true)
	r.now = r.now.Add(cfg.ReapHold)
	r.step(service.Tick{})
	equal(t, "reaping when the hold is over", r.running(leases), true)
}

// The hold is for heartbeats that come when the outage is over.
func TestTheHoldBeginsAnewWhileTheOutageGoesOn(t *testing.T) {
	hold := scheduler.DefaultConfig().ReapHold
	r := newRig(t)
	r.step(service.Tick{})
	r.finish(leases)
	r.finish(timers)
	r.now = r.now.Add(time.Hour)
	r.step(service.Tick{})
	r.now = r.now.Add(hold - time.Second)
	r.fire = func(int) (store.Resolution, time.Duration, error) {
		return store.Resolution{}, 0, errStore
	}
	r.finish(timers)
	r.now = r.now.Add(hold - time.Millisecond)
	r.step(service.Tick{})
	equal(t, "reaping before heartbeats had time", r.running(leases), false)
	r.now = r.now.Add(time.Millisecond)
	r.step(service.Tick{})
	equal(t, "reaping when they had", r.running(leases), true)
}

func TestTimersThatCannotBeFiredDoNotKeepLeasesFromEnding(t *testing.T) {
	cfg := scheduler.DefaultConfig()
	cfg.HoldAtStart = true
	r := newRigWith(t, cfg)
	r.fire = func(int) (store.Resolution, time.Duration, error) {
		return store.Resolution{}, 0, errors.New("one of them is more than a statement can take")
	}
	r.next(timers)
	r.finish(timers)
	if wait := r.next(leases); wait > cfg.ReapHold {
		t.Errorf("it reaps after %s, want the hold, %s", wait, cfg.ReapHold)
	}
}
