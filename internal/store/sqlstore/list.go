package sqlstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// lastID is above every id.
var lastID = job.ID(bytes.Repeat([]byte{0xff}, len(job.ID{})))

// firstID is below every id that is older than what was stored since then by
// store.MaxIDAge at most: ids begin with the milliseconds of their time.
func firstID(since time.Time) (id job.ID) {
	if ms := since.Add(-store.MaxIDAge).UnixMilli(); !since.IsZero() && ms > 0 {
		var long [8]byte
		binary.BigEndian.PutUint64(long[:], uint64(ms))
		copy(id[:6], long[2:])
	}
	return id
}

// pageFrom returns where a page begins and how many it may have.
func pageFrom(after job.ID, limit int) (job.ID, int) {
	if after == (job.ID{}) {
		after = lastID
	}
	return after, min(max(limit, 1), store.MaxPage)
}

// nextOf returns where the next page begins: at the last of this one if there
// are more, else where it stopped looking. got is one more than the page holds
// if there are more.
func nextOf(got, limit int, last func() job.ID, stopped job.ID) job.ID {
	if got > limit {
		return last()
	}
	return stopped
}

// Workflows implements store.Lister.
func (s *Store) Workflows(ctx context.Context, f store.WorkflowFilter) ([]store.WorkflowRecord, job.ID, error) {
	var page []store.WorkflowRecord
	var next job.ID
	after, limit := pageFrom(f.After, f.Limit)
	err := s.db.Read(ctx, func(tx Tx) (err error) {
		page = nil
		add := func(r Row) error {
			w, err := scanWorkflow(r)
			page = append(page, w)
			return err
		}
		var stopped job.ID
		if f.Parent != (job.ID{}) {
			first := firstID(f.Since)
			err = tx.Query("list_child_workflows", add, after[:], first[:], limit+1, string(f.Status), f.Name, micros(f.Since), f.Parent[:])
		} else {
			var down job.ID
			if down, stopped, err = lookedAt(tx, "last_workflow_looked_at", after, f.Since); err != nil {
				return err
			}
			err = tx.Query("list_workflows", add, after[:], down[:], limit+1, string(f.Status), f.Name, micros(f.Since), boolInt(f.All))
		}
		if err != nil {
			return err
		}
		next = nextOf(len(page), limit, func() job.ID { return page[limit-1].ID }, stopped)
		page = page[:min(len(page), limit)]
		return addActivity(tx, page)
	})
	if err != nil {
		return nil, job.ID{}, fmt.Errorf("list workflows: %w", err)
	}
	return page, next, nil
}

// lookedAt returns the id that a page goes down to, and where it stops although
// there may be more below; zero: nothing is.
func lookedAt(tx Tx, statement string, after job.ID, since time.Time) (down, stopped job.ID, err error) {
	first := firstID(since)
	err = tx.Query(statement, func(r Row) error { return r.Scan(&stopped) }, after[:], store.MaxLooked-1, first[:])
	if stopped == (job.ID{}) {
		return first, stopped, err
	}
	return stopped, stopped, err
}

// addActivity counts what the workflows of a page run and wait for.
func addActivity(tx Tx, page []store.WorkflowRecord) error {
	at := make(map[job.ID]*store.WorkflowRecord)
	var open []job.ID
	for i := range page {
		if w := &page[i]; !w.Status.Terminal() {
			at[w.ID] = w
			open = append(open, w.ID)
		}
	}
	if len(open) == 0 {
		return nil
	}
	if err := tx.Query("workflows_held", func(r Row) error {
		var id job.ID
		var n int
		err := r.Scan(&id, &n)
		if w := at[id]; w != nil {
			w.Running = n
		}
		return err
	}, open); err != nil {
		return err
	}
	return tx.Query("workflows_waiting", func(r Row) error {
		var id job.ID
		var retrying, suspended int
		err := r.Scan(&id, &retrying, &suspended)
		if w := at[id]; w != nil {
			w.Retrying, w.Suspended = retrying, suspended
		}
		return err
	}, open, store.MaxWaiting)
}

