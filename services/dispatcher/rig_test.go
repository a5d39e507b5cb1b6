package dispatcher_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/services/dispatcher"
)

const maxPayload = 1 << 20

var errStore = errors.New("the database is away")

// tester is what the rig needs of testing.T, and rapid.T has too.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

// rig drives a Machine by hand: it holds the clock and the calls that have not
// returned, and answers for the store.
type rig struct {
	t       tester
	m       *dispatcher.Machine
	metrics *dispatcher.Metrics
	now     time.Time
	calls   []service.Call    // under way
	sent    []service.Publish // since take

	claim  func(grants []store.Grant, repeat bool) ([]store.Lease, error)
	extend func(beats []store.Beat) ([]store.Beaten, error)
	page   func(fence job.Fence, name string, after job.ID) ([]store.ParentResult, job.ID, error)

	ids       int
	seen      [][]store.WorkerSeen // by call
	noteError error
}

func newRig(t tester, change ...func(*dispatcher.Config)) *rig {
	t.Helper()
	r := &rig{t: t, metrics: dispatcher.NewMetrics(nil), now: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}
	cfg := dispatcher.DefaultConfig()
	for _, f := range change {
		f(&cfg)
	}
	var err error
	r.m, err = dispatcher.NewMachine(cfg, fakeStore{r}, maxPayload, service.Source{Rand: rand.New(rand.NewPCG(1, 2))}, r.id, slog.New(slog.DiscardHandler), r.metrics)
	if err != nil {
		t.Fatalf("%v", err)
	}
	r.claim = func([]store.Grant, bool) ([]store.Lease, error) { return nil, nil }
	return r
}

// fakeStore answers with the functions of its rig.
type fakeStore struct{ r *rig }

func (s fakeStore) Claim(_ context.Context, grants []store.Grant, repeat bool) ([]store.Lease, error) {
	return s.r.claim(grants, repeat)
}

func (s fakeStore) Extend(_ context.Context, beats []store.Beat) ([]store.Beaten, error) {
	return s.r.extend(beats)
}

func (s fakeStore) ParentResults(_ context.Context, fence job.Fence, name string, after job.ID) ([]store.ParentResult, job.ID, error) {
	return s.r.page(fence, name, after)
}

func (s fakeStore) SeeWorkers(_ context.Context, seen []store.WorkerSeen) error {
	s.r.seen = append(s.r.seen, seen)
	return s.r.noteError
}

// id returns ids that count.
func (r *rig) id() job.ID {
	r.ids++
	return number(r.ids)
}

func number(n int) job.ID { return job.ID{0: byte(n >> 16), 1: byte(n >> 8), 2: byte(n)} }

// step gives the machine an event and keeps what it answers.
func (r *rig) step(e service.Event) (actions int) {
	r.t.Helper()
	list := r.m.Step(r.now, e)
	for _, a := range list {
		switch a := a.(type) {
		case service.Publish:
			r.sent = append(r.sent, a)
		case service.Call:
			r.calls = append(r.calls, a)
		default:
			r.t.Fatalf("unknown action %T", a)
		}
	}
	return len(list)
}

// running counts the calls of a name that are under way.
func (r *rig) running(name string) int {
	n := 0
	for _, c := range r.calls {
		if c.Name == name {
			n++
		}
	}
	return n
}

// finish lets the oldest call of a name return.
func (r *rig) finish(name string) {
	r.t.Helper()
	for i, c := range r.calls {
		if c.Name == name {
			r.calls = append(r.calls[:i], r.calls[i+1:]...)
			r.step(c.Do(context.Background()))
			return
		}
	}
	r.t.Fatalf("no %s is under way", name)
}

// wake moves the clock to when the machine wants a tick, and gives it one.
func (r *rig) wake() {
	r.t.Helper()
	at := r.m.Wake()
	if at.IsZero() {
		r.t.Fatalf("the machine has no wish to wake")
	}
	if at.After(r.now) {
		r.now = at
	}
	r.step(service.Tick{})
}

func (r *rig) receive(subject, reply string, data []byte) {
	r.t.Helper()
	r.step(service.Received{Message: bus.Message{Subject: subject, Reply: reply, Data: data}})
}

func encode[T any](t tester, body T) []byte {
	t.Helper()
	data, err := bus.Encode("id", body)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return data
}

// pull offers slots of a worker for every queue, under an id.
func (r *rig) pull(id, worker string, slots int) {
	r.t.Helper()
	r.pullOffers(id, worker, bus.Offer{Slots: slots})
}

func (r *rig) pullOffers(id, worker string, offers ...bus.Offer) {
	r.t.Helper()
	r.receive(bus.PullSubject(worker), "", encode(r.t, bus.Pull{ID: id, Worker: worker, Offers: offers, TTL: 4 * time.Second}))
}

func (r *rig) hint() {
	r.t.Helper()
	r.receive(bus.ReadySubject("q"), "", encode(r.t, bus.Ready{}))
}

// take returns what was sent since the last take.
func (r *rig) take() []service.Publish {
	sent := r.sent
	r.sent = nil
	return sent
}

// decoded returns the bodies of the messages to a subject.
func decoded[T any](t tester, sent []service.Publish, subject string) []T {
	t.Helper()
	var list []T
	for _, p := range sent {
		if p.Subject != subject {
			continue
		}
		e, err := bus.Decode[T](p.Data)
		if err != nil {
			t.Fatalf("%v", err)
		}
		list = append(list, e.Body)
	}
	return list
}

// lease answers a grant with n small jobs.
func (r *rig) lease(g store.Grant, n int) store.Lease {
	l := store.Lease{ID: g.Lease, Grant: g.Lease, Worker: g.Worker, TTL: 5 * time.Second}
	for range n {
		l.Jobs = append(l.Jobs, store.Claimed{Fence: job.Fence{Job: r.id(), Lease: g.Lease}, Name: "j", Queue: "q", Payload: json.RawMessage(`{}`), Attempt: 1})
	}
	return l
}

// record makes claims return n jobs for each grant, and returns what they were
// asked for.
func (r *rig) record(n int) *[][]store.Grant {
	var asked [][]store.Grant
	r.claim = func(grants []store.Grant, _ bool) ([]store.Lease, error) {
		asked = append(asked, grants)
		var leases []store.Lease
		for _, g := range grants {
			if n > 0 {
				leases = append(leases, r.lease(g, min(n, g.Limit)))
			}
		}
		return leases, nil
	}
	return &asked
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
