package storetest

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/model"
	"github.com/hammerwork/hammerwork/pkg/workflow/model/modeltest"
)

var (
	modelCases = flag.Int("modelcases", 20, "how many random workflows a store is held to the model with")
	partsCases = flag.Int("partscases", 20, "how many random workflows with gates and parts a store is held to the model with")
)

// testModel holds a store to the reference model of workflows.
func testModel(t *testing.T, open Opener) {
	check(t, open, "after everything that happens to random workflows the store is as the model is", func(r *rig) {
		modeltest.Run(r.T, func() modeltest.Engine { return atWork{r.modelled()} }, *modelCases)
	})
}

// testModelOfParts does so for workflows with gates and with jobs that are made
// of others.
func testModelOfParts(t *testing.T, open Opener) {
	check(t, open, "after everything that happens to random workflows with gates and parts the store is as the model is", func(r *rig) {
		modeltest.Run(r.T, func() modeltest.Engine { return r.modelled() }, *partsCases)
	})
}

func (r *rig) modelled() *modelled {
	r.BreakCommit(CommitWorks) // a case that failed may have left another mode
	return &modelled{rig: r, held: map[int]store.Claimed{}}
}

// atWork is a store all of whose jobs have work of their own.
type atWork struct {
	modeltest.Engine
}

// Break implements modeltest.Unreliable.
func (e atWork) Break(happened bool) { e.Engine.(modeltest.Unreliable).Break(happened) }

// modelled drives a store as package modeltest asks. Each job has a queue of its
// own, so that it can be claimed alone. The cases share a database.
type modelled struct {
	*rig
	jobs   []*job.Job
	flows  []job.ID
	in     []int // the workflow of each job, by number
	as     []int // the job that each workflow is run as, by number from 1; 0: none
	edges  []modelEdge
	held   map[int]store.Claimed
	leases []job.ID    // of all claims
	seen   model.State // of the last Snapshot
	breaks bool        // the next commit does
	mode   BreakMode
}

// modelEdge is an edge as it was asked for.
type modelEdge struct{ parent, child job.ID }

// Break makes the next commit break. What its caller does then is what callers
// do: machines tell it again, to another handle; people look first.
func (m *modelled) Break(happened bool) {
	m.breaks, m.mode = true, CommitRefused
	if happened {
		m.mode = CommitHappened
	}
	m.BreakCommit(m.mode)
}

// broke reports whether an error is that of the broken commit.
func (m *modelled) broke(err error) bool {
	if !m.breaks || err == nil || errors.Is(err, job.ErrWrongState) {
		return false
	}
	m.breaks = false
	return true
}

// machine lets something happen that is told until there is an answer.
func (m *modelled) machine(call func(s store.Store, again bool) (store.Resolution, error)) error {
	r, err := call(m.s, false)
	if m.broke(err) { // what the answer would have said is found in time
		r, err = call(m.Second(), true)
		r.Checks = true
	}
	if err != nil {
		return err
	}
	return m.follow(r.Checks)
}

// person lets something happen that somebody asks for, who after an error asks
// again only if nothing has changed.
func (m *modelled) person(call func(s store.Store) (store.Resolution, error)) error {
	r, err := call(m.s)
	if m.broke(err) {
		if m.mode == CommitHappened {
			return m.follow(true)
		}
		r, err = call(m.Second())
	}
	if err != nil {
		return err
	}
	return m.follow(r.Checks)
}

// follow settles the edges that wait for it, if any do, and then lets the first
// job of parts and these see each other that are to.
func (m *modelled) follow(checks bool) error {
	for checks {
		r, err := m.s.CheckEdges(m.ctx, everything)
		if m.broke(err) {
			continue
		}
		if err != nil {
			return err
		}
		if checks = r.Done > 0; checks || !m.nextParts() {
			continue
		}
		checks = true
		if _, err := m.s.CheckParts(m.ctx, 1); err != nil && !m.broke(err) {
			return err
		}
		m.findItems()
	}
	return nil
}

