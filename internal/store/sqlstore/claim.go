package sqlstore

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/plainjson"
)

// leaseInsert is a row of insert_leases.
type leaseInsert struct {
	ID        hexID     `json:"id"`
	Worker    string    `json:"worker"`
	Remaining int       `json:"remaining"`
	Jobs      leaseJobs `json:"jobs"`
}

// Claim implements store.Claimer. A claim writes one deletion a job and one
// row a lease; it writes no state.
func (s *Store) Claim(ctx context.Context, grants []store.Grant, repeat bool) ([]store.Lease, error) {
	var c *claim
	err := s.db.Write(ctx, func(tx Tx) error {
		c = newClaim(tx, s.opts, &s.turns, grants)
		if repeat {
			if err := c.findEarlier(); err != nil {
				return err
			}
		}
		return c.take()
	})
	if err != nil {
		return nil, fmt.Errorf("claim for %d grants: %w", len(grants), err)
	}
	c.tookTurns()
	return c.leases, nil
}

// claim is the work of one claim transaction.
type claim struct {
	tx     Tx
	now    int64 // after the ready rows were taken
	opts   store.Options
	grants []store.Grant
	leases []store.Lease // what the grants got
	done   []bool        // parallel to grants: an earlier try got its leases

	lines       []*line       // the queues that the grants serve, sorted
	taken       [][]candidate // parallel to grants: the ready rows that were deleted for it
	jobs        map[job.ID]*store.Claimed
	withParents []job.ID // of jobs

	turns  *turns
	owners map[hexID]job.Priority // whose turn got a row of a queue with weights
}

func newClaim(tx Tx, o store.Options, t *turns, grants []store.Grant) *claim {
	return &claim{
		tx: tx, opts: o, grants: grants, done: make([]bool, len(grants)),
		taken: make([][]candidate, len(grants)), jobs: make(map[job.ID]*store.Claimed),
		turns: t, owners: make(map[hexID]job.Priority),
	}
}

// findEarlier brings back the leases that an earlier try has committed, with
// the jobs of them that are still held.
func (c *claim) findEarlier() error {
	parts := make(map[job.ID]int) // lease → grant
	var list []job.ID
	for i, g := range c.grants {
		for k := range g.Limit {
			id := leasePart(g.Lease, k)
			parts[id] = i
			list = append(list, id)
		}
	}
	type earlier struct {
		lease store.Lease
		jobs  leaseJobs
	}
	var found []earlier
	var all []job.ID
	if err := c.tx.Query("leases_by_id", func(r Row) error {
		var e earlier
		var expires int64
		if err := r.Scan(&e.lease.ID, &e.lease.Worker, &e.jobs, &expires); err != nil {
			return err
		}
		e.lease.Grant, e.lease.TTL = c.grants[parts[e.lease.ID]].Lease, c.opts.AcceptTTL
		c.done[parts[e.lease.ID]] = true
		for _, j := range e.jobs {
			all = append(all, j.id)
		}
		found = append(found, e)
		return nil
	}, list); err != nil || len(found) == 0 {
		return err
	}
	jobs, err := loadClaimed(c.tx, all)
	if err != nil {
		return err
	}
	for _, e := range found {
		for _, j := range e.jobs {
			if x := jobs[j.id]; x != nil && x.Fence.Epoch == j.epoch {
				x.Fence.Lease = e.lease.ID
				e.lease.Jobs = append(e.lease.Jobs, *x)
			}
		}
		if len(e.lease.Jobs) > 0 {
			c.leases = append(c.leases, e.lease)
		}
	}
	return nil
}

// leasePart is the id of the kth lease of a grant: unguessable as the grant's,
// and known to whoever repeats the claim.
func leasePart(grant job.ID, k int) job.ID {
	if k == 0 {
		return grant
	}
	return uuid.NewSHA1(grant, strconv.AppendInt(nil, int64(k), 10))
}

// claimRounds bounds how often a claim looks at rows, further ahead each time
// because others were faster: at 1,300 or so in all.
const claimRounds = 4

