package resolver_test

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/services/resolver"
)

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
	m       *resolver.Machine
	metrics *resolver.Metrics
	now     time.Time
	calls   []service.Call    // under way
	sent    []service.Publish // since take
	heard   map[string]bool   // subjects it has subscribed to

	resolve func(outcomes []job.Outcome) (store.Resolution, error)
	check   func(limit int) (store.Resolution, error)
	parts   func(limit int) (store.Resolution, error)
	share   func(resolver string) ([]int, error)
	leave   func(resolver string) error
	block   bool // calls about shares are answered when their time is over
}

// newRig returns a rig whose machine has looked for edges once. It is alone
// unless it is changed.
func newRig(t tester, change ...func(*resolver.Config)) *rig {
	t.Helper()
	r := &rig{t: t, metrics: resolver.NewMetrics(nil), heard: map[string]bool{}, now: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}
	cfg := resolver.DefaultConfig()
	cfg.Alone = true
	for _, f := range change {
		f(&cfg)
	}
	var err error
	r.m, err = resolver.NewMachine(cfg, fakeStore{r}, service.Source{Rand: rand.New(rand.NewPCG(1, 2))}, slog.New(slog.DiscardHandler), r.metrics)
	if err != nil {
		t.Fatalf("%v", err)
	}
	r.resolve = func(list []job.Outcome) (store.Resolution, error) { return committed(list), nil }
	r.check = func(int) (store.Resolution, error) { return store.Resolution{}, nil }
	r.parts = r.check
	r.step(service.Tick{})
	r.finish("check edges")
	return r
}

// fakeStore answers with the functions of its rig.
type fakeStore struct{ r *rig }

func (s fakeStore) Resolve(_ context.Context, list []job.Outcome) (store.Resolution, error) {
	return s.r.resolve(list)
}

func (s fakeStore) CheckEdges(_ context.Context, limit int) (store.Resolution, error) {
	return s.r.check(limit)
}

func (s fakeStore) CheckParts(_ context.Context, limit int) (store.Resolution, error) {
	return s.r.parts(limit)
}

func (s fakeStore) SharePartitions(ctx context.Context, resolver string, of int, ttl time.Duration) ([]int, error) {
	if of != bus.Partitions || ttl != shareTTL {
		s.r.t.Fatalf("%d partitions for %s", of, ttl)
	}
	if s.r.block {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return s.r.share(resolver)
}

func (s fakeStore) LeavePartitions(ctx context.Context, resolver string) error {
	if s.r.block {
		<-ctx.Done()
		return ctx.Err()
	}
	return s.r.leave(resolver)
}

// committed is a resolution that committed everything.
func committed(list []job.Outcome) store.Resolution {
	r := store.Resolution{Verdicts: make([]job.Verdict, len(list))}
	for i := range list {
		r.Verdicts[i] = job.Committed
	}
	return r
}

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
		case service.Subscribe:
			if r.heard[a.Subject] || a.Group != bus.GroupResolvers {
				r.t.Fatalf("it subscribes again, or not in its group: %+v", a)
			}
			r.heard[a.Subject] = true
		case service.Unsubscribe:
			if !r.heard[a.Subject] || a.Group != bus.GroupResolvers {
				r.t.Fatalf("it unsubscribes from what it does not hear: %+v", a)
			}
			delete(r.heard, a.Subject)
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

// retry moves the clock on, and lets edges be checked, until a transaction
// runs again.
func (r *rig) retry() {
	r.t.Helper()
	for range 100 {
		if r.running("resolve") > 0 {
			return
		}
		if r.running("check edges") > 0 {
			r.finish("check edges")
		}
		if at := r.m.Wake(); at.After(r.now) {
			r.now = at
		}
		r.step(service.Tick{})
	}
	r.t.Fatalf("no transaction runs again")
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

// number makes an id.
func number(n int) job.ID { return job.ID{0: byte(n >> 16), 1: byte(n >> 8), 2: byte(n)} }

// report sends the outcomes of the jobs with these numbers.
func (r *rig) report(reply string, jobs ...int) {
	r.t.Helper()
	list := make([]bus.Outcome, len(jobs))
	for i, n := range jobs {
		list[i] = bus.Outcome{Fence: job.Fence{Job: number(n), Epoch: 1, Lease: number(1)}, Kind: job.KindCompleted, Result: bus.Text("null")}
	}
	worker := "w-" + reply // each report is a worker's of its own
	r.receive(bus.CompletedSubject(5, worker), reply, encode(r.t, bus.Completed{Worker: worker, Outcomes: list}))
}

// verdicts returns and forgets the answers since the last call, by reply.
func (r *rig) verdicts() map[string][]job.Verdict {
	r.t.Helper()
	answers := map[string][]job.Verdict{}
	for _, p := range r.sent {
		if p.Subject == bus.EventSubject("job") || p.Subject == bus.EventSubject("workflow") || bus.Match(bus.AllReady, p.Subject) {
			continue
		}
		e, err := bus.Decode[bus.CompletedReply](p.Data)
		if err != nil {
			r.t.Fatalf("%v", err)
		}
		if answers[p.Subject] != nil {
			r.t.Fatalf("%s is answered twice", p.Subject)
		}
		answers[p.Subject] = e.Body.Verdicts
	}
	r.sent = nil
	return answers
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
