package worker_test

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/bus/natsbus"
	"github.com/hammerwork/hammerwork/internal/bus/natsserver"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

var quiet = slog.New(slog.DiscardHandler)

// freeAddress returns an address where nobody listens for now.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// run runs w until the function it returns is called.
func run(t *testing.T, w *worker.Worker) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	return func() error {
		cancel()
		select {
		case err := <-ended:
			return err
		case <-time.After(time.Minute):
			t.Fatal("the worker goes on")
			return nil
		}
	}
}

func TestAWorkerWaitsForAnAbsentNATSAndAStopEndsTheWait(t *testing.T) {
	w := built(t, worker.Config{NATSURL: freeAddress(t)})
	if err := worker.Handle(w, "q", nothing); err != nil {
		t.Fatal(err)
	}
	if err := run(t, w)(); err != nil {
		t.Errorf("error: %v", err)
	}
}

func TestAWorkerConnectsByItselfWhenNATSComesAndLeavesNothing(t *testing.T) {
	address := freeAddress(t)
	w := built(t, worker.Config{NATSURL: "nats://" + address, Name: "w"})
	if err := worker.Handle(w, "q", nothing); err != nil {
		t.Fatal(err)
	}
	stop := run(t, w)
	server, err := natsserver.Start(natsserver.Options{Listen: address, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Shutdown()
	b, err := natsbus.Connect(t.Context(), natsbus.Config{InProcess: server}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	offers := make(chan bus.Pull, 100)
	if _, err := b.Subscribe(bus.PullSubject("w"), "", func(m bus.Message) { offers <- decode[bus.Pull](t, m.Data) }); err != nil {
		t.Fatal(err)
	}
	select {
	case o := <-offers:
		equal(t, "slots on offer", o.Total, 10)
	case <-time.After(time.Minute):
		t.Fatal("no offer")
	}
	if err := stop(); err != nil { // TestMain sees what it leaves
		t.Errorf("error: %v", err)
	}
	if err := w.Run(t.Context()); err == nil || err.Error() != "the worker ran before; make a new one" {
		t.Errorf("error of a second run: %v", err)
	}
	if err := worker.Handle(w, "late", nothing); err == nil || err.Error() != `handler of queue "late": register it before Run` {
		t.Errorf("error of a handler that comes late: %v", err)
	}
}
