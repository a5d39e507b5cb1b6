package sqlstore

import (
	"bytes"
	"context"
	"fmt"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// lastID is above every id.
var lastID = job.ID(bytes.Repeat([]byte{0xff}, len(job.ID{})))

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
func nextOf(tx Tx, got, limit int, last func() job.ID, looked string, args ...any) (next job.ID, err error) {
	if got > limit {
		return last(), nil
	}
	err = tx.Query(looked, func(r Row) error { return r.Scan(&next) }, args...)
	return next, err
}

// Workflows implements store.Lister.
func (s *Store) Workflows(ctx context.Context, f store.WorkflowFilter) ([]store.WorkflowRecord, job.ID, error) {
	var page []store.WorkflowRecord
	var next job.ID
	after, limit := pageFrom(f.After, f.Limit)
	err := s.db.Read(ctx, func(tx Tx) error {
		page, next = nil, job.ID{}
		err := tx.Query("list_workflows", func(r Row) error {
			w, err := scanWorkflow(r)
			page = append(page, w)
			return err
		}, after[:], store.MaxLooked, limit+1, string(f.Status), f.Name, micros(f.Since))
		if err != nil {
			return err
		}
		next, err = nextOf(tx, len(page), limit, func() job.ID { return page[limit-1].ID },
			"last_workflow_looked_at", after[:], store.MaxLooked-1)
		if err != nil {
			return err
		}
		page = page[:min(len(page), limit)]
		return addActivity(tx, page)
	})
	if err != nil {
		return nil, job.ID{}, fmt.Errorf("list workflows: %w", err)
	}
	return page, next, nil
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
	}, open, store.MaxCounted)
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
	list, looked := "list_jobs", "last_job_looked_at"
	args := []any{after[:], store.MaxLooked, limit + 1, f.Queue, string(f.Status), string(f.Dependency), priority, micros(f.Since)}
	lookedArgs := []any{after[:], store.MaxLooked - 1}
	if f.Workflow != (job.ID{}) {
		list, looked = "list_workflow_jobs", "last_workflow_job_looked_at"
		args, lookedArgs = append(args, f.Workflow[:]), append(lookedArgs, f.Workflow[:])
	}
	err := s.db.Read(ctx, func(tx Tx) error {
		page, next = nil, job.ID{}
		err := tx.Query(list, func(r Row) error {
			j, err := scanListedJob(r)
			page = append(page, j)
			return err
		}, args...)
		if err != nil {
			return err
		}
		next, err = nextOf(tx, len(page), limit, func() job.ID { return page[limit-1].ID }, looked, lookedArgs...)
		page = page[:min(len(page), limit)]
		return err
	})
	if err != nil {
		return nil, job.ID{}, fmt.Errorf("list jobs: %w", err)
	}
	return page, next, nil
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
