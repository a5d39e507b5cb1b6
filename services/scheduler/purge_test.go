package scheduler_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/services/scheduler"
)

// passOf lets a pass take n steps, and returns the places that they began at.
func (r *rig) passOf(n int) *[]store.Place {
	var from []store.Place
	r.purge = func(at store.Place, _ int) (store.Purged, store.Place, error) {
		from = append(from, at)
		if len(from)%n == 0 {
			return store.Purged{}, store.Place{}, nil
		}
		return store.Purged{Workflows: 1, Jobs: 20, Keys: 3}, store.Place{Stage: len(from)}, nil
	}
	return &from
}

func TestAPassGoesFromPlaceToPlaceAndRestsForAnInterval(t *testing.T) {
	r := newRig(t)
	from := r.passOf(3)
	interval := scheduler.DefaultConfig().PurgeInterval
	equal(t, "the first pass begins after", r.next(purge), interval)
	r.finish(purge)
	for range 2 {
		equal(t, "between two steps that took no time", r.next(purge), 0)
		r.finish(purge)
	}
	if d := r.next(purge); d < interval || d > interval*11/10 {
		t.Errorf("the next pass begins after %s", d)
	}
	r.finish(purge)
	want := []store.Place{{}, {Stage: 1}, {Stage: 2}, {}}
	for i, at := range want {
		equal(t, "place", (*from)[i], at)
	}
	for kind, n := range map[string]float64{"workflow": 3, "job": 60, "key": 9} {
		equal(t, kind+"s counted", testutil.ToFloat64(r.metrics.Deleted.WithLabelValues(kind)), n)
	}
}

func TestOthersHaveTheDatabaseForAsLongAsAStepHadIt(t *testing.T) {
	for took, want := range map[time.Duration]time.Duration{300 * time.Millisecond: 300 * time.Millisecond, time.Minute: time.Second} {
		r := newRig(t)
		r.passOf(10)
		r.next(purge)
		r.now = r.now.Add(took)
		r.finish(purge)
		equal(t, "pause after a step of "+took.String(), r.next(purge), want)
	}
}

func TestAStepThatFailedIsTakenAgainWithFewerJobs(t *testing.T) {
	r := newRig(t)
	var limits []int
	var places []store.Place
	down := false
	r.purge = func(at store.Place, limit int) (store.Purged, store.Place, error) {
		limits, places = append(limits, limit), append(places, at)
		if down {
			return store.Purged{}, store.Place{Stage: 8}, store.ErrUnavailable
		}
		return store.Purged{}, store.Place{Stage: 7}, nil
	}
	step := func() {
		r.next(purge)
		r.finish(purge)
	}
	step()
	down = true
	for range 12 {
		step()
	}
	down = false
	step()
	step()
	for i, want := range []int{1000, 1000, 500, 250, 125, 62, 31, 15, 7, 3, 1, 1, 1, 1, 2} {
		equal(t, "limit", limits[i], want)
	}
	for _, at := range places[1:] {
		equal(t, "place", at, store.Place{Stage: 7})
	}
	equal(t, "errors counted", testutil.ToFloat64(r.metrics.Errors), 12)
}

func TestAStepThatAlwaysFailsIsPassedBy(t *testing.T) {
	r := newRig(t)
	var at []int
	broken := errors.New("a row that nothing can delete")
	r.purge = func(from store.Place, _ int) (store.Purged, store.Place, error) {
		at = append(at, from.Stage)
		switch from.Stage {
		case 0:
			return store.Purged{}, store.Place{Stage: 2}, nil
		case 2:
			return store.Purged{}, store.Place{Stage: 3}, broken
		case 3:
			return store.Purged{Jobs: 1}, store.Place{Stage: 4}, nil
		}
		return store.Purged{}, store.Place{}, broken
	}
	for range 24 {
		r.next(purge)
		r.finish(purge)
	}
	equal(t, "stages", fmt.Sprint(at), "[0 2 2 2 2 2 2 2 2 2 2 3 4 4 4 4 4 4 4 4 4 4 0 2]")
	equal(t, "jobs counted", testutil.ToFloat64(r.metrics.Deleted.WithLabelValues("job")), 1)
}

func TestAStopWaitsForAStepAndTakesNoOther(t *testing.T) {
	r := newRig(t)
	r.passOf(10)
	r.next(purge)
	r.step(service.Stop{})
	for _, name := range []string{timers, leases, ticks} {
		if r.running(name) {
			r.finish(name)
		}
	}
	equal(t, "idle while a step runs", r.m.Idle(), false)
	r.finish(purge)
	equal(t, "idle", r.m.Idle(), true)
	equal(t, "calls under way", len(r.calls), 0)
}

func TestARetentionIsForEverOrAMinuteAtLeast(t *testing.T) {
	cfg := scheduler.DefaultConfig()
	cfg.Retention = store.Retention{Completed: time.Minute}
	if err := cfg.Validate(); err != nil {
		t.Error(err)
	}
	cfg.Retention = store.Retention{Completed: time.Second, Keys: -time.Hour}
	err := cfg.Validate()
	for _, want := range []string{"scheduler.retention.completed is 1s", "scheduler.retention.keys is -1h0m0s"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in: %v", want, err)
		}
	}
}
