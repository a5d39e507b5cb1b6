package main

import (
	"context"
	"fmt"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/sdk/client"
)

// order is a row of the shop's own table.
type order struct {
	ID       int64
	Item     string
	Workflow job.ID // that fulfils it
}

// shop sells things.
type shop struct {
	client *client.Client
	db     database
}

// fulfilment returns the workflow of an order: it is charged, then packed and
// invoiced side by side, then shipped.
func fulfilment(o order) *workflow.Workflow {
	step := func(queue string) *job.Job { return job.New(queue, request{Order: o.ID, Item: o.Item}).WithName(queue) }
	return workflow.NewWorkflow(fmt.Sprint("order-", o.ID)).
		Add(step("charge")).
		Then(step("pack"), step("invoice")).
		Then(step("ship"))
}

// sell stores an order and its workflow in one transaction.
func (s *shop) sell(ctx context.Context, item string) (order, error) {
	o := order{Item: item}
	var enqueued client.Enqueued
	err := s.db.within(ctx, func(tx transaction) error {
		var err error
		if o.ID, err = tx.insert(ctx, item); err != nil {
			return err
		}
		enqueued, err = s.client.EnqueueWorkflowTx(ctx, tx.raw(), fulfilment(o))
		o.Workflow = enqueued.ID
		return err
	})
	if err != nil {
		return order{}, fmt.Errorf("sell %s: %w", item, err)
	}
	s.client.Hint(ctx, enqueued) // it is committed: somebody may begin
	return o, nil
}

// wait waits until an order's workflow has ended and returns what became of
// the order.
func (s *shop) wait(ctx context.Context, o order) (string, error) {
	w, err := s.client.WaitWorkflow(ctx, o.Workflow)
	if err != nil {
		return "", err
	}
	if w.Status != workflow.Completed {
		return string(w.Status), nil
	}
	return s.db.status(ctx, o.ID)
}
