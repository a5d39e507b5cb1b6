package scheduler_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/services/scheduler"
)

func TestTheNextLookIsAtTheNextTickButNotLaterThanThePoll(t *testing.T) {
	for _, c := range []struct{ decide, run, want time.Duration }{
		{never, never, 500 * time.Millisecond},
		{120 * time.Millisecond, never, 120 * time.Millisecond},
		{never, 130 * time.Millisecond, 130 * time.Millisecond},
		{120 * time.Millisecond, 110 * time.Millisecond, 110 * time.Millisecond},
		{time.Hour, 2 * time.Hour, 500 * time.Millisecond},
	} {
		r := newRig(t)
		r.decide = func(int) (store.Decided, time.Duration, error) { return store.Decided{}, c.decide, nil }
		r.run = func(int) (store.TicksRun, time.Duration, error) { return store.TicksRun{}, c.run, nil }
		r.next(ticks)
		r.finish(ticks)
		equal(t, "wait", r.next(ticks), c.want)
	}
}

func TestWhatBecameOfTicksIsCountedAndAnnounced(t *testing.T) {
	r := newRig(t)
	r.decide = func(int) (store.Decided, time.Duration, error) {
		return store.Decided{Schedules: 1, Due: 4, Missed: 5}, never, nil
	}
	r.run = func(int) (store.TicksRun, time.Duration, error) {
		return store.TicksRun{
			Resolution: store.Resolution{Queues: []string{"q"}}, Made: []store.Instance{{Workflow: job.NewID(), Jobs: 1}},
			Skipped: 2, Failed: 3, Lateness: []time.Duration{time.Second},
		}, never, nil
	}
	r.next(ticks)
	r.sent = nil
	r.finish(ticks)
	for state, n := range map[string]float64{"started": 1, "skipped": 2, "failed": 3, "missed": 5} {
		equal(t, state, testutil.ToFloat64(r.metrics.Ticks.WithLabelValues(state)), n)
	}
	equal(t, "observed", testutil.CollectAndCount(r.metrics.Late), 1)
	equal(t, "hints", len(r.sent), 1)
}

func TestWhileThereAreMoreTicksTheyAreLookedAtAgainAtOnce(t *testing.T) {
	for what, f := range map[string]func(r *rig, limit int){
		"schedules": func(r *rig, limit int) {
			r.decide = func(int) (store.Decided, time.Duration, error) {
				return store.Decided{Schedules: limit, Due: limit}, never, nil
			}
		},
		"instances": func(r *rig, _ int) {
			r.run = func(int) (store.TicksRun, time.Duration, error) { return store.TicksRun{More: true}, never, nil }
		},
	} {
		r := newRig(t)
		limit := 0
		r.decide = func(n int) (store.Decided, time.Duration, error) { limit = n; return store.Decided{}, never, nil }
		r.next(ticks)
		r.finish(ticks)
		f(r, limit)
		r.next(ticks)
		r.finish(ticks)
		equal(t, what, r.next(ticks), 0)
	}
}

func TestTicksThatWereDecidedAreMadeAlsoWhenDecidingFails(t *testing.T) {
	r := newRig(t)
	made := 0
	r.run = func(int) (store.TicksRun, time.Duration, error) { made++; return store.TicksRun{}, never, nil }
	r.decide = func(int) (store.Decided, time.Duration, error) {
		return store.Decided{}, 0, errors.New("one schedule is broken")
	}
	r.next(ticks)
	r.finish(ticks)
	equal(t, "made", made, 1)
	equal(t, "errors", testutil.ToFloat64(r.metrics.Errors), 1)
	r.decide = func(int) (store.Decided, time.Duration, error) { return store.Decided{}, 0, store.ErrUnavailable }
	r.next(ticks)
	r.finish(ticks)
	equal(t, "asked while the database is away", made, 1)
}

func TestSchedulesThatAreLeftToOthersAreNamedOnceAMinute(t *testing.T) {
	r := newRig(t)
	r.decide = func(int) (store.Decided, time.Duration, error) {
		return store.Decided{Unknown: []error{errors.New("schedule nightly: unknown time zone Mars/Olympus")}}, time.Second, nil
	}
	began := r.now
	for r.now.Sub(began) < 90*time.Second {
		r.next(ticks)
		r.finish(ticks)
	}
	equal(t, "named", strings.Count(r.logged.String(), "Mars/Olympus"), 2)
}

func TestAStopWaitsForTicks(t *testing.T) {
	cfg := scheduler.DefaultConfig()
	r := newRigWith(t, cfg)
	r.next(ticks)
	r.step(service.Stop{})
	for _, name := range []string{timers, leases} {
		if r.running(name) {
			r.finish(name)
		}
	}
	equal(t, "idle while ticks run", r.m.Idle(), false)
	r.finish(ticks)
	equal(t, "idle", r.m.Idle(), true)
}
