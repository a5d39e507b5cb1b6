package wire

import (
	"encoding/json"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Workflow is a workflow with its jobs, in the order of its definition.
type Workflow struct {
	ID            string     `json:"id"`
	Name          string     `json:"name"`
	Status        string     `json:"status" enum:"pending,running,paused,cancelling,completed,failed,cancelled"`
	FailurePolicy string     `json:"failure_policy" enum:"fail_fast,continue_on_failure,manual"`
	Run           int        `json:"run" doc:"From 1; a retry of the workflow is the next run."`
	TraceID       string     `json:"trace_id"`
	CorrelationID string     `json:"correlation_id"`
	CreatedAt     *time.Time `json:"created_at"`
	StartedAt     *time.Time `json:"started_at"`
	FinishedAt    *time.Time `json:"finished_at"`
	Standing

	Description string          `json:"description"`
	Priority    string          `json:"priority" enum:"background,low,normal,high,critical" doc:"Of jobs without their own."`
	Metadata    json.RawMessage `json:"metadata"`
	StallAfter  string          `json:"health_check_interval" doc:"A stall is reported when nothing moved for so long; empty: never."`

	RootCauses []Cause `json:"root_causes" doc:"The failures that kept other jobs from running, the widest first, at most 50; empty without the jobs."`

	Stats Stats `json:"stats"`
	Jobs  []Job `json:"jobs"`
}

// Standing is what people need to know of a workflow besides its status.
type Standing struct {
	Reason     string     `json:"reason" doc:"Of its end, or of its cancel."`
	UserPaused bool       `json:"user_paused" doc:"Somebody paused it; paused without that, it waits for decisions."`
	Failing    bool       `json:"failing" doc:"A failure stopped it: what runs ends, nothing else starts but what handles failures."`
	Undecided  int        `json:"undecided" doc:"How many failures wait for a decision."`
	DeadlineAt *time.Time `json:"deadline_at"`

	ParentJobID      string `json:"parent_job_id,omitempty" doc:"The job that is made of it."`
	ParentWorkflowID string `json:"parent_workflow_id,omitempty" doc:"The workflow of that job."`

	Schedule     string     `json:"schedule" doc:"The name of the schedule that made it; empty: none did."`
	ScheduledFor *time.Time `json:"scheduled_for" doc:"The tick of the schedule."`

	UndecidedJobs []string `json:"undecided_jobs" doc:"The names of at most 50 jobs whose failures wait for a decision; left empty in lists."`

	ETA *ETA `json:"eta,omitempty" doc:"How long it may still take; only when it is asked for."`
}

func standingOf(w store.WorkflowRecord) Standing {
	return Standing{
		Reason: string(w.Reason), UserPaused: w.UserPaused, Failing: w.Failing, Undecided: w.Undecided, DeadlineAt: moment(w.DeadlineAt),
		ParentJobID: text(w.ParentJob), ParentWorkflowID: text(w.ParentWorkflow),
		Schedule: w.Schedule, ScheduledFor: moment(w.ScheduledFor), UndecidedJobs: []string{},
	}
}

// FromRecords makes the JSON of a workflow. jobs are all of its jobs; they
// carry neither payloads nor attempts, which JobFromRecord adds.
func FromRecords(w store.WorkflowRecord, jobs []store.JobRecord) Workflow {
	names := make(map[job.ID]string, len(jobs))
	for _, j := range jobs {
		names[j.ID] = j.Name
	}
	out := Workflow{
		ID:            text(w.ID),
		Name:          w.Name,
		Status:        string(w.Status),
		FailurePolicy: string(w.FailurePolicy),
		Run:           w.Run,
		TraceID:       w.TraceID,
		CorrelationID: w.CorrelationID,
		CreatedAt:     moment(w.CreatedAt),
		StartedAt:     moment(w.StartedAt),
		FinishedAt:    moment(w.FinishedAt),
		Standing:      standingOf(w),
		Description:   w.Description,
		Priority:      w.Priority.String(),
		Metadata:      value(w.Metadata),
		StallAfter:    duration(w.StallAfter),
		Stats:         StatsFromRecord(w),
		Jobs:          make([]Job, len(jobs)),
	}
	out.RootCauses = causesOf(jobs)
	for i, j := range jobs {
		out.Jobs[i] = fromRecord(j, names)
		if j.Decision == workflow.Undecided && len(out.UndecidedJobs) < MaxUndecided {
			out.UndecidedJobs = append(out.UndecidedJobs, j.Name)
		}
	}
	return out
}

// What a workflow is shown with at most.
const (
	MaxUndecided = 50 // names of undecided jobs
	MaxCauses    = 50 // root causes
)

// duration writes a duration as Go does; none is "".
func duration(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

// text writes an id; none is "".
func text(id job.ID) string {
	if id == (job.ID{}) {
		return ""
	}
	return id.String()
}

// moment writes a time in UTC; none is null.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
