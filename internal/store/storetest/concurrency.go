package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// claimVia is one claim through a handle, from any goroutine.
func (r *rig) claimVia(s store.Store, worker string, limit int) ([]store.Claimed, error) {
	leases, err := s.Claim(r.ctx, []store.Grant{{Lease: newLease(), Worker: worker, Limit: limit}}, false)
	if err != nil || len(leases) == 0 {
		return nil, err
	}
	return leases[0].Jobs, nil
}

// each runs f for worker 0, 1, …, n−1 at the same time, every other one
// through the second handle, and ends the test on the first error.
func (r *rig) each(n int, f func(i int, s store.Store) error) {
	r.Helper()
	errs := make([]error, n)
	fs := make([]func(), n)
	for i := range fs {
		s := r.s
		if i%2 == 1 {
			s = r.Second()
		}
		fs[i] = func() { errs[i] = f(i, s) }
	}
	together(fs...)
	r.ok(errors.Join(errs...), "at the same time")
}

func testConcurrency(t *testing.T, open Opener) {
	check(t, open, "claimers at the same time never share a job and leave none", func(r *rig) {
		const n = 600
		r.enqueueJobs(tasks(n, "j")...)
		got := make([][]store.Claimed, 4)
		r.each(4, func(i int, s store.Store) error {
			for empty := 0; empty < 3; { // a claim may find all that is left locked by another
				jobs, err := r.claimVia(s, fmt.Sprintf("w%d", i), 7)
				if err != nil {
					return err
				}
				if got[i] = append(got[i], jobs...); len(jobs) == 0 {
					empty++
				}
			}
			return nil
		})
		holder := make(map[job.ID]int)
		for i, jobs := range append(got, r.claimAll()) {
			for _, c := range jobs {
				if other, taken := holder[c.Fence.Job]; taken {
					r.Errorf("%s is held by workers %d and %d", c.Name, other, i)
				}
				holder[c.Fence.Job] = i
			}
		}
		r.equal("jobs claimed", len(holder), n)
		r.wantRows("ready", 0)
	})

	check(t, open, "claimers at the same time never get more than their limit", func(r *rig) {
		r.enqueueJobs(tasks(200, "j")...)
		r.each(4, func(i int, s store.Store) error {
			for range 10 {
				jobs, err := r.claimVia(s, worker, 3)
				if err != nil {
					return err
				}
				if len(jobs) > 3 {
					return fmt.Errorf("a claim of 3 got %d jobs", len(jobs))
				}
			}
			return nil
		})
	})

	check(t, open, "workers at the same time run a graph to its end, each job once", func(r *rig) {
		const width, depth = 12, 8
		var jobs, layer []*job.Job
		for level := range depth {
			layer = tasks(width, fmt.Sprintf("l%d-", level), layer...)
			jobs = append(jobs, layer...)
		}
		id := r.start(jobs...)
		ran := make([]map[job.ID]int, 4)
		r.each(4, func(i int, s store.Store) error {
			ran[i] = make(map[job.ID]int)
			for range 20_000 {
				w, err := s.Workflow(r.ctx, id)
				if err != nil || w.Status.Terminal() {
					return err
				}
				claimed, err := r.claimVia(s, fmt.Sprintf("w%d", i), 2)
				if err != nil {
					return err
				}
				res, err := s.Resolve(r.ctx, endings(claimed, completed1))
				if err != nil {
					return err
				}
				for k, v := range res.Verdicts {
					if v != job.Committed {
						return fmt.Errorf("%s is %s", claimed[k].Name, v)
					}
					ran[i][claimed[k].Fence.Job]++
				}
			}
			return errors.New("the workflow does not end")
		})
		times := make(map[job.ID]int)
		for _, m := range ran {
			for id, n := range m {
				times[id] += n
			}
		}
		for _, j := range jobs {
			r.equal("runs of "+j.Name, times[j.ID], 1)
		}
		r.wantTally(id, workflow.Tally{Total: width * depth, Completed: width * depth})
		for _, table := range []string{"ready", "leases"} {
			r.wantRows(table, 0)
		}
	})

	check(t, open, "the same batch resolved twice at the same time counts once", func(r *rig) {
		for round := range 20 {
			id := r.start(fanIn(10)...)
			claimed := r.claimAll()
			res := make([]store.Resolution, 2)
			r.each(2, func(i int, s store.Store) (err error) {
				res[i], err = s.Resolve(r.ctx, endings(claimed, completed1))
				return err
			})
			for i := range res {
				for _, v := range res[i].Verdicts {
					r.equal("verdict", v, job.Committed)
				}
			}
			r.equal("events", len(res[0].Jobs)+len(res[1].Jobs), 10)
			r.equal("queues named", len(res[0].Queues)+len(res[1].Queues), 1)
			r.wantTally(id, workflow.Tally{Total: 11, Completed: 10})
			r.wantRows("ready", 1)
			r.complete(r.claimOne())
			r.wantWorkflow(id, workflow.Completed)
			if r.Failed() {
				r.Fatalf("in round %d", round)
			}
		}
	})

	check(t, open, "two parents resolved at the same time flip their child once", func(r *rig) {
		for round := range 40 {
			id := r.start(fanIn(2)...)
			claimed := r.claimAll()
			res := make([]store.Resolution, 2)
			r.each(2, func(i int, s store.Store) (err error) {
				res[i], err = s.Resolve(r.ctx, []job.Outcome{completed1(claimed[i])})
				return err
			})
			r.equal("queues named", len(res[0].Queues)+len(res[1].Queues), 1)
			r.wantRows("ready", 1)
			r.complete(r.claimOne())
			r.wantWorkflow(id, workflow.Completed)
			if r.Failed() {
				r.Fatalf("in round %d", round)
			}
		}
	})

	check(t, open, "400 parents resolved by four at the same time flip their child once", func(r *rig) {
		id := r.start(fanIn(400)...)
		claimed := r.claimAll()
		named := make([]int, 4)
		r.each(4, func(i int, s store.Store) error {
			mine := claimed[i*100 : (i+1)*100]
			for len(mine) > 0 {
				res, err := s.Resolve(r.ctx, endings(mine[:20], completed1))
				if err != nil {
					return err
				}
				named[i] += len(res.Queues)
				mine = mine[20:]
			}
			return nil
		})
		r.equal("queues named", named[0]+named[1]+named[2]+named[3], 1)
		r.wantRows("ready", 1)
		r.complete(r.claimNamed("last")["last"])
		r.wantWorkflow(id, workflow.Completed)
	})

	check(t, open, "a success and a failure resolved at the same time come to one end", func(r *rig) {
		for round := range 40 {
			a, b := task("a"), task("b")
			id := r.start(a, b, task("of-a", a), task("of-b", b))
			got := r.claimNamed("a", "b")
			outcomes := []job.Outcome{failedForGood(got["a"]), completed1(got["b"])}
			r.each(2, func(i int, s store.Store) error {
				_, err := s.Resolve(r.ctx, outcomes[i:i+1])
				return err
			})
			r.wantIdle()
			r.wantJobs(id, "a: failed permanent", "b: completed", "of-a: upstream_failed upstream", "of-b: cancelled fail_fast")
			r.wantWorkflow(id, workflow.Failed)
			if r.Failed() {
				r.Fatalf("in round %d", round)
			}
		}
	})

	check(t, open, "no job of a workflow that fails at the same time is claimed afterwards", func(r *rig) {
		for round := range 40 {
			id := r.start(append(tasks(6, "j"), task("bad").WithPriority(job.High))...)
			bad := r.claimOne()
			var claimed []store.Claimed
			r.each(2, func(i int, s store.Store) (err error) {
				if i == 0 {
					_, err = s.Resolve(r.ctx, []job.Outcome{failedForGood(bad)})
				} else {
					claimed, err = r.claimVia(s, worker, 1+round%6)
				}
				return err
			})
			r.wantIdle()
			r.complete(claimed...)
			r.wantTally(id, workflow.Tally{Total: 7, Failed: 1, Completed: len(claimed), Cancelled: 6 - len(claimed)})
			r.wantWorkflow(id, workflow.Failed)
			if r.Failed() {
				r.Fatalf("in round %d", round)
			}
		}
	})

	check(t, open, "an outcome and the reaper at the same time end one attempt", func(r *rig) {
		for round := range 40 {
			j := task("a").WithRetry(retries(1, slack))
			id := r.start(j)
			lease := r.claimLease(worker, 1)
			r.accept(lease)
			r.Advance(leaseTTL + slack)
			var verdict job.Verdict
			r.each(2, func(i int, s store.Store) error {
				if i == 1 {
					_, err := s.ExpireLeases(r.ctx, everything)
					return err
				}
				res, err := s.Resolve(r.ctx, endings(lease.Jobs, completed1))
				if err == nil {
					verdict = res.Verdicts[0]
				}
				return err
			})
			switch verdict {
			case job.Committed:
				r.wantJobs(id, "a: completed")
			case job.Stale:
				r.wantJobs(id, "a: dead lease_lost")
			default:
				r.Errorf("the verdict is %q", verdict)
			}
			r.equal("attempts", r.job(j.ID).Attempts, 1)
			r.wantRows("leases", 0)
			if r.Failed() {
				r.Fatalf("in round %d", round)
			}
		}
	})

	check(t, open, "a sign of life and the reaper at the same time agree", func(r *rig) {
		for round := range 40 {
			r.enqueueJobs(task("a"))
			lease := r.claimLease(worker, 1)
			r.accept(lease)
			r.Advance(leaseTTL + slack)
			var beaten []store.Beaten
			var expired store.Resolution
			r.each(2, func(i int, s store.Store) (err error) {
				if i == 0 {
					beaten, err = s.Extend(r.ctx, []store.Beat{{Lease: lease.ID, Worker: worker}})
				} else {
					expired, err = s.ExpireLeases(r.ctx, everything)
				}
				return err
			})
			r.equal("lost", beaten[0].Lost, expired.Done == 1)
			if !beaten[0].Lost {
				r.wantIdle()
				r.complete(lease.Jobs...)
			} else {
				r.complete(r.claimOne())
			}
			if r.Failed() {
				r.Fatalf("in round %d", round)
			}
		}
	})

	check(t, open, "everything at the same time makes no error and loses no job", func(r *rig) {
		const seed = 7
		var ids []job.ID
		for range 6 {
			shared := task("shared")
			r.enqueueJobs(shared)
			w := tolerant(fan(20)...)
			w.Jobs[5].DependsOnJobs(shared)
			r.enqueue(w)
			ids = append(ids, w.ID)
		}
		var jobs []job.ID
		for _, id := range ids {
			for _, rec := range r.jobs(id) {
				jobs = append(jobs, rec.ID)
			}
		}
		r.each(4, func(i int, s store.Store) error {
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			for range 60 {
				claimed, err := r.claimVia(s, fmt.Sprintf("w%d", i), 1+random.IntN(5))
				if err != nil {
					return err
				}
				outcomes := endings(claimed, func(c store.Claimed) job.Outcome {
					switch random.IntN(6) {
					case 0:
						return failedForGood(c)
					case 1:
						return ended(c, job.KindGivenBack)
					}
					return completed1(c)
				})
				random.Shuffle(len(outcomes), func(a, b int) { outcomes[a], outcomes[b] = outcomes[b], outcomes[a] })
				if _, err = s.Resolve(r.ctx, outcomes); err != nil {
					return err
				}
				switch random.IntN(5) {
				case 0:
					_, err = s.CheckEdges(r.ctx, 3)
				case 1:
					_, _, err = s.FireTimers(r.ctx, 3)
				case 2:
					_, err = s.ExpireLeases(r.ctx, 3)
				case 3:
					_, err = s.Job(r.ctx, jobs[random.IntN(len(jobs))])
				case 4:
					if random.IntN(10) == 0 {
						_, err = s.CancelWorkflow(r.ctx, ids[random.IntN(len(ids))], grace, nobody)
						if errors.Is(err, job.ErrWrongState) {
							err = nil
						}
					}
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		for range 100 {
			r.checkEdges()
			if r.runToEnd() == 0 {
				break
			}
		}
		r.Advance(grace + slack)
		r.fire()
		for _, id := range ids {
			w := r.workflow(id)
			r.equal("jobs that ended", w.Tally.Ended(), w.Tally.Total)
			r.equal("the workflow has ended", w.Status.Terminal(), true)
			r.tallyMatches(id)
		}
		for _, table := range []string{"ready", "leases", "timers"} {
			r.wantRows(table, 0)
		}
	})
}
