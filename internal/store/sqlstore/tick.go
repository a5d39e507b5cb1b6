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
	"github.com/hammerwork/hammerwork/pkg/workflow/workflowfile"
)

// What RunTicks does with ticks.
const (
	ticksMade    = 20               // instances that one transaction makes at most
	ticksPatient = 10 * time.Minute // how long a tick is tried when the database refuses its instance

	maxOpenTicks = store.MaxWaitingTicks + ticksMade // that one transaction looks at
)

// How long until ticks that wait are looked at again.
const (
	minTickWait = time.Second
	maxTickWait = 15 * time.Second
)

// unknownPause is how long until schedules are looked at again whose cron or
// zone is not known here.
const unknownPause = time.Second

// scheduleMove is a row of advance_schedules.
type scheduleMove struct {
	ID      hexID  `json:"id"`
	Was     int64  `json:"was"`
	NextAt  *int64 `json:"next_at"`
	TicksAt *int64 `json:"ticks_at"`
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
		}, now, limit+int(s.undecided.Load())); err != nil {
			return err
		}
		return decide(tx, due, now, &d)
	})
	if err != nil {
		return store.Decided{}, 0, fmt.Errorf("decide about ticks: %w", err)
	}
	s.undecided.Store(int64(len(d.Unknown)))
	next, err = s.nextTick(ctx, "next_schedule")
	if next == 0 && d.Schedules == 0 {
		next = pause(d.Unknown)
	}
	return d, next, err
}

// pause is how long to wait when all that is due is left to others.
func pause(unknown []error) time.Duration {
	if len(unknown) > 0 {
		return unknownPause
	}
	return heldPause
}