// nextParts puts the check of the job with the lowest number before the others,
// if there is any.
func (m *modelled) nextParts() bool {
	first := len(m.jobs)
	for _, row := range m.query("SELECT job_id FROM part_check") {
		if i := m.number(identifier(row["job_id"])); i >= 0 {
			first = min(first, i)
		}
	}
	if first == len(m.jobs) {
		return false
	}
	id := m.jobs[first].ID
	row := m.query("SELECT id FROM part_check WHERE job_id = ? ORDER BY id LIMIT 1", id[:])[0]
	lowest := job.ID{15: 1}
	m.plant("DELETE FROM part_check WHERE id = ?", lowest[:])
	check := identifier(row["id"])
	m.plant("UPDATE part_check SET id = ? WHERE id = ?", lowest[:], check[:])
	return true
}

// number is that of a job; below 0: it is of another case.
func (m *modelled) number(id job.ID) int {
	return slices.IndexFunc(m.jobs, func(j *job.Job) bool { return j.ID == id })
}

// findItems gives numbers to the items of maps that were made.
func (m *modelled) findItems() {
	for i := 0; i < len(m.jobs); i++ {
		p := workflow.PartsOf(m.jobs[i])
		if p == nil || p.Kind != workflow.PartsMap || slices.Contains(m.as, i+1) {
			continue
		}
		id := m.job(m.jobs[i].ID).Parts.Workflow
		if id == (job.ID{}) {
			continue
		}
		m.flows, m.as = append(m.flows, id), append(m.as, i+1)
		for _, rec := range m.rig.jobs(id) {
			m.jobs, m.in = append(m.jobs, &job.Job{ID: rec.ID, Queue: rec.Queue}), append(m.in, len(m.flows)-1)
		}
	}
}

func (m *modelled) Enqueue(w *workflow.Workflow) error {
	spec := m.add(w, 0)
	return m.machine(func(s store.Store, again bool) (r store.Resolution, err error) {
		var e store.Enqueued
		if w.ID == (job.ID{}) {
			e, err = s.EnqueueJobs(m.ctx, spec.Jobs, nil)
		} else { // not validated: a store takes what makes no sense, too
			e, err = s.EnqueueWorkflow(m.ctx, spec, store.EnqueueOptions{})
		}
		if again && errors.Is(err, store.ErrExists) {
			err = nil
		}
		return store.Resolution{Checks: e.Checks}, err
	})
}

// add numbers the jobs of a workflow, and then what they are made of; as is the
// number of the job that it is run as, from 1. It returns what is enqueued: each
// job has a queue of its own.
func (m *modelled) add(w *workflow.Workflow, as int) *workflow.Workflow {
	flow := -1
	if w.ID != (job.ID{}) {
		flow = len(m.flows)
		m.flows, m.as = append(m.flows, w.ID), append(m.as, as)
	}
	first := len(m.jobs)
	spec := *w
	spec.Jobs = nil
	for _, j := range w.Jobs {
		other := *j
		other.Queue = j.ID.String()
		spec.Jobs = append(spec.Jobs, &other)
		m.jobs, m.in = append(m.jobs, &other), append(m.in, flow)
		for _, d := range j.DependsOn {
			m.edges = append(m.edges, modelEdge{d.Parent, j.ID})
		}
	}
	for k, j := range spec.Jobs {
		if p := workflow.PartsOf(j); p != nil && p.Workflow != nil {
			other := *p
			other.Workflow = m.add(p.Workflow, first+k+1)
			j.Parts = &other
		}
	}
	return &spec
}

func (m *modelled) Claim(i int) error {
	if i >= len(m.jobs) {
		return job.ErrWrongState
	}
	// Items of a map have one queue.
	id, aside := m.jobs[i].ID, newLease().String()
	m.plant("UPDATE ready SET queue = ? WHERE queue = ? AND id <> ?", aside, m.jobs[i].Queue, id[:])
	defer m.plant("UPDATE ready SET queue = ? WHERE queue = ?", m.jobs[i].Queue, aside)
	grants := []store.Grant{{Lease: newLease(), Worker: worker, Queues: []string{m.jobs[i].Queue}, Limit: 1}}
	m.leases = append(m.leases, grants[0].Lease)
	return m.machine(func(s store.Store, again bool) (r store.Resolution, err error) {
		leases, err := s.Claim(m.ctx, grants, again)
		if err == nil && len(leases) == 0 {
			err = job.ErrWrongState
		}
		if err == nil {
			m.fits(grants[0], leases)
			m.held[i] = leases[0].Jobs[0]
		}
		return r, err
	})
}

