package top

import (
	"context"
	"time"

	"github.com/hammerwork/hammerwork/internal/wire"
)

// View is what a frame shows, for programs.
type View struct {
	Server    string         `json:"server"`
	At        time.Time      `json:"at"`
	Queues    []wire.Queue   `json:"queues"`
	Workers   []wire.Worker  `json:"workers"`
	Workflows []OpenWorkflow `json:"workflows"`
	Failures  []wire.Job     `json:"failures"`
}

// OpenWorkflow is a workflow that has not ended.
type OpenWorkflow struct {
	wire.WorkflowItem
	WaitsFor []Wait `json:"waits_for"` // open gates, when nothing of it runs
}

// Wait is an open gate.
type Wait struct {
	Type  string `json:"type"`
	Job   string `json:"job"`
	JobID string `json:"job_id"`
}

// Look returns what a frame would show now.
func Look(ctx context.Context, s Source) (View, error) {
	l := next(ctx, s, nil, time.Now())
	v := View{Server: l.server, At: l.at.UTC(), Queues: listed(l.queues), Workers: listed(l.workers), Workflows: []OpenWorkflow{}, Failures: listed(l.failures)}
	for _, w := range l.workflows {
		v.Workflows = append(v.Workflows, OpenWorkflow{w, listed(l.waits[w.ID])})
	}
	return v, l.err
}

// listed makes no list an empty one.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
