package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// FireTimers implements store.Timekeeper. Each kind of timer is handled in a
// transaction of its own; cancelling a workflow is one each. While nothing is
// due it only reads.
func (s *Store) FireTimers(ctx context.Context, limit int) (store.Resolution, time.Duration, error) {
	var r store.Resolution
	if next, err := s.nextTimer(ctx); err != nil || next != 0 {
		return r, next, err
	}
	if err := s.fireShares(ctx, limit, &r); err != nil {
		return r, 0, fmt.Errorf("fire timers: %w", err)
	}
	next, err := s.nextTimer(ctx)
	if next == 0 && r.Done == 0 {
		next = heldPause
	}
	return r, next, err
}

// fireShares gives each kind its share of the limit, and what a kind leaves of
// it to those after it, so that no backlog of one kind holds up the others. Of
// what is left then, those that used up their share have more. A kind that fails
// holds up none of the others, unless the database is away.
func (s *Store) fireShares(ctx context.Context, limit int, r *store.Resolution) error {
	kinds := []func(context.Context, int, *store.Resolution) error{
		s.fireEnds(timerDeadline, endDeadline), s.fireEnds(timerCancel, endCancel),
		s.fireWorkflows(timerGrace), s.fireWorkflows(timerFinally), s.fireWorkflows(timerWorkflow), s.fireWorkflows(timerDecision),
		s.fireWorkflows(timerStall), s.fireGates, s.fireJobs,
	}
	var failed error
	for len(kinds) > 0 {
		var more []func(context.Context, int, *store.Resolution) error
		for i, fire := range kinds {
			left, n := limit-r.Done, len(kinds)-i
			share, before := (left+n-1)/n, r.Done
			if share == 0 {
				return failed
			}
			err := fire(ctx, share, r)
			failed = errors.Join(failed, err)
			if errors.Is(err, store.ErrUnavailable) || ctx.Err() != nil {
				return failed
			}
			if err == nil && r.Done-before == share {
				more = append(more, fire)
			}
		}
		kinds = more
	}
	return failed
}

// heldPause is how long to wait when all that is due is in others' hands.
const heldPause = 100 * time.Millisecond

// nextTimer returns how long until the next timer is due, 0 when one is,
// negative when there is none.
func (s *Store) nextTimer(ctx context.Context) (time.Duration, error) {
	next := time.Duration(-1)
	err := s.db.Read(ctx, func(tx Tx) error {
		var now int64
		tx.QueueNow(&now)
		tx.QueueQuery("next_timer", func(r Row) error {
			var due *int64
			if err := r.Scan(&due); err != nil || due == nil {
				return err
			}
			next = time.Duration(max(0, *due-now)) * time.Microsecond
			return nil
		})
		return nil
	})
	return next, err
}

// due reads up to limit due timers of a kind, without a lock.
func due(tx Tx, kind string, limit int) (timers []timerRow, list []job.ID, err error) {
	now, err := tx.Now()
	if err != nil {
		return nil, nil, err
	}
	err = tx.Query("due_timers", func(r Row) error {
		var t timerRow
		var id job.ID
		err := r.Scan(&t.DueAt, &t.Kind, &id)
		t.ID = hexID(id)
		timers, list = append(timers, t), append(list, id)
		return err
	}, now, kind, limit)
	return timers, list, err
}

// fireJobs moves due jobs from timers to ready. The job is locked first, so
// that a cancel sees either the timer or the ready row; who deletes the timer
// moves the job. It waits for no lock, or all that it has locked would wait,
// too: a job that another transaction holds is fired by a later look.
func (s *Store) fireJobs(ctx context.Context, limit int, r *store.Resolution) error {
	var moved store.Resolution
	err := s.db.Write(ctx, func(tx Tx) error {
		moved = store.Resolution{}
		timers, list, err := due(tx, timerJob, limit)
		if err != nil || len(timers) == 0 {
			return err
		}
		p := s.newPart()
		p.lockJobs(tx, "free_jobs", sortedIDs(list))
		if err := tx.Flush(); err != nil {
			return err
		}
		if timers, err = leaveHeld(tx, p, timers); err != nil || len(timers) == 0 {
			return err
		}
		mine := deleteTimers(tx, timers)
		var now int64
		tx.QueueNow(&now)
		if err := tx.Flush(); err != nil {
			return err
		}
		var ready claimable
		for _, id := range *mine {
			if i, ok := p.index[id]; ok && !p.Nodes[i].Status.Terminal() {
				ready.add(id, p.jobs[i].scheduled, now)
				moved.Queues = append(moved.Queues, p.jobs[i].queue)
			}
		}
		ready.queue(tx, now)
		moved.Done = len(*mine)
		return nil
	})
	r.Done += moved.Done
	r.Queues = sortedSet(append(r.Queues, moved.Queues...))
	return err
}

