package cli

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hammerwork/hammerwork/sdk/worker"
)

func TestAHurryEndsTheHandlersAndKeepsTheirOutcomesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHurry()
		ended := false
		handle := h.wrap(func(ctx context.Context, _ *worker.Job) (any, error) {
			<-ctx.Done()
			ended = true
			return nil, errors.New("stopped by a signal")
		})
		ctx, cancel := context.WithCancel(t.Context())
		returned := make(chan error, 2)
		go func() { _, err := handle(ctx, &worker.Job{}); returned <- err }()
		synctest.Wait()
		h.stop(time.Minute)
		if !ended {
			t.Error("the handler still runs")
		}
		go func() { _, err := handle(ctx, &worker.Job{}); returned <- err }()
		synctest.Wait()
		if len(returned) > 0 {
			t.Errorf("an outcome came out: %v", <-returned)
		}
		cancel()
		for range 2 {
			if err := <-returned; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		}
	})
}

func TestWithoutAHurryAnOutcomePassesThrough(t *testing.T) {
	h := newHurry()
	want := errors.New("no such table")
	_, err := h.wrap(func(context.Context, *worker.Job) (any, error) { return nil, want })(t.Context(), &worker.Job{})
	if !errors.Is(err, want) {
		t.Errorf("got %v", err)
	}
}

func TestAHurryDoesNotWaitForeverForAHandlerThatWillNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHurry()
		free := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		go h.wrap(func(context.Context, *worker.Job) (any, error) { <-free; return nil, nil })(ctx, &worker.Job{})
		synctest.Wait()
		start := time.Now()
		h.stop(time.Minute)
		if waited := time.Since(start); waited != time.Minute {
			t.Errorf("waited %s", waited)
		}
		close(free)
		cancel()
	})
}
