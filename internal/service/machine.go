package service

import (
	"context"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
)

// Machine is a service's loop as a step function. Its methods are called from
// one goroutine.
type Machine interface {
	// Step takes an event at a time and returns what to do, in order.
	Step(now time.Time, event Event) []Action
	// Wake is when Step wants a Tick at the latest; zero: it has no wish.
	Wake() time.Time
	// Idle reports whether nothing is unfinished. After Stop the loop goes on
	// until it is.
	Idle() bool
}

// Event is something that happened: Tick, Stop, Received, or what a Request or
// Call returned.
type Event any

// Tick says that time has passed.
type Tick struct{}

// Stop asks a machine to finish what it began and to begin nothing.
type Stop struct{}

// Received is a message on one of the machine's subscriptions.
type Received struct{ bus.Message }

// Action is something to do: Publish, Request, Call, or one that the machine's
// own runtime performs.
type Action any

// Publish sends a message and forgets it.
type Publish struct {
	Subject string
	Data    []byte
}

// Request sends a message and steps with what Then makes of the answer.
type Request struct {
	Subject string
	Data    []byte
	Timeout time.Duration
	Then    func(answer []byte, err error) Event
}

// Call runs a store's transaction beside the loop and steps with what it
// returns. Name is for logs and traces.
type Call struct {
	Name string
	Do   func(ctx context.Context) Event
}

// Subscription is what a machine wants to hear.
type Subscription struct {
	Subject string
	Group   string // replicas in one group share the messages; empty: each gets all
}

// Subscribe is the action to hear more. What it says takes effect after the
// Subscribes and Unsubscribes before it, some time later.
type Subscribe struct{ Subscription }

// Unsubscribe is the action to end a Subscribe, or one of the first
// subscriptions. What was received until then is still stepped with.
type Unsubscribe struct{ Subscription }
