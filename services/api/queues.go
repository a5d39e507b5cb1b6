package api

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
)

func (a *API) queueRoutes(api huma.API, doc *document) {
	const named = "The name is percent-encoded; a queue that has nothing yet may be named."
	register(a, api, doc, get("/queues", "list-queues", "Queues", "Queues that have claimable jobs, are paused, have weights, or are served by a worker."), a.listQueues)
	register(a, api, doc, post("/queues/{name}/pause", "pause-queue", "Stop handing out jobs of a queue", "What runs goes on. "+named), a.pauseQueue)
	register(a, api, doc, post("/queues/{name}/resume", "resume-queue", "Hand out jobs of a queue again", named), a.resumeQueue)
	register(a, api, doc, get("/queues/{name}", "get-queue", "A queue", named), a.getQueue)
	priorities := put("/queues/{name}/priorities", "set-queue-priorities", "Say how the priorities of a queue share its claims",
		"With weights each priority gets its share of what is claimed from the queue, and none starves; a turn of one that has no jobs goes to the highest that has. "+
			"Without, the highest comes first, whatever waits below it. "+named)
	priorities.body = prioritiesBody
	register(a, api, doc, priorities, a.setPriorities)
	register(a, api, doc, get("/workers", "list-workers", "Workers", "Workers seen within the last ten minutes."), a.listWorkers)
}

type (
	queueName struct {
		Name string `path:"name"`
	}
	queueAnswer  struct{ Body wire.Queue }
	queuesAnswer struct{ Body wire.List[wire.Queue] }
)

func (a *API) listQueues(ctx context.Context, _ *struct{}) (*queuesAnswer, error) {
	queues, err := a.store.Queues(ctx)
	if err != nil {
		return nil, err
	}
	out := &queuesAnswer{wire.List[wire.Queue]{Items: make([]wire.Queue, len(queues))}}
	for i, q := range queues {
		out.Body.Items[i] = wire.QueueFromRecord(q)
	}
	return out, nil
}

func (a *API) pauseQueue(ctx context.Context, in *queueName) (*queueAnswer, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	if err := a.store.PauseQueue(ctx, in.Name); err != nil {
		return nil, err
	}
	return a.queue(ctx, in.Name)
}

func (a *API) resumeQueue(ctx context.Context, in *queueName) (*queueAnswer, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	changed, err := a.store.ResumeQueue(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	a.announce(changed)
	return a.queue(ctx, in.Name)
}

func (a *API) getQueue(ctx context.Context, in *queueName) (*queueAnswer, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	return a.queue(ctx, in.Name)
}

func (a *API) setPriorities(ctx context.Context, in *queueName) (*queueAnswer, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	const example = `{"weights": {"critical": 16, "high": 8, "normal": 4, "low": 2, "background": 1}}`
	var weights job.Weights
	given := false
	if err := options(callOf(ctx).body, example, fields{"weights": func(v json.RawMessage) error {
		given = true
		if err := json.Unmarshal(v, &weights); err != nil {
			return badParameter("weights", "write it like "+example+", or null for strict", "are not whole numbers from 1 to %d by priority", job.MaxWeight)
		}
		return nil
	}}); err != nil {
		return nil, err
	}
	if !given {
		return nil, badParameter("weights", "write it like "+example+", or null for strict", "is missing")
	}
	if err := a.store.SetQueueWeights(ctx, in.Name, weights); err != nil {
		return nil, err
	}
	return a.queue(ctx, in.Name)
}

func (q queueName) check() error {
	if !isLine(q.Name) {
		return badParameter("name", "use at most 200 characters without control characters", "is not one that a queue can have")
	}
	return nil
}

// queue returns how a queue stands; one that the store does not list has
// nothing.
func (a *API) queue(ctx context.Context, name string) (*queueAnswer, error) {
	queues, err := a.store.Queues(ctx)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(queues, func(q store.QueueRecord) bool { return q.Name == name }); i >= 0 {
		return &queueAnswer{wire.QueueFromRecord(queues[i])}, nil
	}
	return &queueAnswer{wire.QueueFromRecord(store.QueueRecord{Name: name})}, nil
}
