package worker_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

// told returns the progress that heartbeats told since the last call.
func (r *rig) told() []bus.Progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.progress
	r.progress = nil
	return list
}

func TestProgressIsToldOnceASecondAndTheLastWordCounts(t *testing.T) {
	bubble(t, worker.Config{}, one(1, func(_ context.Context, j *worker.Job) (any, error) {
		for i := range 100 {
			j.Progress(float64(i), "of 100")
			<-time.After(100 * time.Millisecond)
		}
		return nil, nil
	}), func(r *rig) {
		k := r.deliver()
		r.pass(10 * time.Second)
		list := r.told()
		if len(list) < 8 || len(list) > 11 {
			t.Fatalf("told %d times: %v", len(list), list)
		}
		for i, p := range list {
			equal(t, "job", p.LeaseJob, k)
			equal(t, "message", p.Message, "of 100")
			if i > 0 && p.Percent < list[i-1].Percent+9 {
				t.Errorf("%v after %v", p.Percent, list[i-1].Percent)
			}
		}
		r.pass(time.Minute)
		equal(t, "told after the end", len(r.told()), 0)
	})
}

func TestAShortJobTellsNothing(t *testing.T) {
	bubble(t, worker.Config{}, one(1, func(_ context.Context, j *worker.Job) (any, error) {
		j.Progress(50, "half")
		go func() { <-time.After(time.Second); j.Progress(100, "too late") }()
		<-time.After(500 * time.Millisecond)
		return nil, nil
	}), func(r *rig) {
		r.deliver()
		r.pass(time.Minute)
		equal(t, "heartbeats", r.heartbeats(), 0)
	})
}

func TestProgressIsANumberFromZeroToHundredAndAShortText(t *testing.T) {
	for _, c := range []struct{ percent, want float64 }{{0, 0}, {-0.1, -1}, {math.NaN(), -1}, {math.Inf(1), 100}, {33.3, 33.3}} {
		bubble(t, worker.Config{}, one(1, func(_ context.Context, j *worker.Job) (any, error) {
			j.Progress(c.percent, "a\x00b\xff"+strings.Repeat("ä", 500))
			<-time.After(2 * time.Second)
			return nil, nil
		}), func(r *rig) {
			r.deliver()
			r.pass(time.Second)
			list := r.told()
			if len(list) != 1 {
				t.Fatalf("told %v", list)
			}
			equal(t, "percent", list[0].Percent, c.want)
			m := list[0].Message
			if len(m) > 500 || len(m) < 500-5 || !strings.HasPrefix(m, "a\uFFFDb\uFFFDä") || !strings.HasSuffix(m, "ä…") {
				t.Errorf("message of %d bytes: %q", len(m), m)
			}
		})
	}
}

func TestTheLogOfAJobCarriesItsIDs(t *testing.T) {
	var out bytes.Buffer
	bubble(t, worker.Config{Logger: slog.New(slog.NewJSONHandler(&out, nil))}, one(1, func(_ context.Context, j *worker.Job) (any, error) {
		j.Log().Info("hello")
		return nil, nil
	}), func(r *rig) {
		k := r.deliver(func(j *bus.Job) { j.Workflow, j.TraceID, j.CorrelationID = job.ID{9}, "trace", "c" })
		var line map[string]any
		if err := json.Unmarshal(out.Bytes(), &line); err != nil {
			t.Fatalf("%v in %s", err, out.String())
		}
		for key, want := range map[string]any{
			"msg": "hello", "worker": "w", "job": k.Job.String(), "workflow": job.ID{9}.String(), "name": "j", "queue": "q",
			"attempt": 1.0, "trace_id": "trace", "correlation_id": "c",
		} {
			equal(t, key, line[key], want)
		}
	})
}
