package sim

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Faults are the probabilities of a run's faults.
type Faults struct {
	Drop, Repeat, Delay   float64 // of each message
	CrashStep, CrashCall  float64 // before each action, around each transaction
	CallRefused, CallLost float64 // a transaction fails before, or after it committed
	Restart               float64 // a process is stopped politely, once a second
	Freeze                float64 // a process stands still for some time, once a second

	sent, lost int
}

// randomFaults chooses how bad a run is. One in ten has no faults: then not a
// single rerun is allowed.
func randomFaults(rng *rand.Rand) Faults {
	if rng.Float64() < 0.1 {
		return Faults{}
	}
	some := func(most float64) float64 {
		if rng.Float64() < 0.35 {
			return 0
		}
		return most * rng.Float64()
	}
	return Faults{
		Drop: some(0.5), Repeat: some(0.3), Delay: some(0.3),
		CrashStep: some(0.01), CrashCall: some(0.03),
		CallRefused: some(0.1), CallLost: some(0.1),
		Restart: some(0.02), Freeze: some(0.02),
	}
}

// none reports whether nothing can go wrong.
func (f Faults) none() bool {
	f.sent, f.lost = 0, 0
	return f == Faults{}
}

var errInjected = errors.New("the connection broke")

// faultyStore makes transactions fail: before they ran, or after they
// committed, which their caller cannot tell apart.
type faultyStore struct {
	store.Store
	w *World
}

// inject makes a transaction fail that may change what rules look at.
func inject[T any](s *faultyStore, call func() (T, error)) (T, error) {
	return lose(s, func() (T, error) {
		defer s.w.check.committed()
		return call()
	})
}

// overlook makes one fail that changes nothing of that.
func overlook[T any](s *faultyStore, call func() (T, error)) (T, error) {
	v, err := lose(s, call)
	s.w.check.overlook()
	return v, err
}

func lose[T any](s *faultyStore, call func() (T, error)) (T, error) {
	var zero T
	if s.w.chance(s.w.faults.CallRefused) {
		return zero, errInjected
	}
	v, err := call()
	if err == nil && s.w.chance(s.w.faults.CallLost) {
		return zero, errInjected
	}
	return v, err
}

func (s *faultyStore) EnqueueWorkflow(ctx context.Context, w *workflow.Workflow, o store.EnqueueOptions) (store.Enqueued, error) {
	return inject(s, func() (store.Enqueued, error) { return s.Store.EnqueueWorkflow(ctx, w, o) })
}

func (s *faultyStore) EnqueueJobs(ctx context.Context, jobs []*job.Job, keys []store.Key) (store.Enqueued, error) {
	return inject(s, func() (store.Enqueued, error) { return s.Store.EnqueueJobs(ctx, jobs, keys) })
}

func (s *faultyStore) Claim(ctx context.Context, grants []store.Grant, repeat bool) ([]store.Lease, error) {
	return inject(s, func() ([]store.Lease, error) { return s.Store.Claim(ctx, grants, repeat) })
}

func (s *faultyStore) Extend(ctx context.Context, beats []store.Beat) ([]store.Beaten, error) {
	return overlook(s, func() ([]store.Beaten, error) { return s.Store.Extend(ctx, beats) })
}

func (s *faultyStore) Resolve(ctx context.Context, outcomes []job.Outcome) (store.Resolution, error) {
	return inject(s, func() (store.Resolution, error) { return s.Store.Resolve(ctx, outcomes) })
}

func (s *faultyStore) CheckEdges(ctx context.Context, limit int) (store.Resolution, error) {
	return inject(s, func() (store.Resolution, error) { return s.Store.CheckEdges(ctx, limit) })
}

func (s *faultyStore) CheckParts(ctx context.Context, limit int) (store.Resolution, error) {
	return inject(s, func() (store.Resolution, error) { return s.Store.CheckParts(ctx, limit) })
}

func (s *faultyStore) SharePartitions(ctx context.Context, resolver string, of int, ttl time.Duration) ([]int, error) {
	return overlook(s, func() ([]int, error) { return s.Store.SharePartitions(ctx, resolver, of, ttl) })
}

func (s *faultyStore) LeavePartitions(ctx context.Context, resolver string) error {
	_, err := overlook(s, func() (struct{}, error) { return struct{}{}, s.Store.LeavePartitions(ctx, resolver) })
	return err
}

