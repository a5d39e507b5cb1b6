package storetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func testClaim(t *testing.T, open Opener) {
	check(t, open, "jobs too large for one message are claimed under several leases, and a repeated claim brings back all of them", func(r *rig) {
		var all []*job.Job
		for range 5 {
			all = append(all, job.New("work", json.RawMessage(`"`+strings.Repeat("x", store.MaxLeaseBytes*2/5)+`"`)))
		}
		r.enqueueJobs(all...)
		grants := []store.Grant{{Lease: newLease(), Worker: worker, Limit: 10}}
		leases, err := r.s.Claim(r.ctx, grants, false)
		r.ok(err, "claim")
		again, err := r.s.Claim(r.ctx, grants, true)
		r.ok(err, "claim again")
		for _, got := range [][]store.Lease{leases, again} {
			r.equal("leases", len(got), 3)
			var jobs []store.Claimed
			for _, l := range got {
				r.equal("grant", l.Grant, grants[0].Lease)
				jobs = append(jobs, l.Jobs...)
			}
			r.equal("jobs", len(jobs), 5)
		}
		for _, l := range leases {
			r.accept(l)
			r.complete(l.Jobs...)
		}
		r.wantRows("leases", 0)
		r.wantIdle()
	})

	check(t, open, "quotes count double, so that no lease outgrows its message", func(r *rig) {
		payload := json.RawMessage(`"` + strings.Repeat(`\\`, store.MaxLeaseBytes/5) + `"`)
		r.enqueueJobs(job.New("work", payload), job.New("work", payload))
		leases, err := r.s.Claim(r.ctx, []store.Grant{{Lease: newLease(), Worker: worker, Limit: 10}}, false)
		r.ok(err, "claim")
		r.equal("leases", len(leases), 2)
	})

	check(t, open, "the highest priority is claimed first", func(r *rig) {
		for p := job.Background; p <= job.Critical; p++ {
			r.enqueueJobs(task(p.String()).WithPriority(p))
		}
		r.equal("order", names(r.claimAll()), []string{"critical", "high", "normal", "low", "background"})
	})

	check(t, open, "within a priority the earliest scheduled time is claimed first", func(r *rig) {
		r.enqueueJobs(
			task("third").WithDelay(3*time.Hour),
			task("first").WithDelay(time.Hour),
			task("second").WithDelay(2*time.Hour),
			task("urgent").WithDelay(3*time.Hour).WithPriority(job.High),
		)
		r.Advance(4 * time.Hour)
		r.fire()
		var got []string
		for range 4 {
			got = append(got, r.claimOne().Name)
		}
		r.equal("order", got, []string{"urgent", "first", "second", "third"})
	})

	check(t, open, "within a scheduled time the smallest id is claimed first", func(r *rig) {
		ids, at := sortedIDs(3), r.Now().Add(time.Hour)
		jobs := tasks(3, "j")
		for i, j := range jobs {
			j.ID, j.ScheduledAt = ids[i], at
		}
		r.enqueueJobs(jobs[2], jobs[0], jobs[1])
		r.Advance(2 * time.Hour)
		r.fire()
		var got []string
		for range 3 {
			got = append(got, r.claimOne().Name)
		}
		r.equal("order", got, []string{"j0", "j1", "j2"})
	})

	check(t, open, "the jobs of a lease come in the order of the claim", func(r *rig) {
		r.enqueueJobs(
			task("c").WithDelay(2*time.Hour),
			task("a").WithDelay(2*time.Hour).WithPriority(job.Critical),
			task("b").WithDelay(time.Hour),
		)
		r.Advance(3 * time.Hour)
		r.fire()
		r.equal("order", names(r.claimAll()), []string{"a", "b", "c"})
	})

	check(t, open, "a claim gives no more than its limit, and the best of all", func(r *rig) {
		jobs := tasks(10, "j")
		jobs[7].WithPriority(job.High)
		jobs[4].WithPriority(job.Critical)
		r.enqueueJobs(jobs...)
		r.equal("first two", names(r.claim(2)), []string{"j4", "j7"})
		r.equal("the rest", len(r.claimAll()), 8)
	})

	check(t, open, "a claim takes only the queues it names", func(r *rig) {
		r.enqueueJobs(taskOn("a", "1"), taskOn("b", "2"), taskOn("c", "3"))
		r.equal("of b", names(r.claim(everything, "b")), []string{"2"})
		r.equal("of b again", len(r.claim(everything, "b")), 0)
		r.equal("of a queue that is not there", len(r.claim(everything, "none")), 0)
		r.claimNamed("1", "3")
	})

	check(t, open, "several queues are merged in one order", func(r *rig) {
		r.enqueueJobs(
			taskOn("a", "a-old").WithDelay(2*time.Hour),
			taskOn("b", "b-older").WithDelay(time.Hour),
			taskOn("a", "a-new").WithDelay(3*time.Hour),
			taskOn("b", "b-high").WithDelay(3*time.Hour).WithPriority(job.High),
			taskOn("c", "c-critical").WithPriority(job.Critical),
		)
		r.Advance(4 * time.Hour)
		r.fire()
		r.equal("order", names(r.claim(3, "a", "b")), []string{"b-high", "b-older", "a-old"})
		r.equal("the rest", names(r.claim(3, "b", "a")), []string{"a-new"})
	})

	check(t, open, "a claim that names no queue takes all", func(r *rig) {
		r.enqueueJobs(taskOn("a", "1"), taskOn("b", "2").WithPriority(job.High), taskOn("c", "3").WithPriority(job.Critical))
		r.equal("order", names(r.claimAll()), []string{"3", "2", "1"})
	})

	check(t, open, "two grants of one call get different jobs", func(r *rig) {
		r.enqueueJobs(tasks(10, "j")...)
		grants := []store.Grant{
			{Lease: newLease(), Worker: "w1", Limit: 4},
			{Lease: newLease(), Worker: "w2", Limit: 4},
		}
		leases, err := r.s.Claim(r.ctx, grants, false)
		r.ok(err, "claim")
		r.equal("leases", len(leases), 2)
		seen := make(map[job.ID]bool)
		for _, l := range leases {
			r.equal("jobs of "+l.Worker, len(l.Jobs), 4)
			for _, c := range l.Jobs {
				if seen[c.Fence.Job] {
					r.Errorf("%s is in two leases", c.Name)
				}
				r.equal("lease of "+c.Name, c.Fence.Lease, l.ID)
				r.equal("worker of "+c.Name, r.job(c.Fence.Job).Worker, l.Worker)
				seen[c.Fence.Job] = true
			}
		}
		r.equal("the rest", len(r.claimAll()), 2)
	})

	check(t, open, "grants of one call for different queues each get their own", func(r *rig) {
		r.enqueueJobs(taskOn("a", "1"), taskOn("a", "2"), taskOn("b", "3"), taskOn("b", "4"))
		leases, err := r.s.Claim(r.ctx, []store.Grant{
			{Lease: newLease(), Worker: "wb", Queues: []string{"b"}, Limit: 3},
			{Lease: newLease(), Worker: "wa", Queues: []string{"a"}, Limit: 1},
		}, false)
		r.ok(err, "claim")
		got := make(map[string]int)
		for _, l := range leases {
			for _, c := range l.Jobs {
				got[l.Worker+" "+c.Queue]++
			}
		}
		r.equal("jobs", got, map[string]int{"wb b": 2, "wa a": 1})
	})

	check(t, open, "a grant that got nothing has no lease", func(r *rig) {
		r.enqueueJobs(task("a"))
		leases, err := r.s.Claim(r.ctx, []store.Grant{
			{Lease: newLease(), Worker: "w1", Limit: 5},
			{Lease: newLease(), Worker: "w2", Limit: 5},
		}, false)
		r.ok(err, "claim")
		r.equal("leases", len(leases), 1)
		r.wantRows("leases", 1)
		r.wantIdle()
		r.wantRows("leases", 1)
	})

	check(t, open, "a repeated claim gets the jobs of its lease again and no others", func(r *rig) {
		r.enqueueJobs(tasks(10, "j")...)
		grant := store.Grant{Lease: newLease(), Worker: worker, Limit: 4}
		first, err := r.s.Claim(r.ctx, []store.Grant{grant}, false)
		r.ok(err, "claim")
		again, err := r.s.Claim(r.ctx, []store.Grant{grant}, true)
		r.ok(err, "repeated claim")
		r.equal("leases", len(again), 1)
		r.equal("jobs", again[0].Jobs, first[0].Jobs)
		r.wantRows("leases", 1)
		r.wantRows("ready", 6)
	})

	check(t, open, "a repeated claim without its lease is a fresh one", func(r *rig) {
		r.enqueueJobs(tasks(10, "j")...)
		grant := store.Grant{Lease: newLease(), Worker: worker, Limit: 4}
		got, err := r.s.Claim(r.ctx, []store.Grant{grant}, true)
		r.ok(err, "repeated claim")
		r.equal("leases", len(got), 1)
		r.equal("jobs", len(got[0].Jobs), 4)
		r.wantRows("ready", 6)
	})

	check(t, open, "in one repeated call one grant may be known and another fresh", func(r *rig) {
		r.enqueueJobs(tasks(6, "j")...)
		known := store.Grant{Lease: newLease(), Worker: "w1", Limit: 2}
		first, err := r.s.Claim(r.ctx, []store.Grant{known}, false)
		r.ok(err, "claim")
		fresh := store.Grant{Lease: newLease(), Worker: "w2", Limit: 3}
		got, err := r.s.Claim(r.ctx, []store.Grant{fresh, known}, true)
		r.ok(err, "repeated claim")
		byLease := make(map[job.ID][]store.Claimed)
		for _, l := range got {
			byLease[l.ID] = l.Jobs
		}
		r.equal("known", byLease[known.Lease], first[0].Jobs)
		r.equal("fresh", len(byLease[fresh.Lease]), 3)
		r.wantRows("ready", 1)
	})

	check(t, open, "a repeated claim does not bring back a job that has ended", func(r *rig) {
		r.enqueueJobs(tasks(3, "j")...)
		lease := r.claimLease(worker, 3)
		r.complete(lease.Jobs[1])
		got, err := r.s.Claim(r.ctx, []store.Grant{{Lease: lease.ID, Worker: worker, Limit: 3}}, true)
		r.ok(err, "repeated claim")
		r.equal("leases", len(got), 1)
		r.equal("jobs", names(got[0].Jobs), []string{lease.Jobs[0].Name, lease.Jobs[2].Name})
	})

	checkWith(t, open, store.Options{AcceptTTL: 7 * time.Minute}, "a lease says how long it stands without an accept", func(r *rig) {
		r.enqueueJobs(task("a"))
		r.equal("ttl", r.claimLease(worker, 1).TTL, 7*time.Minute)
	})

	check(t, open, "a claimed job is running in its worker's hands", func(r *rig) {
		id := r.start(task("a"), task("b"))
		before := r.Now()
		c := r.claimLease("worker-9", 1).Jobs[0]
		rec := r.job(c.Fence.Job)
		r.equal("status", rec.Status, job.Running)
		r.equal("worker", rec.Worker, "worker-9")
		r.equal("attempts", rec.Attempts, 0)
		r.equal("epoch", rec.Epoch, c.Fence.Epoch)
		r.isNear("started", rec.StartedAt.Sub(before), 0)
		r.equal("finished", rec.FinishedAt, time.Time{})
		w := r.workflow(id)
		r.equal("running", w.Running, 1)
		r.equal("tally", w.Tally, workflow.Tally{Total: 2})
		running := 0
		for _, rec := range r.jobs(id) {
			if rec.Status == job.Running {
				running++
			}
		}
		r.equal("running in the list", running, 1)
	})

	check(t, open, "the attempt number counts on after a failure, and the epoch goes up", func(r *rig) {
		r.enqueueJobs(task("a").WithRetry(retries(3, time.Minute)))
		last := int64(-1)
		for attempt := 1; attempt <= 3; attempt++ {
			c := r.claimOne()
			r.equal("attempt", c.Attempt, attempt)
			if c.Fence.Epoch <= last {
				r.Errorf("the epoch went from %d to %d", last, c.Fence.Epoch)
			}
			last = c.Fence.Epoch
			r.commit(failed(c))
			r.Advance(time.Hour)
			r.fire()
		}
		r.wantIdle()
	})

	check(t, open, "a blocked job is never claimable, whatever its priority", func(r *rig) {
		parent := task("parent").WithPriority(job.Background)
		r.start(parent, task("child", parent).WithPriority(job.Critical), task("other"))
		got := r.claimNamed("parent", "other")
		r.complete(got["other"])
		r.wantIdle()
		r.complete(got["parent"])
		r.claimNamed("child")
	})

	check(t, open, "a flipped child takes its place by its own priority", func(r *rig) {
		parent := task("parent").WithPriority(job.Critical)
		r.start(parent, task("child", parent).WithPriority(job.High), task("low").WithPriority(job.Low), task("normal"))
		r.complete(r.claimOne())
		r.equal("order", names(r.claimAll()), []string{"child", "normal", "low"})
	})

	check(t, open, "fifty grants of one call get fifty leases", func(r *rig) {
		r.enqueueJobs(tasks(100, "j")...)
		grants := make([]store.Grant, 50)
		for i := range grants {
			grants[i] = store.Grant{Lease: newLease(), Worker: fmt.Sprintf("w%d", i), Limit: 2}
		}
		leases, err := r.s.Claim(r.ctx, grants, false)
		r.ok(err, "claim")
		r.equal("leases", len(leases), 50)
		r.wantRows("leases", 50)
		r.wantIdle()
	})
}