// take moves jobs from ready into new leases. It locks no row but those that it
// takes. Where another claim takes some of them at this moment it leaves them
// out, looks at what comes after, and which of that nobody takes.
func (c *claim) take() error {
	if err := c.findLines(); err != nil {
		return err
	}
	found, err := c.candidates(0)
	if err != nil {
		return err
	}
	lost, err := c.try(c.share(found))
	for round := 1; round < claimRounds && lost && err == nil; round++ {
		lost, err = c.further(min(16<<(2*round), store.MaxClaim))
	}
	if err != nil {
		return err
	}
	if len(c.jobs) == 0 {
		return nil
	}
	if err := loadParents(c.tx, c.jobs, c.withParents); err != nil {
		return err
	}
	before := len(c.leases)
	for i, list := range c.taken {
		slices.SortFunc(list, candidate.compare)
		c.pack(c.grants[i], list, c.jobs)
	}
	c.insert(c.leases[before:])
	return nil
}

// further looks ahead, some rows further than it wants, for those that nobody
// takes, and takes them. It says whether there may be more.
func (c *claim) further(ahead int) (more bool, err error) {
	found, err := c.candidates(ahead)
	if err != nil || len(found) == 0 {
		return false, err
	}
	want := c.want()
	free := make(map[job.ID]bool, want)
	if err := c.tx.Query("free_ready", func(r Row) error {
		var id job.ID
		err := r.Scan(&id)
		free[id] = true
		return err
	}, found, want); err != nil {
		return false, err
	}
	var mine []candidate
	for i, x := range found {
		if free[job.ID(x.ID)] {
			mine = append(mine, x)
		}
		if len(mine) == want {
			found = found[:i+1] // nobody has looked at the others
			break
		}
	}
	c.forget(found)
	_, err = c.try(c.share(mine))
	return c.want() > 0, err
}

// try deletes the rows that were chosen for each grant, as far as no other
// claim does: who deletes a row owns the job. It says whether others got some.
// A job that moved while its queue was read may be chosen twice, and is given
// once.
func (c *claim) try(byGrant [][]candidate) (lost bool, err error) {
	var chosen []candidate
	var all []job.ID
	for _, list := range byGrant {
		for _, x := range list {
			chosen, all = append(chosen, x), append(all, job.ID(x.ID))
		}
	}
	if len(chosen) == 0 {
		return false, nil
	}
	mine := make(map[job.ID]bool, len(chosen))
	c.tx.QueueQuery("delete_ready", func(r Row) error {
		var id job.ID
		err := r.Scan(&id)
		mine[id] = true
		return err
	}, chosen)
	c.tx.QueueNow(&c.now)
	jobs, withParents, err := loadJobs(c.tx, sortedIDs(all))
	if err != nil {
		return false, err
	}
	for _, id := range withParents {
		if mine[id] {
			c.withParents = append(c.withParents, id)
		}
	}
	for i, list := range byGrant {
		for _, x := range list {
			id := job.ID(x.ID)
			if !mine[id] {
				lost = true
				continue
			}
			delete(mine, id)
			c.taken[i] = append(c.taken[i], x)
			if j := jobs[id]; j != nil {
				c.jobs[id] = j
			}
		}
	}
	c.forget(chosen)
	return lost, nil
}

// pack puts the jobs of a grant into leases, each small enough to travel in
// one message: a lease is accepted as a whole, so no part of it may get lost.
// Jobs that turned out not to be claimable stay out.
func (c *claim) pack(g store.Grant, list []candidate, jobs map[job.ID]*store.Claimed) {
	k, bytes := 0, 0
	var l *store.Lease
	for _, x := range list {
		j := jobs[job.ID(x.ID)]
		if j == nil {
			continue
		}
		size := messageBytes(j)
		if l == nil || bytes+size > store.MaxLeaseBytes {
			c.leases = append(c.leases, store.Lease{ID: leasePart(g.Lease, k), Grant: g.Lease, Worker: g.Worker, TTL: c.opts.AcceptTTL})
			l = &c.leases[len(c.leases)-1]
			k, bytes = k+1, 0
		}
		bytes += size
		j.Fence.Lease = l.ID
		l.Jobs = append(l.Jobs, *j)
	}
}

