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
	again  map[int]requeueRow // nodes whose claim ended without a terminal outcome
	result map[int][]byte     // of nodes that were decided to be complete
	spec   map[int]*string    // payloads that replace those of nodes that are reset; nil: none
	run    int                // of what is reset: that of the workflow that is retried, nextRun, or 0: the same
	tries  []attemptRow       // attempts that did not complete
	leases map[job.ID]int     // lease → how many of its jobs ended
}

// nextRun makes the run of each job that is reset the one after its last.
const nextRun = -1

// attemptEnd is how the attempt that ended a job went.
type attemptEnd struct {
	lease     job.ID // set only if the worker itself ended it: its outcome may come again
	worker    string
	startedAt int64
	attempts  int
	result    []byte
	error     string
}

func newTransition(p *part) *transition {
	return &transition{
		part: p, ended: map[int]attemptEnd{}, again: map[int]requeueRow{}, leases: map[job.ID]int{},
		result: map[int][]byte{}, spec: map[int]*string{},
	}
}

// write queues changes and what this transition collected, some statements for
// each page of rows, and adds to r what becomes of it. Runs come before the
// resets that they remember, and evaluations before the ends that follow.
func (t *transition) write(tx Tx, changes workflow.Changes, now int64, r *store.Resolution) {
	reset := t.resetRows(changes.Reset, now)
	queueRows(tx, "keep_runs", reset)
	queueGuarded(tx, "reset_jobs", reset)
	t.forget(tx, changes.Reset)
	t.renew(tx, changes.Reset, reset, now)
	queueRows(tx, "insert_evaluations", t.evaluationRows(changes.Evaluated), now)
	queueRows(tx, "keep_lists", t.lists(changes.Evaluated))
	queueGuarded(tx, "end_jobs", t.endRows(changes.Ended), now)
	again := t.stillOpen()
	queueGuarded(tx, "requeue_jobs", again)
	queueGuarded(tx, "decide_jobs", t.decisionRows(changes.Decided))
	queueGuarded(tx, "count_jobs", t.countRows(changes.Counted))
	queueRows(tx, "insert_attempts", t.tries, now)
	resolved, reopened := t.edgeRows(changes.Edges)
	queueGuarded(tx, "reopen_edges", reopened)
	queueGuarded(tx, "resolve_edges", resolved)
	checks := t.foreignChecks()
	queueRows(tx, "insert_edge_checks", checks)
	wide := t.wideParents()
	queueRows(tx, "insert_parent_checks", wide)
	timers := append(t.decisionTimers(changes, now), t.stop(tx, changes.Stop, now, r)...)
	timers = append(timers, t.suspend(tx, changes.Suspended, now)...)
	parts := t.partChecks(changes, now)
	queueRows(tx, "insert_part_checks", parts)
	ready := t.claimable(changes.Runnable, now)
	ready.queue(tx, now)
	t.shrinkLeases(tx)
	queueGuarded(tx, "update_workflows", t.workflowRows(changes.Workflows), now)
	queueRows(tx, "insert_timers", timers)
	t.report(changes, again, now, r)
	r.Timer = r.Timer || len(ready.later)+len(timers) > 0
	r.Checks = r.Checks || len(checks)+len(wide)+len(parts) > 0
}

func (t *transition) ids(nodes []int) []job.ID {
	list := make([]job.ID, len(nodes))
	for k, i := range nodes {
		list[k] = t.part.Nodes[i].ID
	}
	return list
}

// resetRows makes the rows of jobs that begin anew. What was reset and has
// ended again in the same transaction is reset first.
func (t *transition) resetRows(nodes []int, now int64) []resetRow {
	list := make([]resetRow, len(nodes))
	for k, i := range nodes {
		n, j := t.part.Nodes[i], &t.part.jobs[i]
		j.reset, j.suspended = true, false
		j.epoch++ // what ends or requeues it from here on meets the new one
		j.scheduled, j.earlier, j.attempts = max(now, j.scheduled), j.earlier+j.attempts, 0
		list[k] = resetRow{
			ID: hexID(n.ID), Dependency: string(n.Deps), Unresolved: n.Counts.Unresolved, Active: n.Counts.Active,
			Inactive: n.Counts.Inactive, Broken: n.Counts.Broken, ScheduledAt: j.scheduled, Run: t.run, Payload: t.spec[i],
			Cause: hexID(n.Cause), Spared: boolInt(n.Spared),
		}
	}
	return list
}

// renew replaces payloads and gives jobs that begin anew new deadlines.
func (t *transition) renew(tx Tx, nodes []int, reset []resetRow, now int64) {
	var list []job.ID
	var timers []timerRow
	for _, i := range nodes {
		if d := t.part.jobs[i].deadline; d > 0 {
			list = append(list, t.part.Nodes[i].ID)
			timers = append(timers, timerRow{now + d, timerDeadline, hexID(t.part.Nodes[i].ID)})
		}
	}
	queueRows(tx, "delete_deadlines", list)
	queueRows(tx, "move_deadlines", timers)
	queueRows(tx, "insert_timers", timers)
	queueRows(tx, "replace_payloads", slices.DeleteFunc(slices.Clone(reset), func(r resetRow) bool { return r.Payload == nil }))
}

