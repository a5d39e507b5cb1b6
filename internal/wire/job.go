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
	Attempt          int             `json:"attempt" doc:"The one that runs, else how many were counted."`
	DependsOn        []string        `json:"depends_on" doc:"Names; ids of jobs outside the workflow."`
	StartedAt        *time.Time      `json:"started_at" doc:"Of the last attempt."`
	FinishedAt       *time.Time      `json:"finished_at"`
	Result           json.RawMessage `json:"result" doc:"Null: none, or left out of a list."`
	Error            string          `json:"error"`
	Priority         string          `json:"priority" enum:"background,low,normal,high,critical"`
	MaxAttempts      int             `json:"max_attempts"`
	CreatedAt        *time.Time      `json:"created_at"`
	ScheduledAt      *time.Time      `json:"scheduled_at"`
	Worker           string          `json:"worker" doc:"Who holds it, or held it last."`
	Progress         *Progress       `json:"progress" doc:"What the handler of a running job said last; null: nothing."`
	TraceID          string          `json:"trace_id"`
	CorrelationID    string          `json:"correlation_id"`
	CauseJobID       string          `json:"cause_job_id" doc:"Of an upstream_failed job: the first failure it goes back to."`

	Barrier bool `json:"barrier,omitempty" doc:"It has no work: it stands between large stages and completes by itself."`

	Payload  json.RawMessage `json:"payload,omitempty" doc:"Of a job shown alone."`
	Attempts []Attempt       `json:"attempts,omitempty" doc:"Of a job shown alone."`

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

// JobFromRecord makes the JSON of a job shown alone, with payload and
// attempts. names gives the names of the jobs of its workflow; a parent that
// is not in it appears by id.
func JobFromRecord(j store.JobRecord, names map[job.ID]string) Job {
	out := fromRecord(j, names)
	out.Payload = value(j.Payload)
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
		Attempt:          j.Attempts,
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
