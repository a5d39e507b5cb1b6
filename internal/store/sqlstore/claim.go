package sqlstore

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// maxInlineParents bounds the parents whose results travel with a job; with
// more of them the worker fetches.
const maxInlineParents = 1000

// candidate is a ready row.
type candidate struct {
	Queue       string `json:"queue"`
	Rank        int    `json:"rank"`
	ScheduledAt int64  `json:"scheduled_at"`
	ID          hexID  `json:"id"`
}

func (c candidate) compare(d candidate) int {
	return cmp.Or(cmp.Compare(c.Rank, d.Rank), cmp.Compare(c.ScheduledAt, d.ScheduledAt), bytes.Compare(c.ID[:], d.ID[:]))
}

// leaseInsert is a row of insert_leases.
type leaseInsert struct {
	ID        hexID      `json:"id"`
	Worker    string     `json:"worker"`
	Remaining int        `json:"remaining"`
	Jobs      []leaseJob `json:"jobs"`
}

// leaseJob is an entry of leases.jobs: [id, epoch].
type leaseJob struct {
	id    job.ID
	epoch int64
}

func (l leaseJob) MarshalJSON() ([]byte, error) { return json.Marshal([2]any{hexID(l.id), l.epoch}) }

func (l *leaseJob) UnmarshalJSON(b []byte) error {
	var id hexID
	err := json.Unmarshal(b, &[2]any{&id, &l.epoch})
	l.id = job.ID(id)
	return err
}

