package handler

import (
	"context"
	"sync/atomic"

	"github.com/hammerwork/hammerwork/sdk/worker"
)

// Config is the configuration of every handler that auto may pick.
type Config struct {
	Exec ExecConfig
	HTTP HTTPConfig
}

// AutoHandler picks a handler by the payload of each job. Its methods may be
// called from several goroutines.
type AutoHandler struct {
	exec, http, simulate worker.Handler
	simulated            atomic.Int64
}

// Auto returns a handler that runs payload.command by Exec, posts to
// payload.url by HTTP, and gives every other job to Simulate.
func Auto(cfg Config) *AutoHandler {
	return &AutoHandler{exec: Exec(cfg.Exec), http: HTTP(cfg.HTTP), simulate: Simulate()}
}

// Handle is a worker.Handler.
func (a *AutoHandler) Handle(ctx context.Context, j *worker.Job) (any, error) {
	fields := fieldsOf(j.Payload)
	if _, ok := fields["command"]; ok {
		return a.exec(ctx, j)
	}
	if _, ok := fields["url"]; ok {
		return a.http(ctx, j)
	}
	a.simulated.Add(1)
	return a.simulate(ctx, j)
}

// Simulated returns how many attempts were only simulated so far.
func (a *AutoHandler) Simulated() int64 { return a.simulated.Load() }
