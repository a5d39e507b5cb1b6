package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func testCounters(t *testing.T, open Opener) {
	check(t, open, "a workflow counts the jobs that are held and that wait for a retry", func(r *rig) {
		id := r.start(withRetry(retries(3, time.Hour), tasks(5, "j")...)...)
		claimed := r.claim(3)
		r.commit(failed(claimed[0]))
		w := r.workflow(id)
		r.equal("running", w.Running, 2)
		r.equal("retrying", w.Retrying, 1)
		r.equal("suspended", w.Suspended, 0)
		r.complete(claimed[1], claimed[2])
		r.equal("running", r.workflow(id).Running, 0)
	})

	check(t, open, "each way to end has its counter", func(r *rig) {
		jobs := withRetry(once(), tasks(6, "j")...)
		child := task("child", jobs[1])
		id := r.enqueueTolerant(append(jobs, child)...)
		claimed := r.claimAll()
		slices.SortFunc(claimed, func(a, b store.Claimed) int { return compareIDs(a.Fence.Job, b.Fence.Job) })
		r.complete(claimed[0])
		r.commit(failedForGood(claimed[1]), failed(claimed[2]), ended(claimed[3], job.KindTimedOut))
		r.cancel(id)
		r.complete(claimed[4])
		r.commit(ended(claimed[5], job.KindCancelled))
		r.wantTally(id, workflow.Tally{Total: 7, Completed: 2, Failed: 1, Dead: 1, TimedOut: 1, UpstreamFailed: 1, Cancelled: 1})
		r.tallyMatches(id)
	})

	for seed := range uint64(6) {
		check(t, open, fmt.Sprintf("the counters are the sums over the jobs after every step of random walk %d", seed), func(r *rig) {
			w := newWalk(r, seed)
			defer func() {
				if r.Failed() {
					r.Logf("seed %d, steps: %v", seed, w.steps)
				}
			}()
			for range 150 {
				w.step()
				w.check()
			}
			w.finish()
		})
	}
}

// tallyMatches compares a workflow's counters with the sums over its jobs, and
// returns what it read.
func (r *rig) tallyMatches(id job.ID) (store.WorkflowRecord, []store.JobRecord) {
	r.Helper()
	w, jobs := r.workflow(id), r.jobs(id)
	sum := workflow.Tally{}
	running, retrying, suspended := 0, 0, 0
	for _, rec := range jobs {
		sum.Total++
		switch {
		case rec.Status.Terminal():
			*sum.Of(rec.Status)++
		case rec.Status == job.Running:
			running++
		case rec.Status == job.Retrying:
			retrying++
		case rec.Status == job.Suspended:
			suspended++
		}
	}
	r.equal("tally", w.Tally, sum)
	r.equal("running", w.Running, running)
	r.equal("retrying", w.Retrying, retrying)
	r.equal("suspended", w.Suspended, suspended)
	r.equal("ended with its last job", w.Status.Terminal(), sum.Ended() == sum.Total)
	r.equal("finished when it ended", !w.FinishedAt.IsZero(), w.Status.Terminal())
	if !w.StartedAt.IsZero() && w.StartedAt.Before(w.CreatedAt) {
		r.Errorf("created %s, started %s", w.CreatedAt, w.StartedAt)
	}
	if !w.FinishedAt.IsZero() && w.FinishedAt.Before(w.StartedAt) {
		r.Errorf("started %s, finished %s", w.StartedAt, w.FinishedAt)
	}
	return w, jobs
}

// walk does random things to a store, and after each looks whether what it
// sees can be.
type walk struct {
	*rig
	random    *rand.Rand
	workflows []job.ID
	jobs      []*job.Job      // of every workflow and of none
	leases    []store.Lease   // claimed; some have ended
	held      []store.Claimed // claimed and not reported yet
	reported  []job.Outcome   // to be sent again
	ends      map[job.ID]string
	steps     []string
}

func newWalk(r *rig, seed uint64) *walk {
	return &walk{rig: r, random: rand.New(rand.NewPCG(seed, 1)), ends: make(map[job.ID]string)}
}

