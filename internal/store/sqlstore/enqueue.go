package sqlstore

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// jobInsert is a row of insert_jobs and insert_job_states.
type jobInsert struct {
	ID          hexID  `json:"id"`
	Workflow    hexID  `json:"workflow"`
	Position    int    `json:"position"`
	Name        string `json:"name"`
	Queue       string `json:"queue"`
	Payload     string `json:"payload"`
	DependsOn   string `json:"depends_on"`
	Priority    int    `json:"priority"`
	MaxAttempts int    `json:"max_attempts"`
	Retry       string `json:"retry"`
	Timeout     int64  `json:"timeout"`
	DeadlineAt  *int64 `json:"deadline_at"`
	TraceID     string `json:"trace_id"`
	TraceParent string `json:"traceparent"`
	Correlation string `json:"correlation_id"`
}

// stateInsert is a row of insert_job_states.
type stateInsert struct {
	ID          hexID  `json:"id"`
	Priority    int    `json:"priority"`
	Join        string `json:"join"`
	Quorum      int    `json:"quorum"`
	Parents     int    `json:"parents"`
	ScheduledAt int64  `json:"scheduled_at"`
}

// edgeRow is a row of the statements about edges.
type edgeRow struct {
	Parent   hexID  `json:"parent"`
	Child    hexID  `json:"child"`
	On       string `json:"on,omitempty"`
	Optional int    `json:"optional"`
	State    string `json:"state,omitempty"`
}

// timerRow is a row of timers.
type timerRow struct {
	DueAt int64  `json:"due_at"`
	Kind  string `json:"kind"`
	ID    hexID  `json:"id"`
}

// The kinds of timers.
const (
	timerJob      = "job"      // a delayed or retrying job becomes claimable
	timerDeadline = "deadline" // a job must have ended
	timerWorkflow = "workflow" // a workflow must have ended
	timerGrace    = "grace"    // what a cancelling workflow still runs is over
	timerCancel   = "cancel"   // the attempt of a cancelled job is over
)

// EnqueueWorkflow implements store.Enqueuer.
func (s *Store) EnqueueWorkflow(ctx context.Context, w *workflow.Workflow, o store.EnqueueOptions) (done store.Enqueued, err error) {
	err = s.db.Write(ctx, func(tx Tx) error {
		done, err = EnqueueWorkflow(tx, w, o)
		return err
	})
	return done, err
}

// EnqueueWorkflow stores a workflow in a running transaction. After an error
// what it has changed must be rolled back.
func EnqueueWorkflow(tx Tx, w *workflow.Workflow, o store.EnqueueOptions) (store.Enqueued, error) {
	done, err := enqueueWorkflow(tx, w, o)
	if err != nil {
		return store.Enqueued{}, fmt.Errorf("enqueue workflow %s: %w", w.ID, err)
	}
	return done, nil
}

func enqueueWorkflow(tx Tx, w *workflow.Workflow, o store.EnqueueOptions) (store.Enqueued, error) {
	now, err := tx.Now()
	if err != nil {
		return store.Enqueued{}, err
	}
	k := &keyring{tx: tx, now: now}
	k.add(scopeWorkflow, o.Key, w.ID)
	if err := k.turn(); err != nil {
		return store.Enqueued{}, err
	}
	if k.existing[0] {
		return store.Enqueued{IDs: k.ids, Existing: k.existing}, nil
	}
	exists := false
	if err := tx.Query("workflow_exists", func(Row) error { exists = true; return nil }, w.ID[:]); err != nil {
		return store.Enqueued{}, err
	}
	if exists {
		return store.Enqueued{}, store.ErrExists
	}
	if err := refuseExisting(tx, w.Jobs); err != nil {
		return store.Enqueued{}, err
	}
	e := &enqueuer{tx: tx, now: now, w: w, jobs: w.Jobs}
	if err := e.workflow(o.Digest); err != nil {
		return store.Enqueued{}, err
	}
	done, err := e.run()
	done.IDs, done.Existing = k.ids, k.existing
	return done, err
}

// EnqueueJobs implements store.Enqueuer.
func (s *Store) EnqueueJobs(ctx context.Context, jobs []*job.Job, keys []store.Key) (done store.Enqueued, err error) {
	err = s.db.Write(ctx, func(tx Tx) error {
		done, err = EnqueueJobs(tx, jobs, keys)
		return err
	})
	return done, err
}

// EnqueueJobs stores jobs without a workflow in a running transaction. After
// an error what it has changed must be rolled back.
func EnqueueJobs(tx Tx, jobs []*job.Job, keys []store.Key) (store.Enqueued, error) {
	done, err := enqueueJobs(tx, jobs, keys)
	if err != nil {
		return store.Enqueued{}, fmt.Errorf("enqueue %d jobs: %w", len(jobs), err)
	}
	return done, nil
}

