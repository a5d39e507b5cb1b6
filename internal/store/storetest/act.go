package storetest

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// everything is a limit that no test reaches.
const everything = 10_000

// worker holds the jobs of tests in which it doesn't matter who does.
const worker = "worker-1"

// newLease returns an id for a lease, as a dispatcher chooses it.
func newLease() job.ID { return uuid.New() }

// ok ends the test when a call that must succeed did not.
func (r *rig) ok(err error, call string) {
	r.Helper()
	if err != nil {
		r.Fatalf("%s: %v", call, err)
	}
}

// enqueue validates and stores a workflow.
func (r *rig) enqueue(w *workflow.Workflow) store.Enqueued {
	r.Helper()
	r.ok(w.Validate(), "validate")
	e, err := r.s.EnqueueWorkflow(r.ctx, w, store.EnqueueOptions{})
	r.ok(err, "enqueue workflow")
	return e
}

// start enqueues jobs as a workflow and returns its id.
func (r *rig) start(jobs ...*job.Job) job.ID {
	r.Helper()
	w := graph(jobs...)
	r.enqueue(w)
	return w.ID
}

// enqueueJobs validates and stores jobs without a workflow.
func (r *rig) enqueueJobs(jobs ...*job.Job) store.Enqueued {
	r.Helper()
	r.ok(workflow.ValidateJobs(jobs), "validate jobs")
	e, err := r.s.EnqueueJobs(r.ctx, jobs, nil)
	r.ok(err, "enqueue jobs")
	return e
}

// claimLease claims up to limit jobs for a worker and returns their lease; it
// is the zero lease when there were none. No queues means all.
func (r *rig) claimLease(worker string, limit int, queues ...string) store.Lease {
	r.Helper()
	grant := store.Grant{Lease: newLease(), Worker: worker, Queues: queues, Limit: limit}
	leases, err := r.s.Claim(r.ctx, []store.Grant{grant}, false)
	r.ok(err, "claim")
	switch {
	case len(leases) == 0:
		return store.Lease{}
	case len(leases) > 1 || leases[0].ID != grant.Lease:
		r.Fatalf("one grant of %d jobs for lease %s got %d leases", limit, grant.Lease, len(leases))
	}
	r.fits(grant, leases)
	return leases[0]
}

// fits checks that leases are what a grant may get.
func (r *rig) fits(grant store.Grant, leases []store.Lease) {
	r.Helper()
	jobs := 0
	for _, l := range leases {
		jobs += len(l.Jobs)
		if l.Grant != grant.Lease || l.Worker != grant.Worker || len(l.Jobs) == 0 {
			r.Fatalf("a lease of grant %s says %s, %s, %d jobs", grant.Lease, l.Grant, l.Worker, len(l.Jobs))
		}
	}
	if jobs > grant.Limit {
		r.Fatalf("a grant of %d jobs got %d", grant.Limit, jobs)
	}
}

// claim claims up to limit jobs of queues, or of all queues.
func (r *rig) claim(limit int, queues ...string) []store.Claimed {
	r.Helper()
	grant := store.Grant{Lease: newLease(), Worker: worker, Queues: queues, Limit: limit}
	leases, err := r.s.Claim(r.ctx, []store.Grant{grant}, false)
	r.ok(err, "claim")
	r.fits(grant, leases)
	var jobs []store.Claimed
	for _, l := range leases {
		jobs = append(jobs, l.Jobs...)
	}
	return jobs
}

// claimAll claims whatever is claimable.
func (r *rig) claimAll() []store.Claimed {
	r.Helper()
	return r.claim(everything)
}

// claimOne claims one job, which must be there.
func (r *rig) claimOne(queues ...string) store.Claimed {
	r.Helper()
	got := r.claim(1, queues...)
	if len(got) != 1 {
		r.Fatalf("nothing is claimable")
	}
	return got[0]
}

// claimNamed claims whatever is claimable and returns it by name; the names
// must be exactly those given, in any order.
func (r *rig) claimNamed(want ...string) map[string]store.Claimed {
	r.Helper()
	got := make(map[string]store.Claimed)
	for _, c := range r.claimAll() {
		got[c.Name] = c
	}
	for _, name := range want {
		if _, ok := got[name]; !ok {
			r.Fatalf("%s is not claimable", name)
		}
	}
	if len(got) != len(want) {
		r.Fatalf("claimable are %d jobs, not the %d expected: %v", len(got), len(want), want)
	}
	return got
}

// Outcomes of a claimed job.
func completed(c store.Claimed, result string) job.Outcome {
	return job.Outcome{Fence: c.Fence, Kind: job.KindCompleted, Result: json.RawMessage(result)}
}

func failed(c store.Claimed) job.Outcome {
	return job.Outcome{Fence: c.Fence, Kind: job.KindFailed, Error: "no luck"}
}

func failedForGood(c store.Claimed) job.Outcome {
	return job.Outcome{Fence: c.Fence, Kind: job.KindFailed, Error: "never", Permanent: true}
}

func ended(c store.Claimed, kind job.Kind) job.Outcome {
	return job.Outcome{Fence: c.Fence, Kind: kind}
}

