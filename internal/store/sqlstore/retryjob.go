package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// RetryJob implements store.Operator.
func (s *Store) RetryJob(ctx context.Context, id job.ID, payload json.RawMessage, by store.Actor) (store.Resolution, error) {
	var r store.Resolution
	entry := newAudit("retry", id, id, by) // without a workflow it is found by its job
	err := s.db.Write(ctx, func(tx Tx) error {
		r = store.Resolution{}
		p := s.newPart()
		p.lockJobs(tx, "lock_jobs", []job.ID{id})
		var now int64
		tx.QueueNow(&now)
		if err := tx.Flush(); err != nil {
			return err
		}
		i, known := p.index[id]
		switch {
		case !known:
			return job.ErrNotFound
		case p.jobs[i].workflow != (job.ID{}):
			return fmt.Errorf("%w: it belongs to a workflow", job.ErrWrongState)
		}
		if _, err := workflow.PlanJobRetry(&p.Part, i); err != nil { // the common refusal costs nothing
			return err
		}
		if err := errors.Join(p.takes(i, payload), p.wellDone(tx, i)); err != nil {
			return err
		}
		if err := p.loadKeptBack(tx, id); err != nil {
			return err
		}
		plan, err := workflow.PlanJobRetry(&p.Part, i)
		if err != nil {
			return err
		}
		changes, err := p.resolve(tx, func(r *workflow.Resolution, _ *workflow.Part) { r.RetryJob(plan) })
		if err != nil {
			return err
		}
		t := newTransition(p)
		t.run = nextRun
		t.replace(i, payload)
		t.write(tx, changes, now, &r)
		entry.queue(tx, now)
		return nil
	})
	if err != nil {
		return store.Resolution{}, fmt.Errorf("retry job %s: %w", id, err)
	}
	return r, nil
}

// wellDone refuses a batch that completed if all of its items did.
func (p *part) wellDone(tx Tx, i int) error {
	if p.Nodes[i].Status != job.Completed {
		return nil
	}
	one := []store.JobRecord{{ID: p.Nodes[i].ID}}
	describe(&one[0], jobRules{Parts: p.jobs[i].parts})
	if err := addSuspended(tx, one); err != nil {
		return err
	}
	if t := one[0].Parts.Tally; t.Completed == t.Total {
		return fmt.Errorf("%w: none of its items failed", job.ErrWrongState)
	}
	return nil
}

// loadKeptBack adds the jobs without a workflow that could not run because of
// one, level by level, with all edges between them.
func (p *part) loadKeptBack(tx Tx, cause job.ID) error {
	for level := []job.ID{cause}; len(level) > 0; {
		before := len(p.read)
		if err := p.readAllEdges(tx, level, true); err != nil {
			return err
		}
		var children []job.ID
		for _, e := range p.read[before:] {
			if _, locked := p.index[e.child]; !locked && e.workflow == (job.ID{}) && e.State == workflow.EdgeBroken {
				children = append(children, e.child)
			}
		}
		first := len(p.Nodes)
		for list := range slices.Chunk(sortedIDs(children), p.pageRows) {
			p.lockJobs(tx, "lock_more_jobs", list)
		}
		if err := tx.Flush(); err != nil {
			return err
		}
		level = level[:0:0]
		for _, n := range p.Nodes[first:] {
			if n.Status == job.UpstreamFailed && n.Cause == cause {
				level = append(level, n.ID)
			}
		}
		level = sortedIDs(level)
	}
	p.addEdges()
	return nil
}
