package service_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/bus/membus"
	"github.com/hammerwork/hammerwork/internal/service"
)

// machine is a service.Machine of functions, which the loop calls.
type machine struct {
	step func(now time.Time, e service.Event) []service.Action
	wake time.Time
	busy bool

	mu  sync.Mutex
	log []string // events, in order
}

func (m *machine) Step(now time.Time, e service.Event) []service.Action {
	if r, ok := e.(service.Received); ok {
		e = "received " + string(r.Data)
	}
	text, ok := e.(string)
	if !ok {
		text = strings.TrimPrefix(fmt.Sprintf("%T", e), "service.")
	}
	m.mu.Lock()
	m.log = append(m.log, text)
	m.mu.Unlock()
	if m.step == nil {
		return nil
	}
	return m.step(now, e)
}

// events returns what the machine has seen so far.
func (m *machine) events() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.log)
}

func (m *machine) Wake() time.Time { return m.wake }
func (m *machine) Idle() bool      { return !m.busy }

// running is a Loop that runs in a bubble.
type running struct {
	t    *testing.T
	loop *service.Loop
	bus  *membus.Bus
	stop context.CancelFunc
	err  chan error
}

// run starts a loop. The bubble ends only when all of its goroutines have.
func run(t *testing.T, m service.Machine, change ...func(*service.Loop)) *running {
	ctx, cancel := context.WithCancel(t.Context())
	b := membus.New()
	r := &running{t: t, bus: b, stop: cancel, err: make(chan error, 1)}
	r.loop = &service.Loop{Name: "loop", Machine: m, Bus: b, Log: slog.New(slog.DiscardHandler), StopTimeout: 10 * time.Second}
	for _, f := range change {
		f(r.loop)
	}
	t.Cleanup(func() { cancel(); b.Close() })
	go func() { r.err <- r.loop.Run(ctx) }()
	return r
}

// end stops the loop and returns how long that took and its error.
func (r *running) end() (time.Duration, error) {
	r.t.Helper()
	began := time.Now()
	r.stop()
	err := <-r.err
	return time.Since(began), err
}

// pass lets time pass in a bubble, a little more than d, so that what is due
// then has happened.
func pass(d time.Duration) {
	<-time.After(d + time.Nanosecond)
	synctest.Wait()
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestALoopTicksAtOnceAndWheneverItsMachineWants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{}
		began := time.Now()
		var ticks []time.Duration
		m.step = func(now time.Time, _ service.Event) []service.Action {
			ticks = append(ticks, now.Sub(began).Truncate(time.Millisecond))
			switch len(ticks) {
			case 1:
				m.wake = now.Add(3 * time.Second)
			case 2:
				m.wake = now.Add(-time.Hour) // in the past: at once
			default:
				m.wake = time.Time{}
			}
			return nil
		}
		r := run(t, m)
		pass(time.Hour)
		_, err := r.end()
		equal(t, "error", err, nil)
		equal(t, "ticks", fmt.Sprint(ticks), "[0s 3s 3s 1h0m0s]") // the last is the Stop
	})
}

func TestMessagesReachTheMachineAndItsMessagesTheBus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{}
		m.step = func(_ time.Time, e service.Event) []service.Action {
			if e == "received question" {
				return []service.Action{service.Publish{Subject: "out", Data: []byte("answer")}}
			}
			return nil
		}
		r := run(t, m, func(l *service.Loop) { l.Subscriptions = []service.Subscription{{Subject: "in.*", Group: "g"}} })
		var got string
		if _, err := r.bus.Subscribe("out", "", func(m bus.Message) { got = string(m.Data) }); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if err := r.bus.Publish("in.x", []byte("question")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		equal(t, "message", got, "answer")
		_, err := r.end()
		equal(t, "error", err, nil)
		if err := r.bus.Publish("in.x", []byte("question")); err != nil { // nobody listens any more
			t.Fatal(err)
		}
		synctest.Wait()
		equal(t, "events", strings.Join(m.events(), ", "), "Tick, received question, Stop")
	})
}

