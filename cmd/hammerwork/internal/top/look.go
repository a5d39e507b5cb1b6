package top

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// Source is what is asked of a server.
type Source interface {
	Server() string
	Queues(ctx context.Context) (wire.List[wire.Queue], error)
	Workers(ctx context.Context) (wire.List[wire.Worker], error)
	Workflows(ctx context.Context, f remote.WorkflowFilter, p remote.Page) (wire.List[wire.WorkflowItem], error)
	Jobs(ctx context.Context, f remote.JobFilter, p remote.Page) (wire.List[wire.Job], error)
	// Gates returns the open gates of a workflow, and of those within it, if
	// nothing of it runs.
	Gates(ctx context.Context, id string) ([]wire.Job, error)
}

// What is asked for at most.
const (
	shownWorkflows = 50
	askedGates     = 20 // workflows
	shownFailures  = 10
	failuresSince  = 15 * time.Minute // older ones are not looked for
	failuresEvery  = 10 * time.Second // looking for them costs the server most
)

// openStatuses are those of workflows that are shown, in their order.
var openStatuses = []string{"running", "cancelling", "paused"}

// look is what a server said at a moment.
type look struct {
	server    string
	at        time.Time
	queues    []wire.Queue
	workers   []wire.Worker
	workflows []wire.WorkflowItem
	waits     map[string][]Wait // workflow → the gates that it waits at
	failures  []wire.Job
	failedAt  time.Time          // when failures were looked for
	drain     map[string]float64 // queue → by how much its ready jobs grew, a second
	rate      float64            // jobs of the open workflows that ended, a second
	compared  bool               // drain and rate are known: there was a look before
	err       error              // of the last try; the rest is of the last that went well
}

// next looks again. before is the look before, or nil.
func next(ctx context.Context, s Source, before *look, now time.Time) *look {
	l := &look{server: s.Server(), at: now}
	err := l.ask(ctx, s)
	if before != nil {
		l.failures, l.failedAt = before.failures, before.failedAt
	}
	if err == nil && now.Sub(l.failedAt) >= failuresEvery {
		l.failedAt = now
		l.failures, err = failures(ctx, s, now)
	}
	switch {
	case err != nil && before != nil:
		old := *before
		old.err = err
		return &old
	case err != nil:
		l.err = err
	case before != nil:
		l.compare(before)
	}
	return l
}

func (l *look) ask(ctx context.Context, s Source) error {
	queues, err := s.Queues(ctx)
	if err != nil {
		return err
	}
	workers, err := s.Workers(ctx)
	if err != nil {
		return err
	}
	l.queues, l.workers = queues.Items, workers.Items
	slices.SortStableFunc(l.queues, func(a, b wire.Queue) int { return cmp.Compare(b.Ready+b.Running, a.Ready+a.Running) })
	slices.SortStableFunc(l.workers, func(a, b wire.Worker) int { return cmp.Compare(b.Running, a.Running) })
	for _, status := range openStatuses {
		list, err := s.Workflows(ctx, remote.WorkflowFilter{Status: status}, remote.Page{Limit: shownWorkflows})
		if err != nil {
			return err
		}
		l.workflows = append(l.workflows, list.Items...)
	}
	return l.askGates(ctx, s)
}

// askGates finds out what the first workflows wait for of which nothing runs.
func (l *look) askGates(ctx context.Context, s Source) error {
	l.waits = make(map[string][]Wait)
	asked := 0
	for _, w := range l.workflows {
		if w.Status != "running" || w.Stats.Suspended == 0 || w.Stats.Running+w.Stats.Retrying > 0 || asked == askedGates {
			continue
		}
		asked++
		gates, err := s.Gates(ctx, w.ID)
		var problem *wire.Problem
		switch {
		case errors.As(err, &problem) && problem.Code == wire.CodeNotFound:
			continue // it was deleted meanwhile
		case err != nil:
			return err
		}
		for _, g := range gates {
			l.waits[w.ID] = append(l.waits[w.ID], Wait{Type: g.Gate.Type, Job: g.Name, JobID: g.ID})
		}
	}
	return nil
}

// failures returns the newest jobs that failed by themselves.
func failures(ctx context.Context, s Source, now time.Time) ([]wire.Job, error) {
	var all []wire.Job
	for _, status := range []job.Status{job.Dead, job.Failed, job.TimedOut} {
		list, err := s.Jobs(ctx, remote.JobFilter{Status: string(status), Since: now.Add(-failuresSince)}, remote.Page{Limit: shownFailures})
		if err != nil {
			return nil, err
		}
		all = append(all, list.Items...)
	}
	slices.SortStableFunc(all, func(a, b wire.Job) int { return finished(b).Compare(finished(a)) })
	return all[:min(len(all), shownFailures)], nil
}

func finished(j wire.Job) time.Time {
	if j.FinishedAt == nil {
		return time.Time{}
	}
	return *j.FinishedAt
}

// compare works out what moved since the look before.
func (l *look) compare(before *look) {
	seconds := l.at.Sub(before.at).Seconds()
	if seconds <= 0 {
		return
	}
	l.compared = true
	ready := make(map[string]int, len(before.queues))
	for _, q := range before.queues {
		ready[q.Name] = q.Ready
	}
	l.drain = make(map[string]float64, len(l.queues))
	for _, q := range l.queues {
		l.drain[q.Name] = float64(q.Ready-ready[q.Name]) / seconds
	}
	ended := make(map[string]int, len(before.workflows))
	for _, w := range before.workflows {
		ended[w.ID] = endedJobs(w.Stats)
	}
	for _, w := range l.workflows {
		if n, known := ended[w.ID]; known {
			l.rate += float64(max(0, endedJobs(w.Stats)-n)) / seconds
		}
	}
}

func endedJobs(s wire.Stats) int { return s.TotalJobs - s.Pending - s.Running }