func enqueueJobs(tx Tx, jobs []*job.Job, keys []store.Key) (store.Enqueued, error) {
	if keys != nil && len(keys) != len(jobs) {
		return store.Enqueued{}, fmt.Errorf("%d idempotency keys came for them", len(keys))
	}
	now, err := tx.Now()
	if err != nil {
		return store.Enqueued{}, err
	}
	k := &keyring{tx: tx, now: now}
	for i, j := range jobs {
		var key store.Key
		if keys != nil {
			key = keys[i]
		}
		k.add(scopeQueue+j.Queue, key, j.ID)
	}
	if err := k.turn(); err != nil {
		return store.Enqueued{}, err
	}
	fresh := k.fresh(jobs)
	if len(fresh) == 0 {
		return store.Enqueued{IDs: k.ids, Existing: k.existing}, nil
	}
	if err := refuseExisting(tx, fresh); err != nil {
		return store.Enqueued{}, err
	}
	e := &enqueuer{tx: tx, now: now, jobs: fresh}
	done, err := e.run()
	done.IDs, done.Existing = k.ids, k.existing
	return done, err
}

// enqueuer is the work of one enqueue transaction.
type enqueuer struct {
	tx     Tx
	now    int64
	w      *workflow.Workflow // nil: the jobs have none
	jobs   []*job.Job
	trace  string // of the workflow
	parent string // traceparent of the workflow's span
}

func (e *enqueuer) workflow(digest string) error {
	w := e.w
	e.trace = w.TraceID
	if e.trace == "" {
		e.trace = traceID(w.ID)
	}
	e.parent = traceParent(e.trace, w.ID)
	if _, err := e.tx.Exec("insert_workflow", w.ID[:], w.Name, w.Description, string(workflow.Running), string(w.FailurePolicy),
		int(priorityOf(w.Priority, nil)), string(w.Metadata), digest, microsUp(w.Timeout), microsUp(w.HealthCheckInterval),
		e.trace, e.parent, w.CorrelationID, len(w.Jobs), e.now); err != nil {
		return err
	}
	if w.Timeout > 0 {
		_, err := execRows(e.tx, "insert_timers", []timerRow{{e.now + microsUp(w.Timeout), timerWorkflow, hexID(w.ID)}})
		return err
	}
	return nil
}

// run stores jobs, states and edges and makes the roots claimable.
func (e *enqueuer) run() (store.Enqueued, error) {
	if err := e.checkParents(); err != nil {
		return store.Enqueued{}, err
	}
	var done store.Enqueued
	var roots []job.ID
	var timers []timerRow
	inside := e.inside()
	specs := newChunk(e.tx, "insert_jobs", e.now)
	states := newChunk(e.tx, "insert_job_states", e.now)
	edges := newChunk(e.tx, "insert_edges")
	checks := newChunk(e.tx, "insert_edge_checks")
	for i, j := range e.jobs {
		spec, err := e.spec(i, j)
		if err != nil {
			return done, err
		}
		state := e.state(j, spec.Priority)
		if err := specs.add(spec, len(spec.Payload)+len(spec.DependsOn)); err != nil {
			return done, err
		}
		if err := states.add(state, 0); err != nil {
			return done, err
		}
		for _, d := range j.DependsOn {
			row := edgeRow{Parent: hexID(d.Parent), Child: hexID(j.ID), On: string(d.On), Optional: boolInt(d.Optional)}
			if err := edges.add(row, 0); err != nil {
				return done, err
			}
			if !inside[d.Parent] {
				done.Checks = true
				if err := checks.add(row, 0); err != nil {
					return done, err
				}
			}
		}
		if spec.DeadlineAt != nil {
			timers = append(timers, timerRow{*spec.DeadlineAt, timerDeadline, spec.ID})
		}
		if len(j.DependsOn) == 0 {
			roots = append(roots, j.ID)
			if state.ScheduledAt <= e.now {
				done.Queues = append(done.Queues, j.Queue)
			}
		}
	}
	for _, c := range []*chunk{specs, states, edges, checks} {
		if err := c.flush(); err != nil {
			return done, err
		}
	}
	if _, err := execRows(e.tx, "insert_timers", timers); err != nil {
		return done, err
	}
	done.Queues = sortedSet(done.Queues)
	waiting, err := makeClaimable(e.tx, roots, e.now)
	done.Timer = waiting || len(timers) > 0 || e.w != nil && e.w.Timeout > 0
	return done, err
}

