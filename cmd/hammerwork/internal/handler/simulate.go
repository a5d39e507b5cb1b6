package handler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/hammerwork/hammerwork/sdk/worker"
)

// Simulate returns a handler that pretends to work: it sleeps for
// payload.sleep_ms milliseconds (may be fractional), fails the first
// payload.fail_times attempts, then spawns what payload.spawn says and returns
// payload.result, {} without one. Whatever else the payload holds does not
// matter; a fault in one of the four is permanent.
func Simulate() worker.Handler {
	return func(ctx context.Context, j *worker.Job) (any, error) {
		s, err := SimulationOf(j.Payload)
		if err != nil {
			return nil, worker.Permanent(err)
		}
		if err := pause(ctx, s.Sleep); err != nil {
			return nil, err
		}
		if j.Attempt <= s.FailTimes {
			return nil, s.Failure(j.Attempt)
		}
		for _, spawned := range s.Spawn.Jobs(j.Queue) {
			if err := j.Spawn(spawned.Job, spawned.Before...); err != nil {
				return nil, worker.Permanent(fmt.Errorf("payload.spawn: %w", err))
			}
		}
		return s.Result, nil
	}
}

// Simulation is the work that a payload pretends to be.
type Simulation struct {
	Sleep     time.Duration
	FailTimes int             // so many attempts fail first
	Result    json.RawMessage // of the one that completes
	Spawn     Spawn           // by that one
}

// Failure is the error of an attempt that fails.
func (s Simulation) Failure(attempt int) error {
	return fmt.Errorf("simulated failure %d of %d", attempt, s.FailTimes)
}

// SimulationOf reads what a payload says of its simulation. What cannot be
// read is an error that no other attempt helps.
func SimulationOf(payload json.RawMessage) (Simulation, error) {
	s := Simulation{Result: json.RawMessage("{}")}
	fields := fieldsOf(payload)
	var faults []error
	if raw, ok := fields["sleep_ms"]; ok {
		var ms *float64
		const most = float64(math.MaxInt64 / int64(time.Millisecond))
		if err := json.Unmarshal(raw, &ms); err != nil || ms == nil || *ms < 0 || *ms >= most {
			faults = append(faults, errors.New("payload.sleep_ms is not a number of milliseconds from 0 up"))
		} else {
			s.Sleep = time.Duration(*ms * float64(time.Millisecond))
		}
	}
	if raw, ok := fields["fail_times"]; ok {
		var n *int
		if err := json.Unmarshal(raw, &n); err != nil || n == nil || *n < 0 {
			faults = append(faults, errors.New("payload.fail_times is not a whole number from 0 up"))
		} else {
			s.FailTimes = *n
		}
	}
	if raw, ok := fields["result"]; ok {
		s.Result = raw
	}
	if raw, ok := fields["spawn"]; ok {
		var err error
		if s.Spawn, err = spawnOf("payload.spawn", raw); err != nil {
			faults = append(faults, err)
		}
	}
	return s, errors.Join(faults...)
}

// pause waits for d, or until ctx is done and returns why.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return context.Cause(ctx)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
