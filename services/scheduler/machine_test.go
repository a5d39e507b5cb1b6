package scheduler_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
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
	"github.com/hammerwork/hammerwork/services/scheduler"
)

const (
	timers = "fire timers"
	leases = "expire leases"
	ticks  = "run ticks"
	purge  = "purge"
	never  = -1 * time.Second
)

var errStore = fmt.Errorf("fire: %w", store.ErrUnavailable)

// tester is what the rig needs of testing.T, and rapid.T has too.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

// rig drives a Machine by hand: it holds the clock and the calls that have not
// returned, and answers for the store.
type rig struct {
	logged  bytes.Buffer
	t       tester
	m       *scheduler.Machine
	metrics *scheduler.Metrics
	now     time.Time
	calls   []service.Call // under way
	sent    []string       // subjects

	fire   func(limit int) (store.Resolution, time.Duration, error)
	expire func(limit int) (store.Resolution, error)

	overdue store.Overdue
	looked  error // of the look for what is overdue
	purge   func(from store.Place, limit int) (store.Purged, store.Place, error)
	decide  func(limit int) (store.Decided, time.Duration, error)
	run     func(limit int) (store.TicksRun, time.Duration, error)
}

func newRig(t tester) *rig {
	t.Helper()
	return newRigWith(t, scheduler.DefaultConfig())
}

func newRigWith(t tester, cfg scheduler.Config) *rig {
	t.Helper()
	r := &rig{t: t, metrics: scheduler.NewMetrics(nil), now: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}
	var err error
	r.m, err = scheduler.NewMachine(cfg, fakeStore{r}, service.Source{Rand: rand.New(rand.NewPCG(1, 2))}, slog.New(slog.NewTextHandler(&r.logged, nil)), r.metrics)
	if err != nil {
		t.Fatalf("%v", err)
	}
	r.fire = func(int) (store.Resolution, time.Duration, error) { return store.Resolution{}, never, nil }
	r.expire = func(int) (store.Resolution, error) { return store.Resolution{}, nil }
	r.decide = func(int) (store.Decided, time.Duration, error) { return store.Decided{}, never, nil }
	r.run = func(int) (store.TicksRun, time.Duration, error) { return store.TicksRun{}, never, nil }
	r.purge = func(store.Place, int) (store.Purged, store.Place, error) { return store.Purged{}, store.Place{}, nil }
	return r
}

// fakeStore answers with the functions of its rig.
type fakeStore struct{ r *rig }

func (s fakeStore) FireTimers(_ context.Context, limit int) (store.Resolution, time.Duration, error) {
	return s.r.fire(limit)
}

func (s fakeStore) Overdue(context.Context) (store.Overdue, error) {
	return s.r.overdue, s.r.looked
}

func (s fakeStore) ExpireLeases(_ context.Context, limit int) (store.Resolution, error) {
	return s.r.expire(limit)
}

func (s fakeStore) DecideTicks(_ context.Context, limit int) (store.Decided, time.Duration, error) {
	return s.r.decide(limit)
}

func (s fakeStore) RunTicks(_ context.Context, limit int) (store.TicksRun, time.Duration, error) {
	return s.r.run(limit)
}

func (s fakeStore) Purge(_ context.Context, keep store.Retention, from store.Place, limit int) (store.Purged, store.Place, error) {
	if keep != store.DefaultRetention() {
		s.r.t.Fatalf("purge with %+v", keep)
	}
	return s.r.purge(from, limit)
}

// step gives the machine an event and keeps what it answers.
func (r *rig) step(e service.Event) (actions int) {
	r.t.Helper()
	list := r.m.Step(r.now, e)
	for _, a := range list {
		switch a := a.(type) {
		case service.Publish:
			r.sent = append(r.sent, a.Subject)
		case service.Call:
			r.calls = append(r.calls, a)
		default:
			r.t.Fatalf("unknown action %T", a)
		}
	}
	return len(list)
}

func (r *rig) running(name string) bool {
	return slices.ContainsFunc(r.calls, func(c service.Call) bool { return c.Name == name })
}

// finish lets the call of a name return.
func (r *rig) finish(name string) {
	r.t.Helper()
	i := slices.IndexFunc(r.calls, func(c service.Call) bool { return c.Name == name })
	if i < 0 {
		r.t.Fatalf("no %s is under way", name)
	}
	c := r.calls[i]
	r.calls = slices.Delete(r.calls, i, i+1)
	r.step(c.Do(context.Background()))
}

func (r *rig) hint() { r.step(service.Received{Message: bus.Message{Subject: bus.Timers}}) }

