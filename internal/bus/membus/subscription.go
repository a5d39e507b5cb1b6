package membus

import (
	"slices"

	"github.com/hammerwork/hammerwork/internal/bus"
)

// subscription is a queue and the goroutine that empties it. The bus's mutex
// guards queue and stopped.
type subscription struct {
	bus     *Bus
	subject string
	group   string
	wake    chan struct{} // holds a token when run has something to look at

	queue   []bus.Message
	stopped bool
}

// Unsubscribe implements bus.Subscription.
func (s *subscription) Unsubscribe() error {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	s.stop()
	return nil
}

// run handles messages one at a time until the subscription is stopped and
// its queue empty.
func (s *subscription) run(handle func(bus.Message)) {
	for range s.wake {
		messages, stopped := s.take()
		for _, m := range messages {
			handle(m)
		}
		if stopped {
			return
		}
	}
}

// take empties the queue. Once stopped is true nothing comes after it.
func (s *subscription) take() (messages []bus.Message, stopped bool) {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	messages, s.queue = s.queue, nil
	return messages, s.stopped
}

// put queues a message; the bus's mutex is held.
func (s *subscription) put(m bus.Message) {
	s.queue = append(s.queue, m)
	s.signal()
}

// stop takes s off the bus; the bus's mutex is held.
func (s *subscription) stop() {
	s.stopped = true
	s.bus.subs = slices.DeleteFunc(s.bus.subs, func(o *subscription) bool { return o == s })
	s.signal()
}

func (s *subscription) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
