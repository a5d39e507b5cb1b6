package natsbus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/hammerwork/hammerwork/internal/bus"
)

// Bus is a connection to NATS that implements bus.Bus.
type Bus struct {
	log      *slog.Logger
	server   string
	drain    time.Duration
	messages int // pending limits of a subscription
	bytes    int

	nc        *nats.Conn
	connected chan struct{} // closed by the first connection
	closed    chan struct{} // closed with the connection, for good
	closing   atomic.Bool   // Close was called
	finder    *finder       // nil: the servers stay where they are
	searches  sync.WaitGroup
	life      context.Context // ends with Close
	end       context.CancelFunc

	unreached  atomic.Value // string: why the last attempt to connect failed
	reconnects atomic.Uint64
	denied     atomic.Uint64
	failures   atomic.Uint64

	mu      sync.Mutex
	subs    map[*nats.Subscription]struct{}
	dropped uint64 // by subscriptions that ended
}

var errNotConnected = errors.New("not connected to nats")

// Connect opens a connection. Without WaitForServer and Background it fails when
// no server answers; once connected it reconnects forever, after 100 ms to 5 s.
func Connect(ctx context.Context, cfg Config, log *slog.Logger) (*Bus, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	b := &Bus{
		log: log, server: cfg.Server(), drain: cfg.drainTimeout(),
		messages: pendingMessages, bytes: pendingBytes,
		connected: make(chan struct{}), closed: make(chan struct{}),
		subs: map[*nats.Subscription]struct{}{},
	}
	b.life, b.end = context.WithCancel(context.WithoutCancel(ctx))
	if cfg.Find != nil {
		b.finder = &finder{find: cfg.Find}
		b.finder.current.Store(&cfg.URL)
	}
	nc, err := nats.Connect(cfg.URL, b.options(cfg)...)
	if err != nil {
		b.end()
		return nil, fmt.Errorf("connect to nats at %s: %w", b.server, err)
	}
	b.nc = nc
	if cfg.Background {
		return b, nil
	}
	select {
	case <-b.connected:
		return b, nil
	case <-b.closed:
		b.end()
		return nil, fmt.Errorf("connect to nats at %s: %w", b.server, nc.LastError())
	case <-ctx.Done():
		last := nc.LastError()
		b.Close()
		return nil, fmt.Errorf("connect to nats at %s: %w; last attempt: %v", b.server, ctx.Err(), last)
	}
}

func (b *Bus) options(cfg Config) []nats.Option {
	opts := append(slices.Clone(cfg.Options),
		nats.Name(cfg.Name),
		nats.Timeout(dialTimeout),
		nats.DrainTimeout(b.drain),
		nats.RetryOnFailedConnect(cfg.WaitForServer || cfg.Background),
		nats.MaxReconnects(-1),
		nats.CustomReconnectDelay(reconnectDelay),
		nats.ReconnectBufSize(-1), // see the package comment
		nats.IgnoreAuthErrorAbort(),
		nats.ConnectHandler(b.onConnect),
		nats.DisconnectErrHandler(b.onDisconnect),
		nats.ReconnectHandler(b.onReconnect),
		nats.ReconnectErrHandler(b.onReconnectFailed),
		nats.ClosedHandler(b.onClosed),
		nats.ErrorHandler(b.onError),
	)
	if cfg.InProcess != nil {
		opts = append(opts, nats.InProcessServer(cfg.InProcess))
	}
	return opts
}

// Connected tells whether there is a connection now.
func (b *Bus) Connected() bool { return b.nc.IsConnected() }

// Reconnects is how often a lost connection came back.
func (b *Bus) Reconnects() uint64 { return b.reconnects.Load() }

// MaxPayload is the largest message in bytes that the server takes.
func (b *Bus) MaxPayload() int {
	if n := b.nc.MaxPayload(); n > 0 {
		return int(n)
	}
	return defaultPayload
}

// Publish implements bus.Bus. It fails at once while there is no connection.
func (b *Bus) Publish(subject string, data []byte) error {
	err := b.check(subject, data)
	if err == nil {
		err = translate(b.nc.Publish(subject, data))
	}
	if err != nil {
		return fmt.Errorf("publish to %s: %w", subject, err)
	}
	return nil
}

// Request implements bus.Bus. It fails at once while there is no connection.
// One that is sent waits until ctx is done, also when the connection is lost
// meanwhile (the answer may come over the next one) and when the server does
// not permit the subject.
func (b *Bus) Request(ctx context.Context, subject string, data []byte) ([]byte, error) {
	err := b.check(subject, data)
	if err == nil {
		var m *nats.Msg
		if m, err = b.nc.RequestWithContext(ctx, subject, data); err == nil {
			return m.Data, nil
		}
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return nil, err
		}
		err = translate(err)
	}
	return nil, fmt.Errorf("request to %s: %w", subject, err)
}

// check refuses what must not reach the server.
func (b *Bus) check(subject string, data []byte) error {
	if err := bus.CheckSubject(subject); err != nil {
		return err
	}
	if limit := b.MaxPayload(); len(data) > limit {
		return fmt.Errorf("%w: %d bytes, at most %d", bus.ErrTooLarge, len(data), limit)
	}
	return nil
}

// Close ends the subscriptions, lets handlers finish what was received (they
// may still publish), sends what is left and closes the connection. It returns
// after DrainTimeout at the latest, whatever the handlers do, and may be
// called twice. A handler that calls it waits for itself that long.
func (b *Bus) Close() {
	b.mu.Lock()
	b.closing.Store(true)
	b.mu.Unlock()
	b.end()
	b.searches.Wait()
	b.retireAll()
	if err := b.nc.Drain(); err == nil {
		select {
		case <-b.closed:
		case <-time.After(b.drain):
			b.log.Warn("nats drain incomplete, closing", "after", b.drain)
		}
	}
	b.nc.Close()
	<-b.closed
}

// translate turns the client's errors into the bus's.
func translate(err error) error {
	switch {
	case errors.Is(err, nats.ErrConnectionClosed), errors.Is(err, nats.ErrConnectionDraining):
		return bus.ErrClosed
	case errors.Is(err, nats.ErrNoResponders):
		return bus.ErrNoResponders
	case errors.Is(err, nats.ErrMaxPayload): // the limit fell since it was checked
		return bus.ErrTooLarge
	case errors.Is(err, nats.ErrReconnectBufExceeded), errors.Is(err, nats.ErrDisconnected):
		return errNotConnected
	}
	return err
}