// step does one random thing.
func (w *walk) step() {
	w.Helper()
	moves := []struct {
		name   string
		weight int
		do     func()
	}{
		{"enqueue", 2, w.enqueueSome},
		{"claim", 8, w.claimSome},
		{"resolve", 10, w.resolveSome},
		{"repeat", 2, w.repeatSome},
		{"beat", 3, w.beatSome},
		{"advance", 4, w.advance},
		{"fire", 4, func() { w.fire() }},
		{"expire", 3, func() { w.expire() }},
		{"check", 4, func() { w.checkEdges() }},
		{"cancel", 1, w.cancelOne},
	}
	total := 0
	for _, m := range moves {
		total += m.weight
	}
	n := w.random.IntN(total)
	for _, m := range moves {
		if n -= m.weight; n < 0 {
			w.steps = append(w.steps, m.name)
			m.do()
			return
		}
	}
}

// enqueueSome stores a random graph, unless there are many already.
func (w *walk) enqueueSome() {
	w.Helper()
	if len(w.workflows) == 8 {
		return
	}
	jobs := tasks(1+w.random.IntN(9), "j")
	for i, j := range jobs {
		for _, p := range jobs[:i] {
			if w.random.IntN(3) == 0 {
				j.DependsOnJobs(p)
			}
		}
		if len(w.jobs) > 0 && w.random.IntN(6) == 0 {
			j.DependsOnJobs(w.jobs[w.random.IntN(len(w.jobs))])
		}
		j.WithRetry(retries(1+w.random.IntN(3), time.Hour)).WithPriority(job.Priority(w.random.IntN(5)))
		switch w.random.IntN(8) {
		case 0:
			j.WithDelay(time.Duration(w.random.IntN(180)) * time.Minute)
		case 1:
			j.WithDeadline(time.Duration(1+w.random.IntN(10)) * time.Hour)
		}
	}
	if w.random.IntN(5) == 0 {
		w.enqueueJobs(jobs...)
	} else {
		g := graph(jobs...)
		if w.random.IntN(2) == 0 {
			g.WithFailurePolicy(workflow.ContinueOnFailure)
		}
		if w.random.IntN(4) == 0 {
			g.WithTimeout(12 * time.Hour)
		}
		w.enqueue(g)
		w.workflows = append(w.workflows, g.ID)
	}
	w.jobs = append(w.jobs, jobs...)
}

func (w *walk) claimSome() {
	w.Helper()
	lease := w.claimLease(worker, 1+w.random.IntN(4))
	if len(lease.Jobs) > 0 {
		w.leases = append(w.leases, lease)
		w.held = append(w.held, lease.Jobs...)
	}
}

// resolveSome reports random outcomes of some of the jobs it believes held.
func (w *walk) resolveSome() {
	w.Helper()
	w.random.Shuffle(len(w.held), func(a, b int) { w.held[a], w.held[b] = w.held[b], w.held[a] })
	n := min(len(w.held), 1+w.random.IntN(4))
	outcomes := endings(w.held[:n], func(c store.Claimed) job.Outcome {
		switch w.random.IntN(8) {
		case 0:
			return failedForGood(c)
		case 1:
			return failed(c)
		case 2:
			return ended(c, job.KindTimedOut)
		case 3:
			return ended(c, job.KindGivenBack)
		}
		return completed1(c)
	})
	w.held = w.held[n:]
	w.reported = append(w.reported, outcomes...)
	w.resolve(outcomes...)
}

// repeatSome reports again what was reported before.
func (w *walk) repeatSome() {
	w.Helper()
	if len(w.reported) > 0 {
		i := w.random.IntN(len(w.reported))
		w.resolve(w.reported[i:min(len(w.reported), i+3)]...)
	}
}

func (w *walk) beatSome() {
	w.Helper()
	for _, lease := range w.leases {
		if w.random.IntN(3) == 0 {
			w.beat(lease)
		}
	}
}

func (w *walk) advance() {
	w.Advance(time.Duration(1+w.random.IntN(40)) * time.Minute)
}