// nextTick is how long until there is something to decide or to make, as the
// first of some statements says; negative: there is nothing.
func (s *Store) nextTick(ctx context.Context, statements ...string) (time.Duration, error) {
	var at, now int64
	err := s.db.Read(ctx, func(tx Tx) error {
		at = 0
		tx.QueueNow(&now)
		for _, name := range statements {
			tx.QueueQuery(name, func(row Row) error {
				var t int64
				err := row.Scan(&t)
				if at == 0 || t < at {
					at = t
				}
				return err
			})
		}
		return tx.Flush()
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
// One whose cron or zone is not known here stays as it is, for others.
func decide(tx Tx, due []store.ScheduleRecord, now int64, d *store.Decided) error {
	var ticks []tickInsert
	var moves []scheduleMove
	for _, r := range due {
		t, err := r.Schedule.Timetable()
		if err != nil {
			d.Unknown = append(d.Unknown, fmt.Errorf("schedule %s: %w", r.Name, err))
			continue
		}
		move := scheduleMove{ID: hexID(r.ID), Was: micros(r.NextAt)}
		made, missed, following := t.Due(r.NextAt, timeOf(now))
		for _, at := range missed {
			ticks = append(ticks, newTick(r.ID, at, store.CauseTime, store.TickMissed, now))
		}
		for _, at := range made {
			ticks = append(ticks, newTick(r.ID, at, store.CauseTime, store.TickDue, now))
		}
		if len(made) > 0 {
			move.TicksAt = &now
		}
		d.Missed, d.Due = d.Missed+len(missed), d.Due+len(made)
		if !following.IsZero() {
			at := micros(following)
			move.NextAt = &at
		}
		moves = append(moves, move)
	}
	d.Schedules = len(moves)
	queueRows(tx, "insert_ticks", ticks, now)
	queueGuarded(tx, "advance_schedules", moves)
	return tx.Flush()
}

// tickLine is the open ticks of a schedule that wait for each other: those of
// backfills, or all others.
type tickLine struct {
	schedule job.ID
	backfill bool
}

// statement is the one of two that is for the line.
func (l tickLine) statement(ticks, backfill string) string {
	if l.backfill {
		return backfill
	}
	return ticks
}

// RunTicks implements store.Ticker: a transaction for each line. One whose
// instance the database refuses holds up no other.
func (s *Store) RunTicks(ctx context.Context, limit int) (r store.TicksRun, next time.Duration, err error) {
	if next, err := s.nextTick(ctx, "next_ticks", "next_backfill"); err != nil || next != 0 {
		return r, next, err
	}
	lines, err := s.dueLines(ctx, limit)
	var errs []error
	var unmade, unfilled int64
	for _, l := range lines {
		if err != nil {
			break
		}
		unknown := len(r.Unknown)
		if trying, broken := s.runLine(ctx, l, &r); errors.Is(broken, store.ErrUnavailable) || ctx.Err() != nil {
			err = broken
		} else if broken != nil {
			errs = append(errs, broken, s.delayLine(ctx, l, trying, broken, &r))
		}
		if left := int64(len(r.Unknown) - unknown); l.backfill {
			unfilled += left
		} else {
			unmade += left
		}
	}
	r.Schedules = len(lines) - len(r.Unknown)
	s.unmade.Store(unmade)
	s.unfilled.Store(unfilled)
	r.Queues = sortedSet(r.Queues)
	if err := errors.Join(append(errs, err)...); err != nil {
		return r, 0, fmt.Errorf("run ticks: %w", err)
	}
	next, err = s.nextTick(ctx, "next_ticks", "next_backfill")
	if next == 0 && !r.More && len(r.Made) == 0 {
		next = pause(r.Unknown) // others make them
	}
	return r, next, err
}

// dueLines returns up to limit lines that are to be looked at, and as many more
// as the last look left to others: those that wait for that longest, and
// backfills last. A fifth of the limit is kept for these.
func (s *Store) dueLines(ctx context.Context, limit int) ([]tickLine, error) {
	unmade, unfilled := int(s.unmade.Load()), int(s.unfilled.Load())
	all := limit + unmade + unfilled
	var lines []tickLine
	err := s.db.Read(ctx, func(tx Tx) error {
		lines = nil
		now, err := tx.Now()
		if err != nil {
			return err
		}
		for _, backfill := range []bool{false, true} {
			name := tickLine{backfill: backfill}.statement("schedules_with_ticks", "schedules_with_backfill")
			tx.QueueQuery(name, func(row Row) error {
				l := tickLine{backfill: backfill}
				err := row.Scan(&l.schedule)
				lines = append(lines, l)
				return err
			}, now, all)
		}
		return tx.Flush()
	})
	n := slices.IndexFunc(lines, func(l tickLine) bool { return l.backfill })
	if n < 0 {
		n = len(lines)
	}
	ticks, backfills := lines[:n], lines[n:]
	kept := min(len(backfills), backfillShare(limit)+unfilled)
	ticks = ticks[:min(n, all-kept)]
	return slices.Concat(ticks, backfills[:min(len(backfills), all-len(ticks))]), err
}

// backfillShare is how many of so many lines are kept for backfills, one at
// least unless there is one only: busy schedules would let them wait for ever.
func backfillShare(limit int) int { return min(max(limit/5, 1), limit/2) }

// tickEnd is a row of end_ticks.
type tickEnd struct {
	Schedule hexID  `json:"schedule_id"`
	At       int64  `json:"tick_at"`
	State    string `json:"state"`
	Error    string `json:"error"`
	DueAt    *int64 `json:"due_at"`
}

// tickRun is the work on the ticks of one line.
type tickRun struct {
	tickLine
	tx       Tx
	now      int64
	schedule store.ScheduleRecord
	last     job.ID          // the instance of the line that was made last
	lastAt   time.Time       // its tick, if the run made it
	status   workflow.Status // its status; empty: there is none any more
	trying   time.Time       // the tick whose instance is being made
	tried    int             // instances
	jobs     int             // of those that were made
	maxJobs  int             // after which there is no room for another instance
	ends     []tickEnd
	until    int64 // when to look at the ticks that are left; 0: there are none
	done     store.TicksRun
}

// takeLine locks the schedule of a line and reads the line's ticks; found is
// false when the schedule is not there, or in other hands.
func takeLine(tx Tx, l tickLine, maxJobs int) (run *tickRun, ticks []store.TickRecord, found bool, err error) {
	run = &tickRun{tickLine: l, tx: tx, maxJobs: maxJobs}
	run.schedule, err = readSchedule(tx, "take_schedule", l.schedule[:])
	if errors.Is(err, job.ErrNotFound) {
		return run, nil, false, nil
	}
	if err == nil {
		ticks, err = run.read()
	}
	return run, ticks, err == nil, err
}

// runLine makes instances of a line, unless another scheduler does. What has to
// be cancelled first is cancelled after the commit: it locks another workflow.
// With an error it returns the tick that led to it; zero: none did.
func (s *Store) runLine(ctx context.Context, l tickLine, r *store.TicksRun) (trying time.Time, err error) {
	run, cancel := &tickRun{}, false
	err = s.db.Write(ctx, func(tx Tx) error {
		cancel = false
		var ticks []store.TickRecord
		var found bool
		var err error
		if run, ticks, found, err = takeLine(tx, l, 4*s.opts.EnqueueChunk); err != nil || !found {
			return err
		}
		if _, err := run.schedule.Schedule.Timetable(); err != nil { // others may know it
			run.done.Unknown = []error{fmt.Errorf("schedule %s: %w", run.schedule.Name, err)}
			return nil
		}
		cancel, err = run.all(ticks)
		return err
	})
	if err != nil {
		return run.trying, fmt.Errorf("schedule %s: %w", l.schedule, err)
	}
	r.Add(run.done)
	if !cancel {
		return time.Time{}, nil
	}
	changed, err := s.cancel(ctx, run.last, cancelCall{
		reason: job.ReasonUser, grace: s.opts.CancelGrace, once: true,
		by: store.Actor{Name: "schedule " + run.schedule.Name, Comment: "overlap: cancel_previous"},
	})
	switch {
	case errors.Is(err, job.ErrWrongState) || errors.Is(err, job.ErrNotFound): // it has ended meanwhile, or somebody cancelled it
		return time.Time{}, nil
	case err != nil:
		return time.Time{}, fmt.Errorf("schedule %s: cancel workflow %s: %w", run.schedule.Name, run.last, err)
	}
	r.Add(store.TicksRun{Resolution: changed, Cancelled: []job.ID{run.last}})
	return time.Time{}, nil
}

// read returns the open ticks of the line, oldest first, and how the instance
// before them stands.
func (run *tickRun) read() (ticks []store.TickRecord, err error) {
	id := run.schedule.ID
	run.tx.QueueNow(&run.now)
	if run.backfill {
		run.tx.QueueQuery("last_backfill", func(row Row) error { return row.Scan(&run.last, &run.status) }, id[:])
	} else {
		run.last = run.schedule.LastID
		run.tx.QueueQuery("workflow_status", func(row Row) error { return row.Scan(&run.status) }, run.last[:])
	}
	return openTicks(run.tx, id, run.backfill)
}

// openTicks returns the open ticks of a line, oldest first.
func openTicks(tx Tx, id job.ID, backfill bool) (ticks []store.TickRecord, err error) {
	err = tx.Query("open_ticks", func(row Row) error {
		t, err := scanTick(row)
		ticks = append(ticks, t)
		return err
	}, id[:], boolInt(backfill), maxOpenTicks)
	return ticks, err
}

// overlap is how the ticks of the line go about an instance that has not ended:
// those of backfills wait, unless they need not.
func (run *tickRun) overlap() workflow.Overlap {
	o := run.schedule.Schedule.Overlap
	if run.backfill && o != workflow.OverlapAllow {
		return workflow.OverlapQueue
	}
	return o
}

// open reports whether the instance before has not ended.
func (run *tickRun) open() bool { return run.status != "" && !run.status.Terminal() }

// all goes through the ticks, oldest first, as far as one transaction goes.
func (run *tickRun) all(ticks []store.TickRecord) (cancel bool, err error) {
	overlap := run.overlap()
	more := len(ticks) == maxOpenTicks
	for i, t := range ticks {
		switch {
		case run.full():
			more = true
		case overlap == workflow.OverlapCancelPrevious && i < len(ticks)-1:
			run.end(t, store.TickSkipped, "a later tick took its place")
			continue
		case !run.open() || overlap == workflow.OverlapAllow:
			if err := run.make(t); err != nil {
				return false, err
			}
			continue
		case overlap == workflow.OverlapSkip:
			run.end(t, store.TickSkipped, "the instance before had not ended")
			continue
		default:
			cancel = overlap == workflow.OverlapCancelPrevious && run.status != workflow.Cancelling
			run.wait(ticks[i:])
		}
		break
	}
	if run.until == 0 && more {
		run.until, run.done.More = run.now, true
	}
	return cancel, run.finish()
}

// finish stores what came of the ticks.
func (run *tickRun) finish() error {
	id := run.schedule.ID
	queueGuarded(run.tx, "end_ticks", run.ends, run.now)
	switch {
	case run.lastAt.IsZero():
	case run.backfill:
		run.tx.QueueExec("backfill_made", id[:], run.last[:])
	default:
		run.tx.QueueExec("schedule_made", id[:], run.lastAt.UnixMicro(), run.last[:])
	}
	run.tx.QueueExec(run.statement("postpone_ticks", "postpone_backfill"), id[:], run.until)
	return run.tx.Flush()
}

// wait lets ticks wait for the end of the instance before. Those over
// store.MaxWaitingTicks are skipped, the newest first.
func (run *tickRun) wait(ticks []store.TickRecord) {
	age := time.Duration(run.now-ticks[0].DecidedAt.UnixMicro()) * time.Microsecond
	run.until = run.now + microsUp(min(max(age/10, minTickWait), maxTickWait))
	for i, t := range ticks {
		switch {
		case i >= store.MaxWaitingTicks && t.Cause == store.CauseTime:
			run.end(t, store.TickSkipped, fmt.Sprintf("%d ticks wait already", store.MaxWaitingTicks))
		case t.State == store.TickDue:
			run.ends = append(run.ends, run.row(t, store.TickWaiting, "", &run.until))
		}
	}
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

// full reports whether another instance, which is as large as those before, is
// too much for the transaction.
func (run *tickRun) full() bool {
	return run.tried == ticksMade || len(run.done.Made) > 0 && run.jobs+run.jobs/len(run.done.Made) > run.maxJobs
}

// make makes the instance of a tick. A definition that is not valid any more
// fails the tick alone.
func (run *tickRun) make(t store.TickRecord) error {
	run.trying = t.At
	run.tried++
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
	run.jobs += jobsOf(w.Jobs)
	run.last, run.lastAt, run.status = w.ID, t.At, workflow.Running
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
	if t.Cause == store.CauseTrigger {
		table = table.AtOnce()
	}
	return w, table.Instance(w, t.Instance, r.Name, t.At)
}

// clipped bounds an error text.
func clipped(text string) string { return text[:min(len(text), job.MaxError)] }

// delayLine lets the ticks of a line wait when the database refused the instance
// of one, which fails when that has been so for long.
func (s *Store) delayLine(ctx context.Context, l tickLine, refused time.Time, cause error, r *store.TicksRun) error {
	var run *tickRun
	err := s.db.Write(ctx, func(tx Tx) error {
		var ticks []store.TickRecord
		var found bool
		var err error
		if run, ticks, found, err = takeLine(tx, l, 4*s.opts.EnqueueChunk); err != nil || !found {
			return err
		}
		for _, t := range ticks {
			if t.At.Equal(refused) && run.now-t.DecidedAt.UnixMicro() > ticksPatient.Microseconds() {
				run.end(t, store.TickFailed, clipped(cause.Error()))
			}
		}
		run.until = run.now + microsUp(maxTickWait)
		return run.finish()
	})
	if err == nil {
		r.Add(run.done)
	}
	return err
}
