package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/workflowfile"
)

// What RunTicks does with ticks.
const (
	ticksMade    = 20               // instances that one transaction makes
	ticksPatient = 10 * time.Minute // how long a tick is tried when the database refuses its instance
)

// How long until a schedule is looked at again whose ticks wait.
const (
	minTickWait = time.Second
	maxTickWait = 15 * time.Second
)

// scheduleMove is a row of advance_schedules.
type scheduleMove struct {
	ID     hexID  `json:"id"`
	Was    int64  `json:"was"`
	NextAt *int64 `json:"next_at"`
}

// DecideTicks implements store.Ticker. A schedule that another scheduler decides
// about is left out.
// While nothing is due it only reads.
func (s *Store) DecideTicks(ctx context.Context, limit int) (d store.Decided, next time.Duration, err error) {
	if next, err := s.nextTick(ctx, "next_schedule"); err != nil || next != 0 {
		return d, next, err
	}
	err = s.db.Write(ctx, func(tx Tx) error {
		d = store.Decided{}
		now, err := tx.Now()
		if err != nil {
			return err
		}
		var due []store.ScheduleRecord
		if err := tx.Query("take_due_schedules", func(row Row) error {
			r, err := scanSchedule(row)
			due = append(due, r)
			return err
		}, now, limit); err != nil {
			return err
		}
		if d.Schedules = len(due); len(due) == 0 {
			return nil
		}
		return decide(tx, due, now, &d)
	})
	if err != nil {
		return store.Decided{}, 0, fmt.Errorf("decide about ticks: %w", err)
	}
	next, err = s.nextTick(ctx, "next_schedule")
	if next == 0 && d.Schedules == 0 {
		next = heldPause
	}
	return d, next, err
}

// nextTick is how long until there is something to decide or to make; negative:
// there is nothing.
func (s *Store) nextTick(ctx context.Context, statement string) (time.Duration, error) {
	var at, now int64
	err := s.db.Read(ctx, func(tx Tx) error {
		at = 0
		tx.QueueNow(&now)
		return tx.Query(statement, func(row Row) error { return row.Scan(&at) })
	})
	switch {
	case err != nil:
		return 0, fmt.Errorf("next tick: %w", err)
	case at == 0:
		return -1, nil
	}
	return time.Duration(max(0, at-now)) * time.Microsecond, nil
}

// decide stores the due ticks of schedules that are locked, and moves these on.
func decide(tx Tx, due []store.ScheduleRecord, now int64, d *store.Decided) error {
	var ticks []tickInsert
	moves := make([]scheduleMove, len(due))
	for i, r := range due {
		moves[i] = scheduleMove{ID: hexID(r.ID), Was: micros(r.NextAt)}
		t, err := r.Schedule.Timetable()
		if err != nil { // a zone that this machine does not know: another may
			later := now + time.Minute.Microseconds()
			moves[i].NextAt = &later
			d.Unknown = append(d.Unknown, fmt.Errorf("schedule %s: %w", r.Name, err))
			continue
		}
		made, missed, following := t.Due(r.NextAt, timeOf(now))
		for _, at := range missed {
			ticks = append(ticks, newTick(r.ID, at, store.CauseTime, store.TickMissed, now))
		}
		for _, at := range made {
			ticks = append(ticks, newTick(r.ID, at, store.CauseTime, store.TickDue, now))
		}
		d.Missed, d.Due = d.Missed+len(missed), d.Due+len(made)
		if !following.IsZero() {
			at := micros(following)
			moves[i].NextAt = &at
		}
	}
	queueRows(tx, "insert_ticks", ticks, now)
	queueGuarded(tx, "advance_schedules", moves)
	return tx.Flush()
}

// RunTicks implements store.Ticker: a transaction for each schedule. One whose
// instance the database refuses holds up no other.
func (s *Store) RunTicks(ctx context.Context, limit int) (r store.TicksRun, next time.Duration, err error) {
	if next, err := s.nextTick(ctx, "next_open_tick"); err != nil || next != 0 {
		return r, next, err
	}
	var schedules []job.ID
	err = s.db.Read(ctx, func(tx Tx) error {
		schedules = nil
		now, err := tx.Now()
		if err != nil {
			return err
		}
		return tx.Query("schedules_with_ticks", func(row Row) error {
			var id job.ID
			var at int64
			err := row.Scan(&id, &at)
			schedules = append(schedules, id)
			return err
		}, now, limit)
	})
	r.Schedules = len(schedules)
	var errs []error
	for _, id := range schedules {
		if err != nil {
			break
		}
		if broken := s.runSchedule(ctx, id, &r); errors.Is(broken, store.ErrUnavailable) || ctx.Err() != nil {
			err = broken
		} else if broken != nil {
			errs = append(errs, broken, s.delaySchedule(ctx, id, broken, &r))
		}
	}
	r.Queues = sortedSet(r.Queues)
	if err := errors.Join(append(errs, err)...); err != nil {
		return r, 0, fmt.Errorf("run ticks: %w", err)
	}
	next, err = s.nextTick(ctx, "next_open_tick")
	if next == 0 && !r.More && len(r.Made) == 0 {
		next = heldPause // others make them
	}
	return r, next, err
}