func (t *transition) evaluationRows(nodes []int) []evaluationRow {
	list := make([]evaluationRow, len(nodes))
	for k, i := range nodes {
		e := t.part.inputs[i].Evidence
		list[k] = evaluationRow{ID: hexID(t.part.Nodes[i].ID), Digest: e.Digest, With: string(e.With), Error: e.Error}
		if e.Value != nil {
			value := boolInt(*e.Value)
			list[k].Value = &value
		}
	}
	return list
}

func (t *transition) decisionRows(nodes []int) []decisionRow {
	list := make([]decisionRow, len(nodes))
	for k, i := range nodes {
		list[k] = decisionRow{ID: hexID(t.part.Nodes[i].ID), Decision: string(t.part.Nodes[i].Decision)}
		if result, decided := t.result[i]; decided {
			text := string(result)
			list[k].Result = &text
		}
	}
	return list
}

// stop queues what tells the workers of held nodes to stop them, and returns
// the timers of the workflows that then end them.
func (t *transition) stop(tx Tx, nodes []int, now int64, r *store.Resolution) []timerRow {
	p := t.part
	queueRows(tx, "mark_cancelling", t.ids(nodes))
	for list := range slices.Chunk(sortedIDs(t.ids(nodes)), p.pageRows) {
		tx.QueueQuery("held_by", func(row Row) error {
			var h holding
			err := row.Scan(&h.Fence.Job, &h.Fence.Epoch, &h.Fence.Lease, &h.worker, &h.claimedAt)
			if i := p.index[h.Fence.Job]; h.Fence.Epoch == p.jobs[i].epoch {
				r.Control = append(r.Control, store.Held{Fence: h.Fence, Worker: h.worker})
			}
			return err
		}, list)
	}
	var timers []timerRow
	seen := map[int]bool{}
	for _, i := range nodes {
		w := p.Nodes[i].Workflow
		if seen[w] {
			continue
		}
		seen[w] = true
		kind := timerGrace
		if p.Workflows[w].CancelFinally {
			kind = timerFinally
		}
		timers = append(timers, timerRow{now + p.grace, kind, hexID(p.Workflows[w].ID)})
	}
	return timers
}

// decisionTimers makes the timers of failures that began to wait for a decision.
func (t *transition) decisionTimers(changes workflow.Changes, now int64) []timerRow {
	var list []timerRow
	for _, nodes := range [][]int{changes.Ended, changes.Decided} {
		for _, i := range nodes {
			n := t.part.Nodes[i]
			if n.Decision != workflow.Undecided || n.Workflow < 0 {
				continue
			}
			if wait := t.part.ends[n.Workflow].decisionTimeout; wait > 0 {
				list = append(list, timerRow{now + wait, timerDecision, hexID(n.ID)})
			}
		}
	}
	return list
}

// foreignChecks returns the edges into other workflows whose parents have
// ended: those workflows are not locked here, so CheckEdges resolves them.
func (t *transition) foreignChecks() []edgeRow {
	var list []edgeRow
	for _, e := range t.part.foreign {
		if t.part.Nodes[t.part.index[job.ID(e.Parent)]].Settles() {
			list = append(list, e)
		}
	}
	return list
}

// wideParents returns the jobs that have ended and whose edges this transition
// has no room for: CheckEdges resolves them.
func (t *transition) wideParents() []job.ID {
	var list []job.ID
	for i := range t.part.later {
		if n := t.part.Nodes[i]; n.Settles() {
			list = append(list, n.ID)
		}
	}
	return sortedIDs(list)
}

func (t *transition) endRows(ended []int) []endRow {
	list := make([]endRow, len(ended))
	for k, i := range ended {
		n, j := t.part.Nodes[i], t.part.jobs[i]
		row := endRow{
			ID: hexID(n.ID), Epoch: j.epoch, Status: string(n.Status), Dependency: string(n.Deps), Reason: string(n.Reason),
			Cause: hexID(n.Cause), Attempts: j.attempts,
			Unresolved: n.Counts.Unresolved, Active: n.Counts.Active, Inactive: n.Counts.Inactive, Broken: n.Counts.Broken,
			Decision: string(n.Decision), Spared: boolInt(n.Spared),
		}
		if end, ok := t.ended[i]; ok {
			row.Attempts, row.Error, row.Lease, row.Worker = end.attempts, end.error, hexID(end.lease), end.worker
			row.StartedAt = &end.startedAt
			if end.result != nil {
				result := string(end.result)
				row.Result = &result
			}
		} else if last, ok := t.again[i]; ok { // in spite of an attempt left
			row.Attempts, row.Error, row.Worker = last.Attempts, last.Error, last.worker
		} else {
			row.Error = t.unevaluated(i)
			if n.Status == job.Completed && n.Result != nil { // nobody worked for it
				result := string(n.Result)
				row.Result = &result
			}
		}
		list[k] = row
	}
	return list
}

