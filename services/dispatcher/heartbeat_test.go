package dispatcher_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

func (r *rig) heartbeat(worker, reply string, leases ...job.ID) {
	r.t.Helper()
	r.receive(bus.HeartbeatSubject(worker), reply, encode(r.t, bus.Heartbeat{Worker: worker, Leases: leases}))
}

func TestHeartbeatsThatArriveWhileOneIsStoredAreStoredTogether(t *testing.T) {
	r := newRig(t)
	var stored [][]store.Beat
	r.extend = func(beats []store.Beat) ([]store.Beaten, error) {
		stored = append(stored, beats)
		answers := make([]store.Beaten, len(beats))
		for i, b := range beats {
			answers[i].Lease = b.Lease
			switch b.Lease {
			case number(2):
				answers[i].Lost = true
			case number(4):
				answers[i].Revoked, answers[i].Cancelled = []job.ID{number(50)}, []job.ID{number(51), number(52)}
			}
		}
		return answers, nil
	}
	r.heartbeat("a", "reply-1", number(1))
	r.heartbeat("b", "reply-2", number(2), number(3))
	r.heartbeat("c", "reply-3")
	r.heartbeat("a", "reply-4", number(4))
	equal(t, "transactions under way", r.running("extend"), 1)
	r.finish("extend")
	equal(t, "answers after the first transaction", len(r.take()), 1)
	equal(t, "transactions under way after the first", r.running("extend"), 1)
	if r.m.Idle() {
		t.Error("idle while heartbeats are stored")
	}
	r.finish("extend")
	want := [][]store.Beat{
		{{Lease: number(1), Worker: "a"}},
		{{Lease: number(2), Worker: "b"}, {Lease: number(3), Worker: "b"}, {Lease: number(4), Worker: "a"}},
	}
	if !reflect.DeepEqual(stored, want) {
		t.Errorf("stored %v, want %v", stored, want)
	}
	sent := r.take()
	equal(t, "answers", len(sent), 3)
	answers := map[string]bus.HeartbeatReply{}
	for _, p := range sent {
		answers[p.Subject] = decoded[bus.HeartbeatReply](t, []service.Publish{p}, p.Subject)[0]
	}
	wanted := map[string]bus.HeartbeatReply{
		"reply-2": {TTL: 15 * time.Second, Lost: []job.ID{number(2)}},
		"reply-3": {TTL: 15 * time.Second},
		"reply-4": {
			TTL: 15 * time.Second, Revoked: []bus.LeaseJob{{Lease: number(4), Job: number(50)}},
			Cancelled: []bus.LeaseJob{{Lease: number(4), Job: number(51)}, {Lease: number(4), Job: number(52)}},
		},
	}
	if !reflect.DeepEqual(answers, wanted) {
		t.Errorf("answers %+v, want %+v", answers, wanted)
	}
}

func TestAHeartbeatThatCannotBeStoredIsNotAnswered(t *testing.T) {
	r := newRig(t)
	r.extend = func([]store.Beat) ([]store.Beaten, error) { return nil, errStore }
	r.heartbeat("a", "reply-1", number(1))
	r.heartbeat("b", "reply-2", number(2))
	r.finish("extend")
	equal(t, "answers", len(r.take()), 0)
	r.extend = func(beats []store.Beat) ([]store.Beaten, error) { return make([]store.Beaten, len(beats)), nil }
	r.finish("extend")
	sent := r.take()
	if len(sent) != 1 || sent[0].Subject != "reply-2" {
		t.Errorf("sent %v, want the answer to the second heartbeat alone", sent)
	}
	equal(t, "errors counted", testutil.ToFloat64(r.metrics.ExtendErrors), 1)
	if !r.m.Idle() {
		t.Error("not idle")
	}
}

func TestATransactionExtendsABoundedNumberOfLeases(t *testing.T) {
	r := newRig(t)
	var sizes []int
	r.extend = func(beats []store.Beat) ([]store.Beaten, error) {
		sizes = append(sizes, len(beats))
		return make([]store.Beaten, len(beats)), nil
	}
	leases := make([]job.ID, 600)
	r.heartbeat("first", "reply")
	for _, w := range []string{"a", "b", "c"} {
		r.heartbeat(w, "reply", leases...)
	}
	r.heartbeat("large", "reply", make([]job.ID, 1500)...)
	for r.running("extend") > 0 {
		r.finish("extend")
	}
	if want := []int{0, 600, 600, 600, 1500}; !reflect.DeepEqual(sizes, want) {
		t.Errorf("leases per transaction %v, want %v", sizes, want)
	}
	equal(t, "answers", len(r.take()), 5)
}

func TestAStopAnswersTheHeartbeatsThatWait(t *testing.T) {
	r := newRig(t)
	r.extend = func(beats []store.Beat) ([]store.Beaten, error) { return make([]store.Beaten, len(beats)), nil }
	r.heartbeat("a", "reply", number(1))
	r.heartbeat("b", "reply", number(2))
	r.step(service.Stop{})
	for range 2 {
		if r.m.Idle() {
			t.Fatal("idle while heartbeats wait")
		}
		r.finish("extend")
	}
	equal(t, "answers", len(r.take()), 2)
	if !r.m.Idle() {
		t.Error("not idle")
	}
}