// resolve reports outcomes. There must be a verdict for each.
func (r *rig) resolve(outcomes ...job.Outcome) store.Resolution {
	r.Helper()
	res, err := r.s.Resolve(r.ctx, outcomes)
	r.ok(err, "resolve")
	if len(res.Verdicts) != len(outcomes) {
		r.Fatalf("%d outcomes got %d verdicts", len(outcomes), len(res.Verdicts))
	}
	return res
}

// commit reports outcomes, each of which must count.
func (r *rig) commit(outcomes ...job.Outcome) store.Resolution {
	r.Helper()
	res := r.resolve(outcomes...)
	for i, v := range res.Verdicts {
		if v != job.Committed {
			r.Fatalf("outcome %d (%s) is %s, want committed", i, outcomes[i].Kind, v)
		}
	}
	return res
}

// complete ends claimed jobs well, in one batch.
func (r *rig) complete(claimed ...store.Claimed) store.Resolution {
	r.Helper()
	outcomes := make([]job.Outcome, len(claimed))
	for i, c := range claimed {
		outcomes[i] = completed(c, `{}`)
	}
	return r.commit(outcomes...)
}

// stale reports an outcome that must not count.
func (r *rig) stale(o job.Outcome) {
	r.Helper()
	if v := r.resolve(o).Verdicts[0]; v != job.Stale {
		r.Fatalf("the verdict is %s, want stale", v)
	}
}

// runToEnd claims and completes until nothing is claimable, and returns how
// many jobs that were.
func (r *rig) runToEnd() int {
	r.Helper()
	n := 0
	for {
		claimed := r.claim(1000)
		if len(claimed) == 0 {
			return n
		}
		n += len(claimed)
		r.complete(claimed...)
	}
}

// fire handles all timers that are due.
func (r *rig) fire() store.Resolution {
	r.Helper()
	res, _, err := r.s.FireTimers(r.ctx, everything)
	r.ok(err, "fire timers")
	return res
}

// next returns how long until the next timer, after firing those that are due.
func (r *rig) next() time.Duration {
	r.Helper()
	_, next, err := r.s.FireTimers(r.ctx, everything)
	r.ok(err, "fire timers")
	return next
}

// expire ends all leases that have expired.
func (r *rig) expire() store.Resolution {
	r.Helper()
	res, err := r.s.ExpireLeases(r.ctx, everything)
	r.ok(err, "expire leases")
	return res
}

// checkEdges resolves waiting edge checks, and those that follow from them,
// until there are none. It returns the last resolution that did anything.
func (r *rig) checkEdges() store.Resolution {
	r.Helper()
	var last store.Resolution
	for range 1000 {
		res, err := r.s.CheckEdges(r.ctx, everything)
		r.ok(err, "check edges")
		if res.Done == 0 {
			return last
		}
		last = res
	}
	r.Fatalf("edge checks never end")
	return last
}

// beat sends a sign of life for a lease.
func (r *rig) beat(lease store.Lease) store.Beaten {
	r.Helper()
	return r.beatAs(lease.ID, lease.Worker)
}

// beatAs sends a worker's sign of life for a lease.
func (r *rig) beatAs(lease job.ID, worker string) store.Beaten {
	r.Helper()
	got, err := r.s.Extend(r.ctx, []store.Beat{{Lease: lease, Worker: worker}})
	r.ok(err, "extend")
	if len(got) != 1 || got[0].Lease != lease {
		r.Fatalf("one beat for lease %s got %+v", lease, got)
	}
	return got[0]
}

// accept sends the first sign of life for a lease, which must be held.
func (r *rig) accept(lease store.Lease) {
	r.Helper()
	if r.beat(lease).Lost {
		r.Fatalf("lease %s is lost, want held", lease.ID)
	}
}

// cancel cancels a workflow with the suite's grace.
func (r *rig) cancel(id job.ID) store.Resolution {
	r.Helper()
	res, err := r.s.CancelWorkflow(r.ctx, id, grace, nobody)
	r.ok(err, "cancel workflow")
	return res
}

// job reads a job.
func (r *rig) job(id job.ID) store.JobRecord {
	r.Helper()
	rec, err := r.s.Job(r.ctx, id)
	r.ok(err, "job")
	return rec
}

// workflow reads a workflow.
func (r *rig) workflow(id job.ID) store.WorkflowRecord {
	r.Helper()
	rec, err := r.s.Workflow(r.ctx, id)
	r.ok(err, "workflow")
	return rec
}

// jobs reads the jobs of a workflow, in the order of its definition.
func (r *rig) jobs(id job.ID) []store.JobRecord {
	r.Helper()
	var recs []store.JobRecord
	r.ok(store.EachJob(r.ctx, r.s, id, func(j store.JobRecord) error { recs = append(recs, j); return nil }), "workflow jobs")
	return recs
}

// together runs fs at the same time and returns when all have.
func together(fs ...func()) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for _, f := range fs {
		wg.Go(func() {
			<-start
			f()
		})
	}
	close(start)
	wg.Wait()
}

// nobody is who acts where it does not matter.
var nobody store.Actor
