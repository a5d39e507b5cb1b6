package storetest

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// oneJob is the jobs of a definition that has one.
const oneJob = `{"name":"a","queue":"work","payload":1}`

// newSchedule is a schedule of a workflow with jobs.
func newSchedule(name string, s workflow.Schedule, jobs string) store.NewSchedule {
	return store.NewSchedule{
		ID: job.NewID(), Name: name, Schedule: s,
		Definition: json.RawMessage(fmt.Sprintf(`{"name":"made","metadata":{"x":1},"schedule":{"cron":%q,"timezone":%q},"jobs":[%s]}`, s.Cron, s.Timezone, jobs)),
	}
}

// daily ticks at midnight, and leaves no tick out.
func daily(overlap workflow.Overlap) workflow.Schedule {
	return workflow.Schedule{Cron: "@daily", CatchUp: workflow.CatchUpAll, Overlap: overlap}
}

// schedule creates a schedule of one job.
func (r *rig) schedule(name string, s workflow.Schedule) store.ScheduleRecord {
	r.Helper()
	record, err := r.s.CreateSchedule(r.ctx, newSchedule(name, s, oneJob))
	r.ok(err, "create schedule")
	return record
}

// scheduled returns a schedule as stored.
func (r *rig) scheduled(name string) store.ScheduleRecord {
	r.Helper()
	record, err := r.s.Schedule(r.ctx, name)
	r.ok(err, "schedule")
	return record
}

// until lets time pass until t.
func (r *rig) until(t time.Time) {
	if d := t.Sub(r.Now()); d > 0 {
		r.Advance(d + time.Millisecond)
	}
}

// nextTick lets time pass until the next tick of a schedule, and returns it.
func (r *rig) nextTick(name string) time.Time {
	r.Helper()
	at := r.scheduled(name).NextAt
	r.until(at)
	return at
}

// tick does what a scheduler does.
func (r *rig) tick() (store.Decided, store.TicksRun) {
	r.Helper()
	return r.tickOn(r.s)
}

func (r *rig) tickOn(s store.Store) (store.Decided, store.TicksRun) {
	r.Helper()
	decided, _, err := s.DecideTicks(r.ctx, everything)
	r.ok(err, "decide about ticks")
	ran, _, err := s.RunTicks(r.ctx, everything)
	r.ok(err, "run ticks")
	return decided, ran
}

// states are the states of the ticks of a schedule, oldest first.
func (r *rig) states(name string) string {
	r.Helper()
	text := ""
	for _, t := range r.ticks(name) {
		text = string(t.State) + " " + text
	}
	return text
}

func (r *rig) ticks(name string) []store.TickRecord {
	r.Helper()
	list, err := r.s.Ticks(r.ctx, name, time.Time{}, everything)
	r.ok(err, "ticks")
	return list
}

