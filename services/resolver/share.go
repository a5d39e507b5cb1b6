package resolver

import (
	"context"
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
)

const (
	shareInterval = time.Second     // how often a resolver says that it is alive
	shareTTL      = 3 * time.Second // then it is given up
)

// share is which partitions the resolver hears. Two that hear one are correct
// still: they share its outcomes like those of a partition that nobody owns.
type share struct {
	own     []int     // sorted
	until   time.Time // then others may own them
	at      time.Time // when to ask next
	running bool      // a call of the store
	errors  int       // in a row
}

// shared is the event that partitions were shared out.
type shared struct {
	began time.Time
	own   []int
	err   error
}

// left is the event that the resolver has given up its partitions.
type left struct{ err error }

// keepShare renews what the resolver owns, and lets go of it when that has not
// succeeded for too long.
func (m *Machine) keepShare(now time.Time) []service.Action {
	s := &m.share
	if m.cfg.Alone || m.stopping {
		return nil
	}
	var actions []service.Action
	if len(s.own) > 0 && !now.Before(s.until) {
		actions = m.hear(nil)
	}
	if s.running || now.Before(s.at) {
		return actions
	}
	s.running = true
	return append(actions, service.Call{Name: "share partitions", Do: func(ctx context.Context) service.Event {
		ctx, cancel := context.WithTimeout(ctx, shareTTL)
		defer cancel()
		own, err := m.store.SharePartitions(ctx, m.cfg.Name, bus.Partitions, shareTTL)
		return shared{now, own, err}
	}})
}

// shareAt is when to renew or to let go; zero: never.
func (m *Machine) shareAt() time.Time {
	s := &m.share
	switch {
	case m.cfg.Alone || m.stopping:
		return time.Time{}
	case !s.running && (len(s.own) == 0 || s.at.Before(s.until)):
		return s.at
	case len(s.own) > 0:
		return s.until
	}
	return time.Time{}
}

func (m *Machine) shared(now time.Time, e shared) []service.Action {
	s := &m.share
	s.running = false
	m.calls.Note(now, "share partitions", e.err)
	if m.stopping {
		return m.leave()
	}
	if e.err != nil {
		s.errors++
		s.at = now.Add(service.Backoff(s.errors, m.source.Float64()))
		m.metrics.Errors.Inc()
		return nil
	}
	s.errors = 0
	s.until = e.began.Add(shareTTL)
	s.at = now.Add(time.Duration(m.source.Jitter(float64(shareInterval), 0.2)))
	return m.hear(e.own)
}

// hear subscribes to the partitions of own, and to no others.
func (m *Machine) hear(own []int) []service.Action {
	subscription := func(partition int) service.Subscription {
		return service.Subscription{Subject: bus.CompletedOf(partition), Group: bus.GroupResolvers}
	}
	var actions []service.Action
	taken := 0
	for _, p := range own {
		if !slices.Contains(m.share.own, p) {
			taken++
			actions = append(actions, service.Subscribe{Subscription: subscription(p)})
		}
	}
	for _, p := range m.share.own {
		if !slices.Contains(own, p) {
			actions = append(actions, service.Unsubscribe{Subscription: subscription(p)})
		}
	}
	if len(actions) > 0 {
		m.log.Info("partitions", "service", "resolver", "resolver", m.cfg.Name, "owned", len(own), "taken", taken)
	}
	m.metrics.Takeovers.Add(float64(taken))
	m.metrics.Partitions.Set(float64(len(own)))
	m.share.own = own
	return actions
}

// leave gives up what the resolver owns, so that others need not wait until it
// has expired. The loop has ended the subscriptions.
func (m *Machine) leave() []service.Action {
	if m.cfg.Alone || m.share.running {
		return nil
	}
	m.share.running, m.share.own = true, nil
	m.metrics.Partitions.Set(0)
	return []service.Action{service.Call{Name: "leave partitions", Do: func(ctx context.Context) service.Event {
		ctx, cancel := context.WithTimeout(ctx, shareTTL)
		defer cancel()
		return left{m.store.LeavePartitions(ctx, m.cfg.Name)}
	}}}
}

func (m *Machine) left(e left) {
	m.share.running = false
	if e.err != nil {
		m.log.Warn("leave partitions", "service", "resolver", "error", e.err)
	}
}
