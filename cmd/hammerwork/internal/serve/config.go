package serve

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/services/api"
	"github.com/hammerwork/hammerwork/services/dispatcher"
	"github.com/hammerwork/hammerwork/services/resolver"
	"github.com/hammerwork/hammerwork/services/scheduler"
)

// Config holds the settings of every service.
type Config struct {
	Scheduler  scheduler.Config
	Resolver   resolver.Config
	Dispatcher dispatcher.Config
	API        api.Config
	History    *history.Recorder // of what the services do; nil: none
}

// DefaultConfig returns the defaults of every service.
func DefaultConfig() Config {
	return Config{
		Scheduler:  scheduler.DefaultConfig(),
		Resolver:   resolver.DefaultConfig(),
		Dispatcher: dispatcher.DefaultConfig(),
		API:        api.DefaultConfig(),
	}
}

// Names lists the services, in the order in which they are built.
var Names = []string{"scheduler", "resolver", "dispatcher", "api"}

// Choose turns what a user asked for into names of services, each once; all
// means every one.
func Choose(asked []string) ([]string, error) {
	var chosen []string
	for _, name := range asked {
		switch {
		case name == "all":
			return slices.Clone(Names), nil
		case !slices.Contains(Names, name):
			return nil, fmt.Errorf("there is no service %q; there are %s, and all", name, strings.Join(Names, ", "))
		case !slices.Contains(chosen, name):
			chosen = append(chosen, name)
		}
	}
	if len(chosen) == 0 {
		return nil, errors.New("no service is named")
	}
	return chosen, nil
}

// Validate reports every bad setting of the named services at once.
func (c Config) Validate(names []string) error {
	var errs []error
	for _, name := range names {
		switch name {
		case "scheduler":
			errs = append(errs, c.Scheduler.Validate())
		case "resolver":
			errs = append(errs, c.Resolver.Validate())
		case "dispatcher":
			errs = append(errs, c.Dispatcher.Validate())
		case "api":
			errs = append(errs, c.API.Validate())
		}
	}
	return errors.Join(errs...)
}
