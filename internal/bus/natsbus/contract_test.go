package natsbus_test

import (
	"log/slog"
	"testing"

	"go.uber.org/goleak"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/bus/bustest"
	"github.com/hammerwork/hammerwork/internal/bus/natsbus"
	"github.com/hammerwork/hammerwork/internal/bus/natsserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestNATSKeepsTheContract(t *testing.T) {
	t.Run("in the process", func(t *testing.T) {
		bustest.Run(t, func(t *testing.T) bus.Bus {
			return connect(t, natsbus.Config{InProcess: start(t, "")})
		})
	})
	t.Run("over a socket", func(t *testing.T) {
		bustest.Run(t, func(t *testing.T) bus.Bus {
			return connect(t, natsbus.Config{URL: start(t, "127.0.0.1:0").URL()})
		})
	})
}

func start(t *testing.T, listen string) *natsserver.Server {
	t.Helper()
	s, err := natsserver.Start(natsserver.Options{Listen: listen, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	return s
}

func connect(t *testing.T, cfg natsbus.Config) *natsbus.Bus {
	t.Helper()
	b, err := natsbus.Connect(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}
