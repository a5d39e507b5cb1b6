package dispatcher

import (
	"context"
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
)

// claiming is a claim in flight.
type claiming struct {
	grants  []store.Grant
	from    []source  // parallel to grants
	tries   int       // that failed
	retryAt time.Time // zero: a try is running
	expires time.Time // no try after this: the leases would have expired
}

// source says which offer a grant uses up.
type source struct {
	offer *offer
	slot  int // index into offer.slots
}

// claimed is the event that a claim has returned.
type claimed struct {
	leases []store.Lease
	err    error
}

// claimPatience bounds the time in which a claim of unknown outcome is tried
// again: after it, what it may have claimed has expired unaccepted.
const claimPatience = 5 * time.Second

// maxGrants bounds the grants of one claim, unless one offer alone has more:
// when thousands of workers have offers, they are asked for in turns.
const maxGrants = 500

// Offers are followed by a claim at once as long as not too many of those found
// nothing: offerBurst in a row, and one every offerPause. When workers come in
// thousands, each at its own moment, offers are collected in between. A hint is
// always followed at once.
const (
	offerPause = 10 * time.Millisecond
	offerBurst = 20
)

// startClaim asks the store for jobs for every standing offer, also for those
// that a claim in flight has asked for.
func (m *Machine) startClaim(now time.Time) []service.Action {
	m.unasked, m.urgent = len(m.offers), true
	return m.askNext(now)
}

// askNext begins the next claim that is due, unless one is in flight.
func (m *Machine) askNext(now time.Time) []service.Action {
	if m.claim != nil || m.stopping {
		return nil
	}
	m.dropExpired(now)
	if m.unasked == 0 || !m.urgent && now.Before(m.calm) {
		return nil
	}
	m.whole = m.whole || m.unasked == len(m.offers)
	c := &claiming{expires: now.Add(claimPatience)}
	n := 0
	for ; n < m.unasked && len(c.grants) < maxGrants; n++ {
		o := m.offers[n]
		for i, s := range o.slots {
			if s.Slots <= 0 {
				continue
			}
			limit := min(s.Slots, m.cfg.DeliveryJobs)
			c.grants = append(c.grants, store.Grant{Lease: m.newLease(), Worker: o.worker, Queues: s.Queues, Limit: limit})
			c.from = append(c.from, source{o, i})
		}
	}
	m.offers = append(slices.Clone(m.offers[n:]), m.offers[:n]...)
	m.unasked -= n
	m.claim = c
	return []service.Action{m.callClaim(false)}
}

func (m *Machine) callClaim(repeat bool) service.Call {
	grants := m.claim.grants
	return service.Call{Name: "claim", Do: func(ctx context.Context) service.Event {
		leases, err := m.store.Claim(ctx, grants, repeat)
		return claimed{leases, err}
	}}
}

// retryClaim repeats a claim of unknown outcome with the same lease ids: if it
// was committed, its jobs come back.
func (m *Machine) retryClaim(now time.Time) []service.Action {
	if now.After(m.claim.expires) {
		m.claim = nil
		return m.startClaim(now)
	}
	m.claim.retryAt = time.Time{}
	return []service.Action{m.callClaim(true)}
}

// claimed sends what was claimed to its workers.
func (m *Machine) claimed(now time.Time, e claimed) []service.Action {
	c := m.claim
	m.calls.Note(now, "claim", e.err, "grants", len(c.grants), "try", c.tries+1)
	if e.err != nil {
		c.tries++
		c.retryAt = now.Add(service.Backoff(c.tries, m.source.Float64()))
		m.metrics.ClaimErrors.Inc()
		return nil
	}
	m.claim = nil
	var actions []service.Action
	got, all := make([]int, len(c.grants)), 0
	for _, lease := range e.leases {
		for i, g := range c.grants {
			if g.Lease != lease.Grant {
				continue
			}
			from := c.from[i]
			from.offer.slots[from.slot].Slots -= len(lease.Jobs)
			actions = append(actions, m.deliver(from.offer.pull, lease)...)
			got[i] += len(lease.Jobs)
			all += len(lease.Jobs)
			if got[i] == g.Limit || all >= store.MaxClaim {
				m.unasked, m.urgent = len(m.offers), true // there may be more
			}
		}
	}
	found := len(e.leases) > 0
	switch {
	case found:
		m.idle = 0
	case !m.urgent:
		m.spend(now)
	}
	if m.unasked == 0 {
		if m.urgent = false; m.whole && !found {
			m.idle++
		}
		if m.whole {
			m.whole = false
			m.schedulePoll(now)
		}
	}
	return append(actions, m.askNext(now)...)
}

// spend notes that a claim found nothing.
func (m *Machine) spend(now time.Time) {
	if full := now.Add(-offerBurst * offerPause); m.calm.Before(full) {
		m.calm = full
	}
	m.calm = m.calm.Add(offerPause)
}
