package api

import (
	"context"
	"errors"

	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
)

type listSpawnedInput struct {
	Identified
	Paged
}

func (a *API) listSpawned(ctx context.Context, in *listSpawnedInput) (*jobsAnswer, error) {
	id, err := idOf(in.ID)
	if err != nil {
		return nil, err
	}
	after, err := decodeCursor(spawnedCursor, in.Cursor)
	if err != nil {
		return nil, err
	}
	if _, err := a.store.Job(ctx, id); err != nil {
		return nil, err
	}
	list, err := a.store.Spawned(ctx, id, after, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &jobsAnswer{wire.List[wire.Job]{Items: []wire.Job{}}}
	for _, spawned := range list {
		j, err := a.store.Job(ctx, spawned)
		if errors.Is(err, job.ErrNotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, wire.JobItemFromRecord(j, nil))
	}
	if len(list) == in.Limit {
		out.Body.NextCursor = afterID(spawnedCursor, list[len(list)-1])
	}
	return out, nil
}
