package natsserver_test

import (
	"bytes"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"github.com/hammerwork/hammerwork/internal/bus/natsserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.DiscardHandler)

func TestAServerWithoutAnAddressTakesInProcessConnectionsOnly(t *testing.T) {
	s := start(t, natsserver.Options{Name: "inside"})
	if s.URL() != "" {
		t.Errorf("url is %q", s.URL())
	}
	nc, err := nats.Connect("", nats.InProcessServer(s))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if nc.ConnectedServerName() != "inside" || nc.MaxPayload() != 1<<20 {
		t.Errorf("server %q, max payload %d", nc.ConnectedServerName(), nc.MaxPayload())
	}
}

func TestAServerTakesConnectionsAtItsURL(t *testing.T) {
	s := start(t, natsserver.Options{Listen: "127.0.0.1:0", MaxPayload: 4096})
	if strings.HasSuffix(s.URL(), ":0") || strings.HasSuffix(s.URL(), ":-1") {
		t.Fatalf("url is %q", s.URL())
	}
	nc, err := nats.Connect(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if nc.MaxPayload() != 4096 {
		t.Errorf("max payload %d", nc.MaxPayload())
	}
}

func TestATakenPortIsReportedAtOnce(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	began := time.Now()
	_, err = natsserver.Start(natsserver.Options{Listen: l.Addr().String(), Log: quiet})
	if err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("got %v", err)
	}
	if d := time.Since(began); d > 5*time.Second {
		t.Errorf("it took %v", d)
	}
}

func TestUnusableOptionsAreRefused(t *testing.T) {
	for _, o := range []natsserver.Options{
		{Listen: "127.0.0.1"},
		{Listen: ":4222"},
		{Listen: "127.0.0.1:70000"},
		{Listen: "127.0.0.1:nats"},
		{Listen: "127.0.0.1:-1"},
		{MaxPayload: -1},
		{MaxPayload: 1 << 30},
	} {
		if s, err := natsserver.Start(o); err == nil {
			s.Shutdown()
			t.Errorf("%+v was accepted", o)
		}
	}
}

func TestShutdownSendsWhatItOwesAndMayBeRepeated(t *testing.T) {
	s := start(t, natsserver.Options{})
	nc, err := nats.Connect("", nats.InProcessServer(s), nats.NoReconnect())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	const n = 1000
	got := make(chan *nats.Msg, n)
	if _, err := nc.ChanSubscribe("a", got); err != nil {
		t.Fatal(err)
	}
	for range n {
		if err := nc.Publish("a", make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	s.Shutdown()
	s.Shutdown()
	for i := range n {
		select {
		case <-got:
		case <-time.After(time.Minute):
			t.Fatalf("got %d messages of %d", i, n)
		}
	}
	if _, err := s.InProcessConn(); err == nil {
		t.Error("a stopped server takes connections")
	}
}

func TestNoticesAreLoggedAtDebugLevel(t *testing.T) {
	var buf bytes.Buffer
	s := start(t, natsserver.Options{Log: slog.New(slog.NewTextHandler(&buf, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	s.Shutdown()
	if !strings.Contains(buf.String(), "level=DEBUG") || strings.Contains(buf.String(), "level=INFO") {
		t.Errorf("log:\n%s", &buf)
	}
}

func start(t *testing.T, o natsserver.Options) *natsserver.Server {
	t.Helper()
	if o.Log == nil {
		o.Log = quiet
	}
	s, err := natsserver.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	return s
}