// leaveHeld leaves out the timers of jobs that another transaction holds. Those
// of jobs that are gone stay in.
func leaveHeld(tx Tx, p *part, timers []timerRow) ([]timerRow, error) {
	var missing []job.ID
	for _, t := range timers {
		if _, locked := p.index[job.ID(t.ID)]; !locked {
			missing = append(missing, job.ID(t.ID))
		}
	}
	if len(missing) == 0 {
		return timers, nil
	}
	held := make(map[hexID]bool)
	err := tx.Query("jobs_existing", func(r Row) error {
		var id job.ID
		err := r.Scan(&id)
		held[hexID(id)] = true
		return err
	}, missing)
	return slices.DeleteFunc(timers, func(t timerRow) bool { return held[t.ID] }), err
}

// deleteTimers queues the deletion of timers and lists the ids of those that
// were there.
func deleteTimers(tx Tx, timers []timerRow) *[]job.ID {
	var mine []job.ID
	tx.QueueQuery("delete_timers", func(r Row) error {
		var id job.ID
		err := r.Scan(&id)
		mine = append(mine, id)
		return err
	}, timers)
	return &mine
}

// takeFired deletes the timers that ask for something, and reports whether they
// were there: else another has done it, and what is there now may be a later run.
func takeFired(tx Tx, fired ...timerRow) (bool, error) {
	if len(fired) == 0 {
		return true, nil // somebody asks
	}
	mine := deleteTimers(tx, fired)
	err := tx.Flush()
	return len(*mine) > 0, err
}

// fireEnds ends jobs whose deadline has passed, or that are still held when the
// grace of their cancel is over: their worker learns it from its next heartbeat.
// One that has ended by itself stays as it is.
func (s *Store) fireEnds(kind string, end outsideEnd) func(context.Context, int, *store.Resolution) error {
	return func(ctx context.Context, limit int, r *store.Resolution) error {
		var part store.Resolution
		err := s.db.Write(ctx, func(tx Tx) error {
			part = store.Resolution{}
			timers, list, err := due(tx, kind, limit)
			if err != nil || len(timers) == 0 {
				return err
			}
			p, leases := s.lockForEnd(tx, sortedIDs(list))
			mine := deleteTimers(tx, timers)
			if err := tx.Flush(); err != nil {
				return err
			}
			part.Done = len(*mine)
			if kind == timerCancel { // who ran again since is not cancelled any more
				*mine = slices.DeleteFunc(*mine, func(id job.ID) bool { i, known := p.index[id]; return known && !p.jobs[i].stopping })
			}
			return s.endJobs(tx, p, leases, *mine, end, &part)
		})
		addTo(r, part)
		return err
	}
}

// outsideEnd is how jobs end that no outcome ends, and their attempts if they
// are held.
type outsideEnd struct {
	status job.Status
	reason job.Reason
	kind   job.Kind
	text   string
}

var (
	endDeadline = outsideEnd{job.TimedOut, job.ReasonDeadline, job.KindTimedOut, ""}
	endCancel   = outsideEnd{job.Cancelled, job.ReasonUser, job.KindCancelled, "still running when the grace of its cancel was over"}
)

// endJobs ends open jobs of a locked part for a reason from outside, with all
// that follows. leases are those that listed the jobs when they were locked.
func (s *Store) endJobs(tx Tx, p *part, leases map[job.ID]*leaseRow, list []job.ID, end outsideEnd, r *store.Resolution) error {
	var endings []workflow.Ending
	var open []job.ID
	for _, id := range list {
		if i, known := p.index[id]; known && !p.Nodes[i].Status.Terminal() {
			endings = append(endings, workflow.Ending{Node: i, Status: end.status, Reason: end.reason})
			open = append(open, id)
		}
	}
	if len(open) == 0 {
		return nil
	}
	for _, statement := range []string{"take_ready", "take_timers"} {
		tx.QueueQuery(statement, func(Row) error { return nil }, open)
	}
	p.readEdges(tx, open, 2*p.pageRows, false)
	held := heldBy(tx, open)
	var now int64
	tx.QueueNow(&now)
	if err := tx.Flush(); err != nil {
		return err
	}
	if err := p.connect(tx, open); err != nil {
		return err
	}
	changes, err := p.resolve(tx, func(r *workflow.Resolution, _ *workflow.Part) {
		for _, e := range endings {
			r.End(e)
		}
	})
	if err != nil {
		return err
	}
	t := newTransition(p)
	for _, h := range *held {
		if leases[h.Fence.Lease] == nil {
			return ErrConflict // claimed after the leases were locked
		}
		if i := p.index[h.Fence.Job]; h.Fence.Epoch == p.jobs[i].epoch {
			r.Control = append(r.Control, store.Held{Fence: h.Fence, Worker: h.worker})
			t.stopHeld(i, h, end.text, end.kind)
		}
	}
	t.write(tx, changes, now, r)
	return nil
}

// fireWorkflows cancels workflows whose deadline has passed, ends what those
// still run whose grace is over, decides what nobody has decided in time, and
// looks for workflows in which nothing moves.
func (s *Store) fireWorkflows(kind string) func(context.Context, int, *store.Resolution) error {
	return func(ctx context.Context, limit int, r *store.Resolution) error {
		var timers []timerRow
		err := s.db.Read(ctx, func(tx Tx) (err error) {
			timers, _, err = due(tx, kind, limit)
			return err
		})
		if err != nil {
			return err
		}
		return s.fireEach(ctx, timers, r)
	}
}

