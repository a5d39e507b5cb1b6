package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/hammerwork/hammerwork/sdk/worker"
)

// request is the payload of every job of an order.
type request struct {
	Order int64  `json:"order"`
	Item  string `json:"item"`
}

// handle registers a handler for each queue. A handler may run more than once
// for a job, so each does only what may be done twice.
func (s *shop) handle(w *worker.Worker) error {
	return errors.Join(
		worker.HandleTyped(w, "charge", s.charge, worker.Concurrency(2)),
		worker.HandleTyped(w, "pack", s.pack),
		worker.HandleTyped(w, "invoice", s.invoice),
		worker.HandleTyped(w, "ship", s.ship),
	)
}

// receipt is the result of a charge.
type receipt struct {
	Number string `json:"number"`
}

// charge takes the money. What costs nothing cannot be charged, however often
// it is tried.
func (s *shop) charge(_ context.Context, j *worker.Job, r request) (receipt, error) {
	if r.Item == "" {
		return receipt{}, worker.Permanent(errors.New("nothing was bought"))
	}
	j.Log().Info("charged", "order", r.Order)
	return receipt{fmt.Sprintf("R-%05d", r.Order)}, nil
}

// pack tells how far it is: the shop's people look.
func (s *shop) pack(_ context.Context, j *worker.Job, r request) (string, error) {
	j.Progress(50, "the box is folded")
	return "box of " + r.Item, nil
}

// invoice uses the result of the job that it waits for.
func (s *shop) invoice(ctx context.Context, j *worker.Job, _ request) (string, error) {
	p, err := j.Parent(ctx, "charge")
	if err != nil {
		return "", err
	}
	return "invoice for " + string(p.Result), nil
}

// ship is the end of it: the order's own row says so.
func (s *shop) ship(ctx context.Context, _ *worker.Job, r request) (string, error) {
	return "shipped", s.db.setStatus(ctx, r.Order, "shipped")
}
