package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Workflow implements store.Reader.
func (s *Store) Workflow(ctx context.Context, id job.ID) (store.WorkflowRecord, error) {
	var w store.WorkflowRecord
	err := s.db.Read(ctx, func(tx Tx) error {
		found := false
		if err := tx.Query("workflow", func(r Row) error {
			found = true
			var err error
			w, err = scanWorkflow(r)
			return err
		}, id[:]); err != nil {
			return err
		}
		if !found {
			return job.ErrNotFound
		}
		return addActivityOf(tx, &w)
	})
	if err != nil {
		return store.WorkflowRecord{}, fmt.Errorf("workflow %s: %w", id, err)
	}
	return w, nil
}

// addActivityOf counts what an open workflow runs and waits for, among a page
// of its jobs after the other.
func addActivityOf(tx Tx, w *store.WorkflowRecord) error {
	if w.Status.Terminal() {
		return nil
	}
	for from := 0; from < w.Tally.Total; from += pageRows { // their positions are below it
		tx.QueueQuery("workflow_activity", func(r Row) error {
			var running, retrying, suspended int
			err := r.Scan(&running, &retrying, &suspended)
			w.Running, w.Retrying, w.Suspended = w.Running+running, w.Retrying+retrying, w.Suspended+suspended
			return err
		}, w.ID[:], from, from+pageRows)
	}
	return tx.Flush()
}

// WorkflowStatus implements store.Reader.
func (s *Store) WorkflowStatus(ctx context.Context, id job.ID) (workflow.Status, error) {
	var status workflow.Status
	err := s.db.Read(ctx, func(tx Tx) error {
		return tx.Query("workflow_status", func(r Row) error { return r.Scan(&status) }, id[:])
	})
	if err == nil && status == "" {
		err = job.ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("status of workflow %s: %w", id, err)
	}
	return status, nil
}

// scanWorkflow reads a row of workflow or list_workflows.
func scanWorkflow(r Row) (w store.WorkflowRecord, err error) {
	t := &w.Tally
	var metadata []byte
	var stall, timeout int64
	var rules string
	err = r.Scan(&w.ID, &w.Name, &w.Description, &w.Status, &w.Reason, &w.FailurePolicy, &w.Failing, &w.Priority,
		&metadata, &w.Run, &w.TraceID, &w.CorrelationID,
		&t.Total, &t.Completed, &t.Failed, &t.Dead, &t.TimedOut, &t.UpstreamFailed, &t.Cancelled, &t.Skipped,
		nullTime{&w.CreatedAt}, nullTime{&w.StartedAt}, nullTime{&w.FinishedAt},
		&w.UserPaused, &w.Undecided, &w.Unforgiven, &stall, &timeout, nullTime{&w.DeadlineAt}, &rules,
		nullID{&w.ParentJob}, nullID{&w.ParentWorkflow})
	if err != nil {
		return w, err
	}
	w.Metadata, w.StallAfter, w.Timeout = metadata, time.Duration(stall)*time.Microsecond, time.Duration(timeout)*time.Microsecond
	var h workflow.Header
	ends, err := readWorkflowRules(rules, &h)
	w.CancelRunning = h.CancelRunning
	w.DecidedAfter, w.DecidedAs = time.Duration(ends.decisionTimeout)*time.Microsecond, ends.decisionDefault
	w.Schedule, w.ScheduledFor = ends.schedule, timeOf(ends.scheduledFor)
	return w, err
}

// OpenWorkflow implements store.Reader.
func (s *Store) OpenWorkflow(ctx context.Context, digest string) (job.ID, error) {
	var id job.ID
	err := s.db.Read(ctx, func(tx Tx) error {
		return tx.Query("open_workflow", func(r Row) error { return r.Scan(&id) }, digest)
	})
	if err == nil && id == (job.ID{}) {
		err = job.ErrNotFound
	}
	if err != nil {
		return job.ID{}, fmt.Errorf("open workflow with digest %s: %w", digest, err)
	}
	return id, nil
}

// OtherOpenWorkflow implements store.Reader.
func (s *Store) OtherOpenWorkflow(ctx context.Context, digest string) (string, error) {
	found, name := false, ""
	err := s.db.Read(ctx, func(tx Tx) error {
		found = false
		return tx.Query("other_open_workflow", func(r Row) error {
			found = true
			return r.Scan(&name)
		}, digest)
	})
	if err == nil && !found {
		err = job.ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("open workflow of another digest: %w", err)
	}
	return name, nil
}

