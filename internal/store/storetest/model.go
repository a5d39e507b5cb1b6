package storetest

import (
	"encoding/json"
	"flag"
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/model"
	"github.com/hammerwork/hammerwork/pkg/workflow/model/modeltest"
)

var modelCases = flag.Int("modelcases", 60, "how many random workflows a store is held to the model with")

// testModel holds a store to the reference model of workflows.
func testModel(t *testing.T, open Opener) {
	check(t, open, "after everything that happens to random workflows the store is as the model is", func(r *rig) {
		modeltest.Run(r.T, func() modeltest.Engine { return &modelled{rig: r, at: map[job.ID]int{}} }, *modelCases)
	})
}

// modelled drives a store as package modeltest asks. Each job has a queue of its
// own, so that it can be claimed alone.
type modelled struct {
	*rig
	jobs  []job.ID
	flows []job.ID
	in    []int
	edges []modelEdge
	at    map[job.ID]int
	held  map[int]store.Claimed
}

// modelEdge is an edge as it was asked for.
type modelEdge struct{ parent, child int }

func (m *modelled) queueOf(i int) string { return m.jobs[i].String() }

func (m *modelled) Enqueue(spec *model.WorkflowSpec, jobs []model.JobSpec) error {
	flow := -1
	if spec != nil {
		flow = len(m.flows)
	}
	var list []*job.Job
	for _, s := range jobs {
		j := &job.Job{
			ID: job.NewID(), Join: s.Join, AllowFailure: s.AllowFailure, Finally: s.Finally, Catch: s.Catch,
			Barrier: s.Barrier, Condition: s.Condition, Unmet: s.Unmet, Payload: json.RawMessage("{}"),
			Retry: &job.RetryPolicy{MaxAttempts: s.Attempts},
		}
		i := len(m.jobs)
		j.Name, j.Queue = model.JobName(i), j.ID.String()
		m.jobs, m.in = append(m.jobs, j.ID), append(m.in, flow)
		m.at[j.ID] = i
		for _, p := range s.Parents {
			j.DependsOn = append(j.DependsOn, job.Dependency{Parent: m.jobs[p.Job], On: p.On, Optional: p.Optional})
			m.edges = append(m.edges, modelEdge{p.Job, i})
		}
		list = append(list, j)
	}
	if spec == nil {
		_, err := m.s.EnqueueJobs(m.ctx, list, nil)
		return m.after(err)
	}
	w := &workflow.Workflow{ // not validated: a store takes what makes no sense, too
		ID: job.NewID(), Name: "modelled", FailurePolicy: spec.Policy, Metadata: json.RawMessage("{}"), Jobs: list,
	}
	if spec.CancelRunning {
		w.Running = workflow.CancelRunning
	}
	m.flows = append(m.flows, w.ID)
	_, err := m.s.EnqueueWorkflow(m.ctx, w, store.EnqueueOptions{})
	return m.after(err)
}

// after works off what an action left to others.
func (m *modelled) after(err error) error {
	for err == nil {
		var r store.Resolution
		if r, err = m.s.CheckEdges(m.ctx, everything); err != nil || r.Done == 0 {
			break
		}
	}
	return err
}

func (m *modelled) Claim(i int) error {
	if i >= len(m.jobs) {
		return job.ErrWrongState
	}
	got := m.claim(1, m.queueOf(i))
	if len(got) == 0 {
		return job.ErrWrongState
	}
	if m.held == nil {
		m.held = map[int]store.Claimed{}
	}
	m.held[i] = got[0]
	return nil
}

func (m *modelled) End(batch []model.Outcome) error {
	var list []job.Outcome
	for _, o := range batch {
		c, held := m.held[o.Job]
		if !held {
			c.Fence = job.Fence{Job: m.jobs[o.Job], Lease: newLease()}
		}
		now := job.Duration(0)
		out := job.Outcome{Fence: c.Fence, Kind: o.Kind, Permanent: o.Permanent, RetryAfter: &now}
		if o.Kind == job.KindCompleted {
			out.Result = model.Result
		}
		list = append(list, out)
	}
	_, err := m.s.Resolve(m.ctx, list)
	return m.after(err)
}

func (m *modelled) CancelJob(i int) error {
	if m.status(i) == job.Running {
		return job.ErrWrongState
	}
	_, err := m.s.CancelJob(m.ctx, m.jobs[i], grace)
	return m.after(err)
}

