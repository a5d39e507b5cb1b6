package wire

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// By says who asks for something, and why. It is part of what is sent.
type By struct {
	Actor   string `json:"actor,omitempty"`
	Comment string `json:"comment,omitempty"`
}

// SteerRequest asks for something that needs no more than who and why.
type SteerRequest struct{ By }

// CancelRequest asks for a cancel.
type CancelRequest struct {
	Grace string `json:"grace,omitempty"` // empty: the server's
	By
}

// RetryRequest says what of a workflow is to be run again.
type RetryRequest struct {
	Mode     string                     `json:"mode,omitempty"` // failed, from, all; empty: failed
	From     string                     `json:"from,omitempty"` // name of a job
	Payloads map[string]json.RawMessage `json:"payloads,omitempty"`
	DryRun   bool                       `json:"dry_run,omitempty"`
	By
}

// RetryJobRequest asks for a job without a workflow to be run again.
type RetryJobRequest struct {
	Payload json.RawMessage `json:"payload,omitempty"` // instead of the one it had
	By
}

// DecideRequest is a decision about the failure of a job.
type DecideRequest struct {
	Job     string          `json:"job"`
	Action  string          `json:"action"`
	Payload json.RawMessage `json:"payload,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	By
}

// RetryPlan is what a retry of a workflow resets, or would.
type RetryPlan struct {
	ID     string       `json:"id"`
	Name   string       `json:"name"`
	Status string       `json:"status" enum:"pending,running,paused,cancelling,completed,failed,cancelled" doc:"Of the workflow, after the retry."`
	DryRun bool         `json:"dry_run" doc:"Nothing was changed."`
	Run    int          `json:"run" doc:"The number that the run has, or would have."`
	Jobs   []PlannedJob `json:"jobs"`
}

// PlannedJob is a job that a retry resets.
type PlannedJob struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Status    string `json:"status" enum:"pending,running,retrying,suspended,completed,failed,dead,timed_out,cancelled,skipped,upstream_failed" doc:"Before."`
	SpawnedBy string `json:"spawned_by" doc:"The name of the job whose handler spawned it; empty: none."`
}

// PlanFromRecord makes the JSON of a plan for a workflow.
func PlanFromRecord(w store.WorkflowRecord, p store.RetryPlan, dry bool) RetryPlan {
	out := RetryPlan{ID: text(w.ID), Name: w.Name, Status: string(w.Status), DryRun: dry, Run: p.Run, Jobs: make([]PlannedJob, len(p.Jobs))}
	for i, j := range p.Jobs {
		out.Jobs[i] = PlannedJob{ID: text(j.ID), Name: j.Name, Status: string(j.Status), SpawnedBy: j.SpawnedBy}
	}
	return out
}

// AuditEntry is something that somebody did to a workflow.
type AuditEntry struct {
	ID      string     `json:"id"`
	At      *time.Time `json:"at"`
	Actor   string     `json:"actor" doc:"Who, as they said."`
	Action  string     `json:"action" doc:"cancel, pause, resume, retry, decide.skip, …"`
	JobID   string     `json:"job_id" doc:"Empty: the workflow as a whole."`
	Job     string     `json:"job" doc:"Its name."`
	Comment string     `json:"comment"`
}

// AuditFromRecord makes the JSON of an entry; names gives the names of jobs.
func AuditFromRecord(r store.AuditRecord, names map[job.ID]string) AuditEntry {
	return AuditEntry{
		ID: text(r.ID), At: moment(r.At), Actor: r.Actor, Action: r.Action, JobID: text(r.Job), Job: names[r.Job], Comment: r.Comment,
	}
}

// Cause is a failure with what could not run because of it.
type Cause struct {
	JobID  string `json:"job_id"`
	Job    string `json:"job" doc:"Its name; empty: it is not stored any more."`
	Status string `json:"status" doc:"Empty: it is not stored any more."`
	Error  string `json:"error"`
	Count  int    `json:"count" doc:"How many jobs could not run because of it."`
}

// causesOf groups the upstream_failed jobs of a whole workflow by their causes,
// as the store does.
func causesOf(jobs []store.JobRecord) []Cause {
	counts := make(map[job.ID]int)
	for _, j := range jobs {
		if j.Status == job.UpstreamFailed {
			counts[j.Cause]++
		}
	}
	list := []Cause{}
	for _, j := range jobs {
		if n := counts[j.ID]; n > 0 {
			list = append(list, Cause{JobID: text(j.ID), Job: j.Name, Status: string(j.Status), Error: j.Error, Count: n})
			delete(counts, j.ID)
		}
	}
	for id, n := range counts { // of other workflows
		list = append(list, Cause{JobID: text(id), Count: n})
	}
	slices.SortStableFunc(list, func(a, b Cause) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.JobID, b.JobID))
	})
	return list[:min(len(list), MaxCauses)]
}

// CausesFromRecord makes the JSON of causes.
func CausesFromRecord(list []store.Cause) []Cause {
	out := make([]Cause, len(list))
	for i, c := range list {
		out[i] = Cause{JobID: text(c.Job), Job: c.Name, Status: string(c.Status), Error: c.Error, Count: c.Count}
	}
	return out
}
