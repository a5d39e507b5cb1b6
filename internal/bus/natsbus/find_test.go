package natsbus_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/bus/natsbus"
)

func TestAServerThatCameBackElsewhereIsFound(t *testing.T) {
	first := start(t, "127.0.0.1:0")
	other := connect(t, natsbus.Config{URL: first.URL()})
	var elsewhere atomic.Pointer[string]
	b := connect(t, natsbus.Config{URL: first.URL(), Find: func(context.Context) (string, error) {
		if url := elsewhere.Load(); url != nil {
			return *url, nil
		}
		return "", errors.New("not yet")
	}})
	got := make(chan bus.Message, 1)
	if _, err := b.Subscribe("a", "", func(m bus.Message) { got <- m }); err != nil {
		t.Fatal(err)
	}
	other.Close()
	first.Shutdown()
	second := start(t, "127.0.0.1:0")
	url := second.URL()
	elsewhere.Store(&url)
	third := connect(t, natsbus.Config{URL: url})
	// Published until the subscription has come over.
	for {
		if err := third.Publish("a", nil); err != nil {
			t.Fatal(err)
		}
		select {
		case <-got:
			return
		case <-tick(t):
		}
	}
}

func TestASearchThatFindsNothingUsableChangesNothing(t *testing.T) {
	s := start(t, "127.0.0.1:0")
	asked := make(chan struct{}, 100)
	b := connect(t, natsbus.Config{URL: s.URL(), Find: func(context.Context) (string, error) {
		asked <- struct{}{}
		return "carrier-pigeon://roof", nil
	}})
	address := s.URL()[len("nats://"):]
	s.Shutdown()
	<-asked
	start(t, address)
	for !b.Connected() {
		<-tick(t)
	}
}

// tick is a moment between two looks. It ends with the test.
func tick(t *testing.T) <-chan time.Time {
	t.Helper()
	if err := t.Context().Err(); err != nil {
		t.Fatal(err)
	}
	return time.After(20 * time.Millisecond)
}