func TestARequestStepsWithItsAnswerOrWithAnErrorInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ask := func(subject string) service.Action {
			return service.Request{Subject: subject, Data: []byte("?"), Timeout: 2 * time.Second, Then: func(answer []byte, err error) service.Event {
				return fmt.Sprintf("%s: %s, deadline %v, nobody %v", subject, answer, errors.Is(err, context.DeadlineExceeded), errors.Is(err, bus.ErrNoResponders))
			}}
		}
		m := &machine{}
		m.step = func(_ time.Time, e service.Event) []service.Action {
			if e == "received go" {
				return []service.Action{ask("echo"), ask("deaf"), ask("nobody")}
			}
			return nil
		}
		r := run(t, m, func(l *service.Loop) { l.Subscriptions = []service.Subscription{{Subject: "in"}} })
		answer := func(m bus.Message) {
			if err := r.bus.Publish(m.Reply, []byte("!")); err != nil {
				t.Error(err)
			}
		}
		for subject, f := range map[string]func(bus.Message){"echo": answer, "deaf": func(bus.Message) {}} {
			if _, err := r.bus.Subscribe(subject, "", f); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		began := time.Now()
		if err := r.bus.Publish("in", []byte("go")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		equal(t, "time until the first answers", time.Since(began), 0)
		equal(t, "events", len(m.events()), 4) // Tick, go, and two answers
		pass(2 * time.Second)
		equal(t, "the late one", m.events()[4], "deaf: , deadline true, nobody false")
		all := strings.Join(m.events(), "; ")
		for _, want := range []string{"echo: !, deadline false, nobody false", "nobody: , deadline false, nobody true"} {
			if !strings.Contains(all, want) {
				t.Errorf("events %s; want %s", all, want)
			}
		}
		r.end()
	})
}

func TestACallRunsBesideTheLoopAndStepsWithWhatItReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{}
		m.step = func(now time.Time, e service.Event) []service.Action {
			switch e {
			case "received go":
				return []service.Action{service.Call{Name: "slow", Do: func(ctx context.Context) service.Event {
					<-ctx.Done() // nobody else ends it
					return "bounded after 5m0s"
				}}}
			case "received more":
				return []service.Action{service.Call{Name: "quick", Do: func(context.Context) service.Event { return "done" }}}
			}
			return nil
		}
		r := run(t, m, func(l *service.Loop) { l.Subscriptions = []service.Subscription{{Subject: "in"}} })
		synctest.Wait()
		for _, text := range []string{"go", "more"} {
			if err := r.bus.Publish("in", []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		pass(5*time.Minute - time.Second)
		equal(t, "events", strings.Join(m.events(), ", "), "Tick, received go, received more, done")
		pass(time.Second)
		equal(t, "last event", m.events()[len(m.events())-1], "bounded after 5m0s")
		r.end()
	})
}

func TestActionsTheLoopDoesNotKnowArePerformedByTheMachinesRuntime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{}
		m.step = func(_ time.Time, e service.Event) []service.Action {
			if e == (service.Tick{}) {
				return []service.Action{42}
			}
			return nil
		}
		r := run(t, m, func(l *service.Loop) {
			l.Perform = func(a service.Action, post func(service.Event)) {
				go post(fmt.Sprintf("performed %v", a))
			}
		})
		synctest.Wait()
		r.end()
		equal(t, "events", strings.Join(m.events(), ", "), "Tick, performed 42, Stop")
	})
}

func TestAStopWaitsUntilTheMachineIsIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{busy: true}
		m.step = func(now time.Time, e service.Event) []service.Action {
			switch e {
			case service.Stop{}:
				// A call that was begun is finished although the loop is stopping.
				return []service.Action{service.Call{Name: "last", Do: func(ctx context.Context) service.Event {
					select {
					case <-time.After(4 * time.Second):
						return "finished"
					case <-ctx.Done():
						return "cut off"
					}
				}}}
			case "finished", "cut off":
				m.busy = false
			}
			return nil
		}
		r := run(t, m)
		synctest.Wait()
		took, err := r.end()
		equal(t, "error", err, nil)
		equal(t, "time to stop", took, 4*time.Second)
		equal(t, "events", strings.Join(m.events(), ", "), "Tick, Stop, finished")
	})
}

func TestAMachineThatDoesNotComeToRestIsLeftInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{busy: true}
		cut := false
		m.step = func(_ time.Time, e service.Event) []service.Action {
			if e == (service.Stop{}) {
				return []service.Action{service.Call{Name: "stuck", Do: func(ctx context.Context) service.Event {
					<-ctx.Done()
					cut = true
					return nil
				}}}
			}
			return nil
		}
		r := run(t, m)
		synctest.Wait()
		took, err := r.end()
		if err == nil || err.Error() != "still busy 10s after it was asked to stop" {
			t.Errorf("error: %v", err)
		}
		equal(t, "time to stop", took, 10*time.Second)
		equal(t, "the call was cut off and waited for", cut, true)
	})
}

