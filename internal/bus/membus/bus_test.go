package membus_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/bus/bustest"
	"github.com/hammerwork/hammerwork/internal/bus/membus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheMemoryBusKeepsTheContract(t *testing.T) {
	bustest.Run(t, func(t *testing.T) bus.Bus {
		b := membus.New()
		t.Cleanup(b.Close)
		return b
	})
}
