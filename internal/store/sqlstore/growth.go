package sqlstore

import (
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// insert stores the jobs, with their edges and those from them.
func (sp *spawning) insert(plan workflow.SpawnPlan) error {
	w := &workflow.Workflow{ID: sp.workflow()}
	var again []resetRow
	var spawned []spawnedRow
	var late []edgeRow
	for _, j := range plan.New {
		w.Jobs = append(w.Jobs, sp.inherit(j))
		spawned = append(spawned, spawnedRow{Spawner: hexID(sp.o.Job), ID: hexID(j.ID)})
		late = append(late, sp.fromEnded(j)...)
	}
	for _, s := range plan.Again {
		payload := string(s.Payload)
		again = append(again, resetRow{ID: hexID(s.ID), Payload: &payload})
	}
	stubs, edges := sp.extend(plan.Edges)
	queueRows(sp.tx, "keep_payloads", again)
	queueRows(sp.tx, "replace_payloads", again)
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
	for _, stub := range stubs {
		waiting = append(waiting, sp.p.index[stub.ID])
		children, passes = append(children, stub), append(passes, *stub.Priority)
	}
	if w.ID != (job.ID{}) {
		var rows newRules // a job is in them once: nothing is spawned before a parent of what is spawned
		if err := sp.tolerate(children, &rows); err != nil {
			return err
		}
		if err := sp.keepOnly(waiting, &rows); err != nil {
			return err
		}
		queueRows(sp.tx, "set_rules", rows)
	}
	queueGuarded(sp.tx, "count_jobs", t.countRows(waiting))
	queueRows(sp.tx, "extend_parents", moreParents(stubs))
	queueRows(sp.tx, "insert_edges", edges)
	queueRows(sp.tx, "insert_spawned", spawned)
	queueRows(sp.tx, "insert_edge_checks", late)
	sp.checks = len(late) > 0
	if err := sp.lift(children, passes); err != nil {
		return err
	}
	if w.ID != (job.ID{}) && len(w.Jobs)+len(edges) > 0 {
		grown := sp.rules()
		grown.Edges = plan.TotalEdges // those that it came with are counted once
		rules, err := rulesText(grown)
		if err != nil {
			return err
		}
		sp.tx.QueueGuarded("grow_workflow", 1, w.ID[:], len(w.Jobs), rules)
		var list []job.ID
		for _, j := range w.Jobs {
			list = append(list, j.ID)
		}
		sp.tx.QueueExec("spawned_in_run", list, w.ID[:])
	}
	return sp.tx.Flush()
}

// rules are those of the spawner's workflow; zero: it has none.
func (sp *spawning) rules() workflowRules {
	if w := sp.p.Nodes[sp.at].Workflow; w >= 0 {
		return sp.p.ends[w].rules
	}
	return workflowRules{}
}

// extend lets jobs that are stored wait for more, and returns what they wait for
// more, by job and by edge.
func (sp *spawning) extend(list [][2]job.ID) (stubs []*job.Job, edges []edgeRow) {
	of := make(map[job.ID]*job.Job)
	for _, e := range list {
		i := sp.p.index[e[1]]
		n := &sp.p.Nodes[i]
		if of[n.ID] == nil {
			passes := sp.passes(i)
			of[n.ID] = &job.Job{ID: n.ID, Join: n.Join, Priority: &passes, Inherit: true}
			stubs = append(stubs, of[n.ID])
		}
		d := job.Dependency{Parent: e[0], On: job.OnSuccess}
		of[n.ID].DependsOn = append(of[n.ID].DependsOn, d)
		edges = append(edges, newEdge(of[n.ID], d))
		n.Counts.Unresolved++
		switch {
		case !n.Status.Terminal():
			n.Deps = job.Waiting
		case n.Deps == job.NoDependencies:
			n.Deps = job.Satisfied
		}
	}
	return stubs, edges
}

// fromEnded returns the edges of a new job from what an earlier run spawned and
// has ended.
func (sp *spawning) fromEnded(j *job.Job) (edges []edgeRow) {
	for _, d := range j.DependsOn {
		if i, stored := sp.p.index[d.Parent]; stored && i != sp.at && sp.p.Nodes[i].Status.Terminal() {
			edges = append(edges, newEdge(j, d))
		}
	}
	return edges
}

// moreParents makes the rows of jobs that wait for more than they did.
func moreParents(stubs []*job.Job) []parentsRow {
	var rows []parentsRow
	for _, stub := range stubs {
		list := parentList(stub.DependsOn)
		rows = append(rows, parentsRow{ID: hexID(stub.ID), Parents: list[1 : len(list)-1]})
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
func (sp *spawning) enqueuer(w *workflow.Workflow, stubs []*job.Job) *enqueuer {
	if w.ID == (job.ID{}) {
		e := newEnqueuer(sp.tx, nil, w.Jobs)
		e.now, e.inside[sp.o.Job] = sp.now, true
		return e
	}
	all := &workflow.Workflow{Jobs: slices.Concat(w.Jobs, stubs)}
	e := newEnqueuer(sp.tx, w, w.Jobs)
	e.now, e.inside[sp.o.Job] = sp.now, true
	for name := range sp.facts.Earlier {
		e.inside[sp.facts.IDs[name]] = true
	}
	e.calm = all.Tolerated()[:len(w.Jobs)]
	e.urgent = workflow.Urgencies(all.Jobs, nil)[:len(w.Jobs)]
	e.first = sp.p.header(sp.at).Tally.Total
	return e
}
