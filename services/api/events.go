package api

import (
	"context"

	"github.com/hammerwork/hammerwork/internal/wire"
)

type eventsAnswer struct{ Body wire.List[wire.Event] }

type listEventsInput struct {
	Identified
	Paged
}

func (a *API) listEvents(ctx context.Context, in *listEventsInput) (*eventsAnswer, error) {
	after, ok := wire.EventPlaceOf(in.Cursor)
	if !ok {
		return nil, badParameter("cursor", "pass the next_cursor of the page before, or the id of an event", "is none that this list gave")
	}
	w, err := a.workflow(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	page, err := a.store.Events(ctx, w.ID, after, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &eventsAnswer{wire.List[wire.Event]{Items: make([]wire.Event, len(page))}}
	for i, r := range page {
		out.Body.Items[i] = wire.EventFromRecord(r)
	}
	if len(page) == in.Limit {
		out.Body.NextCursor = out.Body.Items[len(page)-1].ID
	}
	return out, nil
}
