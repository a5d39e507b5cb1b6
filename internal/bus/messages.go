package bus

import (
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// Pull is a worker's offer of slots, on PullSubject. It stands until TTL after
// it was sent; then the worker offers what is free anew.
type Pull struct {
	ID     string        `json:"id"` // of the offer; deliveries name it
	Worker string        `json:"worker"`
	Offers []Offer       `json:"offers"`
	TTL    time.Duration `json:"ttl"`
	Total  int           `json:"total,omitempty"`  // slots that the worker has, free or not
	Queues []string      `json:"queues,omitempty"` // that it serves; empty: every queue
}

// Offer is a number of free slots for jobs of some queues.
type Offer struct {
	Queues []string `json:"queues,omitempty"` // empty: every queue
	Slots  int      `json:"slots"`
}

// Deliver hands the jobs of one lease to a worker, on DeliverSubject. A lease
// travels in one message: the worker's first heartbeat accepts all of it.
type Deliver struct {
	Pull  string        `json:"pull"`
	Lease job.ID        `json:"lease"`
	TTL   time.Duration `json:"ttl"` // how long the lease stands without a heartbeat
	Jobs  []Job         `json:"jobs"`
}

// Job is a job on its way to a handler.
type Job struct {
	Job           job.ID        `json:"job"`
	Epoch         int64         `json:"epoch"`
	Workflow      job.ID        `json:"workflow"`
	WorkflowName  string        `json:"workflow_name,omitempty"`
	Name          string        `json:"name"`
	Queue         string        `json:"queue"`
	Payload       Text          `json:"payload"`
	Attempt       int           `json:"attempt"`
	MaxAttempts   int           `json:"max_attempts"`
	Timeout       time.Duration `json:"timeout,omitempty"`
	Priority      job.Priority  `json:"priority"`
	TraceID       string        `json:"trace_id,omitempty"`
	TraceParent   string        `json:"traceparent,omitempty"`
	CorrelationID string        `json:"correlation_id,omitempty"`
	Parents       []Parent      `json:"parents,omitempty"`
	Fetch         bool          `json:"fetch,omitempty"` // parents' results are to be fetched
}

// Parent is how a direct parent ended.
type Parent struct {
	Job    job.ID     `json:"id"`
	Name   string     `json:"name"`
	Status job.Status `json:"status"`
	Result Text       `json:"result,omitempty"`
}

// Heartbeat is a worker's sign of life for all leases it holds, a request on
// HeartbeatSubject. The first one accepts a lease.
type Heartbeat struct {
	Worker   string   `json:"worker"`
	Leases   []job.ID `json:"leases"`
	Total    int      `json:"total,omitempty"`  // slots that the worker has, free or not
	Queues   []string `json:"queues,omitempty"` // that it serves; empty: every queue
	Draining bool     `json:"draining,omitempty"`
	// Progress has what jobs of these leases told since the heartbeat before;
	// the last word on a job counts.
	Progress []Progress `json:"progress,omitempty"`
}

// Progress is how far a job has come, in its handler's words.
type Progress struct {
	LeaseJob
	Percent float64 `json:"percent"` // 0 to 100; below 0: unknown
	Message string  `json:"message,omitempty"`
}

// HeartbeatReply answers a Heartbeat. Leases that it does not name stand for
// another TTL.
type HeartbeatReply struct {
	TTL       time.Duration `json:"ttl"`
	Lost      []job.ID      `json:"lost,omitempty"`      // leases: stop all of their jobs
	Revoked   []LeaseJob    `json:"revoked,omitempty"`   // jobs: stop, the outcome is stale
	Cancelled []LeaseJob    `json:"cancelled,omitempty"` // jobs: stop, the outcome still counts
}

// LeaseJob names a job in a worker's hands.
type LeaseJob struct {
	Lease job.ID `json:"lease"`
	Job   job.ID `json:"job"`
}

// Control asks a worker to stop jobs, on ControlSubject: a hint, the next
// heartbeat's reply says the same.
type Control struct {
	Cancelled []LeaseJob `json:"cancelled"`
}

// Completed reports outcomes of one partition, a request on CompletedSubject or
// AnyCompletedSubject. The worker keeps them until the reply.
type Completed struct {
	Worker    string    `json:"worker"`
	Partition int       `json:"partition"`
	Outcomes  []Outcome `json:"outcomes"`
}

// Outcome is a job.Outcome on its way: see there.
type Outcome struct {
	job.Fence
	Kind       job.Kind      `json:"kind"`
	Result     Text          `json:"result,omitempty"`
	Error      string        `json:"error,omitempty"`
	Permanent  bool          `json:"permanent,omitempty"`
	Reason     job.Reason    `json:"reason,omitempty"`
	RetryAfter *job.Duration `json:"retry_after,omitempty"`
	Spawned    []Spawned     `json:"spawned,omitempty"`
}

// CompletedReply has one verdict per outcome, in order.
type CompletedReply struct {
	Verdicts []job.Verdict  `json:"verdicts"`
	Refused  map[int]string `json:"refused,omitempty"` // outcome → why it is rejected, if not for its result
}

// Fetch asks for results of the parents of a held job, a request on
// FetchSubject.
type Fetch struct {
	job.Fence
	Name  string `json:"name,omitempty"` // one parent alone
	After job.ID `json:"after"`          // zero: from the start
}

// FetchReply is one page. Next is zero on the last one.
type FetchReply struct {
	Parents []Parent `json:"parents"`
	Next    job.ID   `json:"next"`
	Lost    bool     `json:"lost,omitempty"`  // the job is no longer held
	Error   string   `json:"error,omitempty"` // try again
}

// Ready hints that there is something to do: on ReadySubject that a queue has
// claimable jobs, on CheckEdges and Timers what they say.
type Ready struct{}

// Event tells that jobs and workflows changed, on EventSubject: a hint for
// those who watch.
type Event struct {
	Jobs      []JobEvent      `json:"jobs,omitempty"`
	Workflows []WorkflowEvent `json:"workflows,omitempty"`
	Stalled   []StallEvent    `json:"stalled,omitempty"`
}

// JobEvent is a job's new status.
type JobEvent struct {
	Job      job.ID     `json:"id"`
	Workflow job.ID     `json:"workflow_id"`
	Name     string     `json:"name"`
	Status   job.Status `json:"status"`
	Reason   job.Reason `json:"reason,omitempty"`
	Attempt  int        `json:"attempt"`
	Worker   string     `json:"worker,omitempty"`
	Error    string     `json:"error,omitempty"`
}

// StallEvent says that nothing has moved in a workflow for its health check
// interval.
type StallEvent struct {
	Workflow job.ID       `json:"id"`
	Name     string       `json:"name"`
	Still    job.Duration `json:"still"` // for how long by now
}

// WorkflowEvent is a workflow's new status.
type WorkflowEvent struct {
	Workflow job.ID `json:"id"`
	Name     string `json:"name"`
	Status   string `json:"status"`
}
