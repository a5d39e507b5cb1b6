package sqlstore

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// CreateSchedule implements store.Planner.
func (s *Store) CreateSchedule(ctx context.Context, n store.NewSchedule) (r store.ScheduleRecord, err error) {
	t, err := n.Schedule.Timetable()
	if err != nil {
		return r, fmt.Errorf("create schedule %s: %w", n.Name, err)
	}
	err = s.db.Write(ctx, func(tx Tx) error {
		now, err := tx.Now()
		if err != nil {
			return err
		}
		r = store.ScheduleRecord{
			ID: n.ID, Name: n.Name, Definition: n.Definition, Schedule: t.Schedule, Enabled: !n.Disabled,
			CreatedAt: timeOf(now), UpdatedAt: timeOf(now),
		}
		if r.Enabled {
			r.NextAt = t.Next(timeOf(now)).UTC()
		}
		c := t.Schedule
		inserted, err := tx.Exec("insert_schedule", n.ID[:], n.Name, string(n.Definition), c.Cron, c.Timezone, string(c.CatchUp), c.CatchUpMax,
			string(c.Overlap), boolInt(r.Enabled), micros(r.NextAt), now)
		if err != nil || inserted > 0 {
			return err
		}
		stored, err := readSchedule(tx, "schedule", n.Name)
		if err == nil && stored.ID == n.ID {
			return store.ErrExists
		}
		return store.ErrNameTaken
	})
	if err != nil {
		return store.ScheduleRecord{}, fmt.Errorf("create schedule %s: %w", n.Name, err)
	}
	return r, nil
}

// UpdateSchedule implements store.Planner.
func (s *Store) UpdateSchedule(ctx context.Context, name string, c store.ScheduleChange) (r store.ScheduleRecord, err error) {
	err = s.db.Write(ctx, func(tx Tx) error {
		if r, err = readSchedule(tx, "lock_schedule", name); err != nil {
			return err
		}
		before := r
		if c.Definition != nil {
			r.Definition, r.Schedule = c.Definition, c.Schedule.WithDefaults()
		}
		if c.Enabled != nil {
			r.Enabled = *c.Enabled
		}
		now, err := tx.Now()
		if err != nil {
			return err
		}
		switch {
		case !r.Enabled:
			r.NextAt = time.Time{}
		case !before.Enabled, r.Schedule.Cron != before.Schedule.Cron, r.Schedule.Timezone != before.Schedule.Timezone:
			t, err := r.Schedule.Timetable()
			if err != nil {
				return err
			}
			r.NextAt = t.Next(timeOf(now)).UTC()
		}
		r.UpdatedAt = timeOf(now)
		p := r.Schedule
		_, err = tx.Exec("update_schedule", r.ID[:], string(r.Definition), p.Cron, p.Timezone, string(p.CatchUp), p.CatchUpMax, string(p.Overlap),
			boolInt(r.Enabled), micros(r.NextAt), now)
		return err
	})
	if err != nil {
		return store.ScheduleRecord{}, fmt.Errorf("update schedule %s: %w", name, err)
	}
	return r, nil
}

// DeleteSchedule implements store.Planner. Old ticks are deleted by Purge.
func (s *Store) DeleteSchedule(ctx context.Context, name string) error {
	err := s.db.Write(ctx, func(tx Tx) error {
		r, err := readSchedule(tx, "lock_schedule", name)
		if err != nil {
			return err
		}
		tx.QueueExec("delete_open_ticks", r.ID[:])
		tx.QueueExec("delete_schedule", r.ID[:])
		return nil
	})
	if err != nil {
		return fmt.Errorf("delete schedule %s: %w", name, err)
	}
	return nil
}

// Schedule implements store.Planner.
func (s *Store) Schedule(ctx context.Context, name string) (r store.ScheduleRecord, err error) {
	err = s.db.Read(ctx, func(tx Tx) error {
		r, err = readSchedule(tx, "schedule", name)
		return err
	})
	if err != nil {
		return store.ScheduleRecord{}, fmt.Errorf("schedule %s: %w", name, err)
	}
	return r, nil
}

// Schedules implements store.Planner.
func (s *Store) Schedules(ctx context.Context, after string, limit int) (page []store.ScheduleRecord, next string, err error) {
	limit = min(max(limit, 1), store.MaxPage)
	err = s.db.Read(ctx, func(tx Tx) error {
		page, next = nil, ""
		return tx.Query("list_schedules", func(row Row) error {
			r, err := scanSchedule(row)
			if len(page) == limit {
				next = page[limit-1].Name
				return err
			}
			page = append(page, r)
			return err
		}, after, limit+1)
	})
	if err != nil {
		return nil, "", fmt.Errorf("list schedules: %w", err)
	}
	return page, next, nil
}

