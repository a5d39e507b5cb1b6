package service

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Service is something that runs until it is told to stop.
type Service interface {
	Name() string
	// Run works until ctx is done, finishes what it began and returns nil.
	Run(ctx context.Context) error
}

// Run runs services side by side. The first that returns, failed or not, stops
// the rest; Run returns when all have, with every error under its service's
// name.
func Run(ctx context.Context, services ...Service) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	errs := make([]error, len(services))
	var all sync.WaitGroup
	for i, s := range services {
		all.Go(func() {
			defer stop()
			if err := s.Run(ctx); err != nil {
				errs[i] = fmt.Errorf("%s: %w", s.Name(), err)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}