func TestASubscriptionThatFailsEndsTheLoopAndTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{}
		r := run(t, m, func(l *service.Loop) {
			l.Subscriptions = []service.Subscription{{Subject: "good"}, {Subject: "bad..subject"}}
		})
		if err := <-r.err; err == nil || !strings.Contains(err.Error(), "bad..subject") {
			t.Errorf("error: %v", err)
		}
		if err := r.bus.Publish("good", nil); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // a handler that waited for the loop would keep the bubble from ending
		equal(t, "events", len(m.events()), 0)
	})
}

func TestNobodyBlocksOnALoopThatHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var post func(service.Event)
		m := &machine{}
		m.step = func(_ time.Time, e service.Event) []service.Action {
			if e == (service.Tick{}) {
				return []service.Action{"give me post"}
			}
			return nil
		}
		r := run(t, m, func(l *service.Loop) {
			l.Perform = func(_ service.Action, p func(service.Event)) { post = p }
		})
		synctest.Wait()
		r.end()
		events := len(m.events())
		for range 5000 { // more than the loop's queue holds
			post("late")
		}
		equal(t, "events", len(m.events()), events)
	})
}

func TestAFullQueueHoldsUpThePosterNotTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{}
		m.step = func(_ time.Time, e service.Event) []service.Action {
			if e == (service.Tick{}) {
				return []service.Action{"flood"}
			}
			return nil
		}
		r := run(t, m, func(l *service.Loop) {
			l.Perform = func(_ service.Action, post func(service.Event)) {
				for range 3 {
					go func() {
						for range 2000 {
							post("drop")
						}
					}()
				}
			}
		})
		synctest.Wait()
		r.end()
		equal(t, "events", len(m.events()), 1+6000+1)
	})
}

func TestAMachineHearsWhatItSubscribesToUntilItUnsubscribes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{}
		more := service.Subscription{Subject: "more.*", Group: "g"}
		m.step = func(_ time.Time, e service.Event) []service.Action {
			switch e {
			case "received both":
				return []service.Action{service.Subscribe{Subscription: more}, service.Subscribe{Subscription: more}}
			case "received none":
				return []service.Action{service.Unsubscribe{Subscription: more}}
			case "received anew":
				return []service.Action{service.Unsubscribe{Subscription: more}, service.Subscribe{Subscription: more}}
			}
			return nil
		}
		r := run(t, m, func(l *service.Loop) { l.Subscriptions = []service.Subscription{{Subject: "in"}} })
		say := func(subject, text string) {
			synctest.Wait()
			if err := r.bus.Publish(subject, []byte(text)); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		say("more.x", "early")
		say("in", "both")
		say("more.x", "1")
		say("in", "none")
		say("more.x", "late")
		say("in", "anew")
		say("more.x", "2")
		_, err := r.end()
		equal(t, "error", err, nil)
		equal(t, "events", strings.Join(m.events(), ", "),
			"Tick, received both, received 1, received none, received anew, received 2, Stop")
	})
}

func TestALoopThatStopsLeavesWhatComesToTheOthersOfItsGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{busy: true}
		more := service.Subscription{Subject: "more", Group: "g"}
		m.step = func(_ time.Time, e service.Event) []service.Action {
			switch e {
			case service.Tick{}:
				return []service.Action{service.Subscribe{Subscription: more}}
			case "received done":
				m.busy = false
			}
			return nil
		}
		r := run(t, m, func(l *service.Loop) {
			l.Subscriptions = []service.Subscription{{Subject: "shared", Group: "g"}, {Subject: "own"}}
		})
		synctest.Wait()
		r.stop()
		synctest.Wait()
		for _, subject := range []string{"shared", "more"} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_, err := r.bus.Request(ctx, subject, nil)
			cancel()
			equal(t, subject+" has nobody any more", errors.Is(err, bus.ErrNoResponders), true)
		}
		if err := r.bus.Publish("own", []byte("done")); err != nil {
			t.Fatal(err)
		}
		equal(t, "error", <-r.err, nil)
		equal(t, "events", strings.Join(m.events(), ", "), "Tick, Stop, received done")
	})
}

func TestASubscriptionThatFailsLaterDoesNotEndTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{}
		m.step = func(_ time.Time, e service.Event) []service.Action {
			if e == (service.Tick{}) {
				return []service.Action{service.Subscribe{Subscription: service.Subscription{Subject: "bad..subject"}}}
			}
			return nil
		}
		r := run(t, m, func(l *service.Loop) { l.Subscriptions = []service.Subscription{{Subject: "good"}} })
		synctest.Wait()
		if err := r.bus.Publish("good", []byte("on")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		_, err := r.end()
		equal(t, "error", err, nil)
		equal(t, "events", strings.Join(m.events(), ", "), "Tick, received on, Stop")
	})
}