func (s *faultyStore) Overdue(ctx context.Context) (store.Overdue, error) {
	return overlook(s, func() (store.Overdue, error) { return s.Store.Overdue(ctx) })
}

func (s *faultyStore) DecideTicks(ctx context.Context, limit int) (store.Decided, time.Duration, error) {
	type decided struct {
		store.Decided
		next time.Duration
	}
	d, err := inject(s, func() (decided, error) {
		d, next, err := s.Store.DecideTicks(ctx, limit)
		return decided{d, next}, err
	})
	return d.Decided, d.next, err
}

func (s *faultyStore) RunTicks(ctx context.Context, limit int) (store.TicksRun, time.Duration, error) {
	type ran struct {
		store.TicksRun
		next time.Duration
	}
	r, err := inject(s, func() (ran, error) {
		r, next, err := s.Store.RunTicks(ctx, limit)
		return ran{r, next}, err
	})
	return r.TicksRun, r.next, err
}

func (s *faultyStore) CreateSchedule(ctx context.Context, n store.NewSchedule) (store.ScheduleRecord, error) {
	return overlook(s, func() (store.ScheduleRecord, error) { return s.Store.CreateSchedule(ctx, n) })
}

func (s *faultyStore) TriggerSchedule(ctx context.Context, name string, id job.ID) (store.TickRecord, error) {
	return inject(s, func() (store.TickRecord, error) { return s.Store.TriggerSchedule(ctx, name, id) })
}

func (s *faultyStore) Backfill(ctx context.Context, name string, from, to time.Time, dry bool) ([]store.TickRecord, error) {
	return inject(s, func() ([]store.TickRecord, error) { return s.Store.Backfill(ctx, name, from, to, dry) })
}

func (s *faultyStore) ExpireLeases(ctx context.Context, limit int) (store.Resolution, error) {
	return inject(s, func() (store.Resolution, error) { return s.Store.ExpireLeases(ctx, limit) })
}

func (s *faultyStore) CancelWorkflow(ctx context.Context, id job.ID, grace time.Duration, by store.Actor) (store.Resolution, error) {
	return inject(s, func() (store.Resolution, error) { return s.Store.CancelWorkflow(ctx, id, grace, by) })
}

func (s *faultyStore) PauseWorkflow(ctx context.Context, id job.ID, by store.Actor) (store.Resolution, error) {
	return inject(s, func() (store.Resolution, error) { return s.Store.PauseWorkflow(ctx, id, by) })
}

func (s *faultyStore) ResumeWorkflow(ctx context.Context, id job.ID, by store.Actor) (store.Resolution, error) {
	return inject(s, func() (store.Resolution, error) { return s.Store.ResumeWorkflow(ctx, id, by) })
}

func (s *faultyStore) Decide(ctx context.Context, d store.Decision, by store.Actor) (store.Resolution, error) {
	return inject(s, func() (store.Resolution, error) { return s.Store.Decide(ctx, d, by) })
}

func (s *faultyStore) RetryWorkflow(ctx context.Context, o store.Retry, dry bool, by store.Actor) (plan store.RetryPlan, r store.Resolution, err error) {
	r, err = inject(s, func() (r store.Resolution, err error) {
		plan, r, err = s.Store.RetryWorkflow(ctx, o, dry, by)
		return r, err
	})
	return plan, r, err
}

func (s *faultyStore) CancelJob(ctx context.Context, id job.ID, grace time.Duration) (store.Resolution, error) {
	return inject(s, func() (store.Resolution, error) { return s.Store.CancelJob(ctx, id, grace) })
}

func (s *faultyStore) FireTimers(ctx context.Context, limit int) (store.Resolution, time.Duration, error) {
	var next time.Duration
	r, err := inject(s, func() (store.Resolution, error) {
		r, n, err := s.Store.FireTimers(ctx, limit)
		next = n
		return r, err
	})
	return r, next, err
}

func (s *faultyStore) Purge(ctx context.Context, keep store.Retention, from store.Place, limit int) (store.Purged, store.Place, error) {
	next := from
	done, err := inject(s, func() (done store.Purged, err error) {
		done, next, err = s.Store.Purge(ctx, keep, from, limit)
		return done, err
	})
	return done, next, err
}
