package sqlstore

import (
	"cmp"
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
	Workflow    hexID  `json:"workflow_id"`
	Position    int    `json:"position"`
	Name        string `json:"name"`
	Queue       string `json:"queue"`
	Payload     string `json:"payload" sql:"bytes"`
	DependsOn   string `json:"depends_on"`
	Priority    int    `json:"priority"`
	MaxAttempts int    `json:"max_attempts"`
	Retry       string `json:"retry"`
	Timeout     int64  `json:"timeout"`
	DeadlineAt  *int64 `json:"deadline_at"`
	TraceID     string `json:"trace_id"`
	TraceParent string `json:"traceparent"`
	Correlation string `json:"correlation_id"`
	Barrier     bool   `json:"barrier"`
	Rules       string `json:"rules"`
}

// stateInsert is a row of insert_job_states.
type stateInsert struct {
	ID          hexID  `json:"id"`
	Status      string `json:"status"`
	Dependency  string `json:"dependency_status"`
	Priority    int    `json:"priority"`
	Join        string `json:"join_rule"`
	Quorum      int    `json:"quorum"`
	Unresolved  int    `json:"unresolved"`
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
	timerFinally  = "finally"  // what a workflow still runs that was cancelled twice is over
	timerDecision = "decision" // nobody has decided about a failed job
	timerStall    = "stall"    // a workflow in which something should have moved
	timerGate     = "gate"     // nobody has answered a gate, or its time has come
)

// EnqueueWorkflow implements store.Enqueuer.
func (s *Store) EnqueueWorkflow(ctx context.Context, w *workflow.Workflow, o store.EnqueueOptions) (done store.Enqueued, err error) {
	if chunk := s.opts.EnqueueChunk; jobsOf(w.Jobs) > 4*chunk {
		done, err = s.enqueueChunks(ctx, w, o, chunk)
		if err != nil {
			return store.Enqueued{}, fmt.Errorf("enqueue workflow %s: %w", w.ID, err)
		}
		return done, nil
	}
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
	k := &keyring{tx: tx}
	k.add(scopeWorkflow, o.Key, w.ID)
	if err := k.turn(); err != nil {
		return store.Enqueued{}, err
	}
	if k.existing[0] {
		return store.Enqueued{IDs: k.ids, Existing: k.existing}, nil
	}
	exists := false
	tx.QueueQuery("workflow_exists", func(Row) error { exists = true; return nil }, w.ID[:])
	e := newEnqueuer(tx, w, w.Jobs)
	if err := e.look(true); err != nil {
		return store.Enqueued{}, err
	}
	if exists {
		return store.Enqueued{}, store.ErrExists
	}
	if err := e.workflow(o.Digest, ""); err != nil {
		return store.Enqueued{}, err
	}
	return e.all(k)
}

// EnqueueJobs implements store.Enqueuer.
func (s *Store) EnqueueJobs(ctx context.Context, jobs []*job.Job, keys []store.Key) (done store.Enqueued, err error) {
	if len(jobs) > store.MaxEnqueue {
		return store.Enqueued{}, fmt.Errorf("enqueue %d jobs: %w", len(jobs), store.ErrTooMany)
	}
	built, err := s.buildParts(ctx, jobs)
	if err != nil {
		return store.Enqueued{}, fmt.Errorf("enqueue %d jobs: %w", len(jobs), err)
	}
	err = s.db.Write(ctx, func(tx Tx) error {
		done, err = enqueueJobs(tx, jobs, keys, built)
		return err
	})
	if err != nil {
		return store.Enqueued{}, fmt.Errorf("enqueue %d jobs: %w", len(jobs), err)
	}
	return done, nil
}

// EnqueueJobs stores jobs without a workflow in a running transaction. After
// an error what it has changed must be rolled back.
func EnqueueJobs(tx Tx, jobs []*job.Job, keys []store.Key) (store.Enqueued, error) {
	done, err := enqueueJobs(tx, jobs, keys, false)
	if err != nil {
		return store.Enqueued{}, fmt.Errorf("enqueue %d jobs: %w", len(jobs), err)
	}
	return done, nil
}

// enqueueJobs is EnqueueJobs. With built set all that the jobs are made of is
// stored already, hidden.
func enqueueJobs(tx Tx, jobs []*job.Job, keys []store.Key, built bool) (store.Enqueued, error) {
	if keys != nil && len(keys) != len(jobs) {
		return store.Enqueued{}, fmt.Errorf("%d idempotency keys came for them", len(keys))
	}
	k := &keyring{tx: tx}
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
	e := newEnqueuer(tx, nil, fresh)
	e.built = built
	if err := e.look(true); err != nil {
		return store.Enqueued{}, err
	}
	return e.all(k)
}

// enqueuer is the work of one enqueue.
type enqueuer struct {
	tx     Tx
	now    int64
	w      *workflow.Workflow // nil: the jobs have none
	jobs   []*job.Job
	inside map[job.ID]bool    // the jobs
	urgent []workflow.Urgency // parallel to the jobs
	calm   []bool             // parallel to the jobs: their failures are tolerated
	trace  string             // of the workflow
	parent string             // traceparent of the workflow's span
	first  int                // position of the first job
	parts  []*enqueuer        // of what its jobs are made of, in their order
	of     job.ID             // the job that the workflow is run as; zero: none
	bounds partsRules         // of that, if it is a map
	items  bool               // the jobs are those of a batch or a map
	built  bool               // the parts are stored already
}

