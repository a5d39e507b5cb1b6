package api

import (
	"bytes"
	"context"
	"errors"

	"github.com/hammerwork/hammerwork/internal/request"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/workflowfile"
)

type enqueueInput struct {
	Key string `header:"Idempotency-Key" maxLength:"255" doc:"Enqueues once, however often it is sent. Unique within the queue. As idempotency_key in the body."`
}

func (a *API) enqueueJob(ctx context.Context, in *enqueueInput) (*createdAnswer, error) {
	c := callOf(ctx)
	if len(bytes.TrimSpace(c.body)) == 0 {
		return nil, newProblem(wire.CodeInvalidRequest, `send a job like {"queue": "mail", "payload": {"to": "a@example.com"}}`, "the body is empty")
	}
	s, err := workflowfile.ParseJob(fileName(c.r), c.body, workflowfile.Options{})
	if err != nil {
		return nil, invalidJob(err)
	}
	return a.enqueueSingle(ctx, in, s, "/jobs/")
}

// enqueueSingle stores a job that belongs to no workflow.
func (a *API) enqueueSingle(ctx context.Context, in *enqueueInput, s workflowfile.SingleJob, path string) (*createdAnswer, error) {
	value := s.IdempotencyKey
	switch {
	case value == "":
		value = in.Key
	case in.Key != "" && in.Key != value:
		return nil, badParameter(headerKey, "send one of them", "differs from idempotency_key in the body")
	}
	key, err := keyOf(value, func() [32]byte { return request.HashJobs([]*job.Job{s.Job})[0] })
	if err != nil {
		return nil, err
	}
	if err := callOf(ctx).origins.fill(&s.TraceID, &s.CorrelationID); err != nil {
		return nil, err
	}
	done, err := a.store.EnqueueJobs(ctx, []*job.Job{s.Job}, []store.Key{key})
	if err != nil {
		return nil, err
	}
	return a.created(done, path, s.Name), nil
}

// invalidJob is the report of a job, which is no workflow.
func invalidJob(err error) error {
	var invalid *workflow.Error
	if !errors.As(err, &invalid) {
		return err
	}
	p := invalidBody(invalid)
	if p.Code == wire.CodeInvalidWorkflow {
		p.Code = wire.CodeInvalidRequest
	}
	return p
}