// Claim implements store.Claimer. A claim writes one deletion a job and one
// row a lease; it writes no state.
func (s *Store) Claim(ctx context.Context, grants []store.Grant, repeat bool) ([]store.Lease, error) {
	var leases []store.Lease
	err := s.db.Write(ctx, func(tx Tx) error {
		leases = nil
		c := &claim{tx: tx, opts: s.opts, grants: grants, leases: make([]leaseInsert, len(grants))}
		if repeat {
			if err := c.findEarlier(); err != nil {
				return err
			}
		}
		if err := c.take(); err != nil {
			return err
		}
		var err error
		leases, err = c.load()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim for %d grants: %w", len(grants), err)
	}
	return leases, nil
}

// claim is the work of one claim transaction.
type claim struct {
	tx     Tx
	opts   store.Options
	grants []store.Grant
	leases []leaseInsert // parallel to grants; without jobs: got nothing
	done   []bool        // parallel to grants: the lease exists from an earlier try
}

// findEarlier looks up leases that an earlier try has committed.
func (c *claim) findEarlier() error {
	c.done = make([]bool, len(c.grants))
	list := make([]job.ID, len(c.grants))
	for i, g := range c.grants {
		list[i] = g.Lease
	}
	return c.tx.Query("leases_by_id", func(r Row) error {
		var id job.ID
		var worker, jobs string
		var expires int64
		if err := r.Scan(&id, &worker, &jobs, &expires); err != nil {
			return err
		}
		i := slices.Index(list, id)
		c.done[i] = true
		c.leases[i] = leaseInsert{ID: hexID(id), Worker: worker}
		return json.Unmarshal([]byte(jobs), &c.leases[i].Jobs)
	}, ids(list))
}

// take moves jobs from ready into new leases.
func (c *claim) take() error {
	found, err := c.candidates()
	if err != nil || len(found) == 0 {
		return err
	}
	byGrant := c.share(found)
	var taken []candidate
	for _, list := range byGrant {
		taken = append(taken, list...)
	}
	if len(taken) == 0 {
		return nil
	}
	if err := execGuarded(c.tx, "delete_ready", taken); err != nil {
		return err
	}
	epochs, err := c.epochs(taken)
	if err != nil {
		return err
	}
	var rows []leaseInsert
	for i, list := range byGrant {
		if len(list) == 0 {
			continue
		}
		l := leaseInsert{ID: hexID(c.grants[i].Lease), Worker: c.grants[i].Worker}
		for _, j := range list {
			if epoch, open := epochs[job.ID(j.ID)]; open {
				l.Jobs = append(l.Jobs, leaseJob{job.ID(j.ID), epoch})
			}
		}
		if len(l.Jobs) == 0 {
			continue
		}
		l.Remaining = len(l.Jobs)
		c.leases[i] = l
		rows = append(rows, l)
	}
	now, err := c.tx.Now()
	if err != nil {
		return err
	}
	_, err = execRows(c.tx, "insert_leases", rows, now, now+c.opts.AcceptTTL.Microseconds())
	return err
}

// candidates returns the first ready rows of the queues that the grants serve,
// in claim order.
func (c *claim) candidates() ([]candidate, error) {
	limits := make(map[string]int) // by queue, without what serves every queue
	everyQueue := 0
	for i, g := range c.grants {
		if c.done != nil && c.done[i] {
			continue
		}
		if g.Queues == nil {
			everyQueue += g.Limit
		}
		for _, q := range g.Queues {
			limits[q] += g.Limit
		}
	}
	if everyQueue > 0 {
		err := c.tx.Query("ready_queues", func(r Row) error {
			var q string
			err := r.Scan(&q)
			limits[q] = max(limits[q], 0)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	queues := make([]string, 0, len(limits))
	for q := range limits {
		queues = append(queues, q)
	}
	slices.Sort(queues)
	var found []candidate
	for _, q := range queues {
		err := c.tx.Query("ready_heads", func(r Row) error {
			var x candidate
			var id job.ID
			err := r.Scan(&x.Queue, &x.Rank, &x.ScheduledAt, &id)
			x.ID = hexID(id)
			found = append(found, x)
			return err
		}, q, limits[q]+everyQueue)
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(found, candidate.compare)
	return found, nil
}

// share gives each candidate, in order, to the grant that serves its queue and
// has most room left.
func (c *claim) share(found []candidate) [][]candidate {
	byGrant := make([][]candidate, len(c.grants))
	for _, x := range found {
		best, room := -1, 0
		for i, g := range c.grants {
			if c.done != nil && c.done[i] {
				continue
			}
			left := g.Limit - len(byGrant[i])
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

func (c *claim) epochs(taken []candidate) (map[job.ID]int64, error) {
	list := make([]job.ID, len(taken))
	for i, x := range taken {
		list[i] = job.ID(x.ID)
	}
	epochs := make(map[job.ID]int64, len(list))
	err := c.tx.Query("claimable_states", func(r Row) error {
		var id job.ID
		var epoch int64
		err := r.Scan(&id, &epoch)
		epochs[id] = epoch
		return err
	}, ids(list))
	return epochs, err
}

// load reads what the handlers need of the claimed jobs.
func (c *claim) load() ([]store.Lease, error) {
	var all []job.ID
	for _, l := range c.leases {
		for _, j := range l.Jobs {
			all = append(all, j.id)
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	jobs, withParents, err := c.loadJobs(all)
	if err != nil {
		return nil, err
	}
	if err := loadParents(c.tx, jobs, withParents); err != nil {
		return nil, err
	}
	var leases []store.Lease
	for _, l := range c.leases {
		if len(l.Jobs) == 0 {
			continue
		}
		out := store.Lease{ID: job.ID(l.ID), Worker: l.Worker, TTL: c.opts.AcceptTTL}
		for _, j := range l.Jobs {
			if x := jobs[j.id]; x != nil && x.Fence.Epoch == j.epoch {
				x.Fence.Lease = out.ID
				out.Jobs = append(out.Jobs, *x)
			}
		}
		if len(out.Jobs) > 0 {
			leases = append(leases, out)
		}
	}
	return leases, nil
}

func (c *claim) loadJobs(list []job.ID) (jobs map[job.ID]*store.Claimed, withParents []job.ID, err error) {
	jobs = make(map[job.ID]*store.Claimed, len(list))
	err = c.tx.Query("claimed_jobs", func(r Row) error {
		j := &store.Claimed{}
		var payload []byte
		var attempts, parents int
		var timeout int64
		if err := r.Scan(&j.Fence.Job, nullID{&j.Workflow}, &j.WorkflowName, &j.Name, &j.Queue, &payload, &j.Fence.Epoch, &attempts,
			&j.MaxAttempts, &timeout, &j.Priority, &j.TraceID, &j.TraceParent, &j.CorrelationID, &parents); err != nil {
			return err
		}
		j.Payload, j.Attempt, j.Timeout = payload, attempts+1, time.Duration(timeout)*time.Microsecond
		jobs[j.Fence.Job] = j
		switch {
		case parents > maxInlineParents:
			j.Fetch = true
		case parents > 0:
			withParents = append(withParents, j.Fence.Job)
		}
		return nil
	}, ids(list))
	return jobs, withParents, err
}

// loadParents adds the results of direct parents to jobs, or sets Fetch where
// they are too large together.
func loadParents(tx Tx, jobs map[job.ID]*store.Claimed, withParents []job.ID) error {
	if len(withParents) == 0 {
		return nil
	}
	var small []job.ID
	err := tx.Query("parents_sizes", func(r Row) error {
		var id job.ID
		var size int64
		if err := r.Scan(&id, &size); err != nil {
			return err
		}
		if size > job.MaxResult {
			jobs[id].Fetch = true
		} else {
			small = append(small, id)
		}
		return nil
	}, ids(withParents))
	if err != nil || len(small) == 0 {
		return err
	}
	return tx.Query("parents_results", func(r Row) error {
		var child job.ID
		var p store.ParentResult
		if err := r.Scan(&child, &p.Job, &p.Name, &p.Status, (*[]byte)(&p.Result)); err != nil {
			return err
		}
		jobs[child].Parents = append(jobs[child].Parents, p)
		return nil
	}, ids(small))
}

// ParentResults implements store.Claimer.
func (s *Store) ParentResults(ctx context.Context, f job.Fence, name string, after job.ID) ([]store.ParentResult, job.ID, error) {
	var page []store.ParentResult
	var next job.ID
	err := s.db.Read(ctx, func(tx Tx) error {
		held := false
		if err := tx.Query("held_job", func(Row) error { held = true; return nil }, f.Job[:], f.Epoch, f.Lease[:]); err != nil {
			return err
		}
		if !held {
			return job.ErrLeaseLost
		}
		size, full := 0, false
		return tx.Query("parents_page", func(r Row) error {
			var p store.ParentResult
			if err := r.Scan(&p.Job, &p.Name, &p.Status, (*[]byte)(&p.Result)); err != nil {
				return err
			}
			if full || len(page) > 0 && size+len(p.Result) > job.MaxResult {
				if !full {
					full, next = true, page[len(page)-1].Job
				}
				return nil
			}
			size += len(p.Result)
			page = append(page, p)
			if len(page) == maxInlineParents {
				full, next = true, p.Job
			}
			return nil
		}, f.Job[:], after[:], name, maxInlineParents)
	})
	if err != nil {
		return nil, job.ID{}, fmt.Errorf("parents' results of job %s: %w", f.Job, err)
	}
	return page, next, nil
}
