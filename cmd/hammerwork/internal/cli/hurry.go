package cli

import (
	"context"
	"sync"
	"time"

	"github.com/hammerwork/hammerwork/sdk/worker"
)

// hurry ends the handlers of a run that is stopped at once, so that no command
// outlives it. What they return then is not their own outcome: it is kept
// back, and their jobs start again when the run goes on.
type hurry struct {
	mu      sync.Mutex
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
}

func newHurry() *hurry {
	h := &hurry{}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	return h
}

// wrap makes a handler stop when h does.
func (h *hurry) wrap(next worker.Handler) worker.Handler {
	return func(ctx context.Context, j *worker.Job) (any, error) {
		if !h.enter() {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		attempt, cancel := context.WithCancel(ctx)
		defer cancel()
		release := context.AfterFunc(h.ctx, cancel)
		result, err := next(attempt, j)
		h.running.Done()
		if !release() {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return result, err
	}
}

// enter counts a handler, unless h has stopped.
func (h *hurry) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ctx.Err() != nil {
		return false
	}
	h.running.Add(1)
	return true
}

// stop ends all handlers and waits for them, but not longer than limit.
func (h *hurry) stop(limit time.Duration) {
	h.mu.Lock()
	h.cancel()
	h.mu.Unlock()
	within(limit, h.running.Wait)
}

// within calls f and waits until it returns, but not longer than limit.
func within(limit time.Duration, f func()) {
	done := make(chan struct{})
	go func() { f(); close(done) }()
	select {
	case <-done:
	case <-time.After(limit):
	}
}
