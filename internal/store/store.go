package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Store is everything. Each service declares the part it calls.
type Store interface {
	Enqueuer
	Claimer
	Resolver
	Assembler
	Gatekeeper
	Timekeeper
	Keeper
	Steerer
	Reader
	Lister
	Operator
	Planner
	Ticker
	Registrar
	Sharer
	// Ready returns nil when the database answers and has the schema of this
	// build; ErrOlderSchema or ErrNewerSchema when it has another.
	Ready(ctx context.Context) error
	Close() error
}

// Enqueuer stores new work.
type Enqueuer interface {
	// EnqueueWorkflow stores a validated workflow with its jobs and edges, all
	// or nothing. Jobs without parents become claimable at once or at their time.
	// Parents outside the workflow must exist (ErrUnknownParent); their edges
	// are resolved by CheckEdges. Enqueueing an id that exists already changes
	// nothing and returns ErrExists, so an unknown commit can be repeated. With
	// a key that is stored for the same request it changes nothing and returns
	// what that made; for another request it is ErrKeyReused.
	EnqueueWorkflow(ctx context.Context, w *workflow.Workflow, o EnqueueOptions) (Enqueued, error)
	// EnqueueJobs stores jobs that belong to no workflow, under the same rules.
	// They must have passed workflow.ValidateJobs; more than MaxEnqueue are
	// ErrTooMany. keys is nil or as long as jobs. A job whose key made another
	// one before is left out, and what depends on it depends on that one.
	EnqueueJobs(ctx context.Context, jobs []*job.Job, keys []Key) (Enqueued, error)
}

// EnqueueOptions are what an enqueue of a workflow may say besides.
type EnqueueOptions struct {
	Digest string // identifies the definition it came from; may be empty
	Key    Key
}

// Enqueued says what an enqueue stored and whom to wake after it.
type Enqueued struct {
	IDs      []job.ID // of the workflow, or parallel to the jobs: its own or that of its key
	Existing []bool   // parallel to IDs: its key was there already, with the same request

	Queues []string // queues that got claimable jobs, sorted
	Checks bool     // edges wait for CheckEdges, or parts for CheckParts
	Timer  bool     // a timer was set
}

// MaxEnqueue bounds the jobs without a workflow that one EnqueueJobs stores.
const MaxEnqueue = 20_000

// ErrTooMany says that an EnqueueJobs is about more jobs than MaxEnqueue.
var ErrTooMany = fmt.Errorf("at most %d jobs without a workflow are enqueued at once; enqueue them in parts, or as a workflow", MaxEnqueue)

// ErrExists says that the id to be enqueued is stored already.
var ErrExists = errors.New("already exists")

// ErrNewerSchema says that the database was written by a newer version.
var ErrNewerSchema = errors.New("the data was written by a newer version of hammerwork")

// ErrNoObject says that a payload is to replace one to which inputs, or the items
// of a map, are added, and is not an object.
var ErrNoObject = errors.New("with and map add fields to the payload, so it must be an object")

// ErrUnread says that a payload is for a job that has no work of its own: a gate,
// a batch or a workflow.
var ErrUnread = errors.New("the job has no work of its own: nobody reads a payload of it")

// ErrUnknownParent says that a job depends on a job that is not stored.
var ErrUnknownParent = errors.New("unknown parent")

// EmbeddedWorkers begins the names of workers that live and die with the engine
// that owns their database. Workers of other processes are never called so.
const EmbeddedWorkers = "embedded/"

// Grant is what a dispatcher asks a claim for: jobs for one worker under one
// lease.
type Grant struct {
	Lease  job.ID   // random, chosen by the caller before the transaction
	Worker string   // who will hold it
	Queues []string // which queues it serves; nil: all
	Limit  int      // at most this many jobs, > 0
}

// MaxClaim bounds the jobs that one Claim gives to all grants together.
const MaxClaim = 1000

// MaxLeaseBytes bounds the jobs of one lease, as they travel, unless it has
// only one: a lease travels in one message.
const MaxLeaseBytes = 512 << 10

// Lease is what a grant got, or a part of it: what is too large for one
// message takes several leases.
type Lease struct {
	ID     job.ID // the grant's, or derived from it
	Grant  job.ID // the grant's Lease
	Worker string
	TTL    time.Duration // until it expires if nobody accepts it
	Jobs   []Claimed     // highest priority first, then by scheduled time, then id
}