func testSchedules(t *testing.T, open Opener) {
	check(t, open, "a schedule is stored as it is, with its first tick after now", func(r *rig) {
		n := newSchedule("Nächtlich 🌙", workflow.Schedule{Cron: "30 2 * * *", Timezone: "Europe/Berlin", CatchUp: workflow.CatchUpAll, Overlap: workflow.OverlapQueue}, oneJob)
		created, err := r.s.CreateSchedule(r.ctx, n)
		r.ok(err, "create")
		got := r.scheduled(n.Name)
		r.equal("stored", got, created)
		r.equal("definition", string(got.Definition), string(n.Definition))
		r.equal("settings", got.Schedule, workflow.Schedule{Cron: "30 2 * * *", Timezone: "Europe/Berlin", CatchUp: workflow.CatchUpAll, CatchUpMax: 100, Overlap: workflow.OverlapQueue})
		r.equal("enabled", got.Enabled, true)
		table, err := n.Schedule.Timetable()
		r.ok(err, "timetable")
		r.equal("next", got.NextAt, table.Next(got.CreatedAt).UTC())
		r.isNear("created", got.CreatedAt.Sub(r.Now()), 0)
		r.equal("last", got.LastAt.IsZero() && got.LastID == job.ID{}, true)
	})

	check(t, open, "a name is taken once, and letters count", func(r *rig) {
		n := newSchedule("a", daily(""), oneJob)
		_, err := r.s.CreateSchedule(r.ctx, n)
		r.ok(err, "create")
		_, err = r.s.CreateSchedule(r.ctx, n)
		r.isErr("the same again", err, store.ErrExists)
		n.ID = job.NewID()
		_, err = r.s.CreateSchedule(r.ctx, n)
		r.isErr("another of the name", err, store.ErrNameTaken)
		r.schedule("A", daily(""))
		_, err = r.s.Schedule(r.ctx, "b")
		r.isErr("another name", err, job.ErrNotFound)
	})

	check(t, open, "schedules are listed by name in pages, without their definitions", func(r *rig) {
		for _, name := range []string{"c", "a", "b"} {
			r.schedule(name, daily(""))
		}
		page, next, err := r.s.Schedules(r.ctx, "", 2)
		r.ok(err, "list")
		r.equal("first page", page[0].Name+page[1].Name+next, "abb")
		r.equal("definition", len(page[0].Definition), 0)
		page, next, err = r.s.Schedules(r.ctx, next, 2)
		r.ok(err, "list")
		r.equal("second page", fmt.Sprint(len(page))+page[0].Name+next, "1c")
	})

	check(t, open, "what changes of a schedule is stored, and another cron begins anew", func(r *rig) {
		before := r.schedule("s", daily(workflow.OverlapSkip))
		r.nextTick("s")
		definition := newSchedule("s", workflow.Schedule{Cron: "@daily"}, oneJob+`,{"name":"b","queue":"work"}`).Definition
		got, err := r.s.UpdateSchedule(r.ctx, "s", store.ScheduleChange{Definition: definition, Schedule: &workflow.Schedule{Cron: "@daily"}})
		r.ok(err, "update")
		r.equal("stored", r.scheduled("s"), got)
		r.equal("definition", string(got.Definition), string(definition))
		r.equal("overlap", got.Schedule.Overlap, workflow.OverlapAllow)
		r.equal("the tick that is due", got.NextAt, before.NextAt)
		got, err = r.s.UpdateSchedule(r.ctx, "s", store.ScheduleChange{Definition: definition, Schedule: &workflow.Schedule{Cron: "@hourly"}})
		r.ok(err, "update")
		r.equal("the next is ahead", got.NextAt.After(r.Now()), true)
		_, err = r.s.UpdateSchedule(r.ctx, "t", store.ScheduleChange{})
		r.isErr("another", err, job.ErrNotFound)
	})

	check(t, open, "a schedule that is disabled has no ticks, and none of that time when it is enabled", func(r *rig) {
		r.schedule("s", daily(""))
		off, on := false, true
		got, err := r.s.UpdateSchedule(r.ctx, "s", store.ScheduleChange{Enabled: &off})
		r.ok(err, "disable")
		r.equal("next", got.NextAt.IsZero(), true)
		r.Advance(72 * time.Hour)
		r.tick()
		_, err = r.s.UpdateSchedule(r.ctx, "s", store.ScheduleChange{Enabled: &on})
		r.ok(err, "enable")
		r.tick()
		r.equal("ticks", r.states("s"), "")
		r.nextTick("s")
		r.tick()
		r.equal("ticks", r.states("s"), "started ")
	})

	check(t, open, "a schedule that is deleted takes the ticks along that wait", func(r *rig) {
		r.schedule("s", daily(workflow.OverlapQueue))
		for range 2 {
			r.nextTick("s")
			r.tick()
		}
		r.equal("ticks", r.states("s"), "started waiting ")
		r.ok(r.s.DeleteSchedule(r.ctx, "s"), "delete")
		r.isErr("again", r.s.DeleteSchedule(r.ctx, "s"), job.ErrNotFound)
		r.wantRows("schedules", 0)
		r.wantRows("ticks", 1)
		r.complete(r.claimOne())
		r.schedule("s", daily(""))
		r.tick()
		r.equal("ticks of another of the name", r.states("s"), "")
	})
	ticksDecided(t, open)
	ticksOverlap(t, open)
	ticksAsked(t, open)
	ticksApart(t, open)
}

