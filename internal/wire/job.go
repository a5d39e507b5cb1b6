package wire

import (
	"encoding/json"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// Job is a job.
type Job struct {
	ID               string          `json:"id"`
	WorkflowID       string          `json:"workflow_id"`
	Name             string          `json:"name"`
	Queue            string          `json:"queue"`
	Status           string          `json:"status" enum:"pending,running,retrying,suspended,completed,failed,dead,timed_out,cancelled,skipped,upstream_failed"`
	DependencyStatus string          `json:"dependency_status" enum:"none,waiting,satisfied,failed"`
	Reason           string          `json:"reason"`
	Attempt          int             `json:"attempt" doc:"The one that runs, else how many were counted, in earlier runs too."`
	DependsOn        []string        `json:"depends_on" doc:"Names; ids of jobs outside the workflow."`
	StartedAt        *time.Time      `json:"started_at" doc:"Of the last attempt."`
	FinishedAt       *time.Time      `json:"finished_at"`
	Result           json.RawMessage `json:"result" doc:"Null: none, or left out of a list."`
	Error            string          `json:"error"`
	Priority         string          `json:"priority" enum:"background,low,normal,high,critical"`
	MaxAttempts      int             `json:"max_attempts" doc:"In one run."`
	CreatedAt        *time.Time      `json:"created_at"`
	ScheduledAt      *time.Time      `json:"scheduled_at"`
	Worker           string          `json:"worker" doc:"Who holds it, or held it last."`
	Progress         *Progress       `json:"progress" doc:"What the handler of a running job said last; null: nothing."`
	TraceID          string          `json:"trace_id"`
	CorrelationID    string          `json:"correlation_id"`
	CauseJobID       string          `json:"cause_job_id" doc:"Of an upstream_failed job: the first failure it goes back to."`
	Cause            string          `json:"cause" doc:"The name of that job when it is in the same workflow; left empty in the list of all jobs."`
	Decision         string          `json:"decision" doc:"What was decided about its failure: skip, complete or accept; open: it waits for a decision; empty: none is asked for."`
	Run              int             `json:"run" doc:"The run of its workflow in which it was reset last; 1: never."`
	Condition        string          `json:"condition" doc:"What must be true for it to run, in CEL."`

	EarlierAttempts int `json:"earlier_attempts,omitempty" doc:"How many of the attempts were counted in earlier runs."`

	Unmet        string            `json:"unmet,omitempty" enum:"skip,pass,fail" doc:"What an unmet condition makes of it."`
	With         map[string]string `json:"with,omitempty" doc:"Inputs worked out when it may run, in CEL."`
	AllowFailure bool              `json:"allow_failure,omitempty" doc:"What depends on it sees a completion when it fails."`
	Finally      bool              `json:"finally,omitempty" doc:"It runs when all other jobs have ended."`
	Catch        bool              `json:"catch,omitempty" doc:"Its completion absolves the failures that let it run."`

	Inherit     bool   `json:"inherit,omitempty" doc:"What it depends on has at least its priority."`
	OwnPriority string `json:"own_priority,omitempty" doc:"Its own, when what depends on it and inherits has lifted it to priority."`

	Gate  *Gate  `json:"gate,omitempty" doc:"It has no work: it waits for an answer or a time."`
	Parts *Parts `json:"parts,omitempty" doc:"It has no work of its own: it is a batch, a map or a workflow."`

	Barrier bool `json:"barrier,omitempty" doc:"It has no work: it stands between large stages and completes by itself."`

	SpawnedBy string `json:"spawned_by,omitempty" doc:"Of a job shown alone: the job whose handler spawned it."`

	Payload  json.RawMessage `json:"payload,omitempty" doc:"Of a job shown alone."`
	Attempts []Attempt       `json:"attempts,omitempty" doc:"Of a job shown alone: those that did not complete, oldest first."`

	Evaluation *Evaluation `json:"evaluation,omitempty" doc:"Of a job shown alone: what its condition and inputs came to."`
	Runs       []Run       `json:"runs,omitempty" doc:"Of a job shown alone: how earlier runs ended, oldest first."`

	Dependencies *Dependencies `json:"dependencies,omitempty" doc:"Of a job shown alone, when they are asked for."`
}

// Progress is how far a running job is, as its handler says.
type Progress struct {
	Percent *float64 `json:"percent" doc:"0 to 100; null: unknown."`
	Message string   `json:"message"`
}

// Attempt is an attempt that did not complete.
type Attempt struct {
	Attempt    int        `json:"attempt" doc:"Give-backs repeat the number before."`
	Outcome    string     `json:"outcome"`
	Error      string     `json:"error"`
	Worker     string     `json:"worker"`
	StartedAt  *time.Time `json:"started_at"`
	FinishedAt *time.Time `json:"finished_at"`
}

// Evaluation is what the condition and the inputs of a job came to.
type Evaluation struct {
	At     *time.Time      `json:"at"`
	Value  *bool           `json:"value" doc:"Of the condition; null: it has none, or an error."`
	Error  string          `json:"error"`
	With   json.RawMessage `json:"with" doc:"The values of its inputs; null: it has none."`
	Digest string          `json:"digest" doc:"Of what it was evaluated on."`
}

// Run is how a job stood when it was reset.
type Run struct {
	Run        int             `json:"run"`
	Status     string          `json:"status"`
	Reason     string          `json:"reason"`
	Error      string          `json:"error"`
	Attempts   int             `json:"attempts"`
	Worker     string          `json:"worker"`
	Result     json.RawMessage `json:"result"`
	Payload    json.RawMessage `json:"payload,omitempty" doc:"When another one replaced it."`
	StartedAt  *time.Time      `json:"started_at"`
	FinishedAt *time.Time      `json:"finished_at"`
}

// JobFromRecord makes the JSON of a job shown alone, with payload and
// attempts. names gives the names of the jobs of its workflow; a parent that
// is not in it appears by id.
func JobFromRecord(j store.JobRecord, names map[job.ID]string) Job {
	out := fromRecord(j, names)
	out.Payload, out.SpawnedBy = value(j.Payload), text(j.SpawnedBy)
	for _, a := range j.History {
		out.Attempts = append(out.Attempts, Attempt{
			Attempt:    a.Attempt,
			Outcome:    string(a.Outcome),
			Error:      a.Error,
			Worker:     a.Worker,
			StartedAt:  moment(a.StartedAt),
			FinishedAt: moment(a.FinishedAt),
		})
	}
	if e := j.Evaluation; e != nil {
		out.Evaluation = &Evaluation{At: moment(e.At), Value: e.Value, Error: e.Error, With: value(e.With), Digest: e.Digest}
	}
	for _, r := range j.Runs {
		out.Runs = append(out.Runs, Run{
			Run: r.Run, Status: string(r.Status), Reason: string(r.Reason), Error: r.Error, Attempts: r.Attempts, Worker: r.Worker,
			Result: value(r.Result), Payload: r.Payload, StartedAt: moment(r.StartedAt), FinishedAt: moment(r.FinishedAt),
		})
	}
	return out
}

// JobItemFromRecord makes the JSON of a job in a list; names is as for
// JobFromRecord.
func JobItemFromRecord(j store.JobRecord, names map[job.ID]string) Job { return fromRecord(j, names) }

func fromRecord(j store.JobRecord, names map[job.ID]string) Job {
	out := Job{
		ID:               text(j.ID),
		WorkflowID:       text(j.Workflow),
		Name:             j.Name,
		Queue:            j.Queue,
		Status:           string(j.Status),
		DependencyStatus: string(j.DependencyStatus),
		Reason:           string(j.Reason),
		Attempt:          j.Earlier + j.Attempts,
		Barrier:          j.Barrier,
		DependsOn:        make([]string, len(j.DependsOn)),
		StartedAt:        moment(j.StartedAt),
		FinishedAt:       moment(j.FinishedAt),
		Result:           value(j.Result),
		Error:            j.Error,
		Priority:         j.Priority.String(),
		MaxAttempts:      j.MaxAttempts,
		CreatedAt:        moment(j.CreatedAt),
		ScheduledAt:      moment(j.ScheduledAt),
		Worker:           j.Worker,
		Progress:         progressOf(j.Progress),
		TraceID:          j.TraceID,
		CorrelationID:    j.CorrelationID,
		CauseJobID:       text(j.Cause),
		Cause:            names[j.Cause],
		Decision:         string(j.Decision),
		Run:              max(1, j.Run),
		Condition:        j.Condition,
		EarlierAttempts:  j.Earlier,
		Unmet:            string(j.Unmet),
		With:             j.With,
		AllowFailure:     j.AllowFailure,
		Inherit:          j.Inherit,
		OwnPriority:      ownPriority(j),
		Finally:          j.Finally,
		Catch:            j.Catch,
		Gate:             gateOf(j.Gate),
		Parts:            partsOf(j.Parts),
	}
	if j.Status == job.Running {
		out.Attempt++
	}
	for i, parent := range j.DependsOn {
		if name, inside := names[parent]; inside {
			out.DependsOn[i] = name
		} else {
			out.DependsOn[i] = text(parent)
		}
	}
	return out
}

func progressOf(p *store.Progress) *Progress {
	if p == nil {
		return nil
	}
	out := &Progress{Message: p.Message}
	if p.Percent >= 0 {
		percent := p.Percent
		out.Percent = &percent
	}
	return out
}

// value writes a user's JSON; none is null.
func value(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("null")
	}
	return raw
}

// ownPriority is a job's own priority, when it has another one in effect.
func ownPriority(j store.JobRecord) string {
	if j.OwnPriority == j.Priority {
		return ""
	}
	return j.OwnPriority.String()
}
