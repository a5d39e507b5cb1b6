// Package embedded lets code of this module, which runs a worker and NATS in
// one process, give the worker a bus that is connected already. Applications
// name NATS by its URL; the bus is no type of theirs.
package embedded

import "github.com/hammerwork/hammerwork/internal/bus"

// SetBus sets the bus of a *worker.Config. The package that owns the type
// provides it.
var SetBus func(config any, b bus.Bus)

// WithBus returns a worker.Config with a bus in place of a URL. The worker
// uses it and does not close it.
func WithBus[Config any](c Config, b bus.Bus) Config {
	SetBus(&c, b)
	return c
}
