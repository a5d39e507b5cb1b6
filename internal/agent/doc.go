// Package agent is the worker's side of the protocol as a step function: it
// offers slots, starts what is delivered, heartbeats, and keeps each outcome
// until its verdict. Package sdk/worker runs it with real handlers, the
// simulator without.
//
// Invariants: it never runs more jobs of a pool than the pool has slots; an
// attempt it started is never started again from a copy of its delivery; an
// outcome is let go of only with a verdict.
//
// A lost offer, delivery or answer costs time: offers expire and are repeated,
// heartbeats and reports are sent again until they are answered.
package agent

import (
	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
)

// Subscriptions is what a worker hears.
func Subscriptions(name string) []service.Subscription {
	return []service.Subscription{{Subject: bus.DeliverSubject(name)}, {Subject: bus.ControlSubject(name)}}
}
