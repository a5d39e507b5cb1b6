package sim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hammerwork/hammerwork/internal/history/watch"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// workload is what the users of a run ask for.
type workload struct {
	w       *World
	store   store.Store
	plans   map[job.ID]plan
	pads    map[job.ID]int  // extra bytes of results
	items   map[job.ID]plan // of maps, which are made while it runs
	born    map[job.ID]plan // of jobs that handlers may spawn
	waiting int             // submissions, and what users are to do once, without an answer
	stored  []*job.Job      // jobs that are enqueued for sure
	timed   []*timed
	source  service.Source
}

var queues = []string{"a", "b", "c"}

// newWorkload plans a few submissions over the first half minute.
func newWorkload(w *World) *workload {
	l := &workload{w: w, store: watch.Store(w.store, w.history.Recorder("users")), plans: map[job.ID]plan{}, pads: map[job.ID]int{}, items: map[job.ID]plan{}, born: map[job.ID]plan{}, source: w.source()}
	for i := range 1 + w.rng.IntN(3) {
		l.waiting++
		w.after(w.between(0, 30*time.Second), fmt.Sprintf("submit workflow %d", i), func() { l.submit(l.workflow(i)) })
	}
	if w.rng.Float64() < 0.5 {
		l.waiting++
		w.after(w.between(0, 30*time.Second), "submit jobs", func() { l.submitJobs(l.flat()) })
	}
	l.schedules()
	return l
}

// submitted reports whether everything has been handed in.
func (l *workload) submitted() bool { return l.waiting == 0 }

// behaviour returns what an attempt of a job does.
func (l *workload) behaviour(id job.ID, attempt int) behaviour {
	p, planned := l.plans[id]
	if !planned {
		p, planned = l.born[id]
	}
	if !planned {
		if p, planned = l.items[id]; !planned {
			p = plan{name: "an item", attempts: []behaviour{l.randomBehaviour(), l.randomBehaviour()}}
			l.items[id] = p
		}
	}
	return p.attempts[min(attempt, len(p.attempts))-1]
}

func (l *workload) pad(id job.ID) int { return l.pads[id] }

// flat makes jobs without a workflow, some of which wait for others.
func (l *workload) flat() []*job.Job {
	var jobs []*job.Job
	for i := range 1 + l.w.rng.IntN(8) {
		j := l.job(fmt.Sprintf("flat.%d", i))
		if len(jobs) > 0 && l.w.rng.Float64() < 0.4 {
			j.DependsOnJobs(jobs[l.w.rng.IntN(len(jobs))])
		}
		l.workless(j, maxDepth+1)
		jobs = append(jobs, j)
	}
	l.spawns(jobs, true)
	return jobs
}

func (l *workload) job(name string) *job.Job {
	w := l.w
	j := &job.Job{ID: w.id(), Name: name, Queue: queues[w.rng.IntN(len(queues))]}
	priority := job.Priority(w.rng.IntN(5))
	j.Priority = &priority
	j.Retry = &job.RetryPolicy{
		MaxAttempts:  1 + w.rng.IntN(4),
		InitialDelay: job.Duration(w.between(10*time.Millisecond, 3*time.Second)),
		Strategy:     []job.Strategy{job.Fixed, job.Linear, job.Exponential, job.Fibonacci}[w.rng.IntN(4)],
	}
	if w.rng.Float64() < 0.1 {
		j.Delay = w.between(time.Millisecond, 20*time.Second)
	}
	if w.rng.Float64() < 0.1 {
		j.Timeout = w.between(100*time.Millisecond, 5*time.Second)
	}
	if w.rng.Float64() < 0.05 {
		j.Deadline = w.between(5*time.Second, 2*time.Minute)
	}
	p := plan{name: name}
	for range 4 {
		p.attempts = append(p.attempts, l.randomBehaviour())
	}
	l.plans[j.ID] = p
	return j
}

func (l *workload) randomBehaviour() behaviour {
	w := l.w
	b := behaviour{takes: w.between(time.Millisecond, 3*time.Second), outcome: job.Outcome{Kind: job.KindCompleted}}
	switch x := w.rng.Float64(); {
	case x < 0.05:
		b.takes = w.between(15*time.Second, 50*time.Second) // longer than a lease
	case x < 0.4:
		b.takes = w.between(time.Microsecond, 20*time.Millisecond)
	}
	switch x := w.rng.Float64(); {
	case x < 0.12:
		b.outcome = job.Outcome{Kind: job.KindFailed, Error: "it did not work"}
	case x < 0.18:
		b.outcome = job.Outcome{Kind: job.KindFailed, Error: "it never will", Permanent: true}
	case x < 0.21:
		later := job.Duration(w.between(0, 5*time.Second))
		b.outcome = job.Outcome{Kind: job.KindFailed, Error: "not now", RetryAfter: &later}
	}
	b.deaf = w.rng.Float64() < 0.1
	return b
}

// submit enqueues a workflow as a careful client does: after an error it tries
// again with the same ids.
func (l *workload) submit(wf *workflow.Workflow) {
	if err := wf.Validate(); err != nil {
		l.w.fail("the workload is wrong: %v", err)
		return
	}
	done, err := l.store.EnqueueWorkflow(context.Background(), wf, store.EnqueueOptions{})
	if l.again(err, "submit "+wf.Name+" again", func() { l.submit(wf) }) {
		return
	}
	l.accepted(done, wf.Jobs)
	l.steer(wf)
	l.within(wf.Jobs)
}

func (l *workload) submitJobs(jobs []*job.Job) {
	if err := workflow.ValidateJobs(jobs); err != nil {
		l.w.fail("the workload is wrong: %v", err)
		return
	}
	done, err := l.store.EnqueueJobs(context.Background(), jobs, nil)
	if !l.again(err, "submit jobs again", func() { l.submitJobs(jobs) }) {
		l.accepted(done, jobs)
		l.within(jobs)
		for _, j := range jobs {
			l.keeper(j)
		}
	}
}

// again retries after an unknown outcome; it reports whether it will.
func (l *workload) again(err error, what string, try func()) bool {
	switch {
	case err == nil, errors.Is(err, store.ErrExists):
		return false
	case errors.Is(err, errInjected):
		l.w.after(l.w.between(time.Millisecond, time.Second), what, try)
		return true
	}
	l.w.fail("%s: %v", what, err)
	return true
}

func (l *workload) accepted(done store.Enqueued, jobs []*job.Job) {
	l.waiting--
	l.stored = append(l.stored, jobs...)
	l.announce(store.Resolution{Queues: done.Queues, Checks: done.Checks, Timer: done.Timer})
}

func (l *workload) announce(r store.Resolution) {
	for _, a := range service.Announce(l.source, r) {
		if p, ok := a.(service.Publish); ok {
			l.w.send(p.Subject, p.Data, "")
		}
	}
}
