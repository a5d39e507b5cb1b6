package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/bus/bustest"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

// starts counts how often each job's handler was called.
type starts struct {
	mu    sync.Mutex
	count map[job.ID]int
}

// handle takes 1.5 s for jobs called long, so that they need heartbeats, and
// fetches the results of its parents.
func (s *starts) handle(ctx context.Context, j *worker.Job) (any, error) {
	s.mu.Lock()
	if s.count == nil {
		s.count = make(map[job.ID]int)
	}
	s.count[j.ID()]++
	s.mu.Unlock()
	if strings.HasPrefix(j.Name, "long") {
		if err := soon(ctx, 1500*time.Millisecond); err != nil {
			return nil, err
		}
	}
	for _, err := range j.ParentResults(ctx) {
		if err != nil {
			return nil, err
		}
	}
	size := 1
	if strings.HasPrefix(j.Name, "large") {
		size = 150 << 10
	}
	return json.RawMessage(`"` + strings.Repeat("x", size) + `"`), nil
}

// lossy is a workflow that needs every kind of message: delayed jobs, results
// of parents that are too large to come along, jobs that need heartbeats.
func lossy() []*job.Job {
	var jobs []*job.Job
	for i := range 2 {
		jobs = append(jobs, task(fmt.Sprintf("large-%d", i)), task(fmt.Sprintf("small-%d", i)))
	}
	jobs = append(jobs, task("late").WithDelay(300*time.Millisecond))
	jobs = append(jobs, task("long-1", jobs[0]), task("long-2", jobs[1]).WithDelay(300*time.Millisecond))
	return append(jobs, task("all", jobs...))
}

// throughLoss runs lossy on an engine that loses messages, with a job in a
// second workflow that waits for the end of the first. It returns how many
// times a handler was called in vain: every job completes.
func throughLoss(t *testing.T, o store.Options, lose func(kind string) bool) (again int) {
	t.Helper()
	var s starts
	e := open(t, Config{
		Handler: s.handle, Workers: 2, Concurrency: 4, Store: o,
		wrap: func(b bus.Bus) bus.Bus { return bustest.Lossy{Bus: b, Lose: lose} },
	})
	start(t, e)
	jobs := lossy()
	first := submitLasting(t, e, jobs...)
	after := task("after").DependsOnIDs(jobs[len(jobs)-1].ID)
	second := submitLasting(t, e, after)
	for _, id := range []job.ID{first, second} {
		rec, list, _ := finish(t, e, id)
		equal(t, "status", rec.Status, workflow.Completed)
		for name, j := range list {
			equal(t, name, j.Status, job.Completed)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	equal(t, "jobs that ran", len(s.count), len(jobs)+1)
	for _, n := range s.count {
		again += n - 1
	}
	return again
}

// submitLasting is submit with attempts to spare: a loss may cost one.
func submitLasting(t *testing.T, e *Engine, jobs ...*job.Job) job.ID {
	t.Helper()
	for _, j := range jobs {
		j.WithRetry(job.RetryPolicy{MaxAttempts: 20})
	}
	return submit(t, e, jobs...)
}

func TestEverythingFinishesWhenHalfOfAllMessagesAreLost(t *testing.T) {
	t.Parallel()
	var lost, all atomic.Int64
	half := everySecond()
	again := throughLoss(t, store.Options{}, func(kind string) bool {
		all.Add(1)
		if half(kind) {
			lost.Add(1)
			return true
		}
		return false
	})
	t.Logf("%d of %d messages lost, %d handlers called again", lost.Load(), all.Load(), again)
	if lost.Load() == 0 {
		t.Error("nothing was lost")
	}
}

// everySecond loses one of every two messages of a kind, either. Were each lost
// by chance alone, one job in a thousand would be given back ten times in a
// row, and be dead, as it should.
func everySecond() func(kind string) bool {
	var mu sync.Mutex
	first := make(map[string]*bool) // whether the first of two was lost
	return func(kind string) bool {
		mu.Lock()
		defer mu.Unlock()
		if lost := first[kind]; lost != nil {
			first[kind] = nil
			return !*lost
		}
		lost := rand.IntN(2) == 0
		first[kind] = &lost
		return lost
	}
}

// A hint may get lost for ever; what has a reply or is work, for a while.
func TestNothingRunsAgainWhenAllMessagesOfOneKindAreLost(t *testing.T) {
	const forever, while = time.Hour, 3 * time.Second
	for kind, window := range map[string]time.Duration{
		"ready": forever, "check": forever, "timer": forever, "control": forever, "event": forever,
		"pull": while, "deliver": while, "heartbeat": while, "completed": while, "fetch": while, "reply": while,
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			var lost atomic.Int64
			first := sync.OnceValue(time.Now) // such a message
			again := throughLoss(t, lasting, func(k string) bool {
				if k != kind || time.Since(first()) > window {
					return false
				}
				lost.Add(1)
				return true
			})
			equal(t, "handlers called again", again, 0)
			if lost.Load() == 0 && kind != "control" {
				t.Error("nothing was lost")
			}
		})
	}
}
