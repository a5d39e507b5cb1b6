package client

import (
	"context"
	"sync"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/bus/natsbus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// Hint tells the services of work that was enqueued in the caller's own
// transaction, after its commit, so that they need not find it by themselves.
// Without NATS, or when it gets lost, they find it when they look next.
func (c *Client) Hint(_ context.Context, enqueued ...Enqueued) {
	told := map[*store.Resolution]bool{}
	for _, e := range enqueued {
		if e.wake != nil && !told[e.wake] {
			told[e.wake] = true
			c.hints.announce(*e.wake)
		}
	}
}

// hinter sends hints and hears events while there is a connection to NATS.
type hinter struct {
	cfg  Config
	stop context.CancelFunc
	done sync.WaitGroup

	mu      sync.Mutex
	source  service.Source
	bus     *natsbus.Bus // nil: not connected yet
	waiting map[chan struct{}]job.ID
}

// newHinter returns a hinter that tries once to connect and goes on trying in
// the background, so that a program that ends soon has sent its hints. Without
// a NATS to connect to it does nothing.
func newHinter(ctx context.Context, cfg Config) *hinter {
	life, stop := context.WithCancel(context.Background())
	h := &hinter{cfg: cfg, stop: stop, source: service.NewSource(), waiting: map[chan struct{}]job.ID{}}
	if cfg.NATSURL == "" {
		return h
	}
	once := cfg.nats()
	once.WaitForServer = false
	b, err := natsbus.Connect(ctx, once, cfg.Logger)
	if err == nil {
		h.use(b)
	} else {
		cfg.Logger.Warn("no hints are sent until NATS is reached", "error", err)
	}
	h.done.Go(func() {
		if b == nil {
			if b, err = natsbus.Connect(life, cfg.nats(), cfg.Logger); err != nil {
				return // it was closed
			}
			h.use(b)
		}
		<-life.Done()
		b.Close()
	})
	return h
}

// use begins to hear what changes and to send hints.
func (h *hinter) use(b *natsbus.Bus) {
	if _, err := b.Subscribe(bus.AllEvents, "", h.hear); err != nil {
		h.cfg.Logger.Warn("events are not heard", "error", err)
	}
	h.mu.Lock()
	h.bus = b
	h.mu.Unlock()
}

func (h *hinter) close() {
	h.stop()
	h.done.Wait()
}

// announce sends the hints of a committed change. They may get lost.
func (h *hinter) announce(r store.Resolution) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.bus == nil {
		return
	}
	for _, a := range service.Announce(h.source, r) {
		if p, ok := a.(service.Publish); ok {
			_ = h.bus.Publish(p.Subject, p.Data)
		}
	}
}

// hear wakes those who wait for a workflow or a job that has changed. While
// nobody waits an event is not even read: there may be thousands a second.
func (h *hinter) hear(m bus.Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.waiting) == 0 {
		return
	}
	e, err := bus.Decode[bus.Event](m.Data)
	if err != nil {
		return
	}
	changed := map[job.ID]bool{}
	for _, w := range e.Body.Workflows {
		changed[w.Workflow] = true
	}
	for _, j := range e.Body.Jobs {
		changed[j.Job] = true
	}
	for wake, id := range h.waiting {
		if changed[id] {
			select {
			case wake <- struct{}{}:
			default:
			}
		}
	}
}

// listen returns a channel that gets something when id may have changed, until
// forget is called.
func (h *hinter) listen(id job.ID) (wake <-chan struct{}, forget func()) {
	c := make(chan struct{}, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waiting[c] = id
	return c, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.waiting, c)
	}
}
