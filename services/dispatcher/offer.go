package dispatcher

import (
	"errors"
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
)

// offerMargin is how much earlier than its worker a dispatcher takes an offer
// for expired: a claim and its delivery take time.
const offerMargin = 500 * time.Millisecond

// offer is what is left of a worker's pull.
type offer struct {
	pull    string
	worker  string
	slots   []bus.Offer
	expires time.Time
}

// offerKey tells offers apart.
type offerKey struct{ worker, pull string }

func (o *offer) key() offerKey { return offerKey{o.worker, o.pull} }

var (
	errForeignSubject = errors.New("the message names another worker than its subject")
	errNothingOffered = errors.New("the pull offers nothing")
)

// pull registers an offer and then looks for jobs, so that a job that becomes
// ready in between is found by one or the other.
func (m *Machine) pull(now time.Time, msg bus.Message) ([]service.Action, error) {
	e, err := bus.Decode[bus.Pull](msg.Data)
	if err != nil {
		return nil, err
	}
	p := e.Body
	if bus.PullSubject(p.Worker) != msg.Subject {
		return nil, errForeignSubject
	}
	o := &offer{pull: p.ID, worker: p.Worker, expires: now.Add(min(p.TTL, time.Minute) - offerMargin)}
	for _, s := range p.Offers {
		if len(s.Queues) == 0 {
			s.Queues = nil // every queue; an empty list would serve none
		}
		if s.Slots > 0 {
			o.slots = append(o.slots, s)
		}
	}
	if len(o.slots) == 0 {
		return nil, errNothingOffered
	}
	m.sees(store.WorkerSeen{Name: p.Worker, Queues: p.Queues, Slots: p.Total})
	if m.stopping {
		return nil, nil // another dispatcher gets the next pull
	}
	if m.standing[o.key()] {
		return nil, nil // a copy of one that is here already
	}
	m.standing[o.key()] = true
	m.offers = slices.Insert(m.offers, m.unasked, o)
	m.unasked++
	return m.askNext(now), nil
}

// dropExpired forgets offers whose time is over and that are used up.
func (m *Machine) dropExpired(now time.Time) {
	kept, unasked := m.offers[:0], m.unasked
	for i, o := range m.offers {
		left := 0
		for _, s := range o.slots {
			left += s.Slots
		}
		if left > 0 && now.Before(o.expires) {
			kept = append(kept, o)
		} else {
			delete(m.standing, o.key())
			if i < unasked {
				m.unasked--
			}
		}
	}
	clear(m.offers[len(kept):])
	m.offers = kept
}
