package dispatcher

import (
	"log/slog"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// Machine is the dispatcher's loop as a step function.
type Machine struct {
	cfg        Config
	store      Store
	maxPayload int
	source     service.Source
	newLease   func() job.ID // random ids
	log        *slog.Logger
	metrics    *Metrics
	calls      service.Failures

	offers   []*offer          // those that were claimed for last come last
	standing map[offerKey]bool // of offers
	unasked  int               // offers, from the first, that a claim is still due for
	urgent   bool              // it is due now: there may be jobs
	whole    bool              // every offer was due
	claim    *claiming         // nil: none in flight
	calm     time.Time         // no claim before this for new offers alone: many have just found nothing
	idle     int               // polls in a row that found nothing
	nextPoll time.Time
	stopping bool

	beats   []beat // waiting for the Extend in flight
	beating bool
	fetches int // in flight

	seen     map[string]store.WorkerSeen // since the last note
	noting   bool
	nextNote time.Time
}

// NewMachine checks cfg and returns a machine at rest. maxPayload is the bus's
// limit in bytes.
func NewMachine(cfg Config, s Store, maxPayload int, source service.Source, newLease func() job.ID, log *slog.Logger, metrics *Metrics) (*Machine, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Machine{
		cfg: cfg, store: s, maxPayload: maxPayload, source: source, newLease: newLease, log: log, metrics: metrics,
		calls:    service.Failures{Log: log, Service: "dispatcher"},
		standing: make(map[offerKey]bool),
	}, nil
}

// Step implements service.Machine.
func (m *Machine) Step(now time.Time, event service.Event) []service.Action {
	return append(m.step(now, event), m.note(now)...)
}

func (m *Machine) step(now time.Time, event service.Event) []service.Action {
	switch e := event.(type) {
	case service.Received:
		return m.received(now, e.Message)
	case claimed:
		return m.claimed(now, e)
	case extended:
		return m.extended(now, e)
	case fetched:
		m.fetches--
		return m.answerFetch(now, e)
	case noted:
		m.noted(now, e)
	case service.Stop:
		m.stopping = true
	case service.Tick:
	}
	return m.poll(now)
}

// Wake implements service.Machine.
func (m *Machine) Wake() time.Time {
	wake := m.claimAt()
	if at := m.noteAt(); !at.IsZero() && (wake.IsZero() || at.Before(wake)) {
		wake = at
	}
	return wake
}

// claimAt is when to look for jobs without a hint; zero: nobody asks for any.
func (m *Machine) claimAt() time.Time {
	if m.claim != nil {
		return m.claim.retryAt
	}
	if len(m.offers) == 0 || m.stopping {
		return time.Time{}
	}
	if m.unasked > 0 && m.calm.Before(m.nextPoll) {
		return m.calm
	}
	return m.nextPoll
}

// Idle implements service.Machine. A note of workers may be cut off.
func (m *Machine) Idle() bool { return m.claim == nil && !m.beating && m.fetches == 0 }

func (m *Machine) received(now time.Time, msg bus.Message) []service.Action {
	var actions []service.Action
	var err error
	switch kind, _, _ := bus.Parse(msg.Subject); kind {
	case "ready":
		m.idle = 0
		return m.startClaim(now)
	case "pull":
		actions, err = m.pull(now, msg)
	case "heartbeat":
		actions, err = m.heartbeat(msg)
	case "fetch":
		actions, err = m.fetch(msg)
	}
	if err != nil {
		m.metrics.Refused.Inc()
		m.log.Warn("message refused", "service", "dispatcher", "subject", msg.Subject, "error", err)
	}
	return actions
}

// poll looks for jobs whose hint was lost, tries again after an error, and
// drops offers that have expired.
func (m *Machine) poll(now time.Time) []service.Action {
	if m.claim != nil {
		if !m.claim.retryAt.IsZero() && !now.Before(m.claim.retryAt) {
			return m.retryClaim(now)
		}
		return nil
	}
	if now.Before(m.nextPoll) {
		return m.askNext(now)
	}
	return m.startClaim(now)
}

// schedulePoll sets the next poll, later and later while polls find nothing.
func (m *Machine) schedulePoll(now time.Time) {
	interval := m.cfg.PollInterval
	for range min(m.idle, 10) {
		interval = min(2*interval, m.cfg.PollIntervalIdle)
	}
	m.nextPoll = now.Add(time.Duration(m.source.Jitter(float64(interval), 0.2)))
}

var _ service.Machine = (*Machine)(nil)
