package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// named returns the names of the statements that ran while f ran, in order.
func (r *rig) named(f func()) []string {
	r.Helper()
	var list []string
	r.Before(func(name, _ string, _ func(string, ...any)) { list = append(list, name) })
	defer r.Before(nil)
	f()
	return list
}

// lockNames looks at the names of statements, which are the same in every
// dialect: what a dialect with one writer only reads, another locks.
func lockNames(t *testing.T, open Opener) {
	// inOrder checks that the statements that begin so come in this order; each
	// of needed must be among them.
	inOrder := func(r *rig, f func(), order []string, needed ...string) {
		r.Helper()
		list := r.named(f)
		at := 0
		for _, name := range list {
			place := slices.IndexFunc(order, func(o string) bool { return strings.HasPrefix(name, o) })
			if place < 0 {
				continue
			}
			if place < at {
				r.Errorf("%s comes after %s in %v", name, order[at], list)
			}
			at = place
		}
		for _, name := range needed {
			if !slices.Contains(list, name) {
				r.Errorf("%s is not among %v", name, list)
			}
		}
	}
	locks := []string{"lock_workflows", "lock_leases", "lock_jobs", "lock_descendants", "lock_open_jobs"}
	first := []string{"lock_workflows_of_jobs", "lock_leases"}

	check(t, open, "outcomes take workflows, then leases, then jobs, then all that follows", func(r *rig) {
		r.start(append(fan(3), task("free"))...)
		got := r.claimNamed("first", "free")
		inOrder(r, func() { r.complete(got["first"]) }, append(slices.Clone(locks[:3]), "edges_from", "end_jobs"), first...)
		inOrder(r, func() { r.commit(failedForGood(got["free"])) }, append(slices.Clone(locks), "take_ready", "end_jobs"), first[0], first[1], locks[4])
		r.enqueueTolerant(chain(3)...)
		inOrder(r, func() { r.commit(failedForGood(r.claimOne())) }, append(slices.Clone(locks), "end_jobs"), first[0], first[1], locks[3])
	})

	check(t, open, "expired leases take workflows, then leases, then jobs", func(r *rig) {
		r.start(fanIn(3)...)
		r.claimInLeases(3)
		r.Advance(acceptTTL + slack)
		inOrder(r, func() { r.expire() }, locks, first...)
	})

	check(t, open, "deadlines take workflows, then leases, then jobs", func(r *rig) {
		r.start(task("late").WithDeadline(time.Hour), task("free"))
		r.Advance(2 * time.Hour)
		inOrder(r, func() { r.fire() }, locks, "lock_workflows_of_jobs", "lock_leases_of_jobs", "lock_jobs_and_children")
	})

	check(t, open, "delayed jobs are taken before their timers", func(r *rig) {
		r.start(task("delayed").WithDelay(time.Hour))
		r.Advance(2 * time.Hour)
		inOrder(r, func() { r.fire() }, []string{"free_jobs", "delete_timers", "make_ready"}, "free_jobs", "delete_timers", "make_ready")
	})

	check(t, open, "edge checks take workflows, then jobs", func(r *rig) {
		parent := task("parent")
		r.enqueueJobs(parent)
		r.runToEnd()
		r.start(task("child", parent))
		inOrder(r, func() { r.checkEdges() }, append(slices.Clone(locks), "edges_between", "count_jobs"), "lock_workflows_of_jobs", "lock_jobs")
	})

	check(t, open, "a cancel takes its workflow, then jobs, then their ready rows", func(r *rig) {
		id := r.start(fan(3)...)
		inOrder(r, func() { r.cancel(id) }, append(slices.Clone(locks), "take_ready"), "lock_workflows", "lock_open_jobs", "take_ready")
	})

	check(t, open, "a job's cancel takes its workflow, then leases, then jobs, then its ready row, then asks who holds it", func(r *rig) {
		jobs := append(fan(3), task("free"))
		r.start(jobs...)
		inOrder(r, func() { r.cancelJob(jobs[5].ID) }, append(slices.Clone(locks), "end_jobs"), "lock_workflows_of_jobs", "lock_leases_of_jobs", "lock_jobs_and_children", "take_ready", "held_by")
		order := append(slices.Clone(locks[:4]), "take_ready", "held_by")
		c := r.claimOne()
		inOrder(r, func() { r.cancelJob(c.Fence.Job) }, append(order, "mark_cancelling"), "lock_workflows_of_jobs", "lock_leases_of_jobs", "lock_jobs_and_children", "take_ready", "held_by", "mark_cancelling")
	})

	check(t, open, "the end of a job's grace takes workflows, then leases, then jobs, then timers", func(r *rig) {
		r.start(fan(3)...)
		r.cancelJob(r.claimOne().Fence.Job)
		r.Advance(grace + slack)
		inOrder(r, func() { r.fire() }, append(slices.Clone(locks[:3]), "delete_timers", "end_jobs"), "lock_workflows_of_jobs", "lock_leases_of_jobs", "lock_jobs_and_children", "delete_timers")
	})

	check(t, open, "answers and times of gates take workflows, then jobs, then timers", func(r *rig) {
		gate, timer := job.NewApproval("gate"), job.NewTimer("timer", time.Hour)
		r.start(gate, timer, task("after", gate, timer))
		r.checkEdges()
		inOrder(r, func() { r.answer(approve(gate.ID), ann) }, append(slices.Clone(locks), "answer_gates", "edges_from", "end_jobs"), "lock_workflows_of_jobs", "lock_jobs_and_children", "answer_gates")
		r.Advance(time.Hour + slack)
		inOrder(r, func() { r.fire() }, append(slices.Clone(locks), "delete_timers", "edges_from", "end_jobs"), "lock_workflows_of_jobs", "lock_jobs_and_children", "delete_timers")
	})

	check(t, open, "a look at parts takes its check, then both workflows at once, then the job, then its parts' jobs", func(r *rig) {
		b := batch("batch", 2, workflow.CollectErrors)
		id := r.start(b)
		look := func(needed ...string) {
			r.Helper()
			f := func() {
				res, err := r.s.CheckParts(r.ctx, everything)
				r.ok(err, "check parts")
				r.equal("looked at", res.Done > 0, true)
			}
			inOrder(r, f, append([]string{"take_part_checks"}, locks...), needed...)
		}
		r.checkEdges()
		look("take_part_checks", "lock_workflows", "lock_jobs_and_children", "lock_open_jobs") // they begin
		r.commit(failedForGood(r.claimOne()), completed1(r.claimOne()))
		look("take_part_checks", "lock_workflows", "lock_jobs_and_children") // they end
		r.retried(id)
		look("take_part_checks", "lock_workflows", "lock_jobs_and_children", "lock_open_jobs") // they are retried
		r.cancel(id)
		look("take_part_checks", "lock_workflows", "lock_jobs_and_children", "lock_open_jobs") // they are cancelled
	})

	check(t, open, "a purge takes what jobs are made of before it takes the jobs", func(r *rig) {
		r.enqueueJobs(batch("alone", 1, ""))
		r.runParts()
		r.Advance(48 * time.Hour)
		list := r.named(func() { r.purge(keepAll(time.Hour)) })
		first := func(name string) int { return slices.Index(list, name) }
		if parts, jobs, hide := first("lock_workflows_to_purge"), first("lock_jobs_to_purge"), first("hide_workflows"); parts < 0 || parts > jobs || jobs > hide {
			r.Errorf("the order is %v", list)
		}
	})

	check(t, open, "what is locked is locked by id", func(r *rig) {
		seen := make(map[string]bool)
		r.Before(func(name, sql string, _ func(string, ...any)) {
			if strings.HasPrefix(name, "lock_") && !seen[name] {
				seen[name] = true
				if !ordered.MatchString(sql) {
					r.Errorf("%s does not go by id:\n%s", name, sql)
				}
			}
		})
		parent := task("parent").WithPriority(job.High)
		r.enqueueJobs(parent)
		r.complete(r.claimOne())
		r.start(task("child", parent), task("free"))
		r.checkEdges()
		r.commit(failedForGood(r.claimOne()))
		r.enqueueTolerant(chain(2)...)
		r.commit(failedForGood(r.claimOne()))
		r.enqueueJobs(task("late").WithDeadline(time.Hour))
		r.Advance(2 * time.Hour)
		r.fire()
		id := r.start(task("held"))
		r.claimOne()
		r.cancel(id)
		r.Advance(grace + slack)
		r.fire()
		r.Before(nil)
		r.equal("statements that lock", len(seen), 9)
	})
}
