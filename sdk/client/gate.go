package client

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// Approve approves a gate of a workflow by its name, one within a job that is a
// workflow by its path, "sub/name"; what waits for it goes on.
// job.ErrNotFound when there is no such workflow or job; job.ErrWrongState when
// the job is no approval, has been answered, or has not opened yet.
func (c *Client) Approve(ctx context.Context, id job.ID, name string, options ...SteerOption) error {
	return c.answerNamed(ctx, id, name, store.Answer{Type: job.GateApproval, Approve: true}, options)
}

// Reject lets a gate of a workflow fail, job.ReasonRejected. Otherwise it is as
// Approve.
func (c *Client) Reject(ctx context.Context, id job.ID, name string, options ...SteerOption) error {
	return c.answerNamed(ctx, id, name, store.Answer{Type: job.GateApproval}, options)
}

// Signal sends a payload, any value that encodes as JSON, to a gate of a
// workflow by its name, or its path as with Approve: it becomes the gate's
// result. What comes before the gate opens is kept for it. job.ErrNotFound when
// there is no such workflow or job; job.ErrWrongState when the job is no signal,
// or has ended.
func (c *Client) Signal(ctx context.Context, id job.ID, name string, payload any, options ...SteerOption) error {
	a, err := signal(payload)
	if err != nil {
		return fmt.Errorf("signal job %q: %w", name, err)
	}
	return c.answerNamed(ctx, id, name, a, options)
}

// ApproveJob is Approve for a gate by its id, also one without a workflow.
func (c *Client) ApproveJob(ctx context.Context, id job.ID, options ...SteerOption) error {
	return c.answer(ctx, store.Answer{Job: id, Type: job.GateApproval, Approve: true}, options)
}

// RejectJob is Reject for a gate by its id, also one without a workflow.
func (c *Client) RejectJob(ctx context.Context, id job.ID, options ...SteerOption) error {
	return c.answer(ctx, store.Answer{Job: id, Type: job.GateApproval}, options)
}

// SignalJob is Signal for a gate by its id, also one without a workflow.
func (c *Client) SignalJob(ctx context.Context, id job.ID, payload any, options ...SteerOption) error {
	a, err := signal(payload)
	if err != nil {
		return fmt.Errorf("signal job %s: %w", id, err)
	}
	a.Job = id
	return c.answer(ctx, a, options)
}

func signal(payload any) (store.Answer, error) {
	data, err := encoded(payload, "payload", job.MaxResult)
	return store.Answer{Type: job.GateSignal, Payload: data}, err
}

func (c *Client) answerNamed(ctx context.Context, id job.ID, name string, a store.Answer, options []SteerOption) error {
	gate, err := store.JobAt(ctx, c.store, id, name)
	if err != nil {
		return fmt.Errorf("workflow %s: %w", id, err)
	}
	a.Job = gate
	return c.answer(ctx, a, options)
}

func (c *Client) answer(ctx context.Context, a store.Answer, options []SteerOption) error {
	return c.steer(options, func(by store.Actor) (store.Resolution, error) { return c.store.AnswerGate(ctx, a, by) })
}

// GateRecord is a gate as it stands.
type GateRecord struct {
	Type      job.GateType
	OpenedAt  time.Time   // zero: not yet
	ExpiresAt time.Time   // of an open one; of a timer when it completes; zero: never
	Answer    *GateAnswer // nil: none yet
}

// GateAnswer is how a gate was answered.
type GateAnswer struct {
	At       time.Time
	Actor    string // as they said
	Comment  string
	Approved bool            // of an approval
	Payload  json.RawMessage // of a signal
	Expired  bool            // nobody answered in time, and its default held
}

func gateRecord(g *store.GateRecord) *GateRecord {
	if g == nil {
		return nil
	}
	out := &GateRecord{Type: g.Type, OpenedAt: g.OpenedAt, ExpiresAt: g.ExpiresAt}
	if a := g.Answer; a != nil {
		out.Answer = &GateAnswer{a.At, a.Actor, a.Comment, a.Approve, a.Payload, a.Expired}
	}
	return out
}
