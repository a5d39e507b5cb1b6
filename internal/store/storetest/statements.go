package storetest

import (
	"fmt"
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// cost returns how many statements f takes.
func (r *rig) cost(f func()) int {
	r.Helper()
	n := len(r.Statements(f))
	if n == 0 {
		r.Fatalf("the harness saw no statements")
	}
	return n
}

func testStatements(t *testing.T, open Opener) {
	// Each of these resolves a batch about n jobs; 1,000 must take as many
	// statements as 1.
	for _, c := range []struct {
		what string
		prep func(r *rig, n int) []job.Outcome
	}{
		{"jobs without a workflow", func(r *rig, n int) []job.Outcome {
			r.enqueueJobs(tasks(n, "j")...)
			return endings(r.claimAll(), completed1)
		}},
		{"jobs of as many leases", func(r *rig, n int) []job.Outcome {
			r.enqueueJobs(tasks(n, "j")...)
			return endings(r.claimInLeases(n), completed1)
		}},
		{"the parents of one job", func(r *rig, n int) []job.Outcome {
			r.start(fanIn(n)...)
			return endings(r.claimAll(), completed1)
		}},
		{"jobs with a child each", func(r *rig, n int) []job.Outcome {
			var jobs []*job.Job
			for i := range n {
				parent := task(fmt.Sprintf("p%d", i))
				jobs = append(jobs, parent, task(fmt.Sprintf("c%d", i), parent))
			}
			r.start(jobs...)
			return endings(r.claimAll(), completed1)
		}},
		{"jobs of as many workflows", func(r *rig, n int) []job.Outcome {
			for range n {
				r.start(chain(2)...)
			}
			return endings(r.claimAll(), completed1)
		}},
		{"jobs that are to be retried", func(r *rig, n int) []job.Outcome {
			r.start(tasks(n, "j")...)
			return endings(r.claimAll(), failed)
		}},
		{"jobs that are given back", func(r *rig, n int) []job.Outcome {
			r.start(tasks(n, "j")...)
			return endings(r.claimAll(), func(c store.Claimed) job.Outcome { return ended(c, job.KindGivenBack) })
		}},
		{"jobs after which gates open, and signals that were sent before", func(r *rig, n int) []job.Outcome {
			var jobs []*job.Job
			for i := range n {
				parent := task(fmt.Sprintf("p%d", i))
				jobs = append(jobs, parent, job.NewApproval(fmt.Sprintf("a%d", i)).DependsOnJobs(parent), job.NewSignal(fmt.Sprintf("s%d", i)).DependsOnJobs(parent))
			}
			r.start(jobs...)
			r.answer(signal(jobs[2].ID, `1`), ann)
			return endings(r.claimAll(), completed1)
		}},
		{"items of a batch", func(r *rig, n int) []job.Outcome {
			r.start(batch("b", n, ""), task("other").WithDelay(leaseTTL))
			r.checkParts()
			return endings(r.claimAll(), completed1)
		}},
		{"jobs that fail for good under continue_on_failure", func(r *rig, n int) []job.Outcome {
			parents := tasks(n, "p")
			r.enqueueTolerant(append(parents, task("last", parents...))...)
			return endings(r.claimAll(), failedForGood)
		}},
		{"jobs that fail for good under fail_fast", func(r *rig, n int) []job.Outcome {
			r.start(append(fanIn(n), task("delayed").WithDelay(leaseTTL))...)
			return endings(r.claimAll(), failedForGood)
		}},
	} {
		check(t, open, "resolving 1,000 takes as many statements as 1: "+c.what, func(r *rig) {
			count := func(n int) int {
				r.runToEnd() // what an earlier count left
				outcomes := c.prep(r, n)
				r.equal("outcomes", len(outcomes), n)
				return r.cost(func() { r.commit(outcomes...) })
			}
			count(1) // statements that are only run at first
			one := count(1)
			if many := count(1000); many != one {
				r.Errorf("1 outcome takes %d statements, 1,000 take %d", one, many)
			}
		})
	}

	check(t, open, "a failure takes no statement for each level of what depends on it", func(r *rig) {
		count := func(n int) int {
			r.enqueueTolerant(chain(n)...)
			c := r.claimOne()
			return r.cost(func() { r.commit(failedForGood(c)) })
		}
		count(3)
		short, long := count(3), count(1000)
		if long > short+20 { // MySQL looks twice as far each time
			r.Errorf("a chain of 3 takes %d statements, one of 1,000 takes %d", short, long)
		}
	})

	check(t, open, "a claim takes no statement for each job", func(r *rig) {
		count := func(n int) int {
			r.enqueueJobs(tasks(n, "j")...)
			return r.cost(func() { r.equal("jobs", len(r.claim(n)), n) })
		}
		count(1)
		one := count(1)
		r.equal("statements for 500 jobs", count(500), one)
	})

	check(t, open, "beats take no statement for each lease", func(r *rig) {
		count := func(n int) int {
			r.enqueueJobs(tasks(n, "j")...)
			beats := make([]store.Beat, n)
			for i := range beats {
				beats[i] = store.Beat{Lease: r.claimLease(worker, 1).ID, Worker: worker}
			}
			return r.cost(func() {
				_, err := r.s.Extend(r.ctx, beats)
				r.ok(err, "extend")
			})
		}
		count(1)
		one := count(1)
		r.equal("statements for 100 leases", count(100), one)
		r.equal("statements for 300 leases", count(300), 3*one)
	})

	check(t, open, "expiry takes no statement for each lease", func(r *rig) {
		count := func(n int) int {
			r.enqueueJobs(tasks(n, "j")...)
			r.claimInLeases(n)
			r.Advance(acceptTTL + slack)
			cost := r.cost(func() { r.equal("done", r.expire().Done, n) })
			r.runToEnd()
			return cost
		}
		count(1)
		one := count(1)
		r.equal("statements for 200 leases", count(200), one)
	})

	check(t, open, "due timers take no statement each", func(r *rig) {
		count := func(n int) int {
			jobs := tasks(n, "j")
			for _, j := range jobs {
				j.WithDelay(leaseTTL)
			}
			r.enqueueJobs(jobs...)
			r.Advance(leaseTTL + slack)
			cost := r.cost(func() { r.equal("done", r.fire().Done, n) })
			r.runToEnd()
			return cost
		}
		count(1)
		one := count(1)
		r.equal("statements for 1,000 timers", count(1000), one)
	})

	check(t, open, "a cancel takes no statement for each job", func(r *rig) {
		count := func(n int) int {
			id := r.start(fanIn(n)...)
			return r.cost(func() { r.cancel(id) })
		}
		count(1)
		one := count(1)
		r.equal("statements for 1,000 parents", count(1000), one)
	})
}

// completed1 is the outcome of a claimed job with a small result.
func completed1(c store.Claimed) job.Outcome { return completed(c, `1`) }

// endings returns the outcomes of claimed jobs.
func endings(claimed []store.Claimed, outcome func(store.Claimed) job.Outcome) []job.Outcome {
	outcomes := make([]job.Outcome, len(claimed))
	for i, c := range claimed {
		outcomes[i] = outcome(c)
	}
	return outcomes
}

// claimInLeases claims n jobs, each under a lease of its own.
func (r *rig) claimInLeases(n int) []store.Claimed {
	r.Helper()
	grants := make([]store.Grant, n)
	for i := range grants {
		grants[i] = store.Grant{Lease: newLease(), Worker: worker, Limit: 1}
	}
	leases, err := r.s.Claim(r.ctx, grants, false)
	r.ok(err, "claim")
	var claimed []store.Claimed
	for _, l := range leases {
		claimed = append(claimed, l.Jobs...)
	}
	if len(claimed) != n {
		r.Fatalf("claimed %d jobs, want %d", len(claimed), n)
	}
	return claimed
}
