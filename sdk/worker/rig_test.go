package worker_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/bus/embedded"
	"github.com/hammerwork/hammerwork/internal/bus/membus"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a worker in a bubble and, on the other side of its bus, the test in
// place of dispatcher and resolver.
type rig struct {
	t     *testing.T
	bus   *membus.Bus
	stop  context.CancelFunc
	ended chan error
	jobs  int                            // delivered
	fetch func(bus.Fetch) bus.FetchReply // answers fetches; set before a job is delivered

	mu       sync.Mutex
	offers   []bus.Pull
	outcomes []bus.Outcome
	beats    int
	progress []bus.Progress     // as heartbeats told it
	beaten   bus.HeartbeatReply // the answer to every heartbeat
}

// bubble runs a test with a running worker. Timers don't wait for the clock in
// it; when the test returns the worker is stopped and must leave nothing.
func bubble(t *testing.T, cfg worker.Config, setup func(w *worker.Worker) error, test func(r *rig)) {
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, bus: membus.New(), ended: make(chan error, 1), beaten: bus.HeartbeatReply{TTL: 15 * time.Second}}
		cfg.Name = "w"
		if cfg.Logger == nil {
			cfg.Logger = slog.New(slog.DiscardHandler)
		}
		w, err := worker.New(embedded.WithBus(cfg, r.bus))
		if err != nil {
			t.Fatal(err)
		}
		if err := setup(w); err != nil {
			t.Fatal(err)
		}
		r.listen(bus.PullSubject("w"), func(m bus.Message) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.offers = append(r.offers, decode[bus.Pull](t, m.Data))
		})
		r.listen("hw.v1.completed.*.*", r.completed)
		r.listen(bus.HeartbeatSubject("w"), func(m bus.Message) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.beats++
			r.progress = append(r.progress, decode[bus.Heartbeat](t, m.Data).Progress...)
			r.publish(m.Reply, encode(t, r.beaten))
		})
		r.listen(bus.FetchSubject("w"), func(m bus.Message) {
			r.publish(m.Reply, encode(t, r.fetch(decode[bus.Fetch](t, m.Data))))
		})
		ctx, cancel := context.WithCancel(t.Context())
		r.stop = cancel
		go func() { r.ended <- w.Run(ctx) }()
		defer r.bus.Close()
		defer r.end()
		r.wait()
		test(r)
	})
}

// end stops the worker and returns its error; once it has, it does nothing.
func (r *rig) end() error {
	r.stop()
	err := <-r.ended
	r.ended <- nil
	return err
}

// one serves every queue with h, so many at once.
func one(slots int, h worker.Handler) func(*worker.Worker) error {
	return func(w *worker.Worker) error { return worker.HandleAll(w, h, worker.Concurrency(slots)) }
}

func (r *rig) listen(subject string, f func(bus.Message)) {
	r.t.Helper()
	if _, err := r.bus.Subscribe(subject, "", f); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) publish(subject string, data []byte) {
	if err := r.bus.Publish(subject, data); err != nil {
		r.t.Error(err)
	}
}

func (r *rig) completed(m bus.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := decode[bus.Completed](r.t, m.Data).Outcomes
	r.outcomes = append(r.outcomes, list...)
	reply := bus.CompletedReply{}
	for range list {
		reply.Verdicts = append(reply.Verdicts, job.Committed)
	}
	r.publish(m.Reply, encode(r.t, reply))
}

// wait returns when everything has come to rest but for timers.
func (r *rig) wait() { synctest.Wait() }

// pass lets time pass, a little more than d, so that what is due then has
// happened.
func (r *rig) pass(d time.Duration) {
	<-time.After(d + time.Nanosecond)
	r.wait()
}

// deliver hands a job to the worker, under a lease of its own, and returns its
// key. change may set what the job has.
func (r *rig) deliver(change ...func(*bus.Job)) bus.LeaseJob {
	r.t.Helper()
	r.jobs++
	k := bus.LeaseJob{Lease: job.ID{1, byte(r.jobs)}, Job: job.ID{2, byte(r.jobs)}}
	j := bus.Job{Job: k.Job, Epoch: 5, Queue: "q", Name: "j", Payload: bus.Text("null"), Attempt: 1, MaxAttempts: 3}
	for _, f := range change {
		f(&j)
	}
	pulls := r.pulls()
	d := bus.Deliver{Pull: pulls[len(pulls)-1].ID, Lease: k.Lease, TTL: 5 * time.Second, Jobs: []bus.Job{j}}
	r.publish(bus.DeliverSubject("w"), encode(r.t, d))
	r.wait()
	return k
}

// pulls returns the offers so far.
func (r *rig) pulls() []bus.Pull {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.offers)
}

// reported counts the outcomes that were not looked at.
func (r *rig) reported() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.outcomes)
}

// outcome returns the one outcome there is, and forgets it.
func (r *rig) outcome() bus.Outcome {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.outcomes) != 1 {
		r.t.Fatalf("%d outcomes", len(r.outcomes))
	}
	o := r.outcomes[0]
	r.outcomes = nil
	return o
}

// heartbeats counts them; answer changes what they are told.
func (r *rig) heartbeats() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.beats
}

func (r *rig) answer(change func(*bus.HeartbeatReply)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.beaten)
}

// offered counts the slots of the last n offers.
func (r *rig) offered(n int) int {
	slots := 0
	pulls := r.pulls()
	for _, p := range pulls[len(pulls)-n:] {
		for _, o := range p.Offers {
			slots += o.Slots
		}
	}
	return slots
}

func timeout(d time.Duration) func(*bus.Job) { return func(j *bus.Job) { j.Timeout = d } }

func encode[T any](t *testing.T, body T) []byte {
	data, err := bus.Encode("id", body)
	if err != nil {
		t.Error(err)
	}
	return data
}

func decode[T any](t *testing.T, data []byte) T {
	e, err := bus.Decode[T](data)
	if err != nil {
		t.Error(err)
	}
	return e.Body
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
