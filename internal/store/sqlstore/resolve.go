package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Resolve implements store.Resolver. Each outcome that spawned jobs has a
// transaction of its own.
func (s *Store) Resolve(ctx context.Context, outcomes []job.Outcome) (store.Resolution, error) {
	var r store.Resolution
	for _, batch := range apart(outcomes) {
		part, err := s.resolveBatch(ctx, batch)
		if err != nil {
			return r, fmt.Errorf("resolve %d outcomes: %w", len(outcomes)-len(r.Verdicts), err)
		}
		for i, why := range part.Refused {
			if r.Refused == nil {
				r.Refused = make(map[int]string)
			}
			r.Refused[len(r.Verdicts)+i] = why
		}
		r.Verdicts = append(r.Verdicts, part.Verdicts...)
		addTo(&r, part)
	}
	return r, nil
}

// resolveBatch resolves outcomes in one transaction.
func (s *Store) resolveBatch(ctx context.Context, outcomes []job.Outcome) (r store.Resolution, err error) {
	if len(outcomes) == 1 && len(outcomes[0].Spawned) > 0 {
		return s.resolveSpawning(ctx, outcomes[0])
	}
	err = s.db.Write(ctx, func(tx Tx) error {
		r = store.Resolution{}
		_, err := s.resolve(tx, outcomes, &r)
		return err
	})
	return r, err
}

// apart splits outcomes so that each one that spawned jobs is alone.
func apart(outcomes []job.Outcome) (batches [][]job.Outcome) {
	begin := 0
	for i, o := range outcomes {
		if len(o.Spawned) == 0 {
			continue
		}
		if begin < i {
			batches = append(batches, outcomes[begin:i])
		}
		batches = append(batches, outcomes[i:i+1])
		begin = i + 1
	}
	if begin < len(outcomes) || len(outcomes) == 0 {
		batches = append(batches, outcomes[begin:])
	}
	return batches
}

// resolve is the one transaction in which attempts end. It locks workflows,
// then leases, then jobs with their children, each by id; a later statement
// reads the edges. It returns the leases it locked that had expired.
func (s *Store) resolve(tx Tx, outcomes []job.Outcome, r *store.Resolution) (expired []job.ID, err error) {
	if len(outcomes) == 0 {
		return nil, nil
	}
	jobs := make([]job.ID, len(outcomes))
	leaseIDs := make([]job.ID, len(outcomes))
	for i, o := range outcomes {
		jobs[i], leaseIDs[i] = o.Job, o.Lease
	}
	jobs, leaseIDs = sortedIDs(jobs), sortedIDs(leaseIDs)

	p := s.newPart()
	p.lockWorkflows(tx, "lock_workflows_of_jobs", jobs)
	leases := lockLeases(tx, "lock_leases", leaseIDs)
	p.lockWithChildren(tx, jobs)
	p.readEdges(tx, jobs, p.room, false)
	var now int64
	tx.QueueNow(&now)
	if err := tx.Flush(); err != nil {
		return nil, err
	}
	if err := p.connect(tx, jobs); err != nil {
		return nil, err
	}
	for id, l := range leases {
		if l.expiresAt <= now {
			expired = append(expired, id)
		}
	}
	draws := make([]float64, len(outcomes))
	for i := range draws {
		draws[i] = s.opts.Random()
	}
	var t *transition
	changes, err := p.resolve(tx, func(res *workflow.Resolution, live *workflow.Part) {
		t = newTransition(p)
		r.Verdicts = r.Verdicts[:0]
		j := &judge{t: t, res: res, live: live, leases: leases, now: now, taken: map[job.ID]job.Fence{}}
		for i, o := range outcomes {
			r.Verdicts = append(r.Verdicts, j.verdict(o, draws[i]))
		}
	})
	if err != nil {
		return nil, err
	}
	t.write(tx, changes, now, r)
	return expired, nil
}

// judge says of each outcome whether it counts, and what it makes of its job.
type judge struct {
	t      *transition
	res    *workflow.Resolution
	live   *workflow.Part // as the outcomes before made it
	leases map[job.ID]*leaseRow
	now    int64
	taken  map[job.ID]job.Fence // jobs whose claim an earlier outcome of this batch ended
}

