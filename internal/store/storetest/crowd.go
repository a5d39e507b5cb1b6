package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// testCrowd lets all kinds of calls meet on the same jobs, through two handles.
func testCrowd(t *testing.T, open Opener) {
	check(t, open, "claimers of several queues at the same time never share a job and leave none", func(r *rig) {
		const n, queues = 600, 7
		jobs := make([]*job.Job, n)
		for i := range jobs {
			jobs[i] = taskOn(fmt.Sprintf("q%d", i*i%queues), fmt.Sprintf("j%d", i)).WithPriority(job.Priority(i % 5))
		}
		r.enqueueJobs(jobs...)
		got := make([][]store.Claimed, 4)
		r.each(4, func(i int, s store.Store) error {
			for empty := 0; empty < 3; {
				grants := []store.Grant{
					{Lease: newLease(), Worker: "all", Limit: 5 + i},
					{Lease: newLease(), Worker: "some", Queues: []string{"q0", "q1", "q4"}, Limit: 3},
				}
				leases, err := s.Claim(r.ctx, grants, false)
				if err != nil {
					return err
				}
				for _, l := range leases {
					got[i] = append(got[i], l.Jobs...)
				}
				if len(leases) == 0 {
					empty++
				}
			}
			return nil
		})
		holder := make(map[job.ID]int)
		for i, list := range append(got, r.claimAll()) {
			for _, c := range list {
				if other, taken := holder[c.Fence.Job]; taken {
					r.Errorf("%s is held by %d and %d", c.Name, other, i)
				}
				holder[c.Fence.Job] = i
			}
		}
		r.equal("jobs claimed", len(holder), n)
		r.wantRows("ready", 0)
	})

	check(t, open, "of many queues the first jobs of all are claimed, however they are shared out", func(r *rig) {
		var jobs []*job.Job
		for i := range 400 {
			p := job.Background
			if i%40 < 3 { // one queue of many has nearly all that is urgent
				p = job.High
			}
			jobs = append(jobs, taskOn(fmt.Sprintf("q%02d", min(i%40, 20+i%20)), fmt.Sprint(i)).WithPriority(p))
		}
		urgent := 0
		for range 150 {
			jobs = append(jobs, taskOn("q07", fmt.Sprint(len(jobs))).WithPriority(job.Critical))
		}
		r.enqueueJobs(jobs...)
		claimed := r.claim(200)
		r.equal("jobs", len(claimed), 200)
		for _, c := range claimed {
			if c.Priority >= job.High {
				urgent++
			}
		}
		r.equal("urgent ones", urgent, 150+30)
		r.equal("in order", slices.IsSortedFunc(claimed, func(a, b store.Claimed) int { return int(b.Priority) - int(a.Priority) }), true)
	})

	for _, seed := range []uint64{1, 2, 3} {
		check(t, open, fmt.Sprintf("outcomes, deadlines, cancels and edge checks at the same time make no error and lose no count, %d", seed), func(r *rig) {
			random := rand.New(rand.NewPCG(seed, 9))
			workflows, all := r.tangle(random)
			r.Advance(2 * time.Hour) // half of them are late
			r.each(4, func(i int, s store.Store) error {
				return r.crowd(s, rand.New(rand.NewPCG(seed, uint64(i))), workflows, all)
			})
			r.settle(workflows, all)
		})
	}
}

// tangle enqueues jobs with and without workflows that depend on each other,
// many of them with a deadline in an hour.
func (r *rig) tangle(random *rand.Rand) (workflows []job.ID, all []*job.Job) {
	r.Helper()
	for w := range 8 {
		jobs := tasks(25, fmt.Sprintf("w%d-", w))
		for i, j := range jobs {
			for range 2 {
				if i > 0 && random.IntN(2) == 0 {
					j.DependsOnJobs(jobs[random.IntN(i)])
				}
			}
			if len(all) > 0 && random.IntN(5) == 0 {
				j.DependsOnJobs(all[random.IntN(len(all))])
			}
			if random.IntN(4) == 0 {
				j.WithDeadline(time.Hour)
			}
		}
		for _, j := range jobs { // a parent that was drawn twice is one
			slices.SortFunc(j.DependsOn, func(a, b job.Dependency) int { return compareIDs(a.Parent, b.Parent) })
			j.DependsOn = slices.CompactFunc(j.DependsOn, func(a, b job.Dependency) bool { return a.Parent == b.Parent })
		}
		switch w % 3 {
		case 0:
			r.enqueueJobs(jobs...)
		case 1:
			workflows = append(workflows, r.start(jobs...))
		case 2:
			workflows = append(workflows, r.enqueueTolerant(jobs...))
		}
		all = append(all, jobs...)
	}
	return workflows, all
}

// crowd does a bit of everything.
func (r *rig) crowd(s store.Store, random *rand.Rand, workflows []job.ID, all []*job.Job) error {
	for range 40 {
		claimed, err := r.claimVia(s, worker, 1+random.IntN(6))
		if err != nil {
			return err
		}
		outcomes := endings(claimed, func(c store.Claimed) job.Outcome {
			switch random.IntN(8) {
			case 0:
				return failedForGood(c)
			case 1:
				return failed(c)
			}
			return completed1(c)
		})
		random.Shuffle(len(outcomes), func(a, b int) { outcomes[a], outcomes[b] = outcomes[b], outcomes[a] })
		if _, err := s.Resolve(r.ctx, outcomes); err != nil {
			return err
		}
		switch random.IntN(6) {
		case 0, 1:
			_, err = s.CheckEdges(r.ctx, 5)
		case 2:
			_, _, err = s.FireTimers(r.ctx, 3)
		case 3:
			_, err = s.ExpireLeases(r.ctx, 3)
		case 4:
			_, err = s.CancelJob(r.ctx, all[random.IntN(len(all))].ID, grace)
		case 5:
			if random.IntN(8) == 0 {
				_, err = s.CancelWorkflow(r.ctx, workflows[random.IntN(len(workflows))], grace, nobody)
			}
		}
		if err != nil && !errors.Is(err, job.ErrWrongState) {
			return err
		}
	}
	return nil
}

// settle lets everything come to its end and checks every count.
func (r *rig) settle(workflows []job.ID, all []*job.Job) {
	r.Helper()
	for range 30 {
		r.Advance(leaseTTL + slack)
		r.expire()
		r.fire()
		r.checkEdges()
		r.runToEnd()
	}
	for _, id := range workflows {
		r.equal("the workflow has ended", r.workflow(id).Status.Terminal(), true)
		r.tallyMatches(id)
	}
	for _, j := range all {
		if rec := r.job(j.ID); !rec.Status.Terminal() {
			r.Errorf("%s is %s", rec.Name, standing(rec))
		}
	}
	for _, table := range []string{"ready", "leases", "edge_check", "edges WHERE state = 'unresolved'", "job_state WHERE unresolved <> 0"} {
		r.wantRows(table, 0)
	}
}
