package agent

import (
	"errors"
	"log/slog"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// Intervals of the protocol between worker and dispatcher.
const (
	pullTTL         = 4 * time.Second        // an offer stands this long
	firstPullTTL    = time.Second            // the first offer; each further one twice as long
	pullPause       = 2 * time.Millisecond   // offers are not sent more often; slots that free up meanwhile go together
	firstBeatAfter  = time.Second            // of a lease's delivery: the accept
	beatInterval    = 5 * time.Second        // of accepted leases; a third of the lease when that is shorter
	newsPause       = time.Second            // between heartbeats that are sent only to tell progress
	newsBytes       = 128 << 10              // of progress in one heartbeat
	beatTimeout     = time.Second            // then the heartbeat is sent again
	reportTimeout   = 2 * time.Second        // then the outcomes are sent again
	lateDelivery    = 5 * time.Second        // after its offer expired a delivery's lease has, too
	reportJobs      = 200                    // outcomes a report carries at most
	reportBytes     = 512 << 10              // bytes a report carries at most, if it has several outcomes
	maxUnconfirmed  = 10_000                 // outcomes without a verdict, then nothing new is asked for
	rememberedJobs  = 10_000                 // ended attempts that a repeated delivery is recognised by
	minBeatInterval = 100 * time.Millisecond // between heartbeats, whatever becomes due
)

// Pool is a number of slots that serve one queue, or every queue when Queue is
// empty.
type Pool struct {
	Queue string
	Slots int
}

// Machine is the worker's loop as a step function.
type Machine struct {
	name       string
	drain      time.Duration
	maxPayload int
	source     service.Source
	log        *slog.Logger

	pools     []slots
	pulls     map[string]*pull
	pullOrder []*pull // the pulls as sent
	expired   int     // how many of pullOrder, from the start, have expired
	lastPull  time.Time
	pullsSent int

	leases   map[job.ID]*lease
	running  int // handlers that have not returned
	nextBeat time.Time
	beating  bool
	newsDue  time.Time // when progress is to be told at the latest; zero: there is none

	partitions map[int]*partition
	unreported int // outcomes without a verdict
	ended      map[Key]bool
	endedOrder []Key

	stopping  bool
	stopAt    time.Time // when handlers are told to stop
	stopsSent bool
}

// slots is the state of a Pool.
type slots struct {
	Pool
	running int
	offered int // slots that pulls have on offer
}

// Key identifies a job in this worker's hands.
type Key struct{ Lease, Job job.ID }

// lease is a lease this worker holds.
type lease struct {
	id      job.ID
	jobs    map[job.ID]*attempt
	beatDue time.Time
}

// attempt is a job of a lease, from its delivery to its verdict.
type attempt struct {
	fence     job.Fence
	pool      int
	partition int
	running   bool                // the handler has not reported its end
	lost      bool                // no longer held: its outcome is worth nothing
	news      func() bus.Progress // progress that no heartbeat has told; nil: none
}

// Start is the action to run a handler.
type Start struct {
	Key  Key
	Pool int // index into the pools
	Job  bus.Job
}

// Stop is the action to end the context of a running handler.
type Stop struct {
	Key   Key
	Cause error
}

// Finished is the event that an attempt has ended. The slot is free only once
// the handler has returned: see Returned.
type Finished struct {
	Key     Key
	Outcome job.Outcome
}

// Returned is the event that a handler has returned its slot.
type Returned struct{ Pool int }

// Why a handler is stopped; context.Cause tells the handler.
var (
	ErrCancelled = errors.New("the job was cancelled")
	ErrLost      = job.ErrLeaseLost
	ErrStopping  = errors.New("the worker is stopping")
)

// NewMachine returns a machine at rest. name is the worker's, drain how long
// handlers may go on after a stop, maxPayload the bus's limit in bytes.
func NewMachine(name string, drain time.Duration, pools []Pool, maxPayload int, source service.Source, log *slog.Logger) *Machine {
	m := &Machine{
		name: name, drain: drain, maxPayload: maxPayload, source: source, log: log,
		pulls: map[string]*pull{}, leases: map[job.ID]*lease{}, partitions: map[int]*partition{}, ended: map[Key]bool{},
	}
	for _, p := range pools {
		m.pools = append(m.pools, slots{Pool: p})
	}
	return m
}

var _ service.Machine = (*Machine)(nil)

// Step implements service.Machine.
func (m *Machine) Step(now time.Time, event service.Event) []service.Action {
	var actions []service.Action
	switch e := event.(type) {
	case service.Received:
		actions = m.received(now, e.Message)
	case Finished:
		actions = m.finished(now, e)
	case Returned:
		m.pools[e.Pool].running--
		m.running--
	case Progressed:
		m.progressed(now, e)
	case beaten:
		actions = m.beaten(now, e)
	case reported:
		actions = m.reported(now, e)
	case service.Stop:
		m.stopping = true
		m.stopAt = now.Add(m.drain)
	case service.Tick:
	}
	actions = append(actions, m.report(now)...)
	actions = append(actions, m.beat(now)...)
	actions = append(actions, m.stopHandlers(now)...)
	return append(actions, m.pull(now)...)
}

// Wake implements service.Machine.
func (m *Machine) Wake() time.Time {
	var wake time.Time
	earliest := func(t time.Time) {
		if !t.IsZero() && (wake.IsZero() || t.Before(wake)) {
			wake = t
		}
	}
	earliest(m.beatAt())
	for _, p := range m.partitions {
		if p.sent == nil && len(p.waiting) > 0 {
			earliest(p.retryAt)
		}
	}
	if m.stopping {
		if !m.stopsSent {
			earliest(m.stopAt)
		}
		return wake
	}
	if m.free() > 0 && m.unreported < maxUnconfirmed {
		earliest(m.lastPull.Add(pullPause))
	}
	earliest(m.pullAt())
	return wake
}

// Idle implements service.Machine.
func (m *Machine) Idle() bool { return m.running == 0 && m.unreported == 0 }

func (m *Machine) received(now time.Time, msg bus.Message) []service.Action {
	var actions []service.Action
	var err error
	switch msg.Subject {
	case bus.DeliverSubject(m.name):
		actions, err = m.deliver(now, msg)
	case bus.ControlSubject(m.name):
		actions, err = m.control(msg)
	}
	if err != nil {
		m.log.Warn("message refused", "worker", m.name, "subject", msg.Subject, "error", err)
	}
	return actions
}

// stopHandlers ends the handlers' contexts when the drain has taken too long.
func (m *Machine) stopHandlers(now time.Time) []service.Action {
	if !m.stopping || m.stopsSent || now.Before(m.stopAt) {
		return nil
	}
	m.stopsSent = true
	var actions []service.Action
	for _, l := range m.leasesInOrder() {
		for _, a := range l.inOrder() {
			if a.running {
				actions = append(actions, Stop{Key{l.id, a.fence.Job}, ErrStopping})
			}
		}
	}
	return actions
}
