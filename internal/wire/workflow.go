package wire

import (
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
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
	Stats         Stats      `json:"stats"`
	Jobs          []Job      `json:"jobs"`
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
		Stats:         StatsFromRecord(w),
		Jobs:          make([]Job, len(jobs)),
	}
	for i, j := range jobs {
		out.Jobs[i] = fromRecord(j, names)
	}
	return out
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
