package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// queues lists the queues by name.
func (r *rig) queues() map[string]store.QueueRecord {
	r.Helper()
	list, err := r.s.Queues(r.ctx)
	r.ok(err, "queues")
	byName := make(map[string]store.QueueRecord)
	var order []string
	for _, q := range list {
		byName[q.Name] = q
		order = append(order, q.Name)
	}
	r.equal("order of the queues", order, slices.Sorted(slices.Values(order)))
	return byName
}

func (r *rig) pause(name string) {
	r.Helper()
	r.ok(r.s.PauseQueue(r.ctx, name), "pause queue")
}

func testPause(t *testing.T, open Opener) {
	check(t, open, "a paused queue gives nothing and the others go on", func(r *rig) {
		r.enqueueJobs(taskOn("ant", "a"), taskOn("bee", "b"))
		r.pause("ant")
		r.equal("claimed", names(r.claimAll()), []string{"b"})
		r.equal("claimed by name", len(r.claim(1, "ant")), 0)
	})

	check(t, open, "a resumed queue gives its jobs again and is to be hinted at", func(r *rig) {
		r.enqueueJobs(taskOn("ant", "a"))
		r.pause("ant")
		r.wantIdle()
		res, err := r.s.ResumeQueue(r.ctx, "ant")
		r.ok(err, "resume")
		r.equal("queues", res.Queues, []string{"ant"})
		r.equal("claimed", names(r.claimAll()), []string{"a"})
	})

	check(t, open, "what runs goes on while its queue is paused, and retries wait", func(r *rig) {
		r.enqueueJobs(withRetry(retries(3, time.Minute), task("a"), task("b"))...)
		got := r.claimNamed("a", "b")
		r.pause(queue)
		r.complete(got["a"])
		r.commit(failed(got["b"]))
		r.Advance(10 * time.Minute)
		r.fire()
		r.wantIdle()
		_, err := r.s.ResumeQueue(r.ctx, queue)
		r.ok(err, "resume")
		r.claimNamed("b")
	})

	check(t, open, "a queue that nobody has seen can be paused before its jobs come", func(r *rig) {
		r.pause("later")
		r.equal("paused", r.queues()["later"].PausedAt.IsZero(), false)
		r.enqueueJobs(taskOn("later", "a"))
		r.wantIdle()
	})

	check(t, open, "pausing a paused queue keeps its first time", func(r *rig) {
		r.pause("ant")
		first := r.queues()["ant"].PausedAt
		r.isNear("paused at", first.Sub(r.Now()), 0)
		r.pause("ant")
		r.equal("paused at", r.queues()["ant"].PausedAt, first)
	})

	check(t, open, "a pause after a resume has its own time", func(r *rig) {
		r.pause("ant")
		first := r.queues()["ant"].PausedAt
		_, err := r.s.ResumeQueue(r.ctx, "ant")
		r.ok(err, "resume")
		_, listed := r.queues()["ant"]
		r.equal("listed when resumed", listed, false)
		r.Advance(time.Hour)
		r.pause("ant")
		r.equal("later than the first", r.queues()["ant"].PausedAt.After(first), true)
	})

	check(t, open, "resuming a queue leaves others paused", func(r *rig) {
		r.enqueueJobs(taskOn("ant", "a"), taskOn("bee", "b"))
		r.pause("ant")
		r.pause("bee")
		_, err := r.s.ResumeQueue(r.ctx, "ant")
		r.ok(err, "resume")
		r.equal("claimed", names(r.claimAll()), []string{"a"})
		r.equal("paused", r.queues()["bee"].PausedAt.IsZero(), false)
	})

	check(t, open, "resuming a queue that is not paused does no harm", func(r *rig) {
		_, err := r.s.ResumeQueue(r.ctx, "nobody")
		r.ok(err, "resume")
		r.equal("queues", len(r.queues()), 0)
	})

	check(t, open, "after a pause returned no claim gives anything of its queue", func(r *rig) {
		for range 20 {
			r.enqueueJobs(tasks(10, "j")...)
			paused := make(chan struct{})
			var late []store.Claimed
			r.each(2, func(i int, s store.Store) error {
				if i == 0 {
					defer close(paused)
					return s.PauseQueue(r.ctx, queue)
				}
				if _, err := r.claimVia(s, worker, 3); err != nil {
					return err
				}
				<-paused
				var err error
				late, err = r.claimVia(s, worker, 3)
				return err
			})
			r.equal("claimed after the pause", len(late), 0)
			_, err := r.s.ResumeQueue(r.ctx, queue)
			r.ok(err, "resume")
			r.runToEnd()
		}
	})

	check(t, open, "paused queues are counted and named like others", func(r *rig) {
		r.enqueueJobs(taskOn("ant", "a"), taskOn("ant", "b"), taskOn("bee", "c"))
		r.claim(1, "ant")
		r.pause("ant")
		q := r.queues()
		r.equal("queues", len(q), 2)
		r.equal("ready", q["ant"].Ready, 1)
		r.equal("running", q["ant"].Running, 1)
		r.equal("ready of the other", q["bee"], store.QueueRecord{Name: "bee", Ready: 1})
	})
}

