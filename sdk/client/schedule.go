package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"
	"unicode/utf8"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/workflowfile"
)

// Facts about schedules a caller acts on, with errors.Is.
var (
	// ErrNameTaken says that another schedule has the name.
	ErrNameTaken = store.ErrNameTaken
	// ErrTooManyTicks says that a backfill is about more ticks than it may.
	ErrTooManyTicks = store.ErrTooManyTicks
	// ErrFuture says that a backfill is about ticks that will come by themselves.
	ErrFuture = store.ErrFuture
	// ErrSchedule says that a workflow that is to run once has a schedule, or a
	// job with a cron: CreateSchedule takes it.
	ErrSchedule = errors.New("the workflow is a schedule: make it with CreateSchedule, or take its schedule and the crons of its jobs away to run it once")
)

// ScheduleRecord is a schedule as it stands.
type ScheduleRecord struct {
	ID         job.ID
	Name       string
	Definition json.RawMessage // a workflow file; empty in Schedules
	Schedule   workflow.Schedule
	Enabled    bool
	NextAt     time.Time // the next tick; zero: none will come
	LastAt     time.Time // the tick of the instance that was made last, by no backfill; zero: none was
	LastID     job.ID    // that instance
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// TickState is what became of a tick.
type TickState string

// The states of ticks.
const (
	TickDue     = TickState(store.TickDue)     // its instance is about to be made
	TickWaiting = TickState(store.TickWaiting) // the same, when the instance before has ended
	TickStarted = TickState(store.TickStarted) // its instance was made
	TickSkipped = TickState(store.TickSkipped) // the instance before had not ended
	TickMissed  = TickState(store.TickMissed)  // it passed while no scheduler ran
	TickFailed  = TickState(store.TickFailed)  // the definition could not be enqueued
)

// TickRecord is a tick that was decided about.
type TickRecord struct {
	At         time.Time
	Cause      string // time, trigger or backfill
	State      TickState
	WorkflowID job.ID // the instance, once it started, or will; zero: there is none
	DecidedAt  time.Time
	Error      string
}

func scheduleRecord(r store.ScheduleRecord) ScheduleRecord {
	return ScheduleRecord{
		ID: r.ID, Name: r.Name, Definition: r.Definition, Schedule: r.Schedule, Enabled: r.Enabled, NextAt: r.NextAt,
		LastAt: r.LastAt, LastID: r.LastID, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
}

func tickRecord(t store.TickRecord) TickRecord {
	out := TickRecord{At: t.At, Cause: string(t.Cause), State: TickState(t.State), DecidedAt: t.DecidedAt, Error: t.Error}
	switch t.State {
	case store.TickDue, store.TickWaiting, store.TickStarted:
		out.WorkflowID = t.Instance
	}
	return out
}

// CreateSchedule stores a workflow of which each tick makes an instance: it has
// a schedule (WithSchedule), or jobs with crons (WithCron). The first tick is
// the first one after now. The jobs depend on each other only.
//
// Errors: *workflow.Error, workflow.ErrNoSchedule, workflowfile.ErrNotInFiles,
// ErrNameTaken, ErrUnavailable.
func (c *Client) CreateSchedule(ctx context.Context, name string, w *workflow.Workflow) (ScheduleRecord, error) {
	n := store.NewSchedule{ID: job.NewID(), Name: name}
	var err error
	if n.Definition, n.Schedule, err = definition(w); err != nil {
		return ScheduleRecord{}, fmt.Errorf("create schedule %s: %w", name, err)
	}
	if name == "" || utf8.RuneCountInString(name) > job.MaxName {
		return ScheduleRecord{}, fmt.Errorf("create schedule: a name has 1 to %d characters", job.MaxName)
	}
	r, err := c.store.CreateSchedule(ctx, n)
	return scheduleRecord(r), err
}

// UpdateSchedule replaces the workflow of a schedule, or returns
// job.ErrNotFound. Instances that were made go on as they are.
func (c *Client) UpdateSchedule(ctx context.Context, name string, w *workflow.Workflow) (ScheduleRecord, error) {
	data, s, err := definition(w)
	if err != nil {
		return ScheduleRecord{}, fmt.Errorf("update schedule %s: %w", name, err)
	}
	r, err := c.store.UpdateSchedule(ctx, name, store.ScheduleChange{Definition: data, Schedule: &s})
	return scheduleRecord(r), err
}

// definition checks a workflow that is a schedule and writes it as a file.
func definition(w *workflow.Workflow) (json.RawMessage, workflow.Schedule, error) {
	if w == nil {
		return nil, workflow.Schedule{}, errors.New("the workflow is nil")
	}
	if err := w.ValidateLimits(workflow.Limits{Jobs: store.MaxScheduleJobs}); err != nil {
		return nil, workflow.Schedule{}, err
	}
	t, err := w.Timetable()
	if err != nil {
		return nil, workflow.Schedule{}, err
	}
	data, err := workflowfile.Encode(w)
	if err == nil && len(data) > store.MaxDefinition {
		err = fmt.Errorf("the definition has %d bytes; at most %d are allowed", len(data), store.MaxDefinition)
	}
	return data, t.Schedule, err
}

// EnableSchedule lets a schedule tick, from the first tick after now, or returns
// job.ErrNotFound.
func (c *Client) EnableSchedule(ctx context.Context, name string) (ScheduleRecord, error) {
	return c.switchSchedule(ctx, name, true)
}

// DisableSchedule stops a schedule, or returns job.ErrNotFound. Its instances go
// on.
func (c *Client) DisableSchedule(ctx context.Context, name string) (ScheduleRecord, error) {
	return c.switchSchedule(ctx, name, false)
}

func (c *Client) switchSchedule(ctx context.Context, name string, on bool) (ScheduleRecord, error) {
	r, err := c.store.UpdateSchedule(ctx, name, store.ScheduleChange{Enabled: &on})
	return scheduleRecord(r), err
}

// DeleteSchedule deletes a schedule and the ticks that wait, or returns
// job.ErrNotFound. Its instances stay.
func (c *Client) DeleteSchedule(ctx context.Context, name string) error {
	return c.store.DeleteSchedule(ctx, name)
}

// Schedule returns a schedule, or job.ErrNotFound.
func (c *Client) Schedule(ctx context.Context, name string) (ScheduleRecord, error) {
	r, err := c.store.Schedule(ctx, name)
	return scheduleRecord(r), err
}

// Schedules goes through all schedules by name. It reads a page at a time, and
// stops at the first error, which it yields.
func (c *Client) Schedules(ctx context.Context) iter.Seq2[ScheduleRecord, error] {
	return func(yield func(ScheduleRecord, error) bool) {
		for after := ""; ; {
			page, next, err := c.store.Schedules(ctx, after, store.MaxPage)
			if err != nil {
				yield(ScheduleRecord{}, err)
				return
			}
			for _, r := range page {
				if !yield(scheduleRecord(r), nil) {
					return
				}
			}
			if after = next; after == "" {
				return
			}
		}
	}
}

// Ticks returns up to limit ticks of a schedule that were decided about, the
// newest first, from before a time (zero: the newest), or job.ErrNotFound.
func (c *Client) Ticks(ctx context.Context, name string, before time.Time, limit int) ([]TickRecord, error) {
	list, err := c.store.Ticks(ctx, name, before, limit)
	return tickRecords(list), err
}

// TriggerSchedule makes an instance now, also of a disabled schedule, or returns
// job.ErrNotFound. The overlap counts: the instance may wait, or be skipped.
func (c *Client) TriggerSchedule(ctx context.Context, name string) (TickRecord, error) {
	t, err := c.store.TriggerSchedule(ctx, name, job.NewID())
	return tickRecord(t), err
}

// Backfill makes the instances of the ticks from from to to, both included, of
// which there is none, and returns them, oldest first. No tick gets two, however
// often it is called. They are made one after the other unless the overlap is
// allow. job.ErrNotFound, ErrTooManyTicks, ErrFuture.
func (c *Client) Backfill(ctx context.Context, name string, from, to time.Time) ([]TickRecord, error) {
	list, err := c.store.Backfill(ctx, name, from, to, false)
	return tickRecords(list), err
}

// PlanBackfill returns what Backfill would make, and changes nothing.
func (c *Client) PlanBackfill(ctx context.Context, name string, from, to time.Time) ([]TickRecord, error) {
	list, err := c.store.Backfill(ctx, name, from, to, true)
	return tickRecords(list), err
}

func tickRecords(list []store.TickRecord) []TickRecord {
	out := make([]TickRecord, len(list))
	for i, t := range list {
		out[i] = tickRecord(t)
	}
	return out
}
