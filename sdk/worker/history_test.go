package worker_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/internal/history/watch"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

// story shows what was recorded of jobs and leases.
func story(h history.History) string {
	var list []string
	for _, r := range h.Records {
		text := string(r.Kind)
		for _, more := range []string{string(r.Outcome), string(r.Verdict), r.Cause} {
			if more != "" {
				text += " " + more
			}
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

func TestAWorkerRecordsEachStepOfAJobBeforeAnybodyCanKnowOfIt(t *testing.T) {
	memory := history.NewMemory(time.Now)
	handler := func(context.Context, *worker.Job) (any, error) {
		time.Sleep(2 * time.Second) // in a bubble: longer than to the first heartbeat
		return "done", nil
	}
	cfg := watch.WithHistory(worker.Config{}, memory.Recorder("worker-w"))
	bubble(t, cfg, one(2, handler), func(r *rig) {
		k := r.deliver()
		r.pass(1500 * time.Millisecond)
		r.pass(time.Second)
		o := r.outcome()
		want := "began, received, started, beat, finished completed, sent completed, answered completed committed"
		h := memory.History()
		if got := story(h); got != want {
			t.Fatalf("recorded is %s\nwant %s", got, want)
		}
		for _, x := range h.Records[1:] {
			about := x.Fence() == job.Fence{Job: k.Job, Epoch: 5, Lease: k.Lease}
			if x.Worker != "w" || !about && fmt.Sprint(x.Leases) != fmt.Sprint([]job.ID{k.Lease}) {
				t.Errorf("%+v", x)
			}
			if x.Outcome != "" && x.Result != history.Hash([]byte(o.Result)) {
				t.Errorf("the hash of %s is not that of its result %s", x.Kind, o.Result)
			}
		}
	})
}

func TestAWorkerRecordsThatALeaseIsLostAndWhyAHandlerStops(t *testing.T) {
	memory := history.NewMemory(time.Now)
	handler := func(ctx context.Context, _ *worker.Job) (any, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	cfg := watch.WithHistory(worker.Config{}, memory.Recorder("worker-w"))
	bubble(t, cfg, one(2, handler), func(r *rig) {
		k := r.deliver()
		r.answer(func(a *bus.HeartbeatReply) { a.Lost = []job.ID{k.Lease} })
		r.pass(1500 * time.Millisecond)
		want := "began, received, started, lost, beat, stopped lease lost, finished cancelled"
		if got := story(memory.History()); got != want {
			t.Errorf("recorded is %s\nwant %s", got, want)
		}
	})
}
