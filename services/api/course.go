package api

import (
	"context"
	"errors"
	"time"

	"github.com/hammerwork/hammerwork/internal/insight"
	"github.com/hammerwork/hammerwork/internal/wire"
)

type criticalPathAnswer struct{ Body wire.CriticalPath }

func (a *API) getCriticalPath(ctx context.Context, in *Identified) (*criticalPathAnswer, error) {
	id, err := idOf(in.ID)
	if err != nil {
		return nil, err
	}
	c, err := insight.CourseOf(ctx, a.store, id, time.Now())
	switch {
	case errors.Is(err, insight.ErrTooLarge):
		return nil, newProblem(wire.CodeTooLarge, "hammerwork workflow stats "+id.String()+" counts its jobs", "the workflow: %v", err)
	case err != nil:
		return nil, err
	}
	return &criticalPathAnswer{wire.CriticalPathFrom(c)}, nil
}