// Jobs implements store.Lister.
func (s *Store) Jobs(ctx context.Context, f store.JobFilter) ([]store.JobRecord, job.ID, error) {
	var page []store.JobRecord
	var next job.ID
	after, limit := pageFrom(f.After, f.Limit)
	priority := -1
	if f.Priority != nil {
		priority = int(*f.Priority)
	}
	chosen := []any{limit + 1, f.Queue, string(f.Status), string(f.Dependency), priority, micros(f.Since)}
	err := s.db.Read(ctx, func(tx Tx) error {
		page = nil
		add := func(r Row) error {
			j, err := scanListedJob(r)
			page = append(page, j)
			return err
		}
		var stopped job.ID
		list := func() (err error) {
			if f.Workflow == (job.ID{}) {
				var down job.ID
				if down, stopped, err = lookedAt(tx, "last_job_looked_at", after, f.Since); err != nil {
					return err
				}
				return tx.Query("list_jobs", add, append([]any{after[:], down[:]}, chosen...)...)
			}
			before, err := positionOf(tx, f.After, f.Workflow)
			if err != nil {
				return err
			}
			down := 0
			if err := tx.Query("last_workflow_job_looked_at", func(r Row) error { return r.Scan(&stopped, &down) },
				before, store.MaxLooked-1, f.Workflow[:]); err != nil {
				return err
			}
			return tx.Query("list_workflow_jobs", add, append(append([]any{before, down}, chosen...), f.Workflow[:])...)
		}
		if err := list(); err != nil {
			return err
		}
		next = nextOf(len(page), limit, func() job.ID { return page[limit-1].ID }, stopped)
		page = page[:min(len(page), limit)]
		return addSuspended(tx, page)
	})
	if err != nil {
		return nil, job.ID{}, fmt.Errorf("list jobs: %w", err)
	}
	return page, next, nil
}

// positionOf returns where a job stands in its workflow: behind the last without
// one, and before the first if the workflow does not have it.
func positionOf(tx Tx, id, workflow job.ID) (position int, err error) {
	if id == (job.ID{}) {
		return math.MaxInt32, nil
	}
	err = tx.Query("job_position", func(r Row) error { return r.Scan(&position) }, id[:], workflow[:])
	return position, err
}

// Dependencies implements store.Lister.
func (s *Store) Dependencies(ctx context.Context, id job.ID) (store.Dependencies, error) {
	var d store.Dependencies
	err := s.db.Read(ctx, func(tx Tx) error {
		d = store.Dependencies{}
		found := false
		if err := tx.Query("job_exists", func(Row) error { found = true; return nil }, id[:]); err != nil {
			return err
		}
		if !found {
			return job.ErrNotFound
		}
		for statement, list := range map[string]*[]store.DependencyRecord{"job_parents": &d.Parents, "job_children": &d.Children} {
			if err := readDependencies(tx, statement, id, list, &d.More); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return store.Dependencies{}, fmt.Errorf("dependencies of job %s: %w", id, err)
	}
	return d, nil
}

func readDependencies(tx Tx, statement string, id job.ID, list *[]store.DependencyRecord, more *bool) error {
	return tx.Query(statement, func(r Row) error {
		var e store.DependencyRecord
		var holder job.ID
		if err := r.Scan(&e.Job, nullID{&e.Workflow}, &e.Name, &e.Queue, &e.Status, nullID{&holder}, &e.On, &e.Optional, &e.State); err != nil {
			return err
		}
		if holder != (job.ID{}) && !e.Status.Terminal() {
			e.Status = job.Running
		}
		if len(*list) == store.MaxPage {
			*more = true
			return nil
		}
		*list = append(*list, e)
		return nil
	}, id[:], store.MaxPage+1)
}