// ticksDecided are about who decides about a tick, and when.
func ticksDecided(t *testing.T, open Opener) {
	check(t, open, "a tick makes an instance that knows it", func(r *rig) {
		s := r.schedule("s", daily(""))
		d, ran := r.tick()
		r.equal("before the tick", d.Due+len(ran.Made), 0)
		at := r.nextTick("s")
		d, ran = r.tick()
		r.equal("decided", d, store.Decided{Schedules: 1, Due: 1})
		r.equal("started", len(ran.Made), 1)
		r.equal("queues", ran.Queues, []string{queue})
		r.isNear("late", ran.Lateness[0], 0)
		made := r.ticks("s")[0]
		r.equal("tick", made.At, at)
		r.equal("cause", made.Cause, store.CauseTime)
		w, err := r.s.Workflow(r.ctx, made.Instance)
		r.ok(err, "workflow")
		r.equal("name", w.Name, "made")
		r.equal("schedule", w.Schedule, "s")
		r.equal("scheduled for", w.ScheduledFor, at)
		r.equal("correlation id", w.CorrelationID, "s@"+at.Format(time.RFC3339))
		r.jsonEqual("metadata", w.Metadata, fmt.Sprintf(`{"x":1,"schedule":"s","scheduled_for":%q}`, at.Format(time.RFC3339)))
		got := r.scheduled("s")
		r.equal("last", got.LastAt, at)
		r.equal("last instance", got.LastID, made.Instance)
		r.equal("next", got.NextAt, s.NextAt.AddDate(0, 0, 1))
		list, _, err := r.s.Workflows(r.ctx, store.WorkflowFilter{Limit: 10})
		r.ok(err, "workflows")
		r.equal("listed with its schedule", list[0].Schedule, "s")
		d, ran = r.tick()
		r.equal("again", d.Due+len(ran.Made), 0)
	})

	check(t, open, "many schedulers make one instance of each tick of many schedules", func(r *rig) {
		const schedules = 12
		for i := range schedules {
			r.schedule(fmt.Sprintf("s%d", i), workflow.Schedule{Cron: "@hourly", CatchUp: workflow.CatchUpAll})
		}
		r.Advance(5*time.Hour + 30*time.Minute)
		var wg sync.WaitGroup
		for i := range 6 {
			s := r.s
			if i%2 == 1 {
				s = r.Second()
			}
			wg.Go(func() {
				for range 20 {
					_, _, decided := s.DecideTicks(r.ctx, 3)
					_, _, ran := s.RunTicks(r.ctx, 3)
					if decided != nil || ran != nil {
						r.Errorf("decide: %v, run: %v", decided, ran)
					}
				}
			})
		}
		wg.Wait()
		r.tick()
		for i := range schedules {
			s := r.scheduled(fmt.Sprintf("s%d", i))
			table, err := s.Schedule.Timetable()
			r.ok(err, "timetable")
			want, _ := table.Between(s.CreatedAt, s.NextAt.Add(-time.Microsecond), everything)
			ticks := r.ticks(s.Name)
			r.equal("ticks", len(ticks), len(want))
			for k, tick := range ticks {
				r.equal("tick", tick.At, want[len(want)-1-k].UTC())
				r.equal("state", tick.State, store.TickStarted)
				r.wantWorkflow(tick.Instance, workflow.Running)
			}
		}
		r.wantRows("workflows", r.count("ticks"))
	})

	check(t, open, "a tick whose commit is in doubt is decided about and made once", func(r *rig) {
		for _, mode := range []BreakMode{CommitHappened, CommitRefused} {
			name := fmt.Sprint("s", mode)
			r.schedule(name, daily(""))
			r.nextTick(name)
			r.BreakCommit(mode)
			if _, _, err := r.s.DecideTicks(r.ctx, everything); err == nil {
				r.Fatalf("the commit did not break")
			}
			r.ok(r.decided(), "decide again")
			r.BreakCommit(mode)
			if _, _, err := r.s.RunTicks(r.ctx, everything); err == nil {
				r.Fatalf("the commit did not break")
			}
			r.BreakCommit(CommitWorks)
			r.Advance(time.Minute)
			r.tickOn(r.Second())
			r.equal("ticks", r.states(name), "started ")
		}
		r.wantRows("workflows", r.count("ticks"))
	})

	check(t, open, "ticks that passed while no scheduler ran are missed, or caught up with", func(r *rig) {
		for _, c := range []struct {
			catchUp workflow.CatchUp
			max     int
			states  string
		}{
			{workflow.CatchUpNone, 0, "missed missed missed "},
			{workflow.CatchUpLatest, 0, "missed missed started "},
			{workflow.CatchUpAll, 0, "started started started "},
			{workflow.CatchUpAll, 2, "missed started started "},
		} {
			name := fmt.Sprint(c.catchUp, c.max)
			r.schedule(name, workflow.Schedule{Cron: "@daily", CatchUp: c.catchUp, CatchUpMax: c.max})
			r.until(r.scheduled(name).NextAt.Add(48*time.Hour + 3*slack))
			r.tick()
			r.equal(name, r.states(name), c.states)
		}
	})

	check(t, open, "a scheduler hears when the next tick is", func(r *rig) {
		_, next, err := r.s.DecideTicks(r.ctx, 1)
		r.ok(err, "decide")
		r.equal("without schedules", next < 0, true)
		s := r.schedule("s", daily(""))
		_, next, err = r.s.DecideTicks(r.ctx, 1)
		r.ok(err, "decide")
		r.isNear("next", next, s.NextAt.Sub(r.Now()))
		r.nextTick("s")
		d, _, err := r.s.DecideTicks(r.ctx, 1)
		r.ok(err, "decide")
		r.equal("schedules", d.Schedules, 1)
		_, next, err = r.s.RunTicks(r.ctx, 1)
		r.ok(err, "run")
		r.equal("nothing waits", next < 0, true)
	})

	check(t, open, "a definition that cannot be enqueued fails its tick, and the next goes on", func(r *rig) {
		r.schedule("s", daily(""))
		r.plant("UPDATE schedules SET definition = ?", `{"name":"made","schedule":{"cron":"@daily"},"jobs":[]}`)
		r.nextTick("s")
		_, ran := r.tick()
		r.equal("failed", ran.Failed, 1)
		failed := r.ticks("s")[0]
		r.equal("state", failed.State, store.TickFailed)
		r.equal("error", failed.Error, "definition.json:1:1: the workflow has no jobs")
		_, err := r.s.UpdateSchedule(r.ctx, "s", store.ScheduleChange{Definition: newSchedule("s", daily(""), oneJob).Definition, Schedule: &workflow.Schedule{Cron: "@daily"}})
		r.ok(err, "update")
		r.nextTick("s")
		r.tick()
		r.equal("ticks", r.states("s"), "failed started ")
	})

	check(t, open, "an instance that the database refuses is tried again, and fails when that goes on", func(r *rig) {
		r.schedule("bad", daily(""))
		r.schedule("good", daily(""))
		r.nextTick("bad")
		taken := r.start(task("a"))
		_, _, err := r.s.DecideTicks(r.ctx, everything)
		r.ok(err, "decide")
		r.plant("UPDATE ticks SET instance_id = (SELECT id FROM workflows) WHERE schedule_id = (SELECT id FROM schedules WHERE name = 'bad')")
		_, _, err = r.s.RunTicks(r.ctx, everything)
		r.isErr("run", err, store.ErrExists)
		r.equal("the bad one", r.states("bad"), "due ")
		r.equal("the good one", r.states("good"), "started ")
		r.Advance(20 * time.Minute)
		_, _, err = r.s.RunTicks(r.ctx, everything)
		r.isErr("run", err, store.ErrExists)
		r.equal("the bad one", r.states("bad"), "failed ")
		r.wantWorkflow(taken, workflow.Running)
	})

	check(t, open, "a job with a cron of its own waits for its first tick in the instance", func(r *rig) {
		_, err := r.s.CreateSchedule(r.ctx, store.NewSchedule{
			ID: job.NewID(), Name: "s", Schedule: workflow.Schedule{Cron: "0 2 * * *", CatchUp: workflow.CatchUpAll},
			Definition: json.RawMessage(`{"name":"made","jobs":[{"name":"extract","queue":"work","cron":"0 2 * * *"},{"name":"report","queue":"work","cron":"0 8 * * *","depends_on":["extract"]}]}`),
		})
		r.ok(err, "create")
		at := r.nextTick("s")
		r.tick()
		r.complete(r.claimNamed("extract")["extract"])
		r.wantIdle()
		r.until(at.Add(6 * time.Hour))
		r.fire()
		r.claimNamed("report")
	})

	check(t, open, "a trigger lets no job wait for a cron of its own, and costs no tick", func(r *rig) {
		s := workflow.Schedule{Cron: "0 2 * * *", Overlap: workflow.OverlapSkip}
		_, err := r.s.CreateSchedule(r.ctx, store.NewSchedule{
			ID: job.NewID(), Name: "s", Schedule: s,
			Definition: json.RawMessage(`{"name":"made","schedule":{"overlap":"skip"},"jobs":[{"name":"extract","queue":"work","cron":"0 2 * * *"},{"name":"report","queue":"work","cron":"0 8 * * *","depends_on":["extract"]}]}`),
		})
		r.ok(err, "create")
		tick, err := r.s.TriggerSchedule(r.ctx, "s", job.NewID())
		r.ok(err, "trigger")
		r.tick()
		r.complete(r.claimNamed("extract")["extract"])
		r.complete(r.claimNamed("report")["report"])
		r.wantWorkflow(tick.Instance, workflow.Completed)
		r.nextTick("s")
		r.tick()
		r.equal("ticks", r.states("s"), "started started ")
	})

	check(t, open, "what became of ticks is deleted once it was kept for long enough", func(r *rig) {
		r.schedule("s", daily(workflow.OverlapQueue))
		for range 3 {
			r.nextTick("s")
			r.tick()
		}
		r.equal("ticks", r.states("s"), "started waiting waiting ")
		r.Advance(kept + slack)
		r.equal("purged", r.purge(store.Retention{Ticks: kept}), store.Purged{Ticks: 1})
		r.equal("ticks", r.states("s"), "waiting waiting ")
		r.equal("purged without retention", r.purge(store.Retention{}), store.Purged{})
	})
}

// decided decides about ticks.
func (r *rig) decided() error {
	r.Helper()
	_, _, err := r.s.DecideTicks(r.ctx, everything)
	return err
}
