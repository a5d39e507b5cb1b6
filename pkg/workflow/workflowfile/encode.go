package workflowfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/plainjson"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// The JSON of a workflow file.
type (
	fileWorkflow struct {
		Name            string                 `json:"name"`
		Description     string                 `json:"description,omitempty"`
		Metadata        json.RawMessage        `json:"metadata,omitempty"`
		FailurePolicy   workflow.FailurePolicy `json:"failure_policy,omitempty"`
		Running         workflow.Drain         `json:"running,omitempty"`
		DecisionTimeout fileDuration           `json:"decision_timeout,omitempty"`
		DecisionDefault workflow.Action        `json:"decision_default,omitempty"`
		Priority        string                 `json:"priority,omitempty"`
		Timeout         fileDuration           `json:"timeout,omitempty"`
		Schedule        *fileSchedule          `json:"schedule,omitempty"`
		Retry           *job.RetryPolicy       `json:"retry,omitempty"`
		HealthCheck     fileDuration           `json:"health_check_interval,omitempty"`
		TraceID         string                 `json:"trace_id,omitempty"`
		CorrelationID   string                 `json:"correlation_id,omitempty"`
		Jobs            []fileJob              `json:"jobs"`
	}
	fileJob struct {
		Name          string            `json:"name"`
		Queue         string            `json:"queue,omitempty"`
		Payload       json.RawMessage   `json:"payload,omitempty"`
		With          map[string]string `json:"with,omitempty"`
		DependsOn     []fileDependency  `json:"depends_on,omitempty"`
		Join          any               `json:"join,omitempty"`
		Condition     string            `json:"condition,omitempty"`
		Unmet         job.Unmet         `json:"unmet,omitempty"`
		AllowFailure  bool              `json:"allow_failure,omitempty"`
		Catch         bool              `json:"catch,omitempty"`
		Finally       bool              `json:"finally,omitempty"`
		Priority      string            `json:"priority,omitempty"`
		Inherit       bool              `json:"inherit,omitempty"`
		Gate          *fileGate         `json:"gate,omitempty"`
		Batch         *fileBatch        `json:"batch,omitempty"`
		Map           *fileMap          `json:"map,omitempty"`
		Workflow      *fileWorkflow     `json:"workflow,omitempty"`
		Timeout       fileDuration      `json:"timeout,omitempty"`
		Deadline      fileDuration      `json:"deadline,omitempty"`
		Delay         fileDuration      `json:"delay,omitempty"`
		ScheduledAt   *time.Time        `json:"scheduled_at,omitempty"`
		Cron          string            `json:"cron,omitempty"`
		Retry         *job.RetryPolicy  `json:"retry,omitempty"`
		TraceID       string            `json:"trace_id,omitempty"`
		CorrelationID string            `json:"correlation_id,omitempty"`
	}
	fileDependency struct {
		Job      string `json:"job"`
		On       job.On `json:"on,omitempty"`
		Optional bool   `json:"optional,omitempty"`
	}
	fileSchedule struct {
		Cron     string           `json:"cron,omitempty"`
		Timezone string           `json:"timezone,omitempty"`
		CatchUp  any              `json:"catch_up,omitempty"`
		Overlap  workflow.Overlap `json:"overlap,omitempty"`
	}
	fileGate struct {
		Type         job.GateType `json:"type"`
		Wait         fileDuration `json:"wait,omitempty"`
		Until        *time.Time   `json:"until,omitempty"`
		ExpiresAfter fileDuration `json:"expires_after,omitempty"`
		Default      any          `json:"default,omitempty"`
	}
	fileBatch struct {
		Payloads []json.RawMessage  `json:"payloads"`
		Mode     workflow.BatchMode `json:"mode,omitempty"`
	}
	fileMap struct {
		Over        string `json:"over"`
		MaxParallel int    `json:"max_parallel,omitempty"`
		Tolerate    int    `json:"tolerate,omitempty"`
	}
	fileQuorum struct {
		Quorum int `json:"quorum"`
	}
	fileCatchUp struct {
		All int `json:"all"`
	}
	fileDuration time.Duration
)

