package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// errInVain says that jobs were spawned by an outcome that does not count.
var errInVain = errors.New("what was spawned is taken back")

// refusal says why an outcome is rejected.
type refusal string

func (r refusal) Error() string { return string(r) }

func refuse(format string, args ...any) error { return refusal(fmt.Sprintf(format, args...)) }

// resolveSpawning ends an attempt whose handler spawned jobs, in a transaction
// of its own: the jobs are stored first, and the outcome is resolved as if they had
// been there. If it does not count they never were.
func (s *Store) resolveSpawning(ctx context.Context, o job.Outcome) (store.Resolution, error) {
	var r store.Resolution
	err := s.db.Write(ctx, func(tx Tx) error {
		r = store.Resolution{}
		sp := &spawning{tx: tx, p: s.newPart(), o: o, limits: s.opts.Limits}
		counts, err := sp.lock()
		if err != nil {
			return err
		}
		if counts {
			if err := sp.look(); err != nil {
				return err
			}
			if err := sp.insert(); err != nil {
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
	var refused refusal
	switch {
	case errors.Is(err, errInVain):
		return store.Resolution{Verdicts: r.Verdicts}, nil
	case errors.As(err, &refused):
		return store.Resolution{Verdicts: []job.Verdict{job.Rejected}, Refused: map[int]string{0: string(refused)}}, nil
	}
	return r, err
}

// spawning is the work of storing what a handler spawned.
type spawning struct {
	tx     Tx
	p      *part
	o      job.Outcome
	limits workflow.Limits
	now    int64
	at     int // node of the spawner
	ids    map[string]job.ID
	stored map[job.ID]bool // ids of spawned jobs that are stored already
	own    map[job.ID]int  // priorities of jobs that are to wait, as they were asked for
	like   *store.Claimed  // the spawner, as its handler has it

	met     map[string]*met    // by name: what an earlier run spawned
	renamed map[job.ID]*met    // by the id that the handler gave it this time
	there   map[[2]job.ID]bool // edges that are there already
	checks  bool               // CheckEdges has to look at edges from what had ended
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

// look checks what is spawned, and that the jobs that are to wait for it have
// not started: those are kept from being claimed from now on.
func (sp *spawning) look() error {
	if sp.p.Nodes[sp.at].Finally {
		return refuse("a finally job runs after all others, so it spawns nothing")
	}
	alone := sp.workflow() == job.ID{}
	list, err := workflow.ValidateSpawned(sp.o.Job, sp.p.jobs[sp.at].name, sp.o.Spawned, alone)
	if err != nil {
		return refusal(err.Error())
	}
	sp.o.Spawned = list
	if n := sp.p.Nodes[sp.at]; n.Workflow >= 0 && sp.p.ends[n.Workflow].items {
		return refuse("job %q is an item of a batch or a map, which spawns nothing", sp.p.jobs[sp.at].name)
	}
	if err := sp.findNames(); err != nil {
		return err
	}
	var edges []before
	var targets []job.ID
	for _, s := range sp.o.Spawned {
		m := sp.met[s.Name]
		if _, taken := sp.ids[s.Name]; taken && m == nil && !alone {
			return refuse("the workflow has a job %q already", s.Name)
		}
		if m == nil && sp.stored[s.ID] {
			return refuse("job %q has the id of a job that is stored already: make a new one each time", s.Name)
		}
		if m != nil && !m.waits {
			continue
		}
		for _, name := range s.Before {
			id, found := sp.ids[name]
			switch {
			case !found:
				return refuse("job %q is spawned before %q, which the workflow does not have", s.Name, name)
			case id == sp.o.Job || sp.met[name] != nil:
				return refuse("job %q is spawned before %q, which comes before it", s.Name, name)
			case m != nil && sp.there[[2]job.ID{m.id, id}]:
				continue
			}
			edges = append(edges, before{s, id})
			targets = append(targets, id)
		}
	}
	if err := sp.noCycle(edges); err != nil {
		return err
	}
	return sp.stopTargets(sortedIDs(targets))
}

// findNames finds the ids of the jobs that are named, which ids are stored already,
// what an earlier run of the spawner spawned, and what the spawner was claimed as.
func (sp *spawning) findNames() error {
	sp.ids, sp.met, sp.renamed, sp.there = make(map[string]job.ID), make(map[string]*met), make(map[job.ID]*met), make(map[[2]job.ID]bool)
	sp.stored = make(map[job.ID]bool)
	earlier := make(map[job.ID]bool)
	var made []job.ID
	for _, s := range sp.o.Spawned {
		made = append(made, s.ID)
	}
	for page := range slices.Chunk(made, pageRows) {
		sp.tx.QueueQuery("jobs_existing", func(r Row) error {
			var id job.ID
			err := r.Scan(&id)
			sp.stored[id] = true
			return err
		}, page)
	}
	if wf := sp.workflow(); wf != (job.ID{}) {
		var names []nameRow
		for _, s := range sp.o.Spawned {
			names = append(names, nameRow{Name: s.Name})
			for _, b := range s.Before {
				names = append(names, nameRow{Name: b})
			}
		}
		sp.tx.QueueQuery("job_ids", func(r Row) error {
			var id job.ID
			var name string
			err := r.Scan(&name, &id)
			sp.ids[name] = id
			return err
		}, names, wf[:])
		sp.tx.QueueQuery("spawned_by", func(r Row) error {
			var id job.ID
			err := r.Scan(&id)
			earlier[id] = true
			return err
		}, sp.o.Job[:])
	}
	jobs, _, err := loadJobs(sp.tx, []job.ID{sp.o.Job})
	if err != nil {
		return err
	}
	if sp.like = jobs[sp.o.Job]; sp.like == nil {
		return ErrConflict
	}
	for _, s := range sp.o.Spawned {
		if id := sp.ids[s.Name]; earlier[id] {
			sp.met[s.Name] = &met{id: id}
			sp.renamed[s.ID] = sp.met[s.Name]
		}
	}
	return sp.meet()
}

// stopTargets takes jobs from where claims look, unless one of them has begun.
// One that ended without that will wait when it begins anew.
func (sp *spawning) stopTargets(targets []job.ID) error {
	if len(targets) == 0 {
		return nil
	}
	sp.p.lockJobs(sp.tx, "lock_more_jobs", targets)
	for _, statement := range []string{"take_ready", "take_timers"} {
		sp.tx.QueueQuery(statement, func(Row) error { return nil }, targets)
	}
	if err := sp.tx.Flush(); err != nil {
		return err
	}
	sp.own = make(map[job.ID]int)
	sp.tx.QueueQuery("own_priorities", func(r Row) error {
		var id job.ID
		var priority int
		err := r.Scan(&id, &priority)
		sp.own[id] = priority
		return err
	}, targets)
	running := heldBy(sp.tx, targets) // after their places were looked for: who was faster is seen
	if err := sp.tx.Flush(); err != nil {
		return err
	}
	isRunning := make(map[job.ID]bool)
	for _, h := range *running {
		if i, known := sp.p.index[h.Fence.Job]; known && h.Fence.Epoch == sp.p.jobs[i].epoch {
			isRunning[h.Fence.Job] = true
		}
	}
	for _, id := range targets {
		i, known := sp.p.index[id]
		if !known {
			return ErrConflict
		}
		n := &sp.p.Nodes[i]
		status := n.Status
		if isRunning[id] && !status.Terminal() {
			status = job.Running
		}
		switch {
		case n.Finally:
			return refuse("job %q is finally: it runs after everything anyway", sp.p.jobs[i].name)
		case status == job.Cancelled, status == job.Skipped, status == job.UpstreamFailed:
		case status != job.Pending && status != job.Retrying:
			return refuse("job %q is %s already: nothing can be spawned before it", sp.p.jobs[i].name, status)
		case status == job.Retrying || sp.p.jobs[i].attempts > 0:
			return refuse("job %q has started already, and is %s: nothing can be spawned before it", sp.p.jobs[i].name, status)
		}
	}
	return nil
}
