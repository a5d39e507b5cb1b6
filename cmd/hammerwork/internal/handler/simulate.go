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
// payload.fail_times attempts and then returns payload.result, {} without one.
// Whatever else the payload holds does not matter; a wrong type in one of the
// three is permanent.
func Simulate() worker.Handler {
	return func(ctx context.Context, j *worker.Job) (any, error) {
		s, err := simulationOf(j.Payload)
		if err != nil {
			return nil, worker.Permanent(err)
		}
		if err := pause(ctx, s.sleep); err != nil {
			return nil, err
		}
		if j.Attempt <= s.failTimes {
			return nil, fmt.Errorf("simulated failure %d of %d", j.Attempt, s.failTimes)
		}
		return s.result, nil
	}
}

type simulation struct {
	sleep     time.Duration
	failTimes int
	result    json.RawMessage
}

func simulationOf(payload json.RawMessage) (simulation, error) {
	s := simulation{result: json.RawMessage("{}")}
	fields := fieldsOf(payload)
	var faults []error
	if raw, ok := fields["sleep_ms"]; ok {
		var ms *float64
		const most = float64(math.MaxInt64 / int64(time.Millisecond))
		if err := json.Unmarshal(raw, &ms); err != nil || ms == nil || *ms < 0 || *ms >= most {
			faults = append(faults, errors.New("payload.sleep_ms is not a number of milliseconds from 0 up"))
		} else {
			s.sleep = time.Duration(*ms * float64(time.Millisecond))
		}
	}
	if raw, ok := fields["fail_times"]; ok {
		var n *int
		if err := json.Unmarshal(raw, &n); err != nil || n == nil || *n < 0 {
			faults = append(faults, errors.New("payload.fail_times is not a whole number from 0 up"))
		} else {
			s.failTimes = *n
		}
	}
	if raw, ok := fields["result"]; ok {
		s.result = raw
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