// Claimed is one job of a lease, with all that its handler needs.
type Claimed struct {
	Fence         job.Fence
	Workflow      job.ID // zero: none
	WorkflowName  string
	Name          string
	Queue         string
	Payload       json.RawMessage
	Attempt       int // from 1; a retry of its workflow counts on
	Budget        int // the same as MaxAttempts counts it: from 1 in each run
	MaxAttempts   int
	Timeout       time.Duration // 0: none
	Priority      job.Priority
	TraceID       string
	TraceParent   string
	CorrelationID string
	Parents       []ParentResult // inline results; nil when Fetch is set
	Fetch         bool           // the parents' results are too large together: use ParentResults
}

// ParentResult is how a direct parent of a job ended.
type ParentResult struct {
	Job    job.ID          `json:"id"`
	Name   string          `json:"name"`
	Status job.Status      `json:"status"`
	Result json.RawMessage `json:"result,omitempty"`
}

// Beat is a worker's sign of life for one lease.
type Beat struct {
	Lease    job.ID
	Worker   string
	Progress []Progress // what handlers said since the last beat
}

// MaxProgressMessage bounds a message of a Progress, in bytes; what is over it
// is cut off.
const MaxProgressMessage = 500

// Progress is how far a handler says it is with a held job.
type Progress struct {
	Job     job.ID
	Percent float64 // 0 to 100; below 0: unknown
	Message string
}

// Beaten answers a Beat.
type Beaten struct {
	Lease     job.ID
	Lost      bool     // the lease is gone or not this worker's: stop all of its jobs
	Revoked   []job.ID // jobs of it that are no longer held: stop them, their outcome is stale
	Cancelled []job.ID // jobs of it that should stop; their outcome still counts
}

// Claimer hands out jobs.
type Claimer interface {
	// Claim gives each grant up to Limit claimable jobs, all of them together up
	// to MaxClaim, and stores a lease for
	// each grant that got any; several when they are over MaxLeaseBytes. No job is given twice, whoever else claims.
	// The order is by priority, scheduled time and id; paused queues give
	// nothing. A queue with weights gets as many places as in this order, and its
	// priorities share them: each has its share of the turns, within a job or so
	// for each process that claims; a turn of one that has no more jobs goes to
	// the highest that has. With repeat set, a grant whose leases exist gets their jobs
	// again: use it after a Claim of unknown outcome.
	Claim(ctx context.Context, grants []Grant, repeat bool) ([]Lease, error)
	// Extend accepts and prolongs leases: each that exists and belongs to the
	// worker expires a full lease from now. It answers every beat, in order. The
	// progress of a job replaces what it said before; it goes with the lease.
	// Many leases take several transactions: after an error some are extended.
	Extend(ctx context.Context, beats []Beat) ([]Beaten, error)
	// ParentResults returns a page of the results of the direct parents of a
	// held job, by parent id, from after cursor (zero: the start); next is zero
	// on the last page. name, when not empty, asks for that parent alone.
	// ErrLeaseLost when the fence does not hold.
	ParentResults(ctx context.Context, fence job.Fence, name string, after job.ID) (page []ParentResult, next job.ID, err error)
}

// Resolver records how attempts end.
type Resolver interface {
	// Resolve ends attempts and applies all that follows in one transaction,
	// in a number of statements that does not depend on the number of
	// outcomes. An outcome that spawned jobs has a transaction of its own, and those
	// before and after it, too; the jobs are stored exactly if it counts. After an error
	// some of these transactions may have been committed. Verdicts are in the order of outcomes. Repeating a call is
	// harmless: what was committed before is then Committed again if the
	// outcome is the one that ended its job, else Stale.
	// With an error it returns what it did before: the verdicts are those of
	// the first outcomes.
	Resolve(ctx context.Context, outcomes []job.Outcome) (Resolution, error)
	// CheckEdges resolves up to limit edges whose parents may have ended
	// before, while or after they were enqueued from outside, and a page of the
	// edges that were too many for the transactions that ended their parents.
	// A check that fails holds up no other: with an error it returns what it did.
	CheckEdges(ctx context.Context, limit int) (Resolution, error)
}

// Resolution is what a transaction changed, for hints, events and metrics.
type Resolution struct {
	Verdicts  []job.Verdict  // Resolve only
	Refused   map[int]string // outcome → why it was rejected, where there is more to say than that its result is at fault
	Queues    []string       // queues that got claimable jobs, sorted
	Jobs      []JobEvent     // jobs whose status changed, in the order it happened
	Workflows []WorkflowEvent
	Control   []Held // held jobs that should stop
	Stalled   []StallEvent
	Checks    bool // edges wait for CheckEdges, or parts for CheckParts
	Timer     bool // a timer was set that may be due before FireTimers said
	Done      int  // how many timers, leases or checks were handled; equal to the limit: call again
}

