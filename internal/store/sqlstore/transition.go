package sqlstore

import (
	"bytes"
	"maps"
	"slices"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// transition is a set of changes to a part of the graph on its way into the
// database: what outcomes and timers ended, and what follows from that.
type transition struct {
	part   *part
	ended  map[int]attemptEnd // nodes that an outcome ended
	again  []requeueRow       // claims that ended without a terminal outcome
	tries  []attemptRow       // attempts that did not complete
	leases map[job.ID]int     // lease → how many of its jobs ended
}

// attemptEnd is how the attempt that ended a job went.
type attemptEnd struct {
	lease     job.ID // set only if the worker itself ended it: its outcome may come again
	worker    string
	startedAt int64
	attempts  int
	result    []byte
	error     string
}

// endRow is a row of end_jobs.
type endRow struct {
	ID         hexID   `json:"id"`
	Epoch      int64   `json:"epoch"`
	Status     string  `json:"status"`
	Dependency string  `json:"dependency_status"`
	Reason     string  `json:"reason"`
	Error      string  `json:"error"`
	Cause      hexID   `json:"cause"`
	Attempts   int     `json:"attempts"`
	Unresolved int     `json:"unresolved"`
	Active     int     `json:"active"`
	Inactive   int     `json:"inactive"`
	Broken     int     `json:"broken"`
	StartedAt  *int64  `json:"started_at"`
	Lease      hexID   `json:"lease"`
	Worker     string  `json:"worker"`
	Result     *string `json:"result" sql:"bytes"`
}

// size is how many bytes the row has that are not bounded by its columns.
func (r *endRow) size() int {
	if r.Result == nil {
		return 0
	}
	return len(*r.Result)
}

// requeueRow is a row of requeue_jobs.
type requeueRow struct {
	ID          hexID  `json:"id"`
	Epoch       int64  `json:"epoch"`
	Status      string `json:"status"`
	Attempts    int    `json:"attempts"`
	GiveBacks   int    `json:"give_backs"`
	ScheduledAt int64  `json:"scheduled_at"`
	Error       string `json:"error"`
	node        int
	worker      string
}

// countRow is a row of count_jobs.
type countRow struct {
	ID         hexID  `json:"id"`
	Dependency string `json:"dependency_status"`
	Unresolved int    `json:"unresolved"`
	Active     int    `json:"active"`
	Inactive   int    `json:"inactive"`
	Broken     int    `json:"broken"`
}

// attemptRow is a row of insert_attempts.
type attemptRow struct {
	ID        hexID  `json:"id"`
	Epoch     int64  `json:"epoch"`
	Attempt   int    `json:"attempt"`
	Lease     hexID  `json:"lease"`
	Worker    string `json:"worker"`
	Outcome   string `json:"outcome"`
	Error     string `json:"error"`
	StartedAt int64  `json:"started_at"`
}

// workflowRow is a row of update_workflows.
type workflowRow struct {
	ID             hexID  `json:"id"`
	Status         string `json:"status"`
	Reason         string `json:"reason"`
	Failing        int    `json:"failing"`
	Completed      int    `json:"completed"`
	Failed         int    `json:"failed"`
	Dead           int    `json:"dead"`
	TimedOut       int    `json:"timed_out"`
	UpstreamFailed int    `json:"upstream_failed"`
	Cancelled      int    `json:"cancelled"`
	Skipped        int    `json:"skipped"`
	Ended          int    `json:"ended"`
}

// leaseCount is a row of shrink_leases.
type leaseCount struct {
	ID hexID `json:"id"`
	N  int   `json:"n"`
}

func newTransition(p *part) *transition {
	return &transition{part: p, ended: map[int]attemptEnd{}, leases: map[job.ID]int{}}
}

// write queues changes and what this transition collected, at most a dozen
// statements for each page of rows, and adds to r what becomes of it.
func (t *transition) write(tx Tx, changes workflow.Changes, now int64, r *store.Resolution) {
	queueGuarded(tx, "end_jobs", t.endRows(changes.Ended), now)
	again := t.stillOpen()
	queueGuarded(tx, "requeue_jobs", again)
	queueGuarded(tx, "count_jobs", t.countRows(changes.Counted))
	queueRows(tx, "insert_attempts", t.tries, now)
	queueGuarded(tx, "resolve_edges", t.edgeRows(changes.Edges))
	checks := t.foreignChecks()
	queueRows(tx, "insert_edge_checks", checks)
	wide := t.wideParents()
	queueRows(tx, "insert_parent_checks", wide)
	ready := t.claimable(changes.Runnable, again, now)
	ready.queue(tx, now)
	t.shrinkLeases(tx)
	queueGuarded(tx, "update_workflows", t.workflowRows(changes.Workflows), now)
	t.report(changes, again, now, r)
	r.Timer = r.Timer || len(ready.later) > 0
	r.Checks = r.Checks || len(checks)+len(wide) > 0
}

// foreignChecks returns the edges into other workflows whose parents have
// ended: those workflows are not locked here, so CheckEdges resolves them.
func (t *transition) foreignChecks() []edgeRow {
	var list []edgeRow
	for _, e := range t.part.foreign {
		if t.part.Nodes[t.part.index[job.ID(e.Parent)]].Status.Terminal() {
			list = append(list, e)
		}
	}
	return list
}

// wideParents returns the jobs that have ended and whose edges this transition
// has no room for: CheckEdges resolves them.
func (t *transition) wideParents() []job.ID {
	var list []job.ID
	for _, i := range t.part.later {
		if n := t.part.Nodes[i]; n.Status.Terminal() && !t.part.whose[i] {
			list = append(list, n.ID)
		}
	}
	return sortedIDs(list)
}

func (t *transition) endRows(ended []int) []endRow {
	list := make([]endRow, len(ended))
	again := make(map[int]requeueRow, len(t.again)) // ended in spite of an attempt left
	for _, row := range t.again {
		again[row.node] = row
	}
	for k, i := range ended {
		n, j := t.part.Nodes[i], t.part.jobs[i]
		row := endRow{
			ID: hexID(n.ID), Epoch: j.epoch, Status: string(n.Status), Dependency: string(n.Deps), Reason: string(n.Reason),
			Cause: hexID(n.Cause), Attempts: j.attempts,
			Unresolved: n.Counts.Unresolved, Active: n.Counts.Active, Inactive: n.Counts.Inactive, Broken: n.Counts.Broken,
		}
		if end, ok := t.ended[i]; ok {
			row.Attempts, row.Error, row.Lease, row.Worker = end.attempts, end.error, hexID(end.lease), end.worker
			row.StartedAt = &end.startedAt
			if end.result != nil {
				result := string(end.result)
				row.Result = &result
			}
		} else if last, ok := again[i]; ok {
			row.Attempts, row.Error, row.Worker = last.Attempts, last.Error, last.worker
		}
		list[k] = row
	}
	return list
}

// stillOpen returns the requeued jobs that nothing else in this transition
// has ended.
func (t *transition) stillOpen() []requeueRow {
	var open []requeueRow
	for _, row := range t.again {
		if !t.part.Nodes[row.node].Status.Terminal() {
			open = append(open, row)
		}
	}
	return open
}

func (t *transition) countRows(counted []int) []countRow {
	list := make([]countRow, len(counted))
	for k, i := range counted {
		n := t.part.Nodes[i]
		list[k] = countRow{hexID(n.ID), string(n.Deps), n.Counts.Unresolved, n.Counts.Active, n.Counts.Inactive, n.Counts.Broken}
	}
	return list
}

func (t *transition) edgeRows(edges []int) []edgeRow {
	list := make([]edgeRow, len(edges))
	for k, i := range edges {
		e := t.part.Edges[i]
		list[k] = edgeRow{Parent: hexID(t.part.Nodes[e.Parent].ID), Child: hexID(t.part.Nodes[e.Child].ID), State: string(e.State)}
	}
	return list
}

func (t *transition) claimable(runnable []int, again []requeueRow, now int64) claimable {
	var c claimable
	for _, i := range runnable {
		c.add(t.part.Nodes[i].ID, t.part.jobs[i].scheduled, now)
	}
	for _, row := range again {
		c.add(job.ID(row.ID), row.ScheduledAt, now)
	}
	// A cancel that stops nothing else leaves the others of its workflow alone.
	for i, n := range t.part.Nodes {
		if t.part.taken[i] && !n.Status.Terminal() {
			c.add(n.ID, t.part.jobs[i].scheduled, now)
		}
	}
	return c
}

func (t *transition) shrinkLeases(tx Tx) {
	var list []leaseCount
	for id, n := range t.leases {
		list = append(list, leaseCount{hexID(id), n})
	}
	queueRows(tx, "shrink_leases", list)
	queueRows(tx, "delete_empty_leases", slices.Collect(maps.Keys(t.leases)))
}

func (t *transition) workflowRows(changed []int) []workflowRow {
	list := make([]workflowRow, len(changed))
	for k, i := range changed {
		h := t.part.Workflows[i]
		list[k] = workflowRow{
			ID: hexID(h.ID), Status: string(h.Status), Reason: string(t.part.reasons[i]), Failing: boolInt(h.Failing),
			Completed: h.Tally.Completed, Failed: h.Tally.Failed, Dead: h.Tally.Dead, TimedOut: h.Tally.TimedOut,
			UpstreamFailed: h.Tally.UpstreamFailed, Cancelled: h.Tally.Cancelled, Skipped: h.Tally.Skipped,
			Ended: boolInt(h.Status.Terminal()),
		}
	}
	return list
}

// report tells what changed to those who send hints and events.
func (t *transition) report(changes workflow.Changes, again []requeueRow, now int64, r *store.Resolution) {
	p := t.part
	for _, i := range changes.Ended {
		e := store.JobEvent{
			Job: p.Nodes[i].ID, Workflow: p.jobs[i].workflow, Name: p.jobs[i].name,
			Status: p.Nodes[i].Status, Reason: p.Nodes[i].Reason, Attempt: p.jobs[i].attempts,
		}
		if end, ok := t.ended[i]; ok {
			e.Attempt, e.Error = end.attempts, end.error
		}
		r.Jobs = append(r.Jobs, e)
	}
	for _, row := range again {
		r.Jobs = append(r.Jobs, store.JobEvent{
			Job: job.ID(row.ID), Workflow: p.jobs[row.node].workflow, Name: p.jobs[row.node].name,
			Status: job.Status(row.Status), Attempt: row.Attempts, Error: row.Error,
		})
		if row.ScheduledAt <= now {
			r.Queues = append(r.Queues, p.jobs[row.node].queue)
		}
	}
	for _, i := range changes.Runnable {
		if p.jobs[i].scheduled <= now {
			r.Queues = append(r.Queues, p.jobs[i].queue)
		}
	}
	for _, i := range changes.Workflows {
		if h := p.Workflows[i]; h.Status.Terminal() || h.Status == workflow.Cancelling {
			r.Workflows = append(r.Workflows, store.WorkflowEvent{Workflow: h.ID, Name: p.names[i], Status: h.Status})
		}
	}
	r.Queues = sortedSet(r.Queues)
}

func compareIDs(a, b job.ID) int { return bytes.Compare(a[:], b[:]) }