// MarshalText writes a duration as a file does.
func (d fileDuration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// MarshalJSON writes a dependency on a success as the name of the job.
func (d fileDependency) MarshalJSON() ([]byte, error) {
	if d.On == job.OnSuccess && !d.Optional {
		return json.Marshal(d.Job)
	}
	type object fileDependency
	return json.Marshal(object(d))
}

// ErrNotInFiles says that a workflow has what files cannot say.
var ErrNotInFiles = errors.New("cannot be written as a workflow file")

// Encode writes a workflow that has passed Validate as a workflow file in JSON,
// which Parse makes the same workflow of, but for ids. What files have no words
// for is ErrNotInFiles: jobs that wait for jobs outside, barriers of large
// stages, and batches whose items have more of their own than a payload.
func Encode(w *workflow.Workflow) ([]byte, error) {
	f, err := encodeWorkflow(w)
	if err != nil {
		return nil, err
	}
	return plainjson.Marshal(f) // payloads stay as they are
}

func encodeWorkflow(w *workflow.Workflow) (*fileWorkflow, error) {
	f := &fileWorkflow{
		Name: w.Name, Description: w.Description, Metadata: w.Metadata, FailurePolicy: w.FailurePolicy, Running: w.Running,
		DecisionTimeout: fileDuration(w.DecisionTimeout), DecisionDefault: w.DecisionDefault, Priority: priorityText(w.Priority),
		Timeout: fileDuration(w.Timeout), Retry: w.Retry, HealthCheck: fileDuration(w.HealthCheckInterval),
		TraceID: w.TraceID, CorrelationID: w.CorrelationID, Jobs: make([]fileJob, len(w.Jobs)),
	}
	if s := w.Schedule; s != nil {
		f.Schedule = &fileSchedule{Cron: s.Cron, Timezone: s.Timezone, Overlap: s.Overlap}
		switch {
		case s.CatchUpMax > 0:
			f.Schedule.CatchUp = fileCatchUp{s.CatchUpMax}
		case s.CatchUp != "":
			f.Schedule.CatchUp = s.CatchUp
		}
	}
	inside := make(map[job.ID]bool, len(w.Jobs))
	for _, j := range w.Jobs {
		inside[j.ID] = true
	}
	for i, j := range w.Jobs {
		for _, d := range j.DependsOn {
			if !inside[d.Parent] {
				return nil, fmt.Errorf("job %s depends on a job outside: the workflow %w", j.Name, ErrNotInFiles)
			}
		}
		if j.Barrier {
			return nil, fmt.Errorf("job %s stands between large stages: the workflow %w", j.Name, ErrNotInFiles)
		}
		f.Jobs[i] = encodeJob(j)
		if err := encodeParts(&f.Jobs[i], j, w); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// encodeParts writes what a job of w has in place of work of its own.
func encodeParts(f *fileJob, j *job.Job, w *workflow.Workflow) (err error) {
	if f.Gate = encodeGate(j.Gate); f.Gate != nil && f.Queue == job.GateQueue {
		f.Queue = ""
	}
	p := workflow.PartsOf(j)
	if p == nil {
		return nil
	}
	switch p.Kind {
	case workflow.PartsBatch:
		err = encodeBatch(f, j, p, w)
	case workflow.PartsMap:
		f.Map = &fileMap{p.Over, p.MaxParallel, p.Tolerate}
	case workflow.PartsWorkflow:
		if f.Queue == workflow.WorkflowQueue {
			f.Queue = ""
		}
		f.Workflow, err = encodeWorkflow(p.Workflow)
	}
	return err
}

func encodeGate(g *job.Gate) *fileGate {
	if g == nil {
		return nil
	}
	f := &fileGate{Type: g.Type, Wait: fileDuration(g.Wait), ExpiresAfter: fileDuration(g.ExpiresAfter)}
	if !g.Until.IsZero() {
		at := g.Until.UTC()
		f.Until = &at
	}
	switch {
	case g.ApproveOnExpiry:
		f.Default = "approve"
	case len(g.DefaultPayload) > 0:
		f.Default = g.DefaultPayload
	}
	return f
}

func encodeJob(j *job.Job) fileJob {
	f := fileJob{
		Name: j.Name, Queue: j.Queue, Payload: j.Payload, With: j.With, Condition: j.Condition, Unmet: j.Unmet,
		AllowFailure: j.AllowFailure, Catch: j.Catch, Finally: j.Finally, Priority: priorityText(j.Priority), Inherit: j.Inherit,
		Timeout: fileDuration(j.Timeout), Deadline: fileDuration(j.Deadline), Delay: fileDuration(j.Delay),
		Cron: j.Cron, Retry: j.Retry, TraceID: j.TraceID, CorrelationID: j.CorrelationID,
	}
	for _, d := range j.DependsOn {
		f.DependsOn = append(f.DependsOn, fileDependency{d.Name, d.On, d.Optional})
	}
	switch j.Join.Rule {
	case "":
	case job.JoinQuorum:
		f.Join = fileQuorum{j.Join.Quorum}
	default:
		f.Join = j.Join.Rule
	}
	if !j.ScheduledAt.IsZero() {
		at := j.ScheduledAt.UTC()
		f.ScheduledAt = &at
	}
	return f
}

func priorityText(p *job.Priority) string {
	if p == nil {
		return ""
	}
	return p.String()
}
