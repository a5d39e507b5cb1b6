package wire

import (
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// List is a page of a list. An empty NextCursor says that it is the last.
type List[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"next_cursor"`
}

// WorkflowItem is a workflow in a list: all but its jobs.
type WorkflowItem struct {
	ID            string     `json:"id"`
	Name          string     `json:"name"`
	Status        string     `json:"status" enum:"pending,running,paused,cancelling,completed,failed,cancelled"`
	FailurePolicy string     `json:"failure_policy" enum:"fail_fast,continue_on_failure,manual"`
	Run           int        `json:"run"`
	TraceID       string     `json:"trace_id"`
	CorrelationID string     `json:"correlation_id"`
	CreatedAt     *time.Time `json:"created_at"`
	StartedAt     *time.Time `json:"started_at"`
	FinishedAt    *time.Time `json:"finished_at"`
	Standing
	Stats Stats `json:"stats"`
}

// ItemFromRecord makes the JSON of a workflow in a list.
func ItemFromRecord(w store.WorkflowRecord) WorkflowItem {
	return WorkflowItem{
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
		Stats:         StatsFromRecord(w),
	}
}

// Queue is how a queue stands.
type Queue struct {
	Name     string     `json:"name"`
	Paused   bool       `json:"paused"`
	PausedAt *time.Time `json:"paused_at"`
	Ready    int        `json:"ready" doc:"Jobs a worker could have now, or when the pause ends; counted up to 100,000."`
	Running  int        `json:"running" doc:"Jobs in workers' hands."`
	Workers  int        `json:"workers" doc:"Workers that serve it."`

	Weights map[string]int `json:"weights" doc:"How its priorities share what is claimed from it; empty: strict."`
}

// QueueFromRecord makes the JSON of a queue.
func QueueFromRecord(q store.QueueRecord) Queue {
	weights := make(map[string]int)
	for p, w := range q.Weights {
		if w > 0 {
			weights[job.Priority(p).String()] = w
		}
	}
	return Queue{
		Name: q.Name, Paused: !q.PausedAt.IsZero(), PausedAt: moment(q.PausedAt),
		Ready: q.Ready, Running: q.Running, Workers: q.Workers, Weights: weights,
	}
}

// Worker is a worker as last seen.
type Worker struct {
	Name        string     `json:"name"`
	Queues      []string   `json:"queues" doc:"Empty: every queue."`
	Slots       int        `json:"slots" doc:"Jobs it runs side by side."`
	Running     int        `json:"running"`
	Draining    bool       `json:"draining"`
	FirstSeenAt *time.Time `json:"first_seen_at"`
	LastSeenAt  *time.Time `json:"last_seen_at"`
}

// WorkerFromRecord makes the JSON of a worker.
func WorkerFromRecord(w store.WorkerRecord) Worker {
	return Worker{
		Name: w.Name, Queues: append([]string{}, w.Queues...), Slots: w.Slots, Running: w.Running, Draining: w.Draining,
		FirstSeenAt: moment(w.FirstSeenAt), LastSeenAt: moment(w.LastSeenAt),
	}
}

// Dependency is an edge of a job and the job at its other end.
type Dependency struct {
	ID         string `json:"id"`
	WorkflowID string `json:"workflow_id"`
	Name       string `json:"name"`
	Queue      string `json:"queue"`
	Status     string `json:"status" enum:"pending,running,retrying,suspended,completed,failed,dead,timed_out,cancelled,skipped,upstream_failed"`
	On         string `json:"on"`
	Optional   bool   `json:"optional"`
	State      string `json:"state" enum:"unresolved,active,inactive,broken"`
}

// Dependencies are the direct parents and children of a job.
type Dependencies struct {
	Parents  []Dependency `json:"parents"`
	Children []Dependency `json:"children"`
	More     bool         `json:"more" doc:"There are more than are listed."`
}

// DependenciesFromRecord makes the JSON of a job's dependencies.
func DependenciesFromRecord(d store.Dependencies) Dependencies {
	return Dependencies{Parents: dependencies(d.Parents), Children: dependencies(d.Children), More: d.More}
}

func dependencies(list []store.DependencyRecord) []Dependency {
	out := make([]Dependency, len(list))
	for i, d := range list {
		out[i] = Dependency{
			ID: text(d.Job), WorkflowID: text(d.Workflow), Name: d.Name, Queue: d.Queue, Status: string(d.Status),
			On: string(d.On), Optional: d.Optional, State: string(d.State),
		}
	}
	return out
}

// Info is what a client needs to know of a server.
type Info struct {
	Version  string `json:"version"`
	Database string `json:"database" doc:"One of postgres, mysql, sqlite."`
	NATSURL  string `json:"nats_url" doc:"Where workers connect, without credentials; empty: not told."`
	Auth     string `json:"auth" enum:"none,token"`
}

// Created answers an enqueue.
type Created struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Existing bool   `json:"existing" doc:"The idempotency key was there already, with the same request."`
}
