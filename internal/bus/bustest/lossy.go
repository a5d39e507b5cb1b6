package bustest

import (
	"context"

	"github.com/hammerwork/hammerwork/internal/bus"
)

// Lossy loses messages of another bus: what is published, asked and answered.
// Whoever sent a lost message is not told; a lost request waits for its answer
// until its time is over.
type Lossy struct {
	bus.Bus
	// Lose says whether a message is lost. kind is the third token of its
	// subject (pull, deliver, …), or reply for an answer. It may be called from
	// several goroutines.
	Lose func(kind string) bool
}

// Publish implements bus.Bus.
func (l Lossy) Publish(subject string, data []byte) error {
	if l.Lose(kind(subject)) {
		return nil
	}
	return l.Bus.Publish(subject, data)
}

// Request implements bus.Bus.
func (l Lossy) Request(ctx context.Context, subject string, data []byte) ([]byte, error) {
	if l.Lose(kind(subject)) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return l.Bus.Request(ctx, subject, data)
}

func kind(subject string) string {
	if kind, _, ok := bus.Parse(subject); ok {
		return kind
	}
	return "reply"
}
