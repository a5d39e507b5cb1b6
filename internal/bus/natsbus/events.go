package natsbus

import (
	"context"
	"errors"
	"log/slog"

	"github.com/nats-io/nats.go"
)

// Stats counts what no caller was told, since Connect.
type Stats struct {
	Dropped    uint64 // messages that a subscription had no room for
	Denied     uint64 // publishes and subscriptions that the server did not permit
	Failures   uint64 // other errors outside any call
	Reconnects uint64
}

// Stats returns the counts so far.
func (b *Bus) Stats() Stats {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := Stats{
		Dropped:    b.dropped,
		Denied:     b.denied.Load(),
		Failures:   b.failures.Load(),
		Reconnects: b.reconnects.Load(),
	}
	for sub := range b.subs {
		s.Dropped += droppedBy(sub)
	}
	return s
}

func (b *Bus) onConnect(*nats.Conn) {
	b.unreached.Store("")
	b.log.Debug("connected to nats", "server", b.server)
	close(b.connected)
}

func (b *Bus) onDisconnect(_ *nats.Conn, err error) {
	if b.closing.Load() {
		return
	}
	b.log.Warn("nats connection lost", "server", b.server, "error", err)
}

func (b *Bus) onReconnect(*nats.Conn) {
	b.reconnects.Add(1)
	b.unreached.Store("")
	b.log.Info("nats connection restored", "server", b.server)
}

func (b *Bus) onReconnectFailed(nc *nats.Conn, err error) {
	if b.closing.Load() {
		return
	}
	b.look(nc)
	// Once for each reason: a wrong password must be seen, an outage does not
	// fill the log.
	level := slog.LevelDebug
	if b.unreached.Swap(err.Error()) != err.Error() {
		level = slog.LevelWarn
	}
	b.log.Log(context.Background(), level, "nats not reached, trying again", "server", b.server, "error", err)
}

func (b *Bus) onClosed(nc *nats.Conn) {
	if !b.closing.Load() {
		b.log.Error("nats closed the connection for good", "server", b.server, "error", nc.LastError())
	}
	close(b.closed)
}

// onError gets what happens outside any call. A slow subscription is reported
// once each time it begins to drop, not for every message.
func (b *Bus) onError(_ *nats.Conn, sub *nats.Subscription, err error) {
	switch {
	case errors.Is(err, nats.ErrSlowConsumer) && sub != nil:
		b.log.Warn("nats messages dropped: their handler is too slow",
			"subject", sub.Subject, "dropped", droppedBy(sub))
	case errors.Is(err, nats.ErrPermissionViolation):
		b.denied.Add(1)
		b.log.Error("nats permission denied", "error", err)
	default:
		b.failures.Add(1)
		b.log.Error("nats error", "error", err)
	}
}
