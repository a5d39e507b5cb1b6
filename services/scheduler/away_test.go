package scheduler_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus/membus"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/services/scheduler"
)

// networked is a bus whose connection can be lost.
type networked struct {
	*membus.Bus
	away       atomic.Bool
	reconnects atomic.Uint64
}

func (n *networked) Connected() bool    { return !n.away.Load() }
func (n *networked) Reconnects() uint64 { return n.reconnects.Load() }

// looks counts looks for expired leases.
type looks struct{ n atomic.Int64 }

func (l *looks) ExpireLeases(context.Context, int) (store.Resolution, error) {
	l.n.Add(1)
	return store.Resolution{}, nil
}

func (l *looks) Overdue(context.Context) (store.Overdue, error) { return store.Overdue{}, nil }

func (l *looks) FireTimers(context.Context, int) (store.Resolution, time.Duration, error) {
	return store.Resolution{}, time.Hour, nil
}

func (l *looks) DecideTicks(context.Context, int) (store.Decided, time.Duration, error) {
	return store.Decided{}, time.Hour, nil
}

func (l *looks) RunTicks(context.Context, int) (store.TicksRun, time.Duration, error) {
	return store.TicksRun{}, time.Hour, nil
}

func (l *looks) Purge(context.Context, store.Retention, store.Place, int) (store.Purged, store.Place, error) {
	return store.Purged{}, store.Place{}, nil
}

func TestNoLeaseExpiresWhileTheBusIsAwayNorUntilHeartbeatsHadTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, s := &networked{Bus: membus.New()}, &looks{}
		defer b.Close()
		cfg := scheduler.DefaultConfig()
		m, err := scheduler.New(cfg, s, b, slog.New(slog.DiscardHandler), scheduler.NewMetrics(nil))
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- m.Run(ctx) }()
		pass := func(d time.Duration) (looked int64) {
			before := s.n.Load()
			<-time.After(d)
			synctest.Wait()
			return s.n.Load() - before
		}
		if pass(10*time.Second) < 10 {
			t.Error("it does not look")
		}
		b.away.Store(true)
		pass(cfg.ReapInterval)
		if n := pass(time.Minute); n != 0 {
			t.Errorf("it looked %d times while the bus was away", n)
		}
		b.reconnects.Add(1)
		b.away.Store(false)
		if n := pass(cfg.ReapHold); n != 0 {
			t.Errorf("it looked %d times right after the bus came back", n)
		}
		if pass(2*cfg.ReapHold) == 0 {
			t.Error("it does not look any more")
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