func (e *enqueuer) inside() map[job.ID]bool {
	inside := make(map[job.ID]bool, len(e.jobs))
	for _, j := range e.jobs {
		inside[j.ID] = true
	}
	return inside
}

// checkParents makes sure that parents outside the inserted set exist.
func (e *enqueuer) checkParents() error {
	inside := e.inside()
	seen := make(map[job.ID]bool)
	var outside []job.ID
	for _, j := range e.jobs {
		for _, d := range j.DependsOn {
			if !inside[d.Parent] && !seen[d.Parent] {
				seen[d.Parent] = true
				outside = append(outside, d.Parent)
			}
		}
	}
	if len(outside) == 0 {
		return nil
	}
	found, err := existing(e.tx, outside)
	if err != nil {
		return err
	}
	for _, id := range outside {
		if !found[id] {
			return fmt.Errorf("%w %s", store.ErrUnknownParent, id)
		}
	}
	return nil
}

func (e *enqueuer) spec(i int, j *job.Job) (jobInsert, error) {
	row := jobInsert{
		ID: hexID(j.ID), Position: i, Name: j.Name, Queue: j.Queue, Payload: string(j.Payload),
		Timeout: microsUp(j.Timeout), TraceID: j.TraceID, Correlation: j.CorrelationID,
	}
	var retry job.RetryPolicy
	if e.w != nil {
		row.Workflow = hexID(e.w.ID)
		row.Priority = int(priorityOf(j.Priority, e.w.Priority))
		if e.w.Retry != nil {
			retry = *e.w.Retry
		}
		if row.TraceID == "" {
			row.TraceID, row.TraceParent = e.trace, e.parent
		}
		if row.Correlation == "" {
			row.Correlation = e.w.CorrelationID
		}
	} else {
		row.Priority = int(priorityOf(j.Priority, nil))
	}
	if row.TraceID == "" {
		row.TraceID = traceID(j.ID)
	}
	if row.TraceParent == "" {
		row.TraceParent = traceParent(row.TraceID, j.ID)
	}
	if j.Retry != nil {
		retry = *j.Retry
	}
	retry = retry.WithDefaults()
	row.MaxAttempts = retry.MaxAttempts
	policy, err := json.Marshal(retry)
	if err != nil {
		return row, fmt.Errorf("job %s: retry policy: %w", j.Name, err)
	}
	row.Retry = string(policy)
	if j.Deadline > 0 {
		at := e.now + microsUp(j.Deadline)
		row.DeadlineAt = &at
	}
	row.DependsOn = parentList(j.DependsOn)
	return row, nil
}

func (e *enqueuer) state(j *job.Job, priority int) stateInsert {
	row := stateInsert{
		ID: hexID(j.ID), Priority: priority, Join: string(j.Join.Rule), Quorum: j.Join.Quorum,
		Parents: len(j.DependsOn), ScheduledAt: max(e.now, micros(j.ScheduledAt)),
	}
	if row.Join == "" {
		row.Join = string(job.JoinAll)
	}
	if j.Delay > 0 {
		row.ScheduledAt = max(row.ScheduledAt, e.now+microsUp(j.Delay))
	}
	return row
}

// parentList writes the ids of a job's parents as a JSON array.
func parentList(deps []job.Dependency) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, d := range deps {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + d.Parent.String() + `"`)
	}
	b.WriteByte(']')
	return b.String()
}

// existing returns which of list are stored jobs.
func existing(tx Tx, list []job.ID) (map[job.ID]bool, error) {
	found := make(map[job.ID]bool)
	err := tx.Query("jobs_existing", func(r Row) error {
		var id job.ID
		err := r.Scan(&id)
		found[id] = true
		return err
	}, ids(list))
	return found, err
}

// refuseExisting returns ErrExists when one of the jobs is stored already.
func refuseExisting(tx Tx, jobs []*job.Job) error {
	list := make([]job.ID, len(jobs))
	for i, j := range jobs {
		list[i] = j.ID
	}
	found, err := existing(tx, list)
	if err == nil && len(found) > 0 {
		err = store.ErrExists
	}
	return err
}

func priorityOf(own, inherited *job.Priority) job.Priority {
	switch {
	case own != nil:
		return *own
	case inherited != nil:
		return *inherited
	}
	return job.Normal
}

// traceID derives a W3C trace id from an id, so that repeating an enqueue
// gives the same one.
func traceID(id job.ID) string { return hex.EncodeToString(id[:]) }

// traceParent is the W3C header of the span that stands for id in trace.
func traceParent(trace string, id job.ID) string {
	return "00-" + trace + "-" + hex.EncodeToString(id[8:]) + "-01"
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// sortedSet sorts list and removes what occurs twice.
func sortedSet(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