// next moves the clock until a call of a name is under way, and returns how
// long that took. Calls of the other name return at once.
func (r *rig) next(name string) time.Duration {
	r.t.Helper()
	began := r.now
	for range 1000 {
		if r.running(name) {
			return r.now.Sub(began)
		}
		if len(r.calls) > 0 {
			r.finish(r.calls[0].Name)
			continue
		}
		if at := r.m.Wake(); at.After(r.now) {
			r.now = at
		}
		r.step(service.Tick{})
	}
	r.t.Fatalf("%s does not run again", name)
	return 0
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestBothDutiesBeginAtOnce(t *testing.T) {
	r := newRig(t)
	r.step(service.Tick{})
	if !r.running(timers) || !r.running(leases) {
		t.Errorf("under way: %v", r.calls)
	}
	equal(t, "wake while both are under way", r.m.Wake(), r.now.Add(scheduler.DefaultConfig().PurgeInterval))
	if r.m.Idle() {
		t.Error("idle while calls are under way")
	}
}

func TestTheNextLookIsWhenATimerIsDueButNotLaterThanThePoll(t *testing.T) {
	cases := []struct{ next, want time.Duration }{
		{never, 500 * time.Millisecond},
		{120 * time.Millisecond, 120 * time.Millisecond},
		{0, 0},
		{time.Hour, 500 * time.Millisecond},
	}
	for _, c := range cases {
		r := newRig(t)
		r.fire = func(int) (store.Resolution, time.Duration, error) { return store.Resolution{}, c.next, nil }
		r.next(timers)
		r.finish(timers)
		equal(t, "wait when the next timer is due in "+c.next.String(), r.next(timers), c.want)
	}
}

func TestAHintLooksAtOnce(t *testing.T) {
	r := newRig(t)
	r.next(timers)
	r.finish(timers)
	r.hint()
	equal(t, "timers are looked at", r.running(timers), true)
}

func TestAHintDuringALookLeadsToAnother(t *testing.T) {
	r := newRig(t)
	r.next(timers)
	r.hint()
	r.hint()
	equal(t, "calls under way", len(r.calls), 3) // one of each duty
	r.finish(timers)
	equal(t, "timers are looked at again", r.running(timers), true)
	r.finish(timers)
	equal(t, "and a third time", r.running(timers), false)
}

func TestAHintOutlivesALookThatFailed(t *testing.T) {
	r := newRig(t)
	r.fire = func(int) (store.Resolution, time.Duration, error) { return store.Resolution{}, never, errStore }
	r.next(timers)
	r.hint()
	r.finish(timers)
	equal(t, "timers are looked at without a back-off", r.running(timers), false)
	r.fire = func(int) (store.Resolution, time.Duration, error) { return store.Resolution{}, never, nil }
	r.next(timers)
	r.finish(timers)
	equal(t, "timers are looked at again", r.running(timers), true)
}

func TestAFailingLookIsRepeatedLaterAndLater(t *testing.T) {
	for _, name := range []string{timers, leases} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			down := true
			r.fire = func(int) (store.Resolution, time.Duration, error) {
				if down {
					return store.Resolution{}, 0, errStore
				}
				return store.Resolution{}, never, nil
			}
			r.expire = func(int) (store.Resolution, error) {
				if down {
					return store.Resolution{}, errStore
				}
				return store.Resolution{}, nil
			}
			r.next(name)
			for i := range 10 {
				limit := min(100*time.Millisecond<<min(i, 6), 5*time.Second)
				r.finish(name)
				if d := r.next(name); d < limit/2 || d > limit {
					t.Errorf("repeated after %s, want between %s and %s", d, limit/2, limit)
				}
			}
			down = false
			r.finish(name)
			equal(t, "wait after it recovered", r.next(name), 500*time.Millisecond)
			down = true
			r.finish(name)
			if d := r.next(name); d > 100*time.Millisecond {
				t.Errorf("repeated after %s, want at most 100ms: the count of errors starts anew", d)
			}
			if testutil.ToFloat64(r.metrics.Errors) < 11 {
				t.Error("the errors are not counted")
			}
		})
	}
}

func TestAFullTransactionIsFollowedByAnotherAtOnce(t *testing.T) {
	r := newRig(t)
	due, expired := 2500, 120
	r.fire = func(limit int) (store.Resolution, time.Duration, error) {
		n := min(due, limit)
		due -= n
		return store.Resolution{Done: n}, time.Hour, nil
	}
	r.expire = func(limit int) (store.Resolution, error) {
		n := min(expired, limit)
		expired -= n
		return store.Resolution{Done: n}, nil
	}
	r.step(service.Tick{})
	for len(r.calls) > 0 {
		r.finish(r.calls[0].Name)
	}
	equal(t, "timers left", due, 0)
	equal(t, "leases left", expired, 0)
	equal(t, "timers counted", testutil.ToFloat64(r.metrics.Fired), 2500)
	equal(t, "leases counted", testutil.ToFloat64(r.metrics.Expired), 120)
}