// JobEvent is a job's new status.
type JobEvent struct {
	Job      job.ID
	Workflow job.ID
	Name     string
	Status   job.Status
	Reason   job.Reason
	Attempt  int
	Error    string
}

// WorkflowEvent is a workflow's new status.
type WorkflowEvent struct {
	Workflow job.ID
	Name     string
	Status   workflow.Status
}

// StallEvent says that nothing moved in a workflow for its health check
// interval: no job of it ended or was claimed.
type StallEvent struct {
	Workflow job.ID
	Name     string
	Still    time.Duration // since when
}

// Held is a job in a worker's hands.
type Held struct {
	Fence  job.Fence
	Worker string
}

// Timekeeper does what time asks for. All of it may be called by any number of
// schedulers at once.
type Timekeeper interface {
	// FireTimers handles up to limit due timers: delayed and retrying jobs
	// become claimable, deadlines end their job or cancel their workflow,
	// grace periods of cancelled workflows and jobs end. Each kind has its share
	// of the limit, and what others leave of theirs. A delayed job that another
	// transaction holds is left to a later call. next is how long until the next
	// timer is due, or until to look again; negative when there is none.
	FireTimers(ctx context.Context, limit int) (r Resolution, next time.Duration, err error)
	// Overdue counts the accepted leases that have expired and have not been
	// ended.
	Overdue(ctx context.Context) (Overdue, error)
	// ExpireLeases ends up to limit leases that have expired: accepted jobs
	// lose an attempt, jobs never accepted are given back. A look for them that
	// takes longer than a moment is an error and ends none: the database was
	// away, and heartbeats with it.
	ExpireLeases(ctx context.Context, limit int) (Resolution, error)
}

// Overdue is how many accepted leases have expired, and how many have not.
type Overdue struct {
	Leases   int // that have expired
	Workers  int // that hold them
	Standing int // leases that have not expired; counted up to Leases
}

// Reader answers questions. It never blocks writers.
type Reader interface {
	// Workflow returns a workflow without its jobs, or ErrNotFound.
	Workflow(ctx context.Context, id job.ID) (WorkflowRecord, error)
	// WorkflowStatus returns the status of a workflow, or ErrNotFound. Unlike
	// Workflow it looks at none of its jobs: it is for those who wait.
	WorkflowStatus(ctx context.Context, id job.ID) (workflow.Status, error)
	// OpenWorkflow returns the newest workflow that has not ended and was
	// enqueued with digest, or ErrNotFound.
	OpenWorkflow(ctx context.Context, digest string) (job.ID, error)
	// OtherOpenWorkflow returns the name of a workflow that has not ended and
	// was enqueued with another digest, or ErrNotFound.
	OtherOpenWorkflow(ctx context.Context, digest string) (name string, err error)
	// WorkflowJobs returns a page of its jobs, at most MaxPage, in the order of
	// its definition, with payloads and results. from is the position of the
	// first; next is that of the next page, 0 after the last.
	WorkflowJobs(ctx context.Context, id job.ID, from, limit int) (page []JobRecord, next int, err error)
	// EdgesInto returns the edges into jobs, in no order.
	EdgesInto(ctx context.Context, children []job.ID) ([]EdgeRecord, error)
	// JobNames returns the names of those jobs of a list that belong to a workflow.
	JobNames(ctx context.Context, id job.ID, list []job.ID) (map[job.ID]string, error)
	// JobIDs returns the ids of those jobs of a workflow that have one of some
	// names, at most MaxPage.
	JobIDs(ctx context.Context, id job.ID, names []string) (map[string]job.ID, error)
	// Job returns one job with its attempts, or ErrNotFound.
	Job(ctx context.Context, id job.ID) (JobRecord, error)
	// Spawned returns a page of the jobs that the handler of a job spawned, by
	// id, from after a job's id (zero: the start).
	Spawned(ctx context.Context, spawner, after job.ID, limit int) ([]job.ID, error)
	// SpawnersOf returns whose handlers spawned those jobs of a list that were
	// spawned.
	SpawnersOf(ctx context.Context, jobs []job.ID) (map[job.ID]job.ID, error)
	// Explain returns all that bears on whether a job can be claimed now, or
	// ErrNotFound. At most MaxPage parents are listed: those that it waits for,
	// or that decided against it, first.
	Explain(ctx context.Context, id job.ID) (Standing, error)
	// Audit returns a page of what people did to a workflow, oldest first, from
	// after an entry's id (zero: the start).
	Audit(ctx context.Context, workflow, after job.ID, limit int) ([]AuditRecord, error)
	// Events returns a page of what happened in a workflow, oldest first, from
	// after a place. While it is open the last EventSettled is left out.
	Events(ctx context.Context, workflow job.ID, after EventPlace, limit int) ([]EventRecord, error)
	// Causes groups what could not run in a workflow by the first failure that
	// it goes back to: at most limit of them, the widest first.
	Causes(ctx context.Context, workflow job.ID, limit int) ([]Cause, error)
}