// WorkflowJobs implements store.Reader.
func (s *Store) WorkflowJobs(ctx context.Context, id job.ID, from, limit int) ([]store.JobRecord, int, error) {
	limit = min(max(limit, 1), store.MaxPage)
	var page []store.JobRecord
	last := 0
	err := s.db.Read(ctx, func(tx Tx) error {
		page = nil
		if err := tx.Query("workflow_jobs", func(r Row) error {
			j, err := scanJob(placed{r, &last})
			page = append(page, j)
			return err
		}, id[:], from-1, limit); err != nil {
			return err
		}
		return addSuspended(tx, page)
	})
	if err != nil {
		return nil, 0, fmt.Errorf("jobs of workflow %s: %w", id, err)
	}
	if len(page) < limit {
		return page, 0, nil
	}
	return page, last + 1, nil
}

// placed is a row whose first column is a position.
type placed struct {
	Row
	position *int
}

func (p placed) Scan(dest ...any) error { return p.Row.Scan(append([]any{p.position}, dest...)...) }

// JobNames implements store.Reader.
func (s *Store) JobNames(ctx context.Context, id job.ID, list []job.ID) (map[job.ID]string, error) {
	names := make(map[job.ID]string, len(list))
	err := s.db.Read(ctx, func(tx Tx) error {
		for page := range slices.Chunk(list, pageRows) {
			tx.QueueQuery("job_names", func(r Row) error {
				var j job.ID
				var name string
				err := r.Scan(&j, &name)
				names[j] = name
				return err
			}, page, id[:])
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("names of %d jobs: %w", len(list), err)
	}
	return names, nil
}

// nameRow is the name of a job that is looked for.
type nameRow struct {
	Name string `json:"name"`
}

// JobIDs implements store.Reader.
func (s *Store) JobIDs(ctx context.Context, id job.ID, names []string) (map[string]job.ID, error) {
	ids := make(map[string]job.ID, len(names))
	if len(names) > store.MaxPage {
		return nil, fmt.Errorf("ids of %d jobs: more than %d names", len(names), store.MaxPage)
	}
	if len(names) == 0 {
		return ids, nil
	}
	rows := make([]nameRow, len(names))
	for i, name := range names {
		rows[i].Name = name
	}
	err := s.db.Read(ctx, func(tx Tx) error {
		return tx.Query("job_ids", func(r Row) error {
			var j job.ID
			var name string
			err := r.Scan(&name, &j)
			ids[name] = j
			return err
		}, rows, id[:])
	})
	if err != nil {
		return nil, fmt.Errorf("ids of %d jobs: %w", len(names), err)
	}
	return ids, nil
}

// EdgesInto implements store.Reader.
func (s *Store) EdgesInto(ctx context.Context, children []job.ID) ([]store.EdgeRecord, error) {
	var list []store.EdgeRecord
	err := s.db.Read(ctx, func(tx Tx) error {
		list = nil
		for page := range slices.Chunk(children, pageRows) {
			tx.QueueQuery("edges_into", func(r Row) error {
				var e store.EdgeRecord
				err := r.Scan(&e.Parent, &e.Child, &e.On, &e.Optional, &e.State, &e.Join.Rule, &e.Join.Quorum, &e.Spawned)
				list = append(list, e)
				return err
			}, page)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("edges into %d jobs: %w", len(children), err)
	}
	return list, nil
}

// Job implements store.Reader.
func (s *Store) Job(ctx context.Context, id job.ID) (store.JobRecord, error) {
	var j store.JobRecord
	err := s.db.Read(ctx, func(tx Tx) error {
		found := false
		if err := tx.Query("job", func(r Row) error {
			found = true
			var err error
			j, err = scanJob(r)
			return err
		}, id[:]); err != nil {
			return err
		}
		if !found {
			return job.ErrNotFound
		}
		err := tx.Query("job_attempts", func(r Row) error {
			var a store.AttemptRecord
			err := r.Scan(&a.Epoch, &a.Attempt, &a.Lease, &a.Worker, &a.Outcome, &a.Error, nullTime{&a.StartedAt}, nullTime{&a.FinishedAt})
			j.History = append(j.History, a)
			return err
		}, id[:])
		if err != nil {
			return err
		}
		var spawned job.ID
		var by string // its name
		tx.QueueQuery("spawners_of", func(r Row) error { return r.Scan(&spawned, &j.SpawnedBy, &by) }, []job.ID{id})
		if err := s.readRuns(tx, &j); err != nil {
			return err
		}
		one := []store.JobRecord{j}
		return addSuspended(tx, one) // its records are shared
	})
	if err != nil {
		return store.JobRecord{}, fmt.Errorf("job %s: %w", id, err)
	}
	return j, nil
}

// scanJob reads a row of workflow_jobs or job. A job that a lease holds is
// running since its claim.
func scanJob(r Row) (store.JobRecord, error) {
	var j store.JobRecord
	var payload, result []byte
	var timeout int64
	var retry string
	var more heldColumns
	err := r.Scan(&j.ID, nullID{&j.Workflow}, &j.WorkflowName, &j.Name, &j.Queue, &payload, &more.dependsOn, &j.Status, &j.DependencyStatus,
		&j.Reason, nullID{&j.Cause}, &j.Error, &result, &j.Priority, &j.OwnPriority, &j.Attempts, &j.MaxAttempts, &timeout, &retry, &j.Epoch, &j.Worker, &more.holder,
		nullMicros{&more.claimed}, &more.progress, &j.TraceID, &j.CorrelationID, &j.Barrier, nullTime{&j.CreatedAt}, nullTime{&j.ScheduledAt},
		nullTime{&j.StartedAt}, nullTime{&j.FinishedAt}, &j.Decision, &j.Run, &j.Earlier, &more.rules)
	if err != nil {
		return j, err
	}
	j.Payload, j.Result, j.Timeout = payload, result, time.Duration(timeout)*time.Microsecond
	if err := json.Unmarshal([]byte(retry), &j.Retry); err != nil {
		return j, fmt.Errorf("retry policy: %w", err)
	}
	return j, more.apply(&j)
}

// scanListedJob reads a row of a list: what scanJob reads but for the large
// columns.
func scanListedJob(r Row) (store.JobRecord, error) {
	var j store.JobRecord
	var more heldColumns
	err := r.Scan(&j.ID, nullID{&j.Workflow}, &j.WorkflowName, &j.Name, &j.Queue, &more.dependsOn, &j.Status, &j.DependencyStatus,
		&j.Reason, nullID{&j.Cause}, &j.Error, &j.Priority, &j.OwnPriority, &j.Attempts, &j.MaxAttempts, &j.Epoch, &j.Worker, &more.holder,
		nullMicros{&more.claimed}, &more.progress, &j.TraceID, &j.CorrelationID, &j.Barrier, nullTime{&j.CreatedAt}, nullTime{&j.ScheduledAt},
		nullTime{&j.StartedAt}, nullTime{&j.FinishedAt}, &j.Decision, &j.Run, &j.Earlier, &more.rules)
	if err != nil {
		return j, err
	}
	return j, more.apply(&j)
}

// heldColumns are columns of a job that its record does not hold as they are.
type heldColumns struct {
	dependsOn string
	holder    *string
	claimed   int64
	progress  *string
	rules     string
}

func (c heldColumns) apply(j *store.JobRecord) error {
	if c.holder != nil && !j.Status.Terminal() {
		j.Status, j.Worker, j.StartedAt = job.Running, *c.holder, timeOf(c.claimed)
		j.Progress = scanProgress(j.ID, c.progress)
	}
	var n workflow.Node
	rules, err := readJobRules(c.rules, &n)
	if err != nil {
		return err
	}
	describe(j, rules)
	j.Inherit, j.Deadline = rules.Inherit, time.Duration(rules.Deadline)*time.Microsecond
	j.Delay, j.NotBefore = time.Duration(rules.Delay)*time.Microsecond, timeOf(rules.NotBefore)
	j.Condition, j.Unmet, j.With = n.Condition, n.Unmet, n.With
	j.AllowFailure, j.Tolerated, j.Finally, j.Catch = n.AllowFailure, n.Tolerated, n.Finally, n.Catch
	return json.Unmarshal([]byte(c.dependsOn), &j.DependsOn)
}

// nullMicros scans microseconds that may be null; null is 0.
type nullMicros struct{ us *int64 }

func (n nullMicros) Scan(v any) error {
	*n.us, _ = v.(int64)
	return nil
}