// A call over several transactions may fail after some of them.
func TestWhatWasCommittedIsAnnouncedAlsoWhenTheCallFailed(t *testing.T) {
	r := newRig(t)
	r.fire = func(int) (store.Resolution, time.Duration, error) {
		return store.Resolution{Queues: []string{"q"}}, 0, errStore
	}
	r.next(timers)
	r.finish(timers)
	if !slices.Contains(r.sent, bus.ReadySubject("q")) {
		t.Errorf("sent %v", r.sent)
	}
}

func TestAStopWaitsForWhatRunsAndBeginsNothing(t *testing.T) {
	r := newRig(t)
	r.expire = func(limit int) (store.Resolution, error) {
		return store.Resolution{Done: limit, Queues: []string{"q"}}, nil
	}
	r.step(service.Tick{})
	r.hint()
	r.step(service.Stop{})
	r.finish(timers)
	if r.m.Idle() {
		t.Error("idle while leases are expired")
	}
	r.finish(leases)
	r.finish(ticks)
	if !r.m.Idle() {
		t.Error("not idle")
	}
	equal(t, "calls under way", len(r.calls), 0)
	equal(t, "hints", len(r.sent), 1)
	equal(t, "wake", r.m.Wake(), time.Time{})
	r.hint()
	equal(t, "calls under way after a hint", len(r.calls), 0)
}

func TestABadConfigurationNamesEveryFault(t *testing.T) {
	_, err := scheduler.NewMachine(scheduler.Config{}, nil, service.NewSource(), nil, nil)
	if err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("want 4 faults, got:\n%v", err)
	}
}

// Whatever happens: at most one call of each duty is under way, all go on
// forever, and the machine never asks for ticks that lead nowhere.
func TestTheDutiesGoOnForeverAndTheMachineNeverSpins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRig(t)
		outcome := func() (store.Resolution, time.Duration, error) {
			var err error
			if rapid.Bool().Draw(t, "fails") {
				err = errStore
			}
			return store.Resolution{Done: rapid.SampledFrom([]int{0, 1, 50, 1000}).Draw(t, "done")},
				time.Duration(rapid.IntRange(-1, 2000).Draw(t, "next")) * time.Millisecond, err
		}
		last := map[string]time.Time{timers: r.now, leases: r.now}
		r.fire = func(int) (store.Resolution, time.Duration, error) { last[timers] = r.now; return outcome() }
		r.expire = func(int) (store.Resolution, error) {
			last[leases] = r.now
			res, _, err := outcome()
			return res, err
		}
		last[ticks] = r.now
		r.decide = func(int) (store.Decided, time.Duration, error) {
			last[ticks] = r.now
			res, next, err := outcome()
			return store.Decided{Schedules: res.Done}, next, err
		}
		r.run = func(int) (store.TicksRun, time.Duration, error) {
			res, next, err := outcome()
			return store.TicksRun{Schedules: res.Done}, next, err
		}
		r.step(service.Tick{})
		t.Repeat(map[string]func(*rapid.T){
			"return": func(t *rapid.T) {
				if len(r.calls) > 0 {
					r.finish(r.calls[rapid.IntRange(0, len(r.calls)-1).Draw(t, "call")].Name)
				}
			},
			"hint": func(*rapid.T) { r.hint() },
			"pass": func(t *rapid.T) {
				r.now = r.now.Add(time.Duration(rapid.IntRange(1, 700).Draw(t, "ms")) * time.Millisecond)
			},
			"": func(t *rapid.T) {
				if at := r.m.Wake(); !at.IsZero() && !at.After(r.now) && r.step(service.Tick{}) == 0 && !r.m.Wake().After(r.now) {
					t.Fatalf("a tick at %s led nowhere", r.now)
				}
				under := make(map[string]bool)
				for _, c := range r.calls {
					under[c.Name] = true
				}
				if len(under) < len(r.calls) {
					t.Fatalf("%d calls under way", len(r.calls))
				}
				for name, at := range last {
					if !r.running(name) && r.now.Sub(at) > 0 && (r.m.Wake().IsZero() || r.m.Wake().Sub(r.now) > 15*time.Second) {
						t.Fatalf("nobody will %s", name)
					}
				}
			},
		})
	})
}

func TestAWorkflowInWhichNothingMovesIsTold(t *testing.T) {
	r := newRig(t)
	r.fire = func(int) (store.Resolution, time.Duration, error) {
		return store.Resolution{Stalled: []store.StallEvent{{Workflow: job.NewID(), Name: "nightly", Still: time.Minute}}}, never, nil
	}
	r.next(timers)
	r.finish(timers)
	if !slices.Contains(r.sent, bus.EventSubject("stalled")) {
		t.Errorf("sent to %v", r.sent)
	}
	equal(t, "stalls counted", testutil.ToFloat64(r.metrics.Stalled), 1.0)
}