func testQueues(t *testing.T, open Opener) {
	check(t, open, "without jobs there are no queues", func(r *rig) { r.equal("queues", len(r.queues()), 0) })

	check(t, open, "jobs that wait for parents or their time make no queue", func(r *rig) {
		parent := taskOn("ant", "parent")
		r.start(parent, taskOn("bee", "child", parent), taskOn("cat", "delayed").WithDelay(time.Hour))
		r.equal("queues", r.queues(), map[string]store.QueueRecord{"ant": {Name: "ant", Ready: 1}})
	})

	check(t, open, "a queue whose last job is held is listed until it ends", func(r *rig) {
		r.enqueueJobs(taskOn("ant", "a"))
		c := r.claimOne()
		r.equal("held", r.queues(), map[string]store.QueueRecord{"ant": {Name: "ant", Running: 1}})
		r.complete(c)
		r.equal("ended", len(r.queues()), 0)
	})

	check(t, open, "jobs of a lease that have ended or moved on do not run", func(r *rig) {
		r.enqueueJobs(withRetry(retries(3, time.Hour), tasks(4, "j")...)...)
		c := r.claimAll()
		r.complete(c[0])
		r.commit(failed(c[1]), ended(c[2], job.KindGivenBack))
		r.equal("queue", r.queues()[queue], store.QueueRecord{Name: queue, Ready: 1, Running: 1})
	})

	check(t, open, "workers count for the queues they serve, and for all if they serve all", func(r *rig) {
		r.seeWorkers(
			store.WorkerSeen{Name: "w1", Queues: []string{"ant", "bee"}, Slots: 1},
			store.WorkerSeen{Name: "w2", Queues: []string{"ant"}, Slots: 1},
			store.WorkerSeen{Name: "w3", Slots: 1},
			store.WorkerSeen{Name: "w4", Queues: []string{"ant"}, Slots: 1, Draining: true},
		)
		r.enqueueJobs(taskOn("cat", "a"))
		q := r.queues()
		r.equal("ant", q["ant"].Workers, 3)
		r.equal("bee", q["bee"].Workers, 2)
		r.equal("cat", q["cat"].Workers, 1)
	})

	check(t, open, "a worker that has gone silent serves no queue", func(r *rig) {
		r.seeWorkers(store.WorkerSeen{Name: "gone", Queues: []string{"ant", "bee"}, Slots: 1}, store.WorkerSeen{Name: "of all", Slots: 1})
		r.Advance(store.WorkerSilent + slack)
		r.seeWorkers(store.WorkerSeen{Name: "alive", Queues: []string{"ant"}, Slots: 1})
		q := r.queues()
		r.equal("ant", q["ant"].Workers, 1)
		r.equal("bee", q["bee"].Workers, 0)
		r.equal("workers", len(r.workers()), 3)
	})

	check(t, open, "a hundred queues take as many statements as one", func(r *rig) {
		count := func() int { return r.cost(func() { r.queues() }) }
		r.enqueueJobs(taskOn("q", "a"))
		one := count()
		jobs := make([]*job.Job, 100)
		for i := range jobs {
			jobs[i] = taskOn(fmt.Sprintf("q%d", i), "a")
		}
		r.enqueueJobs(jobs...)
		r.equal("statements", count(), one)
		r.equal("queues", len(r.queues()), 101)
	})

	check(t, open, "names of queues are told apart by case and kept as they are", func(r *rig) {
		r.enqueueJobs(taskOn("Ant", "a"), taskOn("ant", "b"))
		r.pause("Ant")
		r.equal("claimed", names(r.claimAll()), []string{"b"})
		r.equal("queues", len(r.queues()), 2)
	})
}
