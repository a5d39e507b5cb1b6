package agent

import (
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// beaten is the event that a heartbeat was answered, or not.
type beaten struct {
	leases []job.ID
	news   []bus.Progress
	reply  bus.HeartbeatReply
	err    error
}

// leaseDue is when the next lease wants a heartbeat; zero: none is held.
func (m *Machine) leaseDue() time.Time {
	var due time.Time
	for _, l := range m.leases {
		if due.IsZero() || l.beatDue.Before(due) {
			due = l.beatDue
		}
	}
	return due
}

// beatAt is when the next heartbeat is due; zero: none is.
func (m *Machine) beatAt() time.Time {
	if m.beating {
		return time.Time{}
	}
	due := m.leaseDue()
	if !m.newsDue.IsZero() && (due.IsZero() || m.newsDue.Before(due)) {
		due = m.newsDue
	}
	if !due.IsZero() && due.Before(m.nextBeat) {
		due = m.nextBeat
	}
	return due
}

// beatLeases bounds the leases of one heartbeat, so that it and its answer fit
// into a message; the others have theirs in the next.
const beatLeases = 1000

// beat sends one heartbeat for the leases held, as soon as one is due; those
// that are due first come first. When only progress is due, it speaks for the
// leases of that alone.
func (m *Machine) beat(now time.Time) []service.Action {
	if due := m.beatAt(); due.IsZero() || now.Before(due) {
		return nil
	}
	held := m.leasesInOrder()
	if m.leaseDue().After(now) {
		held = slices.DeleteFunc(held, func(l *lease) bool { return !l.hasNews() })
	}
	if len(held) > beatLeases {
		slices.SortStableFunc(held, func(a, b *lease) int { return a.beatDue.Compare(b.beatDue) })
		held = held[:beatLeases]
	}
	news := m.takeNews(now, held)
	if len(held) == 0 {
		return nil // what there was to tell has ended
	}
	leases := make([]job.ID, len(held))
	for i, l := range held {
		leases[i] = l.id
	}
	m.beating = true
	m.nextBeat = now.Add(minBeatInterval)
	msg := service.Message(m.source, bus.HeartbeatSubject(m.name), bus.Heartbeat{
		Worker: m.name, Leases: leases, Total: m.total(), Queues: m.queues(), Draining: m.stopping, Progress: news,
	})
	return []service.Action{service.Request{
		Subject: msg.Subject, Data: msg.Data, Timeout: beatTimeout,
		Then: func(answer []byte, err error) service.Event {
			e := beaten{leases: leases, news: news, err: err}
			if err == nil {
				var reply bus.Envelope[bus.HeartbeatReply]
				reply, e.err = bus.Decode[bus.HeartbeatReply](answer)
				e.reply = reply.Body
			}
			return e
		},
	}}
}

// share returns interval, or a third of ttl when that is shorter: a lease
// survives the loss of a heartbeat. No ttl is no bound.
func share(interval, ttl time.Duration) time.Duration {
	if ttl <= 0 {
		return interval
	}
	return min(interval, ttl/3)
}

// beaten applies the answer to a heartbeat. Without one the heartbeat is sent
// again; the handlers go on, for their outcomes count as long as nobody else
// was given the jobs.
func (m *Machine) beaten(now time.Time, e beaten) []service.Action {
	m.beating = false
	if e.err != nil {
		m.nextBeat = now.Add(time.Duration(m.source.Jitter(float64(beatTimeout)/4, 0.5)))
		m.returnNews(now, e.news)
		return nil
	}
	for _, id := range e.leases {
		if l := m.leases[id]; l != nil {
			l.beatDue = now.Add(share(beatInterval, e.reply.TTL))
		}
	}
	var actions []service.Action
	for _, id := range e.reply.Lost {
		if l := m.leases[id]; l != nil {
			for _, a := range l.inOrder() {
				actions = append(actions, m.lose(Key{id, a.fence.Job})...)
			}
		}
	}
	for _, x := range e.reply.Revoked {
		actions = append(actions, m.lose(Key{x.Lease, x.Job})...)
	}
	return append(actions, m.stopJobs(e.reply.Cancelled, ErrCancelled)...)
}

// lose gives up a job that this worker no longer holds. If its handler has
// ended, the outcome is on its way and will be told to be stale.
func (m *Machine) lose(key Key) []service.Action {
	l := m.leases[key.Lease]
	if l == nil || l.jobs[key.Job] == nil || !l.jobs[key.Job].running {
		return nil
	}
	l.jobs[key.Job].lost = true
	return []service.Action{Stop{key, ErrLost}}
}
