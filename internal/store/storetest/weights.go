package storetest

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/explain"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// halving gives each priority half of the weight of the one above it.
var halving = job.Weights{1, 2, 4, 8, 16}

func (r *rig) weigh(queue string, w job.Weights) {
	r.Helper()
	r.ok(r.s.SetQueueWeights(r.ctx, queue, w), "set weights")
}

// enqueueLevels enqueues n jobs of each priority.
func (r *rig) enqueueLevels(n job.Weights) {
	r.Helper()
	for p, n := range n {
		jobs := make([]*job.Job, n)
		for i := range jobs {
			jobs[i] = job.New(queue, json.RawMessage(`{}`)).WithPriority(job.Priority(p))
		}
		for part := range slices.Chunk(jobs, 5000) {
			r.enqueueJobs(part...)
		}
	}
}

// wantShares checks that priorities got what their weights say, as far as 5 in
// 100 of it, and slack jobs.
func (r *rig) wantShares(got, weights job.Weights, slack float64) {
	r.Helper()
	for p, n := range got {
		want := float64(got.Total()) * float64(weights[p]) / float64(weights.Total())
		if math.Abs(float64(n)-want) > max(want*0.05, slack) {
			r.Errorf("%s got %d of %d; its weights say %.1f", job.Priority(p), n, got.Total(), want)
		}
	}
}

// atHeads runs f in the transaction of the next claim just before it looks at
// the head of a queue for the nth time.
func (r *rig) atHeads(n int, f func(exec func(query string, args ...any))) {
	seen := 0
	r.Before(func(name, _ string, exec func(string, ...any)) {
		if name != "ready_heads" {
			return
		}
		if seen++; seen == n {
			f(exec)
		}
	})
	r.Cleanup(func() {
		if seen < n {
			r.Errorf("a claim looked %d times, not %d", seen, n)
		}
	})
}

// claimsOnce claims jobs with their queues in motion, and checks that each is
// given once, by that claim or the next, with what there is of its parents.
func (r *rig) claimsOnce(limit int, want []*job.Job) {
	r.Helper()
	got := r.claim(limit)
	r.Before(nil)
	times := map[job.ID]int{}
	for _, c := range append(got, r.claimAll()...) {
		times[c.Fence.Job]++
		if c.Fence.Job == want[0].ID {
			r.equal("parents of "+c.Name, len(c.Parents), 1)
		}
	}
	for _, j := range want {
		if times[j.ID] != 1 {
			r.Errorf("%s was claimed %d times", j.Name, times[j.ID])
		}
	}
	r.equal("claimed", len(times), len(want))
	r.wantRows("ready", 0)
}

