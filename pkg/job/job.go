package job

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/hammerwork/hammerwork/pkg/plainjson"
)

// Job is what a user hands in: the part of a job that never changes. Build it
// with New and the chained setters, which change and return the same job, or
// fill the fields.
type Job struct {
	ID            ID              // chosen by New
	Name          string          // unique within its workflow; empty: the queue's name, numbered
	Queue         string          // which handler serves it
	Payload       json.RawMessage // any JSON; empty means null
	DependsOn     []Dependency
	Join          Join
	Priority      *Priority     // nil: the workflow's, else normal
	Inherit       bool          // what it waits for, directly or not, has at least its priority
	Retry         *RetryPolicy  // nil: the workflow's, else the defaults
	Timeout       time.Duration // bound of one attempt; 0: none
	Deadline      time.Duration // the job must have ended this long after its enqueue; 0: none
	ScheduledAt   time.Time     // not claimable before; zero: at once
	Delay         time.Duration // the same, measured from the enqueue by the database's clock; 0: none
	Cron          string        // its own, in a workflow that is a schedule: not claimable before its first tick in an instance; empty: none
	TraceID       string        // 32 hex digits; empty: the workflow's
	CorrelationID string        // empty: the workflow's
	Barrier       bool          // has no work: completes by itself as soon as it could start
	Gate          *Gate         // has no work: waits for an approval, a signal or a time; nil: it has
	Parts         Parts         // is made of other jobs, a *workflow.Parts; nil: it has work of its own

	Condition    string            // CEL, asked once its join says run; empty: none
	Unmet        Unmet             // what a condition that says no makes of it; empty: UnmetSkip
	With         map[string]string // name → CEL: fields that its handler finds in the payload besides
	AllowFailure bool              // its failure does not fail the workflow, and what waits for it sees a completion
	Finally      bool              // runs when every other job of its workflow has ended, whatever happened
	Catch        bool              // its completion absolves the failures that let it run

	err error // the payload could not be encoded
}

// New returns a job for a queue. payload is anything encoding/json takes; a
// json.RawMessage is kept byte for byte. A payload that cannot be encoded is
// reported by Err and by the workflow's validation.
func New(queue string, payload any) *Job {
	j := &Job{ID: NewID(), Queue: queue}
	if raw, ok := payload.(json.RawMessage); ok {
		j.Payload = raw
		return j
	}
	j.Payload, j.err = plainjson.Marshal(payload)
	return j
}

// Err returns why the payload given to New could not be encoded, or nil.
func (j *Job) Err() error {
	if j.err == nil {
		return nil
	}
	return fmt.Errorf("payload: %w", j.err)
}

// WithName sets the name others in the workflow depend on it by.
func (j *Job) WithName(name string) *Job { j.Name = name; return j }

// DependsOnJobs makes j wait for the success of parents.
func (j *Job) DependsOnJobs(parents ...*Job) *Job {
	return j.dependsOn("", parents)
}

// DependsOnIDs makes j wait for the success of jobs known by id, which may be
// in another workflow or in none.
func (j *Job) DependsOnIDs(parents ...ID) *Job {
	for _, p := range parents {
		j.DependsOn = append(j.DependsOn, Dependency{Parent: p})
	}
	return j
}

// DependsOnNames makes j wait for the success of jobs of the same workflow.
func (j *Job) DependsOnNames(names ...string) *Job {
	for _, n := range names {
		j.DependsOn = append(j.DependsOn, Dependency{Name: n})
	}
	return j
}

// DependsOnFailure makes j wait for the failure of parents: it runs when they
// failed, and is skipped when they completed.
func (j *Job) DependsOnFailure(parents ...*Job) *Job { return j.dependsOn(OnFailure, parents) }

// DependsOnDone makes j wait for the end of parents, however they end.
func (j *Job) DependsOnDone(parents ...*Job) *Job { return j.dependsOn(OnDone, parents) }

func (j *Job) dependsOn(on On, parents []*Job) *Job {
	for _, p := range parents {
		j.DependsOn = append(j.DependsOn, Dependency{Parent: p.ID, On: on})
	}
	return j
}

// DependsOnEdges makes j wait for what each edge says: for parents by id or by
// name, for any of their outcomes, optional or not.
func (j *Job) DependsOnEdges(edges ...Dependency) *Job {
	j.DependsOn = append(j.DependsOn, edges...)
	return j
}

// WithJoin sets when j runs, of what its parents came to.
func (j *Job) WithJoin(rule JoinRule) *Job { j.Join = Join{Rule: rule}; return j }

// WithQuorum lets j run as soon as n of the edges into it are active.
func (j *Job) WithQuorum(n int) *Job { j.Join = Join{Rule: JoinQuorum, Quorum: n}; return j }

// WithCondition sets a CEL expression that is asked once, when the join says
// run. When it says no, j is skipped, unless WithUnmet says otherwise.
func (j *Job) WithCondition(cel string) *Job { j.Condition = cel; return j }

// WithUnmet sets what becomes of j when its condition says no.
func (j *Job) WithUnmet(u Unmet) *Job { j.Unmet = u; return j }

// WithInput adds a field to what the handler finds in the payload: the value
// of a CEL expression, which may speak of the parents' results. It takes the
// place of a field of that name.
func (j *Job) WithInput(name, cel string) *Job {
	if j.With == nil {
		j.With = make(map[string]string)
	}
	j.With[name] = cel
	return j
}

// WithAllowFailure lets a failure of j count as a completion: for what waits
// for it, and for its workflow. Its status stays.
func (j *Job) WithAllowFailure() *Job { j.AllowFailure = true; return j }

// AsFinally lets j run once, when every other job of its workflow has ended,
// whatever happened. It depends on nothing, and nothing depends on it.
func (j *Job) AsFinally() *Job { j.Finally = true; return j }

// AsCatch lets the completion of j absolve the failures that let it run, so
// that they don't fail the workflow. It needs an edge of DependsOnFailure or
// DependsOnDone.
func (j *Job) AsCatch() *Job { j.Catch = true; return j }

// WithPriority sets the priority.
func (j *Job) WithPriority(p Priority) *Job { j.Priority = &p; return j }

// WithInherit lifts what j waits for, and what that waits for, to at least the
// priority of j, so that less urgent work does not hold it up.
func (j *Job) WithInherit() *Job { j.Inherit = true; return j }

// WithRetry sets the retry policy, which beats the workflow's.
func (j *Job) WithRetry(p RetryPolicy) *Job { j.Retry = &p; return j }

// WithTimeout bounds each attempt.
func (j *Job) WithTimeout(d time.Duration) *Job { j.Timeout = d; return j }

// WithDeadline bounds the time from the enqueue to the job's end.
func (j *Job) WithDeadline(d time.Duration) *Job { j.Deadline = d; return j }

// WithDelay keeps the job from being claimed until d after the enqueue.
func (j *Job) WithDelay(d time.Duration) *Job { j.Delay = d; return j }

// WithScheduledAt keeps the job from being claimed before t.
func (j *Job) WithScheduledAt(t time.Time) *Job { j.ScheduledAt = t; return j }

// WithCron gives the job a cron expression of its own. It makes its workflow a
// schedule, of which each tick makes an instance: in each the job can't be
// claimed before its first tick.
func (j *Job) WithCron(expression string) *Job { j.Cron = expression; return j }

// WithTraceID sets the trace id, 32 hex digits.
func (j *Job) WithTraceID(id string) *Job { j.TraceID = id; return j }

// WithCorrelationID sets the caller's own id that logs and events carry.
func (j *Job) WithCorrelationID(id string) *Job { j.CorrelationID = id; return j }
