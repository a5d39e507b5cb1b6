package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
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

// insert stores the jobs, with their edges and those from them.
func (sp *spawning) insert() error {
	w := &workflow.Workflow{ID: sp.workflow()}
	var again []resetRow
	var spawned []spawnedRow
	stubs := make(map[string]*job.Job) // jobs before which others are spawned
	var edges, late []edgeRow
	for _, s := range sp.o.Spawned {
		m := sp.met[s.Name]
		id := s.ID
		switch {
		case m == nil:
			j := sp.inherit(s.Job)
			late = append(late, sp.rename(j)...)
			w.Jobs = append(w.Jobs, j)
			spawned = append(spawned, spawnedRow{Spawner: hexID(sp.o.Job), ID: hexID(s.ID)})
		case m.waits:
			payload := string(s.Payload)
			again = append(again, resetRow{ID: hexID(m.id), Payload: &payload})
			id = m.id
		default:
			continue
		}
		for _, name := range s.Before {
			if sp.there[[2]job.ID{id, sp.ids[name]}] {
				continue
			}
			i := sp.p.index[sp.ids[name]]
			n := &sp.p.Nodes[i]
			if stubs[name] == nil {
				passes := sp.passes(i)
				stubs[name] = &job.Job{ID: n.ID, Join: n.Join, Priority: &passes, Inherit: true}
			}
			d := job.Dependency{Parent: id, On: job.OnSuccess}
			stubs[name].DependsOn = append(stubs[name].DependsOn, d)
			edges = append(edges, newEdge(stubs[name], d))
			n.Counts.Unresolved++
			switch {
			case !n.Status.Terminal():
				n.Deps = job.Waiting
			case n.Deps == job.NoDependencies:
				n.Deps = job.Satisfied
			}
		}
	}
	queueRows(sp.tx, "keep_payloads", again)
	queueRows(sp.tx, "replace_payloads", again)
	rules, err := sp.grow(w.Jobs, len(edges))
	if err != nil {
		return err
	}
	var passes []job.Priority // what children pass on
	if len(w.Jobs) > 0 {
		e := sp.enqueuer(w, stubs)
		if err := e.store(0, len(e.jobs)); err != nil {
			return err
		}
		e.deadlines()
		for _, u := range e.urgent {
			passes = append(passes, u.Passes)
		}
	}
	t := newTransition(sp.p)
	var waiting []int
	children := slices.Clone(w.Jobs)
	for _, name := range slices.Sorted(maps.Keys(stubs)) {
		waiting = append(waiting, sp.p.index[sp.ids[name]])
		children, passes = append(children, stubs[name]), append(passes, *stubs[name].Priority)
	}
	if w.ID != (job.ID{}) {
		if err := sp.tolerate(children); err != nil {
			return err
		}
		if err := sp.keepOnly(waiting); err != nil {
			return err
		}
	}
	queueGuarded(sp.tx, "count_jobs", t.countRows(waiting))
	queueRows(sp.tx, "extend_parents", moreParents(stubs, sp.ids))
	queueRows(sp.tx, "insert_edges", edges)
	queueRows(sp.tx, "insert_spawned", spawned)
	queueRows(sp.tx, "insert_edge_checks", late)
	sp.checks = len(late) > 0
	if err := sp.lift(children, passes); err != nil {
		return err
	}
	if w.ID != (job.ID{}) && len(w.Jobs)+len(edges) > 0 {
		sp.tx.QueueGuarded("grow_workflow", 1, w.ID[:], len(w.Jobs), rules)
		var list []job.ID
		for _, j := range w.Jobs {
			list = append(list, j.ID)
		}
		sp.tx.QueueExec("spawned_in_run", list, w.ID[:])
	}
	return sp.tx.Flush()
}

