package workflow

import (
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/plainjson"
)

// NewWorkflow returns an empty workflow. Its builder works in stages: Add and
// AddParallel add to the current stage, Then opens the next one. Every job of
// a stage depends on every job of the stage before it, in addition to what it
// already depends on; a parent that it names itself is not added again. Where
// that would make over MaxDirect edges, a barrier stands between the stages: a
// job without work, which completes once the stage before has, and which the
// next one waits for. Its jobs don't get the results of the stage before then.
func NewWorkflow(name string) *Workflow {
	return &Workflow{ID: job.NewID(), Name: name}
}

// Add adds a job to the current stage.
func (w *Workflow) Add(j *job.Job) *Workflow { return w.AddParallel(j) }

// MaxDirect is how many edges the builder makes from one stage to the next
// without a barrier.
const MaxDirect = 10_000

// dependency is an edge that the builder made.
type dependency struct {
	child  *job.Job
	parent job.ID
}

// AddParallel adds jobs to the current stage. Finally jobs belong to none.
func (w *Workflow) AddParallel(jobs ...*job.Job) *Workflow {
	for _, j := range jobs {
		if j.Finally {
			w.AddHandlers(j)
			continue
		}
		w.waitForStage(j)
		w.Jobs = append(w.Jobs, j)
		w.stage = append(w.stage, j)
	}
	return w
}

// AddHandlers adds jobs outside of the stages, such as those that handle
// failures: they depend only on what they name themselves, and no stage waits
// for them.
func (w *Workflow) AddHandlers(jobs ...*job.Job) *Workflow {
	w.Jobs = append(w.Jobs, jobs...)
	return w
}

// waitForStage makes j depend on the stage before, through a barrier if there
// is one or must be. What looks at each parent gets none: other joins than all,
// conditions, inputs and lists of maps.
func (w *Workflow) waitForStage(j *job.Job) {
	parts := PartsOf(j)
	if j.Join.Rule.Canonical() != job.JoinAll || j.Condition != "" || len(j.With) > 0 || parts != nil && parts.Kind == PartsMap {
		waitFor(j, w.before)
		return
	}
	if w.barrier == nil {
		had := len(j.DependsOn)
		waitFor(j, w.before)
		for _, d := range j.DependsOn[had:] {
			w.direct = append(w.direct, dependency{j, d.Parent})
		}
		if len(w.direct) > MaxDirect {
			w.stand()
		}
		return
	}
	waitFor(j, []*job.Job{w.barrier})
}

// stand puts a barrier between the stages, in place of the edges that were made
// between them.
func (w *Workflow) stand() {
	w.barrier = &job.Job{ID: job.NewID(), Queue: BarrierQueue, Payload: []byte("null"), Barrier: true}
	w.barrier.DependsOnJobs(w.before...)
	made := make(map[*job.Job]map[job.ID]bool)
	var children []*job.Job
	for _, d := range w.direct {
		if made[d.child] == nil {
			made[d.child] = make(map[job.ID]bool)
			children = append(children, d.child)
		}
		made[d.child][d.parent] = true
	}
	for _, j := range children {
		j.DependsOn = slices.DeleteFunc(j.DependsOn, func(d job.Dependency) bool { return made[j][d.Parent] })
		waitFor(j, []*job.Job{w.barrier})
	}
	w.direct = nil
	at := len(w.Jobs)
	if len(w.stage) > 0 {
		at = slices.Index(w.Jobs, w.stage[0])
	}
	w.Jobs = slices.Insert(w.Jobs, at, w.barrier)
}

// BarrierQueue is where the builder's barriers are said to be; nobody serves it.
const BarrierQueue = "barrier"

// waitFor makes j depend on those of parents that it does not depend on yet,
// by id or by name.
func waitFor(j *job.Job, parents []*job.Job) {
	ids, names := make(map[job.ID]bool), make(map[string]bool)
	for _, d := range j.DependsOn {
		if d.Parent != (job.ID{}) {
			ids[d.Parent] = true
		} else {
			names[d.Name] = true
		}
	}
	for _, p := range parents {
		if !ids[p.ID] && (p.Name == "" || !names[p.Name]) {
			j.DependsOnJobs(p)
		}
	}
}

// Then opens the next stage with jobs: each waits for every job of the stage
// before.
func (w *Workflow) Then(jobs ...*job.Job) *Workflow {
	if len(w.stage) > 0 {
		w.before, w.stage, w.direct, w.barrier = w.stage, nil, nil, nil
	}
	return w.AddParallel(jobs...)
}

// WithDescription sets the text shown beside the name.
func (w *Workflow) WithDescription(text string) *Workflow { w.Description = text; return w }

// WithMetadata sets the metadata: anything that encodes as a JSON object.
func (w *Workflow) WithMetadata(v any) *Workflow {
	w.Metadata, w.err = plainjson.Marshal(v)
	return w
}

// WithFailurePolicy sets what a failure does to the rest.
func (w *Workflow) WithFailurePolicy(p FailurePolicy) *Workflow { w.FailurePolicy = p; return w }

// WithRunning sets what a failure under FailFast does to jobs that run.
func (w *Workflow) WithRunning(d Drain) *Workflow { w.Running = d; return w }

// WithDecisionTimeout sets the decision about a failure under Manual that
// holds when nobody has made one for so long: ActionAccept, ActionSkip or
// ActionCancel.
func (w *Workflow) WithDecisionTimeout(d time.Duration, otherwise Action) *Workflow {
	w.DecisionTimeout, w.DecisionDefault = d, otherwise
	return w
}

// WithPriority sets the priority of jobs that have none of their own.
func (w *Workflow) WithPriority(p job.Priority) *Workflow { w.Priority = &p; return w }

// WithRetry sets the retry policy of jobs that have none of their own.
func (w *Workflow) WithRetry(p job.RetryPolicy) *Workflow { w.Retry = &p; return w }

// WithTimeout sets the deadline, measured from the enqueue.
func (w *Workflow) WithTimeout(d time.Duration) *Workflow { w.Timeout = d; return w }

// WithHealthCheckInterval sets after how long without movement a stall is
// reported.
func (w *Workflow) WithHealthCheckInterval(d time.Duration) *Workflow {
	w.HealthCheckInterval = d
	return w
}

// WithTraceID sets the trace id, 32 hex digits.
func (w *Workflow) WithTraceID(id string) *Workflow { w.TraceID = id; return w }

// WithCorrelationID sets the caller's own id that logs and events carry.
func (w *Workflow) WithCorrelationID(id string) *Workflow { w.CorrelationID = id; return w }

// WithSchedule makes the workflow one of which each tick makes an instance.
func (w *Workflow) WithSchedule(s Schedule) *Workflow { w.Schedule = &s; return w }
