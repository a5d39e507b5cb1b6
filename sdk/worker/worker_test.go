package worker_test

import (
	"context"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/bus/membus"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

func TestEachQueueHasItsOwnHandlerAndSlots(t *testing.T) {
	says := func(text string) worker.Handler {
		return func(context.Context, *worker.Job) (any, error) { return text, nil }
	}
	setup := func(w *worker.Worker) error {
		if err := worker.Handle(w, "mail", 3, says("mailed")); err != nil {
			return err
		}
		return worker.Handle(w, "pdf", 1, says("printed"))
	}
	bubble(t, worker.Config{}, setup, func(r *rig) {
		want := []bus.Offer{{Queues: []string{"mail"}, Slots: 3}, {Queues: []string{"pdf"}, Slots: 1}}
		if !reflect.DeepEqual(r.pulls()[0].Offers, want) {
			t.Errorf("offers %v, want %v", r.pulls()[0].Offers, want)
		}
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

func TestWhatCannotBeAWorkerIsRefused(t *testing.T) {
	b := membus.New()
	defer b.Close()
	log := slog.New(slog.DiscardHandler)
	_, err := worker.New(worker.Config{Name: "a\nb", DrainTimeout: -1, HandlerGrace: -1}, b, log)
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("want 3 faults, got:\n%v", err)
	}
	w, err := worker.New(worker.Config{}, b, log)
	if err != nil {
		t.Fatal(err)
	}
	other, err := worker.New(worker.Config{}, b, log)
	if err != nil {
		t.Fatal(err)
	}
	if w.Name() == "" || w.Name() == other.Name() {
		t.Errorf("names %q and %q", w.Name(), other.Name())
	}
	if err := w.Run(t.Context()); err == nil || err.Error() != "the worker has no handlers" {
		t.Errorf("error without handlers: %v", err)
	}
	h := func(context.Context, *worker.Job) (any, error) { return nil, nil }
	for want, err := range map[string]error{
		"concurrency is 0":          worker.Handle(w, "q", 0, h),
		"concurrency is -1":         worker.HandleAll(w, -1, h),
		"the handler is nil":        worker.Handle(w, "q", 1, nil),
		"the queue's name is empty": worker.Handle(w, "", 1, h),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if err := worker.Handle(w, "q", 1, h); err != nil {
		t.Fatal(err)
	}
	if err := worker.Handle(w, "q", 1, h); err == nil || err.Error() != `queue "q" has a handler already` {
		t.Errorf("error of a second handler: %v", err)
	}
}
