package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// settled is how long after the faults a schedule ends: by then every process
// that died or froze is back.
const settled = time.Minute

// timed is a schedule of a run.
type timed struct {
	*workload
	store.NewSchedule
	asked map[job.ID]bool // instances that a user has asked for
	ticks []time.Time     // that were to be decided about until its end
}

// schedules plans a few schedules, or none.
func (l *workload) schedules() {
	w := l.w
	for i := range w.rng.IntN(3) {
		s := &timed{workload: l, asked: map[job.ID]bool{}}
		s.ID, s.Name = w.id(), fmt.Sprintf("s%d", i)
		s.Schedule = workflow.Schedule{
			Cron:    pick(w, "*/5 * * * * *", "*/15 * * * * *", "@every 20s"),
			Overlap: pick(w, workflow.OverlapAllow, workflow.OverlapSkip, workflow.OverlapQueue, workflow.OverlapCancelPrevious),
			CatchUp: pick(w, workflow.CatchUpNone, workflow.CatchUpLatest, workflow.CatchUpAll),
		}
		s.Definition = json.RawMessage(fmt.Sprintf(`{"name":%q,"failure_policy":"continue_on_failure","schedule":{"cron":%q},"jobs":[
			{"name":"first","queue":"a","retry":{"max_attempts":2,"initial_delay":"1s"}},
			{"name":"second","queue":"b","retry":{"max_attempts":1},"depends_on":["first"]}]}`, s.Name, s.Schedule.Cron))
		l.timed = append(l.timed, s)
		l.waiting++
		w.after(w.between(0, 20*time.Second), "create schedule "+s.Name, s.create)
	}
}

func (s *timed) create() {
	_, err := s.store.CreateSchedule(context.Background(), s.NewSchedule)
	if s.again(err, "create schedule "+s.Name+" again", s.create) {
		return
	}
	w := s.w
	w.after(w.until.Sub(w.now)+settled, "disable schedule "+s.Name, s.disable)
	u := &user{s.workload, nil}
	for range 2 {
		id := w.id()
		u.sometimes(0.3, 40*time.Second, "trigger "+s.Name, func() { s.trigger(id) })
	}
	from := w.now.Add(-w.between(time.Second, 2*time.Minute))
	u.sometimes(0.4, 40*time.Second, "backfill "+s.Name, func() { s.backfill(from, from.Add(time.Minute)) })
}

func (s *timed) trigger(id job.ID) {
	_, err := s.store.TriggerSchedule(context.Background(), s.Name, id)
	if !s.again(err, "trigger "+s.Name+" again", func() { s.trigger(id) }) {
		s.waiting--
		s.asked[id] = true
	}
}

func (s *timed) backfill(from, to time.Time) {
	if now := s.w.now.Truncate(time.Second); to.After(now) {
		to = now
	}
	_, err := s.store.Backfill(context.Background(), s.Name, from, to, false)
	if !s.again(err, "backfill "+s.Name+" again", func() { s.backfill(from, to) }) {
		s.waiting--
	}
}

// disable ends a schedule: with its ticks a run would never end. All ticks up to
// then have been decided about.
func (s *timed) disable() {
	ctx := context.Background()
	r, err := s.store.Schedule(ctx, s.Name)
	if err != nil {
		s.w.fail("%v", err)
		return
	}
	table, err := r.Schedule.Timetable()
	if err != nil {
		s.w.fail("%v", err)
		return
	}
	if late := s.w.now.Sub(r.NextAt); late > 5*time.Second {
		s.w.fail("broken: nobody has decided about the ticks of %s for %s", s.Name, late)
	}
	s.ticks, _ = table.Between(r.CreatedAt, r.NextAt.Add(-time.Microsecond), store.MaxPage)
	off := false
	if _, err := s.store.UpdateSchedule(ctx, s.Name, store.ScheduleChange{Enabled: &off}); err != nil {
		s.w.fail("%v", err) // there are no faults any more
	}
	s.waiting--
}

// check says at the end what became of the ticks.
func (s *timed) check(ctx context.Context) error {
	list, err := s.store.Ticks(ctx, s.Name, time.Time{}, store.MaxPage)
	if err != nil {
		return err
	}
	known := map[time.Time]store.TickRecord{}
	for _, t := range list {
		known[t.At] = t
		late := t.DecidedAt.Sub(t.At)
		skips := s.Schedule.Overlap == workflow.OverlapSkip || s.Schedule.Overlap == workflow.OverlapCancelPrevious
		ok := t.State == store.TickStarted
		switch t.State {
		case store.TickSkipped:
			ok = skips && t.Cause != store.CauseBackfill
		case store.TickMissed:
			ok = s.Schedule.CatchUp != workflow.CatchUpAll && late > workflow.TickGrace
		}
		if !ok || t.Cause == store.CauseTrigger && !s.asked[t.Instance] {
			return fmt.Errorf("broken: the tick of %s at %s, because of %s, is %s, decided about %s later: %s", s.Name, t.At, t.Cause, t.State, late, t.Error)
		}
		if t.Cause == store.CauseTrigger {
			delete(s.asked, t.Instance)
		}
	}
	for _, at := range s.ticks {
		if _, decided := known[at.UTC()]; !decided {
			return fmt.Errorf("broken: nothing became of the tick of %s at %s", s.Name, at)
		}
	}
	if len(s.asked) > 0 {
		return fmt.Errorf("broken: %d triggers of %s were lost", len(s.asked), s.Name)
	}
	return nil
}
