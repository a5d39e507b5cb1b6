package agent

import (
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
)

// pull is an offer on its way. It is remembered for a while after it expired,
// to know what a late delivery answers.
type pull struct {
	id   string
	sent time.Time
	ttl  time.Duration
	left []int // slots on offer by pool; nil after it expired
}

// free returns how many slots are neither taken nor on offer.
func (m *Machine) free() int {
	n := 0
	for _, p := range m.pools {
		n += max(0, p.Slots-p.running-p.offered)
	}
	return n
}

// pull offers what is free.
func (m *Machine) pull(now time.Time) []service.Action {
	m.expirePulls(now)
	if m.stopping || m.unreported >= maxUnconfirmed || m.free() == 0 || now.Before(m.lastPull.Add(pullPause)) {
		return nil
	}
	p := &pull{id: m.source.MessageID(), sent: now, ttl: m.nextTTL(), left: make([]int, len(m.pools))}
	var offers []bus.Offer
	for i := range m.pools {
		s := &m.pools[i]
		n := s.Slots - s.running - s.offered
		if n <= 0 {
			continue
		}
		s.offered += n
		p.left[i] = n
		o := bus.Offer{Slots: n}
		if s.Queue != "" {
			o.Queues = []string{s.Queue}
		}
		offers = append(offers, o)
	}
	m.pulls[p.id] = p
	m.pullOrder = append(m.pullOrder, p)
	m.lastPull = now
	return []service.Action{service.Message(m.source, bus.PullSubject(m.name), bus.Pull{
		ID: p.id, Worker: m.name, Offers: offers, TTL: p.ttl, Total: m.total(), Queues: m.queues(),
	})}
}

// nextTTL is how long the next offer stands. The first ones of a worker are
// short: the dispatcher may not be there yet, and nobody says that an offer was
// not heard.
func (m *Machine) nextTTL() time.Duration {
	ttl := min(firstPullTTL<<m.pullsSent, pullTTL)
	m.pullsSent = min(m.pullsSent+1, 10)
	return ttl
}

// expires is when an offer brings nothing any more; offers expire in the order
// in which they were sent.
func (p *pull) expires() time.Time { return p.sent.Add(p.ttl) }

// late is when the lease of whatever the offer brought has expired.
func (p *pull) late() time.Time { return p.sent.Add(p.ttl + lateDelivery) }

// total returns how many slots there are, free or not.
func (m *Machine) total() int {
	n := 0
	for _, p := range m.pools {
		n += p.Slots
	}
	return n
}

// queues returns the queues that the pools serve, in their order; nil when one
// of them serves every queue.
func (m *Machine) queues() []string {
	var list []string
	for _, p := range m.pools {
		if p.Queue == "" {
			return nil
		}
		if !slices.Contains(list, p.Queue) {
			list = append(list, p.Queue)
		}
	}
	return list
}

// expirePulls takes back what expired offers did not bring, and forgets pulls
// whose deliveries could no longer be held. Both happen in the order of
// sending, so it looks at no others.
func (m *Machine) expirePulls(now time.Time) {
	for m.expired < len(m.pullOrder) && !now.Before(m.pullOrder[m.expired].expires()) {
		p := m.pullOrder[m.expired]
		for i, n := range p.left {
			m.pools[i].offered -= n
		}
		p.left = nil
		m.expired++
	}
	for m.expired > 0 && !now.Before(m.pullOrder[0].late()) {
		delete(m.pulls, m.pullOrder[0].id)
		m.pullOrder = m.pullOrder[1:]
		m.expired--
	}
}

// pullAt is when the next pull expires or can be forgotten; zero: there is
// none.
func (m *Machine) pullAt() time.Time {
	var at time.Time
	if m.expired < len(m.pullOrder) {
		at = m.pullOrder[m.expired].expires()
	}
	if m.expired > 0 {
		if forget := m.pullOrder[0].late(); at.IsZero() || forget.Before(at) {
			at = forget
		}
	}
	return at
}

// take finds the slot for a delivered job: one that the pull offered, else one
// that is free, else one that a later pull offers; the dispatcher may then give
// that slot a second job, which finds another free slot or is given back. It
// returns the pool, or -1 when there is none.
func (m *Machine) take(p *pull, queue string) int {
	serves := func(i int) bool { return m.pools[i].Queue == "" || m.pools[i].Queue == queue }
	for i := range p.left {
		if p.left[i] > 0 && serves(i) {
			p.left[i]--
			m.pools[i].offered--
			m.pools[i].running++
			return i
		}
	}
	i := slices.IndexFunc(m.pools, func(s slots) bool { return s.running+s.offered < s.Slots && (s.Queue == "" || s.Queue == queue) })
	if i >= 0 {
		m.pools[i].running++
		return i
	}
	for k := len(m.pullOrder) - 1; k >= m.expired; k-- {
		later := m.pullOrder[k]
		for i := range later.left {
			if later.left[i] > 0 && serves(i) {
				later.left[i]--
				m.pools[i].offered--
				m.pools[i].running++
				return i
			}
		}
	}
	return -1
}
