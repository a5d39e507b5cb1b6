package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// backfill has the ticks of so many days before a tick made.
func (r *rig) backfill(name string, before time.Time, days int) {
	r.Helper()
	list, err := r.s.Backfill(r.ctx, name, before.AddDate(0, 0, -days), before.AddDate(0, 0, -1), false)
	r.ok(err, "backfill")
	r.equal("backfilled", len(list), days)
}

// runSome is a look at few of what is due.
func (r *rig) runSome(limit int) store.TicksRun {
	r.Helper()
	ran, _, err := r.s.RunTicks(r.ctx, limit)
	r.ok(err, "run ticks")
	return ran
}

// ticksApart are about ticks that hold up no others.
func ticksApart(t *testing.T, open Opener) {
	// one runs, of the first tick, and a backfill of two days has begun.
	begun := func(r *rig, overlap workflow.Overlap) (held, filling store.Claimed) {
		r.schedule("s", daily(overlap))
		first := r.nextTick("s")
		r.tick()
		held = r.claimOne()
		r.backfill("s", first, 2)
		r.runTicks()
		r.equal("ticks", r.states("s"), "started waiting started ")
		filling = r.claimOne()
		r.nextTick("s")
		return held, filling
	}

	check(t, open, "skip: a backfill that waits does not let a tick wait", func(r *rig) {
		begun(r, workflow.OverlapSkip)
		r.tick()
		r.equal("ticks", r.states("s"), "started waiting started skipped ")
	})

	check(t, open, "skip: the instance of a backfill leaves no tick out", func(r *rig) {
		held, filling := begun(r, workflow.OverlapSkip)
		r.complete(held)
		r.tick()
		r.equal("ticks", r.states("s"), "started waiting started started ")
		r.complete(r.claimOne())
		r.runTicks()
		r.equal("the backfill waits for its own", r.states("s"), "started waiting started started ")
		r.complete(filling)
		r.runTicks()
		r.equal("ticks", r.states("s"), "started started started started ")
	})

	check(t, open, "queue: a tick waits for the one before, whatever a backfill does", func(r *rig) {
		held, filling := begun(r, workflow.OverlapQueue)
		r.tick()
		r.equal("ticks", r.states("s"), "started waiting started waiting ")
		r.complete(filling)
		r.runTicks()
		r.equal("ticks", r.states("s"), "started started started waiting ")
		r.complete(held)
		r.runTicks()
		r.equal("ticks", r.states("s"), "started started started started ")
	})

	check(t, open, "cancel_previous: a tick cancels the one before it, and no backfill", func(r *rig) {
		held, filling := begun(r, workflow.OverlapCancelPrevious)
		ticks := r.ticks("s") // the newest first
		_, ran := r.tick()
		r.equal("cancelled", ran.Cancelled, []job.ID{ticks[0].Instance})
		r.complete(held)
		r.runTicks()
		r.equal("ticks", r.states("s"), "started waiting started started ")
		r.wantWorkflow(ticks[2].Instance, workflow.Running)
		r.complete(filling)
		r.runTicks()
		r.wantWorkflow(ticks[2].Instance, workflow.Completed)
		r.equal("ticks", r.states("s"), "started started started started ")
	})

	check(t, open, "the last instance of a schedule is none of a backfill", func(r *rig) {
		begun(r, workflow.OverlapSkip)
		s := r.scheduled("s")
		r.equal("last", s.LastID, r.ticks("s")[0].Instance)
		r.equal("its tick", s.LastAt, r.ticks("s")[0].At)
	})

	check(t, open, "the ticks of one schedule hold up no other", func(r *rig) {
		a := r.schedule("a", daily(""))
		for i := range 3 {
			r.backfill("a", a.NextAt.AddDate(0, 0, -300*i), 300)
		}
		r.schedule("b", workflow.Schedule{Cron: "@hourly"})
		r.nextTick("b")
		r.ok(r.decided(), "decide")
		r.runSome(3) // a has two lines, and at midnight both have something
		r.equal("ticks of the other", r.states("b"), "started ")
	})

	check(t, open, "schedules of many ticks take turns", func(r *rig) {
		all := workflow.Schedule{Cron: "@hourly", CatchUp: workflow.CatchUpAll}
		r.schedule("a", all)
		r.Advance(time.Millisecond)
		r.schedule("b", all)
		r.Advance(30*time.Hour + slack)
		for range 2 { // each is decided about on its own
			_, _, err := r.s.DecideTicks(r.ctx, 1)
			r.ok(err, "decide")
			r.Advance(time.Second)
		}
		made := make(map[string]int)
		for i := range 2 {
			ran := r.runSome(1)
			r.equal("more", ran.More, true)
			w, err := r.s.Workflow(r.ctx, ran.Made[0].Workflow)
			r.ok(err, "workflow")
			made[w.Schedule]++
			r.equal("schedules that had a turn", len(made), i+1)
			r.Advance(time.Second)
		}
	})

	check(t, open, "of a look a fifth is kept for backfills, however many ticks are due", func(r *rig) {
		for i := range 7 {
			name := fmt.Sprint("s", i)
			r.backfill(name, r.schedule(name, daily("")).NextAt, 1)
		}
		r.nextTick("s0")
		r.ok(r.decided(), "decide")
		made := func(limit int) string {
			causes := map[store.TickCause]int{}
			for _, m := range r.runSome(limit).Made {
				w, err := r.s.Workflow(r.ctx, m.Workflow)
				r.ok(err, "workflow")
				for _, tick := range r.ticks(w.Schedule) {
					if tick.Instance == m.Workflow {
						causes[tick.Cause]++
					}
				}
			}
			return fmt.Sprint(causes[store.CauseTime], causes[store.CauseBackfill])
		}
		r.equal("of one, ticks and backfills", made(1), "1 0")
		r.equal("of two", made(2), "1 1")
		r.equal("of five", made(5), "4 1")
		r.equal("when few ticks are left", made(5), "1 4")
		r.equal("of what is left", made(5), "0 1")
	})

	check(t, open, "backfills of schedules whose zone is not known here take no share of others", func(r *rig) {
		for _, name := range []string{"a", "b", "c"} {
			r.backfill(name, r.schedule(name, daily("")).NextAt, 1)
			r.Advance(time.Second)
		}
		r.plant("UPDATE schedules SET next_at = NULL") // they have no ticks
		for i := range 5 {
			r.schedule(fmt.Sprint("s", i), daily(""))
		}
		r.nextTick("s4")
		r.ok(r.decided(), "decide")
		r.plant("UPDATE schedules SET timezone = 'Mars/Olympus' WHERE name IN ('a', 'b')")
		made := 0
		for range 3 { // each of two looks learns of one
			made += len(r.runSome(2).Made)
		}
		r.equal("the backfill", r.states("c"), "started ")
		r.equal("made", made, 4)
		r.equal("left to others", r.states("a")+r.states("b"), "due due ")
	})

	check(t, open, "the ticks of a schedule whose zone is not known here are left to others, and hold up none", func(r *rig) {
		s := r.schedule("s", daily(""))
		r.schedule("t", workflow.Schedule{Cron: "1 0 * * *"})
		_, err := r.s.TriggerSchedule(r.ctx, "s", job.NewID())
		r.ok(err, "trigger")
		at := r.nextTick("s")
		r.nextTick("t")
		r.plant("UPDATE schedules SET timezone = 'Mars/Olympus' WHERE name = 's'")
		for range 2 { // the first look learns of it
			d, _, err := r.s.DecideTicks(r.ctx, 1)
			r.ok(err, "decide")
			ran := r.runSome(1)
			r.equal("left to others", len(d.Unknown)+len(ran.Unknown), 2)
		}
		r.equal("the other", r.states("t"), "started ")
		r.equal("the next tick", r.scheduled("s").NextAt, s.NextAt)
		r.equal("ticks", r.states("s"), "due ")
		d, next, err := r.s.DecideTicks(r.ctx, 1)
		r.ok(err, "decide")
		r.equal("schedules", d.Schedules, 0)
		r.equal("a pause", next >= time.Second/2, true)
		r.plant("UPDATE schedules SET timezone = 'UTC' WHERE name = 's'")
		r.tickOn(r.Second())
		r.equal("ticks", r.states("s"), "started started ")
		r.equal("the last", r.ticks("s")[0].At, at)
	})

	checkWith(t, open, store.Options{EnqueueChunk: 5}, "one transaction makes as many instances as have four chunks of jobs, and one at least", func(r *rig) {
		for name, c := range map[string]struct{ jobs, made int }{"small": {8, 2}, "whole": {20, 1}, "large": {21, 1}} {
			list := make([]string, c.jobs)
			for i := range list {
				list[i] = fmt.Sprintf(`{"name":"j%d","queue":"work"}`, i)
			}
			_, err := r.s.CreateSchedule(r.ctx, newSchedule(name, workflow.Schedule{Cron: "@daily"}, strings.Join(list, ",")))
			r.ok(err, "create")
			r.backfill(name, r.scheduled(name).NextAt, 3)
			made := 0
			for more := true; more; {
				ran := r.runTicks()
				r.equal(name, len(ran.Made), min(c.made, 3-made))
				made, more = made+len(ran.Made), ran.More
			}
			r.equal(name, made, 3)
		}
	})

	check(t, open, "a backfill that the database refuses holds up no tick", func(r *rig) {
		r.schedule("s", daily(workflow.OverlapSkip))
		r.backfill("s", r.nextTick("s"), 1)
		r.start(task("a"))
		r.plant("UPDATE ticks SET instance_id = (SELECT id FROM workflows)")
		r.ok(r.decided(), "decide")
		_, _, err := r.s.RunTicks(r.ctx, everything)
		r.isErr("run", err, store.ErrExists)
		r.equal("ticks", r.states("s"), "due started ")
	})

	check(t, open, "of ticks that wait the one that the database refuses fails", func(r *rig) {
		r.schedule("s", daily(""))
		for range 2 {
			r.nextTick("s")
			r.ok(r.decided(), "decide")
		}
		r.start(task("a"))
		r.plant("UPDATE ticks SET instance_id = (SELECT id FROM workflows) WHERE tick_at = ?", r.ticks("s")[0].At.UnixMicro())
		r.Advance(20 * time.Minute)
		_, _, err := r.s.RunTicks(r.ctx, everything)
		r.isErr("run", err, store.ErrExists)
		r.equal("ticks", r.states("s"), "due failed ")
		r.runTicks()
		r.equal("ticks", r.states("s"), "started failed ")
	})
}
