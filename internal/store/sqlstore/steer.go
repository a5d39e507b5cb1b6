package sqlstore

import (
	"context"
	"fmt"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// PauseWorkflow implements store.Steerer.
func (s *Store) PauseWorkflow(ctx context.Context, id job.ID, by store.Actor) (store.Resolution, error) {
	return s.steer(ctx, "pause", id, by, func(h *workflow.Header) error {
		if h.Status != workflow.Running && h.Status != workflow.Paused {
			return fmt.Errorf("%w: it is %s", job.ErrWrongState, h.Status)
		}
		return nil
	}, func(r *workflow.Resolution) { r.Pause(0) })
}

// ResumeWorkflow implements store.Steerer.
func (s *Store) ResumeWorkflow(ctx context.Context, id job.ID, by store.Actor) (store.Resolution, error) {
	return s.steer(ctx, "resume", id, by, func(h *workflow.Header) error {
		switch {
		case h.Status.Terminal():
			return fmt.Errorf("%w: it has ended as %s", job.ErrWrongState, h.Status)
		case h.Status == workflow.Pending:
			return fmt.Errorf("%w: the job that is made of it may not run yet", job.ErrWrongState)
		case h.Undecided > 0:
			return fmt.Errorf("%w: %d failures wait for a decision", job.ErrWrongState, h.Undecided)
		}
		return nil
	}, func(r *workflow.Resolution) { r.Resume(0) })
}

// steer does to a workflow what somebody asks for, if it may be done.
func (s *Store) steer(ctx context.Context, action string, id job.ID, by store.Actor, may func(h *workflow.Header) error, act func(r *workflow.Resolution)) (store.Resolution, error) {
	var r store.Resolution
	entry := newAudit(action, id, job.ID{}, by)
	err := s.db.Write(ctx, func(tx Tx) error {
		r = store.Resolution{}
		p, err := s.lockWorkflow(tx, id)
		if err != nil {
			return err
		}
		if err := may(&p.Workflows[0]); err != nil {
			return err
		}
		if err := p.mayResume(tx, action); err != nil {
			return err
		}
		now, err := tx.Now()
		if err != nil {
			return err
		}
		changes, err := p.resolve(tx, func(r *workflow.Resolution, _ *workflow.Part) { act(r) })
		if err != nil || len(changes.Workflows) == 0 {
			return err
		}
		newTransition(p).write(tx, changes, now, &r)
		entry.queue(tx, now)
		return nil
	})
	if err != nil {
		return store.Resolution{}, fmt.Errorf("%s workflow %s: %w", action, id, err)
	}
	return r, nil
}

// mayResume refuses to resume parts whose pause came from above.
func (p *part) mayResume(tx Tx, action string) error {
	if action != "resume" || p.parents[0] == (job.ID{}) {
		return nil
	}
	var epoch int64
	var above bool
	id := p.Workflows[0].ID
	if err := tx.Query("parts_stand", func(r Row) error { return r.Scan(&epoch, &above) }, id[:]); err != nil || !above {
		return err
	}
	return fmt.Errorf("%w: the workflow that it is a job of is paused; resume that", job.ErrWrongState)
}

// auditRow is a row of insert_audit.
type auditRow struct {
	ID       hexID  `json:"id"`
	Actor    string `json:"actor"`
	Action   string `json:"action"`
	Workflow hexID  `json:"workflow_id"`
	Job      hexID  `json:"job_id"`
	Comment  string `json:"comment"`
}

// newAudit makes an entry. Its id is chosen before the transaction, so that a
// repetition writes it once.
func newAudit(action string, workflow, id job.ID, by store.Actor) auditRow {
	return auditRow{
		ID: hexID(job.NewID()), Actor: by.Name, Action: action, Workflow: hexID(workflow), Job: hexID(id),
		Comment: by.Comment,
	}
}

func (a auditRow) queue(tx Tx, now int64) { queueRows(tx, "insert_audit", []auditRow{a}, now) }

// Audit implements store.Reader.
func (s *Store) Audit(ctx context.Context, workflow, after job.ID, limit int) ([]store.AuditRecord, error) {
	var list []store.AuditRecord
	err := s.db.Read(ctx, func(tx Tx) error {
		list = nil
		return tx.Query("audit", func(r Row) error {
			var a store.AuditRecord
			err := r.Scan(&a.ID, nullTime{&a.At}, &a.Actor, &a.Action, nullID{&a.Workflow}, nullID{&a.Job}, &a.Comment)
			list = append(list, a)
			return err
		}, workflow[:], after[:], min(limit, store.MaxPage))
	})
	if err != nil {
		return nil, fmt.Errorf("audit of workflow %s: %w", workflow, err)
	}
	return list, nil
}
