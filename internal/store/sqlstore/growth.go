package sqlstore

import (
	"maps"
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

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