func (m *modelled) End(batch []model.Outcome) error {
	var list []job.Outcome
	for _, o := range batch {
		c, held := m.held[o.Job]
		if !held {
			c.Fence = job.Fence{Job: m.jobs[o.Job].ID, Lease: newLease()}
		}
		out, now := o.Outcome, job.Duration(0)
		out.Fence, out.RetryAfter = c.Fence, &now
		list = append(list, out)
	}
	return m.machine(func(s store.Store, _ bool) (store.Resolution, error) { return s.Resolve(m.ctx, list) })
}

// Spawn implements modeltest.Spawner.
func (m *modelled) Spawn(o model.Outcome) error {
	c, held := m.held[o.Job]
	if !held {
		c.Fence = job.Fence{Job: m.jobs[o.Job].ID, Lease: newLease()}
	}
	o.Fence, o.Spawned = c.Fence, slices.Clone(o.Spawned)
	for k, s := range o.Spawned {
		other := *s.Job
		other.DependsOn = slices.Clone(other.DependsOn)
		if other.Gate == nil {
			other.Queue = other.ID.String()
		}
		o.Spawned[k].Job = &other
	}
	verdict, why := job.Committed, ""
	err := m.machine(func(s store.Store, _ bool) (store.Resolution, error) {
		r, err := s.Resolve(m.ctx, []job.Outcome{o.Outcome})
		if err == nil {
			verdict, why = r.Verdicts[0], r.Refused[0]
			m.findSpawned(o)
		}
		return r, err
	})
	again := m.seen.Jobs[o.Job].Status != job.Running // what comes again is said again
	if err == nil && (verdict != job.Committed || again) {
		err = fmt.Errorf("%w: %s", job.ErrWrongState, why)
	}
	return err
}

// findSpawned gives numbers to the jobs that were spawned, and finds their edges.
func (m *modelled) findSpawned(o model.Outcome) {
	var pairs []modelEdge
	for _, s := range o.Spawned {
		if len(m.query("SELECT id FROM job_state WHERE id = ?", s.ID[:])) > 0 {
			m.jobs, m.in = append(m.jobs, s.Job), append(m.in, m.in[o.Job])
		}
		for _, d := range s.DependsOn {
			pairs = append(pairs, modelEdge{m.named(o, d.Parent), s.ID})
		}
	}
	for _, s := range o.Spawned {
		for _, name := range s.Before {
			if i := slices.IndexFunc(m.jobs, func(j *job.Job) bool { return j.Name == name && m.in[m.number(j.ID)] == m.in[o.Job] }); i >= 0 {
				pairs = append(pairs, modelEdge{m.named(o, s.ID), m.jobs[i].ID})
			}
		}
	}
	for _, e := range pairs {
		if !slices.Contains(m.edges, e) && len(m.query("SELECT state FROM edges WHERE parent_id = ? AND child_id = ?", e.parent[:], e.child[:])) > 0 {
			m.edges = append(m.edges, e)
		}
	}
}

// named is the id of the job that a spawned one is: an earlier run may have
// spawned it.
func (m *modelled) named(o model.Outcome, id job.ID) job.ID {
	k := slices.IndexFunc(o.Spawned, func(s job.Spawned) bool { return s.ID == id })
	if k < 0 || m.number(id) >= 0 || m.in[o.Job] < 0 {
		return id
	}
	for i, j := range m.jobs {
		if j.Name == o.Spawned[k].Name && m.in[i] == m.in[o.Job] {
			return j.ID
		}
	}
	return id
}

func (m *modelled) EndAlone(i int, status job.Status, _ job.Reason) error {
	switch now := m.seen.Jobs[i].Status; {
	case now == job.Running || now.Terminal() || m.in[i] >= 0 && m.seen.Workflows[m.in[i]].Status == workflow.Pending:
		return job.ErrWrongState
	case status == job.TimedOut:
		return m.due("deadline", m.jobs[i].ID)
	case now == job.Suspended && m.jobs[i].Parts != nil: // its grace is over before they have heard of it
		m.plant("UPDATE job_state SET cancelling = ? WHERE id = ?", true, m.idAt(i))
		return m.due("cancel", m.jobs[i].ID)
	}
	return m.person(func(s store.Store) (store.Resolution, error) { return s.CancelJob(m.ctx, m.jobs[i].ID, grace) })
}