// readSchedule runs a statement about one schedule; job.ErrNotFound.
func readSchedule(tx Tx, statement string, key any) (r store.ScheduleRecord, err error) {
	found := false
	err = tx.Query(statement, func(row Row) error {
		found = true
		r, err = scanSchedule(row)
		return err
	}, key)
	if err == nil && !found {
		err = job.ErrNotFound
	}
	return r, err
}

func scanSchedule(row Row) (r store.ScheduleRecord, err error) {
	var definition string
	c := &r.Schedule
	err = row.Scan(&r.ID, &r.Name, &definition, &c.Cron, &c.Timezone, &c.CatchUp, &c.CatchUpMax, &c.Overlap, &r.Enabled,
		nullTime{&r.NextAt}, nullTime{&r.CreatedAt}, nullTime{&r.UpdatedAt}, nullTime{&r.LastAt}, nullID{&r.LastID})
	if definition != "" {
		r.Definition = json.RawMessage(definition)
	}
	return r, err
}

// Ticks implements store.Planner.
func (s *Store) Ticks(ctx context.Context, name string, before time.Time, limit int) (list []store.TickRecord, err error) {
	end := int64(math.MaxInt64)
	if !before.IsZero() {
		end = micros(before)
	}
	err = s.db.Read(ctx, func(tx Tx) error {
		r, err := readSchedule(tx, "schedule", name)
		if err != nil {
			return err
		}
		list, err = readTicks(tx, r.ID, math.MinInt64, end, min(max(limit, 1), store.MaxPage))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ticks of schedule %s: %w", name, err)
	}
	return list, nil
}

// readTicks returns the ticks of a schedule from from on and before before, the
// newest first.
func readTicks(tx Tx, id job.ID, from, before int64, limit int) (list []store.TickRecord, err error) {
	err = tx.Query("list_ticks", func(row Row) error {
		t, err := scanTick(row)
		list = append(list, t)
		return err
	}, id[:], before, from, limit)
	return list, err
}

func scanTick(row Row) (t store.TickRecord, err error) {
	var at int64
	err = row.Scan(&at, &t.Cause, &t.State, &t.Instance, nullTime{&t.DecidedAt}, &t.Error)
	t.At = time.UnixMicro(at).UTC() // 1970 is a tick like others
	return t, err
}

// tickInsert is a row of insert_ticks.
type tickInsert struct {
	Schedule hexID  `json:"schedule_id"`
	At       int64  `json:"tick_at"`
	Cause    string `json:"cause"`
	State    string `json:"state"`
	Instance hexID  `json:"instance_id"`
	DueAt    *int64 `json:"due_at"`
}

// newTick is a tick that is decided for now, or missed.
func newTick(schedule job.ID, at time.Time, cause store.TickCause, state store.TickState, now int64) tickInsert {
	row := tickInsert{
		Schedule: hexID(schedule), At: at.UnixMicro(), Cause: string(cause), State: string(state), Instance: hexID(instanceID(schedule, at.UnixMicro(), now)),
	}
	if state == store.TickDue {
		row.DueAt = &now
	}
	return row
}

// instanceID is the id of the instance of a tick: derived from the schedule and
// the tick. Its time is that of the decision.
func instanceID(schedule job.ID, at, now int64) job.ID {
	return job.DerivedID(timeOf(now), 0, schedule[:], binary.BigEndian.AppendUint64(nil, uint64(at)))
}

// TriggerSchedule implements store.Planner. Ticks of a cron are whole seconds;
// a trigger is none of them.
func (s *Store) TriggerSchedule(ctx context.Context, name string, id job.ID) (t store.TickRecord, err error) {
	err = s.db.Write(ctx, func(tx Tx) error {
		r, err := readSchedule(tx, "lock_schedule", name)
		if err != nil {
			return err
		}
		now, err := tx.Now()
		if err != nil {
			return err
		}
		recent, err := readTicks(tx, r.ID, now-time.Hour.Microseconds(), math.MaxInt64, store.MaxPage)
		if err != nil {
			return err
		}
		open, err := openTicks(tx, r.ID, false) // however long they wait
		if err != nil {
			return err
		}
		for _, known := range slices.Concat(recent, open) {
			if known.Instance == id {
				t = known
				return nil
			}
		}
		at := triggerTime(now, recent)
		row := newTick(r.ID, time.UnixMicro(at), store.CauseTrigger, store.TickDue, now)
		row.Instance = hexID(id)
		t = store.TickRecord{At: time.UnixMicro(at).UTC(), Cause: store.CauseTrigger, State: store.TickDue, Instance: id, DecidedAt: timeOf(now)}
		inserted, err := tx.Exec("insert_ticks", []tickInsert{row}, now)
		if err == nil && inserted == 0 {
			return ErrConflict // there is a tick at that time
		}
		tx.QueueExec("wake_ticks", r.ID[:], now)
		return err
	})
	if err != nil {
		return store.TickRecord{}, fmt.Errorf("trigger schedule %s: %w", name, err)
	}
	return t, nil
}

// triggerTime is the time of a trigger: now, or what follows that is no whole
// second and none of some known ticks, of which the newest comes first.
func triggerTime(now int64, known []store.TickRecord) int64 {
	at := now
	if at%time.Second.Microseconds() == 0 {
		at++
	}
	for _, t := range slices.Backward(known) {
		if t.At.UnixMicro() == at {
			at++
		}
	}
	return at
}

// tickKey is a row of reopen_ticks.
type tickKey struct {
	Schedule hexID `json:"schedule_id"`
	At       int64 `json:"tick_at"`
}

// Backfill implements store.Planner.
func (s *Store) Backfill(ctx context.Context, name string, from, to time.Time, dry bool) (list []store.TickRecord, err error) {
	run := s.db.Write
	statement := "lock_schedule"
	if dry {
		run, statement = s.db.Read, "schedule"
	}
	err = run(ctx, func(tx Tx) error {
		list = nil
		r, err := readSchedule(tx, statement, name)
		if err != nil {
			return err
		}
		now, err := tx.Now()
		if err != nil {
			return err
		}
		if to.After(timeOf(now)) {
			return store.ErrFuture
		}
		t, err := r.Schedule.Timetable()
		if err != nil {
			return err
		}
		ticks, more := t.Between(from, to, store.MaxBackfill)
		if more {
			return store.ErrTooManyTicks
		}
		if len(ticks) == 0 {
			return nil
		}
		known, err := knownTicks(tx, r.ID, ticks)
		if err != nil {
			return err
		}
		var fresh []tickInsert
		var again []tickKey
		for _, at := range ticks {
			k, decided := known[at.UnixMicro()]
			switch {
			case !decided:
				fresh = append(fresh, newTick(r.ID, at, store.CauseBackfill, store.TickDue, now))
				k = store.TickRecord{At: at.UTC(), Instance: job.ID(fresh[len(fresh)-1].Instance)}
			case k.State == store.TickMissed || k.State == store.TickSkipped || k.State == store.TickFailed:
				again = append(again, tickKey{hexID(r.ID), at.UnixMicro()})
			default:
				continue
			}
			k.Cause, k.State, k.DecidedAt, k.Error = store.CauseBackfill, store.TickDue, timeOf(now), ""
			list = append(list, k)
		}
		if dry {
			return nil
		}
		queueRows(tx, "insert_ticks", fresh, now)
		queueRows(tx, "reopen_ticks", again, now)
		tx.QueueExec("wake_backfill", r.ID[:], now)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("backfill schedule %s: %w", name, err)
	}
	return list, nil
}

// knownTicks returns those of the ticks of a cron, oldest first, that were
// decided about. Triggers between them are passed over.
func knownTicks(tx Tx, id job.ID, ticks []time.Time) (map[int64]store.TickRecord, error) {
	known := make(map[int64]store.TickRecord)
	from, before := ticks[0].UnixMicro(), ticks[len(ticks)-1].UnixMicro()+1
	for {
		page, err := readTicks(tx, id, from, before, store.MaxPage)
		if err != nil {
			return nil, err
		}
		for _, t := range page {
			known[t.At.UnixMicro()] = t
			before = t.At.UnixMicro()
		}
		if len(page) < store.MaxPage {
			return known, nil
		}
	}
}

// purgeTicks deletes what is known of old ticks.
func purgeTicks(ctx context.Context, p *purge) (bool, error) {
	if p.keep.Ticks == 0 {
		return true, nil
	}
	n := 0
	err := p.s.db.Write(ctx, func(tx Tx) error {
		now, err := tx.Now()
		if err != nil {
			return err
		}
		var old []tickKey
		if err := tx.Query("old_ticks", func(row Row) error {
			var id job.ID
			var k tickKey
			err := row.Scan(&id, &k.At)
			k.Schedule = hexID(id)
			old = append(old, k)
			return err
		}, now-microsUp(p.keep.Ticks), p.limit); err != nil {
			return err
		}
		n = len(old)
		queueRows(tx, "delete_ticks", old)
		return nil
	})
	if err != nil {
		return false, err
	}
	p.done.Ticks += n
	return n < p.limit, nil
}
