package natsbus

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	findPause   = time.Second     // between two searches
	findTimeout = 5 * time.Second // of one
)

// finder asks where NATS is while its servers do not answer: it may have come
// back at another address.
type finder struct {
	find    func(context.Context) (string, error)
	current atomic.Pointer[string] // the url in use
	busy    atomic.Bool
	last    atomic.Int64 // when the last search ended, in nanoseconds
}

// look begins a search, unless one is under way or has just ended. The client
// forbids to change servers in its callbacks, so the search is a goroutine.
func (b *Bus) look(nc *nats.Conn) {
	f := b.finder
	if f == nil || time.Now().UnixNano()-f.last.Load() < int64(findPause) || !f.busy.CompareAndSwap(false, true) {
		return
	}
	b.mu.Lock() // against Close, which waits for searches
	defer b.mu.Unlock()
	if b.closing.Load() {
		return
	}
	b.searches.Go(func() {
		defer func() {
			f.last.Store(time.Now().UnixNano())
			f.busy.Store(false)
		}()
		ctx, cancel := context.WithTimeout(b.life, findTimeout)
		defer cancel()
		url, err := f.find(ctx)
		if err != nil {
			b.log.Debug("nats not found", "error", err)
			return
		}
		if url == "" || url == *f.current.Load() {
			return
		}
		if err := (Config{URL: url}).Validate(); err != nil {
			b.log.Warn("nats was found at an address that cannot be used", "error", err)
			return
		}
		if err := nc.SetServerPool(strings.Split(url, ",")); err != nil {
			b.log.Debug("nats servers not changed", "error", err)
			return
		}
		f.current.Store(&url)
		b.log.Info("nats is elsewhere now", "server", Config{URL: url}.Server())
	})
}