// messageBytes is an upper bound of a job's size in a message, where quotes,
// backslashes and line breaks of texts are escaped.
func messageBytes(j *store.Claimed) int {
	const fixed = 1000
	n := fixed + 2*(len(j.Name)+len(j.Queue)+len(j.WorkflowName)+len(j.CorrelationID)) + escapedBytes(j.Payload)
	for _, p := range j.Parents {
		n += 150 + len(p.Name) + escapedBytes(p.Result)
	}
	return n
}

func escapedBytes(text []byte) int {
	n := len(text)
	for _, c := range text {
		if c == '"' || c == '\\' || c < ' ' { // in JSON the only control characters are \t, \n and \r
			n++
		}
	}
	return n + 3*bytes.Count(text, []byte("\u2028")) + 3*bytes.Count(text, []byte("\u2029"))
}

func (c *claim) insert(leases []store.Lease) {
	rows := make([]leaseInsert, len(leases))
	for i, l := range leases {
		rows[i] = leaseInsert{ID: hexID(l.ID), Worker: l.Worker, Remaining: len(l.Jobs)}
		for _, j := range l.Jobs {
			rows[i].Jobs = append(rows[i].Jobs, leaseJob{j.Fence.Job, j.Fence.Epoch})
		}
	}
	queueRows(c.tx, "insert_leases", rows, c.now, c.now+c.opts.AcceptTTL.Microseconds())
}

// share gives each candidate, in order, to the grant that serves its queue and
// has most room left.
func (c *claim) share(found []candidate) [][]candidate {
	byGrant := make([][]candidate, len(c.grants))
	for _, x := range found {
		best, room := -1, 0
		for i, g := range c.grants {
			left := c.left(i) - len(byGrant[i])
			if left > room && (g.Queues == nil || slices.Contains(g.Queues, x.Queue)) {
				best, room = i, left
			}
		}
		if best >= 0 {
			byGrant[best] = append(byGrant[best], x)
		}
	}
	return byGrant
}

// loadClaimed reads what the handlers need of jobs that can be claimed or are
// held; others are missing in the answer.
func loadClaimed(tx Tx, list []job.ID) (map[job.ID]*store.Claimed, error) {
	jobs, withParents, err := loadJobs(tx, list)
	if err != nil {
		return nil, err
	}
	return jobs, loadParents(tx, jobs, withParents)
}

func loadJobs(tx Tx, list []job.ID) (jobs map[job.ID]*store.Claimed, withParents []job.ID, err error) {
	jobs = make(map[job.ID]*store.Claimed, len(list))
	err = tx.Query("claimed_jobs", func(r Row) error {
		j := &store.Claimed{}
		var payload []byte
		var attempts, earlier, parents int
		var with *string
		var timeout, results int64
		err := r.Scan(&j.Fence.Job, nullID{&j.Workflow}, &j.WorkflowName, &j.Name, &j.Queue, &payload, &j.Fence.Epoch, &attempts,
			&j.MaxAttempts, &timeout, &j.Priority, &j.TraceID, &j.TraceParent, &j.CorrelationID, &earlier, &with,
			&parents, &results)
		if err != nil {
			return err
		}
		j.Payload, j.Attempt, j.Budget, j.Timeout = payload, earlier+attempts+1, attempts+1, time.Duration(timeout)*time.Microsecond
		if with != nil && *with != "" {
			if j.Payload, err = withInputs(payload, *with); err != nil {
				return fmt.Errorf("inputs of job %s: %w", j.Fence.Job, err)
			}
		}
		jobs[j.Fence.Job] = j
		switch {
		case parents > maxInlineParents || results > job.MaxResult:
			j.Fetch = true
		case parents > 0:
			withParents = append(withParents, j.Fence.Job)
		}
		return nil
	}, list)
	return jobs, withParents, err
}

// withInputs puts the inputs that were worked out for a job into its payload,
// which is an object or null.
func withInputs(payload []byte, inputs string) (json.RawMessage, error) {
	fields := map[string]json.RawMessage{}
	for _, object := range [][]byte{payload, []byte(inputs)} {
		if err := json.Unmarshal(object, &fields); err != nil {
			return nil, err
		}
		if fields == nil {
			fields = map[string]json.RawMessage{}
		}
	}
	return plainjson.Marshal(fields)
}