func (m *modelled) idAt(i int) []byte { id := m.jobs[i].ID; return id[:] }

// Answer implements modeltest.Workless.
func (m *modelled) Answer(i int, approve bool, payload json.RawMessage) error {
	a := store.Answer{Job: m.jobs[i].ID, Type: job.GateApproval, Approve: approve}
	if g := m.jobs[i].Gate; g != nil && g.Type == job.GateSignal {
		a.Type, a.Payload = job.GateSignal, payload
	}
	return m.person(func(s store.Store) (store.Resolution, error) { return s.AnswerGate(m.ctx, a, nobody) })
}

// Elapse implements modeltest.Workless.
func (m *modelled) Elapse(i int) error {
	if g := m.jobs[i].Gate; g == nil || m.seen.Jobs[i].Status != job.Suspended || g.Type != job.GateTimer && g.ExpiresAfter == 0 {
		return job.ErrWrongState
	}
	m.plant("UPDATE suspensions SET expires_at = 1 WHERE job_id = ?", m.idAt(i))
	return m.due("gate", m.jobs[i].ID)
}

// due lets a timer come due now.
func (m *modelled) due(kind string, id job.ID) error {
	m.plant("DELETE FROM timers WHERE kind = ? AND id = ?", kind, id[:])
	m.plant("INSERT INTO timers (due_at, kind, id) VALUES (1, ?, ?)", kind, id[:])
	return m.machine(func(s store.Store, _ bool) (store.Resolution, error) {
		r, _, err := s.FireTimers(m.ctx, everything)
		return r, err
	})
}

func (m *modelled) Cancel(f int, reason job.Reason) error {
	if reason == job.ReasonDeadline {
		if s := m.seen.Workflows[f].Status; s.Terminal() || s == workflow.Pending {
			return job.ErrWrongState
		}
		return m.due("workflow", m.flows[f])
	}
	return m.person(func(s store.Store) (store.Resolution, error) {
		return s.CancelWorkflow(m.ctx, m.flows[f], grace, nobody)
	})
}

func (m *modelled) GraceOver(f int) error {
	w := m.workflow(m.flows[f])
	if w.Status != workflow.Cancelling && (!w.Failing || !w.CancelRunning || w.Status.Terminal()) {
		return job.ErrWrongState
	}
	kind := "grace"
	if len(m.query("SELECT id FROM workflows WHERE id = ? AND cancel_finally = ?", m.flows[f][:], true)) > 0 {
		kind = "finally"
	}
	return m.due(kind, m.flows[f])
}

func (m *modelled) Pause(f int, on bool) error {
	return m.person(func(s store.Store) (store.Resolution, error) {
		if on {
			return s.PauseWorkflow(m.ctx, m.flows[f], nobody)
		}
		return s.ResumeWorkflow(m.ctx, m.flows[f], nobody)
	})
}

func (m *modelled) Decide(i int, a workflow.Action, result json.RawMessage) error {
	if m.in[i] < 0 {
		return job.ErrWrongState
	}
	return m.person(func(s store.Store) (store.Resolution, error) {
		return s.Decide(m.ctx, store.Decision{Workflow: m.flows[m.in[i]], Job: m.jobs[i].ID, Action: a, Result: result}, nobody)
	})
}

func (m *modelled) Retry(f int, mode workflow.RetryMode, from int) error {
	return m.person(func(s store.Store) (store.Resolution, error) {
		_, r, err := s.RetryWorkflow(m.ctx, store.Retry{Workflow: m.flows[f], Mode: mode, From: m.jobs[from].ID}, false, nobody)
		return r, err
	})
}

