package client

import (
	"testing"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/pkg/job"
)

func TestAnEventIsReadOnlyWhileSomebodyWaits(t *testing.T) {
	h := &hinter{waiting: map[chan struct{}]job.ID{}}
	id := job.NewID()
	data, err := bus.Encode("id", bus.Event{Jobs: []bus.JobEvent{{Job: id}}})
	if err != nil {
		t.Fatal(err)
	}
	event := bus.Message{Data: data}
	if n := testing.AllocsPerRun(10, func() { h.hear(event) }); n != 0 {
		t.Errorf("while nobody waits an event takes %g allocations", n)
	}
	wake, forget := h.listen(id)
	h.hear(event)
	select {
	case <-wake:
	default:
		t.Error("who waits is not woken")
	}
	forget()
	h.hear(event)
	if len(wake) != 0 {
		t.Error("who has gone is woken")
	}
}
