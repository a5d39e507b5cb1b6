package worker_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

func TestEachQueueHasItsOwnHandlerAndSlots(t *testing.T) {
	says := func(text string) worker.Handler {
		return func(context.Context, *worker.Job) (any, error) { return text, nil }
	}
	setup := func(w *worker.Worker) error {
		if err := worker.Handle(w, "mail", says("mailed"), worker.Concurrency(3)); err != nil {
			return err
		}
		return worker.Handle(w, "pdf", says("printed"), worker.Concurrency(1))
	}
	bubble(t, worker.Config{}, setup, func(r *rig) {
		want := []bus.Offer{{Queues: []string{"mail"}, Slots: 3}, {Queues: []string{"pdf"}, Slots: 1}}
		if !reflect.DeepEqual(r.pulls()[0].Offers, want) {
			t.Errorf("offers %v, want %v", r.pulls()[0].Offers, want)
		}
		equal(t, "slots in all", r.pulls()[0].Total, 4)
		equal(t, "queues in all", fmt.Sprint(r.pulls()[0].Queues), "[mail pdf]")
		r.deliver(func(j *bus.Job) { j.Queue = "pdf" })
		equal(t, "result", string(r.outcome().Result), `"printed"`)
		r.deliver(func(j *bus.Job) { j.Queue = "mail" })
		equal(t, "result", string(r.outcome().Result), `"mailed"`)
		r.deliver(func(j *bus.Job) { j.Queue = "fax" })
		equal(t, "kind of a job it has no handler for", r.outcome().Kind, job.KindGivenBack)
	})
}

func TestNoMoreHandlersRunThanThereAreSlots(t *testing.T) {
	running, most := 0, 0
	turn := make(chan struct{}, 1)
	turn <- struct{}{}
	count := func(n int) {
		<-turn
		running += n
		most = max(most, running)
		turn <- struct{}{}
	}
	bubble(t, worker.Config{}, one(3, func(context.Context, *worker.Job) (any, error) {
		count(1)
		<-time.After(time.Second)
		count(-1)
		return nil, nil
	}), func(r *rig) {
		for range 10 {
			r.deliver()
		}
		equal(t, "given back", r.reported(), 7)
		r.pass(time.Second)
		equal(t, "outcomes in the end", r.reported(), 10)
		equal(t, "handlers at once", most, 3)
	})
}
