package sqlstore

import (
	"context"
	"errors"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// family returns the enqueuer and those of all that its jobs are made of.
func (e *enqueuer) family() []*enqueuer {
	list := []*enqueuer{e}
	for k := 0; k < len(list); k++ {
		list = append(list, list[k].parts...)
	}
	return list
}

// jobsOf is how many jobs some are, with all that they are made of.
func jobsOf(jobs []*job.Job) int {
	n := len(jobs)
	for _, j := range jobs {
		if p := workflow.PartsOf(j); p != nil && p.Workflow != nil {
			n += jobsOf(p.Workflow.Jobs)
		}
	}
	return n
}

// in lets all of them work in a transaction.
func (e *enqueuer) in(tx Tx) {
	for _, f := range e.family() {
		f.tx = tx
	}
}

// at gives all of them their time.
func (e *enqueuer) at(now int64) {
	for _, f := range e.family() {
		f.now = now
	}
}

// storeParts stores what the jobs are made of, to wait for them, or shows it if
// it is built.
func (e *enqueuer) storeParts() error {
	for _, f := range e.family()[1:] {
		if e.built {
			if err := f.show(); err != nil {
				return err
			}
			continue
		}
		if err := errors.Join(f.workflow("", ""), f.store(0, len(f.jobs))); err != nil {
			return err
		}
	}
	return nil
}

// attach stores the edges from outside.
func (e *enqueuer) attach(done *store.Enqueued) error {
	edges := newChunk[edgeRow](e.tx, "insert_edges")
	checks := newChunk[edgeRow](e.tx, "insert_edge_checks")
	for _, j := range e.jobs {
		for _, d := range j.DependsOn {
			if e.inside[d.Parent] {
				continue
			}
			done.Checks = true
			row := newEdge(j, d)
			if err := errors.Join(edges.add(row, 0), checks.add(row, 0)); err != nil {
				return err
			}
		}
	}
	edges.queue()
	checks.queue()
	return nil
}

// buildParts stores what jobs without a workflow are made of, hidden, if that is
// too much for the transaction that stores the jobs, and reports whether it is.
func (s *Store) buildParts(ctx context.Context, jobs []*job.Job) (bool, error) {
	chunk := s.opts.EnqueueChunk
	if jobsOf(jobs)-len(jobs) <= 4*chunk {
		return false, nil
	}
	for _, f := range newEnqueuer(nil, nil, jobs).parts {
		if err := s.buildHidden(ctx, f, chunk); err != nil && !errors.Is(err, store.ErrExists) {
			return false, err // what is there belongs to an enqueue that is done: its key, or its job, says so
		}
	}
	return true, nil
}

// buildHidden stores a workflow that a job is made of, with all within, hidden.
func (s *Store) buildHidden(ctx context.Context, e *enqueuer, chunk int) error {
	if err := s.db.Write(ctx, func(tx Tx) error {
		_, err := e.build(tx, store.EnqueueOptions{})
		return err
	}); err != nil {
		return err
	}
	for _, f := range e.family() {
		if err := s.addChunks(ctx, f, chunk); err != nil {
			return err
		}
	}
	return nil
}
