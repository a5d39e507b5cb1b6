package worker_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

// collect returns the names and results of all parents, and those of one.
func collect(ctx context.Context, j *worker.Job) (any, error) {
	var all []string
	for p, err := range j.ParentResults(ctx) {
		if err != nil {
			return nil, err
		}
		all = append(all, fmt.Sprintf("%s %s %s", p.Name, p.Status, p.Result))
	}
	for _, name := range []string{"b", "nobody"} {
		p, err := j.Parent(ctx, name)
		if err != nil {
			if !errors.Is(err, job.ErrNotFound) {
				return nil, err
			}
			all = append(all, err.Error())
			continue
		}
		all = append(all, "again "+p.Name+" "+string(p.Result))
	}
	return strings.Join(all, ", "), nil
}

const collected = `"a completed 1, b completed {\"x\":  1}, c failed null, again b {\"x\":  1}, parent nobody: not found"`

func threeParents() []bus.Parent {
	return []bus.Parent{
		{Job: job.ID{1}, Name: "a", Status: job.Completed, Result: bus.Text("1")},
		{Job: job.ID{2}, Name: "b", Status: job.Completed, Result: bus.Text(`{"x":  1}`)},
		{Job: job.ID{3}, Name: "c", Status: job.Failed},
	}
}

func TestParentsResultsComeWithTheJob(t *testing.T) {
	bubble(t, worker.Config{}, one(1, collect), func(r *rig) {
		r.deliver(func(j *bus.Job) { j.Parents = threeParents() })
		o := r.outcome()
		if got := strings.ReplaceAll(string(o.Result), `\u003c`, "<"); got != collected {
			t.Errorf("got %s %s\nwant %s", got, o.Error, collected)
		}
	})
}

// pages answers fetches with the three parents, one a page.
func pages(f bus.Fetch) bus.FetchReply {
	for _, p := range threeParents() {
		if f.Name == p.Name {
			return bus.FetchReply{Parents: []bus.Parent{p}}
		}
		if f.Name == "" && p.Job[0] == f.After[0]+1 {
			reply := bus.FetchReply{Parents: []bus.Parent{p}, Next: p.Job}
			if p.Name == "c" {
				reply.Next = job.ID{}
			}
			return reply
		}
	}
	return bus.FetchReply{}
}

func TestParentsResultsAreFetchedPageByPage(t *testing.T) {
	bubble(t, worker.Config{}, one(1, collect), func(r *rig) {
		var fences []job.Fence
		r.fetch = func(f bus.Fetch) bus.FetchReply {
			fences = append(fences, f.Fence)
			return pages(f)
		}
		k := r.deliver(func(j *bus.Job) { j.Fetch = true })
		o := r.outcome()
		equal(t, "result", string(o.Result), collected)
		equal(t, "fetches", len(fences), 5)
		for _, f := range fences {
			equal(t, "fence", f, job.Fence{Job: k.Job, Epoch: 5, Lease: k.Lease})
		}
	})
}

func TestAFetchIsRepeatedWhileDispatchersAreBusy(t *testing.T) {
	bubble(t, worker.Config{}, one(1, collect), func(r *rig) {
		fetches := 0
		r.fetch = func(f bus.Fetch) bus.FetchReply {
			if fetches++; fetches%3 != 0 {
				return bus.FetchReply{Error: "busy"}
			}
			return pages(f)
		}
		r.deliver(func(j *bus.Job) { j.Fetch = true })
		r.pass(time.Minute)
		equal(t, "result", string(r.outcome().Result), collected)
	})
}

func TestAFetchWithoutTheLeaseSaysSoAtOnce(t *testing.T) {
	var got error
	bubble(t, worker.Config{}, one(1, func(ctx context.Context, j *worker.Job) (any, error) {
		for _, err := range j.ParentResults(ctx) {
			got = err
		}
		_, err := j.Parent(ctx, "a")
		return nil, err
	}), func(r *rig) {
		r.fetch = func(bus.Fetch) bus.FetchReply { return bus.FetchReply{Lost: true} }
		r.deliver(func(j *bus.Job) { j.Fetch = true })
		if !errors.Is(got, job.ErrLeaseLost) {
			t.Errorf("error: %v", got)
		}
		equal(t, "error", r.outcome().Error, "fetch result of parent a: fetch: lease lost")
	})
}

func TestAFetchEndsWithItsContext(t *testing.T) {
	bubble(t, worker.Config{}, one(1, func(ctx context.Context, j *worker.Job) (any, error) {
		_, err := j.Parent(ctx, "a")
		return nil, err
	}), func(r *rig) {
		r.fetch = func(bus.Fetch) bus.FetchReply { return bus.FetchReply{Error: "unavailable"} }
		r.deliver(timeout(7*time.Second), func(j *bus.Job) { j.Fetch = true })
		r.pass(7*time.Second - time.Millisecond)
		equal(t, "outcomes before", r.reported(), 0)
		r.pass(time.Millisecond)
		equal(t, "kind", r.outcome().Kind, job.KindTimedOut)
	})
}

func TestWhoEndsTheLoopOverParentsEndsTheFetches(t *testing.T) {
	bubble(t, worker.Config{}, one(1, func(ctx context.Context, j *worker.Job) (any, error) {
		for p, err := range j.ParentResults(ctx) {
			return p.Name, err
		}
		return nil, nil
	}), func(r *rig) {
		fetches := 0
		r.fetch = func(f bus.Fetch) bus.FetchReply { fetches++; return pages(f) }
		r.deliver(func(j *bus.Job) { j.Fetch = true })
		equal(t, "result", string(r.outcome().Result), `"a"`)
		equal(t, "fetches", fetches, 1)
	})
}
