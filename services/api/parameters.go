package api

import (
	"context"
	"strings"
	"time"

	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// Paged is what every list with pages takes.
type Paged struct {
	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"500" doc:"How many items at most. A page may have fewer and not be the last."`
	Cursor string `query:"cursor" doc:"The next_cursor of the page before. Empty: the first page."`
}

// Aged is what lists of things that were created take.
type Aged struct {
	Since string `query:"since" doc:"Created at this time or later: RFC 3339, or a duration back from now like 1h30m."`
}

// moment reads the parameter; the zero time chooses all.
func (s Aged) moment(now time.Time) (time.Time, error) {
	if s.Since == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339Nano, s.Since); err == nil {
		return t, nil
	}
	if d, err := time.ParseDuration(s.Since); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	return time.Time{}, badParameter("since", "write it like 2030-01-31T08:00:00Z or 1h30m", "is neither a time nor a duration")
}

// idOf reads the id in a path. What is no id names nothing.
func idOf(text string) (job.ID, error) {
	id, err := job.ParseID(text)
	if err != nil || !strings.EqualFold(id.String(), text) {
		return job.ID{}, newProblem(wire.CodeNotFound, "an id looks like 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70", "there is nothing with this id")
	}
	return id, nil
}

const longestGrace = 24 * time.Hour

// grace reads how long what is cancelled may go on, from an optional body.
func (a *API) grace(ctx context.Context) (time.Duration, error) {
	grace := a.cfg.CancelGrace
	return grace, options(callOf(ctx).body, `{"grace": "10s"}`, fields{"grace": graceOf(&grace)})
}