func (w *walk) cancelOne() {
	w.Helper()
	if len(w.workflows) == 0 {
		return
	}
	id := w.workflows[w.random.IntN(len(w.workflows))]
	if !w.workflow(id).Status.Terminal() {
		w.cancel(id)
	}
}

// check looks at everything there is.
func (w *walk) check() {
	w.Helper()
	stopped := make(map[job.ID]bool)
	records := make(map[job.ID]store.JobRecord)
	for _, id := range w.workflows {
		rec, jobs := w.tallyMatches(id)
		stopped[id] = rec.Failing || rec.Status != workflow.Running
		for _, j := range jobs {
			records[j.ID] = j
		}
	}
	// To read each job alone takes longer than the rest of the walk: one of those
	// of workflows stands for all.
	alone := 0
	if len(w.jobs) > 0 {
		alone = len(w.steps) % len(w.jobs)
	}
	for i, j := range w.jobs {
		listed, ok := records[j.ID]
		if i == alone || !ok {
			rec := w.job(j.ID)
			rec.History = nil // a list has none
			if ok {
				w.equal("a job alone and among its workflow's", fmt.Sprint(rec), fmt.Sprint(listed))
			}
			records[j.ID] = rec
		}
		w.checkJob(records[j.ID])
	}
	for _, rec := range records {
		if rec.Status != job.Running && rec.Status != job.Completed {
			continue
		}
		for _, parent := range rec.DependsOn {
			w.equal("a parent of "+rec.Name+", which is "+string(rec.Status), records[parent].Status, job.Completed)
		}
	}
	ready := make(map[job.ID]bool)
	for _, row := range w.query("SELECT id FROM ready") {
		id := identifier(row["id"])
		rec := records[id]
		claimable := (rec.Status == job.Pending || rec.Status == job.Retrying) && !stopped[rec.Workflow] &&
			(rec.DependencyStatus == job.NoDependencies || rec.DependencyStatus == job.Satisfied)
		w.equal("ready only if claimable: "+standing(rec), claimable, true)
		w.equal("ready once", ready[id], false)
		ready[id] = true
	}
	if w.Failed() {
		w.FailNow()
	}
}

// checkJob looks whether one job can be as it is, after what it was.
func (w *walk) checkJob(rec store.JobRecord) {
	w.Helper()
	if rec.Attempts > rec.MaxAttempts {
		w.Errorf("%s had %d attempts of %d", rec.Name, rec.Attempts, rec.MaxAttempts)
	}
	before, hadEnded := w.ends[rec.ID]
	now := fmt.Sprint(standing(rec), rec.Attempts, string(rec.Result), rec.Cause)
	if hadEnded {
		w.equal("the end of "+rec.Name, now, before)
	}
	if !rec.Status.Terminal() {
		w.equal("finished "+string(rec.Status), rec.FinishedAt.IsZero(), true)
		return
	}
	w.ends[rec.ID] = now
	w.equal("finished "+string(rec.Status), rec.FinishedAt.IsZero(), false)
	w.equal("has a reason unless completed", rec.Reason == "", rec.Status == job.Completed)
	w.equal("has a cause if upstream_failed", rec.Cause != job.ID{}, rec.Status == job.UpstreamFailed)
	if rec.StartedAt.After(rec.FinishedAt) {
		w.Errorf("%s started %s and finished %s", rec.Name, rec.StartedAt, rec.FinishedAt)
	}
}

// finish lets everything come to its end.
func (w *walk) finish() {
	w.Helper()
	for range 100 {
		w.Advance(2 * time.Hour)
		w.expire()
		w.fire()
		w.checkEdges()
		w.runToEnd()
		w.check()
		if len(w.ends) == len(w.jobs) {
			break
		}
	}
	w.equal("jobs that ended", len(w.ends), len(w.jobs))
	for _, id := range w.workflows {
		w.equal("the workflow has ended", w.workflow(id).Status.Terminal(), true)
	}
	for _, table := range []string{"ready", "leases"} {
		w.wantRows(table, 0)
	}
}
