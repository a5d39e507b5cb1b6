package watch

import (
	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/history"
)

// Bus returns b, recording the deliveries that are sent on it; b itself when r
// is nil.
func Bus(b bus.Bus, r *history.Recorder) bus.Bus {
	if r == nil {
		return b
	}
	return listening{b, r}
}

type listening struct {
	bus.Bus
	history *history.Recorder
}

// Publish implements bus.Bus.
func (l listening) Publish(subject string, data []byte) error {
	Published(l.history, subject, data)
	return l.Bus.Publish(subject, data)
}

// Published records a message, if it is a delivery, before it is sent.
func Published(r *history.Recorder, subject string, data []byte) {
	if kind, _, _ := bus.Parse(subject); r == nil || kind != "deliver" {
		return
	}
	if e, err := bus.Decode[bus.Deliver](data); err == nil {
		r.Record(history.Record{Kind: history.Delivered, Lease: e.Body.Lease, Count: len(e.Body.Jobs), TTL: int64(e.Body.TTL)})
	}
}
