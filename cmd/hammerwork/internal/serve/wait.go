package serve

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/hammerwork/hammerwork/internal/health"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
)

// sayEvery is how often a process that waits says so again.
const sayEvery = 10 * time.Second

// waitForDatabase returns when the database can be used. A schema of another
// version is an error at once: somebody has to do something about it.
func waitForDatabase(ctx context.Context, s store.Store, log *slog.Logger) error {
	var said time.Time
	for try := 1; ; try++ {
		err := ready(ctx, s)
		switch {
		case err == nil:
			if try > 1 {
				log.Info("the database is there")
			}
			return nil
		case errors.Is(err, store.ErrOlderSchema), errors.Is(err, store.ErrNewerSchema):
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
		if time.Since(said) >= sayEvery {
			said = time.Now()
			log.Warn("waiting for the database", "error", err)
		}
		pause := time.NewTimer(service.Backoff(try, rand.Float64()))
		select {
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		case <-pause.C:
		}
	}
}

func ready(ctx context.Context, s store.Store) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return s.Ready(ctx)
}

// readable makes a store's answer fit for /readyz: what is missing, without
// addresses, users or whatever else a driver's error tells.
func readable(ready health.Check) health.Check {
	return func(ctx context.Context) error {
		err := ready(ctx)
		switch {
		case err == nil, errors.Is(err, store.ErrOlderSchema), errors.Is(err, store.ErrNewerSchema):
			return err
		case errors.Is(err, context.DeadlineExceeded):
			return errors.New("no answer in time")
		}
		return errors.New("not reachable")
	}
}