func testWeights(t *testing.T, open Opener) {
	check(t, open, "priorities share 10,000 claims by their weights, whatever a claim asks for", func(r *rig) {
		r.weigh(queue, halving)
		r.enqueueLevels(job.Weights{340, 660, 1310, 2600, 5180})
		var got job.Weights
		last := map[job.Priority]job.ID{}
		for n := 0; got.Total() < 10_000; n++ {
			size := []int{1, 2, 3, 10, 100, 397, 1, 7, 1000}[n%9]
			for _, c := range r.claim(min(size, 10_000-got.Total())) {
				got[c.Priority]++
				if id, before := c.Fence.Job, last[c.Priority]; compareIDs(id, before) < 0 {
					r.Errorf("%s job %s came after %s", c.Priority, id, before)
				}
				last[c.Priority] = c.Fence.Job
			}
			r.wantShares(got, halving, 2)
		}
	})

	check(t, open, "priorities share claims of a single job by their weights", func(r *rig) {
		weights := job.Weights{1, 1, 2, 3, 5}
		r.weigh(queue, weights)
		r.enqueueLevels(job.Weights{30, 30, 60, 90, 150})
		var got job.Weights
		for range 10 * weights.Total() {
			got[r.claimOne().Priority]++
			r.wantShares(got, weights, 2)
		}
		r.equal("shares after ten rounds", got, job.Weights{10, 10, 20, 30, 50})
	})

	check(t, open, "two processes that claim at once share by the weights, too", func(r *rig) {
		r.weigh(queue, halving)
		r.enqueueLevels(job.Weights{360, 700, 1400, 2800, 5400})
		var lock sync.Mutex
		var got job.Weights
		seen := map[job.ID]bool{}
		left := 10_000
		var wait sync.WaitGroup
		for i, s := range []store.Store{r.s, r.Second()} {
			wait.Go(func() {
				for n := 0; ; n++ {
					lock.Lock()
					size := min([]int{1, 3, 50, 251}[(n+i)%4], left)
					left -= size
					lock.Unlock()
					if size == 0 {
						return
					}
					leases, err := s.Claim(r.ctx, []store.Grant{{Lease: newLease(), Worker: fmt.Sprintf("w%d", i), Limit: size}}, false)
					if err != nil {
						r.Errorf("claim: %v", err)
						return
					}
					lock.Lock()
					for _, l := range leases {
						size -= len(l.Jobs)
						for _, c := range l.Jobs {
							got[c.Priority]++
							if seen[c.Fence.Job] {
								r.Errorf("%s was claimed twice", c.Fence.Job)
							}
							seen[c.Fence.Job] = true
						}
					}
					left += size
					lock.Unlock()
				}
			})
		}
		wait.Wait()
		r.equal("claimed", got.Total(), 10_000)
		r.wantShares(got, halving, 4)
	})

	check(t, open, "what a priority leaves goes to the others in strict order", func(r *rig) {
		r.weigh(queue, job.Weights{1, 1, 1, 1, 6})
		r.enqueueLevels(job.Weights{10, 0, 10, 3, 0})
		var got job.Weights
		for range 10 {
			got[r.claimOne().Priority]++
		}
		r.equal("of background, which has its turn", got[job.Background], 1)
		r.equal("of high, which gets all others until it has none", got[job.High], 3)
		r.equal("of normal", got[job.Normal], 6)
		for _, c := range r.claimAll() {
			got[c.Priority]++
		}
		r.equal("in all", got, job.Weights{10, 0, 10, 3, 0})
		r.wantIdle()
	})

	check(t, open, "a claim that wants more than there is gets all of a queue with weights", func(r *rig) {
		r.weigh(queue, halving)
		r.enqueueLevels(job.Weights{40, 1, 40, 0, 1})
		r.equal("claimed", len(r.claim(everything, queue)), 82)
		r.wantRows("ready", 0)
	})

	check(t, open, "weights of one queue change nothing for the others, nor how queues stand to each other", func(r *rig) {
		r.weigh("ant", job.Weights{1, 1, 1, 1, 1})
		var jobs []*job.Job
		for i := range 10 {
			for _, q := range []string{"ant", "bee"} {
				jobs = append(jobs, taskOn(q, fmt.Sprintf("%s-critical%d", q, i)).WithPriority(job.Critical), taskOn(q, fmt.Sprintf("%s-low%d", q, i)).WithPriority(job.Low))
			}
		}
		r.enqueueJobs(jobs...)
		got := map[string]int{}
		for _, c := range r.claim(20) {
			got[c.Queue+" "+c.Priority.String()]++
		}
		r.equal("of bee", got["bee critical"], 10)
		r.equal("of bee's low", got["bee low"], 0)
		r.equal("of ant", got["ant critical"]+got["ant low"], 10)
		if got["ant low"] < 1 {
			r.Errorf("ant's low jobs got no turn of ten")
		}
	})

	check(t, open, "weights are kept over a pause, listed, and taken back", func(r *rig) {
		r.weigh("ant", halving)
		r.equal("weights", r.queues()["ant"].Weights, halving)
		r.pause("ant")
		r.enqueueJobs(taskOn("ant", "a").WithPriority(job.Low), taskOn("ant", "b").WithPriority(job.Critical))
		r.wantIdle()
		r.weigh("ant", job.Weights{1, 1, 1, 1, 1})
		r.equal("paused", r.queues()["ant"].PausedAt.IsZero(), false)
		_, err := r.s.ResumeQueue(r.ctx, "ant")
		r.ok(err, "resume")
		r.equal("weights", r.queues()["ant"].Weights, job.Weights{1, 1, 1, 1, 1})
		r.weigh("ant", job.Weights{})
		r.equal("weights", r.queues()["ant"].Weights.Strict(), true)
		r.equal("claimed", []string{r.claimOne().Name, r.claimOne().Name}, []string{"b", "a"})
		r.equal("listed when nothing is in it or set of it", r.queues()["bee"].Name, "")
	})

	check(t, open, "weights out of range are refused", func(r *rig) {
		for _, w := range []job.Weights{{1}, {1, 1, 1, 1, job.MaxWeight + 1}, {-1, 1, 1, 1, 1}} {
			if err := r.s.SetQueueWeights(r.ctx, queue, w); err == nil {
				r.Errorf("weights %v are taken", w)
			}
		}
		r.equal("weights", r.queues()[queue].Weights.Strict(), true)
	})

	check(t, open, "with weights only jobs of its own priority are ahead of a job", func(r *rig) {
		high, low, later := task("high").WithPriority(job.High), task("low").WithPriority(job.Low), task("later").WithPriority(job.Low)
		r.start(high, low, later)
		r.seeWorkers(store.WorkerSeen{Name: "w"})
		r.wantReasons(low.ID, explain.Behind)
		r.equal("ahead", r.explain(later.ID).Ahead, 2)
		r.weigh(queue, halving)
		r.wantReasons(low.ID, explain.NextOfPriority)
		r.wantReasons(high.ID, explain.NextOfPriority)
		r.wantReasons(later.ID, explain.Behind)
		r.equal("ahead", r.explain(later.ID).Ahead, 1)
		r.equal("weights", r.explain(later.ID).Weights, halving)
		r.pause(queue)
		r.wantReasons(low.ID, explain.QueuePaused)
	})

	check(t, open, "a job that is lifted while a claim reads its queue is given once", func(r *rig) {
		r.weigh(queue, job.Weights{1, 1, 1, 1, 1})
		parent := task("parent")
		r.enqueueJobs(parent)
		r.runToEnd()
		var list []*job.Job
		for p := job.Background; p <= job.Critical; p++ {
			list = append(list, task(fmt.Sprintf("%s-1", p)).WithPriority(p), task(fmt.Sprintf("%s-2", p)).WithPriority(p))
		}
		list[0].DependsOnIDs(parent.ID)
		r.enqueueJobs(list...)
		r.checkEdges()
		r.atHeads(5, func(exec func(string, ...any)) { // background is read, critical is not
			exec("UPDATE ready SET rank = 0 WHERE id = (SELECT id FROM jobs WHERE name = 'background-1')")
			exec("UPDATE job_state SET priority = 4 WHERE id = (SELECT id FROM jobs WHERE name = 'background-1')")
		})
		r.claimsOnce(len(list), list)
	})

	check(t, open, "a job that gives way while a claim reads its queue is given once", func(r *rig) {
		parent := task("parent")
		r.enqueueJobs(parent)
		r.runToEnd()
		list := append(tasks(90, "j"), taskOn("other", "k"))
		list[0].DependsOnIDs(parent.ID)
		r.enqueueJobs(list...)
		r.checkEdges()
		r.atHeads(3, func(exec func(string, ...any)) { // the first 50 of each queue are read
			exec("UPDATE ready SET rank = 3 WHERE id = (SELECT id FROM jobs WHERE name = 'j0')")
			exec("UPDATE job_state SET priority = 1 WHERE id = (SELECT id FROM jobs WHERE name = 'j0')")
		})
		r.claimsOnce(100, list)
	})

	check(t, open, "weights cost a claim a statement for each priority at most, however much it asks for", func(r *rig) {
		r.enqueueLevels(job.Weights{300, 300, 300, 300, 300})
		strict := len(r.Statements(func() { r.claim(200, queue) }))
		r.weigh(queue, halving)
		weighed := len(r.Statements(func() { r.claim(200, queue) }))
		if weighed > strict+len(halving) {
			r.Errorf("a claim from a queue with weights takes %d statements, from a strict one %d", weighed, strict)
		}
	})

	check(t, open, "scheduled times order the jobs of a priority in a queue with weights", func(r *rig) {
		r.weigh(queue, job.Weights{1, 1, 1, 1, 1})
		r.enqueueJobs(task("third").WithDelay(3*time.Hour), task("first").WithDelay(time.Hour), task("second").WithDelay(2*time.Hour))
		r.Advance(4 * time.Hour)
		r.fire()
		r.equal("order", []string{r.claimOne().Name, r.claimOne().Name, r.claimOne().Name}, []string{"first", "second", "third"})
	})
}