// tickEnd is a row of end_ticks.
type tickEnd struct {
	Schedule hexID  `json:"schedule_id"`
	At       int64  `json:"tick_at"`
	State    string `json:"state"`
	Error    string `json:"error"`
	DueAt    *int64 `json:"due_at"`
}

// tickRun is the work on the ticks of one schedule.
type tickRun struct {
	tx       Tx
	now      int64
	schedule store.ScheduleRecord
	last     job.ID          // the instance that was made last
	status   workflow.Status // its status; empty: there is none any more
	ends     []tickEnd
	until    int64 // when to look at the ticks again that are left; 0: at once
	done     store.TicksRun
}

// runSchedule makes instances of a schedule, unless another scheduler does. What
// has to be cancelled first is cancelled after the commit: it locks another
// workflow.
func (s *Store) runSchedule(ctx context.Context, id job.ID, r *store.TicksRun) error {
	var run *tickRun
	cancel := false
	err := s.db.Write(ctx, func(tx Tx) error {
		run, cancel = &tickRun{tx: tx}, false
		var err error
		run.schedule, err = readSchedule(tx, "take_schedule", id[:])
		if errors.Is(err, job.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		ticks, err := run.read()
		if err != nil {
			return err
		}
		cancel, err = run.all(ticks)
		return err
	})
	if err != nil {
		return fmt.Errorf("schedule %s: %w", id, err)
	}
	r.Add(run.done)
	if !cancel {
		return nil
	}
	changed, err := s.CancelWorkflow(ctx, run.last, s.opts.CancelGrace, store.Actor{Name: "schedule " + run.schedule.Name, Comment: "overlap: cancel_previous"})
	if errors.Is(err, job.ErrWrongState) || errors.Is(err, job.ErrNotFound) {
		return nil // it has ended meanwhile
	}
	if err == nil {
		r.Add(store.TicksRun{Resolution: changed, Cancelled: []job.ID{run.last}})
	}
	return err
}

// read returns the open ticks of the schedule, oldest first, and how the
// instance before them stands.
func (run *tickRun) read() (ticks []store.TickRecord, err error) {
	run.last = run.schedule.LastID
	id := run.schedule.ID
	run.tx.QueueNow(&run.now)
	run.tx.QueueQuery("workflow_status", func(row Row) error { return row.Scan(&run.status) }, run.last[:])
	err = run.tx.Query("open_ticks", func(row Row) error {
		t, err := scanTick(row)
		ticks = append(ticks, t)
		return err
	}, id[:], store.MaxWaitingTicks+ticksMade)
	return ticks, err
}

// open reports whether the instance before has not ended.
func (run *tickRun) open() bool { return run.status != "" && !run.status.Terminal() }

// all goes through the ticks, oldest first, as far as one transaction goes.
func (run *tickRun) all(ticks []store.TickRecord) (cancel bool, err error) {
	overlap := run.schedule.Schedule.Overlap
	made := 0
	for i, t := range ticks {
		apart := t.Cause == store.CauseBackfill && overlap != workflow.OverlapAllow // waits, whatever the overlap
		superseded := overlap == workflow.OverlapCancelPrevious && !apart && i < len(ticks)-1
		switch {
		case made == ticksMade:
			run.done.More = true
		case superseded:
			run.end(t, store.TickSkipped, "a later tick took its place")
			continue
		case !run.open() || overlap == workflow.OverlapAllow:
			if err := run.make(t); err != nil {
				return false, err
			}
			made++
			continue
		case overlap == workflow.OverlapSkip && !apart:
			run.end(t, store.TickSkipped, "the instance before had not ended")
			continue
		default:
			cancel = overlap == workflow.OverlapCancelPrevious && !apart && run.status != workflow.Cancelling
			run.wait(ticks[i:])
		}
		break
	}
	queueGuarded(run.tx, "end_ticks", run.ends, run.now)
	if run.until > 0 {
		id := run.schedule.ID
		run.tx.QueueExec("postpone_ticks", id[:], run.until)
	}
	return cancel, run.tx.Flush()
}

// wait lets ticks wait for the end of the instance before. Those over
// store.MaxWaitingTicks are skipped, the newest first.
func (run *tickRun) wait(ticks []store.TickRecord) {
	age := time.Duration(run.now-ticks[0].DecidedAt.UnixMicro()) * time.Microsecond
	until := run.now + microsUp(min(max(age/10, minTickWait), maxTickWait))
	for i, t := range ticks {
		switch {
		case i >= store.MaxWaitingTicks && t.Cause == store.CauseTime:
			run.end(t, store.TickSkipped, fmt.Sprintf("%d ticks wait already", store.MaxWaitingTicks))
		case t.State == store.TickDue:
			run.ends = append(run.ends, run.row(t, store.TickWaiting, "", &until))
		}
	}
	run.until = until
}

func (run *tickRun) row(t store.TickRecord, state store.TickState, text string, due *int64) tickEnd {
	return tickEnd{
		Schedule: hexID(run.schedule.ID), At: t.At.UnixMicro(), State: string(state), Error: text, DueAt: due,
	}
}

func (run *tickRun) end(t store.TickRecord, state store.TickState, text string) {
	run.ends = append(run.ends, run.row(t, state, text, nil))
	switch state {
	case store.TickSkipped:
		run.done.Skipped++
	case store.TickFailed:
		run.done.Failed++
	}
}

// make makes the instance of a tick. A definition that is not valid any more
// fails the tick alone.
func (run *tickRun) make(t store.TickRecord) error {
	w, err := instance(run.schedule, t)
	if err != nil {
		run.end(t, store.TickFailed, clipped(err.Error()))
		return nil
	}
	done, err := EnqueueWorkflow(run.tx, w, store.EnqueueOptions{})
	if err != nil {
		return err
	}
	run.end(t, store.TickStarted, "")
	run.last, run.status = w.ID, workflow.Running
	id := run.schedule.ID
	run.tx.QueueExec("schedule_made", id[:], t.At.UnixMicro(), w.ID[:])
	run.done.Made = append(run.done.Made, store.Instance{Workflow: w.ID, Jobs: len(w.Jobs)})
	run.done.Queues = append(run.done.Queues, done.Queues...)
	run.done.Checks, run.done.Timer = run.done.Checks || done.Checks, run.done.Timer || done.Timer
	run.done.Workflows = append(run.done.Workflows, store.WorkflowEvent{Workflow: w.ID, Name: w.Name, Status: workflow.Running})
	if t.Cause == store.CauseTime {
		run.done.Lateness = append(run.done.Lateness, time.Duration(max(0, run.now-t.At.UnixMicro()))*time.Microsecond)
	}
	return nil
}

// instance reads the definition of a schedule and makes it the instance of a
// tick.
func instance(r store.ScheduleRecord, t store.TickRecord) (*workflow.Workflow, error) {
	w, err := workflowfile.Parse("definition.json", r.Definition, workflowfile.Options{Limits: workflow.Limits{Jobs: store.MaxScheduleJobs}})
	if err != nil {
		return nil, err
	}
	table, err := w.Timetable()
	if err != nil {
		return nil, err
	}
	return w, table.Instance(w, t.Instance, r.Name, t.At)
}

// clipped bounds an error text.
func clipped(text string) string { return text[:min(len(text), job.MaxError)] }

// delaySchedule lets the ticks of a schedule wait that the database refused. The
// first fails when that has been so for long.
func (s *Store) delaySchedule(ctx context.Context, id job.ID, cause error, r *store.TicksRun) error {
	var run *tickRun
	err := s.db.Write(ctx, func(tx Tx) error {
		run = &tickRun{tx: tx}
		var err error
		run.schedule, err = readSchedule(tx, "take_schedule", id[:])
		if errors.Is(err, job.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		ticks, err := run.read()
		if err != nil || len(ticks) == 0 {
			return err
		}
		first := ticks[0]
		until := run.now + microsUp(maxTickWait)
		if run.now-first.DecidedAt.UnixMicro() > ticksPatient.Microseconds() {
			run.end(first, store.TickFailed, clipped(cause.Error()))
		}
		queueGuarded(tx, "end_ticks", run.ends, run.now)
		tx.QueueExec("postpone_ticks", id[:], until)
		return nil
	})
	if err == nil {
		r.Add(run.done)
	}
	return err
}
