package engine

import (
	"context"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// watchPoll is how often a watch asks the database, in case an event got lost.
const watchPoll = 1000 * time.Millisecond

// feed collects events until somebody watches.
type feed struct{ events chan bus.Event }

// subscribe starts a feed before the work begins, so that it misses nothing.
// When nobody reads it fast enough events are dropped; they are only hints.
func subscribe(b bus.Bus) (*feed, error) {
	f := &feed{events: make(chan bus.Event, 4096)}
	_, err := b.Subscribe(bus.AllEvents, "", func(m bus.Message) {
		e, err := bus.Decode[bus.Event](m.Data)
		if err != nil {
			return
		}
		select {
		case f.events <- e.Body:
		default:
		}
	})
	return f, err
}

// Watch calls on for each event of a workflow's jobs until the workflow has
// ended or waits for somebody, and returns how it stands. A job whose last
// event got lost is made up for at the end.
func (e *Engine) Watch(ctx context.Context, id job.ID, on func(bus.JobEvent)) (store.WorkflowRecord, error) {
	poll := time.NewTicker(watchPoll)
	defer poll.Stop()
	ended := make(map[job.ID]bool)
	for {
		look := false
		select {
		case <-ctx.Done():
			return store.WorkflowRecord{}, ctx.Err()
		case <-poll.C:
			look = true
		case event := <-e.feed.events:
			look = pass(event, id, ended, on)
		}
		if !look {
			continue
		}
		status, err := e.store.WorkflowStatus(ctx, id)
		if err != nil {
			return store.WorkflowRecord{}, err
		}
		over := status.Terminal()
		if status == workflow.Paused { // perhaps for good
			rec, err := e.store.Workflow(ctx, id)
			if err != nil {
				return rec, err
			}
			over = Waits(rec)
		}
		if over {
			if err := e.catchUp(ctx, id, ended, on); err != nil {
				return store.WorkflowRecord{}, err
			}
			return e.store.Workflow(ctx, id)
		}
	}
}

// Waits reports whether nothing of a workflow happens until somebody acts.
// Failures that are decided about by default after a while wait for nobody.
func Waits(rec store.WorkflowRecord) bool {
	return rec.Status == workflow.Paused && rec.Running == 0 && (rec.UserPaused || rec.DecidedAfter == 0)
}

// pass hands on the events of one workflow and reports whether it may have
// ended.
func pass(event bus.Event, id job.ID, ended map[job.ID]bool, on func(bus.JobEvent)) bool {
	for _, j := range event.Jobs {
		if j.Workflow != id || ended[j.Job] {
			continue
		}
		ended[j.Job] = j.Status.Terminal()
		on(j)
	}
	for _, w := range event.Workflows {
		if w.Workflow == id {
			return true
		}
	}
	return false
}

// catchUp reports jobs that ended without an event.
func (e *Engine) catchUp(ctx context.Context, id job.ID, ended map[job.ID]bool, on func(bus.JobEvent)) error {
	for {
		select {
		case event := <-e.feed.events:
			pass(event, id, ended, on)
			continue
		default:
		}
		break
	}
	return store.EachJob(ctx, e.store, id, func(j store.JobRecord) error {
		if !ended[j.ID] {
			on(bus.JobEvent{Job: j.ID, Workflow: id, Name: j.Name, Status: j.Status, Reason: j.Reason, Attempt: j.Earlier + j.Attempts, Worker: j.Worker, Error: j.Error})
		}
		return nil
	})
}
