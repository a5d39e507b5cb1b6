package engine

import (
	"context"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// Find returns the first jobs that a filter chooses, f.Limit at most, without
// their payloads and results.
func (e *Engine) Find(ctx context.Context, f store.JobFilter) (list []store.JobRecord, err error) {
	limit := f.Limit
	for {
		f.Limit = min(store.MaxPage, limit-len(list))
		page, next, err := e.store.Jobs(ctx, f)
		if err != nil {
			return nil, err
		}
		list = append(list, page...)
		if f.After = next; next == (job.ID{}) || len(list) >= limit {
			return list, nil
		}
	}
}

// Answer answers a gate.
func (e *Engine) Answer(ctx context.Context, a store.Answer, by store.Actor) error {
	r, err := e.store.AnswerGate(ctx, a, by)
	if err == nil {
		e.announce(r)
	}
	return err
}
