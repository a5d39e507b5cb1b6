package resolver

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// Machine is the resolver's loop as a step function.
type Machine struct {
	cfg     Config
	store   Store
	source  service.Source
	log     *slog.Logger
	metrics *Metrics
	calls   service.Failures

	waiting []report // reports that no batch holds yet
	queued  int      // outcomes in waiting
	bytes   int      // of their results and errors
	batch   *batch   // nil: none in flight

	share share

	checking  bool
	again     bool // a hint came while edges were checked: check once more
	nextCheck time.Time
	stopping  bool
}

// checked is the event that edges and parts were checked.
type checked struct{ edges, parts check }

// check is how one kind of check went.
type check struct {
	resolution store.Resolution
	err        error
}

// NewMachine checks cfg and returns a machine at rest.
func NewMachine(cfg Config, s Store, source service.Source, log *slog.Logger, metrics *Metrics) (*Machine, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Name == "" {
		cfg.Name = source.MessageID()
	}
	return &Machine{
		cfg: cfg, store: s, source: source, log: log, metrics: metrics,
		calls: service.Failures{Log: log, Service: "resolver"},
	}, nil
}

var _ service.Machine = (*Machine)(nil)

// Step implements service.Machine.
func (m *Machine) Step(now time.Time, event service.Event) []service.Action {
	var actions []service.Action
	switch e := event.(type) {
	case service.Received:
		return m.received(now, e.Message)
	case shared:
		actions = m.shared(now, e)
	case left:
		m.left(e)
	case resolved:
		return m.resolved(now, e)
	case checked:
		return m.checked(now, e)
	case service.Stop:
		m.stopping = true
		actions = m.leave()
	case service.Tick:
	}
	actions = append(actions, m.keepShare(now)...)
	if b := m.batch; b != nil && !b.retryAt.IsZero() && !now.Before(b.retryAt) {
		b.retryAt = time.Time{}
		actions = append(actions, m.callResolve())
	}
	if !now.Before(m.nextCheck) {
		actions = append(actions, m.check(now)...)
	}
	return actions
}

// Wake implements service.Machine.
func (m *Machine) Wake() time.Time {
	var wake time.Time
	if m.batch != nil {
		wake = m.batch.retryAt
	}
	if !m.checking && !m.stopping && (wake.IsZero() || m.nextCheck.Before(wake)) {
		wake = m.nextCheck
	}
	if at := m.shareAt(); !at.IsZero() && (wake.IsZero() || at.Before(wake)) {
		wake = at
	}
	return wake
}

// Idle implements service.Machine.
func (m *Machine) Idle() bool {
	return m.batch == nil && len(m.waiting) == 0 && !m.checking && !m.share.running
}

func (m *Machine) received(now time.Time, msg bus.Message) []service.Action {
	if msg.Subject == bus.CheckEdges {
		m.again = m.checking
		return m.check(now)
	}
	kind, rest, _ := bus.Parse(msg.Subject)
	if kind != "completed" {
		return nil
	}
	partition, _, _ := strings.Cut(rest, ".")
	e, err := bus.Decode[bus.Completed](msg.Data)
	if err == nil && !strings.HasSuffix(bus.CompletedSubject(0, e.Body.Worker), msg.Subject[strings.LastIndexByte(msg.Subject, '.'):]) {
		err = errForeignSubject
	}
	if partition == "any" {
		partition = strconv.Itoa(e.Body.Partition)
	}
	if err != nil {
		m.metrics.Refused.Inc()
		m.log.Warn("message refused", "service", "resolver", "subject", msg.Subject, "error", err)
		return nil
	}
	return m.report(origin{e.Body.Worker, partition}, msg.Reply, e.Body.Outcomes)
}

// full reports whether there may be more to check.
func (c check) full(batch int) bool { return c.resolution.Done == batch }

// check looks for parts that wait, and for edges whose parents may have ended outside of a resolution.
func (m *Machine) check(now time.Time) []service.Action {
	m.nextCheck = now.Add(time.Duration(m.source.Jitter(float64(m.cfg.CheckInterval), 0.2)))
	if m.checking || m.stopping {
		return nil
	}
	m.checking = true
	return []service.Action{service.Call{Name: "check edges", Do: func(ctx context.Context) service.Event {
		var e checked
		e.edges.resolution, e.edges.err = m.store.CheckEdges(ctx, m.cfg.Batch)
		e.parts.resolution, e.parts.err = m.store.CheckParts(ctx, m.cfg.Batch)
		return e
	}}}
}

func (m *Machine) checked(now time.Time, e checked) []service.Action {
	again := e.edges.full(m.cfg.Batch) || e.parts.full(m.cfg.Batch) || m.again && (e.edges.err == nil || e.parts.err == nil)
	m.checking, m.again = false, false
	m.calls.Note(now, "check edges", e.edges.err)
	m.calls.Note(now, "check parts", e.parts.err)
	// Others than those that failed count: what fails is apart from them.
	actions := append(service.Announce(m.source, e.edges.resolution), service.Announce(m.source, e.parts.resolution)...)
	if again {
		actions = append(actions, m.check(now)...)
	}
	return actions
}

// outcomes turns messages into what the store takes.
func outcomes(list []bus.Outcome) []job.Outcome {
	out := make([]job.Outcome, len(list))
	for i, o := range list {
		out[i] = job.Outcome{
			Fence: o.Fence, Kind: o.Kind, Result: []byte(o.Result), Error: o.Error, Permanent: o.Permanent, Reason: o.Reason,
			RetryAfter: o.RetryAfter, Spawned: bus.SpawnedJobs(o.Spawned),
		}
	}
	return out
}
