package serve

import (
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/history/watch"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/services/api"
	"github.com/hammerwork/hammerwork/services/dispatcher"
	"github.com/hammerwork/hammerwork/services/resolver"
	"github.com/hammerwork/hammerwork/services/scheduler"
)

// Connect opens a connection to NATS under a name.
type Connect func(name string) (bus.Bus, error)

// Database gives a service its store.
type Database func(name string) (store.Store, error)

// Build makes the named services, each with a connection of its own, as
// separate processes would have. They are not started.
func Build(names []string, cfg Config, database Database, connect Connect, log *slog.Logger, metrics prometheus.Registerer) ([]service.Service, error) {
	var services []service.Service
	for _, name := range names {
		built, err := build(name, cfg, database, connect, log, metrics)
		if err != nil {
			return nil, err
		}
		services = append(services, built)
	}
	return services, nil
}

func build(name string, cfg Config, database Database, connect Connect, log *slog.Logger, metrics prometheus.Registerer) (service.Service, error) {
	b, err := connect(name)
	if err != nil {
		return nil, err
	}
	s, err := database(name)
	if err != nil {
		return nil, err
	}
	built, err := newService(name, cfg, s, b, log, metrics)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return built, nil
}

func newService(name string, cfg Config, s store.Store, b bus.Bus, log *slog.Logger, metrics prometheus.Registerer) (service.Service, error) {
	s = watch.Store(s, cfg.History)
	switch name {
	case "scheduler":
		return scheduler.New(cfg.Scheduler, s, b, log, scheduler.NewMetrics(metrics))
	case "resolver":
		return resolver.New(cfg.Resolver, s, b, log, resolver.NewMetrics(metrics))
	case "dispatcher":
		return dispatcher.New(cfg.Dispatcher, s, watch.Bus(b, cfg.History), log, dispatcher.NewMetrics(metrics))
	case "api":
		return api.New(cfg.API, s, b, log, api.NewMetrics(metrics))
	}
	return nil, fmt.Errorf("there is no service %q", name)
}
