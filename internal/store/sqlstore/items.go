package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// refusal says why something can't be done, for good.
type refusal string

func (r refusal) Error() string { return string(r) }

// jobOfParts is a job of parts as read without a lock, with what its parts have
// of it.
type jobOfParts struct {
	id, workflow job.ID
	epoch        int64
	status       job.Status
	parts        job.ID          // its parts; zero: a map that was not over anything yet
	list         json.RawMessage // of a map, what it is over; nil: it is none
	with         string          // of a map, the inputs that were worked out
	rules        partsRules
	job          job.Job
}

// jobOfParts reads a job of parts; nil: there is none.
func (s *Store) jobOfParts(ctx context.Context, id job.ID) (*jobOfParts, error) {
	var j *jobOfParts
	err := s.db.Read(ctx, func(tx Tx) error {
		j = nil
		return tx.Query("job_of_parts", func(r Row) error {
			x := &jobOfParts{id: id}
			var text, retry string
			var payload, list []byte
			var priority job.Priority
			var timeout int64
			spec := &x.job
			if err := r.Scan(nullID{&x.workflow}, &spec.Name, &spec.Queue, &payload, &priority, &retry, &timeout, &spec.TraceID, &spec.CorrelationID,
				&text, &x.epoch, &x.status, &list, &x.with); err != nil {
				return err
			}
			rules, err := readJobRules(text, &workflow.Node{ID: id})
			if err != nil || rules.Parts == nil {
				return err
			}
			var policy job.RetryPolicy
			if err := json.Unmarshal([]byte(retry), &policy); err != nil {
				return fmt.Errorf("retry policy: %w", err)
			}
			spec.ID, spec.Payload, spec.Priority, spec.Retry = id, payload, &priority, &policy
			spec.Timeout = time.Duration(timeout) * time.Microsecond
			x.rules, x.list = *rules.Parts, list
			switch {
			case x.rules.Workflow != nil:
				x.parts = *x.rules.Workflow
			case x.list != nil:
				x.parts = x.itemsID()
			}
			j = x
			return nil
		}, id[:])
	})
	return j, err
}

// endUnmade ends a map whose items can't be made.
func (s *Store) endUnmade(tx Tx, j *jobOfParts, why refusal, r *store.Resolution) error {
	p := s.lockGates(tx, []job.ID{j.id})
	var now int64
	tx.QueueNow(&now)
	if err := tx.Flush(); err != nil {
		return err
	}
	i, known := p.index[j.id]
	switch {
	case !known || p.Nodes[i].Status != job.Suspended:
		return nil
	case p.jobs[i].epoch != j.epoch:
		return errMoved
	}
	return s.endGates(tx, p, []gateEnd{{node: i, status: job.Failed, reason: job.ReasonInputError, error: string(why)}}, now, r)
}

// stillOpen locks a map and its workflow, so that neither is deleted as what is
// made of nothing yet. errMoved: it is not what it was when it was read.
func (s *Store) stillOpen(tx Tx, j *jobOfParts) error {
	p := s.newPart()
	p.lockWorkflows(tx, "lock_workflows_of_jobs", []job.ID{j.id})
	p.lockJobs(tx, "lock_jobs", []job.ID{j.id})
	if err := tx.Flush(); err != nil {
		return err
	}
	if i, known := p.index[j.id]; !known || p.Nodes[i].Status != job.Suspended || p.jobs[i].epoch != j.epoch {
		return errMoved
	}
	return nil
}

// itemsID is the id of the workflow of a map's items: derived from the job and
// from what they are made of, so that making them can be repeated, and another
// list makes others. Its time is that of the job.
func (j *jobOfParts) itemsID() job.ID {
	return job.DerivedID(job.IDTime(j.id), 0, j.id[:], j.list, j.job.Payload, []byte(j.with))
}

// stopItems cancels what runs of the items of another list: the map ended, and
// began anew, before that was seen. r gets what follows.
func (s *Store) stopItems(ctx context.Context, j *jobOfParts, r *store.Resolution) error {
	var made []job.ID
	err := s.db.Read(ctx, func(tx Tx) error {
		made = nil
		return tx.Query("made_of_jobs", func(r Row) error {
			var of, id job.ID
			err := r.Scan(&of, &id)
			made = append(made, id)
			return err
		}, []job.ID{j.id})
	})
	for _, id := range made {
		if id == j.parts || err != nil {
			continue
		}
		by := store.Actor{Name: "hammerwork", Comment: "its map is over another list"}
		done, failed := s.cancel(ctx, id, cancelCall{reason: job.ReasonUser, grace: s.opts.CancelGrace, by: by, once: true})
		if !errors.Is(failed, job.ErrWrongState) && !errors.Is(failed, job.ErrNotFound) {
			err = failed
		}
		addTo(r, done)
	}
	return err
}

// makeItems stores the items of a map, unless they are there. A refusal says why
// they can't be made.
func (s *Store) makeItems(ctx context.Context, j *jobOfParts, r *store.Resolution) error {
	stored := false
	err := s.db.Read(ctx, func(tx Tx) error {
		return tx.Query("workflow_status", func(r Row) error { stored = true; return r.Scan(new(workflow.Status)) }, j.parts[:])
	})
	if err != nil || stored {
		return err
	}
	if err := s.stopItems(ctx, j, r); err != nil {
		return err
	}
	w, err := (&workflow.Parts{Kind: j.rules.Kind}).Items(&j.job, j.list, json.RawMessage(j.with))
	if err != nil {
		return refusal(fmt.Sprintf("no items can be made: %v", err))
	}
	w.ID = j.parts
	for i, item := range w.Jobs {
		item.ID = job.DerivedID(job.IDTime(w.ID), i, w.ID[:]) // in the order of the items
	}
	e := newEnqueuer(nil, w, w.Jobs)
	e.of, e.bounds, e.items = j.id, j.rules, true
	chunk := s.opts.EnqueueChunk
	if len(w.Jobs) > 4*chunk {
		if err = s.buildHidden(ctx, e, chunk); err == nil {
			err = s.db.Write(ctx, func(tx Tx) error {
				if err := s.stillOpen(tx, j); err != nil {
					return err
				}
				e.in(tx)
				return e.show()
			})
		}
	} else {
		err = s.db.Write(ctx, func(tx Tx) error {
			if err := s.stillOpen(tx, j); err != nil {
				return err
			}
			e.in(tx)
			exists := false
			tx.QueueQuery("workflow_exists", func(Row) error { exists = true; return nil }, w.ID[:])
			if err := e.look(false); err != nil {
				return err
			}
			if exists {
				return store.ErrExists
			}
			return errors.Join(e.workflow("", ""), e.store(0, len(w.Jobs)))
		})
	}
	if errors.Is(err, store.ErrExists) || errors.Is(err, errGone) { // another was quicker
		err = nil
	}
	return err
}
