package cli

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// stops are the user's wishes to stop: the first signal closes politely, the
// second one now. A third one ends the process.
type stops struct {
	politely, now chan struct{}
	done          chan struct{}
	signals       chan os.Signal
	once          sync.Once
}

// catchStops catches SIGINT, SIGTERM and SIGHUP. Tests give signals of their
// own; nil means those of the process.
func catchStops(signals chan os.Signal) *stops {
	s := &stops{
		politely: make(chan struct{}),
		now:      make(chan struct{}),
		done:     make(chan struct{}),
		signals:  signals,
	}
	var echo time.Duration
	if s.signals == nil {
		s.signals = make(chan os.Signal, 2)
		signal.Notify(s.signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
		echo = echoTime
	}
	go func() {
		for _, wish := range []chan struct{}{s.politely, s.now} {
			select {
			case <-s.signals:
				close(wish)
				s.forget(echo)
			case <-s.done:
				return
			}
		}
		signal.Stop(s.signals)
	}()
	return s
}

// echoTime is how long a second signal is taken for the first: timeout(1)
// signals a process and then its group.
const echoTime = 200 * time.Millisecond

// forget takes signals for a while and does nothing about them.
func (s *stops) forget(d time.Duration) {
	over := time.NewTimer(d)
	defer over.Stop()
	for d > 0 {
		select {
		case <-s.signals:
		case <-over.C:
			return
		case <-s.done:
			return
		}
	}
}

// release gives the signals back to the process.
func (s *stops) release() {
	s.once.Do(func() {
		signal.Stop(s.signals)
		close(s.done)
	})
}
