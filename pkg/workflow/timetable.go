package workflow

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hammerwork/hammerwork/pkg/cron"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/plainjson"
)

// Scheduled is what an instance knows of the schedule that made it.
type Scheduled struct {
	Schedule string    // its name
	For      time.Time // the tick
}

// IsSchedule reports whether w is to be made again and again: it has a schedule,
// or a job with a cron.
func (w *Workflow) IsSchedule() bool { return w.Schedule != nil || w.ownCrons() }

func (w *Workflow) ownCrons() bool {
	for _, j := range w.Jobs {
		if j.Cron != "" {
			return true
		}
	}
	return false
}

// Timetable tells when instances of a workflow begin, and what time makes of
// ticks.
type Timetable struct {
	Schedule                            // with its defaults; Cron is the job's that leads if the workflow has none of its own
	*cron.Expression                    // of the instances
	own              []*cron.Expression // parallel to the jobs; nil: none
}

// ErrNoSchedule says that a workflow is none that is made again and again.
var ErrNoSchedule = errors.New("the workflow has no schedule, and no job of it has a cron")

// Timetable returns the timetable of a workflow that has passed Validate, or
// ErrNoSchedule. Without a cron of its own a workflow begins with the job that
// is first of those that have a cron and no parents, seen from the begin of a year.
func (w *Workflow) Timetable() (*Timetable, error) {
	if !w.IsSchedule() {
		return nil, ErrNoSchedule
	}
	var s Schedule
	if w.Schedule != nil {
		s = *w.Schedule
	}
	t := &Timetable{Schedule: s.WithDefaults(), own: make([]*cron.Expression, len(w.Jobs))}
	for i, j := range w.Jobs {
		if j.Cron == "" {
			continue
		}
		e, err := cron.Parse(j.Cron, t.Timezone)
		if err != nil {
			return nil, fmt.Errorf("job %s: %w", j.Name, err)
		}
		t.own[i] = e
	}
	if t.Cron == "" {
		if t.Expression = t.leader(w.Jobs); t.Expression == nil {
			return nil, ErrNoSchedule
		}
		t.Cron = t.Expression.String()
		return t, nil
	}
	var err error
	t.Expression, err = cron.Parse(t.Cron, t.Timezone)
	return t, err
}

// WithDefaults returns s with every empty field but Cron set to its default.
func (s Schedule) WithDefaults() Schedule {
	s.Timezone = cmp.Or(s.Timezone, "UTC")
	s.CatchUp = cmp.Or(s.CatchUp, CatchUpNone)
	s.Overlap = cmp.Or(s.Overlap, OverlapAllow)
	if s.CatchUp == CatchUpAll {
		s.CatchUpMax = cmp.Or(s.CatchUpMax, DefaultCatchUp)
	}
	return s
}

// Timetable returns the timetable of a schedule that has a cron. It makes no
// instances.
func (s Schedule) Timetable() (*Timetable, error) {
	e, err := cron.Parse(s.Cron, s.Timezone)
	return &Timetable{Schedule: s.WithDefaults(), Expression: e}, err
}

// reference is the begin of a year, of a month and of a week in the zone of an
// expression.
func reference(zone *time.Location) time.Time { return time.Date(2024, 1, 1, 0, 0, 0, 0, zone) }

// leader returns the expression of the job without parents that is the first of
// a year; nil: no job without parents has one.
func (t *Timetable) leader(jobs []*job.Job) (first *cron.Expression) {
	var at time.Time
	for i, j := range jobs {
		if t.own[i] == nil || len(j.DependsOn) > 0 {
			continue
		}
		if tick := startIn(t.own[i], reference(t.own[i].Location())); first == nil || tick.Before(at) {
			first, at = t.own[i], tick
		}
	}
	return first
}

// startIn returns the first tick of e at or after an instance's; zero: there is
// none.
func startIn(e *cron.Expression, tick time.Time) time.Time { return e.Next(tick.Add(-time.Nanosecond)) }

