package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Decide implements store.Steerer.
func (s *Store) Decide(ctx context.Context, d store.Decision, by store.Actor) (store.Resolution, error) {
	r, err := s.decide(ctx, d, by)
	if err != nil {
		return store.Resolution{}, fmt.Errorf("decide about job %s: %w", d.Job, err)
	}
	return r, nil
}

// decide locks the workflow and its undecided job, with its children. fired are
// the timers that ask for it.
func (s *Store) decide(ctx context.Context, d store.Decision, by store.Actor, fired ...timerRow) (store.Resolution, error) {
	var r store.Resolution
	entry := newAudit("decide."+string(d.Action), d.Workflow, d.Job, by)
	err := s.db.Write(ctx, func(tx Tx) error {
		r = store.Resolution{}
		p, err := s.lockWorkflow(tx, d.Workflow)
		if err != nil {
			return err
		}
		p.lockWithChildren(tx, []job.ID{d.Job})
		var now int64
		tx.QueueNow(&now)
		if err := tx.Flush(); err != nil {
			return err
		}
		i, known := p.index[d.Job]
		if !known || p.jobs[i].workflow != d.Workflow {
			return fmt.Errorf("job %w", job.ErrNotFound)
		}
		if mine, err := takeFired(tx, fired...); err != nil || !mine {
			return err
		}
		action := d.Action
		if action == "" {
			action = p.ends[0].decisionDefault
			if action == "" {
				action = workflow.ActionCancel
			}
		}
		if n := &p.Nodes[i]; n.Decision != workflow.Undecided {
			return fmt.Errorf("%w: job %s waits for no decision; it is %s", job.ErrWrongState, p.jobs[i].name, n.Status)
		}
		result := d.Result
		if action == workflow.ActionComplete && len(result) == 0 {
			result = json.RawMessage("null")
		}
		if err := p.takes(i, d.Payload); err != nil {
			return err
		}
		changes, err := p.resolve(tx, func(r *workflow.Resolution, _ *workflow.Part) { r.Decide(i, action, result) })
		if err != nil {
			return err
		}
		t := newTransition(p)
		switch action {
		case workflow.ActionComplete:
			t.result[i] = result
		case workflow.ActionRetry:
			t.replace(i, d.Payload)
		case workflow.ActionCancel:
			p.reasons[0] = job.ReasonUser
		}
		t.write(tx, changes, now, &r)
		entry.Action = "decide." + string(action)
		entry.queue(tx, now)
		return nil
	})
	return r, err
}

// decideByDefault decides what nobody has decided in time, because fired is
// due: what its workflow says, or to cancel it.
func (s *Store) decideByDefault(ctx context.Context, id job.ID, fired timerRow) (store.Resolution, error) {
	j, err := s.Job(ctx, id)
	if err != nil {
		return store.Resolution{}, err
	}
	w, err := s.decisionTimeout(ctx, j.Workflow)
	if err != nil {
		return store.Resolution{}, err
	}
	if j.Decision != workflow.Undecided || micros(j.FinishedAt)+w > fired.DueAt { // it was decided, and failed again
		return store.Resolution{}, job.ErrWrongState
	}
	d := store.Decision{Workflow: j.Workflow, Job: id}
	return s.decide(ctx, d, store.Actor{Name: "hammerwork", Comment: "nobody decided in time"}, fired)
}

// takes refuses a payload for node i that nobody reads, or that its inputs or items
// cannot be added to: no claim could make anything of the two. An empty one keeps
// what there is.
func (p *part) takes(i int, payload json.RawMessage) error {
	n := &p.Nodes[i]
	mapped := n.Parts == workflow.PartsMap
	switch {
	case len(payload) == 0:
		return nil
	case (len(n.With) > 0 || mapped) && !workflow.TakesInputs(payload):
		return fmt.Errorf("payload of job %s: %w", p.jobs[i].name, store.ErrNoObject)
	case (n.Gate != "" || n.Barrier || n.Parts != "" && !mapped) && string(payload) != "null":
		return fmt.Errorf("payload of job %s: %w", p.jobs[i].name, store.ErrUnread)
	}
	return nil
}

// replace replaces the payload of a job that is reset; an empty one keeps it.
func (t *transition) replace(i int, payload json.RawMessage) {
	if len(payload) > 0 {
		text := string(payload)
		t.spec[i] = &text
	}
}

// decisionTimeout returns how long failures of a workflow wait for a decision.
func (s *Store) decisionTimeout(ctx context.Context, id job.ID) (wait int64, err error) {
	err = s.db.Read(ctx, func(tx Tx) error {
		return tx.Query("workflow_rules", func(r Row) error {
			var text string
			var h workflow.Header
			if err := r.Scan(&text); err != nil {
				return err
			}
			ends, err := readWorkflowRules(text, &h)
			wait = ends.decisionTimeout
			return err
		}, id[:])
	})
	return wait, err
}