func (m *modelled) RetryJob(i int) error {
	_, err := m.s.RetryJob(m.ctx, m.jobs[i], nil, nobody)
	return m.after(err)
}

func (m *modelled) ExpireJob(i int) error {
	if s := m.status(i); s == job.Running || s.Terminal() {
		return job.ErrWrongState
	}
	return m.due("deadline", m.jobs[i])
}

// due lets a timer come due now.
func (m *modelled) due(kind string, id job.ID) error {
	m.plant("DELETE FROM timers WHERE kind = ? AND id = ?", kind, id[:])
	m.plant("INSERT INTO timers (due_at, kind, id) VALUES (1, ?, ?)", kind, id[:])
	_, _, err := m.s.FireTimers(m.ctx, everything)
	return m.after(err)
}

func (m *modelled) Cancel(f int, reason job.Reason) error {
	if reason == job.ReasonDeadline {
		if w := m.workflow(m.flows[f]); w.Status.Terminal() {
			return job.ErrWrongState
		}
		return m.due("workflow", m.flows[f])
	}
	_, err := m.s.CancelWorkflow(m.ctx, m.flows[f], grace, nobody)
	return m.after(err)
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

func (m *modelled) Pause(f int) error {
	_, err := m.s.PauseWorkflow(m.ctx, m.flows[f], nobody)
	return m.after(err)
}

func (m *modelled) Resume(f int) error {
	_, err := m.s.ResumeWorkflow(m.ctx, m.flows[f], nobody)
	return m.after(err)
}

func (m *modelled) Decide(i int, a workflow.Action, result json.RawMessage) error {
	if m.in[i] < 0 {
		return job.ErrWrongState
	}
	_, err := m.s.Decide(m.ctx, store.Decision{Workflow: m.flows[m.in[i]], Job: m.jobs[i], Action: a, Result: result}, nobody)
	return m.after(err)
}

func (m *modelled) Retry(f int, mode workflow.RetryMode, from int) error {
	_, _, err := m.s.RetryWorkflow(m.ctx, store.Retry{Workflow: m.flows[f], Mode: mode, From: m.jobs[from]}, false, nobody)
	return m.after(err)
}

// status is a job's as people see it.
func (m *modelled) status(i int) job.Status {
	rec, err := m.s.Job(m.ctx, m.jobs[i])
	m.ok(err, "job")
	return rec.Status
}

func (m *modelled) Snapshot() model.State {
	var s model.State
	for _, id := range m.flows {
		w := m.workflow(id)
		s.Workflows = append(s.Workflows, model.WorkflowState{
			Status: w.Status, Failing: w.Failing, UserPaused: w.UserPaused, Undecided: w.Undecided, Tally: w.Tally,
		})
	}
	for i, id := range m.jobs {
		row := m.query(`SELECT s.unresolved, s.active, s.inactive, s.broken, s.spared, s.attempts,
			(SELECT count(*) FROM ready r WHERE r.id = s.id) AS places FROM job_state s WHERE s.id = ?`, id[:])[0]
		rec, err := m.s.Job(m.ctx, id)
		m.ok(err, "job")
		state := model.JobState{
			Workflow: m.in[i], Status: rec.Status, Deps: rec.DependencyStatus, Reason: rec.Reason, Cause: -1,
			Counts: workflow.Counts{
				Unresolved: number(row["unresolved"]), Active: number(row["active"]), Inactive: number(row["inactive"]), Broken: number(row["broken"]),
			},
			Spared: number(row["spared"]) != 0, Decision: rec.Decision, Attempts: number(row["attempts"]), Runnable: number(row["places"]) > 0,
		}
		if at, known := m.at[rec.Cause]; rec.Status == job.UpstreamFailed && known {
			state.Cause = at
		}
		s.Jobs = append(s.Jobs, state)
	}
	for _, e := range m.edges {
		rows := m.query("SELECT state FROM edges WHERE parent_id = ? AND child_id = ?", m.jobs[e.parent][:], m.jobs[e.child][:])
		if len(rows) != 1 {
			m.Fatalf("an edge has %d rows", len(rows))
		}
		s.Edges = append(s.Edges, workflow.EdgeState(text(rows[0]["state"])))
	}
	return s
}