// unevaluated says why the condition or the inputs of a node that ends with
// that could not be worked out; else "".
func (t *transition) unevaluated(i int) string {
	if in := t.part.inputs[i]; in != nil {
		return in.Evidence.Error
	}
	return ""
}

// stillOpen returns the requeued jobs that nothing else in this transition
// has ended, and sets their times.
func (t *transition) stillOpen() []requeueRow {
	var open []requeueRow
	for _, i := range slices.Sorted(maps.Keys(t.again)) {
		if row := t.again[i]; !t.part.Nodes[i].Status.Terminal() {
			t.part.jobs[i].scheduled = row.ScheduledAt
			open = append(open, row)
		}
	}
	return open
}

func (t *transition) countRows(counted []int) []countRow {
	list := make([]countRow, len(counted))
	for k, i := range counted {
		n := t.part.Nodes[i]
		list[k] = countRow{
			hexID(n.ID), string(n.Deps), n.Counts.Unresolved, n.Counts.Active, n.Counts.Inactive, n.Counts.Broken,
			hexID(n.Cause), boolInt(n.Spared),
		}
	}
	return list
}

// edgeRows makes the rows of edges that are resolved, and of those that are
// unresolved again: some of these are resolved anew at once.
func (t *transition) edgeRows(edges []int) (resolved, reopened []edgeRow) {
	for _, i := range edges {
		e := t.part.Edges[i]
		row := edgeRow{Parent: hexID(t.part.Nodes[e.Parent].ID), Child: hexID(t.part.Nodes[e.Child].ID), State: string(e.State)}
		if t.part.was[i] != workflow.EdgeUnresolved {
			reopened = append(reopened, row)
		}
		if e.State != workflow.EdgeUnresolved {
			resolved = append(resolved, row)
		}
	}
	return resolved, reopened
}

func (t *transition) claimable(runnable []int, now int64) claimable {
	var c claimable
	for _, i := range runnable {
		c.add(t.part.Nodes[i].ID, t.part.jobs[i].scheduled, now)
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
			UserPaused: boolInt(h.UserPaused), Undecided: h.Undecided, Unforgiven: h.Unforgiven, Begun: boolInt(h.Begun),
			CancelFinally: boolInt(h.CancelFinally),
			Completed:     h.Tally.Completed, Failed: h.Tally.Failed, Dead: h.Tally.Dead, TimedOut: h.Tally.TimedOut,
			UpstreamFailed: h.Tally.UpstreamFailed, Cancelled: h.Tally.Cancelled, Skipped: h.Tally.Skipped,
			Ended: boolInt(h.Status.Terminal()), InFlight: h.InFlight, Next: t.part.nextTurn(i),
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
			Status: p.Nodes[i].Status, Reason: p.Nodes[i].Reason, Attempt: p.jobs[i].earlier + p.jobs[i].attempts,
			Error: t.unevaluated(i),
		}
		if end, ok := t.ended[i]; ok {
			e.Attempt, e.Error = p.jobs[i].earlier+end.attempts, end.error
		}
		r.Jobs = append(r.Jobs, e)
	}
	for _, row := range again {
		i := p.index[job.ID(row.ID)]
		r.Jobs = append(r.Jobs, store.JobEvent{
			Job: job.ID(row.ID), Workflow: p.jobs[i].workflow, Name: p.jobs[i].name,
			Status: job.Status(row.Status), Attempt: p.jobs[i].earlier + row.Attempts, Error: row.Error,
		})
	}
	for _, i := range changes.Suspended {
		if !t.part.jobs[i].reset {
			r.Jobs = append(r.Jobs, store.JobEvent{Job: p.Nodes[i].ID, Workflow: p.jobs[i].workflow, Name: p.jobs[i].name, Status: job.Suspended})
		}
	}
	for _, i := range changes.Reset {
		if n := p.Nodes[i]; !n.Status.Terminal() {
			r.Jobs = append(r.Jobs, store.JobEvent{Job: n.ID, Workflow: p.jobs[i].workflow, Name: p.jobs[i].name, Status: n.Status})
		}
	}
	for _, i := range changes.Runnable {
		if p.jobs[i].scheduled <= now {
			r.Queues = append(r.Queues, p.jobs[i].queue)
		}
	}
	for _, i := range changes.Workflows {
		if h := p.Workflows[i]; h.Status != p.before[i] {
			r.Workflows = append(r.Workflows, store.WorkflowEvent{Workflow: h.ID, Name: p.names[i], Status: h.Status})
		}
	}
	r.Queues = sortedSet(r.Queues)
}

func compareIDs(a, b job.ID) int { return bytes.Compare(a[:], b[:]) }