// fireEach fires timers of workflows, each in a transaction of its own.
func (s *Store) fireEach(ctx context.Context, timers []timerRow, r *store.Resolution) error {
	var failed error
	for _, t := range timers {
		var part store.Resolution
		var err error
		switch t.Kind {
		case timerWorkflow:
			part, err = s.cancel(ctx, job.ID(t.ID), cancelCall{reason: job.ReasonDeadline, grace: s.opts.CancelGrace, fired: []timerRow{t}})
		case timerDecision:
			part, err = s.decideByDefault(ctx, job.ID(t.ID), t)
		case timerStall:
			part, err = s.lookForStall(ctx, job.ID(t.ID), t)
		default:
			part, err = s.endGrace(ctx, job.ID(t.ID), t)
		}
		if errors.Is(err, job.ErrWrongState) || errors.Is(err, job.ErrNotFound) {
			err = s.db.Write(ctx, func(tx Tx) error { deleteTimers(tx, []timerRow{t}); return nil })
		}
		if err != nil {
			failed = errors.Join(failed, err) // the others must not wait for this one
			continue
		}
		part.Done = 1
		addTo(r, part)
	}
	return failed
}

// ExpireLeases implements store.Timekeeper. Whether a lease has expired is
// asked again once it is locked; while none has it only reads.
func (s *Store) ExpireLeases(ctx context.Context, limit int) (store.Resolution, error) {
	var r store.Resolution
	expired, err := s.expiredLeases(ctx, limit)
	if err != nil || len(expired) == 0 {
		return r, err
	}
	err = s.db.Write(ctx, func(tx Tx) error {
		r = store.Resolution{}
		outcomes, err := lostOutcomes(tx, expired)
		if err != nil {
			return err
		}
		ended, err := s.resolve(tx, outcomes, &r)
		if err != nil {
			return err
		}
		// Only what was judged expired may go: a lease that a heartbeat saved in
		// between still has jobs.
		r.Verdicts, r.Done = nil, len(ended)
		queueRows(tx, "delete_leases", ended)
		return nil
	})
	if err != nil {
		return store.Resolution{}, fmt.Errorf("expire leases: %w", err)
	}
	return r, nil
}

// lookTimeout bounds a look for expired leases, far below a lease: one that
// was stuck with its database would come before the heartbeats that were, too.
const lookTimeout = 2 * time.Second

// Overdue implements store.Timekeeper.
func (s *Store) Overdue(ctx context.Context) (store.Overdue, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	var o store.Overdue
	err := s.db.Read(ctx, func(tx Tx) error {
		o = store.Overdue{}
		now, err := tx.Now()
		if err != nil {
			return err
		}
		if err := tx.Query("overdue_leases", func(r Row) error { return r.Scan(&o.Leases, &o.Workers) }, now); err != nil || o.Leases == 0 {
			return err
		}
		return tx.Query("standing_leases", func(r Row) error { return r.Scan(&o.Standing) }, now, o.Leases)
	})
	if err != nil {
		return store.Overdue{}, fmt.Errorf("count overdue leases: %w", err)
	}
	return o, nil
}

func (s *Store) expiredLeases(ctx context.Context, limit int) ([]job.ID, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	var expired []job.ID
	err := s.db.Read(ctx, func(tx Tx) error {
		expired = nil
		now, err := tx.Now()
		if err != nil {
			return err
		}
		tx.QueueQuery("expired_leases", func(row Row) error {
			var id job.ID
			err := row.Scan(&id)
			expired = append(expired, id)
			return err
		}, now, limit)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for expired leases: %w", err)
	}
	return expired, nil
}

// lostOutcomes makes the outcomes of everything that expired leases list, of as
// many leases as list pageRows jobs. The lists never change, so reading them
// needs no lock.
func lostOutcomes(tx Tx, expired []job.ID) ([]job.Outcome, error) {
	var outcomes []job.Outcome
	err := tx.Query("leases_by_id", func(r Row) error {
		var id job.ID
		var worker string
		var jobs leaseJobs
		var expires int64
		err := r.Scan(&id, &worker, &jobs, &expires)
		if len(outcomes)+len(jobs) > pageRows && len(outcomes) > 0 {
			return err
		}
		for _, j := range jobs {
			outcomes = append(outcomes, job.Outcome{
				Fence: job.Fence{Job: j.id, Epoch: j.epoch, Lease: id}, Expired: true,
				Kind: job.KindLeaseLost, Error: "worker " + worker + " went silent",
			})
		}
		return err
	}, expired)
	return outcomes, err
}

// addTo adds what part of a call did to the whole.
func addTo(r *store.Resolution, part store.Resolution) {
	r.Queues = sortedSet(append(r.Queues, part.Queues...))
	r.Jobs = append(r.Jobs, part.Jobs...)
	r.Workflows = append(r.Workflows, part.Workflows...)
	r.Control = append(r.Control, part.Control...)
	r.Stalled = append(r.Stalled, part.Stalled...)
	r.Checks = r.Checks || part.Checks
	r.Timer = r.Timer || part.Timer
	r.Done += part.Done
}
