package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// CancelWorkflow implements store.Steerer.
func (s *Store) CancelWorkflow(ctx context.Context, id job.ID, grace time.Duration, by store.Actor) (store.Resolution, error) {
	r, err := s.cancel(ctx, id, cancelCall{reason: job.ReasonUser, grace: grace, by: by})
	if err != nil {
		return store.Resolution{}, fmt.Errorf("cancel workflow %s: %w", id, err)
	}
	return r, nil
}

// cancelCall is who cancels a workflow, and how.
type cancelCall struct {
	reason job.Reason
	grace  time.Duration
	by     store.Actor
	once   bool       // refused while it is being cancelled: it is never the second cancel
	fired  []timerRow // that ask for it
}

// cancel stops a workflow: its jobs are locked, then a later statement takes
// back what nobody has claimed; the rest is in workers' hands.
func (s *Store) cancel(ctx context.Context, id job.ID, c cancelCall) (store.Resolution, error) {
	var r store.Resolution
	entry := newAudit("cancel", id, job.ID{}, c.by)
	err := s.db.Write(ctx, func(tx Tx) error {
		r = store.Resolution{}
		p, err := s.lockWorkflow(tx, id)
		if err != nil {
			return err
		}
		before := p.Workflows[0]
		if before.Status.Terminal() {
			return fmt.Errorf("%w: it has ended as %s", job.ErrWrongState, before.Status)
		}
		if before.Status == workflow.Pending {
			return errPending
		}
		if before.Status == workflow.Cancelling && c.once {
			return fmt.Errorf("%w: it is being cancelled", job.ErrWrongState)
		}
		if mine, err := takeFired(tx, c.fired...); err != nil || !mine {
			return err
		}
		now, err := tx.Now()
		if err != nil {
			return err
		}
		if before.Status != workflow.Cancelling {
			p.reasons[0] = c.reason
		}
		changes, err := p.resolve(tx, func(r *workflow.Resolution, _ *workflow.Part) { r.Cancel(0, c.reason) })
		if err != nil {
			return err
		}
		if len(changes.Workflows) == 0 { // for the second time
			r.Control, err = stillHeld(tx, p)
			return err
		}
		p.grace = microsUp(c.grace)
		newTransition(p).write(tx, changes, now, &r)
		if c.reason == job.ReasonUser {
			entry.queue(tx, now)
		}
		return nil
	})
	return r, err
}

// errPending says that parts have not begun: what is done to their job counts.
var errPending = fmt.Errorf("%w: the job that is made of it may not run yet; cancel that", job.ErrWrongState)

// endGrace ends what a workflow that stops still runs, because fired is due.
func (s *Store) endGrace(ctx context.Context, id job.ID, fired timerRow) (store.Resolution, error) {
	var r store.Resolution
	err := s.db.Write(ctx, func(tx Tx) error {
		r = store.Resolution{}
		p, err := s.lockWorkflow(tx, id)
		if err != nil {
			return err
		}
		if h := p.Workflows[0]; h.Status != workflow.Cancelling && !(h.Failing && h.CancelRunning && !h.Status.Terminal()) {
			return job.ErrWrongState
		}
		leases := lockLeases(tx, "lock_leases_of_workflows", []job.ID{id})
		if mine, err := takeFired(tx, fired); err != nil || !mine {
			return err
		}
		now, err := tx.Now()
		if err != nil {
			return err
		}
		changes, err := p.resolve(tx, func(r *workflow.Resolution, _ *workflow.Part) {
			r.CancelHeld(0, fired.Kind == timerFinally && p.Workflows[0].CancelFinally) // not that of an earlier cancel
		})
		if err != nil {
			return err
		}
		held := heldBy(tx, sortedIDs(newTransition(p).ids(changes.Ended)))
		if err := tx.Flush(); err != nil {
			return err
		}
		t := newTransition(p)
		for _, x := range *held {
			if leases[x.Fence.Lease] == nil {
				return ErrConflict // claimed after the leases were locked
			}
			if i := p.index[x.Fence.Job]; x.Fence.Epoch == p.jobs[i].epoch {
				r.Control = append(r.Control, store.Held{Fence: x.Fence, Worker: x.worker})
				t.stopHeld(i, x, endCancel.text, endCancel.kind)
			}
		}
		t.write(tx, changes, now, &r)
		return nil
	})
	return r, err
}

// lockWorkflow returns a part that holds one locked header.
func (s *Store) lockWorkflow(tx Tx, id job.ID) (*part, error) {
	p := s.newPart()
	p.lockWorkflows(tx, "lock_workflows", []job.ID{id})
	if err := tx.Flush(); err != nil {
		return nil, err
	}
	if len(p.Workflows) == 0 {
		return nil, job.ErrNotFound
	}
	return p, nil
}

// stillHeld lists who holds jobs of the workflow of a part.
func stillHeld(tx Tx, p *part) ([]store.Held, error) {
	if err := p.loadWorkflows(tx, []int{0}, workflow.KnownOpen); err != nil {
		return nil, err
	}
	var nodes, taken []int
	for i, n := range p.Nodes {
		if n.Held && !n.Finally {
			nodes = append(nodes, i)
		}
		if n.Taken {
			taken = append(taken, i)
		}
	}
	t := newTransition(p) // finally jobs keep their places
	now, err := tx.Now()
	if err != nil {
		return nil, err
	}
	ready := t.claimable(taken, now)
	ready.queue(tx, now)
	return heldOf(tx, p, nodes)
}

// heldOf lists who holds some nodes of a part.
func heldOf(tx Tx, p *part, nodes []int) ([]store.Held, error) {
	var list []job.ID
	for _, i := range nodes {
		list = append(list, p.Nodes[i].ID)
	}
	held := heldBy(tx, sortedIDs(list))
	if err := tx.Flush(); err != nil {
		return nil, err
	}
	var out []store.Held
	for _, h := range *held {
		if i := p.index[h.Fence.Job]; h.Fence.Epoch == p.jobs[i].epoch {
			out = append(out, store.Held{Fence: h.Fence, Worker: h.worker})
		}
	}
	return out, nil
}

// holding is a job in a worker's hands, with the claim's time.
type holding struct {
	store.Held
	worker    string
	claimedAt int64
}

// heldBy queues the statement that finds the leases that list jobs. An entry
// counts only if its epoch is the one of the job's state.
func heldBy(tx Tx, list []job.ID) *[]holding {
	var held []holding
	for list := range slices.Chunk(list, pageRows) {
		tx.QueueQuery("held_by", func(r Row) error {
			var h holding
			err := r.Scan(&h.Fence.Job, &h.Fence.Epoch, &h.Fence.Lease, &h.worker, &h.claimedAt)
			held = append(held, h)
			return err
		}, list)
	}
	return &held
}

// stopHeld records the attempt of a held job that ends from outside.
func (t *transition) stopHeld(i int, h holding, text string, kind job.Kind) {
	attempts := t.part.jobs[i].attempts + 1
	t.ended[i] = attemptEnd{worker: h.worker, startedAt: h.claimedAt, attempts: attempts, error: text}
	t.tries = append(t.tries, attemptRow{
		ID: hexID(h.Fence.Job), Epoch: h.Fence.Epoch, Attempt: t.part.jobs[i].earlier + attempts, Lease: hexID(h.Fence.Lease), Worker: h.worker,
		Outcome: string(kind), Error: text, StartedAt: h.claimedAt,
	})
	t.leases[h.Fence.Lease]++
}