func newEnqueuer(tx Tx, w *workflow.Workflow, jobs []*job.Job) *enqueuer {
	e := &enqueuer{tx: tx, w: w, jobs: jobs, inside: make(map[job.ID]bool, len(jobs))}
	var base *job.Priority
	if w != nil {
		base = w.Priority
	}
	e.urgent = workflow.Urgencies(jobs, base)
	if w != nil {
		e.calm = w.Tolerated()
		e.trace = w.TraceID
		if e.trace == "" {
			e.trace = traceID(w.ID)
		}
		e.parent = traceParent(e.trace, w.ID)
	}
	for _, j := range jobs {
		e.inside[j.ID] = true
		if p := workflow.PartsOf(j); p != nil && p.Workflow != nil {
			parts := newEnqueuer(tx, p.Workflow, p.Workflow.Jobs)
			parts.of, parts.items = j.ID, p.Kind == workflow.PartsBatch
			parts.follow(cmp.Or(j.TraceID, e.trace, traceID(j.ID)))
			e.parts = append(e.parts, parts)
		}
	}
	return e
}

// follow gives what a job is made of the trace of the job, unless it has its own.
func (e *enqueuer) follow(trace string) {
	if e.w.TraceID != "" {
		return
	}
	e.trace, e.parent = trace, traceParent(trace, e.w.ID)
	for _, f := range e.parts {
		f.follow(trace)
	}
}

// look reads the clock and what is stored already. With fresh set none of the
// jobs may be; every parent outside the inserted set must be.
func (e *enqueuer) look(fresh bool) error {
	var list, outside []job.ID
	for _, f := range e.family() {
		for _, j := range f.jobs {
			if fresh && (f == e || !e.built) {
				list = append(list, j.ID)
			}
			for _, d := range j.DependsOn {
				if !f.inside[d.Parent] {
					outside = append(outside, d.Parent)
				}
			}
		}
	}
	outside = sortedIDs(outside)
	stored := e.existing("jobs_existing", list)
	found := e.existing("parents_stored", outside)
	var now int64
	e.tx.QueueNow(&now)
	if err := e.tx.Flush(); err != nil {
		return err
	}
	e.at(now)
	if len(stored) > 0 {
		return store.ErrExists
	}
	for _, id := range outside {
		if !found[id] {
			return fmt.Errorf("%w %s", store.ErrUnknownParent, id)
		}
	}
	return nil
}

// existing queues the statement that finds which jobs are stored.
func (e *enqueuer) existing(statement string, list []job.ID) map[job.ID]bool {
	found := make(map[job.ID]bool)
	for page := range slices.Chunk(list, pageRows) {
		e.tx.QueueQuery(statement, func(r Row) error {
			var id job.ID
			err := r.Scan(&id)
			found[id] = true
			return err
		}, page)
	}
	return found
}

func (e *enqueuer) workflow(digest, hidden string) error {
	w := e.w
	said := rulesOf(w)
	said.MaxParallel, said.Tolerate, said.Items = e.bounds.MaxParallel, e.bounds.Tolerate, e.items
	rules, err := rulesText(said)
	if err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	status, parent := workflow.Running, []byte(nil)
	if e.of != (job.ID{}) {
		status, parent = workflow.Pending, e.of[:]
	}
	e.tx.QueueExec("insert_workflow", w.ID[:], w.Name, w.Description, string(status), string(w.FailurePolicy),
		int(priorityOf(w.Priority, nil)), string(w.Metadata), digest, microsUp(w.Timeout), microsUp(w.HealthCheckInterval),
		e.trace, e.parent, w.CorrelationID, len(w.Jobs), e.now, hidden, rules, parent)
	return nil
}

// all stores and starts everything in one transaction.
func (e *enqueuer) all(k *keyring) (store.Enqueued, error) {
	if err := e.store(0, len(e.jobs)); err != nil {
		return store.Enqueued{}, err
	}
	if err := e.storeParts(); err != nil {
		return store.Enqueued{}, err
	}
	done, err := e.start()
	done.IDs, done.Existing = k.ids, k.existing
	return done, err
}

// store stores the jobs at the positions from on and before to, with their
// states and the edges between jobs of the inserted set.
func (e *enqueuer) store(from, to int) error {
	specs := newChunk[jobInsert](e.tx, "insert_jobs", e.now)
	states := newChunk[stateInsert](e.tx, "insert_job_states")
	edges := newChunk[edgeRow](e.tx, "insert_edges")
	for i, j := range e.jobs[from:to] {
		spec, err := e.spec(from+i, j)
		if err != nil {
			return err
		}
		if err := specs.add(spec, len(spec.Payload)+len(spec.DependsOn)); err != nil {
			return err
		}
		if err := states.add(e.state(j, int(e.urgent[from+i].Priority)), 0); err != nil {
			return err
		}
		for _, d := range j.DependsOn {
			if !e.inside[d.Parent] {
				continue
			}
			if err := edges.add(newEdge(j, d), 0); err != nil {
				return err
			}
		}
	}
	specs.queue()
	states.queue()
	edges.queue()
	return nil
}

