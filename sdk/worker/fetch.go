package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// fetchTimeout bounds one try of a fetch, fetchPatience all of them.
const (
	fetchTimeout  = 2 * time.Second
	fetchPatience = time.Minute
)

// fetcher reads parents' results that did not come with the job. It tries
// again while the dispatchers do not answer, until the handler's context ends.
func (r *runner) fetcher(fence job.Fence) fetcher {
	return func(ctx context.Context, name string, after job.ID) ([]Parent, job.ID, error) {
		try := func() (bus.FetchReply, error) {
			msg := service.Message(service.NewSource(), bus.FetchSubject(r.cfg.Name), bus.Fetch{Fence: fence, Name: name, After: after})
			ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
			defer cancel()
			answer, err := r.bus.Request(ctx, msg.Subject, msg.Data)
			if err != nil {
				return bus.FetchReply{}, err
			}
			e, err := bus.Decode[bus.FetchReply](answer)
			switch {
			case err != nil:
				return bus.FetchReply{}, backoff.Permanent(err)
			case e.Body.Lost:
				return bus.FetchReply{}, backoff.Permanent(job.ErrLeaseLost)
			case e.Body.Error != "":
				return bus.FetchReply{}, errors.New(e.Body.Error)
			}
			return e.Body, nil
		}
		reply, err := backoff.Retry(ctx, try, backoff.WithMaxElapsedTime(fetchPatience))
		if err != nil {
			return nil, job.ID{}, fmt.Errorf("fetch: %w", err)
		}
		return parents(reply.Parents), reply.Next, nil
	}
}

func parents(list []bus.Parent) []Parent {
	out := make([]Parent, len(list))
	for i, p := range list {
		out[i] = Parent{ID: p.Job, Name: p.Name, Status: p.Status, Result: json.RawMessage(p.Result)}
		if len(p.Result) == 0 {
			out[i].Result = json.RawMessage("null")
		}
	}
	return out
}
