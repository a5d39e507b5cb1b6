package workflow

import "github.com/hammerwork/hammerwork/pkg/job"

// PartsKind says what a job is made of.
type PartsKind string

// The kinds of parts.
const (
	PartsBatch    PartsKind = "batch"    // items that are known at the enqueue
	PartsMap      PartsKind = "map"      // an item for each element of a list that is worked out when the job may run
	PartsWorkflow PartsKind = "workflow" // a workflow
)

// BatchMode says what failed items make of their batch.
type BatchMode string

// The modes. ContinueOnError is the default.
const (
	ContinueOnError BatchMode = "continue_on_error" // it completes, and its result lists them
	CollectErrors   BatchMode = "collect_errors"    // all run, then it fails with all errors
	BatchFailFast   BatchMode = "fail_fast"         // the first cancels the rest, and the batch fails
)

// Parts make a job one without work of its own: from when it could start it is
// suspended, and what it is made of runs as a workflow of its own, which is
// listed under the job. It is cancelled, paused and resumed with the job's
// workflow, and its end ends the job. A job of parts has no attempts: retry
// policy, timeout and priority are those of its items.
type Parts struct {
	Kind PartsKind

	// Of a batch and a workflow: what runs. It is stored with the job and waits
	// as pending. A batch's has a job for each item and no edges.
	Workflow *Workflow

	Mode BatchMode // of a batch

	// Of a map: a CEL expression over the same things as a condition; it must come to
	// a list. Each element makes an item, name[0], name[1] and on, whose payload
	// is the job's payload, an object or null, with the fields item and index. An
	// empty list completes the job with the result [].
	Over        string
	MaxParallel int // how many items run or wait for a worker at once, those in back-off included; 0: all
	Tolerate    int // so many failed items don't fail the map; -1: any number
}

// Name implements job.Parts.
func (p *Parts) Name() string { return string(p.Kind) }

// PartsOf returns what a job is made of; nil: it has work of its own.
func PartsOf(j *job.Job) *Parts {
	p, _ := j.Parts.(*Parts)
	return p
}

// NewBatch returns a job made of items, one for each payload, which run in any
// order on queue. Others depend on it as on any job. Its result is a BatchResult.
func NewBatch(queue string, payloads []any) *job.Job {
	items := NewWorkflow("")
	for _, p := range payloads {
		items.Jobs = append(items.Jobs, job.New(queue, p))
	}
	return &job.Job{ID: job.NewID(), Queue: queue, Parts: &Parts{Kind: PartsBatch, Workflow: items}}
}

// WithBatchMode sets what failed items make of a batch.
func WithBatchMode(j *job.Job, m BatchMode) *job.Job {
	if p := PartsOf(j); p != nil {
		p.Mode = m
	}
	return j
}

// NewMap returns a job that makes an item for each element of the list that
// over, a CEL expression, comes to when the job may run. payload is what they
// have in common: an object or nil. Its result is the list of their results,
// with null for an item that failed and was tolerated.
func NewMap(queue, over string, payload any) *job.Job {
	j := job.New(queue, payload)
	j.Parts = &Parts{Kind: PartsMap, Over: over}
	return j
}

// WithMaxParallel bounds how many items of a map run at once.
func WithMaxParallel(j *job.Job, n int) *job.Job {
	if p := PartsOf(j); p != nil {
		p.MaxParallel = n
	}
	return j
}

// WithTolerate lets a map complete with up to n failed items; -1: any number.
func WithTolerate(j *job.Job, n int) *job.Job {
	if p := PartsOf(j); p != nil {
		p.Tolerate = n
	}
	return j
}

// WorkflowQueue is where jobs that are workflows are said to be; nobody serves it.
const WorkflowQueue = "workflow"

// AsJob returns a job of another workflow that is this workflow: it runs when
// the job may, and its end is the job's. The job's result is an object of the
// results of the jobs that nothing in w depends on, by name.
func (w *Workflow) AsJob(name string) *job.Job {
	return &job.Job{ID: job.NewID(), Name: name, Queue: WorkflowQueue, Parts: &Parts{Kind: PartsWorkflow, Workflow: w}}
}

// PartsEnd returns how a job ends whose parts have ended as a workflow with
// status; overdue says that its deadline had passed.
func PartsEnd(kind PartsKind, mode BatchMode, status Status, overdue bool) (job.Status, job.Reason) {
	switch {
	case status == Completed, kind == PartsBatch && status == Failed && !overdue && (mode == ContinueOnError || mode == ""):
		return job.Completed, ""
	case status == Cancelled:
		return job.Cancelled, job.ReasonUser
	case overdue:
		return job.TimedOut, job.ReasonDeadline
	}
	return job.Failed, job.ReasonParts
}
