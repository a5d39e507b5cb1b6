package agent_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/agent"
	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/pkg/job"
)

const (
	maxPayload = 1 << 20
	drain      = 30 * time.Second
)

// tester is what the rig needs of testing.T, and rapid.T has too.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

// rig drives a Machine by hand: it holds the clock, what the machine sent and
// the requests that nobody has answered.
type rig struct {
	t      tester
	m      *agent.Machine
	now    time.Time
	pulls  []bus.Pull
	starts []agent.Start
	stops  []agent.Stop
	beats  []service.Request // heartbeats without an answer
	asks   []service.Request // reports without an answer
}

// newRig returns a rig whose machine has made its first offer.
func newRig(t tester, pools ...agent.Pool) *rig {
	t.Helper()
	r := &rig{t: t, now: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}
	source := service.Source{Rand: rand.New(rand.NewPCG(1, 2))}
	r.m = agent.NewMachine("w", drain, pools, maxPayload, source, slog.New(slog.DiscardHandler))
	r.step(service.Tick{})
	return r
}

// slots are a pool that serves every queue.
func slots(n int) agent.Pool { return agent.Pool{Slots: n} }

// step gives the machine an event and keeps what it answers.
func (r *rig) step(e service.Event) (actions int) {
	r.t.Helper()
	list := r.m.Step(r.now, e)
	for _, a := range list {
		switch a := a.(type) {
		case service.Publish:
			if a.Subject != bus.PullSubject("w") {
				r.t.Fatalf("a message to %s", a.Subject)
			}
			r.pulls = append(r.pulls, decode[bus.Pull](r.t, a.Data))
		case service.Request:
			if len(a.Data) > maxPayload {
				r.t.Fatalf("a request of %d bytes", len(a.Data))
			}
			if a.Subject == bus.HeartbeatSubject("w") {
				r.beats = append(r.beats, a)
			} else {
				r.asks = append(r.asks, a)
			}
		case agent.Start:
			r.starts = append(r.starts, a)
		case agent.Stop:
			r.stops = append(r.stops, a)
		default:
			r.t.Fatalf("unknown action %T", a)
		}
	}
	return len(list)
}

// pass moves the clock on and gives the machine every tick it wants.
func (r *rig) pass(d time.Duration) {
	r.t.Helper()
	end := r.now.Add(d)
	for {
		at := r.m.Wake()
		if at.IsZero() || at.After(end) {
			break
		}
		if at.After(r.now) {
			r.now = at
		}
		if r.step(service.Tick{}); !r.m.Wake().IsZero() && !r.m.Wake().After(r.now) {
			r.t.Fatalf("a tick at %s led nowhere", r.now)
		}
	}
	r.now = end
}

func encode[T any](t tester, body T) []byte {
	t.Helper()
	data, err := bus.Encode("id", body)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return data
}

func decode[T any](t tester, data []byte) T {
	t.Helper()
	e, err := bus.Decode[T](data)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return e.Body
}

func number(n int) job.ID { return job.ID{0: byte(n >> 16), 1: byte(n >> 8), 2: byte(n)} }

// deliver hands over jobs of queue q, by number, under a lease, as the answer
// to a pull.
func (r *rig) deliver(pull string, lease int, jobs ...int) {
	r.t.Helper()
	d := bus.Deliver{Pull: pull, Lease: number(lease), TTL: 5 * time.Second}
	for _, n := range jobs {
		d.Jobs = append(d.Jobs, bus.Job{Job: number(n), Epoch: 3, Workflow: number(1), Queue: "q", Attempt: 1})
	}
	r.hear(bus.DeliverSubject("w"), encode(r.t, d))
}

func (r *rig) hear(subject string, data []byte) {
	r.t.Helper()
	r.step(service.Received{Message: bus.Message{Subject: subject, Data: data}})
}

// started returns the numbers of the jobs started since the last call.
func (r *rig) started() string {
	var list []string
	for _, s := range r.starts {
		list = append(list, fmt.Sprint(int(s.Key.Job[0])<<16|int(s.Key.Job[1])<<8|int(s.Key.Job[2])))
	}
	r.starts = nil
	return strings.Join(list, " ")
}

func key(lease, n int) agent.Key { return agent.Key{Lease: number(lease), Job: number(n)} }

// finish ends an attempt, and its handler, with a result.
func (r *rig) finish(lease, n int) {
	r.t.Helper()
	r.end(lease, n, job.Outcome{Kind: job.KindCompleted, Result: []byte(`"done"`)})
}

func (r *rig) end(lease, n int, o job.Outcome) {
	r.t.Helper()
	o.Fence = job.Fence{Job: number(n), Epoch: 3, Lease: number(lease)}
	r.step(agent.Finished{Key: key(lease, n), Outcome: o})
	r.step(agent.Returned{Pool: 0})
}

// report returns the oldest unanswered report.
func (r *rig) report() bus.Completed {
	r.t.Helper()
	if len(r.asks) == 0 {
		r.t.Fatalf("no report is under way")
	}
	return decode[bus.Completed](r.t, r.asks[0].Data)
}

// answer gives the oldest report its verdicts; the last one counts for the
// rest.
func (r *rig) answer(verdicts ...job.Verdict) {
	r.t.Helper()
	n := len(r.report().Outcomes)
	for len(verdicts) < n {
		verdicts = append(verdicts, verdicts[len(verdicts)-1])
	}
	ask := r.asks[0]
	r.asks = r.asks[1:]
	r.step(ask.Then(encode(r.t, bus.CompletedReply{Verdicts: verdicts}), nil))
}

// loseReport lets the oldest report end without an answer.
func (r *rig) loseReport() {
	r.t.Helper()
	ask := r.asks[0]
	r.asks = r.asks[1:]
	r.step(ask.Then(nil, context.DeadlineExceeded))
}

// beat returns the leases of the heartbeat under way.
func (r *rig) beat() []job.ID {
	r.t.Helper()
	if len(r.beats) != 1 {
		r.t.Fatalf("%d heartbeats are under way", len(r.beats))
	}
	return decode[bus.Heartbeat](r.t, r.beats[0].Data).Leases
}

// beaten answers the heartbeat under way.
func (r *rig) beaten(reply bus.HeartbeatReply) {
	r.t.Helper()
	r.beat()
	b := r.beats[0]
	r.beats = nil
	r.step(b.Then(encode(r.t, reply), nil))
}

func (r *rig) loseBeat() {
	r.t.Helper()
	r.beat()
	b := r.beats[0]
	r.beats = nil
	r.step(b.Then(nil, context.DeadlineExceeded))
}

// fine says that every lease stands.
var fine = bus.HeartbeatReply{TTL: 15 * time.Second}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