// verdict judges one outcome. Stale ones leave no trace.
func (j *judge) verdict(o job.Outcome, draw float64) job.Verdict {
	p := j.t.part
	i, known := p.index[o.Job]
	if !known {
		return job.Stale
	}
	if fence, again := j.taken[o.Job]; again {
		return committedIf(fence == o.Fence && p.jobs[i].epoch == o.Epoch)
	}
	if status := j.live.Nodes[i].Status; status.Terminal() {
		same := (status == job.Completed) == (o.Kind == job.KindCompleted) // else another was reported in place of one that was rejected
		return committedIf(p.jobs[i].endedBy == o.Lease && p.jobs[i].epoch == o.Epoch && same)
	}
	lease := j.leases[o.Lease]
	if !held(lease, o.Fence, p.jobs[i].epoch) {
		return job.Stale
	}
	if o.Expired {
		if lease.expiresAt > j.now {
			return job.Stale // a heartbeat came first
		}
		o.Kind = job.KindGivenBack
		if lease.accepted {
			o.Kind = job.KindLeaseLost
		}
	}
	if o.Kind == job.KindCompleted && !acceptable(&o) {
		return job.Rejected
	}
	j.taken[o.Job] = o.Fence
	j.end(i, o, lease, draw)
	return job.Committed
}

// held says whether a fence holds: the lease exists and lists the job with the
// epoch that the job's state has. The caller knows that the job has not ended.
func held(lease *leaseRow, f job.Fence, epoch int64) bool {
	if lease == nil || epoch != f.Epoch {
		return false
	}
	listed, ok := lease.epochs[f.Job]
	return ok && listed == f.Epoch
}

// acceptable checks a result at the door and completes an empty one.
func acceptable(o *job.Outcome) bool {
	if len(o.Result) == 0 {
		o.Result = json.RawMessage("null")
	}
	return len(o.Result) <= job.MaxResult && json.Valid(o.Result)
}

// end applies an outcome that counts.
func (j *judge) end(i int, o job.Outcome, lease *leaseRow, draw float64) {
	p, n := j.t.part, j.live.Nodes[i]
	row := &p.jobs[i]
	var standing job.Standing
	if n.Workflow >= 0 {
		standing = j.live.Workflows[n.Workflow].Standing(&n)
	}
	standing.Attempts, standing.GiveBacks = row.attempts, row.giveBacks
	standing.Cancelling = standing.Cancelling || row.stopping && !standing.Draining // which fail_fast may have told, too
	if o.Kind != job.KindCompleted {                                                // most are, and then it is not asked
		standing.Retry = p.retryPolicy(i)
	}
	next := job.EndAttempt(o, standing, draw)
	j.t.leases[o.Lease]++
	if o.Kind != job.KindCompleted {
		number := row.earlier + next.Attempts
		if o.Kind == job.KindGivenBack { // it does not count, and has the number of the next
			number++
		}
		j.t.tries = append(j.t.tries, attemptRow{
			ID: hexID(o.Job), Epoch: o.Epoch, Attempt: number, Lease: hexID(o.Lease), Worker: lease.worker,
			Outcome: string(o.Kind), Error: o.Error, StartedAt: lease.claimedAt,
		})
	}
	if next.Status.Terminal() {
		end := attemptEnd{worker: lease.worker, startedAt: lease.claimedAt, attempts: next.Attempts, error: o.Error}
		if !o.Expired {
			end.lease = o.Lease
		}
		if next.Status == job.Completed {
			end.result = o.Result
		}
		j.t.ended[i] = end
		j.res.End(workflow.Ending{
			Node: i, Status: next.Status, Reason: next.Reason, Attempts: next.Attempts, Result: end.result,
		})
		return
	}
	scheduled := row.scheduled
	if o.Kind != job.KindGivenBack {
		scheduled = j.now + microsUp(next.Delay)
	}
	j.t.again[i] = requeueRow{
		ID: hexID(o.Job), Epoch: o.Epoch, Status: string(next.Status), Attempts: next.Attempts, GiveBacks: next.GiveBacks,
		ScheduledAt: scheduled, Error: o.Error, worker: lease.worker,
	}
	j.res.Requeue(i, next.Status, next.Attempts)
}

func committedIf(ok bool) job.Verdict {
	if ok {
		return job.Committed
	}
	return job.Stale
}