// AtOnce returns t for an instance that somebody asks for: no job of it waits for
// a cron of its own.
func (t *Timetable) AtOnce() *Timetable {
	at := *t
	at.own = make([]*cron.Expression, len(t.own))
	return &at
}

// Instance makes w, of which t is the timetable, the instance for a tick of the
// schedule of a name: with an id of its own, from which those of its jobs
// follow, what it knows of the schedule, also in the metadata unless these have
// such fields, and times of the jobs that have crons.
func (t *Timetable) Instance(w *Workflow, id job.ID, schedule string, tick time.Time) error {
	w.ID, w.Schedule, w.Scheduled = id, nil, &Scheduled{Schedule: schedule, For: tick}
	at := tick.UTC().Format(time.RFC3339)
	if w.CorrelationID == "" {
		w.CorrelationID = shortened(schedule, job.MaxName-len(at)-1) + "@" + at
	}
	metadata := make(map[string]json.RawMessage)
	if len(w.Metadata) > 0 {
		if err := json.Unmarshal(w.Metadata, &metadata); err != nil {
			return fmt.Errorf("metadata: %w", err)
		}
	}
	for name, value := range map[string]string{"schedule": schedule, "scheduled_for": at} {
		if metadata[name] == nil {
			metadata[name], _ = plainjson.Marshal(value) // a string: no error is possible
		}
	}
	w.Metadata, _ = plainjson.Marshal(metadata) // of valid JSON: no error is possible
	for i, j := range w.Jobs {
		if j.Cron = ""; t.own[i] != nil {
			j.ScheduledAt = startIn(t.own[i], tick)
		}
	}
	correlate(w)
	number(w, id, new(int))
	return nil
}

// number gives all that an instance has of its jobs, and of those that they are
// made of, ids that follow from its own, in their order: so that making it can be
// repeated.
func number(w *Workflow, of job.ID, last *int) {
	next := func() job.ID {
		*last++
		return job.DerivedID(job.IDTime(of), *last, of[:])
	}
	ids := make(map[job.ID]job.ID, len(w.Jobs))
	for _, j := range w.Jobs {
		was := j.ID
		j.ID = next()
		ids[was] = j.ID
		if p := PartsOf(j); p != nil && p.Workflow != nil {
			p.Workflow.ID = next()
			number(p.Workflow, of, last)
		}
	}
	for _, j := range w.Jobs {
		for i, d := range j.DependsOn {
			if id, within := ids[d.Parent]; within {
				j.DependsOn[i].Parent = id
			}
		}
	}
}

// correlate hands the correlation id of a workflow down to those that jobs of it
// are.
func correlate(w *Workflow) {
	for _, j := range w.Jobs {
		if p := PartsOf(j); p != nil && p.Workflow != nil {
			p.Workflow.CorrelationID = cmp.Or(p.Workflow.CorrelationID, j.CorrelationID, w.CorrelationID)
			correlate(p.Workflow)
		}
	}
}

// shortened cuts s to at most n characters.
func shortened(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// TickGrace is how late a tick is still made whatever catch_up says: a scheduler
// that starts anew, or a database that is busy, misses none.
const TickGrace = time.Minute

// MaxMissed bounds the ticks that are told to be missed, the newest ones.
const MaxMissed = 100

// Due says what becomes of the ticks from next, the first that was not decided
// about, to now: which are made, which are missed, both oldest first, and which
// is the next; zero: none.
func (t *Timetable) Due(next, now time.Time) (made, missed []time.Time, following time.Time) {
	following = t.Next(now)
	onTime := now.Add(-TickGrace)
	if onTime.Before(next) {
		onTime = next
	}
	made, _ = t.Between(onTime, now, int(TickGrace/time.Second)+1)
	catchUp := 0
	switch t.CatchUp {
	case CatchUpLatest:
		if len(made) == 0 { // else the last of all is made anyway
			catchUp = 1
		}
	case CatchUpAll:
		catchUp = t.CatchUpMax
	}
	late, _ := t.Last(next, onTime, catchUp+MaxMissed)
	n := max(0, len(late)-catchUp)
	return append(late[n:len(late):len(late)], made...), late[max(0, n-MaxMissed):n], following
}
