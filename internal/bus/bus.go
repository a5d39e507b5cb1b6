package bus

import (
	"context"
	"errors"
)

// Message is what a subscriber receives.
type Message struct {
	Subject string
	Reply   string // publish the answer here; empty: no answer is wanted
	Data    []byte // not to be changed, valid after the handler returned
}

// Bus carries messages. Its methods may be called from any goroutine.
type Bus interface {
	// Publish sends data to everybody who subscribes to subject now. It does
	// not wait for anyone. ErrTooLarge when data is over MaxPayload; nothing is
	// sent then.
	Publish(subject string, data []byte) error
	// Request publishes data and waits for one answer, until ctx is done.
	// ErrNoResponders when nobody subscribes to subject.
	Request(ctx context.Context, subject string, data []byte) ([]byte, error)
	// Subscribe calls handle for each message on subject, one at a time, in
	// order of arrival. In subject, * stands for one token and > for the rest.
	// Of the subscribers that share a non-empty group one gets each message.
	// A handler that blocks holds up this subscription only.
	Subscribe(subject, group string, handle func(Message)) (Subscription, error)
	// MaxPayload is the largest message in bytes.
	MaxPayload() int
}

// Subscription is a running Subscribe.
type Subscription interface {
	// Unsubscribe stops it; messages already received are still handled.
	Unsubscribe() error
}

// Facts a caller acts on.
var (
	ErrTooLarge     = errors.New("message too large")
	ErrNoResponders = errors.New("no responders")
	ErrClosed       = errors.New("bus closed")
)
