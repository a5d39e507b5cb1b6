package sqlstore

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// readRuns reads what a job's condition came to, and how its earlier runs ended.
func (s *Store) readRuns(tx Tx, j *store.JobRecord) error {
	tx.QueueQuery("job_evaluation", func(r Row) error {
		var e store.Evaluation
		var value *int64
		var with string
		err := r.Scan(nullTime{&e.At}, &value, &e.Digest, &with, &e.Error)
		if value != nil {
			yes := *value != 0
			e.Value = &yes
		}
		if with != "" {
			e.With = []byte(with)
		}
		j.Evaluation = &e
		return err
	}, j.ID[:])
	tx.QueueQuery("job_runs", func(r Row) error {
		var x store.RunRecord
		var result, payload []byte
		err := r.Scan(&x.Epoch, &x.Run, &x.Status, &x.Reason, &x.Error, &x.Attempts, &x.Worker, &result, &payload,
			nullTime{&x.StartedAt}, nullTime{&x.FinishedAt})
		x.Result, x.Payload = result, payload
		j.Runs = append(j.Runs, x)
		return err
	}, j.ID[:])
	return tx.Flush()
}

// Explain implements store.Reader.
func (s *Store) Explain(ctx context.Context, id job.ID) (store.Standing, error) {
	var x store.Standing
	j, err := s.Job(ctx, id)
	if err != nil {
		return x, err
	}
	err = s.db.Read(ctx, func(tx Tx) error {
		x = store.Standing{Job: j}
		var now int64
		c := &x.Counts
		tx.QueueNow(&now)
		tx.QueueQuery("job_standing", func(r Row) error {
			return r.Scan(&x.Join.Rule, &x.Join.Quorum, &c.Unresolved, &c.Active, &c.Inactive, &c.Broken, &x.WorkflowStatus,
				&x.WorkflowFailing, &x.UserPaused, &x.Undecided, &x.QueuePaused, &x.Queued, &x.Ahead, &x.Unchecked, &x.Spared,
				weightsScan{&x.Weights})
		}, id[:])
		total := 0
		type place struct {
			at    int
			epoch int64
		}
		open := map[job.ID]place{} // parents that have not ended
		tx.QueueQuery("parents_in_the_way", func(r Row) error {
			var p store.ParentStanding
			var epoch int64
			err := r.Scan(&p.Job, nullID{&p.Workflow}, &p.Name, &p.Status, &epoch, &p.On, &p.Optional, &p.State, &total)
			if p.Status != "" && !p.Status.Terminal() {
				open[p.Job] = place{len(x.Parents), epoch}
			}
			x.Parents = append(x.Parents, p)
			return err
		}, id[:], store.MaxPage)
		tx.QueueQuery("lease_of_job", func(r Row) error {
			var l store.LeaseStanding
			err := r.Scan(&l.ID, &l.Worker, &l.Accepted, nullTime{&l.ClaimedAt}, nullTime{&l.ExpiresAt})
			x.Lease = &l
			return err
		}, hex.EncodeToString(id[:]))
		if err := tx.Flush(); err != nil {
			return err
		}
		held := heldBy(tx, slices.SortedFunc(maps.Keys(open), compareIDs))
		if err := tx.Flush(); err != nil {
			return err
		}
		for _, h := range *held {
			if p := open[h.Fence.Job]; h.Fence.Epoch == p.epoch {
				x.Parents[p.at].Status = job.Running
			}
		}
		ids := []job.ID{id}
		for _, p := range x.Parents {
			ids = append(ids, p.Job)
		}
		by, err := spawners(tx, ids)
		if err != nil {
			return err
		}
		x.Spawner = by[id]
		for i := range x.Parents {
			x.Parents[i].Spawner = by[x.Parents[i].Job]
		}
		x.Now, x.More = timeOf(now), max(0, total-len(x.Parents))
		workers, err := readWorkers(tx, store.WorkerSilent)
		for _, w := range workers {
			if !w.Draining && (w.Queues == nil || slices.Contains(w.Queues, j.Queue)) {
				x.Workers++
			}
		}
		return err
	})
	if err != nil {
		return store.Standing{}, fmt.Errorf("explain job %s: %w", id, err)
	}
	return x, nil
}

// Causes implements store.Reader.
func (s *Store) Causes(ctx context.Context, workflow job.ID, limit int) ([]store.Cause, error) {
	var list []store.Cause
	err := s.db.Read(ctx, func(tx Tx) error {
		list = nil
		return tx.Query("causes", func(r Row) error {
			var c store.Cause
			err := r.Scan(&c.Job, &c.Name, &c.Status, &c.Error, &c.Count)
			list = append(list, c)
			return err
		}, workflow[:], limit)
	})
	if err != nil {
		return nil, fmt.Errorf("causes of workflow %s: %w", workflow, err)
	}
	return list, nil
}
