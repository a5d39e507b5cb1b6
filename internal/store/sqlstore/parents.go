package sqlstore

import (
	"context"
	"fmt"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// maxInlineParents bounds the parents whose results travel with a job; with
// more of them the worker fetches.
const maxInlineParents = 1000

// loadParents adds the results of direct parents to jobs.
func loadParents(tx Tx, jobs map[job.ID]*store.Claimed, withParents []job.ID) error {
	if len(withParents) == 0 {
		return nil
	}
	return tx.Query("parents_results", func(r Row) error {
		var child job.ID
		var p store.ParentResult
		if err := r.Scan(&child, &p.Job, &p.Name, &p.Status, (*[]byte)(&p.Result)); err != nil {
			return err
		}
		jobs[child].Parents = append(jobs[child].Parents, p)
		return nil
	}, withParents)
}

// ParentResults implements store.Claimer.
func (s *Store) ParentResults(ctx context.Context, f job.Fence, name string, after job.ID) ([]store.ParentResult, job.ID, error) {
	var page []store.ParentResult
	var next job.ID
	err := s.db.Read(ctx, func(tx Tx) error {
		page, next = nil, job.ID{}
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
