package api

import (
	"context"

	"github.com/hammerwork/hammerwork/internal/wire"
)

type workersAnswer struct{ Body wire.List[wire.Worker] }

func (a *API) listWorkers(ctx context.Context, _ *struct{}) (*workersAnswer, error) {
	workers, err := a.store.Workers(ctx)
	if err != nil {
		return nil, err
	}
	out := &workersAnswer{wire.List[wire.Worker]{Items: make([]wire.Worker, len(workers))}}
	for i, w := range workers {
		out.Body.Items[i] = wire.WorkerFromRecord(w)
	}
	return out, nil
}
