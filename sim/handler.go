package sim

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/hammerwork/hammerwork/internal/agent"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// handler is an attempt that runs in a simulated worker.
type handler struct {
	start   agent.Start
	stopped bool
	done    bool
}

// plan is what a job's handler does, attempt by attempt.
type plan struct {
	name     string
	attempts []behaviour   // the last one repeats
	spawns   []job.Spawned // by each attempt that completes, under the same ids
}

// behaviour is what one attempt does.
type behaviour struct {
	takes   time.Duration
	outcome job.Outcome // without the fence
	deaf    bool        // ignores being stopped
}

// startHandler begins an attempt: the place where order shows.
func (p *process) startHandler(a agent.Start) {
	w := p.w
	w.record(fmt.Sprintf("%s starts %s attempt %d", p.name, a.Job.Name, a.Job.Attempt))
	b := w.work.behaviour(a.Job.Job, a.Job.Attempt)
	fence := fenceOf(a)
	takes, outcome := b.takes, b.outcome
	if a.Job.Timeout > 0 && takes > a.Job.Timeout {
		takes, outcome = a.Job.Timeout, job.Outcome{Kind: job.KindTimedOut, Error: "out of time"}
	}
	outcome.Fence = fence
	if outcome.Kind == job.KindCompleted {
		outcome.Spawned = w.work.plans[a.Job.Job].spawned(a.Job.Attempt, fence.Lease)
		outcome.Result = json.RawMessage(fmt.Sprintf(`{"lease":%q,"pad":%q}`, fence.Lease, strings.Repeat("x", w.work.pad(a.Job.Job))))
	}
	p.handlers[a.Key] = &handler{start: a}
	p.finishLater(a, takes, outcome, func(h *handler) bool { return h.stopped && !b.deaf })
}

func fenceOf(a agent.Start) job.Fence {
	return job.Fence{Job: a.Job.Job, Epoch: a.Job.Epoch, Lease: a.Key.Lease}
}

// stopHandler ends an attempt's context; most handlers return soon after.
func (p *process) stopHandler(a agent.Stop) {
	h := p.handlers[a.Key]
	if h == nil || h.done || h.stopped {
		return
	}
	p.w.record(fmt.Sprintf("%s stops a handler: %v", p.name, a.Cause))
	h.stopped = true
	outcome := job.Outcome{Fence: fenceOf(h.start), Kind: job.KindCancelled, Error: a.Cause.Error()}
	p.finishLater(h.start, p.w.between(time.Millisecond, time.Second), outcome, func(*handler) bool { return false })
}

// finishLater ends an attempt after a while, unless void says by then that it
// ends otherwise.
func (p *process) finishLater(a agent.Start, takes time.Duration, outcome job.Outcome, void func(*handler) bool) {
	life := p.life
	p.w.after(takes, p.name+" handler ends", func() {
		if !p.alive(life) {
			return
		}
		h := p.handlers[a.Key]
		if h.done || void(h) {
			return
		}
		h.done = true
		p.step(agent.Finished{Key: a.Key, Outcome: outcome})
		if p.alive(life) {
			p.step(agent.Returned{Pool: a.Pool})
		}
	})
}
