package api

import (
	"context"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
)

func (a *API) queueRoutes(api huma.API, doc *document) {
	const named = "The name is percent-encoded; a queue that has nothing yet may be named."
	register(a, api, doc, get("/queues", "list-queues", "Queues", "Queues that have claimable jobs, are paused, or are served by a worker."), a.listQueues)
	register(a, api, doc, post("/queues/{name}/pause", "pause-queue", "Stop handing out jobs of a queue", "What runs goes on. "+named), a.pauseQueue)
	register(a, api, doc, post("/queues/{name}/resume", "resume-queue", "Hand out jobs of a queue again", named), a.resumeQueue)
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
