package sqlstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// RetryWorkflow implements store.Steerer. It loads the whole workflow, also for
// a plan: what that says holds under the same locks.
func (s *Store) RetryWorkflow(ctx context.Context, o store.Retry, dry bool, by store.Actor) (store.RetryPlan, store.Resolution, error) {
	var plan store.RetryPlan
	var r store.Resolution
	entry := newAudit("retry", o.Workflow, job.ID{}, by)
	err := s.db.Write(ctx, func(tx Tx) error {
		plan, r = store.RetryPlan{}, store.Resolution{}
		p, err := s.lockWorkflow(tx, o.Workflow)
		if err != nil {
			return err
		}
		if p.parents[0] != (job.ID{}) {
			return ofAnother(tx, o.Workflow)
		}
		if h := p.Workflows[0]; !h.Status.Terminal() && h.Status != workflow.Paused { // the common refusal costs nothing
			_, err := workflow.PlanRetry(&p.Part, 0, workflow.RetryAll, 0)
			return err
		}
		var now, timeout, stall int64
		tx.QueueNow(&now)
		tx.QueueQuery("workflow_run", func(r Row) error { return r.Scan(&plan.Run, &timeout, &stall) }, o.Workflow[:])
		if err := p.loadWorkflows(tx, []int{0}, workflow.KnownAll); err != nil {
			return err
		}
		plan.Run++
		from := 0
		if o.Mode == workflow.RetryFrom {
			i, known := p.index[o.From]
			if !known || p.Nodes[i].Workflow != 0 {
				return fmt.Errorf("job %s: %w", o.From, job.ErrNotFound)
			}
			from = i
		}
		nodes, err := workflow.PlanRetry(&p.Part, 0, o.Mode, from)
		if err != nil {
			return err
		}
		in := make(map[job.ID]int, len(nodes))
		for _, i := range nodes {
			in[p.Nodes[i].ID] = i
			plan.Jobs = append(plan.Jobs, store.PlannedJob{ID: p.Nodes[i].ID, Name: p.jobs[i].name, Status: p.Nodes[i].Status})
		}
		if err := namesSpawners(tx, plan.Jobs); err != nil {
			return err
		}
		for id, payload := range o.Payloads {
			at, known := p.index[id]
			if !known || p.Nodes[at].Workflow != 0 {
				return fmt.Errorf("job %s: %w", id, job.ErrNotFound)
			}
			i, reset := in[id]
			if !reset {
				return fmt.Errorf("%w: job %s is not among those that run again, so its payload can't be replaced", job.ErrWrongState, p.jobs[at].name)
			}
			if err := p.takes(i, payload); err != nil {
				return err
			}
		}
		if dry {
			return errDry
		}
		changes, err := p.resolve(tx, func(r *workflow.Resolution, _ *workflow.Part) { r.Retry(0, nodes) })
		if err != nil {
			return err
		}
		p.reasons[0] = ""
		t := newTransition(p)
		t.run = plan.Run
		for id, payload := range o.Payloads {
			t.replace(in[id], payload)
		}
		t.reopen(tx, o.Workflow, timeout, stall, now, &r)
		t.write(tx, changes, now, &r)
		entry.queue(tx, now)
		return nil
	})
	if errors.Is(err, errDry) {
		err = nil
	}
	if err != nil {
		return store.RetryPlan{}, store.Resolution{}, fmt.Errorf("retry workflow %s: %w", o.Workflow, err)
	}
	return plan, r, nil
}

// namesSpawners says of the jobs of a plan who spawned them.
func namesSpawners(tx Tx, plan []store.PlannedJob) error {
	list := make([]job.ID, len(plan))
	for i, j := range plan {
		list[i] = j.ID
	}
	by, err := spawners(tx, list)
	for i, j := range plan {
		plan[i].SpawnedBy = by[j.ID].Name
	}
	return err
}

// errDry rolls back what only looked.
var errDry = errors.New("nothing is to be changed")

// ofAnother says that a workflow is run as a job, and what to retry or delete
// instead.
func ofAnother(tx Tx, id job.ID) error {
	var parent, of job.ID
	var name string
	if err := tx.Query("parent_of_workflow", func(r Row) error { return r.Scan(&parent, &name, nullID{&of}) }, id[:]); err != nil {
		return err
	}
	if of == (job.ID{}) {
		return fmt.Errorf("%w: job %s is made of it; use hammerwork job retry %s", job.ErrWrongState, name, parent)
	}
	return fmt.Errorf("%w: job %s of workflow %s is made of it; use hammerwork workflow retry %s", job.ErrWrongState, name, of, of)
}
