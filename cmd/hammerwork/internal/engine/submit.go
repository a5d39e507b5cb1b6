package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// ErrUnfinished says that the data folder holds an unfinished run of another
// definition. Running both together is nobody's wish.
var ErrUnfinished = errors.New("the data folder holds an unfinished run of another workflow")

// Submit enqueues w; call it before Run. With a data folder it first looks for
// an unfinished run of the same definition, which goes on then; ErrUnfinished
// when there is one of another.
func (e *Engine) Submit(ctx context.Context, w *workflow.Workflow, digest string) (id job.ID, resumed bool, err error) {
	if e.feed, err = subscribe(e.bus); err != nil {
		return job.ID{}, false, err
	}
	if e.cfg.DataDir != "" && digest != "" {
		id, err := e.store.OpenWorkflow(ctx, digest)
		if !errors.Is(err, job.ErrNotFound) {
			return id, err == nil, err
		}
		switch other, err := e.store.OtherOpenWorkflow(ctx, digest); {
		case err == nil:
			return job.ID{}, false, fmt.Errorf("%w: %s", ErrUnfinished, other)
		case !errors.Is(err, job.ErrNotFound):
			return job.ID{}, false, err
		}
	}
	done, err := e.store.EnqueueWorkflow(ctx, w, store.EnqueueOptions{Digest: digest})
	if err != nil {
		return job.ID{}, false, err
	}
	e.announce(store.Resolution{Queues: done.Queues, Checks: done.Checks, Timer: done.Timer})
	return w.ID, false, nil
}

// Workflow returns a workflow without its jobs.
func (e *Engine) Workflow(ctx context.Context, id job.ID) (store.WorkflowRecord, error) {
	return e.store.Workflow(ctx, id)
}

// Jobs returns its jobs in the order of its definition, without their payloads.
func (e *Engine) Jobs(ctx context.Context, id job.ID) ([]store.JobRecord, error) {
	var jobs []store.JobRecord
	err := store.EachJob(ctx, e.store, id, func(j store.JobRecord) error {
		j.Payload = nil
		jobs = append(jobs, j)
		return nil
	})
	return jobs, err
}

// Cancel asks a workflow to end: what runs may do so by itself for a while.
func (e *Engine) Cancel(ctx context.Context, id job.ID) error {
	r, err := e.store.CancelWorkflow(ctx, id, e.cfg.Store.CancelGrace, store.Actor{Name: "run", Comment: "interrupted"})
	if err == nil {
		e.announce(r)
	}
	return err
}

// announce sends the hints of a committed change. They may get lost.
func (e *Engine) announce(r store.Resolution) {
	for _, a := range service.Announce(e.source, r) {
		if p, ok := a.(service.Publish); ok {
			_ = e.bus.Publish(p.Subject, p.Data)
		}
	}
}
