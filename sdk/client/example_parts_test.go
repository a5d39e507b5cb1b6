package client_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/sdk/client"
	"github.com/hammerwork/hammerwork/sdk/hammerworktest"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

// opened waits until a gate of a workflow is open.
func opened(ctx context.Context, c *client.Client, id job.ID, name string) client.JobRecord {
	for {
		jobs, err := c.WorkflowJobs(ctx, id)
		check(err)
		for _, j := range jobs {
			if j.Name == name && j.Status == job.Suspended {
				return j
			}
		}
	}
}

// enqueueOpen enqueues a gate without a workflow and waits until it is open.
func enqueueOpen(ctx context.Context, c *client.Client, gate *job.Job) {
	_, err := c.Enqueue(ctx, gate)
	check(err)
	for j := (client.JobRecord{}); j.Status != job.Suspended; {
		j, err = c.Job(ctx, gate.ID)
		check(err)
	}
}

func ExampleClient_Approve() {
	ctx := context.Background()
	e := broken(ctx)
	defer e.Close()

	w := workflow.NewWorkflow("deploy").
		Add(job.NewApproval("sign-off")).
		Then(job.New("shop", "now").WithName("ship"))
	_, err := e.Client.EnqueueWorkflow(ctx, w)
	check(err)
	gate := opened(ctx, e.Client, w.ID, "sign-off")
	fmt.Println(gate.Gate.Type, "is open:", !gate.Gate.OpenedAt.IsZero())

	check(e.Client.Approve(ctx, w.ID, "sign-off", client.By("ann"), client.Because("looks right")))
	got, err := e.Client.WaitWorkflow(ctx, w.ID)
	check(err)
	answered, err := e.Client.Job(ctx, gate.ID)
	check(err)
	fmt.Println(got.Status, "after the answer of", answered.Gate.Answer.Actor)
	err = e.Client.Approve(ctx, w.ID, "sign-off")
	fmt.Println("once is enough:", errors.Is(err, job.ErrWrongState))
	// Output:
	// approval is open: true
	// completed after the answer of ann
	// once is enough: true
}

func ExampleClient_Reject() {
	ctx := context.Background()
	e := broken(ctx)
	defer e.Close()

	w := workflow.NewWorkflow("deploy").
		Add(job.NewApproval("sign-off")).
		Then(job.New("shop", "now").WithName("ship"))
	_, err := e.Client.EnqueueWorkflow(ctx, w)
	check(err)
	opened(ctx, e.Client, w.ID, "sign-off")
	check(e.Client.Reject(ctx, w.ID, "sign-off", client.By("ann"), client.Because("not on a Friday")))
	_, err = e.Client.WaitWorkflow(ctx, w.ID)
	check(err)
	jobs, err := e.Client.WorkflowJobs(ctx, w.ID)
	check(err)
	for _, j := range jobs {
		fmt.Println(j.Name, j.Status, j.Reason, j.Error)
	}
	// Output:
	// sign-off failed rejected not on a Friday
	// ship upstream_failed upstream
}

func ExampleClient_Signal() {
	ctx := context.Background()
	e := broken(ctx)
	defer e.Close()

	w := workflow.NewWorkflow("order").
		Add(job.NewSignal("paid")).
		Then(job.New("shop", "now").WithName("ship").WithCondition("amount > 10"))
	_, err := e.Client.EnqueueWorkflow(ctx, w)
	check(err)
	check(e.Client.Signal(ctx, w.ID, "paid", map[string]int{"amount": 12}))
	got, err := e.Client.WaitWorkflow(ctx, w.ID)
	check(err)
	fmt.Println(got.Status, got.Stats.Completed)
	// Output: completed 2
}

func ExampleClient_ApproveJob() {
	ctx := context.Background()
	e := broken(ctx)
	defer e.Close()

	gate := job.NewApproval("maintenance")
	enqueueOpen(ctx, e.Client, gate)
	check(e.Client.ApproveJob(ctx, gate.ID, client.By("ann")))
	got, err := e.Client.WaitJob(ctx, gate.ID)
	check(err)
	fmt.Println(got.Status, string(got.Result))
	// Output: completed {"approved":true,"actor":"ann","comment":""}
}

func ExampleClient_RejectJob() {
	ctx := context.Background()
	e := broken(ctx)
	defer e.Close()

	gate := job.NewApproval("maintenance")
	enqueueOpen(ctx, e.Client, gate)
	check(e.Client.RejectJob(ctx, gate.ID, client.Because("too busy")))
	got, err := e.Client.WaitJob(ctx, gate.ID)
	check(err)
	fmt.Println(got.Status, got.Reason, got.Error)
	// Output: failed rejected too busy
}

func ExampleClient_SignalJob() {
	ctx := context.Background()
	e := broken(ctx)
	defer e.Close()

	gate := job.NewSignal("paid")
	_, err := e.Client.Enqueue(ctx, gate)
	check(err)
	check(e.Client.SignalJob(ctx, gate.ID, []int{12}))
	got, err := e.Client.WaitJob(ctx, gate.ID)
	check(err)
	fmt.Println(got.Status, string(got.Result))
	// Output: completed [12]
}

func ExampleClient_CancelBatch() {
	ctx := context.Background()
	e := broken(ctx)
	defer e.Close()

	check(e.Client.PauseQueue(ctx, "mail"))
	b, err := e.Client.EnqueueBatch(ctx, "mail", []any{"ann", "bob"}, workflow.CollectErrors)
	check(err)
	check(e.Client.CancelBatch(ctx, b.ID))
	got, err := e.Client.WaitJob(ctx, b.ID)
	check(err)
	fmt.Println(got.Status, got.Reason)
	// Output: cancelled user
}

func ExampleClient_EnqueueBatch() {
	ctx := context.Background()
	e, err := hammerworktest.Open(ctx)
	check(err)
	defer e.Close()
	var repaired atomic.Bool
	check(e.Work(func(w *worker.Worker) error {
		return worker.Handle(w, "mail", func(_ context.Context, j *worker.Job) (any, error) {
			if string(j.Payload) == `"bob"` && !repaired.Load() {
				return nil, worker.Permanent(errors.New("no such box"))
			}
			return "sent", nil
		})
	}))

	b, err := e.Client.EnqueueBatch(ctx, "mail", []any{"ann", "bob", "cid"}, workflow.ContinueOnError)
	check(err)
	show := func() {
		_, err = e.Client.WaitJob(ctx, b.ID)
		check(err)
		j, items, err := e.Client.Batch(ctx, b.ID)
		check(err)
		fmt.Printf("%s: %d sent, %d failed\n", j.Status, items.Completed, items.Failed)
	}
	show()
	for item, err := range e.Client.Parts(ctx, b.ID) {
		check(err)
		fmt.Printf("%s %s %q\n", item.Payload, item.Status, item.Error)
	}
	repaired.Store(true)
	check(e.Client.RetryBatch(ctx, b.ID, client.Because("he has one now")))
	show()
	// Output:
	// completed: 2 sent, 1 failed
	// "ann" completed ""
	// "bob" failed "no such box"
	// "cid" completed ""
	// completed: 3 sent, 0 failed
}
