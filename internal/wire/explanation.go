package wire

import (
	"time"

	"github.com/hammerwork/hammerwork/internal/explain"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// Explanation says why a job does not run.
type Explanation struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Queue      string     `json:"queue"`
	WorkflowID string     `json:"workflow_id"`
	Status     string     `json:"status" enum:"pending,running,retrying,suspended,completed,failed,dead,timed_out,cancelled,skipped,upstream_failed"`
	Claimable  bool       `json:"claimable" doc:"Only a worker is missing."`
	At         *time.Time `json:"at" doc:"When it stood so, by the database's clock."`
	Reasons    []Reason   `json:"reasons" doc:"The most decisive first; at least one."`
}

// Reason is one reason why a job does not run, or what it does instead.
type Reason struct {
	Code    string        `json:"code" doc:"For programs, for example waits_for_parents, scheduled, queue_paused, no_worker, next."`
	Message string        `json:"message"`
	Hint    string        `json:"hint" doc:"A command that changes it, or shows more."`
	Since   *time.Time    `json:"since"`
	Until   *time.Time    `json:"until" doc:"Null: nobody knows."`
	Parents []Involvement `json:"parents,omitempty" doc:"Those that the job waits for, or that let it not run."`
}

// Involvement is a parent that bears on whether a job runs.
type Involvement struct {
	ID         string `json:"id"`
	WorkflowID string `json:"workflow_id"`
	Name       string `json:"name" doc:"Empty: it is not stored any more."`
	Status     string `json:"status"`
	On         string `json:"on" enum:"success,failure,done"`
	Optional   bool   `json:"optional"`
	State      string `json:"state" enum:"unresolved,active,inactive,broken"`
}

// ExplanationOf makes the JSON of what explain says of a standing.
func ExplanationOf(s store.Standing) Explanation {
	out := Explanation{
		ID: text(s.Job.ID), Name: s.Job.Name, Queue: s.Job.Queue, WorkflowID: text(s.Job.Workflow), Status: string(s.Job.Status),
		Claimable: job.Claimable(explain.Prospect(s)), At: moment(s.Now),
	}
	for _, r := range explain.Explain(s) {
		reason := Reason{Code: string(r.Code), Message: r.Text, Hint: r.Hint, Since: moment(r.Since), Until: moment(r.Until)}
		for _, p := range r.Parents {
			reason.Parents = append(reason.Parents, Involvement{
				ID: text(p.Job), WorkflowID: text(p.Workflow), Name: p.Name, Status: string(p.Status), On: string(p.On), Optional: p.Optional, State: string(p.State),
			})
		}
		out.Reasons = append(out.Reasons, reason)
	}
	return out
}
