package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// runTicks makes what can be made once waiting ticks are looked at again.
func (r *rig) runTicks() store.TicksRun {
	r.Helper()
	r.Advance(time.Minute)
	ran, _, err := r.s.RunTicks(r.ctx, everything)
	r.ok(err, "run ticks")
	return ran
}

// ticksOverlap are about ticks that come while the instance before runs.
func ticksOverlap(t *testing.T, open Opener) {
	two := func(r *rig, overlap workflow.Overlap) {
		r.schedule("s", daily(overlap))
		for range 2 {
			r.nextTick("s")
			r.tick()
		}
	}

	check(t, open, "allow: instances run side by side", func(r *rig) {
		two(r, workflow.OverlapAllow)
		r.equal("ticks", r.states("s"), "started started ")
		r.equal("jobs", len(r.claimAll()), 2)
	})

	check(t, open, "skip: a tick is left out while the instance before runs", func(r *rig) {
		two(r, workflow.OverlapSkip)
		r.equal("ticks", r.states("s"), "started skipped ")
		r.complete(r.claimOne())
		r.nextTick("s")
		r.tick()
		r.equal("ticks", r.states("s"), "started skipped started ")
	})

	check(t, open, "queue: a tick waits for the end of the instance before, however that ends", func(r *rig) {
		two(r, workflow.OverlapQueue)
		r.nextTick("s")
		r.tick()
		r.equal("ticks", r.states("s"), "started waiting waiting ")
		r.equal("made while it runs", len(r.runTicks().Made), 0)
		r.commit(failedForGood(r.claimOne()))
		r.equal("made when it has failed", len(r.runTicks().Made), 1)
		r.equal("ticks", r.states("s"), "started started waiting ")
		r.complete(r.claimOne())
		r.runTicks()
		r.equal("ticks", r.states("s"), "started started started ")
		r.equal("jobs", len(r.claimAll()), 1)
	})

	check(t, open, "queue: ticks that wait are looked at again after a while, however many they are", func(r *rig) {
		s := r.schedule("s", workflow.Schedule{Cron: "* * * * *", Overlap: workflow.OverlapQueue})
		for i := range 2 {
			to := s.CreatedAt.Add(-time.Duration(i) * 16 * time.Hour)
			_, err := r.s.Backfill(r.ctx, "s", to.Add(-16*time.Hour), to, false)
			r.ok(err, "backfill")
		}
		r.Advance(time.Hour) // the longer they wait, the longer until the next look
		for range 2 {
			_, _, err := r.s.RunTicks(r.ctx, everything)
			r.ok(err, "run ticks")
		}
		ran, next, err := r.s.RunTicks(r.ctx, everything)
		r.ok(err, "run ticks")
		r.equal("schedules looked at", ran.Schedules, 0)
		r.equal("looked at again", next > 100*time.Millisecond, true)
		r.wantRows("workflows", 1)
	})

	check(t, open, "queue: an instance that was deleted has ended", func(r *rig) {
		two(r, workflow.OverlapQueue)
		r.complete(r.claimOne())
		r.ok(r.s.DeleteWorkflow(r.ctx, r.scheduled("s").LastID), "delete")
		r.equal("made", len(r.runTicks().Made), 1)
	})

	check(t, open, "cancel_previous: the instance before is cancelled, and its place is taken when it has ended", func(r *rig) {
		r.schedule("s", daily(workflow.OverlapCancelPrevious))
		r.nextTick("s")
		r.tick()
		held := r.claimOne()
		first := r.scheduled("s").LastID
		for i := range 2 {
			r.nextTick("s")
			_, ran := r.tick()
			r.equal("told to stop", len(ran.Control), 1-i)
		}
		r.wantWorkflow(first, workflow.Cancelling)
		r.equal("ticks", r.states("s"), "started skipped waiting ")
		r.complete(held)
		r.runTicks()
		r.wantWorkflow(first, workflow.Cancelled)
		r.equal("ticks", r.states("s"), "started skipped started ")
		audit, err := r.s.Audit(r.ctx, first, job.ID{}, 10)
		r.ok(err, "audit")
		r.equal("who did it", fmt.Sprint(len(audit))+audit[0].Actor+" "+audit[0].Action, "1schedule s cancel")
	})

	check(t, open, "cancel_previous: an instance that somebody cancels just before is not cancelled twice: its finally jobs run", func(r *rig) {
		_, err := r.s.CreateSchedule(r.ctx, newSchedule("s", daily(workflow.OverlapCancelPrevious), oneJob+`,{"name":"f","queue":"work","finally":true}`))
		r.ok(err, "create")
		r.nextTick("s")
		r.tick()
		held := r.claimOne()
		first := r.scheduled("s").LastID
		r.nextTick("s")
		r.ok(r.decided(), "decide")
		r.Before(func(name, _ string, exec func(string, ...any)) {
			if name == "postpone_ticks" { // its status was read
				exec("UPDATE workflows SET status = 'cancelling'")
			}
		})
		ran := r.runSome(everything)
		r.Before(nil)
		r.equal("ticks", r.states("s"), "started waiting ")
		r.equal("cancelled by the schedule", len(ran.Cancelled)+len(ran.Control), 0)
		audit, err := r.s.Audit(r.ctx, first, job.ID{}, 10)
		r.ok(err, "audit")
		r.equal("entries", len(audit), 0)
		r.complete(held)
		r.complete(r.claimNamed("f")["f"])
		r.wantWorkflow(first, workflow.Cancelled)
		r.runTicks()
		r.equal("ticks", r.states("s"), "started started ")
	})

	check(t, open, "cancel_previous: what nobody has claimed is cancelled at once", func(r *rig) {
		two(r, workflow.OverlapCancelPrevious)
		r.runTicks()
		r.equal("ticks", r.states("s"), "started started ")
		r.equal("jobs", len(r.claimAll()), 1)
	})

	check(t, open, "many ticks are made in several transactions, in their order", func(r *rig) {
		r.schedule("s", workflow.Schedule{Cron: "@hourly", CatchUp: workflow.CatchUpAll})
		r.Advance(50*time.Hour + slack)
		d, ran := r.tick()
		r.equal("more", ran.More, true)
		made := len(ran.Made)
		for ran.More {
			ran = r.runTicks()
			made += len(ran.Made)
		}
		r.equal("made", made, d.Due)
		r.equal("last", r.scheduled("s").LastID, r.ticks("s")[0].Instance)
	})
}

