package dispatcher_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/services/dispatcher"
)

const note = "see workers"

// hear gives the machine a message of a worker.
func hear[T any](r *rig, subject string, body T) {
	r.t.Helper()
	data, err := bus.Encode("m", body)
	if err != nil {
		r.t.Fatalf("%v", err)
	}
	r.step(service.Received{Message: bus.Message{Subject: subject, Reply: "reply", Data: data}})
}

func (r *rig) offerOf(worker string) {
	hear(r, bus.PullSubject(worker), bus.Pull{ID: worker, Worker: worker, TTL: time.Second, Total: 7, Queues: []string{"q"}, Offers: []bus.Offer{{Slots: 1}}})
}

func TestWorkersThatAreHeardFromAreNotedTogether(t *testing.T) {
	r := newRig(t)
	r.extend = func([]store.Beat) ([]store.Beaten, error) { return []store.Beaten{{}}, nil }
	r.offerOf("b") // noted at once
	r.finish(note)
	r.offerOf("b")
	hear(r, bus.HeartbeatSubject("a"), bus.Heartbeat{Worker: "a", Leases: []job.ID{number(9)}, Total: 3, Draining: true})
	equal(t, "notes under way before the interval is over", r.running(note), 0)
	r.now = r.now.Add(2 * dispatcher.DefaultConfig().SeenInterval)
	r.step(service.Tick{})
	r.finish(note)
	want := [][]store.WorkerSeen{
		{{Name: "b", Queues: []string{"q"}, Slots: 7}},
		{{Name: "a", Slots: 3, Draining: true}, {Name: "b", Queues: []string{"q"}, Slots: 7}},
	}
	if diff := cmp.Diff(want, r.seen); diff != "" {
		t.Error(diff)
	}
}

func TestAMachineWakesToNoteWorkers(t *testing.T) {
	r := newRig(t)
	r.offerOf("w")
	r.finish(note)
	r.offerOf("w")
	r.now = r.now.Add(time.Minute) // the offers have expired
	r.step(service.Tick{})
	r.finish(note)
	equal(t, "notes", len(r.seen), 2)
}

func TestANoteThatFailsStopsNothing(t *testing.T) {
	r := newRig(t)
	r.noteError = errors.New("the database is away")
	r.offerOf("w")
	r.finish(note)
	r.step(service.Stop{})
	r.offerOf("w")
	equal(t, "notes", len(r.seen), 1)
}

func TestOneNoteOfWorkersIsUnderWay(t *testing.T) {
	r := newRig(t)
	r.offerOf("a")
	r.now = r.now.Add(2 * dispatcher.DefaultConfig().SeenInterval)
	r.offerOf("b")
	equal(t, "notes under way", r.running(note), 1)
	r.finish(note)
	r.step(service.Tick{})
	r.finish(note)
	equal(t, "notes", len(r.seen), 2)
}
