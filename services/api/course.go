package api

import (
	"context"
	"errors"
	"time"

	"github.com/hammerwork/hammerwork/internal/insight"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow/compare"
)

type (
	criticalPathAnswer struct{ Body wire.CriticalPath }
	outlineAnswer      struct{ Body compare.Outline }
)

func (a *API) getCriticalPath(ctx context.Context, in *Identified) (*criticalPathAnswer, error) {
	id, err := idOf(in.ID)
	if err != nil {
		return nil, err
	}
	c, err := insight.CourseOf(ctx, a.store, id, time.Now())
	if err != nil {
		return nil, overMany(id, err)
	}
	return &criticalPathAnswer{wire.CriticalPathFrom(c)}, nil
}

func (a *API) getOutline(ctx context.Context, in *Identified) (*outlineAnswer, error) {
	id, err := idOf(in.ID)
	if err != nil {
		return nil, err
	}
	o, err := insight.OutlineOf(ctx, a.store, id)
	if err != nil {
		return nil, overMany(id, err)
	}
	return &outlineAnswer{o}, nil
}

// overMany makes the answer to a question about a workflow with too many jobs.
func overMany(id job.ID, err error) error {
	if !errors.Is(err, insight.ErrTooLarge) {
		return err
	}
	return newProblem(wire.CodeTooLarge, "hammerwork workflow stats "+id.String()+" counts its jobs", "the workflow: %v", err)
}
