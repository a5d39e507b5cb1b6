package bus

import (
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// Spawned is a job.Spawned on its way: see there.
type Spawned struct {
	ID            job.ID            `json:"id"`
	Name          string            `json:"name"`
	Queue         string            `json:"queue"`
	Payload       Text              `json:"payload"`
	DependsOn     []Edge            `json:"depends_on,omitempty"`
	Join          job.JoinRule      `json:"join,omitempty"`
	Quorum        int               `json:"quorum,omitempty"`
	Priority      *job.Priority     `json:"priority,omitempty"`
	Retry         *job.RetryPolicy  `json:"retry,omitempty"`
	Timeout       time.Duration     `json:"timeout,omitempty"`
	Deadline      time.Duration     `json:"deadline,omitempty"`
	Delay         time.Duration     `json:"delay,omitempty"`
	ScheduledAt   time.Time         `json:"scheduled_at,omitzero"`
	TraceID       string            `json:"trace_id,omitempty"`
	CorrelationID string            `json:"correlation_id,omitempty"`
	Condition     string            `json:"condition,omitempty"`
	Unmet         job.Unmet         `json:"unmet,omitempty"`
	With          map[string]string `json:"with,omitempty"`
	AllowFailure  bool              `json:"allow_failure,omitempty"`
	Inherit       bool              `json:"inherit,omitempty"`
	Gate          *job.Gate         `json:"gate,omitempty"`
	Before        []string          `json:"before,omitempty"`
}

// Edge is a dependency of a spawned job.
type Edge struct {
	Parent   job.ID `json:"parent"`
	On       job.On `json:"on,omitempty"`
	Optional bool   `json:"optional,omitempty"`
}

// SpawnedOf puts spawned jobs on their way. They have passed
// workflow.ValidateSpawned.
func SpawnedOf(list []job.Spawned) []Spawned {
	var out []Spawned
	for _, s := range list {
		b := Spawned{
			ID: s.ID, Name: s.Name, Queue: s.Queue, Payload: Text(s.Payload), Join: s.Join.Rule, Quorum: s.Join.Quorum,
			Priority: s.Priority, Retry: s.Retry, Timeout: s.Timeout, Deadline: s.Deadline, Delay: s.Delay, ScheduledAt: s.ScheduledAt,
			TraceID: s.TraceID, CorrelationID: s.CorrelationID, Condition: s.Condition, Unmet: s.Unmet, With: s.With,
			AllowFailure: s.AllowFailure, Inherit: s.Inherit, Gate: s.Gate, Before: s.Before,
		}
		for _, d := range s.DependsOn {
			b.DependsOn = append(b.DependsOn, Edge{d.Parent, d.On, d.Optional})
		}
		out = append(out, b)
	}
	return out
}

// SpawnedJobs is the inverse of SpawnedOf. Nothing is checked.
func SpawnedJobs(list []Spawned) []job.Spawned {
	var out []job.Spawned
	for _, b := range list {
		j := &job.Job{
			ID: b.ID, Name: b.Name, Queue: b.Queue, Payload: []byte(b.Payload), Join: job.Join{Rule: b.Join, Quorum: b.Quorum},
			Priority: b.Priority, Retry: b.Retry, Timeout: b.Timeout, Deadline: b.Deadline, Delay: b.Delay, ScheduledAt: b.ScheduledAt,
			TraceID: b.TraceID, CorrelationID: b.CorrelationID, Condition: b.Condition, Unmet: b.Unmet, With: b.With,
			AllowFailure: b.AllowFailure, Inherit: b.Inherit, Gate: b.Gate,
		}
		for _, e := range b.DependsOn {
			j.DependsOn = append(j.DependsOn, job.Dependency{Parent: e.Parent, On: e.On, Optional: e.Optional})
		}
		out = append(out, job.Spawned{Job: j, Before: b.Before})
	}
	return out
}