// ticksAsked are about instances that people ask for.
func ticksAsked(t *testing.T, open Opener) {
	check(t, open, "a trigger makes an instance now, also of a disabled schedule, and once", func(r *rig) {
		n := newSchedule("s", daily(workflow.OverlapQueue), oneJob)
		n.Disabled = true
		_, err := r.s.CreateSchedule(r.ctx, n)
		r.ok(err, "create")
		id := job.NewID()
		for range 2 {
			tick, err := r.s.TriggerSchedule(r.ctx, "s", id)
			r.ok(err, "trigger")
			r.equal("instance", tick.Instance, id)
			r.equal("cause", tick.Cause, store.CauseTrigger)
			r.isNear("at", tick.At.Sub(r.Now()), 0)
		}
		_, err = r.s.TriggerSchedule(r.ctx, "s", job.NewID())
		r.ok(err, "trigger another")
		r.tick()
		r.equal("ticks", r.states("s"), "started waiting ")
		w, err := r.s.Workflow(r.ctx, id)
		r.ok(err, "workflow")
		r.equal("schedule", w.Schedule, "s")
		_, err = r.s.TriggerSchedule(r.ctx, "t", id)
		r.isErr("another schedule", err, job.ErrNotFound)
	})

	check(t, open, "a trigger that waits is there once, however long it waits", func(r *rig) {
		r.schedule("s", daily(workflow.OverlapQueue))
		id := job.NewID()
		for _, id := range []job.ID{job.NewID(), id} {
			_, err := r.s.TriggerSchedule(r.ctx, "s", id)
			r.ok(err, "trigger")
		}
		r.tick()
		r.Advance(2 * time.Hour)
		tick, err := r.s.TriggerSchedule(r.ctx, "s", id)
		r.ok(err, "trigger again")
		r.equal("the tick", tick, r.ticks("s")[0])
		r.equal("ticks", r.states("s"), "started waiting ")
	})

	check(t, open, "triggers whose ids differ in nothing but a count at their end make instances of jobs of their own", func(r *rig) {
		_, err := r.s.CreateSchedule(r.ctx, newSchedule("s", daily(""), oneJob+`,{"name":"b","queue":"work"}`))
		r.ok(err, "create")
		id := job.NewID()
		for i := range 3 {
			id[15] = byte(i)
			_, err := r.s.TriggerSchedule(r.ctx, "s", id)
			r.ok(err, "trigger")
		}
		r.tick()
		r.equal("ticks", r.states("s"), "started started started ")
		r.equal("jobs", len(r.claimAll()), 6)
	})

	check(t, open, "a backfill makes the ticks of which there is no instance, and none twice", func(r *rig) {
		r.schedule("s", workflow.Schedule{Cron: "@daily"})
		r.until(r.scheduled("s").NextAt.Add(24*time.Hour + 3*slack))
		r.tick()
		r.equal("ticks", r.states("s"), "missed missed ")
		last := r.ticks("s")[0].At
		from := last.AddDate(0, 0, -4)
		fill := func(dry bool) (list []time.Time) {
			got, err := r.s.Backfill(r.ctx, "s", from, last, dry)
			r.ok(err, "backfill")
			for _, t := range got {
				r.equal("tick", fmt.Sprint(t.Cause, t.State), fmt.Sprint(store.CauseBackfill, store.TickDue))
				list = append(list, t.At)
			}
			return list
		}
		want := []time.Time{from, from.AddDate(0, 0, 1), from.AddDate(0, 0, 2), from.AddDate(0, 0, 3), last}
		r.equal("preview", fill(true), want)
		r.equal("ticks after the preview", r.states("s"), "missed missed ")
		r.equal("backfilled", fill(false), want)
		r.equal("again", len(fill(false)), 0)
		r.tick()
		r.equal("ticks", r.states("s"), "started started started started started ")
		r.equal("again", len(fill(false))+len(fill(true)), 0)
		r.equal("jobs", len(r.claimAll()), 5)
	})

	check(t, open, "backfilled ticks are made one after the other unless they may overlap", func(r *rig) {
		for _, overlap := range []workflow.Overlap{workflow.OverlapSkip, workflow.OverlapQueue, workflow.OverlapCancelPrevious} {
			s := r.schedule(string(overlap), workflow.Schedule{Cron: "@daily", Overlap: overlap})
			_, err := r.s.Backfill(r.ctx, s.Name, s.NextAt.AddDate(0, 0, -3), s.NextAt.AddDate(0, 0, -1), false)
			r.ok(err, "backfill")
			for i, want := range []string{"started waiting waiting ", "started started waiting ", "started started started "} {
				r.runTicks()
				r.equal(fmt.Sprint(overlap, i), r.states(s.Name), want)
				r.complete(r.claimOne())
			}
		}
	})

	check(t, open, "a backfill is of the past, and of so many ticks", func(r *rig) {
		s := r.schedule("s", workflow.Schedule{Cron: "* * * * *"})
		_, err := r.s.Backfill(r.ctx, "s", s.CreatedAt, s.CreatedAt.Add(24*time.Hour), false)
		r.isErr("future", err, store.ErrFuture)
		_, err = r.s.Backfill(r.ctx, "s", s.CreatedAt.Add(-17*time.Hour), s.CreatedAt, true)
		r.isErr("too many", err, store.ErrTooManyTicks)
		list, err := r.s.Backfill(r.ctx, "s", s.CreatedAt.Add(-16*time.Hour), s.CreatedAt, false)
		r.ok(err, "backfill")
		r.equal("ticks", len(list) == 960 || len(list) == 961, true)
		list, err = r.s.Backfill(r.ctx, "s", s.CreatedAt, s.CreatedAt.Add(-time.Hour), true)
		r.ok(err, "backwards")
		r.equal("backwards", len(list), 0)
		_, err = r.s.Backfill(r.ctx, "t", s.CreatedAt, s.CreatedAt, true)
		r.isErr("another schedule", err, job.ErrNotFound)
	})
}
