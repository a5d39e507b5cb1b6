package dispatcher_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

func (r *rig) fetch(reply string, f bus.Fetch) {
	r.t.Helper()
	r.receive(bus.FetchSubject("w"), reply, encode(r.t, f))
}

// fetched returns the one answer to a fetch.
func (r *rig) fetched(reply string) bus.FetchReply {
	r.t.Helper()
	list := decoded[bus.FetchReply](r.t, r.take(), reply)
	if len(list) != 1 {
		r.t.Fatalf("%d answers", len(list))
	}
	return list[0]
}

func TestAFetchReadsOnePageUnderItsFence(t *testing.T) {
	r := newRig(t)
	fence := job.Fence{Job: number(10), Epoch: 3, Lease: number(11)}
	r.page = func(f job.Fence, name string, after job.ID) ([]store.ParentResult, job.ID, error) {
		equal(t, "fence", f, fence)
		equal(t, "name", name, "p")
		equal(t, "after", after, number(12))
		return []store.ParentResult{{Job: number(13), Name: "p", Status: job.Completed, Result: json.RawMessage(`{"a":  1}`)}}, number(13), nil
	}
	r.fetch("reply", bus.Fetch{Fence: fence, Name: "p", After: number(12)})
	if r.m.Idle() {
		t.Error("idle during a fetch")
	}
	r.finish("fetch")
	got := r.fetched("reply")
	equal(t, "next", got.Next, number(13))
	equal(t, "result, byte for byte", string(got.Parents[0].Result), `{"a":  1}`)
	if !r.m.Idle() {
		t.Error("not idle after the fetch")
	}
}

func TestAFetchSaysWhatWentWrong(t *testing.T) {
	cases := []struct {
		err  error
		want bus.FetchReply
	}{
		{fmt.Errorf("parents: %w", job.ErrLeaseLost), bus.FetchReply{Lost: true}},
		{errStore, bus.FetchReply{Error: "unavailable"}},
	}
	for _, c := range cases {
		r := newRig(t)
		r.page = func(job.Fence, string, job.ID) ([]store.ParentResult, job.ID, error) { return nil, job.ID{}, c.err }
		r.fetch("reply", bus.Fetch{})
		r.finish("fetch")
		got := r.fetched("reply")
		equal(t, "lost", got.Lost, c.want.Lost)
		equal(t, "error", got.Error, c.want.Error)
	}
}

func TestFetchesBeyondTheLimitAreAskedToComeAgain(t *testing.T) {
	r := newRig(t)
	r.page = func(job.Fence, string, job.ID) ([]store.ParentResult, job.ID, error) { return nil, job.ID{}, nil }
	for range 16 {
		r.fetch("early", bus.Fetch{})
	}
	r.fetch("late", bus.Fetch{})
	equal(t, "fetches under way", r.running("fetch"), 16)
	equal(t, "answer to the one too many", r.fetched("late").Error, "busy")
	r.finish("fetch")
	r.take()
	r.fetch("later", bus.Fetch{})
	equal(t, "fetches under way after one has ended", r.running("fetch"), 16)
}

func TestAPageThatEscapingMadeTooLargeIsContinuedByTheNext(t *testing.T) {
	r := newRig(t)
	var all []store.ParentResult
	for i := range 7 {
		all = append(all, store.ParentResult{Job: number(100 + i), Name: fmt.Sprint(i), Result: json.RawMessage(strings.Repeat(`"`, 150<<10))})
	}
	r.page = func(_ job.Fence, _ string, after job.ID) ([]store.ParentResult, job.ID, error) {
		for i, p := range all {
			if p.Job == after {
				return all[i+1:], job.ID{}, nil
			}
		}
		return all, job.ID{}, nil
	}
	var names []string
	var after job.ID
	for {
		r.fetch("reply", bus.Fetch{After: after})
		r.finish("fetch")
		if n := len(r.sent[0].Data); n > maxPayload {
			t.Errorf("an answer of %d bytes", n)
		}
		page := r.fetched("reply")
		for _, p := range page.Parents {
			names = append(names, p.Name)
		}
		if after = page.Next; after == (job.ID{}) {
			break
		}
	}
	equal(t, "parents", strings.Join(names, " "), "0 1 2 3 4 5 6")
}