// grow checks that the workflow stays within its limits with more jobs and their
// edges and with edges besides, and returns its rules, which say how many edges it
// has then: those that it came with are counted once.
func (sp *spawning) grow(jobs []*job.Job, edges int) (string, error) {
	w := sp.p.Nodes[sp.at].Workflow
	if w < 0 {
		return "", nil
	}
	rules := sp.p.ends[w].rules
	if rules.Edges == 0 {
		id := sp.workflow()
		if err := sp.tx.Query("edges_of_workflow", func(r Row) error { return r.Scan(&rules.Edges) }, id[:]); err != nil {
			return "", err
		}
	}
	rules.Edges += edges
	for _, j := range jobs {
		rules.Edges += len(j.DependsOn)
	}
	switch total := sp.p.Workflows[w].Tally.Total + len(jobs); {
	case total > sp.limits.Jobs:
		return "", refuse("the workflow would have %d jobs with what is spawned; at most %d are allowed", total, sp.limits.Jobs)
	case rules.Edges > sp.limits.Edges:
		return "", refuse("the workflow would have %d dependencies with what is spawned; at most %d are allowed", rules.Edges, sp.limits.Edges)
	}
	return rulesText(rules)
}

// moreParents makes the rows of jobs that wait for more than they did.
func moreParents(stubs map[string]*job.Job, ids map[string]job.ID) []parentsRow {
	var rows []parentsRow
	for _, name := range slices.Sorted(maps.Keys(stubs)) {
		list := parentList(stubs[name].DependsOn)
		rows = append(rows, parentsRow{ID: hexID(ids[name]), Parents: list[1 : len(list)-1]})
	}
	return rows
}

// inherit gives a spawned job what it does not say itself: its spawner's.
func (sp *spawning) inherit(j *job.Job) *job.Job {
	own := *j
	if own.TraceID == "" {
		own.TraceID = sp.like.TraceID
	}
	if own.CorrelationID == "" {
		own.CorrelationID = sp.like.CorrelationID
	}
	if own.Priority == nil {
		own.Priority = &sp.like.Priority
	}
	if own.Retry == nil {
		retry := sp.p.retryPolicy(sp.at)
		own.Retry = &retry
	}
	return &own
}

// enqueuer returns one that stores jobs of w, which are new in their workflow.
func (sp *spawning) enqueuer(w *workflow.Workflow, stubs map[string]*job.Job) *enqueuer {
	if w.ID == (job.ID{}) {
		e := newEnqueuer(sp.tx, nil, w.Jobs)
		e.now, e.inside[sp.o.Job] = sp.now, true
		return e
	}
	all := &workflow.Workflow{Jobs: w.Jobs}
	for _, name := range slices.Sorted(maps.Keys(stubs)) {
		all.Jobs = append(all.Jobs, stubs[name])
	}
	e := newEnqueuer(sp.tx, w, w.Jobs)
	e.now, e.inside[sp.o.Job] = sp.now, true
	for _, m := range sp.met {
		e.inside[m.id] = true
	}
	e.calm = all.Tolerated()[:len(w.Jobs)]
	e.urgent = workflow.Urgencies(all.Jobs, nil)[:len(w.Jobs)]
	e.first = sp.p.header(sp.at).Tally.Total
	return e
}

// SpawnersOf implements store.Reader.
func (s *Store) SpawnersOf(ctx context.Context, jobs []job.ID) (map[job.ID]job.ID, error) {
	ids := make(map[job.ID]job.ID)
	err := s.db.Read(ctx, func(tx Tx) error {
		found, err := spawners(tx, jobs)
		for id, by := range found {
			ids[id] = by.ID
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("spawners of %d jobs: %w", len(jobs), err)
	}
	return ids, nil
}

// spawners finds who spawned jobs, as far as they were spawned.
func spawners(tx Tx, list []job.ID) (map[job.ID]store.Spawner, error) {
	found := make(map[job.ID]store.Spawner)
	for page := range slices.Chunk(list, pageRows) {
		tx.QueueQuery("spawners_of", func(r Row) error {
			var id job.ID
			var by store.Spawner
			err := r.Scan(&id, &by.ID, &by.Name)
			found[id] = by
			return err
		}, page)
	}
	return found, tx.Flush()
}

// Spawned implements store.Reader.
func (s *Store) Spawned(ctx context.Context, spawner, after job.ID, limit int) ([]job.ID, error) {
	var list []job.ID
	err := s.db.Read(ctx, func(tx Tx) error {
		list = nil
		return tx.Query("spawned_page", scanIDs(&list), spawner[:], after[:], min(limit, store.MaxPage))
	})
	if err != nil {
		return nil, fmt.Errorf("spawned by job %s: %w", spawner, err)
	}
	return list, nil
}