// Snapshot reads what is stored, each table once.
func (m *modelled) Snapshot() (s model.State) {
	if m.breaks { // nothing was committed
		m.breaks = false
		m.BreakCommit(CommitWorks)
	}
	flows := m.rowsOf("workflows", "id", m.flows, "status, failing, user_paused, undecided, total, completed, failed, dead, timed_out, upstream_failed, cancelled, skipped")
	jobs := m.rowsOf("job_state", "id", m.ids(), "status, dependency_status, reason, cause_job_id, epoch, unresolved, active, inactive, broken, spared, decision, attempts")
	held, ready := m.holders(), m.rows("ready", "queue", m.queues(), "id")
	for f, id := range m.flows {
		row := flows[id][0]
		s.Workflows = append(s.Workflows, model.WorkflowState{
			Status: workflow.Status(text(row["status"])), Failing: number(row["failing"]) != 0, UserPaused: number(row["user_paused"]) != 0,
			Undecided: number(row["undecided"]), Parent: m.as[f],
			Tally: workflow.Tally{
				Total: number(row["total"]), Completed: number(row["completed"]), Failed: number(row["failed"]), Dead: number(row["dead"]),
				TimedOut: number(row["timed_out"]), UpstreamFailed: number(row["upstream_failed"]), Cancelled: number(row["cancelled"]),
				Skipped: number(row["skipped"]),
			},
		})
	}
	for i, j := range m.jobs {
		row := jobs[j.ID][0]
		state := model.JobState{
			Workflow: m.in[i], Status: job.Status(text(row["status"])), Deps: job.DependencyStatus(text(row["dependency_status"])),
			Reason: job.Reason(text(row["reason"])), Spared: number(row["spared"]) != 0, Decision: workflow.Action(text(row["decision"])),
			Attempts: number(row["attempts"]), Runnable: slices.ContainsFunc(ready[j.Queue], func(row map[string]any) bool { return identifier(row["id"]) == j.ID }),
			Counts: workflow.Counts{
				Unresolved: number(row["unresolved"]), Active: number(row["active"]), Inactive: number(row["inactive"]), Broken: number(row["broken"]),
			},
		}
		if row["cause_job_id"] != nil {
			state.Cause = identifier(row["cause_job_id"])
		}
		if epoch, listed := held[j.ID]; listed && epoch == number(row["epoch"]) && !state.Status.Terminal() {
			state.Status = job.Running
		}
		s.Jobs = append(s.Jobs, state)
	}
	edges := m.rowsOf("edges", "child_id", m.ids(), "parent_id, state")
	for _, e := range m.edges {
		at := slices.IndexFunc(edges[e.child], func(row map[string]any) bool { return identifier(row["parent_id"]) == e.parent })
		s.Edges = append(s.Edges, workflow.EdgeState(text(edges[e.child][at]["state"])))
	}
	m.seen = s
	return s
}

func (m *modelled) ids() (list []job.ID) {
	for _, j := range m.jobs {
		list = append(list, j.ID)
	}
	return list
}

func (m *modelled) queues() (list []any) {
	for _, j := range m.jobs {
		list = append(list, j.Queue)
	}
	return list
}

// rowsOf reads columns of the rows of a table whose key, which has an index, is
// one of some ids. What other cases have deleted is not passed over.
func (m *modelled) rowsOf(table, key string, ids []job.ID, columns string) map[job.ID][]map[string]any {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id[:]
	}
	rows := map[job.ID][]map[string]any{}
	for _, list := range m.rows(table, key, args, columns) {
		rows[identifier(list[0][key])] = list
	}
	return rows
}

// rows is rowsOf for keys of any type.
func (m *modelled) rows(table, key string, values []any, columns string) map[string][]map[string]any {
	rows := map[string][]map[string]any{}
	if len(values) == 0 {
		return rows
	}
	if columns != "*" {
		columns = key + ", " + columns
	}
	query := "SELECT " + columns + " FROM " + table + " WHERE " + key + " IN (?" + strings.Repeat(", ?", len(values)-1) + ")"
	for _, row := range m.query(query, values...) {
		at := fmt.Sprintf("%s", row[key])
		rows[at] = append(rows[at], row)
	}
	return rows
}

// holders returns the epochs of the claims that leases list, by job.
func (m *modelled) holders() map[job.ID]int {
	epochs := map[job.ID]int{}
	for _, rows := range m.rowsOf("leases", "id", m.leases, "*") {
		if row := rows[0]; row["jobs"] == nil { // PostgreSQL has arrays
			for k, id := range row["job_ids"].([]any) {
				epochs[identifier(id)] = number(row["epochs"].([]any)[k])
			}
			continue
		}
		var list [][2]any
		m.ok(json.Unmarshal([]byte(text(rows[0]["jobs"])), &list), "jobs of a lease")
		for _, entry := range list {
			epochs[identifier(entry[0])] = number(entry[1])
		}
	}
	return epochs
}