// WorkflowRecord is a workflow as stored.
type WorkflowRecord struct {
	ID             job.ID
	Name           string
	Description    string
	Status         workflow.Status
	Reason         job.Reason
	FailurePolicy  workflow.FailurePolicy
	CancelRunning  bool // fail_fast stops what runs, too
	Failing        bool
	UserPaused     bool
	Undecided      int             // failures that wait for a decision
	Unforgiven     int             // failures and cancelled jobs that are neither tolerated nor decided to be
	DecidedAfter   time.Duration   // how long a failure waits for a decision until the default holds; 0: for good
	DecidedAs      workflow.Action // that default; empty: cancel
	StallAfter     time.Duration   // health check interval; 0: none
	Timeout        time.Duration   // as it was enqueued; 0: none
	DeadlineAt     time.Time       // zero: none
	Priority       job.Priority
	Metadata       json.RawMessage
	Run            int
	TraceID        string
	CorrelationID  string
	Schedule       string    // that made it; empty: none
	ScheduledFor   time.Time // the tick of the schedule
	Tally          workflow.Tally
	Running        int // jobs held under a lease
	Retrying       int
	Suspended      int
	CreatedAt      time.Time
	StartedAt      time.Time // zero: not yet
	FinishedAt     time.Time // zero: not yet
	ParentJob      job.ID    // that it is run as; zero: none
	ParentWorkflow job.ID    // of that job; zero: none
}

// JobRecord is a job as stored.
type JobRecord struct {
	ID               job.ID
	Workflow         job.ID
	WorkflowName     string
	Name             string
	Queue            string
	Payload          json.RawMessage
	DependsOn        []job.ID
	Status           job.Status // Running when held
	DependencyStatus job.DependencyStatus
	Reason           job.Reason
	Cause            job.ID
	Error            string
	Result           json.RawMessage
	Priority         job.Priority // in effect
	OwnPriority      job.Priority // lower when what depends on it, and inherits, lifted it
	Attempts         int          // counted so far
	MaxAttempts      int
	Epoch            int64
	Worker           string    // who holds it, or held it last
	Progress         *Progress // of a held job whose handler said some
	TraceID          string
	CorrelationID    string
	Barrier          bool
	CreatedAt        time.Time
	ScheduledAt      time.Time
	StartedAt        time.Time // of the last claim, or since it was suspended; zero: never
	FinishedAt       time.Time // zero: not yet
	Condition        string
	Unmet            job.Unmet
	With             map[string]string
	AllowFailure     bool
	Finally          bool
	Catch            bool
	Timeout          time.Duration   // of an attempt; 0: none; left out of lists, as is Retry
	Retry            job.RetryPolicy // with its defaults
	Deadline         time.Duration   // from the enqueue, or a retry; 0: none
	Delay            time.Duration   // from the enqueue, as it was asked for; 0: none
	NotBefore        time.Time       // as it was asked for; zero: at once
	Inherit          bool            // what it depends on has at least its priority
	Gate             *GateRecord     // nil: it is none
	Parts            *PartsRecord    // nil: it has work of its own
	Tolerated        bool            // a failure of it does not fail the workflow
	Decision         workflow.Action // about its failure; empty: none was asked for
	Run              int             // of its workflow, in which it was reset last; 1: never
	Earlier          int             // attempts of earlier runs: the attempt's number counts on from there
	SpawnedBy        job.ID          // Job only: whose handler spawned it; zero: nobody's
	History          []AttemptRecord // Job only: attempts that did not complete, oldest first
	Evaluation       *Evaluation     // Job only; nil: nothing was evaluated yet
	Runs             []RunRecord     // Job only: how earlier runs ended, oldest first
}

// EdgeRecord is an edge between two jobs.
type EdgeRecord struct {
	Parent, Child job.ID
	On            job.On
	Optional      bool
	State         workflow.EdgeState
	Join          job.Join // of the child
	Spawned       bool     // the handler of the parent spawned the child
}

// AttemptRecord is one attempt that did not complete.
type AttemptRecord struct {
	Epoch      int64 // of its claim
	Attempt    int   // what the budget had counted when it ended; give-backs repeat it
	Lease      job.ID
	Worker     string
	Outcome    job.Kind
	Error      string
	StartedAt  time.Time
	FinishedAt time.Time
}
