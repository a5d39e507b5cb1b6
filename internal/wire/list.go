package wire

import "time"

// List is a page of a list. An empty NextCursor says that it is the last.
type List[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"next_cursor"`
}

// WorkflowItem is a workflow in a list: all but its jobs.
type WorkflowItem struct {
	ID            string     `json:"id"`
	Name          string     `json:"name"`
	Status        string     `json:"status"`
	FailurePolicy string     `json:"failure_policy"`
	Run           int        `json:"run"`
	TraceID       string     `json:"trace_id"`
	CorrelationID string     `json:"correlation_id"`
	CreatedAt     *time.Time `json:"created_at"`
	StartedAt     *time.Time `json:"started_at"`
	FinishedAt    *time.Time `json:"finished_at"`
	Stats         Stats      `json:"stats"`
}

// Queue is how a queue stands.
type Queue struct {
	Name     string     `json:"name"`
	Paused   bool       `json:"paused"`
	PausedAt *time.Time `json:"paused_at"`
	Ready    int        `json:"ready"`   // jobs a worker could have now, or when the pause ends
	Running  int        `json:"running"` // jobs in workers' hands
	Workers  int        `json:"workers"` // workers that serve it
}

// Worker is a worker as last seen.
type Worker struct {
	Name        string     `json:"name"`
	Queues      []string   `json:"queues"` // empty: every queue
	Slots       int        `json:"slots"`  // jobs it runs side by side
	Running     int        `json:"running"`
	Draining    bool       `json:"draining"`
	FirstSeenAt *time.Time `json:"first_seen_at"`
	LastSeenAt  *time.Time `json:"last_seen_at"`
}

// Dependency is an edge of a job and the job at its other end.
type Dependency struct {
	ID         string `json:"id"`
	WorkflowID string `json:"workflow_id"`
	Name       string `json:"name"`
	Queue      string `json:"queue"`
	Status     string `json:"status"`
	On         string `json:"on"`
	Optional   bool   `json:"optional"`
	State      string `json:"state"` // unresolved, active, inactive or broken
}

// Dependencies are the direct parents and children of a job.
type Dependencies struct {
	Parents  []Dependency `json:"parents"`
	Children []Dependency `json:"children"`
	More     bool         `json:"more"` // there are more than are listed
}

// Info is what a client needs to know of a server.
type Info struct {
	Version  string `json:"version"`
	Database string `json:"database"` // postgres, mysql or sqlite
	NATSURL  string `json:"nats_url"` // where workers connect, without credentials; empty: not told
	Auth     string `json:"auth"`     // none or token
}

// Created answers an enqueue.
type Created struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Existing bool   `json:"existing"` // the idempotency key was there already, with the same request
}
