package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Planner keeps schedules: workflows of which each tick makes an instance.
type Planner interface {
	// CreateSchedule stores a schedule under a name that is free, else
	// ErrNameTaken. Creating an id that is stored with this name changes nothing
	// and returns ErrExists. The first tick is the first one after now.
	CreateSchedule(ctx context.Context, s NewSchedule) (ScheduleRecord, error)
	// UpdateSchedule changes a schedule, or returns job.ErrNotFound. What has
	// been decided stays. When another cron, zone or the enabling moves it, ticks
	// go on with the first one after now.
	UpdateSchedule(ctx context.Context, name string, c ScheduleChange) (ScheduleRecord, error)
	// DeleteSchedule deletes a schedule with the ticks that wait, or returns
	// job.ErrNotFound. Instances go on.
	DeleteSchedule(ctx context.Context, name string) error
	// Schedule returns a schedule with its definition, or job.ErrNotFound.
	Schedule(ctx context.Context, name string) (ScheduleRecord, error)
	// Schedules returns a page of schedules without their definitions, by name,
	// from after a name; next is empty after the last.
	Schedules(ctx context.Context, after string, limit int) (page []ScheduleRecord, next string, err error)
	// Ticks returns a page of the ticks of a schedule that were decided about,
	// the newest first, from before a time (zero: the newest), or job.ErrNotFound.
	Ticks(ctx context.Context, name string, before time.Time, limit int) ([]TickRecord, error)
	// TriggerSchedule decides for a tick now, also of a disabled schedule. Its
	// overlap counts. id is that of the instance: triggering again with it changes
	// nothing while the tick waits, and for an hour, if no more than MaxPage ticks
	// came since. job.ErrNotFound.
	TriggerSchedule(ctx context.Context, name string, id job.ID) (TickRecord, error)
	// Backfill decides for the ticks from from to to, both included, of which
	// there is no instance: those that were never decided about, were missed or
	// skipped, or failed. It returns them, oldest first; with dry it changes
	// nothing. They are made one after the other unless the overlap is allow, and
	// neither wait for other ticks nor hold them up.
	// job.ErrNotFound, ErrTooManyTicks, ErrFuture.
	Backfill(ctx context.Context, name string, from, to time.Time, dry bool) ([]TickRecord, error)
}

// Ticker decides about ticks and makes their instances. Any number of schedulers
// may call it at once.
type Ticker interface {
	// DecideTicks decides about all due ticks of up to limit schedules, each once:
	// in the transaction that moves the schedule on. next is how long until the
	// next tick; negative when there is none.
	DecideTicks(ctx context.Context, limit int) (d Decided, next time.Duration, err error)
	// RunTicks makes the instances of decided ticks of up to limit schedules, as
	// far as their overlap allows, each in the transaction that ends the tick.
	// Those that have waited for it longest have their turn, and of backfills last;
	// a fifth of a limit above one is kept for these.
	// A definition that cannot be enqueued ends its tick as failed. next is how
	// long until there is something to look at; negative: nothing is.
	RunTicks(ctx context.Context, limit int) (r TicksRun, next time.Duration, err error)
}

// Errors about schedules.
var (
	ErrNameTaken    = errors.New("a schedule of this name is stored already")
	ErrTooManyTicks = errors.New("these are more than 1000 ticks; take them in parts")
	ErrFuture       = errors.New("the time is ahead; its ticks will come by themselves")
)

// Bounds of schedules.
const (
	MaxScheduleJobs = 20_000  // jobs of an instance
	MaxDefinition   = 4 << 20 // bytes of a definition
	MaxWaitingTicks = 1000    // ticks of a schedule that wait; the others are skipped
	MaxBackfill     = 1000    // ticks of one backfill
)

// NewSchedule is a schedule to be stored.
type NewSchedule struct {
	ID         job.ID
	Name       string
	Definition json.RawMessage // a valid workflow file in JSON that is a schedule
	Schedule   workflow.Schedule
	Disabled   bool
}

// ScheduleChange is what changes of a schedule; nil stays.
type ScheduleChange struct {
	Definition json.RawMessage
	Schedule   *workflow.Schedule // with Definition
	Enabled    *bool
}

// ScheduleRecord is a schedule as stored.
type ScheduleRecord struct {
	ID         job.ID
	Name       string
	Definition json.RawMessage // empty in lists
	Schedule   workflow.Schedule
	Enabled    bool
	NextAt     time.Time // the next tick; zero: none will come
	CreatedAt  time.Time
	UpdatedAt  time.Time
	LastAt     time.Time // the tick of the instance that was made last, by no backfill; zero: none was
	LastID     job.ID
}

// TickState is what became of a tick.
type TickState string

// The states of ticks.
const (
	TickDue     TickState = "due"     // its instance is to be made
	TickWaiting TickState = "waiting" // the same, when the instance before has ended
	TickStarted TickState = "started" // its instance was made
	TickSkipped TickState = "skipped" // the instance before had not ended
	TickMissed  TickState = "missed"  // it passed while no scheduler ran
	TickFailed  TickState = "failed"  // the definition could not be enqueued
)

// TickCause is why a tick was decided for.
type TickCause string

// The causes of ticks.
const (
	CauseTime     TickCause = "time"
	CauseTrigger  TickCause = "trigger"
	CauseBackfill TickCause = "backfill"
)

// TickRecord is a tick as stored.
type TickRecord struct {
	At        time.Time
	Cause     TickCause
	State     TickState
	Instance  job.ID // the workflow that was made, or would be
	DecidedAt time.Time
	Error     string
}

// Decided counts the ticks that a transaction decided about.
type Decided struct {
	Schedules   int // equal to the limit: call again
	Due, Missed int
	Unknown     []error // schedules whose cron or zone is not known here; they stay as they are, for others
}

// TicksRun is what came of ticks.
type TicksRun struct {
	Resolution
	Schedules       int // equal to the limit: call again
	Made            []Instance
	Lateness        []time.Duration // of each instance that was made because of the time
	Skipped, Failed int
	Cancelled       []job.ID // instances, for those that come after them
	More            bool     // there are others to be made at once
	Unknown         []error  // schedules whose cron or zone is not known here; their ticks stay, for others
}

// Instance is a workflow that was made for a tick.
type Instance struct {
	Workflow job.ID
	Jobs     int
}

// Add adds what came of other ticks.
func (r *TicksRun) Add(o TicksRun) {
	r.Queues, r.Jobs = append(r.Queues, o.Queues...), append(r.Jobs, o.Jobs...)
	r.Workflows, r.Control = append(r.Workflows, o.Workflows...), append(r.Control, o.Control...)
	r.Checks, r.Timer, r.More = r.Checks || o.Checks, r.Timer || o.Timer, r.More || o.More
	r.Made, r.Cancelled = append(r.Made, o.Made...), append(r.Cancelled, o.Cancelled...)
	r.Unknown = append(r.Unknown, o.Unknown...)
	r.Lateness = append(r.Lateness, o.Lateness...)
	r.Skipped, r.Failed = r.Skipped+o.Skipped, r.Failed+o.Failed
}