// start stores what makes others see the jobs: the edges from outside, the
// timers, and the roots that can be claimed.
func (e *enqueuer) start() (store.Enqueued, error) {
	var done store.Enqueued
	for _, f := range e.family() {
		if err := f.attach(&done); err != nil {
			return done, err
		}
	}
	var roots claimable
	var timers []timerRow
	var starting []job.ID
	if e.w != nil && e.w.HealthCheckInterval > 0 {
		timers = append(timers, timerRow{e.now + microsUp(e.w.HealthCheckInterval), timerStall, hexID(e.w.ID)})
	}
	if e.w != nil && e.w.Timeout > 0 {
		timers = append(timers, timerRow{e.now + microsUp(e.w.Timeout), timerWorkflow, hexID(e.w.ID)})
	}
	for _, j := range e.jobs {
		if j.Deadline > 0 {
			timers = append(timers, timerRow{e.now + microsUp(j.Deadline), timerDeadline, hexID(j.ID)})
		}
		if len(j.DependsOn) == 0 && !j.Finally && starts(j) { // CheckEdges does
			done.Checks = true
			starting = append(starting, j.ID)
		}
		if len(j.DependsOn) == 0 && !j.Finally && !starts(j) {
			scheduled := e.scheduled(j)
			roots.add(j.ID, scheduled, e.now)
			if scheduled <= e.now {
				done.Queues = append(done.Queues, j.Queue)
			}
		}
	}
	queueRows(e.tx, "insert_start_checks", starting)
	queueRows(e.tx, "insert_timers", timers)
	roots.queue(e.tx, e.now)
	done.Queues = sortedSet(done.Queues)
	done.Timer = len(roots.later)+len(timers) > 0
	return done, nil
}

// deadlines queues the timers of the jobs' deadlines.
func (e *enqueuer) deadlines() {
	var timers []timerRow
	for _, j := range e.jobs {
		if j.Deadline > 0 {
			timers = append(timers, timerRow{e.now + microsUp(j.Deadline), timerDeadline, hexID(j.ID)})
		}
	}
	queueRows(e.tx, "insert_timers", timers)
}

func newEdge(child *job.Job, d job.Dependency) edgeRow {
	return edgeRow{Parent: hexID(d.Parent), Child: hexID(child.ID), On: string(d.On), Optional: boolInt(d.Optional)}
}

func (e *enqueuer) spec(i int, j *job.Job) (jobInsert, error) {
	row := jobInsert{
		ID: hexID(j.ID), Position: e.first + i, Name: j.Name, Queue: j.Queue, Payload: string(j.Payload),
		Timeout: microsUp(j.Timeout), TraceID: j.TraceID, Correlation: j.CorrelationID, Barrier: j.Barrier,
		Priority: int(e.urgent[i].Own),
	}
	var retry job.RetryPolicy
	if e.w != nil {
		row.Workflow = hexID(e.w.ID)
		if e.w.Retry != nil {
			retry = *e.w.Retry
		}
		if row.TraceID == "" {
			row.TraceID, row.TraceParent = e.trace, e.parent
		}
		if row.Correlation == "" {
			row.Correlation = e.w.CorrelationID
		}
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
	if j.Deadline > 0 && e.of == (job.ID{}) { // else from when its workflow begins
		at := e.now + microsUp(j.Deadline)
		row.DeadlineAt = &at
	}
	row.DependsOn = parentList(j.DependsOn)
	rules := rulesOfJob(j, e.calm != nil && e.calm[i])
	rules.Passes = int(e.urgent[i].Passes)
	row.Rules, err = rulesText(rules)
	return row, err
}

func (e *enqueuer) state(j *job.Job, priority int) stateInsert {
	row := stateInsert{
		ID: hexID(j.ID), Status: string(job.Pending), Dependency: string(job.NoDependencies), Priority: priority,
		Join: string(j.Join.Rule), Quorum: j.Join.Quorum, Unresolved: len(j.DependsOn), ScheduledAt: e.scheduled(j),
	}
	if len(j.DependsOn) > 0 || j.Finally || starts(j) || e.bounds.MaxParallel > 0 {
		row.Dependency = string(job.Waiting)
	}
	if row.Join == "" {
		row.Join = string(job.JoinAll)
	}
	return row
}

// starts reports whether something happens by itself as soon as a job may run:
// something is evaluated, or it is suspended.
func starts(j *job.Job) bool {
	return j.Condition != "" || len(j.With) > 0 || j.Gate != nil || j.Parts != nil
}

// scheduled is from when on a job can be claimed.
func (e *enqueuer) scheduled(j *job.Job) int64 {
	at := max(e.now, micros(j.ScheduledAt))
	if j.Delay > 0 {
		at = max(at, e.now+microsUp(j.Delay))
	}
	return at
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
