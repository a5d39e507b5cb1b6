package service_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/hammerwork/hammerwork/internal/service"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a service that fails after a while, or ends some time after its
// context.
type fake struct {
	name  string
	fails time.Duration // 0: never
	err   error
	drain time.Duration
	ended time.Duration
}

func (f *fake) Name() string { return f.name }

func (f *fake) Run(ctx context.Context) error {
	began := time.Now()
	defer func() { f.ended = time.Since(began) }()
	fails := make(<-chan time.Time)
	if f.fails > 0 {
		fails = time.After(f.fails)
	}
	select {
	case <-fails:
		return f.err
	case <-ctx.Done():
		<-time.After(f.drain)
		if f.fails == 0 {
			return f.err
		}
		return nil
	}
}

func TestTheFirstFailureStopsTheRestAndNamesItsService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		a := &fake{name: "a", drain: 3 * time.Second}
		b := &fake{name: "b", fails: 5 * time.Second, err: broken}
		c := &fake{name: "c", fails: time.Hour, err: errors.New("never seen")}
		err := service.Run(t.Context(), a, b, c)
		if !errors.Is(err, broken) || err.Error() != "b: broken" {
			t.Errorf("error: %v", err)
		}
		equal(t, "a ended after its drain", a.ended, 8*time.Second)
		equal(t, "c ended", c.ended, 5*time.Second)
	})
}

func TestEveryErrorIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := service.Run(t.Context(),
			&fake{name: "a", err: errors.New("could not stop")},
			&fake{name: "b", fails: time.Second, err: errors.New("broken")})
		if err == nil || err.Error() != "a: could not stop\nb: broken" {
			t.Errorf("error: %v", err)
		}
	})
}

func TestAServiceThatEndsByItselfStopsTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &fake{name: "a", drain: time.Second}
		err := service.Run(t.Context(), a, &fake{name: "b", fails: time.Minute})
		equal(t, "error", err, nil)
		equal(t, "a ended", a.ended, time.Minute+time.Second)
	})
}

func TestTheEndOfTheContextStopsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		a, b := &fake{name: "a"}, &fake{name: "b", drain: 2 * time.Second}
		equal(t, "error", service.Run(ctx, a, b), nil)
		equal(t, "a ended", a.ended, time.Minute)
		equal(t, "b ended", b.ended, time.Minute+2*time.Second)
	})
}

func TestBackOffDoublesUpToItsLimit(t *testing.T) {
	for n, want := range map[int]time.Duration{
		-1: 100 * time.Millisecond, 0: 100 * time.Millisecond, 1: 100 * time.Millisecond, 2: 200 * time.Millisecond,
		6: 3200 * time.Millisecond, 7: 5 * time.Second, 1000: 5 * time.Second,
	} {
		equal(t, "shortest", service.Backoff(n, 0), want/2)
		if got := service.Backoff(n, 0.999999); got < want*99/100 || got > want {
			t.Errorf("longest after try %d: %s, want about %s", n, got, want)
		}
	}
}
