package sqlstore

import (
	"context"
	"errors"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// errInVain says that jobs were spawned by an outcome that does not count.
var errInVain = errors.New("what was spawned is taken back")

// resolveSpawning ends an attempt whose handler spawned jobs, in a transaction
// of its own: the jobs are stored first, and the outcome is resolved as if they had
// been there. If it does not count they never were.
func (s *Store) resolveSpawning(ctx context.Context, o job.Outcome) (store.Resolution, error) {
	var r store.Resolution
	err := s.db.Write(ctx, func(tx Tx) error {
		r = store.Resolution{}
		sp := &spawning{tx: tx, p: s.newPart(), o: o}
		counts, err := sp.lock()
		if err != nil {
			return err
		}
		if counts {
			plan, err := workflow.PlanSpawn(sp.spawner(), o.Spawned, s.opts.Limits, sp)
			if err == nil {
				err = sp.insert(plan)
			}
			if err != nil {
				return err
			}
		}
		if _, err := s.resolve(tx, []job.Outcome{o}, &r); err != nil {
			return err
		}
		r.Checks = r.Checks || sp.checks
		if counts && r.Verdicts[0] != job.Committed {
			return errInVain
		}
		return nil
	})
	var refused *workflow.SpawnError
	switch {
	case errors.Is(err, errInVain):
		return store.Resolution{Verdicts: r.Verdicts}, nil
	case errors.As(err, &refused):
		return store.Resolution{Verdicts: []job.Verdict{job.Rejected}, Refused: map[int]string{0: refused.Reason}}, nil
	}
	return r, err
}

// spawning is the work of storing what a handler spawned. It is the graph that
// workflow.PlanSpawn asks.
type spawning struct {
	tx     Tx
	p      *part
	o      job.Outcome
	now    int64
	at     int // node of the spawner
	facts  workflow.SpawnFacts
	own    map[job.ID]int // priorities of jobs that are to wait, as they were asked for
	like   *store.Claimed // the spawner, as its handler has it
	checks bool           // CheckEdges has to look at edges from what had ended
}

// lock locks what resolving the outcome will lock, and reports whether it
// counts as far as that is known by now.
func (sp *spawning) lock() (counts bool, err error) {
	list := []job.ID{sp.o.Job}
	sp.p.lockWorkflows(sp.tx, "lock_workflows_of_jobs", list)
	leases := lockLeases(sp.tx, "lock_leases", []job.ID{sp.o.Lease})
	sp.p.lockWithChildren(sp.tx, list)
	sp.tx.QueueNow(&sp.now)
	if err := sp.tx.Flush(); err != nil {
		return false, err
	}
	at, known := sp.p.index[sp.o.Job]
	sp.at = at
	return known && sp.o.Kind == job.KindCompleted && !sp.p.Nodes[at].Status.Terminal() &&
		held(leases[sp.o.Lease], sp.o.Fence, sp.p.jobs[at].epoch), nil
}

// workflow returns the spawner's workflow; zero: it has none.
func (sp *spawning) workflow() job.ID { return sp.p.jobs[sp.at].workflow }

// spawner is the job that spawns.
func (sp *spawning) spawner() workflow.Spawner {
	n := &sp.p.Nodes[sp.at]
	return workflow.Spawner{
		ID: sp.o.Job, Name: sp.p.jobs[sp.at].name, Finally: n.Finally,
		Item: n.Workflow >= 0 && sp.p.ends[n.Workflow].items, Alone: sp.workflow() == job.ID{},
	}
}
