package natsbus_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/bus/natsbus"
	"github.com/hammerwork/hammerwork/internal/bus/natsserver"
)

var quiet = slog.New(slog.DiscardHandler)

func TestASubscriptionIsKnownToOthersWhenSubscribeReturns(t *testing.T) {
	s := start(t, "127.0.0.1:0")
	one, two := connect(t, natsbus.Config{URL: s.URL()}), connect(t, natsbus.Config{InProcess: s})
	for range 100 {
		sub, err := one.Subscribe("a", "g", func(m bus.Message) { _ = one.Publish(m.Reply, m.Data) })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := two.Request(t.Context(), "a", nil); err != nil {
			t.Fatal(err)
		}
		if err := sub.Unsubscribe(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestALostConnectionFailsAtOnceAndItsSubscriptionsComeBack(t *testing.T) {
	address := freeAddress(t)
	s := start(t, address)
	b := connect(t, natsbus.Config{URL: s.URL()})
	got := make(chan string, 10)
	keep := func(m bus.Message) { got <- string(m.Data) }
	if _, err := b.Subscribe("a", "g", keep); err != nil {
		t.Fatal(err)
	}
	gone, err := b.Subscribe("gone", "g", keep)
	if err != nil {
		t.Fatal(err)
	}
	asked, waiting := make(chan bus.Message, 1), make(chan error, 1)
	if _, err := b.Subscribe("slow", "", func(m bus.Message) { asked <- m }); err != nil {
		t.Fatal(err)
	}
	go func() {
		_, err := b.Request(context.Background(), "slow", nil)
		waiting <- err
	}()
	question := receive(t, asked)

	s.Shutdown()
	eventually(t, func() bool { return !b.Connected() })
	if err := b.Publish("a", []byte("lost")); err == nil || errors.Is(err, bus.ErrClosed) {
		t.Errorf("publish without a connection: %v", err)
	}
	if _, err := b.Request(t.Context(), "a", nil); err == nil || errors.Is(err, bus.ErrNoResponders) {
		t.Errorf("request without a connection: %v", err)
	}
	if _, err := b.Subscribe("late", "", keep); err != nil {
		t.Errorf("subscribe without a connection: %v", err)
	}
	if err := gone.Unsubscribe(); err != nil {
		t.Errorf("unsubscribe without a connection: %v", err)
	}

	start(t, address)
	eventually(t, b.Connected)
	for _, subject := range []string{"a", "late"} {
		if err := b.Publish(subject, []byte(subject)); err != nil {
			t.Fatal(err)
		}
		if m := receive(t, got); m != subject {
			t.Errorf("got %q, want %q", m, subject)
		}
	}
	if err := b.Publish(question.Reply, nil); err != nil {
		t.Fatal(err)
	}
	if err := receive(t, waiting); err != nil {
		t.Errorf("a request that waited meanwhile: %v", err)
	}
	if _, err := b.Request(t.Context(), "gone", nil); !errors.Is(err, bus.ErrNoResponders) {
		t.Errorf("an ended subscription came back: %v", err)
	}
	eventually(t, func() bool { return b.Stats().Reconnects == 1 })
}

func TestAnAbsentServerIsAnErrorThatHidesThePassword(t *testing.T) {
	_, err := natsbus.Connect(t.Context(), natsbus.Config{URL: "nats://user:secret@" + freeAddress(t)}, quiet)
	if err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "127.0.0.1:") {
		t.Errorf("got %v", err)
	}
}

func TestAnAbsentServerIsWaitedForWhenAsked(t *testing.T) {
	address := freeAddress(t)
	connected := make(chan *natsbus.Bus)
	go func() {
		b, err := natsbus.Connect(t.Context(), natsbus.Config{URL: "nats://" + address, WaitForServer: true}, quiet)
		if err != nil {
			t.Errorf("connect: %v", err)
		}
		connected <- b
	}()
	start(t, address)
	b := receive(t, connected)
	defer b.Close()
	if err := b.Publish("a", nil); err != nil {
		t.Error(err)
	}
	if n := b.Stats().Reconnects; n != 0 {
		t.Errorf("the first connection counts as %d reconnects", n)
	}
}

func TestWaitingForAServerEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := natsbus.Connect(ctx, natsbus.Config{URL: freeAddress(t), WaitForServer: true}, quiet)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestAConfigWithoutExactlyOneServerIsRefused(t *testing.T) {
	s := start(t, "")
	for _, cfg := range []natsbus.Config{{}, {URL: "nats://127.0.0.1:4222", InProcess: s}, {InProcess: s, DrainTimeout: -1}} {
		if _, err := natsbus.Connect(t.Context(), cfg, quiet); err == nil {
			t.Errorf("%+v was accepted", cfg)
		}
	}
}

func TestTheServersPayloadLimitHolds(t *testing.T) {
	s, err := natsserver.Start(natsserver.Options{MaxPayload: 2 << 20, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	b := connect(t, natsbus.Config{InProcess: s})
	if b.MaxPayload() != 2<<20 {
		t.Errorf("max payload is %d", b.MaxPayload())
	}
}

func TestCloseDoesNotWaitForAHandlerForever(t *testing.T) {
	b := connect(t, natsbus.Config{InProcess: start(t, ""), DrainTimeout: 20 * time.Millisecond})
	entered, release := make(chan bool), make(chan bool)
	defer close(release)
	if _, err := b.Subscribe("a", "", func(bus.Message) { entered <- true; <-release }); err != nil {
		t.Fatal(err)
	}
	if err := b.Publish("a", nil); err != nil {
		t.Fatal(err)
	}
	receive(t, entered)
	closed := make(chan bool)
	go func() { b.Close(); close(closed) }()
	receive(t, closed)
}

// freeAddress returns an address that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func(c io.Closer) { _ = c.Close() }(l)
	return l.Addr().String()
}

func receive[T any](t *testing.T, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(time.Minute):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

// eventually waits for a state that nothing announces.
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it never came true")
		}
	}
}
